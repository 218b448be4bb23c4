"""A call -> the run of another workflow within this one; and how any workflow runs."""

from collections.abc import Mapping

from compiler.evaluate import Failure
from compiler.interpreter.arguments import callee_of, given_of
from compiler.interpreter.attempts import keep, run_process, say_why
from compiler.interpreter.conditions import value_env
from compiler.interpreter.fan_out import fan_out
from compiler.interpreter.frames import Frame, call_frame
from compiler.interpreter.inputs import read_secrets, value_definitions
from compiler.interpreter.limits import Limits
from compiler.interpreter.processes import TIMED_OUT, Stop
from compiler.interpreter.queues import in_queue
from compiler.interpreter.records import Record
from compiler.interpreter.results import record_of, result_of
from compiler.interpreter.schedule import Schedule
from compiler.interpreter.steps import perform
from compiler.interpreter.tasks import (
    Alarm,
    Give,
    Spawn,
    Stopped,
    Work,
    next_end,
    silence,
)
from compiler.interpreter.texts import Shell, said
from compiler.interpreter.values import Scope
from compiler.ir import Call, HandlerKind, Map, Step
from compiler.outcome import RunStatus, run_status

_HANDLER: dict[RunStatus, HandlerKind] = {
    "succeeded": "success",
    "partially_succeeded": "success",
    "failed": "failure",
    "aborted": "cancel",
}


# ---- a step, by what it runs


def begin(record: Record, frame: Frame, more: Mapping[str, str]) -> Work[None]:
    """The work of a step or a handler; `more` are special variables of its own."""
    special = {"DAG_RUN_STEP_NAME": record.step.name, **more}
    if isinstance(record.step.body, Map):
        work = fan_out(record, frame, special, _begin_item)
    else:
        work = _begin_item(record, frame, special)
    queue = record.step.queue
    if queue is None or queue in frame.queues:
        return work
    return in_queue(queue, record, frame, work)


def _begin_item(record: Record, frame: Frame, special: Mapping[str, str]) -> Work[None]:
    """The work of an item of a fan-out, or of a step that is no fan-out."""
    call = isinstance(record.step.body, Call)
    return perform(record, frame, special, _call if call else run_process)


# ---- a call


def _call(record: Record, frame: Frame, scope: Scope) -> Work[tuple[int, bool]]:
    """An `Attempt` of a call."""
    record.output, record.code, record.frame, record.partial = None, None, None, False
    try:
        child = yield from _prepare(record, frame, scope)
    except (Failure, OSError) as error:
        record.code = 1
        say_why(record, frame, said(error))
        keep(record, frame)
        return 1, False
    except Stopped:
        keep(record, frame)
        raise
    record.frame = child
    alarm = Alarm(record.step.timeout, Stop()) if record.step.timeout else None
    yield from run_frame(child, alarm, frame.limits)
    timed_out = alarm is not None and child.stop is alarm.stop
    well = child.status in ("succeeded", "partially_succeeded")
    code = TIMED_OUT if timed_out else 0 if well else 1
    stopped = child.stop is not None and not timed_out and not child.out_of_time
    record.code = None if stopped else code
    record.partial = child.status == "partially_succeeded"
    _explain(record, child)
    _capture(record, frame, child)
    if stopped and child.stop is not None:
        raise Stopped(child.stop)
    return record.code or 0, timed_out


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
    record.folder.mkdir(exist_ok=True)
    yield from value_env(record.step, shell)
    workflow = frame.run.workflows[callee_of(call, shell).workflow]
    given = yield from given_of(call, workflow, record.item, shell)
    child = call_frame(record, frame, workflow, given)
    child.base.mkdir(exist_ok=True)
    return child


def _explain(record: Record, child: Frame) -> None:
    """Says on the call's stderr why it failed."""
    name = child.workflow.name
    if child.problem is not None:
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
    if record.step.captured:
        try:
            made = record_of(child)
            record.output = result_of(child)
        except Failure as failure:
            if record.code == 0:
                record.code = 1
            say_why(record, frame, said(failure))
    keep(record, frame, made)


# ---- the run of a workflow


