"""A workflow, what stands around its steps, and a closed set of workflows."""

from typing import TYPE_CHECKING, Literal

from compiler.ir.conditions import Condition
from compiler.ir.expressions import Json, Template
from compiler.ir.steps import Export, Step, Variable
from compiler.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass


ParamType = Literal["string", "integer", "number", "boolean", "object", "array"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One param; positional ones are named "1", "2" ...

    `default` None: undeclared in the file (R1), from the environment, else empty.
    `bound`: frozen at compile time, no longer set by a run. `type` is what a schema says,
    None without one: its value is then a text. `required`: a run has to set it; it has an
    empty `default`.
    """

    name: str
    default: Template | None
    bound: bool = False
    type: ParamType | None = None
    required: bool = False
    span: Span

    @property
    def positional(self) -> bool:
        return self.name.isdigit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The JSON Schema of the object of all params, checked before anything starts.
    Nobody changes `document`."""

    document: Json
    span: Span


HandlerKind = Literal["init", "success", "failure", "cancel", "exit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """One time of a schedule: five fields, one space between them, in `zone` (None: the
    zone of the machine that keeps the schedule)."""

    fields: str
    zone: str | None = None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When runs start, are stopped, and are restarted, `restart_wait` seconds after they
    were stopped. `skip_if_successful`: no start when a run has succeeded since the last
    time."""

    start: tuple[Cron, ...] = ()
    stop: tuple[Cron, ...] = ()
    restart: tuple[Cron, ...] = ()
    restart_wait: int = 0
    skip_if_successful: bool = False
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue and how many may be in it at a time."""

    name: str
    size: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A value that is read when a run starts, from the environment variable or the file
    `key`, and shown nowhere (S11)."""

    name: str
    provider: Literal["env", "file"]
    key: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePattern:
    """One glob of `files`: what the steps need beside the workflow (W2)."""

    pattern: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class DotenvFile:
    """One file of `dotenv`, relative to the working folder."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The server for mails."""

    host: Template
    port: Template
    username: Template | None = None
    password: Template | None = None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A mail about a run that has ended (`errorMail`, `infoMail`)."""

    sender: Template
    to: tuple[Template, ...]
    prefix: Template | None = None
    attach_logs: bool = False
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One document. `order` has params and env in the order in which they are valued.

    `key` is its name within a program: the file and the name. `timeout` and `delay`
    (between the starts of two steps) are in seconds; `max_active_steps` and
    `max_active_runs` None are unlimited. `queue` is that of its runs. `handlers` are steps
    named by their kind, in the order init, success, failure, cancel, exit. `leaves` are the
    steps that no other one waits for, in file order: their outputs are the result of a
    call of this workflow (S4). `spans` are the places of keys whose values have none.

    `conditions` are its own preconditions, `exports` the environment of their commands.
    `dotenv` files are read before params and env are valued. `directory` is where the
    steps work, within the working folder; `log_directory` takes their logs. Runs older
    than `history_days`, and more than `history_runs`, are removed when a new one starts.
    `max_output` is in bytes (S3), `grace` in seconds from TERM to KILL (S6). `mail_on`
    says when `error_mail` and `info_mail` go out, by `smtp`.
    """

    name: str
    key: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    type: Literal["chain", "graph"] = "chain"
    params: tuple[Param, ...] = ()
    env: tuple[Variable, ...] = ()
    steps: tuple[Step, ...] = ()
    handlers: tuple[Step, ...] = ()
    max_active_steps: int | None = None
    timeout: int | None = None
    delay: int | None = None
    max_active_runs: int | None = None
    queue: str | None = None
    queues: tuple[Queue, ...] = ()
    schedule: Schedule | None = None
    secrets: tuple[Secret, ...] = ()
    workspace: Literal["shared", "isolated"] = "shared"
    files: tuple[FilePattern, ...] = ()
    conditions: tuple[Condition, ...] = ()
    dotenv: tuple[DotenvFile, ...] = ()
    directory: Template | None = None
    log_directory: Template | None = None
    group: str = ""
    history_days: int | None = None
    history_runs: int | None = None
    max_output: int | None = None
    grace: int | None = None
    schema: Schema | None = None
    smtp: Smtp | None = None
    mail_on: tuple[Literal["success", "failure"], ...] = ()
    error_mail: Notice | None = None
    info_mail: Notice | None = None
    span: Span
    spans: tuple[tuple[str, Span], ...] = ()
    order: tuple[Param | Variable, ...] = ()
    exports: tuple[Export, ...] = ()
    leaves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A closed set of workflows: what a step of one calls is in it.

    `entry` is the key of the one that a run starts, `entries` are those of all that can
    be started: the documents of the file that no other one calls (F5).
    """

    workflows: tuple[Workflow, ...]
    entry: str
    entries: tuple[str, ...] = ()

    @property
    def main(self) -> Workflow:
        return self.workflow(self.entry)

    def workflow(self, key: str) -> Workflow:
        """One of them; who wants many makes a dict, since this looks through all."""
        return next(each for each in self.workflows if each.key == key)


def span_of(key: str, owner: Workflow | Step) -> Span:
    """Where `key` stands in a workflow or step, else its own place."""
    return dict(owner.spans).get(key, owner.span)
