"""Queues and the most runs at a time -> turns, taken from locks that all runs share (S10)."""

from collections.abc import Callable

from compiler.interpreter.attempts import say_why
from compiler.interpreter.frames import Frame, Run
from compiler.interpreter.limits import Limit
from compiler.interpreter.locks import Held
from compiler.interpreter.records import Record
from compiler.interpreter.tasks import Sleep, Stopped, Take, Work
from compiler.interpreter.texts import said
from compiler.turns import run_turns, step_turn

_POLL = 0.5  # seconds between two looks at a lock that another process holds


def run_turn(run: Run) -> Work[list[Held]]:
    """Waits until one more run of the entry may go on, then until its queue has room.
    Raises Stopped, OSError."""
    held: list[Held] = []
    try:
        for lock, size, what in run_turns(run.program.main):
            held.append((yield from _turn(run, lock, size, _told(run, what))))
    except BaseException:
        give_back(run, held)
        raise
    return held


def _told(run: Run, what: str) -> Callable[[int], None]:
    return lambda process: run.watch.waits("", f"{what} (process {process})")


def give_back(run: Run, held: list[Held]) -> None:
    """Ends the turn of the run: others may have all that it holds."""
    for each in held:
        run.locks.release(each)


def in_queue(queue: str, record: Record, frame: Frame, work: Work[None]) -> Work[None]:
    """`work`, the work of a step, as soon as it is its turn in `queue`, which it holds
    to its end, but no slot while it waits."""
    run = frame.run
    lock, size, what = step_turn(queue, run.program.main, frame.workflow)
    # Within this run the order is that of all that waits, without looks at the lock.
    limit = run.queues.setdefault((lock, size), Limit(size))
    if not limit.room:
        run.watch.waits(record.label, what)
    told = not limit.room

    def tell(_: int) -> None:
        if not told:
            run.watch.waits(record.label, what)

    try:
        yield Take((limit,))
        held = yield from _turn(run, lock, size, tell)
    except Stopped:
        record.ending = "aborted"
        return
    except OSError as error:
        _fail(record, frame, f"no place in {what}: {said(error)}")
        return
    try:
        yield from work
    finally:
        run.locks.release(held)


def _turn(run: Run, lock: str, size: int, tell: Callable[[int], None]) -> Work[Held]:
    """Waits for a slot of `lock`; `tell` hears once which process has it. Raises Stopped,
    OSError."""
    told = False
    while isinstance(got := run.locks.try_take(lock, size), int):
        if not told:
            tell(got)
            told = True
        yield Sleep(_POLL)
    return got


def _fail(record: Record, frame: Frame, reason: str) -> None:
    """An attempt that has failed since there is no lock to be had."""
    record.attempts, record.code, record.ending = 1, 1, "failed"
    frame.run.watch.attempt(record)
    say_why(record, frame, reason)
