"""What the scanner keeps: the contexts it is in, and the places it found."""

from dataclasses import dataclass, field
from typing import Literal

from compiler.ir import Expression, HereDocument, Place, Quoting
from compiler.shelltext.embedded import Embedded

Kind = Literal["command", "list", "double", "parameter", "arithmetic", "here"]


@dataclass(slots=True, eq=False)
class Site:
    """A reference at `start:end` of the text that holds it: the source itself, or the
    innermost of `through` (which lead outwards, to the source)."""

    start: int
    end: int
    expression: Expression | None
    plain: bool
    quoting: Quoting
    place: Place = "text"
    program: str = ""
    here: HereDocument | None = None
    owner: object = None
    ansi: bool = False
    checkable: bool = True  # in arithmetic, its content would be evaluated
    text: str = ""  # of the text that holds it, "" for the source
    through: tuple[Embedded, ...] = ()
    inner: Quoting = "bare"
    nested: bool = False  # in the word of `${X:-word}`

    def outer(self) -> tuple[int, int]:
        """Its place in the text that `through` leads to."""
        return self.lifted(self.start, self.end)

    def lifted(self, start: int, end: int) -> tuple[int, int]:
        """`start:end` beside it, as a place in that text."""
        for embedded in self.through:
            start, end = embedded.outer(start, end)
        return start, end


@dataclass(slots=True, eq=False)
class PendingHere:
    """A here-document whose body has not been reached."""

    word: tuple[int, int]
    delimiter: str
    quoted: bool
    strip: bool
    owner: object
    reader: Literal["", "shell", "foreign"] = ""
    program: str = ""


@dataclass(slots=True, eq=False)
class Frame:
    """A context that the scanner is in. Each kind uses some of the fields.

    command, list (words that are no command: `a=(...)`, a pattern's group): `word` is
    the start of the current word or -1, `words` the finished ones.
    """

    kind: Kind
    start: int
    close: str = ""
    quoting: Quoting = "bare"
    place: Place = "text"
    owner: object = None
    site: Site | None = None  # parameter: the reference that it is
    nested: bool = False  # parameter, or within one
    # command
    word: int = -1
    words: list[tuple[int, int]] = field(default_factory=list)
    assignments: list[tuple[str, int]] = field(default_factory=list)
    redirect: bool = False
    test: bool = False
    operand: tuple[int, int] | None = None  # the last word within [[ ]]
    comparing: bool = False
    cases: list[str] = field(default_factory=list)
    first_site: int = 0
    heres: list[PendingHere] = field(default_factory=list)
    bodies: bool = False
    # parameter, arithmetic
    begins: bool = False  # right behind the name of `${name`
    default: int = -1
    pattern: bool = False
    brackets: list[str] = field(default_factory=list)
    sites: int = 0
    prefix: str = ""
    # here
    outer_limit: int = 0
    resume: int = 0
    pending: PendingHere | None = None
