"""`wfc compile`: what it writes where, and what it leaves alone."""

import json
import os
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from commands import CYCLE, GOOD, PARAMS, TYPO, Wfc, write

from compiler import __version__


def test_compile_writes_beside_the_source(wfc: Wfc) -> None:
    write("flows/good.yaml", GOOD)
    result = wfc("compile", "flows/good.yaml", "--target", "shell")
    script = Path("flows/good.sh")
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("wrote ")
    assert result.err.endswith("flows/good.sh\n")
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
    assert script.stat().st_mode & 0o111 == 0o111
    done = subprocess.run(
        ["bash", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_compile_is_named_for_the_workflow(wfc: Wfc) -> None:
    write("file.yaml", "name: nightly\n" + GOOD)
    assert wfc("compile", "file.yaml", "-t", "shell").code == 0
    assert Path("nightly.sh").is_file()


def test_compile_into_a_folder(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    assert wfc("compile", "good.yaml", "-t", "shell", "-o", "out/deep").code == 0
    assert Path("out/deep/good.sh").is_file()
    assert not Path("good.sh").exists()


def test_compile_to_stdout(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    printed = wfc("compile", "good.yaml", "-t", "shell", "--stdout")
    assert (printed.code, printed.err) == (0, "")
    assert [path.name for path in Path().iterdir()] == ["good.yaml"]
    wfc("compile", "good.yaml", "-t", "shell")
    assert printed.out == Path("good.sh").read_text()


def test_compile_of_stdin(wfc: Wfc) -> None:
    result = wfc("compile", "-", "-t", "shell", "--stdout", stdin=GOOD)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("#!/usr/bin/env bash\n")


def test_compile_twice_changes_nothing(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    wfc("compile", "good.yaml", "-t", "shell")
    before = Path("good.sh").stat()
    result = wfc("compile", "good.yaml", "-t", "shell")
    assert result.code == 0
    assert "is up to date" in result.err
    assert Path("good.sh").stat().st_mtime_ns == before.st_mtime_ns
    assert Path("good.sh").stat().st_ino == before.st_ino


def test_compile_quiet(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    assert wfc("compile", "-q", "good.yaml", "-t", "shell") == (0, "", "")


@pytest.mark.parametrize(
    "text", [TYPO, CYCLE, "steps: [", ""], ids=["shape", "graph", "syntax", "empty"]
)
def test_compile_of_a_file_with_errors(wfc: Wfc, text: str) -> None:
    write("bad.yaml", text)
    result = wfc("compile", "bad.yaml", "-t", "shell")
    assert (result.code, result.out) == (2, "")
    assert "error[WFC" in result.err
    assert [path.name for path in Path().iterdir()] == ["bad.yaml"]


def test_compile_of_an_unreadable_file(wfc: Wfc) -> None:
    result = wfc("compile", "gone.yaml", "-t", "shell")
    assert (result.code, result.out) == (2, "")
    assert "error[WFC111]" in result.err


def test_check_shows_what_is_stale(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    first = wfc("compile", "good.yaml", "-t", "shell", "--check")
    assert first.code == 1
    assert first.out.startswith("--- /dev/null\n+++ ")
    assert not Path("good.sh").exists()

    wfc("compile", "good.yaml", "-t", "shell")
    assert wfc("compile", "good.yaml", "-t", "shell", "--check") == (0, "", "")

    write("good.yaml", GOOD.replace("echo hello", "echo bye"))
    before = Path("good.sh").read_bytes()
    third = wfc("compile", "good.yaml", "-t", "shell", "--check")
    assert third.code == 1
    assert "-" in third.out
    assert "+" in third.out
    assert "echo bye" in third.out
    assert Path("good.sh").read_bytes() == before


def test_foreign_file_is_kept(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    write("good.sh", "#!/bin/sh\necho mine\n")
    result = wfc("compile", "good.yaml", "-t", "shell")
    assert (result.code, result.out) == (2, "")
    assert "error[WFC403]" in result.err
    assert Path("good.sh").read_text() == "#!/bin/sh\necho mine\n"


def test_words_of_the_header_elsewhere_do_not_make_a_file_ours(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    write("good.sh", "#!/bin/sh\n# notes: Made by wfc from scratch\n")
    assert wfc("compile", "good.yaml", "-t", "shell").code == 2
    assert "scratch" in Path("good.sh").read_text()


def test_a_pipe_in_place_of_the_file_is_left(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    os.mkfifo("good.sh")
    result = wfc("compile", "good.yaml", "-t", "shell", "--force")
    assert result.code == 2
    assert "error[WFC404]: `good.sh` cannot be written: not a regular file" in (
        result.err.replace(f"{Path.cwd()}/", "")
    )


def test_a_value_that_is_no_text(wfc: Wfc) -> None:
    write("params.yaml", PARAMS)
    result = wfc("compile", "params.yaml", "-t", "shell", "-p", "NAME=\udcff")
    assert result.code == 2
    assert "the value of `NAME` is not UTF-8 text" in result.err


def test_check_and_stdout_exclude_each_other(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    result = wfc("compile", "good.yaml", "-t", "shell", "--check", "--stdout")
    assert (result.code, result.out) == (2, "")


def test_foreign_file_with_force(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    write("good.sh", "#!/bin/sh\necho mine\n")
    assert wfc("compile", "good.yaml", "-t", "shell", "--force").code == 0
    assert "Made by wfc" in Path("good.sh").read_text()


def test_own_file_is_replaced_and_keeps_its_mode(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    wfc("compile", "good.yaml", "-t", "shell")
    Path("good.sh").chmod(0o700)
    write("good.yaml", GOOD.replace("hello", "again"))
    assert wfc("compile", "good.yaml", "-t", "shell").code == 0
    assert "again" in Path("good.sh").read_text()
    assert stat.S_IMODE(Path("good.sh").stat().st_mode) == 0o700


def test_symbolic_link_is_written_through(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    write("elsewhere/real.sh", "")
    Path("good.sh").symlink_to("elsewhere/real.sh")
    assert wfc("compile", "good.yaml", "-t", "shell").code == 0
    assert Path("good.sh").is_symlink()
    assert "Made by wfc" in Path("elsewhere/real.sh").read_text()


def test_failing_write_keeps_the_old_file(
    wfc: Wfc, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("good.yaml", GOOD)
    wfc("compile", "good.yaml", "-t", "shell")
    before = Path("good.sh").read_bytes()
    write("good.yaml", GOOD.replace("hello", "again"))

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = wfc("compile", "good.yaml", "-t", "shell")
    assert (result.code, result.out) == (2, "")
    assert "error[WFC404]" in result.err
    assert "No space left on device" in result.err
    assert Path("good.sh").read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["good.sh", "good.yaml"]


def test_unwritable_folder_keeps_the_old_file(
    wfc: Wfc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder's mode means nothing to root, so the refusal is played."""

    def refuse(*, prefix: str, dir: Path) -> tuple[int, str]:
        raise PermissionError(13, "Permission denied", str(dir / prefix))

    write("good.yaml", GOOD)
    wfc("compile", "good.yaml", "-t", "shell")
    before = Path("good.sh").read_bytes()
    write("good.yaml", GOOD.replace("hello", "again"))
    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    result = wfc("compile", "good.yaml", "-t", "shell")
    assert (result.code, result.out) == (2, "")
    assert "error[WFC404]" in result.err
    assert "Permission denied" in result.err
    assert Path("good.sh").read_bytes() == before


@pytest.mark.parametrize("output", ["taken", "taken/below"])
def test_folder_that_is_a_file(wfc: Wfc, output: str) -> None:
    write("good.yaml", GOOD)
    write("taken", "something")
    result = wfc("compile", "good.yaml", "-t", "shell", "-o", output)
    assert (result.code, result.out) == (2, "")
    assert "error[WFC404]" in result.err
    assert Path("taken").read_text() == "something"


def test_target_file_that_is_a_folder(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    Path("good.sh").mkdir()
    result = wfc("compile", "good.yaml", "-t", "shell")
    assert (result.code, result.out) == (2, "")
    assert "error[WFC404]" in result.err


def test_same_bytes_from_everywhere(
    wfc: Wfc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write("a/flows/good.yaml", GOOD).resolve()
    made = set()
    for folder, name in [
        (tmp_path, "a/flows/good.yaml"),
        (tmp_path / "a", "./flows/../flows/good.yaml"),
        (tmp_path / "a" / "flows", "good.yaml"),
        (tmp_path, str(source)),
    ]:
        monkeypatch.chdir(folder)
        assert wfc("compile", name, "-t", "shell", "--force").code == 0
        made.add(source.with_suffix(".sh").read_bytes())
        source.with_suffix(".sh").unlink()
    assert len(made) == 1
    text = made.pop().decode()
    assert str(tmp_path) not in text
    assert __version__ not in text


def test_header_names_the_source(wfc: Wfc) -> None:
    write("flows/good.yaml", GOOD)
    wfc("compile", "flows/good.yaml", "-t", "shell", "-o", "out")
    head = "".join(Path("out/good.sh").read_text().splitlines(keepends=True)[:5])
    assert "Made by wfc from ../flows/good.yaml" in head


def run_script(folder: str, name: str, *words: str) -> str:
    """The run of an emitted script; gives the value of its only output."""
    report = Path("script-report.json")
    done = subprocess.run(
        ["bash", str(Path(folder, name)), "--report", str(report), *words],
        env={**os.environ, "WFC_HOME": str(Path("script-home").absolute())},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    outputs: dict[str, str] = json.loads(report.read_text())["outcome"]["outputs"]
    return outputs["SAID"]


def test_param_changes_the_default(wfc: Wfc) -> None:
    write("hi.yaml", PARAMS)
    assert wfc("compile", "hi.yaml", "-t", "shell", "-p", "NAME=a 'b' $C").code == 0
    assert run_script("", "hi.sh") == "hello a 'b' $C 2"
    assert run_script("", "hi.sh", "NAME=you") == "hello you 2"


def test_bind_freezes_a_param(wfc: Wfc) -> None:
    write("hi.yaml", PARAMS)
    bound = wfc("compile", "hi.yaml", "-t", "shell", "--bind", "NAME=prod")
    assert bound.code == 0
    assert run_script("", "hi.sh", "COUNT=3") == "hello prod 3"
    done = subprocess.run(
        ["bash", "hi.sh", "NAME=other"],
        env={**os.environ, "WFC_HOME": str(Path("script-home").absolute())},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "NAME" in done.stderr


@pytest.mark.parametrize("option", ["-p", "--param", "--bind"])
def test_unknown_param_of_a_compilation(wfc: Wfc, option: str) -> None:
    write("hi.yaml", PARAMS)
    result = wfc("compile", "hi.yaml", "-t", "shell", option, "NMAE=x", option, "Q=1")
    assert (result.code, result.out) == (2, "")
    assert "unknown param `NMAE`: did you mean `NAME`?" in result.err
    assert "unknown param `Q`" in result.err  # all of them at once
    assert not Path("hi.sh").exists()


def test_param_without_a_value(wfc: Wfc) -> None:
    write("hi.yaml", PARAMS)
    result = wfc("compile", "hi.yaml", "-t", "shell", "-p", "NAME")
    assert result.code == 2
    assert "`NAME` is not of the form K=V" in result.err


def test_bound_param_is_no_param_any_more(wfc: Wfc) -> None:
    write("hi.yaml", PARAMS)
    words = ("compile", "hi.yaml", "-t", "shell", "--stdout")
    bound = wfc(*words, "--bind", "NAME=prod", "-p", "COUNT=7")
    assert bound.code == 0
    assert "prod" in bound.out
    assert "world" not in bound.out
