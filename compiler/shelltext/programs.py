"""A stretch of the text that is a program of its own -> the references in it.

A command in backticks, the words of `sh -c` and `eval`, a here-document for a shell: what
a second shell reads there is scanned as a text of its own, and the sites that are found
know the way out (`Site.through`). Programs of other languages are only marked.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from compiler.ir import HereDocument, Quoting, Reference
from compiler.shelltext.contexts import Context, DoubleQuotes, Expansion, Word
from compiler.shelltext.embedded import OPAQUE, Embedded, backticks, program
from compiler.shelltext.references import NAMED
from compiler.shelltext.sites import Site
from compiler.shelltext.state import Scan
from compiler.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass

# How many programs within programs are followed (`sh -c 'sh -c "..."'`).
_MAX_PROGRAMS = 6

_BACKTICKS = re.compile(r"`(?:[^`\\]|\\[\s\S])*`")
_NO_SHELL_EXPANDS = ("single", "quoted_here")


@dataclass(frozen=True, slots=True)
class Program:
    """A text for a program named `head`: the parts `ranges` of the source, all quoted as
    `layer` says. Its sites have this `owner` and are not before number `first`."""

    head: str
    ranges: Sequence[Word]
    layer: Literal["bare", "here", "quoted_here"]
    owner: object
    first: int

    def sites(self, scan: Scan) -> Iterator[Site]:
        for site in scan.sites[self.first :]:
            if site.owner is self.owner and any(
                start <= site.start < end for start, end in self.ranges
            ):
                yield site


def read_backticks(scan: Scan, context: Context) -> None:
    start = scan.position
    found = _BACKTICKS.match(scan.source, start, scan.limit)
    if found is None:
        scan.position = scan.limit
        return
    end = found.end()
    quoted = isinstance(context, DoubleQuotes) or (
        isinstance(context, Expansion) and context.quoting == "double"
    )
    command = backticks(scan.source, start + 1, end - 1, quoted)
    inner = _scan_embedded(scan, command, scan.depth, ())
    scan.sites.extend(inner.sites)
    for name, place in inner.assigned.items():
        scan.set_name(name, command.outer(place, place)[0])
    scan.extents[start] = scan.position = end


def _scan_embedded(
    scan: Scan, embedded: Embedded, depth: int, handed: Sequence[Site]
) -> Scan:
    """The scan of a text within the text; its sites lead out to this one."""

    def locate(start: int, end: int) -> Span:
        return scan.locate(*embedded.outer(start, end))

    inner = scan.reread(embedded.text, locate, depth, handed, scan.integers)
    for site in inner.sites:
        if depth > scan.depth:
            site.inner = site.inner if site.through else site.quoting
            site.plain = site.plain or _reads_as_variable(site)
        if not site.through:
            site.text = embedded.text
        site.through = (*site.through, embedded)
        site.owner = None
    scan.diagnostics.extend(inner.diagnostics)
    return inner


def _reads_as_variable(site: Site) -> bool:
    """Whether `"${X}"` can stand for this `${X}` in the quotes of an inner shell."""
    expression = site.expression
    return (
        isinstance(expression, Reference)
        and site.quoting == "single"
        and expression.text == f"${{{expression.name}}}"
        and "-" not in expression.name
    )


def _is_name(site: Site) -> bool:
    """Whether it is `$X` or `${X}`."""
    expression = site.expression
    return isinstance(expression, Reference) and expression.text in (
        f"${expression.name}",
        f"${{{expression.name}}}",
    )


# ---- programs of another language


def mark(scan: Scan, code: Program, reader: Literal["foreign", "filter"]) -> None:
    """References in a program that is no shell's: a bare word of a filter is data."""
    for site in code.sites(scan):
        if site.place == "text" and (reader == "foreign" or site.quoting != "bare"):
            site.place, site.program = reader, code.head


# ---- programs of a shell


def read_shell_program(scan: Scan, code: Program) -> None:
    """Puts what the shell that reads `code` finds in it for what was found there.

    It reads the references of the outer shell as well, which are handed on to it (R4),
    and what stands in '...' it reads by its own rules.
    """
    own = list(code.sites(scan))
    taken = [
        site
        for site in own
        if site.quoting not in _NO_SHELL_EXPANDS
        and not site.through
        and site.place == "text"
    ]
    if scan.depth >= _MAX_PROGRAMS:
        for site in taken:
            site.place, site.program = "foreign", code.head
        return
    embedded = _embedded(scan, code, taken)
    quoted = [site for site in own if site.quoting in _NO_SHELL_EXPANDS]
    outermost = set(scan.handed_starts)
    handed = [*taken, *(site for site in quoted if site.start in outermost)]
    inner = _scan_embedded(scan, embedded, scan.depth + 1, _within(embedded, handed))
    for site in inner.sites:
        site.program = site.program or code.head
        if site.place == "text":
            site.place = "shell"
    _refuse_nested(scan, inner, taken, code.head)
    _refuse_pasted(inner, code.head)
    gone = {id(site) for site in (*taken, *quoted)}
    kept = [site for site in scan.sites[code.first :] if id(site) not in gone]
    refused = {site.start for site in kept if site.place == "foreign"}
    scan.sites[code.first :] = kept + [
        site
        for site in inner.sites
        if not _sets_itself(site, inner, embedded) and site.outer()[0] not in refused
    ]


