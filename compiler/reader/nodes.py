"""YAML events turned into three kinds of node, and offsets in a value into places."""

import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from compiler.source import Source, Span

# The place of the characters `start` to `end` of a value.
Locate: TypeAlias = Callable[[int, int], Span]


class ScalarNode(NamedTuple):
    """A scalar. `start` and `end` are offsets of what is written, quotes included.

    `style` is "" (plain), "'", '"', "|" or ">"; `tag` is "" without one. With the style "*"
    it is null, for an alias that leads nowhere, which has been reported.
    """

    text: str
    start: int
    end: int
    style: str = ""
    tag: str = ""


class ListNode(NamedTuple):
    items: "list[Node]"
    start: int
    end: int


class MapNode(NamedTuple):
    """A map: key text -> (key, value), in the order of the file. `whole`: no alias in it
    led nowhere."""

    entries: "dict[str, tuple[ScalarNode, Node]]"
    start: int
    end: int
    whole: bool = True


# Aliases are gone: an aliased node stands in several places.
Node: TypeAlias = ScalarNode | ListNode | MapNode

_ALIGNED_UP_TO = 200_000  # characters; a longer folded text is located as a whole
_QUOTED = re.compile(
    r"\\(u[dD][89aAbB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    r"|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)|''|.",
    re.DOTALL,
)
_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


def span_of(source: Source, node: Node) -> Span:
    """The place of a node: its first line, where it has several."""
    return source.span(node.start, node.end)


def locator(source: Source, scalar: ScalarNode) -> Locate:
    """How offsets within the value of `scalar` lie in the file.

    Exact, but for a text that cannot be followed back (then: the start of the scalar).
    """
    quotes = 1 if scalar.style in ("'", '"') else 0
    first = scalar.start + quotes
    if source.text[first : scalar.end - quotes] == scalar.text:
        return lambda start, end: source.span(first + start, first + end)
    found: list[list[int]] = []

    def locate(start: int, end: int) -> Span:
        if not found:
            found.append(_positions(source.text, scalar))
        places = found[0]
        if not 0 <= start < len(places):
            return span_of(source, scalar)
        last = places[min(max(end - 1, start), len(places) - 1)]
        return source.span(places[start], last + 1)

    return locate


def part(locate: Locate, offsets: list[int]) -> Locate:
    """`locate` for a text whose character n is character `offsets[n]` of the value."""

    def locate_part(start: int, end: int) -> Span:
        if not offsets:
            return locate(0, 0)
        first = offsets[min(start, len(offsets) - 1)]
        last = offsets[min(max(end - 1, start), len(offsets) - 1)]
        return locate(first, last + 1)

    return locate_part


def _positions(text: str, scalar: ScalarNode) -> list[int]:
    """The offset in the file of each character of the value; empty if not to be found."""
    if max(len(scalar.text), scalar.end - scalar.start) > _ALIGNED_UP_TO:
        return []
    if scalar.style == "|":
        return _literal_positions(text, scalar)
    if scalar.style in ("'", '"'):
        return _aligned(_quoted(text, scalar), scalar.text)
    first = text.find("\n", scalar.start) + 1 if scalar.style == ">" else scalar.start
    written = text[first : scalar.end]
    return _aligned(list(enumerate(written, first)), scalar.text)


def _literal_positions(text: str, scalar: ScalarNode) -> list[int]:
    """A literal block: every line of the value is a line of the file, behind its indent."""
    indent: int | None = None
    start = text.find("\n", scalar.start) + 1
    places: list[tuple[int, int, int]] = (
        []
    )  # start of the line, its length, the value's
    for line in scalar.text.split("\n"):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if indent is None and line.strip():
            if not text.endswith(line, start, end):
                return []
            indent = end - start - len(line)
        places.append((start, end - start, len(line)))
        start = min(end + 1, len(text))
    positions: list[int] = []
    for start, width, length in places:
        first = start + min(indent or 0, width)
        positions.extend(range(first, first + length + 1))
    return positions


def _quoted(text: str, scalar: ScalarNode) -> list[tuple[int, str]]:
    """Each character between the quotes, escapes read, with its offset in the file."""
    characters: list[tuple[int, str]] = []
    double = scalar.style == '"'
    for found in _QUOTED.finditer(text, scalar.start + 1, scalar.end - 1):
        written, escape = found.group(), found.group(1)
        if double and escape is not None:
            code = escape[1:]
            if len(code) == 10:  # both halves of a surrogate pair
                halves = bytes.fromhex(code.replace("\\u", ""))
                read = halves.decode("utf-16-be")
            else:
                read = chr(int(code, 16)) if code else _ESCAPES.get(escape, escape)
            characters.append((found.start(), read))
        elif not double and written == "''":
            characters.append((found.start(), "'"))
        else:
            characters.extend(enumerate(written, found.start()))
    return characters


def _aligned(written: list[tuple[int, str]], value: str) -> list[int]:
    """The offsets of the characters of `value`, which is `written` with lines folded."""
    positions: list[int] = []
    at = 0
    for character in value:
        if character not in " \t\n":
            while at < len(written) and written[at][1] in " \t\n":
                at += 1
            if at == len(written) or written[at][1] != character:
                return []
        if at == len(written):
            positions.append(written[-1][0] if written else 0)
            continue
        positions.append(written[at][0])
        if written[at][1] == character:
            at += 1
    return positions
