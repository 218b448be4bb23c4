"""A text of plain commands -> the references in it, without the scanner.

Most texts are words, quotes, names, pipes and redirections, and no command in them does
anything with its words that concerns us. A few patterns tell such a text and find its
references, in a tenth of the time that the scanner takes; any other text is left to it.
"""

import re
from functools import lru_cache

from compiler.expressions import Locate
from compiler.expressions.references import path_of
from compiler.ir import Quoting, Reference, ShellReference
from compiler.shelltext.commands import BEFORE_COMMAND
from compiler.shelltext.launching import MAY_START, is_interesting, may_start, use
from compiler.shelltext.quoting import unquoted

# What a text of plain commands is made of, but that a `$` may stand anywhere.
_DOUBLE = r'"(?:[^"\\`]++|\\[^\n])*+"'
_SINGLE = r"'(?:[^'$]++|\$(?![{<]))*+'"
_WORD = rf"(?:[^ \t\n'\"`\\;&|()<>\[]++|{_DOUBLE}|{_SINGLE})++"
_BLANK = r"[ \t]++(?:\\\n[ \t]*+)*+"
_COMMENT = r"#[^\n]*+"
_BETWEEN = rf"(?:[ \t\n]++|{_COMMENT})*+"
_REDIRECTS = r"(?:&>>?|>>|[<>]&?)[ \t]*+"
# Its first word, and the others. The first one is no assignment, no number of a
# redirection, and nothing that only groups commands.
_COMMAND = re.compile(
    rf"(?![#!{{}}0-9]|[A-Za-z_][A-Za-z0-9_]*\+?=)({_WORD})"
    rf"((?:(?:{_BLANK}|[ \t]*+{_REDIRECTS})(?!#){_WORD})*+)"
    rf"(?:{_BLANK}(?:{_COMMENT})?)?+(?:(?:;|&&?|\|\|?|\n){_BETWEEN}|\Z)"
)
_BEFORE = re.compile(_BETWEEN)
# `$NAME`, or `${NAME}` with a path (groups 1, 2 and 3), and what the shell alone has; any
# other `$` begins something else.
_DOLLAR = (
    r"\$(?:([A-Za-z_][A-Za-z0-9_]*)"
    r"|\{([A-Za-z_][A-Za-z0-9_-]*)((?:\.[A-Za-z0-9_][A-Za-z0-9_-]*|\[[0-9]{1,9}\])*+)\}"
    r"|[0-9@*#?$!-]|)"
)
_PIECE = re.compile(rf"(?<![^ \t\n;&|]){_COMMENT}|{_SINGLE}|{_DOUBLE}|{_DOLLAR}")
_IN_DOUBLE = re.compile(rf"\\.|{_DOLLAR}", re.DOTALL)

# So much of a word is looked at for the name of a program.
_ENOUGH = 256
_RESERVED = {*BEFORE_COMMAND, "case", "esac", "function", "select"}


def read_plain(source: str, locate: Locate) -> tuple[ShellReference, ...] | None:
    """The references of `source`, in order; None if it is no text of plain commands."""
    before = _BEFORE.match(source)
    position = before.end() if before else 0
    while position < len(source):
        command = _COMMAND.match(source, position)
        if command is None or not _is_plain(command):
            return None
        position = command.end()
    found: list[ShellReference] = []
    for piece in _PIECE.finditer(source):
        start, end = piece.span()
        if source[start] == "$":
            if not _add(found, piece, "bare", locate):
                return None
        elif source[start] == '"':
            for inner in _IN_DOUBLE.finditer(source, start + 1, end - 1):
                if not _add(found, inner, "double", locate):
                    return None
    return tuple(found)


def _is_plain(command: re.Match[str]) -> bool:
    """Whether `command` does nothing with its words but take them."""
    head, behind = command.groups()
    if head in _RESERVED:
        return False
    looked_at = _is_looked_at(head[:_ENOUGH])
    if not looked_at and MAY_START.search(_without_quotes(behind)) is None:
        return True
    each_word = re.compile(rf"[0-9]*+{_REDIRECTS}{_WORD}|({_WORD})")
    raw = each_word.findall(command.string, command.start(1), command.end(2))
    words = [unquoted(word[:_ENOUGH]) for word in raw if word]
    if not looked_at and not any(map(may_start, words[1:])):
        return True
    found = use(words)
    sets_or_reads = found.names or found.variables or found.arithmetic
    return not (found.programs or found.stdin or sets_or_reads)


@lru_cache
def _is_looked_at(head: str) -> bool:
    return is_interesting(unquoted(head))


def _without_quotes(words: str) -> str:
    return words.replace("'", "").replace('"', "")


def _add(
    found: list[ShellReference], piece: re.Match[str], quoting: Quoting, locate: Locate
) -> bool:
    """Adds what `piece` refers to, if that may be ours. False: it is a `$` that begins
    what only the scanner knows."""
    name, braced, path = piece.groups()
    if name is None and braced is None:
        return len(piece[0]) > 1
    start, end = piece.span()
    found.append(
        ShellReference(
            start=start,
            end=end,
            expression=Reference(
                text=piece[0],
                name=name or braced,
                path=path_of(path) if path else (),
                span=locate(start, end),
            ),
            plain=not path and "-" not in (name or braced),
            quoting=quoting,
        )
    )
    return True
