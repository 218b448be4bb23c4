"""What a run that was killed has left behind -> ended, before anything of it runs again.

A process that leads a group is known by the run folder, any other one by the run's id in
its environment, where the system shows that. What steps that have ended left running in
the background lives on, as it does in a run that nobody kills.
"""

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from compiler.interpreter.clocks import boot, started_at
from compiler.interpreter.folder import PROCESSES, RunFolder
from compiler.interpreter.groups import made_by, processes
from compiler.interpreter.journal import Journal
from compiler.interpreter.locks import start_of

_POLL = 0.02
_AFTER_KILL = 1.0
_CLOSE = 2.0  # seconds: `ps` knows no parts of one
_PROC = Path("/proc")
_LEADER = re.compile(r"([1-9][0-9]{0,9})@([0-9]+\.[0-9]+)")


@dataclass(frozen=True, slots=True)
class _Found:
    """A process of the run, by its group. `step` is that which it works for, if it says
    so."""

    group: int
    step: str | None


def end_leftovers(folder: RunFolder, journal: Journal, grace: float) -> int:
    """Ends what the unfinished steps of a killed run left; how many groups that were."""
    groups = _groups(folder, _unfinished(journal))
    if not groups:
        return 0
    count = len(groups)
    for number in (signal.SIGTERM, signal.SIGCONT):
        _signal(groups, number)
    deadline = time.monotonic() + grace
    while _left(groups) and time.monotonic() < deadline:
        time.sleep(_POLL)
        groups |= made_by(groups, processes(), os.getpgrp())
    _signal(groups, signal.SIGKILL)
    deadline = time.monotonic() + _AFTER_KILL
    while _left(groups) and time.monotonic() < deadline:
        time.sleep(_POLL)
    return count


def _unfinished(journal: Journal) -> set[str]:
    """The names of the steps and handlers that had begun and not ended."""
    every = (*journal.steps.values(), *journal.handlers.values())
    return {it.path.rpartition("/")[2].partition("[")[0] for it in every if not it.end}


def _groups(folder: RunFolder, unfinished: set[str]) -> set[int]:
    own = os.getpgrp()
    found = _with_environment(folder.run_id)
    groups = {
        each.group for each in found if each.step is None or each.step in unfinished
    }
    # A program may have thrown its environment away. A leader that lives has not ended.
    groups |= set(_leaders(folder.path / PROCESSES))
    groups |= made_by(groups, processes(), own)
    return groups - {own, 0}


def _with_environment(run_id: str) -> Iterator[_Found]:
    mark = f"DAG_RUN_ID={run_id}".encode()
    ours = _ancestors()
    if not (_PROC / "self/environ").exists():
        return
    for name in os.listdir(_PROC):
        if not name.isdecimal() or int(name) in ours:
            continue
        with contextlib.suppress(OSError):
            entries = (_PROC / name / "environ").read_bytes().split(b"\0")
            if mark in entries:
                yield _Found(os.getpgid(int(name)), _step_in(entries))


def _step_in(entries: Iterable[bytes]) -> str | None:
    mark = b"DAG_RUN_STEP_NAME="
    for each in entries:
        if each.startswith(mark):
            name = each.removeprefix(mark).decode("utf-8", "surrogateescape")
            return name.rpartition("/")[2].partition("[")[0]
    return None


def _ancestors() -> set[int]:
    """This process and those that started it: a run may be told to go on by a step."""
    table, found = processes(), {os.getpid()}
    at = os.getpid()
    while at in table and table[at][0] not in found:
        at = table[at][0]
        found.add(at)
    return found


def _leaders(path: Path) -> Iterator[int]:
    try:
        lines = path.read_text("ascii", "replace").splitlines()
    except OSError:
        return
    since = ""
    for line in lines:
        if line.startswith("boot "):
            since = line.removeprefix("boot ")
        leader = _LEADER.fullmatch(line)
        if leader is None or since != boot():
            continue
        started = started_at(int(leader[1]))
        # It was told of at once; a number that is used again is that of a later one.
        if started is not None and abs(started - float(leader[2])) < _CLOSE:
            yield int(leader[1])


def _signal(groups: Iterable[int], number: int) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def _left(groups: set[int]) -> bool:
    """Whether one of `groups` has a member that is no zombie: whoever inherited them may
    take its time to ask how they ended."""
    for group in list(groups):
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            groups.discard(group)
    if not groups or not (_PROC / "self/stat").exists():
        return bool(groups)
    table = processes()
    return any(
        group in groups and start_of(pid) is not None
        for pid, (_, group) in table.items()
    )
