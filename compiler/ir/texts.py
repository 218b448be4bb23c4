"""A text for a shell, and the references in it."""

from typing import TYPE_CHECKING, Literal

from compiler.ir.expressions import Expression
from compiler.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass


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
