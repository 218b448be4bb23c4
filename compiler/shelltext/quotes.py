"""A '...' or $'...' -> the references in it, which no shell expands."""

import re

from compiler.shelltext.contexts import Context
from compiler.shelltext.programs import hand_on
from compiler.shelltext.references import read_in_quotes
from compiler.shelltext.state import Scan

_IN_SINGLE = re.compile(r"\\*\$[{<]|'")
_IN_ANSI = re.compile(r"\\[\s\S]|\$[{<]|'")


def read_single_quotes(
    scan: Scan, context: Context, quote: int, ansi: bool = False
) -> None:
    """Reads on from the opening quote at `quote`; `ansi` says that a $ is before it."""
    special = _IN_ANSI if ansi else _IN_SINGLE
    end = resume = scan.limit
    position = quote + 1
    while found := special.search(scan.source, position, scan.limit):
        if found[0] == "'":
            end, resume = found.span()
            break
        position, site = read_in_quotes(scan, found, "single", scan.limit)
        if site is not None:
            site.place, site.owner, site.ansi = context.place, context.owner, ansi
    hand_on(scan, quote, end, "single", ansi)
    scan.position = resume
