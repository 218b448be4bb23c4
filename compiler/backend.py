"""What a target is to the compiler: a value with an emitter, and what it supports."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, assert_never

from compiler.diagnostics import Diagnostic
from compiler.ir import (
    Arguments,
    Call,
    Command,
    Docker,
    Http,
    Jq,
    LeafBody,
    Mail,
    Map,
    Program,
    Script,
    Service,
    Ssh,
    Step,
    Template,
    Test,
    Workflow,
    span_of,
)
from compiler.outcome import Outcome
from compiler.schemas.documents import has_unevaluated
from compiler.sizes import sizes
from compiler.source import Source, Span

Feature = Literal[
    "arguments",
    "call",
    "call-max-active-steps",
    "call-queue",
    "call-repeat",
    "call-retry",
    "calls-above-30-deep",
    "command-condition",
    "continue-on",
    "delay",
    "description",
    "directory",
    "docker",
    "dotenv",
    "dynamic-call",
    "fan-out",
    "files",
    "group",
    "handler-cancel",
    "handler-exit",
    "handler-failure",
    "handler-init",
    "handler-success",
    "history",
    "http",
    "jq",
    "log-directory",
    "mail",
    "mail-on",
    "max-active-runs",
    "max-active-runs-above-one",
    "max-active-steps",
    "max-active-steps-above-one",
    "max-clean-up-time",
    "max-output-size",
    "params",
    "params-above-25",
    "params-schema",
    "params-schema-unevaluated",
    "positional-params",
    "queue",
    "queue-above-one",
    "repeat",
    "restart-wait",
    "retry",
    "retry-by-value",
    "run-timeout",
    "schedule",
    "schedule-below-5-minutes",
    "schedule-in-two-zones",
    "schedule-stop",
    "schedule-without-zone",
    "script",
    "secrets",
    "skip-if-successful",
    "ssh",
    "step-files",
    "step-queue",
    "step-queue-above-one",
    "step-timeout",
    "steps-above-1000",
    "stop-signal",
    "value-condition",
    "workflow-conditions",
    "working-directory",
    "workspace",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One emitted file: `path` is relative to the folder that the target writes to."""

    path: str
    text: str
    executable: bool = False


