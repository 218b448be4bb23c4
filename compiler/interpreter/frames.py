"""One run of one workflow, the entry's or a call's: what it has, apart from all others."""

import math
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from compiler.backend import Folders, folders
from compiler.interpreter.folder import RunFolder
from compiler.interpreter.inputs import positional_values
from compiler.interpreter.journal import Journal, Line
from compiler.interpreter.limits import Limit, Limits, nested
from compiler.interpreter.locks import Locks
from compiler.interpreter.masks import Masks
from compiler.interpreter.processes import GRACE, Stop
from compiler.interpreter.records import Record
from compiler.interpreter.texts import Place
from compiler.interpreter.values import Known
from compiler.interpreter.watch import STATUS, Watch
from compiler.ir import Ending, Program, Step, Workflow
from compiler.outcome import RunStatus
from compiler.schemas.checking import types_of


@dataclass(kw_only=True)
class Run:
    """What all frames of a run share. `workflows` are those of the program by their keys,
    `queues` the lines in which its steps wait, by the lock and size of the queue (S10).
    `journal` is what there is of a run that goes on. `chosen` are the steps of the entry
    that run, None for all: of the others there is what the journal tells.
    """

    program: Program
    work_dir: Path
    environment: Mapping[str, str]
    folder: RunFolder
    masks: Masks
    watch: Watch
    locks: Locks
    workflows: dict[str, Workflow] = field(default_factory=dict)
    queues: dict[tuple[str, int], Limit] = field(default_factory=dict)
    journal: Journal | None = None
    chosen: frozenset[str] | None = None
    _folders: dict[str, Folders] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.workflows = {each.key: each for each in self.program.workflows}

    @cached_property
    def bash(self) -> str:
        """The bash of texts that name no shell. It is the caller's: the PATH of a step is
        for what the step calls."""
        return shutil.which("bash", path=self.environment.get("PATH")) or "bash"

    def grace(self, workflow: Workflow) -> float:
        """Seconds that the processes of `workflow` have when they are told to end: its
        own, else the entry's."""
        for each in (workflow.grace, self.program.main.grace):
            if each is not None:
                return each
        return GRACE

    def folders(self, workflow: Workflow) -> Folders:
        if workflow.key not in self._folders:
            self._folders[workflow.key] = folders(workflow)
        return self._folders[workflow.key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a run of a workflow is started with: values of params by name, and positional
    ones. None is ever expanded."""

    values: Mapping[str, str]
    positional: Sequence[str]


@dataclass(slots=True, kw_only=True, eq=False)
class Frame:
    """One run of one workflow. It knows its own values only (F3).

    `path` is that of the call ("" of the entry), `base` the folder for its steps;
    `in_handler`, as of a record: a handler made the call. `records` and `handlers` are
    what has become of its steps and of the handlers that were due, by their names. `limits`
    hold for its steps, `queues` are those that a step around it is in. `stop` is what ended it
    before its time, `out_of_time`: its own `timeoutSec`; `problem` is why its params or
    env have no value, `unmet`: its own precondition is not met (S7).

    A step that waits for the time of its start stands at the `gate`; the last one started
    at `last_start`. In a run that goes on, `inputs` is the line of the journal with
    params and env as they were valued, and the journal tells of it behind line `since`.
    """

    run: Run
    workflow: Workflow
    path: str
    base: str
    in_handler: bool
    given: Given
    place: Place
    limits: Limits
    queues: frozenset[str] = frozenset()
    records: dict[str, Record]
    handlers: dict[str, Record] = field(default_factory=dict)
    status: RunStatus = "succeeded"
    stop: Stop | None = None
    out_of_time: bool = False
    problem: str | None = None
    unmet: bool = False
    gate: Limit = field(default_factory=lambda: Limit(1))
    last_start: float = -math.inf
    inputs: Line | None = None
    since: int | None = None

    @property
    def passed_by(self) -> bool:
        """Nothing of it ran, as its own precondition has it, and no handler failed."""
        return self.unmet and self.status == "aborted"

    @property
    def known(self) -> Known:
        return self.place.known

    def decided(self, name: str, ending: Ending) -> None:
        """It is settled how the step `name` ends."""
        self.known.fields.setdefault(name, {})["status"] = STATUS[ending]
        self.run.watch.decided(self.records[name], ending)

    def not_begun(self, ending: Ending) -> None:
        """None of its steps runs, since its own precondition is not met (S7)."""
        self.unmet = True
        for name, record in self.records.items():
            record.ending = ending
            self.known.fields.setdefault(name, {})["status"] = STATUS[ending]
        self.run.watch.expect(-len(self.records))

    def handler(self, step: Step) -> Record:
        """The record of a handler that is due."""
        names = self.run.folders(self.workflow).handlers
        record = Record(
            step=step,
            path=below(self.path, step.name),
            folder=f"{self.base}/{names[step.name]}",
            handler=True,
            in_handler=True,
        )
        self.handlers[step.name] = record
        recall(self.run, [record], self.since)
        return record

    def pause_before_start(self) -> float:
        """Seconds until one more step may start (`delaySec`)."""
        delay = self.workflow.delay or 0
        return max(self.last_start + delay - time.monotonic(), 0.0)


def below(path: str, name: str) -> str:
    """The path of the step `name` of what runs at `path`."""
    return f"{path}/{name}" if path else name


def steps_of(
    run: Run, workflow: Workflow, path: str, base: str, in_handler: bool
) -> dict[str, Record]:
    """Records of the steps of `workflow`, in file order."""
    names = run.folders(workflow).steps
    return {
        step.name: Record(
            step=step,
            path=below(path, step.name),
            folder=f"{base}/{names[step.name]}",
            in_handler=in_handler,
        )
        for step in workflow.steps
    }


def recall(run: Run, records: Iterable[Record], since: int | None) -> None:
    """Gives `records` what the journal tells of them behind its line `since` (None: it
    is not about them)."""
    journal = run.journal
    if journal is None or since is None:
        return
    for record in records:
        known = journal.handlers if record.in_handler else journal.steps
        was = known.get(record.path)
        if was is not None and was.at > since:
            record.was, record.code = was, was.code
            record.before = record.attempts = was.attempts


def entry_frame(run: Run, given: Given, most: int) -> Frame:
    """The frame of the run itself; at most `most` processes at a time."""
    workflow = run.program.main
    limits = (Limit(min(workflow.max_active_steps or most, most)),)
    return _frame(run, workflow, None, given, run.work_dir, limits, frozenset())


def call_frame(
    record: Record, caller: Frame, workflow: Workflow, given: Given
) -> Frame:
    """The frame of the attempt of a call that is under way."""
    limits = nested(caller.limits, workflow.max_active_steps)
    queue = record.step.queue
    queues = caller.queues if queue is None else caller.queues | {queue}
    work_dir = caller.place.work_dir
    return _frame(caller.run, workflow, record, given, work_dir, limits, queues)


def _frame(
    run: Run,
    workflow: Workflow,
    call: Record | None,
    given: Given,
    work_dir: Path,
    limits: Limits,
    queues: frozenset[str],
) -> Frame:
    path, in_handler = ("", False) if call is None else (call.path, call.in_handler)
    base = str(run.folder.steps) if call is None else _base(run, call)
    known = Known(
        process=run.environment,
        bash=run.bash,
        special={
            "DAG_NAME": workflow.name,
            "DAG_RUN_ID": run.folder.run_id,
            "DAG_RUN_LOG_FILE": str(run.folder.journal),
        },
        positional=positional_values(workflow, given.positional),
        types=types_of(workflow),
    )
    return Frame(
        run=run,
        workflow=workflow,
        path=path,
        base=base,
        in_handler=in_handler,
        given=given,
        place=Place(
            work_dir=work_dir,
            folder=run.folder,
            known=known,
            masks=run.masks,
            grace=run.grace(workflow),
        ),
        limits=limits,
        queues=queues,
        records=steps_of(run, workflow, path, base, in_handler),
    )


def _base(run: Run, call: Record) -> str:
    """The folder for the steps of the attempt of a call that is under way."""
    if call.attempts <= 1:
        return run.folder.within(call.folder, call.path)
    suffix = f".{call.attempts}"
    return run.folder.within(f"{call.folder}{suffix}", f"{call.path}{suffix}")
