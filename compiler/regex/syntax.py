"""Turns the text of a pattern into a tree, or says why it is refused (R10).

For Python 3.10, too, as `matching` is.
"""

import re
from typing import NamedTuple, TypeAlias

# ---- the tree


class Character(NamedTuple):
    """The character `text` itself."""

    text: str


class Dot(NamedTuple):
    """Any character but a line end."""


class Class(NamedTuple):
    """One character out of `ranges` (code points, both ends included), or none of them."""

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False


class Anchor(NamedTuple):
    """The beginning (`^`) or the end (`$`) of the text."""

    end: bool


class Group(NamedTuple):
    """A pattern in parentheses."""

    inner: "Node"


class Repeat(NamedTuple):
    """`inner` from `least` to `most` times; None: as often as there are."""

    inner: "Node"
    least: int
    most: int | None


class Sequence(NamedTuple):
    """One after the other."""

    items: "tuple[Node, ...]"


class Choice(NamedTuple):
    """One of them."""

    alternatives: "tuple[Node, ...]"


Node: TypeAlias = Character | Dot | Class | Anchor | Group | Repeat | Sequence | Choice


class Problem(NamedTuple):
    """Why a pattern is refused, and the offset of what is at fault."""

    offset: int
    message: str


# ---- reading

_DIGITS = ((0x30, 0x39),)
_LETTERS = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACES = ((0x09, 0x0D), (0x20, 0x20))
_ESCAPES = {"d": _DIGITS, "w": _LETTERS, "s": _SPACES}
PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")

_BOUNDS = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")
_MOST = 255  # POSIX allows a system no more (RE_DUP_MAX)
_MOST_COPIES = 1000  # RE2's limit for bounds within bounds
_LARGEST = 10_000  # characters of a pattern, bounds multiplied out
_DEEPEST = 50
_WIDEST = 1000  # bash's classes list what lies beyond ASCII one by one