Emit: TypeAlias = Callable[[Program, Mapping[str, Source]], Iterator[File]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A target. `supports` says what it does with a feature: "" exactly, a sentence with
    this loss; what is missing is refused before emission. `emit` never raises on a
    checked program. It gets the program's files by the names that spans carry, the
    entry's first; each one's own `name` is how headers and comments call it. `extras`
    emit the same with something more, by the words of `wfc compile --with`, `jobs` with
    other parts on one machine, by those of `--jobs`. `home` is the folder of the files in
    a repository, from its root; "" is that of the workflow. `largest`: the target takes
    no file with more bytes.
    """

    name: str
    title: str
    supports: Mapping[Feature, str]
    emit: Emit
    extras: Mapping[str, Emit] = field(default_factory=dict)
    jobs: Mapping[str, Emit] = field(default_factory=dict)
    home: str = ""
    largest: int | None = None


class CannotRun(Exception):
    """An engine cannot run what was emitted; the reason is for the user."""


class Run(Protocol):
    """Runs `file`, the first that was emitted; others lie where their paths say. It was
    made of `program`, which is for those who have to read back what its steps came to.
    `words` are those of a command line, `environment` is that of the caller (`WFC_HOME`
    in it is the home of run folders), None for this process's. What ends it early, a
    signal or that `seconds` have passed, ends the run and all of its processes before it
    is raised. Raises CannotRun where there is no outcome, and subprocess.TimeoutExpired.
    """

    def __call__(
        self,
        file: Path,
        *,
        program: Program,
        words: Sequence[str],
        work_dir: Path,
        environment: Mapping[str, str] | None,
        seconds: float | None,
    ) -> Outcome: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What a target is made for, as it is on this machine: `name` for messages. `missing`
    says in an environment what is not there and how to get it, "" when all is there;
    `lacks` the same of what these very files need beside that."""

    name: str
    missing: Callable[[Mapping[str, str]], str]
    run: Run
    lacks: Callable[[Sequence[File], Mapping[str, str]], str] = (
        lambda _files, _names: ""
    )


def features(program: Program) -> Iterator[tuple[Feature, Span]]:
    """What `program` uses of the features that a target may lack, each with its place."""
    for workflow in program.workflows:
        if workflow.key == program.entry:
            yield from _features_of_runs(program, workflow)
        if workflow.description:
            yield "description", span_of("description", workflow)
        if workflow.max_active_steps is not None:
            yield _active_steps(program, workflow), span_of("maxActiveSteps", workflow)
        if workflow.timeout is not None:
            yield "run-timeout", span_of("timeoutSec", workflow)
        if workflow.delay is not None:
            yield "delay", span_of("delaySec", workflow)
        yield from _surroundings(workflow)
        if workflow.workspace == "isolated":
            yield "workspace", span_of("workspace", workflow)
        for param in workflow.params:
            yield "positional-params" if param.positional else "params", param.span
        for secret in workflow.secrets:
            yield "secrets", secret.span
        for pattern in workflow.files:
            yield "files", pattern.span
        for step in workflow.steps:
            yield from _step_features(step, program, workflow)
        for handler in workflow.handlers:
            yield _HANDLERS[handler.name], handler.span
            yield from _step_features(handler, program, workflow)


def _active_steps(program: Program, workflow: Workflow) -> Feature:
    if workflow.key != program.entry:
        return "call-max-active-steps"
    many = workflow.max_active_steps != 1
    return "max-active-steps-above-one" if many else "max-active-steps"


def _features_of_runs(
    program: Program, workflow: Workflow
) -> Iterator[tuple[Feature, Span]]:
    """What is about runs that are started on their own, not about calls."""
    if workflow.queue is not None:
        size = queue_size(workflow.queue, workflow)
        name: Feature = "queue" if size == 1 else "queue-above-one"
        yield name, span_of("queue", workflow)
    if workflow.max_active_runs is not None:
        one = workflow.max_active_runs == 1
        name = "max-active-runs" if one else "max-active-runs-above-one"
        yield name, span_of("maxActiveRuns", workflow)
    yield from _copies(program)
    settable = [it for it in workflow.params if not it.bound]
    if len(settable) > 25:
        yield "params-above-25", settable[25].span
    if workflow.schedule is not None:
        if workflow.schedule.start:
            yield "schedule", workflow.schedule.span
        for cron in workflow.schedule.start:
            if shortest_pause(cron.fields) < 5:
                yield "schedule-below-5-minutes", cron.span
            if cron.zone is None:
                yield "schedule-without-zone", cron.span
            if (cron.zone or "UTC") != (workflow.schedule.start[0].zone or "UTC"):
                yield "schedule-in-two-zones", cron.span
        if workflow.schedule.stop or workflow.schedule.restart:
            yield "schedule-stop", workflow.schedule.span
        if workflow.schedule.restart_wait:
            yield "restart-wait", span_of("restartWaitSec", workflow)
        if workflow.schedule.skip_if_successful:
            yield "skip-if-successful", span_of("skipIfSuccessful", workflow)
    if workflow.history_days is not None or workflow.history_runs is not None:
        days = "histRetentionDays"
        key = "histRetentionRuns" if workflow.history_days is None else days
        yield "history", span_of(key, workflow)
    if workflow.log_directory is not None:
        yield "log-directory", workflow.log_directory.span
    if workflow.group:
        yield "group", span_of("group", workflow)


def _copies(program: Program) -> Iterator[tuple[Feature, Span]]:
    """What a run is too large for where each call is a copy of what it calls."""
    total, deep = 0, False
    for step, size in sizes(program):
        if total <= 1000 < total + size.steps:
            yield "steps-above-1000", step.span
        if size.depth > 30 and not deep:
            yield "calls-above-30-deep", step.span
        total, deep = total + size.steps, deep or size.depth > 30


def _surroundings(workflow: Workflow) -> Iterator[tuple[Feature, Span]]:
    """What a workflow that few write has around its steps."""
    for condition in workflow.conditions:
        yield "workflow-conditions", condition.span
    for file in workflow.dotenv:
        yield "dotenv", file.span
    if workflow.directory is not None:
        yield "working-directory", workflow.directory.span
    if workflow.schema is not None:
        yield "params-schema", workflow.schema.span
        document = workflow.schema.document
        if isinstance(document, dict) and has_unevaluated(document):
            yield "params-schema-unevaluated", workflow.schema.span
    if workflow.max_output is not None:
        yield "max-output-size", span_of("maxOutputSize", workflow)
    if workflow.grace is not None:
        yield "max-clean-up-time", span_of("maxCleanUpTimeSec", workflow)
    if workflow.mail_on:
        yield "mail-on", span_of("mailOn", workflow)


_HANDLERS: dict[str, Feature] = {
    "init": "handler-init",
    "success": "handler-success",
    "failure": "handler-failure",
    "cancel": "handler-cancel",
    "exit": "handler-exit",
}


def queue_size(queue: str, *workflows: Workflow) -> int:
    """How many may be in `queue`, by the first of `workflows` that says it; else as many
    as there may be runs of the last, else one."""
    for workflow in workflows:
        for each in workflow.queues:
            if each.name == queue:
                return each.size
    return workflows[-1].max_active_runs or 1


def shortest_pause(fields: str) -> int:
    """Minutes between two times of the five `fields` of cron that follow each other in an
    hour, or in two hours that do; 60 where there are none."""
    minute, hour, *_ = fields.split(" ")
    minutes = sorted(_listed(minute, 60))
    pauses = [after - before for before, after in pairwise(minutes)]
    hours = _listed(hour, 24)
    if minutes and any((each + 1) % 24 in hours for each in hours):
        pauses.append(minutes[0] + 60 - minutes[-1])
    return min(pauses, default=60)


def _listed(field: str, size: int) -> set[int]:
    """The numbers of a field of cron that has no names, below `size`."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            numbers = range(size)
        elif last or not step:
            numbers = range(int(first), int(last or first) + 1)
        else:
            numbers = range(int(first), size)
        found.update(numbers[:: int(step or 1)])
    return found


def _queue_feature(step: Step, program: Program, workflow: Workflow) -> Feature:
    assert step.queue is not None
    body = step.body
    if isinstance(body, Call | Map):
        return "call-queue"
    size = queue_size(step.queue, program.main, workflow)
    return "step-queue" if size == 1 else "step-queue-above-one"


def _step_features(
    step: Step, program: Program, workflow: Workflow
) -> Iterator[tuple[Feature, Span]]:
    conditions = step.conditions
    body = step.body.body if isinstance(step.body, Map) else step.body
    calls = isinstance(body, Call)
    if isinstance(step.body, Map):
        yield "fan-out", step.body.span
        yield from _body_features(step, step.body.body)
        conditions += step.body.conditions
    else:
        yield from _body_features(step, step.body)
    if step.directory is not None:
        yield "directory", step.directory.span
    for file in (step.stdout, step.stderr):
        if file is not None:
            yield "step-files", file.span
    if step.retry is not None:
        yield "call-retry" if calls else "retry", span_of("retryPolicy", step)
        for number in (step.retry.limit, step.retry.interval):
            if isinstance(number, Template):
                yield "retry-by-value", number.span
    if step.repeat is not None:
        yield "call-repeat" if calls else "repeat", step.repeat.span
    if step.stop_signal is not None:
        yield "stop-signal", span_of("signalOnStop", step)
    if step.mail_on_error:
        yield "mail-on", span_of("mailOnError", step)
    if step.continue_on is not None:
        yield "continue-on", step.continue_on.span
    if step.timeout is not None:
        yield "step-timeout", span_of("timeoutSec", step)
    if step.queue is not None:
        yield _queue_feature(step, program, workflow), span_of("queue", step)
    for condition in conditions:
        test = isinstance(condition, Test)
        yield "command-condition" if test else "value-condition", condition.span


def _body_features(step: Step, body: LeafBody | Call) -> Iterator[tuple[Feature, Span]]:
    match body:
        case Arguments():
            yield "arguments", step.span
        case Script():
            yield "script", step.span
        case Call():
            yield "dynamic-call" if body.dynamic else "call", body.span
        case Command():
            pass
        case _:
            yield _service(body), body.span


def _service(body: Service) -> Feature:
    match body:
        case Jq():
            return "jq"
        case Http():
            return "http"
        case Docker():
            return "docker"
        case Ssh():
            return "ssh"
        case Mail():
            return "mail"
        case _:
            assert_never(body)


def unsupported(program: Program, backend: Backend) -> Iterator[Diagnostic]:
    """What `backend` refuses in `program` (WFC401) or translates with a loss (WFC402)."""
    for feature, span in features(program):
        loss = backend.supports.get(feature)
        if loss is None:
            yield Diagnostic(
                code="WFC401",
                message=f"{backend.title} has no translation of `{feature}`",
                span=span,
                help="`wfc targets` shows which target supports what",
            )
        elif loss:
            yield Diagnostic(code="WFC402", message=loss, span=span)


def oversized(
    program: Program, files: Sequence[File], backend: Backend
) -> Iterator[Diagnostic]:
    """What `backend` has made of `program` and the target does not take, at what most of
    it comes from (WFC401)."""
    most = backend.largest
    for file in files:
        size = len(file.text.encode("utf-8", "surrogatepass"))
        if most is not None and size > most:
            step, largest = max(sizes(program), key=lambda each: each[1].steps)
            yield Diagnostic(
                code="WFC401",
                message=f"{backend.title} takes no file above {most // 1000} kB, "
                f"and this makes one of {size // 1000} kB",
                span=step.span if largest.depth else program.main.span,
                help="each call is a copy of what it calls, and each step has its text",
            )


def mangle(name: str, alphabet: str, limit: int, taken: Set[str]) -> str:
    """A name for a target that allows only `alphabet` and `limit` characters.

    Readable and deterministic: other characters become `-`, and a short hash of `name`
    follows where that changed it, was too long, or hit one of `taken`. `alphabet` is the
    inside of a regular expression's character class and allows `-`; `limit` is at least 16.

    >>> mangle("load data", "A-Za-z0-9_-", 40, set())
    'load-data-0206f7'
    >>> mangle("load", "A-Za-z0-9_-", 40, set())
    'load'
    """
    import hashlib  # few names need it

    plain = re.sub(f"[^{alphabet}]", "-", name)
    if plain == name and name and len(name) <= limit and name not in taken:
        return name
    salt = 0
    while True:
        seed = f"{name}\0{salt}" if salt else name
        digest = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:6]
        mangled = f"{plain[: limit - 7]}-{digest}"
        if mangled not in taken:
            return mangled
        salt += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """The folder names below `steps/` of a run folder, by step name and handler kind."""

    steps: Mapping[str, str]
    handlers: Mapping[str, str]


def folders(workflow: Workflow) -> Folders:
    """A folder for each step and handler; no two differ in case alone, since some file
    systems take them for one."""
    taken: set[str] = set()

    def folder(name: str) -> str:
        found = mangle(name, "A-Za-z0-9_-", 100, taken)
        if found.lower() in taken:
            found = mangle(name, "A-Za-z0-9_-", 100, {*taken, found})
        taken.update((found, found.lower()))
        return found

    return Folders(
        steps={step.name: folder(step.name) for step in workflow.steps},
        handlers={it.name: folder(f"handler-{it.name}") for it in workflow.handlers},
    )
