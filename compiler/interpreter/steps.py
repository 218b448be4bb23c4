"""One step -> the attempts and pauses that carry it out, as a generator.

What a generator yields is done by `loop`, which sends back how it ended: so conditions,
attempts and retries read here as straight code.
"""

import time
from collections.abc import Mapping
from functools import partial

from compiler.interpreter.attempts import Attempt, hide
from compiler.interpreter.conditions import all_hold
from compiler.interpreter.frames import Frame
from compiler.interpreter.records import Record
from compiler.interpreter.schedule import ending_of, pause_before_retry
from compiler.interpreter.tasks import Give, Sleep, Stopped, Take, Work
from compiler.interpreter.values import Scope, some_line_holds


def perform(
    record: Record, frame: Frame, special: Mapping[str, str], attempt: Attempt
) -> Work[None]:
    """Carries a step out: conditions, attempts, retries (S2, S3, S6)."""
    step, limits = record.step, frame.limits
    try:
        yield Take(limits)
        if step.conditions:
            scope = scope_of(record, frame, special)
            if not (yield from all_hold(step, record, frame, scope)):
                record.ending = "skipped"
                return
        yield from wait_to_start(record, frame)
        while True:
            record.attempts += 1
            frame.run.watch.attempt(record)
            scope = scope_of(record, frame, special)
            code, timed_out = yield from attempt(record, frame, scope)
            out = record.files.with_suffix(".out")
            ending = ending_of(code, step.continue_on, partial(some_line_holds, out))
            hide(record, frame)
            pause = None
            if code:
                pause = pause_before_retry(step.retry, record.attempts, code, timed_out)
            if pause is None:
                record.ending = ending
                return
            frame.run.watch.pause(record, pause)
            yield Give(limits)
            yield Sleep(pause)
            yield Take(limits)
    except Stopped:
        hide(record, frame)
        record.ending = "aborted"


def scope_of(record: Record, frame: Frame, special: Mapping[str, str]) -> Scope:
    """What an attempt or the conditions of a step see, before its own env is valued."""
    return Scope(
        known=frame.known, special=special, lenient=record.handler, item=record.item
    )


def wait_to_start(record: Record, frame: Frame) -> Work[None]:
    """Waits, without its slot, until the last start of a step is `delaySec` ago, and all
    that came before have started."""
    if frame.workflow.delay is None or record.handler or record.item is not None:
        return
    limits, gate = frame.limits, frame.gate
    if gate.waiting or not gate.room or frame.pause_before_start() > 0:
        yield Give(limits)
        yield Take((gate,))
        while (pause := frame.pause_before_start()) > 0:
            yield Sleep(pause)
        yield Take(limits)
        yield Give((gate,))
    frame.last_start = time.monotonic()
