"""The folders of runs -> what runs there were, and how each of them stands."""

import contextlib
import errno
import fcntl
import json
import os
import re
import time
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from compiler.interpreter.clocks import started_at, uptime
from compiler.interpreter.folder import JOURNAL, OUTCOME
from compiler.interpreter.journal import Journal, Line, number_in, read_journal
from compiler.outcome import Outcome, from_json

_ID = re.compile(r"(\d{8}T\d{6})-(\d+)-\w+")

# How a run stands: as its outcome has it, or without one.
Standing = Literal[
    "succeeded", "failed", "partially_succeeded", "aborted", "running", "interrupted"
]


@dataclass
class PastRun:
    """A run that there is a folder of. What cannot be read is as if it were not there."""

    path: Path

    @property
    def run_id(self) -> str:
        return self.path.name

    @property
    def workflow(self) -> str:
        return self.path.parent.name

    @cached_property
    def outcome(self) -> Outcome | None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            text = (self.path / OUTCOME).read_text("utf-8", "surrogateescape")
            return from_json(json.loads(text))
        return None

    @cached_property
    def journal(self) -> Journal:
        try:
            return read_journal(self.path / JOURNAL)
        except OSError:
            return Journal()

    @cached_property
    def header(self) -> Line | None:
        """The first line of its journal; None where a script made it."""
        with contextlib.suppress(OSError, ValueError):
            with (self.path / JOURNAL).open("rb") as file:
                line = json.loads(file.readline(1 << 24))
            if isinstance(line, dict) and line.get("event") == "run":
                return line
        return None

    @cached_property
    def standing(self) -> Standing:
        if self.lives():
            return "running"
        return "interrupted" if self.outcome is None else self.outcome.status

    @property
    def started(self) -> float | None:
        """In seconds since 1970, by its journal, else by its id."""
        began = None if self.header is None else number_in(self.header, "t")
        if began is not None:
            return began
        found = _ID.fullmatch(self.run_id)
        if found is None:
            return None
        try:
            return float(timegm(time.strptime(found[1], "%Y%m%dT%H%M%S")))
        except ValueError:
            return None

    @property
    def seconds(self) -> float | None:
        """From its start to its end, or to now, or to what is told of it last."""
        started = self.started
        if started is None:
            return None
        if self.standing == "running":
            return max(time.time() - started, 0.0)
        name = JOURNAL if self.outcome is None else OUTCOME
        with contextlib.suppress(OSError):
            return max((self.path / name).stat().st_mtime - started, 0.0)
        return None

    def lives(self) -> bool:
        """Whether a process goes on with it: one holds the lock of the journal; that of a
        script has none, but its number in the id."""
        try:
            descriptor = os.open(self.path / JOURNAL, os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno in (errno.EAGAIN, errno.EACCES)
        finally:
            os.close(descriptor)
        if (self.path / OUTCOME).exists() or self.header is not None:
            return False
        return self._process_lives()

    def _process_lives(self) -> bool:
        found, started = _ID.fullmatch(self.run_id), self.started
        if found is None or started is None:
            return False
        pid = int(found[2])
        try:
            os.kill(pid, 0)
        except PermissionError:
            return False  # somebody else's
        except (OSError, OverflowError):
            return False
        # A process that has the number now may have started long after.
        began = _began(pid)
        return began is None or began <= started + 2


def _began(pid: int) -> float | None:
    """When a process began, in seconds since 1970; None where the system does not tell."""
    at = started_at(pid)
    return None if at is None else time.time() - uptime() + at


def past_runs(home: Path, workflow: str | None = None) -> list[PastRun]:
    """All runs, the newest first; of one workflow only, if so asked."""
    folders = home / "runs"
    names = [workflow] if workflow is not None else _names(folders)
    found = [
        PastRun(folders / name / each)
        for name in names
        for each in _ids(folders / name)
    ]
    return sorted(found, key=lambda run: (run.run_id[:15], run.run_id), reverse=True)


def _names(folder: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):
        yield from sorted(os.listdir(folder))


def _ids(folder: Path) -> Iterator[str]:
    for name in _names(folder):
        if _ID.fullmatch(name) and (folder / name).is_dir():
            yield name


def find_run(home: Path, word: str) -> PastRun | str:
    """The run that `word` means: a folder, an id, or the beginning of one id; else what is
    wrong with it."""
    path = Path(word)
    if "/" in word or word == ".":
        if (path / JOURNAL).is_file():
            return PastRun(path.resolve())
        return f"`{word}` is no folder of a run"
    # No word at all, as of an unset variable, must not mean the only run there is.
    found = [run for run in past_runs(home) if word and run.run_id.startswith(word)]
    exact = [run for run in found if run.run_id == word]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    if found:
        several = ", ".join(run.run_id for run in found[:4])
        more = " …" if len(found) > 4 else ""
        return f"several runs begin with `{word}`: {several}{more}"
    return f"there is no run `{word}`; `wfc runs` lists them"
