"""A resolved program and what a run sets -> the run itself, and its report.

The reference meaning of the language: what another target does is right when it comes to
the same outcome.
"""

import contextlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from compiler.interpreter.calls import begin
from compiler.interpreter.cuts import Lost
from compiler.interpreter.folder import OUTCOME, CannotStart, RunFolder
from compiler.interpreter.frames import Frame, Given, Run, entry_frame
from compiler.interpreter.history import PastRun
from compiler.interpreter.journal import Journal, read_journal, text_in
from compiler.interpreter.leftovers import end_leftovers
from compiler.interpreter.lines import Progress
from compiler.interpreter.locks import Locks
from compiler.interpreter.loop import Loop
from compiler.interpreter.mails import tell
from compiler.interpreter.masks import Masks
from compiler.interpreter.outcomes import Rows, outcome_of, rows_of
from compiler.interpreter.phases import abort_all, run_frame
from compiler.interpreter.processes import GRACE, Processes
from compiler.interpreter.queues import give_back, run_turn
from compiler.interpreter.report import Report
from compiler.interpreter.resume import (
    given_details,
    recorded_given,
    remember_entry,
)
from compiler.interpreter.retention import remove_old
from compiler.interpreter.services import look_for_programs
from compiler.interpreter.tasks import Stopped, Take, Work
from compiler.interpreter.texts import said
from compiler.interpreter.watch import Watch
from compiler.ir import Json, Program
from compiler.outcome import Outcome

