"""wfc as a process among others: pipes, folders, locales, signals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import GOOD, TYPO, process, surroundings


def test_module_runs_as_a_process(tmp_path: Path) -> None:
    (tmp_path / "typo.yaml").write_text(TYPO)
    done = process(["lint", "typo.yaml"], tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("typo.yaml:3:5: error[WFC103]")
    assert done.stderr.startswith("1 file checked: ")


def test_own_folders_of_the_user_shadow_nothing(tmp_path: Path) -> None:
    # Not `wfc`: which folder `-m wfc` means, Python decides.
    for folder in ("backends", "compiler", "grammar"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text("raise SystemExit('shadowed')")
    for module in ("yaml", "argparse", "json"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "good.yaml").write_text(GOOD)
    done = process(["compile", "good.yaml", "-t", "shell"], tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert (tmp_path / "good.sh").is_file()


def test_closed_stdout_gives_no_traceback(tmp_path: Path) -> None:
    lines = "\n".join(f"  - name: s{n}\n    comand: x" for n in range(3000))
    (tmp_path / "typo.yaml").write_text(f"steps:\n{lines}\n")
    done = subprocess.run(
        ["bash", "-c", '"$1" -m wfc lint typo.yaml | head -1', "-", sys.executable],
        cwd=tmp_path,
        env=surroundings(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.startswith("typo.yaml:")
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_non_ascii_findings_in_a_plain_locale(tmp_path: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    (tmp_path / "typo.yaml").write_text(TYPO.replace("hello", "grüße"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "wfc", "lint", "typo.yaml"],
        cwd=tmp_path,
        env={**surroundings(tmp_path), **plain},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


def _alive(marker: str) -> list[str]:
    """The processes that have `marker` among their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if marker in words:
                found.append(" ".join(words))
    return found


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143)],
    ids=["INT", "TERM"],
)
def test_signal_ends_a_run(tmp_path: Path, number: signal.Signals, code: int) -> None:
    marker = f"7{os.getpid()}{number.value}.25"  # seconds that nobody else sleeps
    (tmp_path / "long.yaml").write_text(
        f"steps:\n  - name: nap\n    command: sleep {marker} & wait\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "wfc", "run", "long.yaml", "--report", "report.json"],
        cwd=tmp_path,
        env=surroundings(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        limit = time.monotonic() + 20
        while not _alive(marker) and time.monotonic() < limit:
            time.sleep(0.02)
        assert _alive(marker)
        os.killpg(running.pid, number)  # as a terminal does
        out, err = running.communicate(timeout=20)
    finally:
        running.kill()
    assert running.returncode == code, err
    assert "Traceback" not in err
    assert "long: aborted in " in out
    assert _alive(marker) == []
    form = json.loads((tmp_path / "report.json").read_text())
    assert form["outcome"]["status"] == "aborted"
    assert form["outcome"]["exit_code"] == code


@pytest.mark.parametrize("buffered", [True, False], ids=["buffered", "unbuffered"])
def test_full_disk_behind_stdout(tmp_path: Path, buffered: bool) -> None:
    (tmp_path / "typo.yaml").write_text(TYPO)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "wfc", "lint", "typo.yaml"],
            cwd=tmp_path,
            env={**surroundings(tmp_path), "PYTHONUNBUFFERED": "" if buffered else "1"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 2
    assert "wfc: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_current_folder_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "gone").mkdir()
    program = (
        'cd gone && rmdir ../gone && exec "$1" -m wfc compile - -t shell <../good.yaml'
    )
    done = subprocess.run(
        ["bash", "-c", program, "-", sys.executable],
        cwd=tmp_path,
        env=surroundings(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
