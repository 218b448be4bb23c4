"""What happens in a run -> lines for the person who watches it."""

import contextlib
import math
import os
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from compiler.ir import Ending

_SOON = 0.05  # seconds after which lines are written: of short steps many at a time
_REDRAWN = 0.2  # seconds after which a status line is drawn anew


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnd:
    """How a step ended, for a person. `log` is its stderr file, `tail` that file's end."""

    ending: Ending
    code: int | None
    seconds: float
    log: str
    tail: Sequence[str] = ()


class Progress(Protocol):
    """One method for each event. `expect`: so many more steps are to end. `waiting`: label
    "" is the run's. A `problem` is seen at once, all else when `show` comes, which does so
    before each wait: it says after how many seconds it is to come again, even though
    nothing has happened (None: need not)."""

    def expect(self, more: int) -> None: ...
    def waiting(self, label: str, what: str) -> None: ...
    def started(self, label: str) -> None: ...
    def retrying(
        self, label: str, code: int, following: int, tries: int, pause: float
    ) -> None: ...
    def repeating(self, label: str, code: int, pause: float) -> None: ...
    def ended(self, label: str, end: StepEnd) -> None: ...
    def problem(self, message: str) -> None: ...
    def show(self) -> float | None: ...
    def close(self) -> None: ...


def shown(text: str) -> str:
    """`text` on one line, without anything that a terminal would act upon.

    >>> shown("a\\nb \\x1b[31m")
    'a\\\\nb \\\\x1b[31m'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character.isprintable() or character == "\u200d":  # joins parts of an emoji
        return character
    escapes = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return escapes.get(
        character, f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    )


def width(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        (
            0
            if unicodedata.combining(each) or each in "\u200d\ufe0f"
            else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        )
        for each in text
    )


def cut(text: str, columns: int) -> str:
    """`text`, shortened with `…` to at most `columns` columns."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return f"{text}…" if columns > 0 else ""


# ---- the lines


def started_line(label: str) -> str:
    return f"{shown(label)}: started"


def waiting_line(label: str, what: str) -> str:
    return f"{shown(label)}{': ' if label else ''}waiting for {shown(what)}"


def retry_line(label: str, code: int, following: int, tries: int, pause: float) -> str:
    return f"{shown(label)}: exit {code}, try {following} of {tries} in {pause:.10g} s"


def repeat_line(label: str, code: int, pause: float) -> str:
    return f"{shown(label)}: exit {code}, again in {pause:.10g} s"


def end_lines(label: str, end: StepEnd) -> list[str]:
    """How a step ended, and the last lines of its stderr where it failed."""
    name = shown(label)
    match end.ending:
        case "succeeded":
            return [f"{name}: succeeded in {end.seconds:.1f} s"]
        case "skipped" | "aborted":
            return [f"{name}: {end.ending}"]
        case "not_started":
            return [f"{name}: not started"]
        case "failed" | "continued":
            log = shown(end.log)
            text = f"failed with exit {end.code} in {end.seconds:.1f} s, log: {log}"
            tail = [f"  | {shown(line.expandtabs())}" for line in end.tail]
            return [f"{name}: {text}", *tail]


def quietly(write: Callable[[], object]) -> None:
    """A closed or full stderr must not end a run."""
    with contextlib.suppress(OSError, ValueError):
        write()


@dataclass
class Lines:
    """Plain lines, for logs and pipes."""

    stream: TextIO
    _new: list[str] = field(default_factory=list)
    _last: float = -math.inf

    def expect(self, more: int) -> None:
        pass

    def waiting(self, label: str, what: str) -> None:
        self._new.append(waiting_line(label, what))

    def started(self, label: str) -> None:
        self._new.append(started_line(label))

    def retrying(
        self, label: str, code: int, following: int, tries: int, pause: float
    ) -> None:
        self._new.append(retry_line(label, code, following, tries, pause))

    def repeating(self, label: str, code: int, pause: float) -> None:
        self._new.append(repeat_line(label, code, pause))

    def ended(self, label: str, end: StepEnd) -> None:
        self._new += end_lines(label, end)

    def problem(self, message: str) -> None:
        self._new.append(shown(message))
        self._write()

    def show(self) -> float | None:
        if not self._new:
            return None
        early = self._last + _SOON - time.monotonic()
        if early > 0:
            return early
        self._write()
        return None

    def close(self) -> None:
        self._write()

    def _write(self) -> None:
        text = "".join(f"{line}\n" for line in self._new)
        self._new.clear()
        self._last = time.monotonic()
        quietly(lambda: (self.stream.write(text), self.stream.flush()))


