"""Where values come from, expressions over them, and the texts that hold these."""

from typing import TYPE_CHECKING, Literal, TypeAlias

from compiler.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass


Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

DEFAULT_SHELL = ("bash", "-e")

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
