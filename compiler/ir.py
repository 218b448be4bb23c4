"""The program in the middle: what the front end makes of a file and a backend reads.

Plain frozen values, without behaviour. The reader fills in what a file says (aliases
and short forms end there: the IR has one way to say each thing), `resolve` fills in what
its names mean (`origins`, `edges`, `exports`); later passes never look a name up.
Rule numbers (R4, S5, ...) are those of `grammar/README.md`.
"""

from typing import TYPE_CHECKING, Literal, TypeAlias

from compiler.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

# ---- values: where they come from, and expressions over them

OriginKind = Literal[
    "step_env",  # a variable of the step's own `env`
    "param",  # a param, also one that was never declared (R1)
    "positional",  # `$1`, `$2` ... of the command line
    "output",  # the value that `step` gave to its `output: name`
    "field",  # output, exitCode, status, stdout or stderr of `step`
    "item",  # ITEM: the item of a fan-out
    "secret",  # a secret of the workflow (S11)
    "env",  # a variable of the workflow's `env`
    "special",  # DAG_NAME and its like
    "process",  # the environment of the process that runs the workflow
]


@dataclass(frozen=True, slots=True)
class Origin:
    """One place where a value can come from at run time. It may turn out to have none.

    An "output" of a call or a fan-out is its record (S4, F4), also where the step names
    none (`${step.outputs.K}`; `name` is "" then). The "field" `output` of a call is the
    result of the workflow that it ran, that of a fan-out its record.
    """

    kind: OriginKind
    name: str
    step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A literal of the expression language."""

    value: Json
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A use of a name: `${X}`, `${step.outputs.KEY[0].k:-default}`.

    `text` is as written, for messages. As read, `name` and `path` are its words and
    `origins` is empty. Resolved, `origins` are the candidates, best first (R8, R9): the
    first that has a value at run time counts, and `path` is what is left to walk into
    that value. `default` is what follows `:-`, None without one.
    """

    text: str
    name: str
    path: tuple[str | int, ...] = ()
    default: "Expression | None" = None
    origins: tuple[Origin, ...] = ()
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary:
    """An operator before its operand: `!X`, `-1`."""

    operator: Literal["!", "-"]
    operand: "Expression"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """An operator between two operands (R3)."""

    operator: Literal["==", "!=", "<", "<=", ">", ">=", "&&", "||", "+", "in"]
    left: "Expression"
    right: "Expression"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """`test ? then : otherwise`."""

    test: "Expression"
    then: "Expression"
    otherwise: "Expression"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall:
    """A call of one of the pure functions of R3, named as there."""

    name: str
    arguments: "tuple[Expression, ...]"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A list literal."""

    items: "tuple[Expression, ...]"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSubstitution:
    """A backtick text in params, env or a condition: its trimmed stdout (R6)."""

    command: "ShellText"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Text with references. Its value is the text of its parts, one after the other.

    A template of exactly one expression and no text has that expression's value.
    """

    parts: "tuple[str | Expression | CommandSubstitution, ...]"
    span: Span


Expression: TypeAlias = (
    Constant
    | Reference
    | Unary
    | Binary
    | Conditional
    | FunctionCall
    | ListOf
    | Template
)

# ---- shell text