@dataclass
class Quiet:
    """Problems only, for `--quiet`."""

    stream: TextIO

    def expect(self, more: int) -> None:
        pass

    def waiting(self, label: str, what: str) -> None:
        pass

    def started(self, label: str) -> None:
        pass

    def retrying(
        self, label: str, code: int, following: int, tries: int, pause: float
    ) -> None:
        pass

    def repeating(self, label: str, code: int, pause: float) -> None:
        pass

    def ended(self, label: str, end: StepEnd) -> None:
        pass

    def problem(self, message: str) -> None:
        Lines(self.stream).problem(message)

    def show(self) -> float | None:
        return None

    def close(self) -> None:
        pass


_RED, _GREEN, _YELLOW, _DIM, _PLAIN = (
    f"\x1b[{code}m" for code in ("31", "32", "33", "2", "0")
)
_COLORS: dict[Ending, str] = {
    "succeeded": _GREEN,
    "continued": _YELLOW,
    "failed": _RED,
    "skipped": _DIM,
    "aborted": _YELLOW,
    "not_started": _DIM,
}
_CLEAR = "\r\x1b[K"


@dataclass
class Terminal:
    """The same lines on a terminal, in color, above a status line that is redrawn:
    `2 running: a, b · 3 of 7 done · 4 s`. `close` takes the status line away."""

    stream: TextIO
    color: bool = True
    _running: dict[str, None] = field(default_factory=dict)
    _done: int = 0
    _total: int = 0
    _new: list[str] = field(default_factory=list)
    _last: float = -math.inf
    _closed: bool = False
    _start: float = field(default_factory=time.monotonic)

    def expect(self, more: int) -> None:
        self._total += more

    def waiting(self, label: str, what: str) -> None:
        self._add([waiting_line(label, what)], _DIM)

    def started(self, label: str) -> None:
        self._running[label] = None
        self._add([started_line(label)], _DIM)

    def retrying(
        self, label: str, code: int, following: int, tries: int, pause: float
    ) -> None:
        self._add([retry_line(label, code, following, tries, pause)], _YELLOW)

    def repeating(self, label: str, code: int, pause: float) -> None:
        self._add([repeat_line(label, code, pause)], _DIM)

    def ended(self, label: str, end: StepEnd) -> None:
        self._running.pop(label, None)
        self._done = min(self._done + 1, self._total)  # handlers come on top
        self._add(end_lines(label, end), _COLORS[end.ending])

    def problem(self, message: str) -> None:
        self._add([shown(message)], _RED)
        self._draw()

    def show(self) -> float | None:
        interval = _SOON if self._new else _REDRAWN
        early = self._last + interval - time.monotonic()
        if early > 0:
            return early
        self._draw()
        return _REDRAWN

    def close(self) -> None:
        self._closed = True
        self._draw()

    def _draw(self) -> None:
        lines = "".join(f"{line}\n" for line in self._new)
        self._new.clear()
        self._last = time.monotonic()
        text = f"{_CLEAR}{lines}{self._status()}"
        quietly(lambda: (self.stream.write(text), self.stream.flush()))

    def _add(self, lines: Sequence[str], color: str) -> None:
        first, *rest = lines
        self._new += [f"{color}{first}{_PLAIN}" if self.color else first, *rest]

    def _status(self) -> str:
        if self._closed:
            return ""
        seconds = int(time.monotonic() - self._start)
        counts = f"{self._done} of {self._total} done · {seconds} s"
        names = ", ".join(map(shown, list(self._running)[:20]))
        running = f"{len(self._running)} running: {names}" if names else "0 running"
        columns = self._columns()
        room = max(columns - 1 - width(f" · {counts}"), 12)
        return cut(f"{cut(running, room)} · {counts}", columns - 1)

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self.stream.fileno()).columns or 80
        except (OSError, ValueError):
            return 80


def progress(stream: TextIO, *, color: bool, quiet: bool) -> Progress:
    """What suits `stream`: a status line only where it is a terminal."""
    if quiet:
        return Quiet(stream)
    if stream.isatty():
        return Terminal(stream, color)
    return Lines(stream)
