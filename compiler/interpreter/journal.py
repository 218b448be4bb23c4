"""The lines of a run's journal -> what is known of the run and of each of its steps.

A run that was killed has written nothing else. The journal of an emitted script is read
as well: its lines are fewer. What each line has: "The journal" in grammar/README.md.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from compiler.ir import Json

Line = dict[str, Json]


@dataclass(slots=True, eq=False)
class Was:
    """What the journal tells of a step, a call, a fan-out, an item or a handler, since it
    was started last.

    `folder` is that of its files below `steps`, where it has not the name of the path.
    `at` is the number of the line where that begins, by which what an abandoned attempt
    of a call ran is told from what the last one ran. `end` is the line of its end, `call`
    and `items` are those of the frame of its last attempt and of its items.
    """

    path: str
    at: int
    attempts: int = 0
    started: float | None = None
    folder: str | None = None
    end: Line | None = None
    call: Line | None = None
    call_at: int = -1
    inputs: Line | None = None
    items: Line | None = None
    items_at: int = -1

    @property
    def status(self) -> str | None:
        """How it ended, None while it has not."""
        return None if self.end is None else text_in(self.end, "status")

    @property
    def ending(self) -> str | None:
        """As `status`, but `continued` for a failure that `continueOn` allows."""
        if self.end is None:
            return None
        return text_in(self.end, "ending") or self.status

    @property
    def code(self) -> int | None:
        return None if self.end is None else whole_in(self.end, "exit_code")

    @property
    def seconds(self) -> float:
        ended = None if self.end is None else number_in(self.end, "t")
        if self.started is None or ended is None:
            return 0.0
        return max(ended - self.started, 0.0)


@dataclass(slots=True, eq=False)
class Journal:
    """All that a journal tells. `run` is its first line: what the run was started with,
    None in the journal of a script. `steps` and `handlers` are by their paths, `inputs`
    is the line of the entry's params and env; `events` are those of the outcome. `anew`
    is the number of the last line at which a run that had come to its end went on, -1
    without one: handlers that ended before it run once more."""

    run: Line | None = None
    inputs: Line | None = None
    steps: dict[str, Was] = field(default_factory=dict)
    handlers: dict[str, Was] = field(default_factory=dict)
    events: list[tuple[str, str]] = field(default_factory=list)
    anew: float = -1


def read_journal(path: Path) -> Journal:
    """The journal in the file `path`. A line that is not whole tells nothing: the process
    was killed while it wrote it. Raises OSError."""
    journal = Journal()
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file)):
            _add(journal, number, line)
    return journal


def _lines(file: Iterable[bytes]) -> Iterator[Line]:
    for content in file:
        try:
            line = json.loads(content)
        except ValueError:
            continue
        if isinstance(line, dict):
            yield line


def _add(journal: Journal, number: int, line: Line) -> None:
    event, path = text_in(line, "event"), text_in(line, "step") or ""
    match event:
        case "run":
            journal.run = line
        case "resume":
            if line.get("anew") is True:
                journal.anew = number
        case "inputs" if not path:
            journal.inputs = line
        case "handler_start" | "handler_attempt" | "handler_end":
            _follow(journal.handlers, number, line, event.removeprefix("handler_"))
        case str():
            if event in ("start", "end"):
                journal.events.append((event, path))
            in_handler = line.get("in_handler") is True
            _follow(
                journal.handlers if in_handler else journal.steps, number, line, event
            )


def _follow(known: dict[str, Was], number: int, line: Line, event: str) -> None:
    path = text_in(line, "step") or ""
    was = known.get(path)
    attempts = whole_in(line, "attempts")
    if event == "start" or was is None:
        was = known[path] = Was(path, number)
    match event:
        case "start" | "attempt":
            was.folder = text_in(line, "folder") or was.folder
            was.attempts = max(attempts or 1, 1)
            was.end, was.call, was.inputs, was.items = None, None, None, None
            if event == "start" or was.started is None:
                was.started = number_in(line, "t")
        case "call":
            was.call, was.call_at, was.inputs = line, number, None
        case "inputs":
            was.inputs = line
        case "items":
            was.items, was.items_at = line, number
        case "end":
            was.end = line
            was.attempts = attempts if attempts is not None else was.attempts
        case "settled":  # its turn never came
            was.at, was.end = number, line
            was.attempts = attempts if attempts is not None else was.attempts


def text_in(line: Line, key: str) -> str | None:
    value = line.get(key)
    return value if isinstance(value, str) else None


def number_in(line: Line, key: str) -> float | None:
    value = line.get(key)
    return float(value) if isinstance(value, int | float) else None


def whole_in(line: Line, key: str) -> int | None:
    value = line.get(key)
    return value if isinstance(value, int) else None


def strings_in(line: Line, key: str) -> list[str]:
    """The list of texts at `key`."""
    value = line.get(key)
    found = value if isinstance(value, list) else []
    return [each for each in found if isinstance(each, str)]