def _embedded(scan: Scan, code: Program, taken: Iterable[Site]) -> Embedded:
    """The program as its reader sees it: of what is `taken`, the `${name` as written."""
    ends = {}
    for site in taken:
        named = NAMED.match(scan.source, site.start) if site.plain else None
        ends[site.start] = named.end() if named else site.end
    return program(scan.source, code.ranges, code.layer, ends, scan.extents)


def _within(embedded: Embedded, sites: Iterable[Site]) -> list[Site]:
    """The same references by their places in `embedded`."""
    return [
        Site(
            bisect_left(embedded.starts, site.start),
            bisect_left(embedded.starts, site.end),
            site.expression,
            site.plain,
            "bare",
        )
        for site in sites
    ]


def _refuse_nested(scan: Scan, inner: Scan, taken: Iterable[Site], head: str) -> None:
    """In the word of an expansion of the outer shell (`"${1:-$X}"`) the quoting of
    several readers cannot be told: there is no way to hand the reference on."""
    nested = {site.start for site in taken if site.nested}
    for site in inner.sites if nested else ():
        start = site.outer()[0]
        if start in nested and (
            site.quoting == "single"
            or len(site.through) > 1
            or scan.source[start - 1] == "\\"
        ):
            site.place, site.program = "foreign", head


def _refuse_pasted(inner: Scan, head: str) -> None:
    """A reference in a here-document with a quoted delimiter, into which a shell around
    pastes something else: with an open delimiter that would be expanded once more."""
    documents: dict[HereDocument, list[Site]] = {}
    for site in inner.sites:
        if site.here is not None:
            documents.setdefault(site.here, []).append(site)
    for here, sites in documents.items():
        body = sites[0].text[slice(*here.body)]
        mixed = len({_shown(site) for site in sites}) > 1
        if OPAQUE in body or (mixed and any(map(_expanded_around, sites))):
            for site in sites:
                site.place, site.program = "foreign", head


def _shown(site: Site) -> str:
    expression = site.expression
    if isinstance(expression, Reference):
        return expression.name if _is_name(site) else expression.text
    return site.text[site.start : site.end]


def _expanded_around(site: Site) -> bool:
    """Whether a shell around the one that finds `site` would expand it."""
    start = site.start
    for embedded in site.through:
        first, end = embedded.outer(start, start + 1)
        if embedded.layers[start] in ("bare", "double", "here") and end - first == 1:
            return True
        start = first
    return False


def _sets_itself(site: Site, inner: Scan, embedded: Embedded) -> bool:
    """Whether the inner shell alone reads this, and its program sets the name itself."""
    if len(site.through) != 1 or not site.plain:
        return False
    expression = site.expression
    name = expression.name if isinstance(expression, Reference) else ""
    if site.place == "arithmetic":
        own = inner.surely.get(name, ())
        if not any(word[1] <= site.start and _is_free(inner, word) for word in own):
            return False
    elif inner.assigned.get(name, site.start + 1) > site.start:
        return False
    start, end = embedded.outer(site.start, site.start + 1)
    return embedded.layers[site.start] in _NO_SHELL_EXPANDS or end - start > 1


def _is_free(inner: Scan, word: Word) -> bool:
    """Whether no reference is in it."""
    return not any(
        not each.through[1:] and word[0] <= each.start < word[1] for each in inner.sites
    )


def hand_on(
    scan: Scan, start: int, end: int, quoting: Quoting, ansi: bool = False
) -> None:
    """Adds the references of the outer shell from `start` to `end` that this text
    takes for something else: in quotes, in comments."""
    first = bisect_left(scan.handed_starts, start)
    last = bisect_left(scan.handed_starts, end)
    if first == last:
        return
    known = {site.outer()[0] for site in scan.sites}
    bound = [site.outer() for site in scan.sites if not site.plain]
    owner = scan.contexts[-1].owner if scan.contexts else None
    for site in scan.handed[first:last]:
        at = site.start
        if at not in known and not any(begin < at < to for begin, to in bound):
            found = replace(site, quoting=quoting, ansi=ansi, owner=owner)
            scan.sites.append(found)


def hand_on_to_body(scan: Scan, here: HereDocument) -> None:
    """The same for the body of `here`, which no shell expands."""
    first = len(scan.sites)
    hand_on(scan, *here.body, "quoted_here")
    for site in scan.sites[first:]:
        site.plain, site.here, site.owner = False, here, here
        if not _is_name(site):
            site.place, site.program = "foreign", "a shell within a shell"
