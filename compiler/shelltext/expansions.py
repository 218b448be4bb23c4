"""The inside of `${...}`, of "..." and of an expanding body -> what is expanded in it."""

import re

from compiler.shelltext.contexts import Body, DoubleQuotes, Expansion
from compiler.shelltext.dollars import read_dollar
from compiler.shelltext.programs import read_backticks
from compiler.shelltext.quotes import read_single_quotes
from compiler.shelltext.references import leave, report_unclosed
from compiler.shelltext.sites import Site
from compiler.shelltext.state import (
    Scan,
    enter_double_quotes,
    enter_subscript,
    is_offset,
    never_evaluated,
    turn_into_offset,
)

_PLAIN_IN_DOUBLE = re.compile(r'[^"\\$`]+')
_PLAIN_IN_BODY = re.compile(r"[^\\$`]+")
_PLAIN_IN_WORD = re.compile(r"[^}\\'\"`$]+")


def step_in_double_quotes(scan: Scan, context: DoubleQuotes) -> None:
    plain = _PLAIN_IN_DOUBLE.match(scan.source, scan.position, scan.limit)
    if plain is not None:
        scan.position = plain.end()
    elif scan.source[scan.position] == '"':
        scan.position += 1
        leave(scan)
    else:
        _special(scan, context)


def step_in_body(scan: Scan, context: Body) -> None:
    plain = _PLAIN_IN_BODY.match(scan.source, scan.position, scan.limit)
    if plain is not None:
        scan.position = plain.end()
    else:
        _special(scan, context)


def _special(scan: Scan, context: DoubleQuotes | Expansion | Body) -> None:
    match scan.source[scan.position]:
        case "$":
            read_dollar(scan, context)
        case "`":
            read_backticks(scan, context)
        case _:  # a backslash
            scan.position += 2


def step_in_expansion(scan: Scan, context: Expansion) -> None:
    if context.behind_name and context.site is not None:
        context.behind_name = False
        _operator(scan, context, context.site)
        return
    plain = _PLAIN_IN_WORD.match(scan.source, scan.position, scan.limit)
    if plain is not None:
        scan.position = plain.end()
        return
    match scan.source[scan.position]:
        case "}":
            scan.position += 1
            leave(scan)
        case "'" if context.quoting == "bare" or context.is_pattern:
            read_single_quotes(scan, context, scan.position)
        case "'":
            scan.position += 1
        case '"':
            enter_double_quotes(scan, scan.position)
            scan.position += 1
        case _:
            _special(scan, context)


def _operator(scan: Scan, context: Expansion, site: Site) -> None:
    """What stands behind the name of `${name`, or behind its subscript."""
    source, position = scan.source, scan.position
    character = source[position]
    name = source[context.start + 2 + len(context.sigil) : position]
    if context.sigil == "!":
        _indirect(scan, context, site)
    if character == "[" and not name.endswith("]"):
        enter_subscript(scan, position, of=name)
        context.behind_name = True
        scan.position += 1
    elif is_offset(source, position):
        turn_into_offset(scan, context)
        scan.position += 1
    elif character in ":-=+?":
        _default(scan, context, site)
    elif character in "#%/^,~@*":
        context.is_pattern = True
        if source.startswith("@P}", position):
            site.place, site.program = "foreign", "@P"
        scan.position += 1
    elif character != "}":
        _no_operator(scan, context)


def _default(scan: Scan, context: Expansion, site: Site) -> None:
    """`:-`, `-` and the like."""
    kind = scan.source[scan.position]
    scan.position += 1
    if kind == ":":
        kind = scan.source[scan.position]
        scan.position += 1
    if kind == "+":
        never_evaluated(site)
    if kind != "?":
        context.default = scan.position


def _indirect(scan: Scan, context: Expansion, site: Site) -> None:
    """`${!X}`: bash evaluates the content of X as a name with a subscript."""
    follows = scan.source[scan.position : scan.position + 3]
    if follows[:2] not in ("*}", "@}") and follows not in ("[@]", "[*]"):
        site.place, site.program = "foreign", "${!}"
    context.sigil = ""


def _no_operator(scan: Scan, context: Expansion) -> None:
    """It is no expansion: what follows is read as if it had not begun."""
    line_end = scan.source.find("\n", scan.position, scan.limit)
    line_end = scan.limit if line_end < 0 else line_end
    scan.contexts.pop()
    if scan.source.find("}", scan.position, line_end) < 0:
        report_unclosed(scan, context.start)
