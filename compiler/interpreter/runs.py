"""A resolved program and what a run sets -> the run itself, and its report.

The reference meaning of the language: what another target does is right when it comes to
the same outcome.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from compiler.interpreter.folder import RunFolder
from compiler.interpreter.inputs import positional_values, value_definitions
from compiler.interpreter.lines import Progress, StepEnd
from compiler.interpreter.loop import DEADLINE, Loop, Stop
from compiler.interpreter.processes import Processes
from compiler.interpreter.report import Report, StepReport
from compiler.interpreter.schedule import Schedule
from compiler.interpreter.steps import Record, Watch, Work, files_of, perform
from compiler.interpreter.texts import Place
from compiler.interpreter.values import Known
from compiler.ir import Ending, HandlerKind, Program, Step, Workflow
from compiler.outcome import Outcome, RunStatus, Status, StepOutcome, run_status

_STATUS: dict[Ending, Status] = {
    "succeeded": "succeeded",
    "continued": "failed",
    "failed": "failed",
    "skipped": "skipped",
    "aborted": "aborted",
}
_HANDLER: dict[RunStatus, HandlerKind] = {
    "succeeded": "success",
    "partially_succeeded": "success",
    "failed": "failure",
    "aborted": "cancel",
}


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
    `environment` is that of the caller, `home` the folder that holds `runs`. Above
    `schedule.MOST_RUNNING` running steps the others queue, also without a limit. INT,
    TERM, HUP and QUIT end the run. Raises CannotStart when there is no run folder.
    """
    workflow = program.main
    folder = RunFolder.create(home, workflow)
    special = {
        "DAG_NAME": workflow.name,
        "DAG_RUN_ID": folder.run_id,
        "DAG_RUN_LOG_FILE": str(folder.journal),
    }
    positional = positional_values(workflow, tuple(arguments))
    known = Known(process=dict(environment), special=special, positional=positional)
    place = Place(work_dir=work_dir.absolute(), folder=folder, known=known)
    try:
        with Processes() as processes:
            this = _Run(workflow, place, progress, processes)
            progress.begin(len(workflow.steps))
            outcome = this.carry_out(values, len(arguments))
            folder.finish(outcome)
        if folder.lost is not None:
            progress.problem(folder.lost)
    finally:
        progress.close()
        folder.close()
    return this.report(outcome)


