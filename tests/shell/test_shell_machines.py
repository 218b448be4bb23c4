"""Where scripts are started in odd ways, or the machine lacks something: nothing is
taken for a success that did not run."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from shell.scripts import SURROUNDINGS, start, written

# What a script with outputs needs.
PROGRAMS = (
    *("bash", "cat", "date", "dirname", "iconv", "mkdir", "mkfifo"),
    *("mv", "ps", "rm", "sed", "sleep", "tail"),
)
CHAIN = """
    steps:
      - {name: one, command: "pwd", output: A}
      - {name: two, command: 'echo "$A" >seen'}
"""


def _started(*words: str, folder: Path, **environment: str) -> tuple[int, str]:
    """The exit code of bash with `words`, and what it said."""
    done = subprocess.run(
        ["bash", *words],
        cwd=folder,
        env={**SURROUNDINGS, "WFC_HOME": str(folder / "home"), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("option", ["-e", "-u", "-euf", "-C"])
def test_options_of_the_shell_that_starts_it(option: str, tmp_path: Path) -> None:
    script = written(CHAIN, tmp_path / "s")
    code, said = _started(option, str(script), folder=tmp_path)
    assert code == 0, said
    assert (tmp_path / "s/seen").read_text() == f"{tmp_path}/s\n"


@pytest.mark.parametrize("name", ["s", "-s"])
def test_its_folder_is_not_looked_for_elsewhere(name: str, tmp_path: Path) -> None:
    written(CHAIN, tmp_path / name)
    (tmp_path / "other" / name).mkdir(parents=True)
    code, said = _started(
        "--", f"{name}/w.sh", folder=tmp_path, CDPATH=str(tmp_path / "other")
    )
    assert code == 0, said
    assert (tmp_path / name / "seen").read_text() == f"{tmp_path}/{name}\n"


def test_without_xargs(tmp_path: Path) -> None:
    """Small systems have none."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in PROGRAMS:
        found = shutil.which(name)
        assert found, name
        (programs / name).symlink_to(found)
    script = written(CHAIN, tmp_path / "s")
    code, said = _started(str(script), folder=tmp_path, PATH=str(programs))
    assert code == 0, said
    assert (tmp_path / "s/seen").read_text() == f"{tmp_path}/s\n"


def test_texts_that_cannot_be_written(tmp_path: Path) -> None:
    """Half a text would be another one: nothing runs."""
    text = "echo x >>ran\\n" * 200
    script = written(
        f"""
        steps:
          - {{name: one, command: "echo x >ran"}}
          - {{name: two, command: "{text}"}}
        """,
        tmp_path / "s",
    )
    code, said = _started(
        "-c", f"trap '' XFSZ; ulimit -f 1; exec bash '{script}'", folder=tmp_path
    )
    assert code == 2, said
    assert not (tmp_path / "s/ran").exists()


def test_an_output_that_cannot_be_kept(tmp_path: Path) -> None:
    script = written(
        """
        steps:
          - name: one
            command: echo x; mkdir "${DAG_RUN_STEP_STDOUT_FILE%/*}/.output"
            output: A
          - {name: two, command: "echo $A >seen"}
        """,
        tmp_path / "s",
    )
    code, said = _started(str(script), folder=tmp_path)
    assert code == 1, said
    assert "the output cannot be kept" in said
    assert not (tmp_path / "s/seen").exists()


@pytest.mark.parametrize("report", ["no/r.json", "s", "s/"])
def test_a_report_that_cannot_be_written(report: str, tmp_path: Path) -> None:
    script = written(CHAIN, tmp_path / "s")
    code, said = _started(str(script), "--report", report, folder=tmp_path)
    assert (code, said) == (2, f"w.sh: cannot write `{report}`\n")
    assert not (tmp_path / "s/seen").exists()


def test_a_report_for_which_there_is_no_space(tmp_path: Path) -> None:
    script = written(CHAIN, tmp_path / "s")
    if not os.path.exists("/dev/full"):
        return
    assert _started(str(script), "--report", "/dev/full", folder=tmp_path)[0] == 2


def test_a_relative_folder_for_states_is_ignored(tmp_path: Path) -> None:
    """As its specification says, and as `wfc run` does."""
    script = written(CHAIN, tmp_path / "s")
    code, said = _started(
        str(script),
        folder=tmp_path,
        WFC_HOME="",
        XDG_STATE_HOME="relative",
        HOME=str(tmp_path / "user"),
    )
    assert code == 0, said
    (outcome,) = tmp_path.glob("user/.local/state/wfc/runs/*/*/outcome.json")
    assert json.loads(outcome.read_text("utf-8"))["status"] == "succeeded"


def test_the_second_signal_when_all_steps_have_ended(tmp_path: Path) -> None:
    """What they have left in the background is killed at once."""
    script = written(
        """
        maxCleanUpTimeSec: 55
        steps:
          - {name: one, command: "(trap '' TERM; echo x >here; exec sleep 60) &"}
          - {name: two, command: "until [ -e here ]; do sleep 0.1; done; echo >begun; sleep 60"}
        """,
        tmp_path / "s",
    )
    process = start(script, home=tmp_path / "home")
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        if (tmp_path / "s/begun").exists():
            process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
    ended = process.poll()
    process.kill()
    process.communicate()
    assert ended == 143