Quoting = Literal[
    "bare",  # outside quotes
    "double",  # in "..."
    "single",  # in '...' (and $'...')
    "here",  # in an unquoted here-document
    "quoted_here",  # in a here-document whose delimiter is quoted
]
Place = Literal[
    "text",  # a word, a file name, an argument: the value is data
    "arithmetic",  # $((..)), ((..)), [[ .. -gt .. ]]: bash would evaluate the value
    "shell",  # the program text of sh -c, bash -c, eval
    "foreign",  # the program text of python -c, node -e, perl -e, ssh HOST
    "filter",  # the program text of awk, sed, jq
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HereDocument:
    """A here-document with a quoted delimiter: offsets into `ShellText.source`."""

    word: tuple[int, int]  # the delimiter as written, quotes included
    body: tuple[int, int]
    end: tuple[int, int]  # the closing line, without its line end
    delimiter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellReference:
    """A reference in a shell text, from `start` to `end` of its `source`.

    `plain` says that the shell reads it itself (`$X`, `${X}`, `${X:-d}` outside single
    quotes; a bare name in arithmetic): the text stays, and X is in the environment.
    `program` is the head of the command that reads a program text, for messages.
    `inner` is the quoting inside the program text of `sh -c`: "single" when an inner
    shell would see the reference within '...'.
    """

    start: int
    end: int
    expression: Expression
    plain: bool
    quoting: Quoting
    place: Place = "text"
    program: str = ""
    inner: Quoting = "bare"
    here: HereDocument | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellText:
    """A text for a shell and the references in it, in the order of their places.

    `assigned` are the names that the text itself sets (X=, for X, read X ...): there a
    local value wins. Resolved, `references` holds only what is ours.
    """

    source: str
    references: tuple[ShellReference, ...] = ()
    assigned: frozenset[str] = frozenset()
    span: Span


# ---- bodies of a step

DEFAULT_SHELL = ("bash", "-e")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`command:` as text: `SHELL -c TEXT`, with the positional params as `$1` ..."""

    text: ShellText
    shell: tuple[str, ...] = DEFAULT_SHELL


# A word that is a program of its own (`[bash, -c, TEXT]`) is a shell text.
ListWord: TypeAlias = Template | ShellText


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """`command:` as a list: one argv, never split again."""

    words: tuple[ListWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """`script:`: a file. `interpreter` starts it, the file is its last argument.

    Empty `interpreter`: the text's own shebang line decides. The text of a program that
    is no shell has no references (R4).
    """

    text: ShellText
    interpreter: tuple[Template, ...]


# What a process runs.
LeafBody: TypeAlias = Command | Arguments | Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One param of a call; positional ones are named "1", "2" ... (F2)."""

    name: str
    value: Template
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One entry of `candidates`, as written."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Callee:
    """A workflow that a call can run: its key in the program, and every spelling of it
    that `run` may come to (F1). The first of `names` is the one for messages."""

    names: tuple[str, ...]
    workflow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`run:` another workflow, in the caller's working folder.

    `name` is what was written; without references it has one callee, else the closed set
    of its candidates, of which the value of `name` chooses one when the step runs.
    `arguments` None: a fan-out without `params`, whose item is the argument (an object:
    its entries by name; anything else: the first positional one). `callees` come from
    `link`, in the order in which messages list them.
    """

    name: Template
    arguments: tuple[Argument, ...] | None = ()
    candidates: tuple[Candidate, ...] | None = None
    callees: tuple[Callee, ...] = ()
    span: Span

    @property
    def dynamic(self) -> bool:
        return any(not isinstance(part, str) for part in self.name.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of a list in the file. `structured`: an object or a list, whose value is
    JSON text; else it is a text, as written."""

    value: Template
    structured: bool = False


DEFAULT_WIDTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """`parallel:`: `body` once for each item, at most `width` at a time (F4).

    `items` is a list of the file or a value: a list, a text of a JSON list, or a text of
    lines or words. `conditions` are those of the step's that name ITEM; they hold for
    each item, as do the step's `retry`, `timeout`, `env` and `directory`.
    """

    items: "Template | tuple[Item, ...]"
    body: LeafBody | Call
    width: int | Template = DEFAULT_WIDTH
    conditions: "tuple[Condition, ...]" = ()
    span: Span


# What a step can be. A new kind of body is a new member here; the type checker then
# names every place that has to know it.
Body: TypeAlias = LeafBody | Call | Map

# ---- policies of a step


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A text, or behind `re:` a regular expression (R10). A condition wants a line that
    equals the text, `continueOn.output` a line that holds it; both a line where the
    expression is found."""

    text: str
    regex: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A condition that compares: some line of the value fits `expected`."""

    value: Template
    expected: Pattern
    negate: bool = False
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A condition that runs: `bash -c TEXT` in the working folder ends with 0."""

    command: ShellText
    negate: bool = False
    span: Span


Condition: TypeAlias = Match | Test


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Up to `limit` further tries. Before try k+1 (k = 0, 1 ...) it waits
    `interval * backoff**k` seconds, at most `max_interval`; with `exit_codes` only after
    one of these.
    """

    limit: int
    interval: int
    backoff: float = 1.0
    max_interval: int | None = None
    exit_codes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueOn:
    """When dependants run although this step did not succeed (S6)."""

    failure: bool = False
    skipped: bool = False
    exit_codes: tuple[int, ...] = ()
    output: tuple[Pattern, ...] = ()
    mark_success: bool = False
    span: Span


# How a step can end, seen by those that depend on it. `continued`: failed, and its
# `continueOn` allows it.
Ending = Literal["succeeded", "continued", "failed", "skipped", "aborted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`step` ends before; the dependant runs if it ended in one of `accepts`."""

    step: str
    accepts: frozenset[Ending]
    span: Span


# ---- names


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One entry of an `env`."""

    name: str
    value: Template
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One param; positional ones are named "1", "2" ...

    `default` None: undeclared in the file (R1), from the environment, else empty.
    `bound`: frozen at compile time, no longer set by a run.
    """

    name: str
    default: Template | None
    bound: bool = False
    span: Span

    @property
    def positional(self) -> bool:
        return self.name.isdigit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A name in a step's environment: the first of `origins` that has a value."""

    name: str
    origins: tuple[Origin, ...]


# ---- steps and workflows


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One entry of `depends`, by name or id, as written."""

    step: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step or handler. `edges`, `exports` and `captured` come from `resolve`.

    `depends` is None when it was not written (S1). `exports` is the environment that the
    step's processes get beside the special variables (R4), its own `env` included; of a
    fan-out that of each item, where ITEM and the step's `env` have more origins behind
    them: what the name is for the items, the width and the step's own conditions.
    `captured`: its stdout is kept as a value (`output:`, `.output`, a handler).
    `timeout` is in seconds and holds for each attempt. `queue` is the queue in which the
    step waits for its turn (S10). Of a fan-out `env` is that of each item: the items, the
    width and the step's own conditions do not see it. `spans` are as a workflow's.
    """

    name: str
    id: str | None = None
    description: str = ""
    body: Body
    depends: tuple[Dependency, ...] | None = None
    conditions: tuple[Condition, ...] = ()
    retry: Retry | None = None
    continue_on: ContinueOn | None = None
    output: str | None = None
    env: tuple[Variable, ...] = ()
    directory: Template | None = None
    timeout: int | None = None
    queue: str | None = None
    span: Span
    spans: tuple[tuple[str, Span], ...] = ()
    edges: tuple[Edge, ...] = ()
    exports: tuple[Export, ...] = ()
    captured: bool = False


HandlerKind = Literal["success", "failure", "cancel", "exit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """One time of a schedule: five fields, one space between them, in `zone` (None: the
    zone of the machine that keeps the schedule)."""

    fields: str
    zone: str | None = None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When runs start, are stopped, and are restarted."""

    start: tuple[Cron, ...] = ()
    stop: tuple[Cron, ...] = ()
    restart: tuple[Cron, ...] = ()
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
class Workflow:
    """One document. `order` has params and env in the order in which they are valued.

    `key` is its name within a program: the file and the name. `timeout` and `delay`
    (between the starts of two steps) are in seconds; `max_active_steps` and
    `max_active_runs` None are unlimited. `queue` is that of its runs. `handlers` are steps
    named by their kind, in the order success, failure, cancel, exit. `leaves` are the
    steps that no other one waits for, in file order: their outputs are the result of a
    call of this workflow (S4). `spans` are the places of keys whose values have none.
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
    span: Span
    spans: tuple[tuple[str, Span], ...] = ()
    order: tuple[Param | Variable, ...] = ()
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


SPECIAL_VARIABLES = (
    "DAG_NAME",
    "DAG_RUN_ID",
    "DAG_RUN_STEP_NAME",
    "DAG_RUN_LOG_FILE",
    "DAG_RUN_STATUS",
)
ITEM = "ITEM"
STEP_FIELDS = ("output", "exitCode", "status", "stdout", "stderr")
# Names that bash sets itself or that change how it reads: nobody else may define them.
BASH_NAMES = frozenset(
    [
        "UID",
        "EUID",
        "PPID",
        "BASHOPTS",
        "SHELLOPTS",
        "BASH_VERSINFO",
        "IFS",
        "OPTIND",
        "OPTARG",
        "LINENO",
        "RANDOM",
        "SECONDS",
        "FUNCNAME",
        "DIRSTACK",
        "GROUPS",
        "BASHPID",
        "BASH_COMMAND",
        "BASH_SUBSHELL",
        "SRANDOM",
        "EPOCHSECONDS",
        "EPOCHREALTIME",
        "PIPESTATUS",
        "_",
    ]
)


def is_reserved(name: str) -> bool:
    """Is `name` bash's or wfc's own, so that nothing may define or set it?"""
    ours = name in SPECIAL_VARIABLES or name.startswith(("WFC_", "wfc_"))
    return ours or name in BASH_NAMES
