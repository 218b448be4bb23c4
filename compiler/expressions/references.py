"""Turns the text of a name with a path into a reference.

The patterns are those of `grammar/expression.lark`.
"""

import re

from compiler.expressions.reading import Reading
from compiler.ir import Expression, Reference

NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
ESCAPE = r"""\\["'\\/bfnrt]|\\u[0-9A-Fa-f]{4}"""
_KEY = (
    r"\.[A-Za-z0-9_][A-Za-z0-9_-]*"
    r"|\[[0-9]{1,9}\]"
    rf'|\["(?:{ESCAPE}|[^"\\])*"\]'
    rf"|\['(?:{ESCAPE}|[^'\\])*'\]"
)
REFERENCE = rf"({NAME})((?:{_KEY})*)"
BRACED = re.compile(rf"\$\{{{REFERENCE}")
ANGLED = re.compile(rf"\$<[ \t\r\n]*{REFERENCE}[ \t\r\n]*>")
UNDECLARED = re.compile(r"\$\{[0-9]+(?=\}|:-)")
NUMBERED = re.compile(r"\$\{([1-9][0-9]{0,3})()(?=\}|:-)")
WHOLE_REFERENCE = re.compile(REFERENCE)
_EACH_KEY = re.compile(_KEY)
PLAIN = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

ASCII_NAMES = "a name is made of the letters a to z, digits, `_` and `-`"


def unescaped(text: str) -> str:
    """The text that JSON's escapes in `text` stand for, pairs of surrogates joined."""

    def character(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) > 1:
            return chr(int(escape[1:], 16))
        return _ESCAPED.get(escape, escape)

    if "\\" not in text:
        return text
    plain = re.sub(r"\\(u[0-9A-Fa-f]{4}|[\s\S])", character, text)
    units = plain.encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "surrogatepass")


def path_of(keys: str) -> tuple[str | int, ...]:
    """`.a[0]["k"]` as `("a", 0, "k")`."""
    return tuple(
        (
            key[1:]
            if key[0] == "."
            else int(key[1:-1]) if key[1].isdigit() else unescaped(key[2:-2])
        )
        for key in _EACH_KEY.findall(keys)
    )


def to_reference(
    reading: Reading,
    match: re.Match[str],
    start: int,
    end: int,
    default: Expression | None = None,
) -> Reference:
    """The text from `start` to `end`; groups 1 and 2 of `match` are its name and path."""
    return Reference(
        text=reading.text[start:end],
        name=match[1],
        path=path_of(match[2]),
        default=default,
        span=reading.locate(start, end),
    )


def numbered(reading: Reading, start: int) -> re.Match[str] | None:
    """The `${N` at `start`, if there are so many positional params."""
    match = NUMBERED.match(reading.text, start)
    return match if match and int(match[1]) <= reading.positional else None
