"""The scanner's state: the text, the position in it, the contexts around, the findings.

`enter_...` begins a context around what follows, `references.leave` ends the innermost
one. They do not move `position`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from compiler.diagnostics import Diagnostic
from compiler.expressions import Locate
from compiler.ir import Place
from compiler.shelltext.contexts import (
    Arithmetic,
    Command,
    Context,
    DoubleQuotes,
    Expansion,
)
from compiler.shelltext.sites import Site

# Scans a text that stands in a text: it, its way out, its depth, what another shell
# reads in it, and the names that are integers around it.
Reread: TypeAlias = Callable[[str, Locate, int, Sequence[Site], frozenset[str]], "Scan"]


@dataclass(slots=True, eq=False, repr=False)
class Scan:
    """`depth` counts the programs around this text (0: none), `embedded` says that it
    stands in another one. Reading goes from `position` to `limit`.

    `assigned`: name -> where it first holds. `surely`: name -> the assignments of it that
    run before all that follows, in the same shell. `extents`: start -> end of the expansions
    and quotes that have been read. `subshells`: where `((` opens two subshells.
    """

    source: str
    locate: Locate
    reread: Reread
    depth: int
    embedded: bool
    handed: Sequence[Site]  # ordered by their starts
    handed_starts: Sequence[int]
    associative: frozenset[str]
    integers: frozenset[str]  # what is assigned to these is evaluated
    limit: int
    position: int = 0
    contexts: list[Context] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    assigned: dict[str, int] = field(default_factory=dict)
    surely: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    extents: dict[int, int] = field(default_factory=dict)
    subshells: set[int] = field(default_factory=set)
    stdin_reader: str = ""  # the last command that takes our stdin for its program
    unclosed_angle: bool = False  # no `$<` from here on has an end
    missing: dict[tuple[str, bool], int] = field(default_factory=dict)  # delimiters

    def set_name(self, name: str, position: int) -> None:
        self.assigned.setdefault(name, position)


def enter_command(
    scan: Scan, start: int, close: str = "", is_list: bool = False
) -> Command:
    context = Command(start, close, is_list, first_site=len(scan.sites))
    scan.contexts.append(context)
    return context


def enter_double_quotes(scan: Scan, start: int) -> None:
    around = scan.contexts[-1]
    context = DoubleQuotes(start, around.place, around.nested, around.owner)
    scan.contexts.append(context)


def enter_expansion(scan: Scan, start: int) -> Expansion:
    around = scan.contexts[-1]
    context = Expansion(start, around.quoting, around.place, around.owner)
    scan.contexts.append(context)
    return context


def enter_arithmetic(
    scan: Scan, start: int, close: Literal["))", "]"], place: Place = "arithmetic"
) -> Arithmetic:
    around = scan.contexts[-1]
    context = Arithmetic(
        start,
        close,
        around.quoting,
        place,
        around.nested,
        around.owner,
        len(scan.sites),
    )
    scan.contexts.append(context)
    return context


def enter_subscript(scan: Scan, bracket: int, of: str) -> Arithmetic:
    """The subscript of the array `of`, whose `[` is at `bracket`."""
    place: Place = "text" if of in scan.associative else "arithmetic"
    return enter_arithmetic(scan, bracket, "]", place)


def turn_into_offset(scan: Scan, expansion: Expansion) -> None:
    """The innermost context goes on as arithmetic: `${X:` without one of `-=?+`."""
    scan.contexts[-1] = Arithmetic(
        expansion.start,
        "}",
        expansion.quoting,
        "arithmetic",
        expansion.nested,
        expansion.owner,
        len(scan.sites),
        expansion.site,
    )


def is_offset(source: str, position: int) -> bool:
    """Whether `:` of `${X:1}` is there, and no `:-` or the like."""
    follows = source[position : position + 2]
    return follows[:1] == ":" and follows[1:] not in [*"-=?+"]


def never_evaluated(site: Site) -> None:
    """In arithmetic it stands for a number, or for nothing of what it holds."""
    site.checkable = False
    if site.place == "arithmetic":
        site.place = "text"


def open_site(context: Context) -> Site | None:
    """The reference whose end is the end of `context`."""
    return context.site if isinstance(context, Expansion | Arithmetic) else None
