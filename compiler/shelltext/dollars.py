"""A `$` that a shell expands -> a site, or the context that begins with it."""

import re

from compiler.shelltext.contexts import Context
from compiler.shelltext.quotes import read_single_quotes
from compiler.shelltext.references import (
    NAME,
    NAMED,
    add_parsed,
    add_site,
    add_variable,
    read,
)
from compiler.shelltext.state import (
    Scan,
    enter_arithmetic,
    enter_command,
    enter_expansion,
    is_offset,
    never_evaluated,
    turn_into_offset,
)

_UNNAMED = re.compile(r"\$\{[#!]?(?:[0-9]+|[@*#?$!-])?")


def read_dollar(scan: Scan, context: Context) -> None:
    """Reads on from the `$` at the position."""
    source, position = scan.source, scan.position
    following = source[position + 1 : min(position + 2, scan.limit)]
    if following == "{":
        _brace(scan, context)
    elif following == "(":
        _parenthesis(scan)
    elif following == "<":
        parsed = read(scan, position)
        if parsed is None:
            scan.position += 2
        else:
            add_parsed(scan, position, parsed, context)
    elif following == "[":
        enter_arithmetic(scan, position, "]")
        scan.position += 2
    elif following == "'" and context.quoting == "bare":
        read_single_quotes(scan, context, position + 1, ansi=True)
    elif name := NAME.match(source, position + 1, scan.limit):
        add_variable(scan, position, name.end(), context, name[0])
        scan.position = name.end()
    elif following and following in "0123456789@*#?$!-":
        scan.extents[position] = scan.position = position + 2
    else:
        scan.position += 1


def _parenthesis(scan: Scan) -> None:
    start = scan.position
    if scan.source.startswith("((", start + 1) and start not in scan.subshells:
        enter_arithmetic(scan, start, "))")
        scan.position += 3
    else:
        enter_command(scan, start, ")")
        scan.position += 2


def _brace(scan: Scan, context: Context) -> None:
    source, start = scan.source, scan.position
    found = NAMED.match(source, start, scan.limit)
    if found is None:
        special = _UNNAMED.match(source, start, scan.limit)
        scan.position = special.end() if special else start + 2
        expansion = enter_expansion(scan, start)
        if special and is_offset(source, scan.position):
            turn_into_offset(scan, expansion)
            scan.position += 1
        return
    sigil, name = found.groups()
    behind = found.end()
    follows = source[behind : min(behind + 1, scan.limit)]
    if not sigil and follows and follows in ".-[":
        parsed = read(scan, start)
        if parsed is not None:
            add_parsed(scan, start, parsed, context)
            return
    scan.position = behind
    if follows == "}" and not sigil:
        add_variable(scan, start, behind + 1, context, name)
        scan.position += 1
    elif follows != ".":
        site = add_site(scan, start, 0, context, plain=True)
        if sigil == "#":  # a length
            never_evaluated(site)
        expansion = enter_expansion(scan, start)
        expansion.site, expansion.sigil, expansion.behind_name = site, sigil, True
