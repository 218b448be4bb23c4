"""What a person sees of a run, on a pipe and on a terminal."""

import contextlib
import fcntl
import io
import os
import pty
import re
import struct
import termios
import threading
from pathlib import Path

import pytest
from resolved import execute, program, step

from compiler.interpreter import Lines, Quiet, Terminal, progress, run, summary
from compiler.interpreter.lines import StepEnd, cut, end_lines, shown, width


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("load data", "load data", id="plain"),
        pytest.param("a\nb\tc\rd", "a\\nb\\tc\\rd", id="line-ends"),
        pytest.param("\x1b[31mred\x07", "\\x1b[31mred\\x07", id="escape"),
        pytest.param("\x9b31m", "\\x9b31m", id="c1"),
        pytest.param("a\u202eb", "a\\u202eb", id="bidi"),
        pytest.param("\ud800", "\\ud800", id="surrogate"),
        pytest.param("\U000e0001", "\\U000e0001", id="tag"),
        pytest.param("é 日本 🚀", "é 日本 🚀", id="letters"),
    ],
)
def test_shown(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        pytest.param("abc", 3, "abc", id="fits"),
        pytest.param("abcd", 3, "ab…", id="cut"),
        pytest.param("日本語", 5, "日本…", id="wide"),
        pytest.param("日本語", 4, "日…", id="wide-half"),
        pytest.param("abc", 0, "", id="none"),
    ],
)
def test_cut(text: str, columns: int, expected: str) -> None:
    assert cut(text, columns) == expected
    assert width(expected) <= columns


def test_the_tail_of_a_log_cannot_act_on_the_terminal() -> None:
    end = StepEnd(
        ending="failed", code=1, seconds=0, log="/l", tail=("\x1b]0;x\x07", "a\tb")
    )
    assert end_lines("a", end) == [
        "a: failed with exit 1 in 0.0 s, log: /l",
        "  | \\x1b]0;x\\x07",
        "  | a       b",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("kind", [Lines, Terminal, Quiet])
def test_a_full_stream_does_not_end_a_run(kind: type[Lines]) -> None:
    told = False
    with contextlib.suppress(OSError), open("/dev/full", "w") as stream:
        made = kind(stream)
        made.expect(1)
        made.waiting("a", "queue q")
        made.started("a")
        made.problem("b")
        made.close()
        told = True
    assert told


def test_a_closed_stream_does_not_end_a_run() -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    stream.close()
    lines.started("a")


def test_quiet_says_problems_only(tmp_path: Path) -> None:
    stream = io.StringIO()
    quiet = progress(stream, color=True, quiet=True)
    assert isinstance(quiet, Quiet)
    quiet.started("a")
    quiet.problem("cannot write")
    assert stream.getvalue() == "cannot write\n"


def test_names_stay_in_their_columns(tmp_path: Path) -> None:
    report = execute(program(step("日本", "true"), step("a\nb", "true")), tmp_path)
    rows = summary(report).splitlines()[:3]
    assert rows[0].startswith("STEP  STATUS")
    assert rows[1].startswith("日本  succeeded")
    assert rows[2].startswith("a\\nb  succeeded")


def seen_on_terminal(tmp_path: Path, columns: int, *, color: bool) -> str:
    """All that a run of three steps writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    seen: list[bytes] = []
    reader = threading.Thread(target=read_all, args=(ours, seen))
    reader.start()
    with os.fdopen(theirs, "w") as stream:
        terminal = progress(stream, color=color, quiet=False)
        assert isinstance(terminal, Terminal)
        run(
            program(
                step("first", "sleep 0.5"),
                step("second " + "x" * 60, "exit 3"),
                step("third", "sleep 1", after=["first"]),
            ),
            values={},
            arguments=(),
            work_dir=tmp_path,
            home=tmp_path / "home",
            progress=terminal,
            environment=os.environ,
        )
    reader.join()
    os.close(ours)
    return b"".join(seen).decode()


def read_all(descriptor: int, into: list[bytes]) -> None:
    """Reads until the other side of a terminal is closed: end of file or EIO."""
    with contextlib.suppress(OSError):
        while chunk := os.read(descriptor, 4096):
            into.append(chunk)


@pytest.mark.parametrize("columns", [40, 80])
def test_the_status_line_fits_and_is_taken_away(columns: int, tmp_path: Path) -> None:
    text = seen_on_terminal(tmp_path, columns, color=False)
    drawn = [each for each in re.split(r"\r\x1b\[K|\r?\n", text) if " · " in each]
    assert any("2 running: first, " in each for each in drawn)
    assert any("2 of 3 done" in each for each in drawn)
    assert max(map(width, drawn)) < columns
    last = text.rpartition("\r\x1b[K")[2]
    assert last.endswith("\n")
    assert " · " not in last
    assert "\x1b[31m" not in text


def test_a_failure_is_red(tmp_path: Path) -> None:
    text = seen_on_terminal(tmp_path, 80, color=True)
    assert "\x1b[31msecond" in text
    assert "\x1b[32mthird: succeeded" in text
