"""The command line as its user meets it: exit codes, what goes where, what is written."""

import io
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from compiler import __version__
from compiler.cli import main

ROOT = Path(__file__).resolve().parent.parent

GOOD = """\
steps:
  - name: hello
    command: echo hello
"""
PARAMS = """\
params:
  - NAME: world
  - COUNT: 2
env:
  - GREETING: hello ${NAME}
steps:
  - name: greet
    command: echo "$GREETING $COUNT"
    output: SAID
"""
POSITIONAL = """\
params: one two
steps:
  - name: words
    command: echo "$1 $2"
    output: SAID
"""
TYPO = """\
steps:
  - name: hello
    comand: echo hello
"""
CYCLE = """\
type: graph
steps:
  - name: a
    command: "true"
    depends: b
  - name: b
    command: "true"
    depends: a
"""
NOTED = """\
steps:
  - name: hello
    command: echo hello
    dir: ${UNDECLARED}
"""
FAILING = """\
steps:
  - name: broken
    command: exit 3
"""


class Result(NamedTuple):
    code: int
    out: str
    err: str


Wfc = Callable[..., Result]


@pytest.fixture
def wfc(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Wfc:
    """Calls the command line in-process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WFC_HOME", str(tmp_path / "wfc-home"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: str, stdin: str = "") -> Result:
        data = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", data)
        try:
            code = main(list(words))
        except SystemExit as ended:  # argparse's own way to end
            code = ended.code if isinstance(ended.code, int) else 1
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return call


def write(path: str, text: str) -> Path:
    """Writes a file below the current folder, which is the test's own."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a wfc that is a process of its own, and its runs in `folder`."""
    home = str(folder / "wfc-home")
    return {**os.environ, "PYTHONPATH": str(ROOT), "WFC_HOME": home}


def process(
    words: Sequence[str], folder: Path, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs `python -m wfc` for real, with `folder` as its current folder."""
    return subprocess.run(
        [sys.executable, "-m", "wfc", *words],
        cwd=folder,
        env=surroundings(folder),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# ---- lint


def test_lint_of_a_good_file(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    assert wfc("lint", "good.yaml") == (0, "", "1 file checked: nothing found\n")


def test_lint_puts_findings_on_stdout(wfc: Wfc) -> None:
    write("typo.yaml", TYPO)
    result = wfc("lint", "typo.yaml")
    assert result.code == 1
    assert result.out.startswith("typo.yaml:3:5: error[WFC103]: unknown key `comand`")
    assert "did you mean `command`?" in result.out
    assert "WFC" not in result.err
    assert result.err.startswith("1 file checked: ")


def test_lint_reports_every_file(wfc: Wfc) -> None:
    write("one.yaml", TYPO)
    write("two.yaml", CYCLE)
    write("three.yaml", GOOD)
    result = wfc("lint", "one.yaml", "missing.yaml", "two.yaml", "three.yaml")
    assert result.code == 1
    for file, code in [
        ("one.yaml", "WFC103"),
        ("missing.yaml", "WFC111"),
        ("two.yaml", "WFC202"),
    ]:
        heads = [it for it in result.out.splitlines() if it.startswith(f"{file}:")]
        assert any(f"error[{code}]" in head for head in heads), file
    assert "three.yaml" not in result.out
    assert result.err.startswith("4 files checked: ")


@pytest.mark.parametrize("flag", ["-q", "--quiet"])
def test_lint_quiet(wfc: Wfc, flag: str) -> None:
    write("typo.yaml", TYPO)
    result = wfc("lint", flag, "typo.yaml")
    assert (result.code, result.err) == (1, "")
    assert "WFC103" in result.out


def test_lint_json_of_nothing(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    result = wfc("lint", "--format", "json", "good.yaml")
    assert result == (0, '{\n "version": 1,\n "diagnostics": []\n}\n', "")


def test_lint_json_of_findings(wfc: Wfc) -> None:
    write("typo.yaml", TYPO)
    result = wfc("lint", "typo.yaml", "gone.yaml", "--format=json")
    assert (result.code, result.err) == (1, "")
    form = json.loads(result.out)
    found = {each["code"]: each for each in form["diagnostics"]}
    assert {"WFC103", "WFC111"} <= set(found)
    typo = found["WFC103"]
    assert (typo["file"], typo["line"], typo["column"], typo["length"]) == (
        "typo.yaml",
        3,
        5,
        6,
    )
    assert (typo["name"], typo["severity"]) == ("unknown-key", "error")


def test_lint_notes_are_no_error(wfc: Wfc) -> None:
    write("noted.yaml", NOTED)
    result = wfc("lint", "noted.yaml")
    assert result.code == 0
    assert "note[WFC207]" in result.out


def test_lint_strict_fails_on_a_note(wfc: Wfc) -> None:
    write("noted.yaml", NOTED)
    assert wfc("lint", "--strict", "noted.yaml").code == 1


def test_lint_strict_of_a_good_file(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    assert wfc("lint", "--strict", "good.yaml").code == 0


def test_lint_of_stdin(wfc: Wfc) -> None:
    result = wfc("lint", "-", stdin=TYPO)
    assert result.code == 1
    assert result.out.startswith("<stdin>:3:5: error[WFC103]")
    assert "comand: echo hello" in result.out  # with its source line


def test_lint_of_a_file_with_windows_line_ends(wfc: Wfc) -> None:
    Path("dos.yaml").write_bytes(b"\xef\xbb\xbf" + TYPO.replace("\n", "\r\n").encode())
    assert wfc("lint", "dos.yaml").out.startswith("dos.yaml:3:5: error[WFC103]")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gone.yaml", "No such file or directory"),
        ("folder", "Is a directory"),
        ("nul\0byte", "embedded null byte"),
    ],
)
def test_lint_of_what_cannot_be_read(wfc: Wfc, name: str, reason: str) -> None:
    Path("folder").mkdir()
    result = wfc("lint", name)
    assert result.code == 1
    assert "error[WFC111]: cannot read" in result.out
    assert reason in result.out


def test_lint_of_bytes_that_are_no_text(wfc: Wfc) -> None:
    Path("latin.yaml").write_bytes(b"steps:\n  - name: caf\xe9\n    command: x\n")
    result = wfc("lint", "latin.yaml")
    assert result.code == 1
    assert "latin.yaml:2:14: error[WFC111]" in result.out


def test_lint_of_a_file_without_permission(
    wfc: Wfc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file's mode means nothing to root, so the refusal is played."""

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    write("secret.yaml", GOOD)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    result = wfc("lint", "secret.yaml")
    assert result.code == 1
    assert "cannot read `secret.yaml`: Permission denied" in result.out


def test_lint_shows_no_control_characters(wfc: Wfc) -> None:
    write("evil\x1b[31m.yaml", TYPO)
    result = wfc("lint", "evil\x1b[31m.yaml")
    assert "\x1b" not in result.out + result.err


# ---- colour


@pytest.mark.parametrize(
    ("words", "painted"),
    [((), False), (("--color=always",), True), (("--color", "never"), False)],
    ids=["auto", "always", "never"],
)
def test_color(wfc: Wfc, words: tuple[str, ...], painted: bool) -> None:
    write("typo.yaml", TYPO)
    assert ("\x1b[" in wfc("lint", *words, "typo.yaml").out) == painted


@pytest.mark.parametrize(
    ("variable", "value", "painted"),
    [
        ("NO_COLOR", "1", False),
        ("NO_COLOR", "", True),
        ("TERM", "dumb", False),
        ("TERM", "xterm", True),
    ],
)
def test_color_of_a_terminal(
    wfc: Wfc,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    painted: bool,
) -> None:
    write("typo.yaml", TYPO)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert ("\x1b[" in wfc("lint", "typo.yaml").out) == painted


# ---- what is no command


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("lnit",),
        ("lint",),
        ("lint", "--colour=always", "good.yaml"),
        ("lint", "--format", "xml", "good.yaml"),
        ("run",),
        ("run", "good.yaml", "--wrok-dir", "."),
        ("run", "-x", "good.yaml"),
        ("compile", "good.yaml"),
        ("compile", "good.yaml", "--target", "cobol"),
        ("compile", "good.yaml", "-t", "shell", "--stdout", "-o", "x"),
        ("compile", "good.yaml", "-t", "shell", "NAME=1"),
        ("explain",),
        ("explain", "WFC999"),
        ("targets", "extra"),
    ],
    ids=" ".join,
)
def test_usage_errors(wfc: Wfc, words: tuple[str, ...]) -> None:
    write("good.yaml", GOOD)
    before = sorted(Path().iterdir())
    result = wfc(*words)
    assert result.code == 2
    assert result.out == ""
    assert "wfc" in result.err
    assert "Traceback" not in result.err
    assert sorted(Path().iterdir()) == before


