"""A `$X`, `${...}` or `$<...>` at an offset -> a site, if it may be a reference of ours."""

import re

from compiler.diagnostics import Diagnostic
from compiler.expressions import Parsed, parse_at
from compiler.ir import Quoting, Reference, Template
from compiler.shelltext.contexts import Arithmetic, Context, Expansion
from compiler.shelltext.sites import Site
from compiler.shelltext.state import Scan

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NAMED = re.compile(r"\$\{([#!]?)([A-Za-z_][A-Za-z0-9_]*)")

# References hold references as well: longer ones are cut where they are only shown.
_SHOWN = 4096


def add_site(
    scan: Scan, start: int, end: int, context: Context, *, plain: bool
) -> Site:
    site = Site(start, end, None, plain, context.quoting, context.place)
    site.owner, site.nested = context.owner, context.nested
    scan.sites.append(site)
    return site


def add_variable(scan: Scan, start: int, end: int, context: Context, name: str) -> Site:
    """A whole `$X`, `${X}`, or the bare name of a variable in arithmetic."""
    site = add_site(scan, start, end, context, plain=True)
    text, span = scan.source[start:end], scan.locate(start, end)
    site.expression = Reference(text=text, name=name, span=span)
    return site


def add_parsed(scan: Scan, start: int, parsed: Parsed, context: Context) -> None:
    """A reference that no shell can read; the position is behind it."""
    if parsed.expression is not None:
        site = add_site(scan, start, parsed.end, context, plain=False)
        site.expression = parsed.expression
    scan.position = parsed.end


def leave(scan: Scan) -> None:
    """Leaves the innermost context; `position` is behind it. A reference ends with it."""
    context = scan.contexts.pop()
    if not isinstance(context, Expansion):
        scan.extents[context.start] = scan.position
        if not isinstance(context, Arithmetic):
            return
    site = context.site
    if site is None:
        return
    site.end = scan.position
    found = NAMED.match(scan.source, site.start)
    assert found is not None
    default = _default(scan, context, site) if isinstance(context, Expansion) else None
    site.expression = Reference(
        text=scan.source[site.start : min(site.end, site.start + _SHOWN)],
        name=found[2],
        default=default,
        span=scan.locate(site.start, site.end),
    )


def _default(scan: Scan, context: Expansion, site: Site) -> Template | None:
    start, end = context.default, site.end - 1
    if start < 0:
        return None
    word = scan.source[start : min(end, start + _SHOWN)]
    return Template(parts=(word,) if word else (), span=scan.locate(start, end))


def report_unclosed(scan: Scan, start: int) -> None:
    found = NAMED.match(scan.source, start)
    if found is None or scan.embedded:
        return
    scan.diagnostics.append(
        Diagnostic(
            code="WFC305",
            message=f"`{found[0]}` is never closed",
            span=scan.locate(start, found.end()),
            label="begins here",
            help="close it with `}`",
        )
    )


def read(scan: Scan, start: int) -> Parsed | None:
    """The reference of our grammar at `start`, unless it leaves the context."""
    angled = scan.source.startswith("$<", start)
    if angled and scan.unclosed_angle:
        return None
    parsed = parse_at(scan.source, start, scan.locate)
    if parsed is None:
        return None
    unclosed = parsed.expression is None and any(
        each.code == "WFC305" for each in parsed.diagnostics
    )
    if angled:
        scan.unclosed_angle = unclosed
    if unclosed and scan.embedded and not angled:
        return None
    scan.diagnostics.extend(parsed.diagnostics)
    if unclosed or parsed.end > scan.limit:
        return None
    return parsed


def read_in_quotes(
    scan: Scan, found: re.Match[str], quoting: Quoting, limit: int
) -> tuple[int, Site | None]:
    """What `found` begins in text that no shell expands: the offset to go on from, and
    the reference, whose owner is not known here.

    `found` is a `${` or `$<` with the backslashes before it, or another escape.
    """
    backslashes = len(found[0]) - 2
    if (found[0][0] == "\\" and backslashes % 2) or found[0][-1] not in "{<":
        return found.end(), None
    start = found.end() - 2
    if found[0][-1] == "<":
        parsed = read(scan, start)
    else:
        parsed = _read_whole(scan, start, quoting, limit)
    if parsed is None:
        return found.end(), None
    if parsed.expression is None:
        return parsed.end, None
    site = Site(start, parsed.end, parsed.expression, False, quoting)
    scan.sites.append(site)
    return parsed.end, site


def _read_whole(scan: Scan, start: int, quoting: Quoting, limit: int) -> Parsed | None:
    """A `${...}` in quotes: what is not a whole reference there is text (R1)."""
    if scan.source.find("}", start, limit) < 0:
        return None
    parsed = parse_at(scan.source, start, scan.locate)
    if parsed is None or parsed.expression is None or parsed.end > limit:
        return None
    if quoting == "single" and "'" in scan.source[start : parsed.end]:
        return None
    scan.diagnostics.extend(parsed.diagnostics)
    return parsed
