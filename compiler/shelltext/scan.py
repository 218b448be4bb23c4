"""A shell text -> the places of references in it, and the names that it sets.

One pass over the text with a stack of contexts of its own: nesting has no limit, and
what a shell would refuse is passed over without complaint.
"""

import re
from collections.abc import Sequence
from typing import assert_never

from compiler.expressions import Locate
from compiler.shelltext.arithmetic import step_in_arithmetic
from compiler.shelltext.command_lines import step_in_command
from compiler.shelltext.contexts import (
    Arithmetic,
    Body,
    Command,
    DoubleQuotes,
    Expansion,
)
from compiler.shelltext.expansions import (
    step_in_body,
    step_in_double_quotes,
    step_in_expansion,
)
from compiler.shelltext.here_documents import leave_body
from compiler.shelltext.programs import hand_on
from compiler.shelltext.references import NAME, report_unclosed
from compiler.shelltext.simple_commands import end_command
from compiler.shelltext.sites import Site
from compiler.shelltext.state import Scan, enter_command, open_site

_DECLARED = re.compile(r"\b(?:declare|local|typeset)((?:[ \t]+[^\s;&|()]+)+)")


def scan_text(source: str, locate: Locate) -> Scan:
    """`sites` in the order of their starts, `assigned` and `diagnostics` of a text."""
    return _scan(source, locate, 0, (), frozenset(), embedded=False)


def _reread(
    source: str,
    locate: Locate,
    depth: int,
    handed: Sequence[Site],
    integers: frozenset[str],
) -> Scan:
    return _scan(source, locate, depth, handed, integers, embedded=True)


def _scan(
    source: str,
    locate: Locate,
    depth: int,
    handed: Sequence[Site],
    integers: frozenset[str],
    embedded: bool,
) -> Scan:
    handed = sorted(handed, key=lambda site: site.start)
    scan = Scan(
        source=source,
        locate=locate,
        reread=_reread,
        depth=depth,
        embedded=embedded,
        handed=handed,
        handed_starts=[site.start for site in handed],
        associative=_declared_with(source, "A"),
        integers=integers | _declared_with(source, "i"),
        limit=len(source),
    )
    text = enter_command(scan, 0)
    _read(scan)
    _close_open_sites(scan)
    if scan.contexts == [text]:
        end_command(scan, text)
    hand_on(scan, 0, len(source), "bare")
    scan.sites.sort(key=lambda site: (site.start, -site.end))
    return scan


def _read(scan: Scan) -> None:
    """Reads to the end, bit by bit, each by the rules of the innermost context."""
    while True:
        if scan.position >= scan.limit:
            if not leave_body(scan):
                break
            continue
        match scan.contexts[-1]:
            case Command() as context:
                step_in_command(scan, context)
            case DoubleQuotes() as context:
                step_in_double_quotes(scan, context)
            case Expansion() as context:
                step_in_expansion(scan, context)
            case Arithmetic() as context:
                step_in_arithmetic(scan, context)
            case Body() as context:
                step_in_body(scan, context)
            case other:
                assert_never(other)
    scan.position = scan.limit  # an escape may have gone beyond it


def _close_open_sites(scan: Scan) -> None:
    """What never ends is no reference; the outermost one is reported."""
    unclosed = [site for each in scan.contexts if (site := open_site(each))]
    if unclosed:
        report_unclosed(scan, unclosed[0].start)
    scan.sites = [site for site in scan.sites if site.end]


def _declared_with(source: str, letter: str) -> frozenset[str]:
    """Names that the text declares with that option."""
    if letter not in source or "-" not in source:
        return frozenset()
    names: set[str] = set()
    for found in _DECLARED.finditer(source):
        words = found[1].split()
        if any(word[0] == "-" and letter in word for word in words):
            names.update(
                each.group()
                for word in words
                if word[0] != "-" and (each := NAME.match(word.strip("'\"")))
            )
    return frozenset(names)