def test_usage_error_names_the_option(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    assert "--wrok-dir" in wfc("run", "good.yaml", "--wrok-dir", ".").err


def test_version(wfc: Wfc) -> None:
    assert wfc("--version") == (0, f"wfc {__version__}\n", "")


@pytest.mark.parametrize(
    "command", ["lint", "run", "compile", "explain", "targets", ""], ids=str
)
def test_help(wfc: Wfc, command: str) -> None:
    result = wfc(*command.split(), "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("usage: wfc")


# ---- explain, targets


@pytest.mark.parametrize("word", ["WFC201", "wfc201", "unknown-step"])
def test_explain(wfc: Wfc, word: str) -> None:
    result = wfc("explain", word)
    assert (result.code, result.err) == (0, "")
    assert "WFC201" in result.out.partition("\n")[0]


@pytest.mark.parametrize(
    ("word", "known"), [("WFC2011", "WFC201"), ("unknown-setp", "unknown-step")]
)
def test_explain_proposes_the_nearest(wfc: Wfc, word: str, known: str) -> None:
    result = wfc("explain", word)
    assert (result.code, result.out) == (2, "")
    assert f"`{word}`" in result.err
    assert "did you mean" in result.err
    assert known in result.err or known == "unknown-step"


def test_targets(wfc: Wfc) -> None:
    result = wfc("targets")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("shell ")
    rows = [line.split() for line in result.out.splitlines() if line]
    assert ["retry", "yes"] in rows


# ---- compile


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


# ---- params of a compilation


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


# ---- run


def outputs(report: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(Path(report).read_text())["outcome"]["outputs"]
    return found


def test_run(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    result = wfc("run", "good.yaml")
    assert result.code == 0
    assert "hello: started" in result.err
    assert "hello: succeeded in " in result.err
    table, verdict, folder = (
        result.out.splitlines()[0],
        result.out.splitlines()[-2],
        result.out.splitlines()[-1],
    )
    assert table.split() == ["STEP", "STATUS", "ATTEMPTS", "EXIT", "SECONDS"]
    assert verdict.startswith("good: succeeded in ")
    assert folder.startswith("run folder: ")
    run_folder = Path(folder.removeprefix("run folder: "))
    assert run_folder.is_relative_to(Path("wfc-home/runs/good").absolute())
    assert (run_folder / "outcome.json").is_file()


def test_run_quiet(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    result = wfc("run", "-q", "good.yaml")
    assert (result.code, result.err) == (0, "")


def test_run_that_fails(wfc: Wfc) -> None:
    write("bad.yaml", FAILING)
    result = wfc("run", "bad.yaml")
    assert result.code == 1
    assert "broken: failed with exit 3 in " in result.err
    assert "bad: failed in " in result.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "hello world 2"),
        (("NAME=you",), "hello you 2"),
        (("COUNT=a=b", "NAME=x y"), "hello x y a=b"),
        (("NAME=one", "NAME=two"), "hello two 2"),
        (("NAME=$(id) `id` ${COUNT}",), "hello $(id) `id` ${COUNT} 2"),
        (("--", "NAME=you"), "hello you 2"),
        (("NAME=",), "hello  2"),
    ],
    ids=str,
)
def test_run_with_params(wfc: Wfc, words: tuple[str, ...], said: str) -> None:
    write("hi.yaml", PARAMS)
    result = wfc("run", "hi.yaml", "--report", "report.json", *words)
    assert result.code == 0, result.err
    assert outputs("report.json") == {"SAID": said}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "one two"),
        (("uno",), "uno two"),
        (("uno", "due words"), "uno due words"),
        (("--", "-x", "--strange"), "-x --strange"),
    ],
    ids=str,
)
def test_run_with_positional_words(wfc: Wfc, words: tuple[str, ...], said: str) -> None:
    write("words.yaml", POSITIONAL)
    result = wfc("run", "words.yaml", "--report", "report.json", *words)
    assert result.code == 0, result.err
    assert outputs("report.json") == {"SAID": said}