class _Refused(Exception):
    """Ends the reading of a pattern; `parse` makes a Problem of it."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(offset, message)


def parse(text: str) -> Node | Problem:
    """The tree of the pattern `text`, or why it is refused.

    >>> parse("a|b")
    Choice(alternatives=(Character(text='a'), Character(text='b')))
    >>> parse("a*?")
    Problem(offset=2, message='a repeat cannot be repeated, nor be lazy or possessive')
    """
    if not text:
        return Sequence(())
    try:
        node, end = _choice(text, 0, 0)
        if end < len(text):
            raise _Refused(end, "this `)` closes nothing: a literal one is `\\)`")
        if _size(node, 1) > _LARGEST:
            message = (
                f"a pattern has at most {_LARGEST} characters, bounds multiplied out"
            )
            raise _Refused(0, message)
    except _Refused as refused:
        return refused.problem
    return node


def _choice(text: str, position: int, depth: int) -> tuple[Node, int]:
    if depth > _DEEPEST:
        raise _Refused(position - 1, "the groups are nested too deeply")
    alternatives: list[Node] = []
    while True:
        items, end = _sequence(text, position, depth)
        if not items:
            raise _Refused(position, "an alternative or a group is empty: use `?`")
        alternatives.append(items[0] if len(items) == 1 else Sequence(tuple(items)))
        if text[end : end + 1] != "|":
            break
        position = end + 1
    if len(alternatives) == 1:
        return alternatives[0], end
    return Choice(tuple(alternatives)), end


def _sequence(text: str, position: int, depth: int) -> tuple[list[Node], int]:
    items: list[Node] = []
    while position < len(text) and text[position] not in "|)":
        if text[position] in "*+?" or _BOUNDS.match(text, position):
            raise _Refused(position, f"nothing before `{text[position]}` to repeat")
        node, end = _item(text, position, depth)
        items.append(node)
        position = end
        repeat = _repeat(text, position, node)
        if repeat is None:
            continue
        items[-1], position = repeat
        if text[position : position + 1] in ("*", "+", "?", "{"):
            message = "a repeat cannot be repeated, nor be lazy or possessive"
            raise _Refused(position, message)
    return items, position


def _repeat(text: str, position: int, node: Node) -> tuple[Repeat, int] | None:
    mark = text[position : position + 1]
    if mark not in ("*", "+", "?", "{"):
        return None
    if isinstance(node, Anchor):
        raise _Refused(position, "`^` and `$` cannot be repeated")
    if mark == "{":
        return _bounded(text, position, node)
    least = 1 if mark == "+" else 0
    return Repeat(node, least, 1 if mark == "?" else None), position + 1


def _bounded(text: str, position: int, node: Node) -> tuple[Repeat, int]:
    bounds = _BOUNDS.match(text, position)
    if bounds is None:
        message = "after `{` come bounds, as in `{2}`, `{2,}`, `{2,5}`: a literal one is `\\{`"
        raise _Refused(position, message)
    # Long digits are not worth converting: three are enough to be too many.
    low, high = bounds[1].lstrip("0"), (bounds[3] or "").lstrip("0")
    if max(len(low), len(high)) > 3 or max(int(low or 0), int(high or 0)) > _MOST:
        raise _Refused(position, f"a bound is at most {_MOST}")
    least = int(low or 0)
    most = least if bounds[2] is None else int(high or 0) if bounds[3] else None
    if most is not None and most < least:
        raise _Refused(position, "the lower bound is above the upper one")
    return Repeat(node, least, most), bounds.end()


def _item(text: str, position: int, depth: int) -> tuple[Node, int]:
    """One character, class, anchor or group, and the offset behind it."""
    behind = position + 1
    match text[position]:
        case "(":
            if text.startswith("?", behind):
                raise _Refused(position, "of groups there is only `(...)`, no `(?`")
            inner, end = _choice(text, behind, depth + 1)
            if end == len(text):
                raise _Refused(position, "this `(` is not closed")
            return Group(inner), end + 1
        case "[":
            return _class(text, position)
        case ".":
            return Dot(), behind
        case "^":
            return Anchor(end=False), behind
        case "$":
            return Anchor(end=True), behind
        case "{":
            raise _Refused(position, "a literal `{` is written `\\{`")
        case "\\":
            found = _escape(text, position)
            node = Character(found) if isinstance(found, str) else Class(found)
            return node, position + 2
        case "\0":
            raise _Refused(position, "a text has no NUL")
        case character:
            return Character(character), behind


def _escape(text: str, position: int) -> str | tuple[tuple[int, int], ...]:
    """What the backslash at `position` makes of the character behind it."""
    letter = text[position + 1 : position + 2]
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter in PUNCTUATION:
        return letter
    if not letter:
        raise _Refused(
            position, "a backslash ends the pattern: a literal one is `\\\\`"
        )
    if letter in "123456789":
        raise _Refused(position, "there are no references back to a group")
    message = f"`\\{letter}` is not known: of letters there are `\\d`, `\\w` and `\\s`"
    raise _Refused(position, message)


def _class(text: str, start: int) -> tuple[Class, int]:
    position = start + 1
    negated = text.startswith("^", position)
    position += negated
    first = position
    ranges: list[tuple[int, int]] = []
    while not (text.startswith("]", position) and position > first):
        low, end = _member(text, start, position)
        if text.startswith("-", end) and not text.startswith("-]", end):
            high, end = _member(text, start, end + 1)
            if not isinstance(low, str) or not isinstance(high, str):
                raise _Refused(position, "a range goes from a character to a character")
            if high < low:
                raise _Refused(position, "this range is the wrong way round")
            if ord(high) > 0x7F and ord(high) - ord(low) > _WIDEST:
                message = f"a range beyond ASCII has at most {_WIDEST} characters"
                raise _Refused(position, message)
            ranges.append((ord(low), ord(high)))
        elif isinstance(low, str):
            ranges.append((ord(low), ord(low)))
        else:
            ranges.extend(low)
        position = end
    return Class(_joined(ranges), negated), position + 1


def _member(
    text: str, start: int, position: int
) -> tuple[str | tuple[tuple[int, int], ...], int]:
    """A character of the class that begins at `start`, or a class of its own."""
    character = text[position : position + 1]
    if not character:
        raise _Refused(start, "this `[` is not closed")
    if character == "\0":
        raise _Refused(position, "a text has no NUL")
    if character == "\\":
        return _escape(text, position), position + 2
    if text[position : position + 2] in ("[:", "[.", "[="):
        raise _Refused(
            position, "there are no named classes: use `\\d \\w \\s` and ranges"
        )
    return character, position + 1


def _joined(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """`ranges` in order, those that touch joined."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def _size(node: Node, copies: int) -> int:
    """The characters of `node` with its bounds multiplied out, in `copies` copies.

    Refuses bounds within bounds that an engine would have to multiply out.
    """
    match node:
        case Repeat(inner=inner, least=least, most=most):
            copies *= max(least, most or 1, 1)
            if copies > _MOST_COPIES:
                raise _Refused(0, f"its bounds multiply to more than {_MOST_COPIES}")
            return _size(inner, copies)
        case Group(inner=inner):
            return _size(inner, copies)
        case Sequence(items=nodes) | Choice(alternatives=nodes):
            return sum(_size(each, copies) for each in nodes)
        case Character() | Dot() | Class() | Anchor():
            return copies
