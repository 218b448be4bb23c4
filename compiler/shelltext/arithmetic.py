"""What bash evaluates as arithmetic -> the names in it, checked before or set by it.

`((...))`, `$((...))`, subscripts, offsets, and the words of `let` and `[[ a -gt b ]]`:
in all of them bash evaluates what a variable holds, so even a bare name is a site.
"""

import re

from compiler.shelltext.contexts import Arithmetic, Command, Context, Word
from compiler.shelltext.dollars import read_dollar
from compiler.shelltext.programs import read_backticks
from compiler.shelltext.quotes import read_single_quotes
from compiler.shelltext.references import NAME, add_variable, leave
from compiler.shelltext.state import Scan, enter_subscript

# How many `((` may turn out to be two subshells before the text is read without care.
_MAX_REREADINGS = 32

_PLAIN = re.compile(r"[^A-Za-z0-9_$`'\\()\[\]}\n;]+")
_NUMBER = re.compile(r"[0-9][0-9A-Za-z_#@]*")
_OPERAND = re.compile(r"[$`]|[0-9][0-9A-Za-z_#@]*|[A-Za-z_][A-Za-z0-9_]*")
_SETS = re.compile(r"[ \t]*(?:(=)(?!=)|(?:[-+*/%&|^]|<<|>>)=|\+\+|--)")


def step_in_arithmetic(scan: Scan, context: Arithmetic) -> None:
    source, position = scan.source, scan.position
    plain = _PLAIN.match(source, position, scan.limit)
    if plain is not None:
        scan.position = plain.end()
        return
    character = source[position]
    if character == "$":
        read_dollar(scan, context)
    elif character == "`":
        read_backticks(scan, context)
    elif character == "\\":
        scan.position += 2
    elif name := NAME.match(source, position, scan.limit):
        scan.position = name.end()
        if context.place == "arithmetic":
            _name(scan, context, position, name.end())
        if name[0] in scan.associative and source.startswith("[", name.end()):
            enter_subscript(scan, name.end(), of=name[0])
            scan.position += 1
    elif number := _NUMBER.match(source, position, scan.limit):
        scan.position = number.end()
    elif character == "'" and context.close == "]" and context.quoting == "bare":
        read_single_quotes(scan, context, position)
    else:
        scan.position += 1
        _bracket(scan, context, character)


def read_operand(scan: Scan, command: Command, word: Word) -> None:
    """A word of `command` that bash evaluates; its expansions have been read."""
    start, end = word
    behind = {}
    for site in scan.sites[command.first_site :]:
        if site.owner is command and start <= site.start < end:
            behind[site.start] = site.end
            if site.checkable and site.place == "text":
                site.place = "arithmetic"
    position = start
    while found := _OPERAND.search(scan.source, position, end):
        at = found.start()
        position = behind.get(at) or scan.extents.get(at) or found.end()
        if found[0][0] not in "$`" and not found[0][0].isdigit():
            _name(scan, command, at, found.end())


def _name(scan: Scan, context: Context, start: int, end: int) -> None:
    name = scan.source[start:end]
    sets = _SETS.match(scan.source, end)
    if sets is None or not sets[1]:  # `x = 1` alone does not read x
        add_variable(scan, start, end, context, name).place = "arithmetic"
    if sets is not None or scan.source[max(0, start - 2) : start] in ("++", "--"):
        scan.set_name(name, end)


def _bracket(scan: Scan, context: Arithmetic, character: str) -> None:
    """`character` is behind us: a bracket, or what cannot stand in arithmetic."""
    if character in "([":
        context.brackets.append(character)
    elif character in ")]" and context.brackets:
        context.brackets.pop()
    elif character == ")" and context.close == "))":
        if scan.source.startswith(")", scan.position):
            scan.position += 1
            leave(scan)
        else:
            _reread_as_subshells(scan, context)
    elif character == context.close:
        leave(scan)
        if context.is_element and not scan.source.startswith(
            ("=", "+="), scan.position
        ):
            _forget_names(scan, context)
    elif character == "\n" and context.is_element:
        scan.position -= 1
        scan.contexts.pop()
        _forget_names(scan, context)


def _forget_names(scan: Scan, context: Arithmetic) -> None:
    """It was a pattern (`file[ab]`), no subscript."""
    kept = []
    for site in scan.sites[context.first_site :]:
        if scan.source[site.start] == "$" or site.through:
            site.place = "text" if site.place == "arithmetic" else site.place
            kept.append(site)
    scan.sites[context.first_site :] = kept


def _reread_as_subshells(scan: Scan, context: Arithmetic) -> None:
    """`((` was two subshells, as in `((a); b)`: it is read once more."""
    if len(scan.subshells) >= _MAX_REREADINGS:
        leave(scan)
        return
    scan.subshells.add(context.start)
    del scan.sites[context.first_site :]
    scan.contexts.pop()
    scan.position = context.start