@dataclass
class _Run:
    """One run while it goes on."""

    workflow: Workflow
    place: Place
    progress: Progress
    processes: Processes
    records: dict[str, Record] = field(default_factory=dict)
    handlers: dict[str, Record] = field(default_factory=dict)
    endings: dict[str, Ending] = field(default_factory=dict)
    handler_endings: dict[str, Ending] = field(default_factory=dict)
    events: list[tuple[str, str]] = field(default_factory=list)
    began: float = field(default_factory=time.time)
    clock: float = field(default_factory=time.monotonic)
    signal: int | None = None

    def carry_out(self, values: Mapping[str, str], arguments: int) -> Outcome:
        workflow = self.workflow
        if workflow.timeout is not None:
            self.processes.pause(DEADLINE, workflow.timeout)
        self.records = {
            step.name: Record(step=step, label=step.name) for step in workflow.steps
        }
        valued, stop = self._value_definitions(values, arguments)
        if valued == "succeeded":
            stop = self._run_steps()
        else:
            for name in self.records:
                self._decided(name, "aborted")
        if stop is not None:
            self.signal = stop.signal
            status: RunStatus = "failed" if stop.signal is None else "aborted"
        elif valued != "succeeded":
            status = "failed"
        else:
            status = run_status(self.endings.values())
        return self._outcome(self._run_handlers(status))

    # ---- the parts of a run

    def _value_definitions(
        self, values: Mapping[str, str], arguments: int
    ) -> tuple[Ending, Stop | None]:
        if not self.workflow.order:
            return "succeeded", None
        ended: list[Ending] = []
        loop = Loop(
            self.processes,
            Schedule({"": ()}, 1),
            lambda _: _as_work(self.workflow, self.place, values, arguments),
            lambda _, ending: ended.append(ending),
        )
        stop = loop.run(self.progress.tick, self.progress.interval, deadline=True)
        if ended[0] == "failed":
            log = self.place.folder.path / "inputs.err"
            self.progress.problem(f"params and env: failed, log: {log}")
            for line in _tail(log):
                self.progress.problem(f"  | {line}")
        return ended[0], stop

    def _run_steps(self) -> Stop | None:
        schedule = Schedule(
            {step.name: step.edges for step in self.workflow.steps},
            self.workflow.max_active_steps,
        )
        watch = Watch(before_attempt=self._attempt, before_pause=self._pause)
        loop = Loop(
            self.processes,
            schedule,
            lambda name: perform(self.records[name], self.place, _special(name), watch),
            self._decided,
        )
        return loop.run(self.progress.tick, self.progress.interval, deadline=True)

    def _run_handlers(self, status: RunStatus) -> RunStatus:
        """The handler for `status`, then the one for the exit; the status after them."""
        handlers = {handler.name: handler for handler in self.workflow.handlers}
        for kind in (_HANDLER[status], "exit"):
            if kind in handlers:
                status = self._run_handler(handlers[kind], status)
        return status

    def _run_handler(self, handler: Step, status: RunStatus) -> RunStatus:
        record = Record(step=handler, label=f"handler {handler.name}", handler=True)
        self.handlers[handler.name] = record
        special = {**_special(handler.name), "DAG_RUN_STATUS": status}
        watch = Watch(before_attempt=self._start_clock, before_pause=self._tell_pause)
        loop = Loop(
            self.processes,
            Schedule({handler.name: ()}, 1),
            lambda _: perform(record, self.place, special, watch),
            self._handler_decided,
        )
        stop = loop.run(self.progress.tick, self.progress.interval)
        if stop is not None:
            self.signal = self.signal or stop.signal
            return "aborted"
        ending = self.handler_endings[handler.name]
        if ending in ("failed", "continued") and status != "aborted":
            return "failed"
        return status

    # ---- what happens to a step

    def _start_clock(self, record: Record) -> None:
        if record.started is None:
            record.started = time.monotonic()
            self.progress.started(record.label)

    def _attempt(self, record: Record) -> None:
        name = record.step.name
        if record.started is None:
            self.events.append(("start", name))
            self.place.folder.event("start", name)
        else:
            self.place.folder.event("attempt", name, attempts=record.attempts)
        self._start_clock(record)

    def _tell_pause(self, record: Record, pause: float) -> None:
        retry = record.step.retry
        tries = 1 + (retry.limit if retry is not None else 0)
        following = record.attempts + 1
        code = record.code or 0
        self.progress.retrying(record.label, code, following, tries, pause)

    def _pause(self, record: Record, pause: float) -> None:
        self._tell_pause(record, pause)

    def _decided(self, name: str, ending: Ending) -> None:
        record = self.records[name]
        self.endings[name] = ending
        status = _STATUS[ending]
        self.place.known.fields.setdefault(name, {})["status"] = status
        if record.attempts:
            self.events.append(("end", name))
            self.place.folder.event(
                "end",
                name,
                status=status,
                attempts=record.attempts,
                exit_code=record.code,
            )
        self._tell_end(record, ending)

    def _handler_decided(self, name: str, ending: Ending) -> None:
        self.handler_endings[name] = ending
        self._tell_end(self.handlers[name], ending)

    def _tell_end(self, record: Record, ending: Ending) -> None:
        if record.started is not None:
            record.seconds = time.monotonic() - record.started
        log = files_of(record, self.place).with_suffix(".err")
        failed = ending in ("failed", "continued")
        end = StepEnd(
            ending=ending,
            code=record.code,
            seconds=record.seconds,
            log=str(log),
            tail=_tail(log) if failed else (),
        )
        self.progress.ended(record.label, end)

    # ---- what it came to

    def _outcome(self, status: RunStatus) -> Outcome:
        outputs = {
            record.step.output: record.output
            for record in self.records.values()
            if record.step.output is not None and record.output is not None
        }
        return Outcome(
            workflow=self.workflow.name,
            status=status,
            exit_code=_exit_code(status, self.signal),
            steps={
                name: _step_outcome(record, self.endings[name])
                for name, record in self.records.items()
            },
            handlers={
                name: _step_outcome(record, self.handler_endings[name])
                for name, record in self.handlers.items()
            },
            outputs=outputs,
            events=tuple(self.events),
        )

    def report(self, outcome: Outcome) -> Report:
        made = partial(_step_report, self.place.folder)
        return Report(
            outcome=outcome,
            run_id=self.place.folder.run_id,
            folder=self.place.folder.path,
            started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.began)),
            seconds=time.monotonic() - self.clock,
            steps={name: made(record) for name, record in self.records.items()},
            handlers={name: made(record) for name, record in self.handlers.items()},
        )


def _as_work(
    workflow: Workflow, place: Place, values: Mapping[str, str], arguments: int
) -> Work:
    return (yield from value_definitions(workflow, place, values, arguments))


def _special(name: str) -> dict[str, str]:
    return {"DAG_RUN_STEP_NAME": name}


def _exit_code(status: RunStatus, signal: int | None) -> int:
    if signal is not None:
        return 128 + signal
    return 1 if status == "failed" else 0


def _step_outcome(record: Record, ending: Ending) -> StepOutcome:
    return StepOutcome(
        status=_STATUS[ending],
        attempts=record.attempts,
        exit_code=record.code,
        output=record.output if record.step.captured else None,
    )


def _step_report(folder: RunFolder, record: Record) -> StepReport:
    return StepReport(
        seconds=record.seconds, log=str(folder.of(record.step.name, record.handler))
    )


def _tail(path: Path, most: int = 10) -> list[str]:
    """The last lines of a text file, at most `most`; none when it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(os.path.getsize(path) - 16_384, 0))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return text.removesuffix("\n").split("\n")[-most:] if text else []
