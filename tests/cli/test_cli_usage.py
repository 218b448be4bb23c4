"""What is no command line, and the commands that only tell something."""

from pathlib import Path

import pytest
from commands import GOOD, Wfc, write

from compiler import __version__
from compiler.cli import inputs


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
    "command", ["lint", "run", "compile", "graph", "explain", "targets", ""], ids=str
)
def test_help(wfc: Wfc, command: str) -> None:
    result = wfc(*command.split(), "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("usage: wfc")


def test_targets(wfc: Wfc) -> None:
    result = wfc("targets")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("shell ")
    rows = [line.split() for line in result.out.splitlines() if line]
    assert ["retry", "yes", "yes"] in rows


def test_interrupt(wfc: Wfc, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(file: str) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(inputs, "read_bytes", interrupt)
    assert wfc("lint", "good.yaml") == (130, "", "")
