"""A run of a workflow -> its phases: values, conditions, init, steps, handlers."""

from collections.abc import Callable, Mapping
from pathlib import Path

from compiler.evaluate import Failure
from compiler.interpreter.conditions import all_hold
from compiler.interpreter.dotenv import read_dotenv
from compiler.interpreter.frames import Frame
from compiler.interpreter.inputs import read_secrets, value_definitions, working_place
from compiler.interpreter.limits import Limits
from compiler.interpreter.log_folder import move_logs
from compiler.interpreter.processes import Stop
from compiler.interpreter.records import Record
from compiler.interpreter.resume import (
    has_begun,
    has_inputs,
    is_left,
    keep_inputs,
    stays,
)
from compiler.interpreter.schedule import Schedule
from compiler.interpreter.tasks import (
    Alarm,
    Give,
    Spawn,
    Stopped,
    Work,
    next_end,
    silence,
)
from compiler.interpreter.texts import Shell
from compiler.interpreter.values import Scope
from compiler.ir import Ending, HandlerKind, Step
from compiler.outcome import RunStatus, run_status

# The work of a step or a handler; the mapping has special variables of its own.
Begin = Callable[[Record, Frame, Mapping[str, str]], Work[None]]

_HANDLER: dict[RunStatus, HandlerKind] = {
    "succeeded": "success",
    "partially_succeeded": "success",
    "failed": "failure",
    "aborted": "cancel",
}


def run_frame(
    frame: Frame, alarm: Alarm | None, held: Limits, begin: Begin
) -> Work[None]:
    """Runs a workflow to its end, handlers included; `frame.status` is how it ended, and
    `frame.stop` what ended it before its time. `alarm` is the time of the call, `held` is
    the slot in which its values and conditions come to be.
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
        status = yield from _run(frame, schedule, held, begin)
    except Stopped as stopped:
        for each in alarms:
            each.off = True
        yield Give(held)
        _abort_rest(frame, schedule)
        yield from _run_steps(frame, schedule, begin, patient=True)
        frame.stop = (yield from silence()) or stopped.stop
        frame.out_of_time = own is not None and frame.stop is own.stop
        status = "failed" if frame.out_of_time else "aborted"
    for each in alarms:  # handlers have all time
        each.off = True
    frame.status = yield from _run_handlers(frame, status, begin)


def _run(
    frame: Frame, schedule: Schedule, held: Limits, begin: Begin
) -> Work[RunStatus]:
    """The phases up to the end of the last step. Raises Stopped."""
    valued = yield from _value_definitions(frame)
    met = valued and (yield from _conditions_hold(frame))
    yield Give(held)
    if not valued:
        _abort_rest(frame, schedule)
        return "failed"
    if not met:
        _not_begun(frame)
        return "aborted"
    if not (yield from _run_init(frame, begin)):
        _abort_rest(frame, schedule)
        return "failed"
    yield from _run_steps(frame, schedule, begin)
    return _status(frame)


def _folder(frame: Frame) -> str:
    """The folder for what belongs to no step."""
    return frame.base if frame.path else str(frame.run.folder.path)


def _value_definitions(frame: Frame) -> Work[bool]:
    """Whether all secrets, params and env of a workflow have a value, and it has a
    folder to work in."""
    given, place = frame.given, frame.place
    files = f"{_folder(frame)}/inputs"
    log = Path(f"{files}.err")
    try:
        read_dotenv(frame.workflow, place)
        read_secrets(frame.workflow, place)
        if not has_inputs(frame):
            yield from value_definitions(
                frame.workflow,
                place,
                files,
                given.values,
                len(given.positional),
            )
            keep_inputs(frame)
        frame.place = working_place(frame.workflow, place)
        if not frame.path:
            move_logs(frame.workflow, frame.place)
    except Failure as failure:
        frame.problem = str(failure)
        frame.run.folder.note(log, str(failure))
        if not frame.path:
            frame.run.watch.problem("params and env: failed", log)
    finally:
        frame.run.masks.file(log)
    return frame.problem is None


def _conditions_hold(frame: Frame) -> Work[bool]:
    """Whether the workflow's own preconditions are met (S7). Raises Stopped."""
    workflow = frame.workflow
    if not workflow.conditions or has_begun(frame):
        return True
    shell = Shell(
        place=frame.place,
        scope=Scope(known=frame.known, special={}),
        exports=workflow.exports,
        files=f"{_folder(frame)}/conditions",
        name=workflow.name,
        arguments=frame.known.positional,
    )
    return (yield from all_hold(workflow.conditions, (), shell))


def _not_begun(frame: Frame) -> None:
    """Nothing of a workflow runs but handlers, and a call of it is skipped (S7)."""
    if frame.path:
        frame.not_begun("skipped")
    else:
        frame.not_begun("not_started")
        frame.run.watch.progress.problem("wfc: precondition not met: nothing ran")


def _run_steps(
    frame: Frame, schedule: Schedule, begin: Begin, patient: bool = False
) -> Work[None]:
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
            _settle(frame, name, ending)


def abort_all(frame: Frame, status: RunStatus) -> None:
    """Ends a workflow that never began, so that no handler is due."""
    for name in frame.records:
        frame.decided(name, "aborted")
    frame.status = status


def _abort_rest(frame: Frame, schedule: Schedule) -> None:
    for name in schedule.abort_rest():
        _settle(frame, name, "aborted")


def _settle(frame: Frame, name: str, ending: Ending) -> None:
    """How a step ends; one that is not among the chosen stays as it was."""
    record = frame.records[name]
    if is_left(record, frame) and record.ending is None:
        stays(record, frame)
        ending = record.ending or ending
    frame.decided(name, ending)


def _status(frame: Frame) -> RunStatus:
    records = frame.records.values()
    return run_status(
        (record.ending or "aborted" for record in records),
        partial=any(record.partial for record in records),
    )


def _run_init(frame: Frame, begin: Begin) -> Work[bool]:
    """Whether the steps may run after the handler `init`, if there is one (S8). Raises
    Stopped."""
    for handler in frame.workflow.handlers:
        if handler.name == "init":
            record = frame.handler(handler)
            yield Spawn(record, begin(record, frame, {"DAG_RUN_STATUS": "running"}))
            yield from next_end(patient=True)
            stop = yield from silence()
            frame.run.watch.decided(record, record.ending or "aborted")
            if stop is not None:
                raise Stopped(stop)
            return record.ending in ("succeeded", "skipped")
    return True


def _run_handlers(frame: Frame, status: RunStatus, begin: Begin) -> Work[RunStatus]:
    """The handler for `status`, then the one for the exit; the status after them (S8)."""
    handlers = {handler.name: handler for handler in frame.workflow.handlers}
    for kind in (_HANDLER[status], "exit"):
        if kind in handlers:
            status = yield from _run_handler(frame, handlers[kind], status, begin)
    return status


def _run_handler(
    frame: Frame, handler: Step, status: RunStatus, begin: Begin
) -> Work[RunStatus]:
    record = frame.handler(handler)
    while True:
        yield Spawn(record, begin(record, frame, {"DAG_RUN_STATUS": status}))
        yield from next_end(patient=True)
        stop = yield from silence()
        if stop is not None:
            frame.stop, frame.out_of_time, status = stop, False, "aborted"
        begun = record.attempts > record.before
        if stop is None or begun or handler.name != "exit":
            break  # else it has not begun, and is due nevertheless
    ending = record.ending or "aborted"
    frame.run.watch.decided(record, ending)
    stopped = status == "aborted" and not (frame.unmet and frame.stop is None)
    return "failed" if ending in ("failed", "continued") and not stopped else status
