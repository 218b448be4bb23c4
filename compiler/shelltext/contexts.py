"""The contexts of a shell text -> what the scanner remembers while it is in one.

Contexts lie in each other without limit; the scanner has them on a stack. Each says how
a reference right in it stands (`quoting`, `place`), whether that is within the word of a
`${...}` (`nested`), and to which command or body it belongs (`owner`).
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from compiler.ir import Place, Quoting
from compiler.shelltext.sites import Site

# A word by its place in the source.
Word: TypeAlias = tuple[int, int]


@dataclass(slots=True, eq=False, repr=False)
class PendingBody:
    """A here-document whose body has not been reached."""

    word: Word
    delimiter: str
    quoted: bool
    strip: bool
    words: list[Word]  # of its command, by identity
    reader: Literal["", "shell", "foreign"] = ""  # who takes the body for a program
    program: str = ""
    sites: list[Site] = field(default_factory=list)  # once it has been read


@dataclass(slots=True, eq=False, repr=False)
class Command:
    """Commands, one after the other: the text itself, `$(...)`, `(...)`, `<(...)`.

    With `is_list` these are words that are no command: `a=(...)` for the `array` a, or a
    group in a pattern.
    """

    start: int
    close: str = ""
    is_list: bool = False
    array: str = ""
    quoting: Quoting = "bare"
    place: Place = "text"
    nested: bool = False
    owner: object = field(init=False)
    # the command that is being read
    first_site: int = 0
    word: int = -1  # where the current word starts
    words: list[Word] = field(default_factory=list)
    head: str = ""  # the first of them
    assignments: list[tuple[str, Word]] = field(default_factory=list)
    uncertain: bool = False  # whether it runs hangs on the one before it
    compounds: int = 0  # `if`, loops, `{` around it
    behind_compound: bool = False  # of which one has just ended
    redirect: bool = False  # the next word is a file's name
    here_string: bool = False  # or this
    strings: list[Word] = field(default_factory=list)  # of `<<<`
    has_input: bool = False  # its standard input is redirected
    # within [[ ]]: the last word, and whether the next one is compared with a number
    test: bool = False
    operand: Word | None = None
    comparing: bool = False
    # the `case`s around it: what comes next in each
    cases: list[Literal["subject", "pattern", "body"]] = field(default_factory=list)
    # what the pipe has printed so far that is in the text
    printed: list[Site | PendingBody] = field(default_factory=list)
    # here-documents of this line, and whether its end has been passed
    heres: list[PendingBody] = field(default_factory=list)
    bodies: bool = False

    def __post_init__(self) -> None:
        self.owner = self

    @property
    def in_pattern(self) -> bool:
        return bool(self.cases) and self.cases[-1] == "pattern"


@dataclass(slots=True, eq=False, repr=False)
class DoubleQuotes:
    start: int
    place: Place
    nested: bool
    owner: object
    quoting: Quoting = "double"


@dataclass(slots=True, eq=False, repr=False)
class Expansion:
    """`${...}`, to `}`; `site` if it is a reference that may be ours."""

    start: int
    quoting: Quoting
    place: Place
    owner: object
    site: Site | None = None
    nested: bool = True
    sigil: str = ""  # the # or ! before the name
    behind_name: bool = False
    default: int = -1  # where the word of `:-` begins
    is_pattern: bool = False  # the word is one: '...' quotes in it


@dataclass(slots=True, eq=False, repr=False)
class Arithmetic:
    """`((...))`, `$((...))`, `$[...]`, a subscript, and the offsets of `${X:1:2}`."""

    start: int
    close: Literal["))", "]", "}"]
    quoting: Quoting
    place: Place
    nested: bool
    owner: object
    first_site: int
    site: Site | None = None  # of `${X:1:2}`
    is_element: bool = False  # the subscript in front of an assignment, or a pattern
    brackets: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False, repr=False)
class Body:
    """The body of a here-document whose delimiter is not quoted.

    Within it the scanner's limit is its end; `outer_limit` is the one before, `resume`
    the offset behind the closing line.
    """

    start: int
    pending: PendingBody
    outer_limit: int
    resume: int
    first_site: int
    quoting: Quoting = "here"
    place: Place = "text"
    nested: bool = False
    owner: object = field(init=False)

    def __post_init__(self) -> None:
        self.owner = self


Context: TypeAlias = Command | DoubleQuotes | Expansion | Arithmetic | Body
