"""One step -> the attempts and pauses that carry it out, as a generator.

What a generator yields is done by `loop`, which sends back how it ended: so conditions,
attempts and retries read here as straight code.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from compiler.evaluate import Failure
from compiler.interpreter.attempts import Attempt, Tried, fail, hide
from compiler.interpreter.conditions import all_hold, value_env
from compiler.interpreter.folder import make_folder
from compiler.interpreter.frames import Frame
from compiler.interpreter.limits import Limits
from compiler.interpreter.policies import has_texts, is_due_again, value_policies
from compiler.interpreter.records import Record
from compiler.interpreter.schedule import (
    ending_of,
    pause_before_repetition,
    pause_before_retry,
)
from compiler.interpreter.tasks import Give, Sleep, Stopped, Take, Work
from compiler.interpreter.texts import Shell, said
from compiler.interpreter.values import Scope, some_line_holds
from compiler.interpreter.watch import STATUS
from compiler.ir import Ending, Export, Pattern, Step, repeat_exports


def perform(
    record: Record, frame: Frame, special: Mapping[str, str], attempt: Attempt
) -> Work[None]:
    """Carries a step out: its conditions, then as often as it is due again an execution,
    which is an attempt and its retries (S2, S3, S6)."""
    limits = frame.limits
    try:
        yield Take(limits)
        step = record.step
        open_ = step.conditions and not record.resumes
        if open_ and not (yield from conditions_hold(step, record, frame, special)):
            record.ending = "skipped"
            return
        yield from wait_to_start(record, frame)
        if has_texts(step) and not (yield from _value_policies(record, frame, special)):
            record.ending = _ending(record, Tried(1))
            return
        executions = 0
        while True:
            executions += 1
            tried = yield from _execute(record, frame, special, attempt)
            pause = yield from _pause(record, frame, special, tried, executions)
            if pause is None:
                return
            frame.run.watch.repeats(record, pause)
            yield from _rest(limits, pause)
    except Stopped:
        hide(record, frame)
        record.ending = "aborted"


def _execute(
    record: Record, frame: Frame, special: Mapping[str, str], attempt: Attempt
) -> Work[Tried]:
    """An attempt and, as far as `retry` of the step says so, further ones. Raises
    Stopped."""
    before, retry = record.attempts, record.step.retry
    while True:
        record.attempts += 1
        frame.run.watch.attempt(record)
        scope = scope_of(record, frame, special)
        tried = yield from attempt(record, frame, scope)
        record.ending = _ending(record, tried)
        hide(record, frame)
        tries = record.attempts - before
        pause = None
        if tried.code:
            pause = pause_before_retry(retry, tries, tried.code, tried.timed_out)
        if pause is None:
            return tried
        frame.run.watch.pause(record, pause, tries)
        yield from _rest(frame.limits, pause)


def _ending(record: Record, tried: Tried) -> Ending:
    if tried.unmet:
        return "skipped"

    def printed(pattern: Pattern) -> bool:
        return some_line_holds(Path(f"{record.files}.out"), pattern)

    return ending_of(tried.code, record.step.continue_on, printed)


def _rest(limits: Limits, pause: float) -> Work[None]:
    """Waits without the slot, and behind the others for it."""
    yield Give(limits)
    yield Sleep(pause)
    yield Take(limits)


def _pause(
    record: Record,
    frame: Frame,
    special: Mapping[str, str],
    tried: Tried,
    executions: int,
) -> Work[float | None]:
    """How long to wait until the step runs once more; None when it does not. Raises
    Stopped."""
    step = record.step
    if step.repeat is None or tried.unmet:
        return None
    pause = pause_before_repetition(step.repeat, executions)
    if pause is None:
        return None
    if not record.handler:
        fields = frame.known.fields.setdefault(step.name, {})
        fields["status"] = STATUS[record.ending or "aborted"]
    shell = beside(record, frame, special, "repeat", repeat_exports(step))
    due = yield from is_due_again(step.repeat, tried.code, tried.timed_out, step, shell)
    return pause if due else None


def _value_policies(
    record: Record, frame: Frame, special: Mapping[str, str]
) -> Work[bool]:
    """Puts whole numbers into the policies of the step; False when it has failed since
    one is none. Raises Stopped."""
    step = record.step
    shell = beside(record, frame, special, "policies", step.exports)
    try:
        make_folder(record.folder)
        yield from value_env(step.env, shell)
        record.step = yield from value_policies(step, shell)
    except (Failure, OSError) as error:
        fail(record, frame, said(error))
        hide(record, frame)
        return False
    finally:
        frame.run.masks.file(Path(f"{shell.files}.err"))
    return True


def conditions_hold(
    step: Step, record: Record, frame: Frame, special: Mapping[str, str]
) -> Work[bool]:
    """Whether all conditions of `step` are met. Raises Stopped."""
    shell = beside(record, frame, special, "conditions", step.exports)
    return (yield from all_hold(step.conditions, step.env, shell))


def beside(
    record: Record,
    frame: Frame,
    special: Mapping[str, str],
    name: str,
    exports: Sequence[Export],
) -> Shell:
    """How the texts beside a step's body run, with files called `name`."""
    return Shell(
        place=frame.place,
        scope=scope_of(record, frame, special),
        exports=exports,
        files=f"{record.folder}/{name}",
        name=record.step.name,
        arguments=frame.known.positional,
    )


def scope_of(record: Record, frame: Frame, special: Mapping[str, str]) -> Scope:
    """What an attempt or the conditions of a step see, before its own env is valued."""
    files = f"{record.folder}/{max(record.attempts, 1)}"
    return Scope(
        known=frame.known,
        special={
            **special,
            "DAG_RUN_STEP_STDOUT_FILE": f"{files}.out",
            "DAG_RUN_STEP_STDERR_FILE": f"{files}.err",
        },
        lenient=record.handler,
        item=record.item,
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