def test_run_with_an_unknown_param(wfc: Wfc) -> None:
    write("hi.yaml", PARAMS)
    result = wfc("run", "hi.yaml", "NMAE=x", "Q=1")
    assert (result.code, result.out) == (2, "")
    assert "unknown param `NMAE`: did you mean `NAME`?" in result.err
    assert "unknown param `Q`" in result.err
    assert "Traceback" not in result.err
    assert not Path("wfc-home").exists()


def test_run_of_a_file_with_errors(wfc: Wfc) -> None:
    write("typo.yaml", TYPO)
    result = wfc("run", "typo.yaml")
    assert (result.code, result.out) == (2, "")
    assert "error[WFC103]" in result.err
    assert not Path("wfc-home").exists()


def test_run_of_stdin(wfc: Wfc) -> None:
    result = wfc("run", "-", "--report", "report.json", "NAME=pipe", stdin=PARAMS)
    assert result.code == 0, result.err
    assert outputs("report.json") == {"SAID": "hello pipe 2"}


def test_params_from_json(wfc: Wfc) -> None:
    write("hi.yaml", PARAMS)
    write("params.json", '{"NAME": "json", "COUNT": [1, {"a": 2.0}]}')
    words = ("--params-json", "params.json", "--report", "report.json")
    assert wfc("run", "hi.yaml", *words).code == 0
    assert outputs("report.json") == {"SAID": 'hello json [1,{"a":2}]'}
    assert wfc("run", "hi.yaml", *words, "NAME=word").code == 0
    assert outputs("report.json") == {"SAID": 'hello word [1,{"a":2}]'}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[1]", "not a JSON object"),
        ("{", "params.json"),
        ('{"NMAE": 1}', "did you mean `NAME`?"),
        ("\xff", "params.json"),
    ],
)
def test_params_from_bad_json(wfc: Wfc, text: str, problem: str) -> None:
    write("hi.yaml", PARAMS)
    Path("params.json").write_bytes(text.encode("latin-1"))
    result = wfc("run", "hi.yaml", "--params-json", "params.json")
    assert (result.code, result.out) == (2, "")
    assert problem in result.err
    assert "Traceback" not in result.err


