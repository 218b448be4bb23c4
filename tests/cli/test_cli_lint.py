"""`wfc lint`: findings of every file, where they go, and their form."""

import json
import sys
from pathlib import Path

import pytest
from commands import CYCLE, GOOD, NOTED, TYPO, Wfc, write

from compiler.cli import inputs


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


def test_a_file_that_is_given_twice_is_read_once(wfc: Wfc) -> None:
    result = wfc("lint", "-", "-", stdin=GOOD)
    assert (result.code, result.out) == (0, "")
    assert result.err == "1 file checked: nothing found\n"


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

    def refuse(file: str) -> bytes:
        raise PermissionError(13, "Permission denied", file)

    write("secret.yaml", GOOD)
    monkeypatch.setattr(inputs, "read_bytes", refuse)
    result = wfc("lint", "secret.yaml")
    assert result.code == 1
    assert "cannot read `secret.yaml`: Permission denied" in result.out


def test_lint_shows_no_control_characters(wfc: Wfc) -> None:
    write("evil\x1b[31m.yaml", TYPO)
    result = wfc("lint", "evil\x1b[31m.yaml")
    assert "\x1b" not in result.out + result.err


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
