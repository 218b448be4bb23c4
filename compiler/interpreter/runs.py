"""A resolved program and what a run sets -> the run itself, and its report.

The reference meaning of the language: what another target does is right when it comes to
the same outcome.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from compiler.interpreter.calls import begin
from compiler.interpreter.folder import RunFolder
from compiler.interpreter.frames import Frame, Given, Run, entry_frame
from compiler.interpreter.lines import Progress
from compiler.interpreter.locks import Locks
from compiler.interpreter.loop import Loop
from compiler.interpreter.masks import Masks
from compiler.interpreter.outcomes import outcome_of, rows_of
from compiler.interpreter.phases import abort_all, run_frame
from compiler.interpreter.processes import Processes
from compiler.interpreter.queues import give_back, run_turn
from compiler.interpreter.report import Report
from compiler.interpreter.tasks import Stopped, Take, Work
from compiler.interpreter.texts import said
from compiler.interpreter.watch import Watch
from compiler.ir import Program

# A local runner has a finite table of processes: above so many running steps the others
# queue, also where the workflow sets no limit.
MOST_RUNNING = 512


def run(
    program: Program,
    *,
    values: Mapping[str, str],
    arguments: Sequence[str],
    work_dir: Path,
    home: Path,
    progress: Progress,
    environment: Mapping[str, str],
) -> Report:
    """Runs the entry of a resolved program; of the main thread only.

    `values` are the K=V of the run and `arguments` its positional words, both checked;
    `environment` is that of the caller, `home` the folder that holds `runs` and `locks`.
    Above `MOST_RUNNING` running steps the others queue, also without a limit. INT, TERM,
    HUP and QUIT end the run. Raises CannotStart when there is no run folder.
    """
    began, clock = time.time(), time.monotonic()
    folder = RunFolder.create(home, program.main)
    masks = Masks()
    try:
        this = Run(
            program=program,
            work_dir=work_dir.absolute(),
            environment=dict(environment),
            folder=folder,
            masks=masks,
            watch=Watch(folder=folder, progress=progress, masks=masks),
            locks=Locks(home.absolute()),
        )
        given = Given(values=values, positional=tuple(arguments))
        frame = entry_frame(this, given, MOST_RUNNING)
        with Processes() as processes:
            loop = Loop(processes)
            loop.run(_whole(frame), progress.tick, progress.interval)
            # Still deaf to signals: whatever comes, the outcome is written.
            rows = rows_of(frame)
            outcome = outcome_of(frame, rows, _exit_code(frame, loop.signal))
            folder.finish(outcome)
            if masks.any:
                for path in folder.readable():  # also what came late, and too early
                    masks.file(path)
            if folder.lost is not None:
                progress.problem(folder.lost)
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
    try:
        yield Take(frame.limits)
        yield from run_frame(frame, None, frame.limits, begin)
    finally:
        give_back(frame.run, held)


def _exit_code(frame: Frame, signal: int | None) -> int:
    if frame.status == "aborted" and signal is not None:
        return 128 + signal
    return 1 if frame.status == "failed" else 0
