"""A step -> its work: a process, a fan-out, or the run of another workflow in this one."""

from collections.abc import Mapping

from compiler.evaluate import Failure
from compiler.interpreter.arguments import callee_of, given_of
from compiler.interpreter.attempts import Tried, publish, run_process, say_why
from compiler.interpreter.conditions import value_env
from compiler.interpreter.fan_out import fan_out
from compiler.interpreter.folder import make_folder
from compiler.interpreter.frames import Frame, call_frame
from compiler.interpreter.left_out import fails, lacks
from compiler.interpreter.phases import run_frame
from compiler.interpreter.processes import TIMED_OUT, Stop
from compiler.interpreter.queues import in_queue
from compiler.interpreter.records import Record
from compiler.interpreter.results import record_of, result_of
from compiler.interpreter.resume import call_again, keep_call, stays
from compiler.interpreter.steps import perform
from compiler.interpreter.tasks import (
    Alarm,
    Stopped,
    Work,
    nothing,
)
from compiler.interpreter.texts import Shell, said
from compiler.interpreter.values import Scope
from compiler.ir import Call, Map

# ---- a step, by what it runs


def begin(record: Record, frame: Frame, more: Mapping[str, str]) -> Work[None]:
    """The work of a step or a handler; `more` are special variables of its own."""
    special = {"DAG_RUN_STEP_NAME": record.step.name, **more}
    if stays(record, frame):
        return nothing()
    reason = lacks(record, frame)
    if reason is not None:
        work = fails(record, frame, reason)
    elif isinstance(record.step.body, Map):
        work = fan_out(record, frame, special, _begin_item)
    else:
        work = _perform(record, frame, special)
    queue = record.step.queue
    if queue is None or queue in frame.queues:
        return work
    return in_queue(queue, record, frame, work)


def _begin_item(record: Record, frame: Frame, special: Mapping[str, str]) -> Work[None]:
    """The work of an item of a fan-out."""
    if stays(record, frame):
        return nothing()
    return _perform(record, frame, special)


def _perform(record: Record, frame: Frame, special: Mapping[str, str]) -> Work[None]:
    call = isinstance(record.step.body, Call)
    return perform(record, frame, special, _call if call else run_process)


# ---- a call


def _call(record: Record, frame: Frame, scope: Scope) -> Work[Tried]:
    """An `Attempt` of a call."""
    record.output, record.code, record.frame, record.partial = None, None, None, False
    try:
        child = yield from _prepare(record, frame, scope)
    except (Failure, OSError) as error:
        record.code = 1
        say_why(record, frame, said(error))
        publish(record, frame)
        return Tried(1)
    except Stopped:
        publish(record, frame)
        raise
    record.frame = child
    alarm = Alarm(record.step.timeout, Stop()) if record.step.timeout else None
    yield from run_frame(child, alarm, frame.limits, begin)
    timed_out = alarm is not None and child.stop is alarm.stop
    well = child.status in ("succeeded", "partially_succeeded")
    code = TIMED_OUT if timed_out else 0 if well else 1
    stopped = child.stop is not None and not timed_out and not child.out_of_time
    record.code = None if stopped or child.passed_by else code
    record.partial = child.status == "partially_succeeded"
    _explain(record, child)
    _capture(record, frame, child)
    if stopped and child.stop is not None:
        raise Stopped(child.stop)
    return Tried(record.code or 0, timed_out, child.passed_by)


def _prepare(record: Record, frame: Frame, scope: Scope) -> Work[Frame]:
    """The run of the callee, not begun yet. Raises Failure, Stopped, OSError."""
    call = record.step.body
    assert isinstance(call, Call)
    shell = Shell(
        place=frame.place,
        scope=scope,
        exports=record.step.exports,
        files=record.files,
    )
    make_folder(record.folder)
    if record.resumes and (again := call_again(record, frame)) is not None:
        return again
    yield from value_env(record.step.env, shell)
    callee = callee_of(call, shell)
    workflow = frame.run.workflows[callee.workflow]
    given = yield from given_of(call, workflow, record.item, shell)
    keep_call(record, frame, callee, given)
    child = call_frame(record, frame, workflow, given)
    make_folder(child.base)
    return child


def _explain(record: Record, child: Frame) -> None:
    """Says on the call's stderr why it failed."""
    name = child.workflow.name
    if child.passed_by:
        say_why(record, child, f"workflow `{name}`: its precondition is not met")
    elif child.problem is not None:
        say_why(record, child, f"workflow `{name}`: {child.problem}")
    elif record.code == TIMED_OUT:
        say_why(
            record, child, f"workflow `{name}` was stopped: the call is over its time"
        )
    elif record.code:
        say_why(record, child, f"workflow `{name}`: {child.status}")


def _capture(record: Record, frame: Frame, child: Frame) -> None:
    """Keeps what the callee came to, as far as somebody may ask for it. Where that cannot
    be, a success is a failure."""
    made = None
    if record.step.captured and not child.passed_by:
        try:
            made = record_of(child)
            record.output = result_of(child)
        except Failure as failure:
            if record.code == 0:
                record.code = 1
            say_why(record, frame, said(failure))
    publish(record, frame, made)
