"""The frames of a run that is over -> its outcome, and the report's rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from compiler.interpreter.frames import Frame, Run, steps_of
from compiler.interpreter.records import Record
from compiler.interpreter.report import StepReport
from compiler.interpreter.results import outputs_of
from compiler.interpreter.watch import STATUS
from compiler.ir import Call, Map
from compiler.outcome import Outcome, StepOutcome


@dataclass
class Rows:
    """Every step and handler by its path, each with what came of it and its report."""

    steps: dict[str, StepOutcome] = field(default_factory=dict)
    handlers: dict[str, StepOutcome] = field(default_factory=dict)
    step_reports: dict[str, StepReport] = field(default_factory=dict)
    handler_reports: dict[str, StepReport] = field(default_factory=dict)


def rows_of(frame: Frame) -> Rows:
    """The rows of a run, each step before what it ran."""
    rows = Rows()
    for record, fan_out in _all_below(frame):
        outcome = StepOutcome(
            status=STATUS[record.ending or "aborted"],
            attempts=record.attempts,
            exit_code=record.code,
            output=record.output if record.step.captured else None,
        )
        report = StepReport(
            seconds=record.seconds,
            log=record.folder,
            items=len(record.items) if isinstance(record.step.body, Map) else None,
            fan_out=fan_out,
        )
        if record.in_handler:
            rows.handlers[record.path] = outcome
            rows.handler_reports[record.path] = report
        else:
            rows.steps[record.path] = outcome
            rows.step_reports[record.path] = report
    return rows


def outcome_of(frame: Frame, rows: Rows, exit_code: int) -> Outcome:
    """The outcome of the run of the entry's `frame`, without its secrets."""
    outcome = Outcome(
        workflow=frame.workflow.name,
        status=frame.status,
        exit_code=exit_code,
        steps=rows.steps,
        handlers=rows.handlers,
        outputs=outputs_of(frame),
        events=_events(frame.run),
    )
    return frame.run.masks.outcome(outcome)


def _events(run: Run) -> tuple[tuple[str, str], ...]:
    """What happened, in its order. Of a step that a run that went on began once more
    there is the last time only."""
    events = run.watch.events
    if run.journal is None:
        return tuple(events)
    last = {event: place for place, event in enumerate(events)}
    return tuple(
        (what, path)
        for (what, path), place in sorted(last.items(), key=lambda pair: pair[1])
        if what == "start" or place > last.get(("start", path), -1)
    )


def _all_below(frame: Frame) -> Iterator[tuple[Record, str | None]]:
    """The records of a frame and of all below it, each with the path of the outermost
    fan-out that it belongs to. Calls can be deep: no recursion."""
    run = frame.run
    open_: list[tuple[Iterator[Record], str | None]] = [(_of_frame(frame), None)]
    while open_:
        records, fan_out = open_[-1]
        record = next(records, None)
        if record is None:
            open_.pop()
            continue
        yield record, fan_out
        if record.items:
            open_.append((iter(record.items), fan_out or record.path))
        elif isinstance(record.step.body, Call):
            open_.append((_of_call(run, record, record.step.body), fan_out))


def _of_frame(frame: Frame) -> Iterator[Record]:
    return chain(frame.records.values(), frame.handlers.values())


def _of_call(run: Run, record: Record, call: Call) -> Iterator[Record]:
    """What a call ran; if it never came to that, the steps that it would have run, with
    the call's own status."""
    if record.frame is not None:
        return _of_frame(record.frame)
    if call.dynamic:
        return iter(())
    workflow = run.workflows[call.callees[0].workflow]
    steps = steps_of(run, workflow, record.path, record.folder, record.in_handler)
    for step in steps.values():
        step.ending = record.ending
    return iter(steps.values())