def test_params_from_a_missing_file(wfc: Wfc) -> None:
    write("hi.yaml", PARAMS)
    result = wfc("run", "hi.yaml", "--params-json", "gone.json")
    assert result.code == 2
    assert "cannot read `gone.json`" in result.err


def test_report(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    assert wfc("run", "good.yaml", "--report", "deep/report.json").code == 0
    form = json.loads(Path("deep/report.json").read_text())
    assert list(form) == ["outcome", "run_id", "started", "seconds", "steps"]
    assert form["outcome"]["status"] == "succeeded"
    assert form["outcome"]["events"] == [["start", "hello"], ["end", "hello"]]
    log = Path(form["steps"]["hello"]["log"])
    assert (log / "1.out").read_text() == "hello\n"


def test_report_that_cannot_be_written(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    write("taken", "something")
    result = wfc("run", "good.yaml", "--report", "taken/report.json")
    assert result.code == 2
    assert "cannot write `taken/report.json`" in result.err


def test_steps_run_beside_the_file(wfc: Wfc) -> None:
    write("flows/where.yaml", "steps:\n  - name: a\n    command: pwd >here\n")
    assert wfc("run", "flows/where.yaml").code == 0
    assert Path("flows/here").read_text().rstrip() == str(Path("flows").resolve())


def test_work_dir(wfc: Wfc) -> None:
    write("where.yaml", "steps:\n  - name: a\n    command: pwd >here\n")
    Path("other").mkdir()
    assert wfc("run", "where.yaml", "--work-dir", "other").code == 0
    assert Path("other/here").read_text().rstrip() == str(Path("other").resolve())


def test_work_dir_that_is_missing(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    result = wfc("run", "good.yaml", "--work-dir", "gone")
    assert (result.code, result.out) == (2, "")
    assert "`gone` is no folder" in result.err


# ---- as a process


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
        f"steps:\n  - name: nap\n    command: touch begun; sleep {marker} & wait\n"
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
        while not (tmp_path / "begun").exists() and time.monotonic() < limit:
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