def run_frame(frame: Frame, alarm: Alarm | None, held: Limits) -> Work[None]:
    """Runs a workflow to its end, handlers included; `frame.status` is how it ended, and
    `frame.stop` what ended it before its time. `alarm` is the time of the call, `held` is
    the slot in which the params and env are valued.
    """
    workflow = frame.workflow
    own = Alarm(workflow.timeout, Stop()) if workflow.timeout is not None else None
    alarms = [each for each in (own, alarm) if each is not None]
    schedule = Schedule({step.name: step.edges for step in workflow.steps})
    frame.run.watch.expect(len(workflow.steps))
    status: RunStatus
    try:
        for each in alarms:
            yield each
        valued = yield from _value_definitions(frame)
        yield Give(held)
        if valued:
            yield from _run_steps(frame, schedule)
        else:
            _abort_rest(frame, schedule)
        status = _status(frame) if valued else "failed"
    except Stopped as stopped:
        for each in alarms:
            each.off = True
        yield Give(held)
        _abort_rest(frame, schedule)
        yield from _run_steps(frame, schedule, patient=True)
        frame.stop = (yield from silence()) or stopped.stop
        frame.out_of_time = own is not None and frame.stop is own.stop
        status = "failed" if frame.out_of_time else "aborted"
    for each in alarms:  # handlers have all time
        each.off = True
    frame.status = yield from _run_handlers(frame, status)


def _value_definitions(frame: Frame) -> Work[bool]:
    """Whether all secrets, params and env of a workflow have a value."""
    given, place = frame.given, frame.place
    log = (frame.base if frame.path else frame.run.folder.path) / "inputs.err"
    try:
        read_secrets(frame.workflow, place)
        yield from value_definitions(
            frame.workflow,
            place,
            log.with_suffix(""),
            given.values,
            len(given.positional),
        )
    except Failure as failure:
        frame.problem = str(failure)
        frame.run.folder.note(log, str(failure))
        if not frame.path:
            frame.run.watch.problem("params and env: failed", log)
    finally:
        frame.run.masks.file(log)
    return frame.problem is None


def _run_steps(frame: Frame, schedule: Schedule, patient: bool = False) -> Work[None]:
    """Runs the steps that can run, until all are decided. Raises Stopped, unless
    `patient`."""
    while True:
        for name in schedule.begin():
            record = frame.records[name]
            yield Spawn(record, begin(record, frame, {}))
        if not schedule.running:
            return
        ended = yield from next_end(patient)
        assert isinstance(ended, Record)
        for name, ending in schedule.end(ended.step.name, ended.ending or "aborted"):
            frame.decided(name, ending)


def abort_all(frame: Frame, status: RunStatus) -> None:
    """Ends a workflow that never began, so that no handler is due."""
    for name in frame.records:
        frame.decided(name, "aborted")
    frame.status = status


def _abort_rest(frame: Frame, schedule: Schedule) -> None:
    for name in schedule.abort_rest():
        frame.decided(name, "aborted")


def _status(frame: Frame) -> RunStatus:
    records = frame.records.values()
    return run_status(
        (record.ending or "aborted" for record in records),
        partial=any(record.partial for record in records),
    )


def _run_handlers(frame: Frame, status: RunStatus) -> Work[RunStatus]:
    """The handler for `status`, then the one for the exit; the status after them."""
    handlers = {handler.name: handler for handler in frame.workflow.handlers}
    for kind in (_HANDLER[status], "exit"):
        if kind in handlers:
            status = yield from _run_handler(frame, handlers[kind], status)
    return status


def _run_handler(frame: Frame, handler: Step, status: RunStatus) -> Work[RunStatus]:
    record = frame.handler(handler)
    while True:
        yield Spawn(record, begin(record, frame, {"DAG_RUN_STATUS": status}))
        yield from next_end(patient=True)
        stop = yield from silence()
        if stop is not None:
            frame.stop, frame.out_of_time, status = stop, False, "aborted"
        if stop is None or record.attempts or handler.name != "exit":
            break  # else it has not begun, and is due nevertheless
    ending = record.ending or "aborted"
    frame.run.watch.decided(record, ending)
    if ending in ("failed", "continued") and status != "aborted":
        return "failed"
    return status
