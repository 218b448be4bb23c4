"""The runs of a workflow that are over -> those that it still wants; the rest goes (W3)."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from compiler.interpreter.folder import JOURNAL, OUTCOME, lock
from compiler.interpreter.history import PastRun, past_runs
from compiler.interpreter.texts import said
from compiler.ir import Workflow

_DAY = 86_400.0  # seconds
_REMOVED = ".removed-"  # what a folder is called that is being removed


def remove_old(home: Path, workflow: Workflow) -> str | None:
    """Removes the runs of `workflow` that it no longer wants, with their logs elsewhere;
    never one that lives, or has no outcome yet. What went wrong, if something did."""
    if workflow.history_days is None and workflow.history_runs is None:
        return None
    problem = None
    for path in _left(home / "runs" / workflow.name):
        problem = problem or _removed(path)
    for run in _unwanted(home, workflow):
        problem = problem or _retire(run, workflow.name)
    return None if problem is None else f"cannot remove an old run: {problem}"


def _unwanted(home: Path, workflow: Workflow) -> Iterator[PastRun]:
    days, runs = workflow.history_days, workflow.history_runs
    over = [each for each in past_runs(home, workflow.name) if _ended(each) is not None]
    for place, run in enumerate(over):  # the newest first
        old = days is not None and (_ended(run) or 0) < time.time() - days * _DAY
        if old or (runs is not None and place >= runs):
            yield run


def _ended(run: PastRun) -> float | None:
    """When a run came to its outcome; None while it has none."""
    try:
        return (run.path / OUTCOME).stat().st_mtime
    except OSError:
        return None


def _left(folder: Path) -> Iterator[Path]:
    """What a process that was killed has begun to remove."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    yield from (folder / name for name in names if name.startswith(_REMOVED))


def _retire(run: PastRun, workflow: str) -> str | None:
    """Removes a run that nobody goes on with; it is never seen in part."""
    try:
        journal = os.open(run.path / JOURNAL, os.O_RDONLY)
    except OSError as error:
        return said(error)
    try:
        lock(journal)  # from now on nobody goes on with it
        logs = _logs(run, workflow)
        path = run.path.with_name(f"{_REMOVED}{run.run_id}")
        run.path.rename(path)
    except BlockingIOError:
        return None
    except OSError as error:
        return said(error)
    finally:
        os.close(journal)
    return _removed(path) or (None if logs is None else _removed(logs))


def _logs(run: PastRun, workflow: str) -> Path | None:
    """The folder of its logs where `logDir` put it: with a name that only it has. Raises
    OSError."""
    steps = run.path / "steps"
    if not steps.is_symlink():
        return None
    target = steps.parent / os.readlink(steps)
    own = (target.parent.name, target.name) == (workflow, run.run_id)
    return target if own and not target.is_symlink() else None


def _removed(path: Path) -> str | None:
    """Removes a folder and all in it; why that is not possible, if it is not."""
    try:
        shutil.rmtree(path)
    except FileNotFoundError:  # somebody else does the same
        return None
    except OSError as error:
        return said(error)
    return None
