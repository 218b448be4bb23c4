"""What a run has left, records of its steps -> its outcome."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from compiler.backend import folders
from compiler.interpreter.schedule import verdict
from compiler.ir import Call, Ending, Map, Program, Step, Workflow
from compiler.outcome import Outcome, RunStatus, Status, StepOutcome, run_status

# As it stands in a text, and in a JSON text within one.
_SECRET = re.compile(r"(\0|\x1a|\\+u0000|\\+u001a)secret:([^\0\x1a\\]*)\1")
_STATUS: dict[Ending, Status] = {
    "succeeded": "succeeded",
    "continued": "failed",
    "failed": "failed",
    "skipped": "skipped",
    "aborted": "aborted",
    "not_started": "not_started",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What became of one step. `output` is what it printed, or the record of a call or a
    fan-out; `result` is what a call gives; `callee` the number of what it
    called. `start`
    and `end` are in seconds since the epoch, None where nothing ran."""

    status: Ending
    attempts: int = 0
    exit_code: int | None = None
    output: str | None = None
    result: str | None = None
    callee: int | None = None
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What a run has left: records by their paths, the numbers of items of fan-outs, the
    frames that began (the paths of their calls, with a slash behind them), those whose
    own precondition was not met, what the run itself says that it came to, and whether
    its jobs are green."""

    records: Mapping[str, Record]
    items: Mapping[str, int]
    frames: frozenset[str]
    status: RunStatus | None
    green: bool
    unmet: frozenset[str] = frozenset()


def outcome_of(program: Program, remains: Remains) -> Outcome:
    """The outcome of a run of `program`."""
    reading = _Reading(program=program, remains=remains)
    main = program.main
    endings = reading.frame(main, "", "", in_handler=False, call=None)
    status = _status(reading, remains, endings.values())
    return Outcome(
        workflow=main.name,
        status=status,
        exit_code=1 if status == "failed" else 0,
        steps=reading.steps,
        handlers=reading.handlers,
        outputs=_outputs(program, remains),
        events=tuple(_events(reading)),
    )


def _status(
    reading: "_Reading", remains: Remains, endings: Iterable[Ending]
) -> RunStatus:
    """Red is failed and green is not, whatever else is said: it is what people see."""
    said = remains.status or run_status(endings)
    if any(each.status == "failed" for each in reading.handlers.values()):
        said = "failed"
    if remains.green:
        return said if said != "failed" else "succeeded"
    return "failed"


def _outputs(program: Program, remains: Remains) -> dict[str, str]:
    names = folders(program.main).steps
    found = {}
    for step in program.main.steps:
        record = remains.records.get(names[step.name])
        if step.output is not None and record and record.output is not None:
            found[step.output] = _shown(record.output, program)
    return found


def _shown(text: str, program: Program) -> str:
    """`text` as people may see it: what stands for a secret of `program` is hidden."""
    secrets = [secret for each in program.workflows for secret in each.secrets]
    known = {name for secret in secrets for name in (secret.key, secret.name)}
    return _SECRET.sub(lambda it: "***" if _key(it[2]) in known else it[0], text)


def _key(placeholder: str) -> str:
    """That of a secret, or of a line of one, which has its number behind it."""
    return re.sub(r":\d+$", "", placeholder)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """The rows of an outcome, as they are found."""

    program: Program
    remains: Remains
    steps: dict[str, StepOutcome] = field(default_factory=dict)
    handlers: dict[str, StepOutcome] = field(default_factory=dict)
    ran: dict[str, Record] = field(default_factory=dict)

    def frame(
        self,
        workflow: Workflow,
        base: str,
        path: str,
        *,
        in_handler: bool,
        call: Ending | None,
    ) -> dict[str, Ending]:
        """Reads one run of `workflow`: `base` and `path` are what the paths of its
        records and of its steps begin with, `call` is how the call of it has ended. How
        each step has ended."""
        names = folders(workflow)
        endings = self._endings(workflow, base, call)
        for step in workflow.steps:
            place = base + names.steps[step.name]
            self._step(step, place, path + step.name, endings[step.name], in_handler)
        for handler in workflow.handlers:
            place = base + names.handlers[handler.name]
            record = self.remains.records.get(place)
            if record is not None:
                self._step(handler, place, path + handler.name, record.status, True)
        return endings

    def _endings(
        self, workflow: Workflow, base: str, call: Ending | None
    ) -> dict[str, Ending]:
        """How each step has ended: as its record says; where nothing ran, as the steps
        before it have it."""
        names = folders(workflow).steps
        records = self.remains.records
        found = {
            step.name: records[base + names[step.name]].status
            for step in workflow.steps
            if base + names[step.name] in records
        }
        whole = self._whole(call, base)
        waiting = [step for step in workflow.steps if step.name not in found]
        if whole is not None:
            return {**found, **{step.name: whole for step in waiting}}
        while waiting:
            later = []
            for step in waiting:
                if any(edge.step not in found for edge in step.edges):
                    later.append(step)
                    continue
                said = verdict(step.edges, found)
                found[step.name] = "aborted" if said == "run" else said
            assert len(later) < len(waiting)
            waiting = later
        return found

    def _whole(self, call: Ending | None, base: str) -> Ending | None:
        """How all steps of a frame without a record have ended, if that does not depend
        on the steps: nothing of it ran."""
        if base in self.remains.unmet:
            return "not_started" if call is None else "skipped"
        if call is None:
            return "not_started" if self.remains.status == "aborted" else None
        return None if base in self.remains.frames and call != "skipped" else call

    def _step(
        self, step: Step, place: str, path: str, ending: Ending, in_handler: bool
    ) -> None:
        self._row(step, place, path, ending, in_handler)
        body = step.body
        if isinstance(body, Map):
            for number in range(self.remains.items.get(place, 0)):
                item = f"{place}.{number}"
                record = self.remains.records.get(item)
                ended: Ending = record.status if record else "aborted"
                name = f"{path}[{number}]"
                self._row(step, item, name, ended, in_handler)
                if isinstance(body.body, Call):
                    self._call(body.body, item, name, ended, in_handler)
        elif isinstance(body, Call):
            self._call(body, place, path, ending, in_handler)

    def _row(
        self, step: Step, place: str, path: str, ending: Ending, in_handler: bool
    ) -> None:
        record = self.remains.records.get(place) or Record(status=ending)
        called = _calls(step, place)
        output = record.result if called else record.output
        rows = self.handlers if in_handler else self.steps
        rows[path] = StepOutcome(
            status=_STATUS[ending],
            attempts=record.attempts,
            exit_code=record.exit_code,
            output=(
                _shown(output, self.program)
                if step.captured and output is not None
                else None
            ),
        )
        if not in_handler:
            self.ran[path] = record

    def _call(
        self, call: Call, place: str, path: str, ending: Ending, in_handler: bool
    ) -> None:
        workflow = self._callee(call, f"{place}/", self.remains.records.get(place))
        if workflow is not None:
            base, begin = f"{place}/", f"{path}/"
            self.frame(workflow, base, begin, in_handler=in_handler, call=ending)

    def _callee(self, call: Call, base: str, record: Record | None) -> Workflow | None:
        workflows = [self.program.workflow(each.workflow) for each in call.callees]
        if not call.dynamic:
            return workflows[0]
        if base not in self.remains.frames:
            return None
        number = record.callee if record else None
        return None if number is None else workflows[number]


def _calls(step: Step, place: str) -> bool:
    """Is what stands at `place` a call, the step itself or one of its items?"""
    body = step.body
    if isinstance(body, Map):
        item = bool(re.search(r"\.\d+$", place))
        return item and isinstance(body.body, Call)
    return isinstance(body, Call)


def _events(reading: _Reading) -> Iterator[tuple[str, str]]:
    """What happened, in its order: the outer one starts first and ends last."""
    found = []
    for path, record in reading.ran.items():
        if record.attempts and record.start is not None and record.end is not None:
            depth = len(re.findall(r"[/\[]", path))
            end = max(record.end, record.start + 1e-6)
            found.append((record.start, 1, depth, "start", path))
            found.append((end, 0, -depth, "end", path))
    return ((what, path) for *_, what, path in sorted(found))