# A local runner has a finite table of processes: above so many running steps the others
# queue, also where the workflow sets no limit.
MOST_RUNNING = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a run is started with. `values` are the K=V and `arguments` the positional
    words, both checked. `origin` is what the journal is to keep of where the program came
    from; `chosen` are the steps of the entry that are to run, None for all."""

    values: Mapping[str, str]
    arguments: Sequence[str]
    work_dir: Path
    origin: Mapping[str, Json] = field(default_factory=dict)
    chosen: frozenset[str] | None = None


def run(
    program: Program,
    *,
    values: Mapping[str, str],
    arguments: Sequence[str],
    work_dir: Path,
    home: Path,
    progress: Progress,
    environment: Mapping[str, str],
    origin: Mapping[str, Json] | None = None,
    chosen: frozenset[str] | None = None,
) -> Report:
    """Runs the entry of a resolved program; of the main thread only.

    `environment` is that of the caller, `home` the folder that holds `runs` and `locks`;
    the rest is as in `Start`. Above `MOST_RUNNING` running steps the others queue, also
    without a limit. INT, TERM, HUP and QUIT end the run. Raises CannotStart when there is
    no run folder.
    """
    start = Start(
        values=values,
        arguments=tuple(arguments),
        work_dir=work_dir.absolute(),
        origin=origin or {},
        chosen=chosen,
    )
    look_for_programs(program, environment, chosen)
    folder = RunFolder.create(home, program.main)
    folder.cuts.learn_all(program, environment, start.work_dir)
    _keep_start(folder, start)
    problem = remove_old(home, program.main)
    if problem is not None:
        progress.problem(problem)
    locks = Locks(home.absolute())
    return _run(program, start, folder, locks, None, progress, environment)


def resume(
    program: Program,
    past: PastRun,
    *,
    home: Path,
    progress: Progress,
    environment: Mapping[str, str],
    chosen: frozenset[str] | None = None,
) -> Report:
    """Goes on with a run that was killed or has failed, with what it was started with;
    else as `run`. Raises CannotStart, also when the run lives or nothing tells how it was
    started."""
    look_for_programs(program, environment, chosen)
    folder = RunFolder.reopen(past.path)
    try:
        journal = read_journal(folder.journal)
        header = journal.run
        if header is None:
            raise CannotStart(f"nothing tells how the run {folder.run_id} was started")
        work_dir = Path(text_in(header, "work_dir") or ".")
        folder.cuts.learn_all(program, environment, work_dir)
        given = recorded_given(folder, header)
    except (OSError, Lost, CannotStart) as problem:
        folder.close()
        if isinstance(problem, CannotStart):
            raise
        raise CannotStart(_unreadable(folder, problem)) from None
    start = Start(
        values=given.values,
        arguments=given.positional,
        work_dir=work_dir,
        chosen=chosen,
    )
    anew = (folder.path / OUTCOME).exists()
    if not anew:  # else its processes were ended, or were to live on
        grace = program.main.grace
        end_leftovers(folder, journal, GRACE if grace is None else grace)
    folder.event("resume", "", anew=anew)
    if anew:
        journal.anew = math.inf  # behind all lines that were read
        (folder.path / OUTCOME).unlink(missing_ok=True)
    locks = Locks(home.absolute())
    return _run(program, start, folder, locks, journal, progress, environment)


def _unreadable(folder: RunFolder, problem: OSError | Lost) -> str:
    if isinstance(problem, OSError):
        return f"cannot read `{folder.journal}`: {problem.strerror}"
    return f"a secret in the params of the run {folder.run_id} is not what it was"


def _keep_start(folder: RunFolder, start: Start) -> None:
    """The first line of the journal."""
    given = Given(values=start.values, positional=start.arguments)
    with contextlib.suppress(Lost):
        details = given_details(folder, given)
        where = str(start.work_dir)
        folder.event("run", "", version=1, work_dir=where, **start.origin, **details)


def _run(
    program: Program,
    start: Start,
    folder: RunFolder,
    locks: Locks,
    journal: Journal | None,
    progress: Progress,
    environment: Mapping[str, str],
) -> Report:
    began, clock = time.time(), time.monotonic()
    masks = Masks()
    try:
        this = Run(
            program=program,
            work_dir=start.work_dir,
            environment=dict(environment),
            folder=folder,
            masks=masks,
            watch=Watch(folder=folder, progress=progress, masks=masks),
            locks=locks,
            journal=journal,
            chosen=start.chosen,
        )
        given = Given(values=start.values, positional=start.arguments)
        frame = entry_frame(this, given, MOST_RUNNING)
        if journal is not None:
            remember_entry(frame, journal)
        with Processes(folder.process) as processes:
            loop = Loop(processes)
            loop.run(_whole(frame), progress.show)
            # Still deaf to signals: whatever comes, the outcome is written.
            outcome, rows = _finish(frame, _exit_code(frame, loop.signal))
    finally:
        progress.close()
        folder.close()
    return Report(
        outcome=outcome,
        run_id=folder.run_id,
        folder=folder.path,
        started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
        seconds=time.monotonic() - clock,
        steps=rows.step_reports,
        handlers=rows.handler_reports,
    )


def _whole(frame: Frame) -> Work[None]:
    """The run, when it is its turn."""
    try:
        held = yield from run_turn(frame.run)
    except Stopped:
        abort_all(frame, "aborted")
        return
    except OSError as error:
        frame.run.watch.progress.problem(f"cannot wait for a turn: {said(error)}")
        abort_all(frame, "failed")
        return
    began = time.monotonic()
    try:
        yield Take(frame.limits)
        yield from run_frame(frame, None, frame.limits, begin)
        yield from tell(frame, time.monotonic() - began)
    finally:
        give_back(frame.run, held)


def _finish(frame: Frame, exit_code: int) -> tuple[Outcome, Rows]:
    """Writes the outcome of a run that is over, and masks what stays of it (S11)."""
    folder, masks = frame.run.folder, frame.run.masks
    rows = rows_of(frame)
    outcome = outcome_of(frame, rows, exit_code)
    folder.finish(outcome)
    folder.cut_journal()
    if masks.any:
        for path in folder.readable():  # also what came late, and too early
            masks.file(path)
    if folder.lost is not None:
        frame.run.watch.progress.problem(folder.lost)
    return outcome, rows


def _exit_code(frame: Frame, signal: int | None) -> int:
    if frame.status == "aborted" and signal is not None:
        return 128 + signal
    return 1 if frame.status == "failed" else 0
