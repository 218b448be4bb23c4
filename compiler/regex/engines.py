"""Turns the tree of a pattern into what the engines of the targets read (R10)."""

from dataclasses import dataclass
from typing import assert_never

from compiler.regex.syntax import (
    PUNCTUATION,
    Anchor,
    Character,
    Choice,
    Class,
    Dot,
    Group,
    Node,
    Repeat,
    Sequence,
)

_SPECIAL = frozenset(".[{()*+?|^$\\")  # of an extended regular expression


@dataclass(frozen=True, slots=True)
class _Engine:
    """How an engine spells what the engines spell differently."""

    beginning: str
    end: str
    dot: str
    special: frozenset[str]  # characters that take a backslash
    backslash_in_class: bool


_JQ = _Engine(r"\A", r"\z", r"[^\n]", PUNCTUATION, True)
_PYTHON = _Engine(r"\A", r"\Z", r"[^\n]", PUNCTUATION, True)
_ERE = _Engine("^", "$", "[^\n]", _SPECIAL, False)


def to_jq(node: Node) -> str:
    """The pattern for `test` of jq (Oniguruma), where `^` and `$` would be ends of lines."""
    return _printed(node, _JQ)


def to_python(node: Node) -> str:
    """The pattern for `re` of Python, which backtracks: see `is_tame`."""
    return _printed(node, _PYTHON)


def is_tame(node: Node) -> bool:
    """Whether no engine that backtracks takes time exponential in the text for it: in
    nothing that is repeated is there a choice, or another repeat."""
    match node:
        case Repeat(inner=inner):
            return not _branches(inner)
        case Group(inner=inner):
            return is_tame(inner)
        case Sequence(items=nodes) | Choice(alternatives=nodes):
            return all(map(is_tame, nodes))
        case Character() | Dot() | Class() | Anchor():
            return True
        case _:
            assert_never(node)


def _branches(node: Node) -> bool:
    match node:
        case Repeat() | Choice():
            return True
        case Group(inner=inner):
            return _branches(inner)
        case Sequence(items=items):
            return any(map(_branches, items))
        case Character() | Dot() | Class() | Anchor():
            return False
        case _:
            assert_never(node)


def to_ere(node: Node) -> str:
    """The pattern for `[[ $text =~ $pattern ]]` of bash 3.2 and later.

    Characters beyond ASCII in a class, and what `.` takes as one character, need a
    UTF-8 locale (LC_ALL=C.UTF-8).
    """
    return _printed(node, _ERE) or "^"  # not every system takes an empty pattern


def _printed(node: Node, engine: _Engine) -> str:
    match node:
        case Character(text=text):
            return "\\" + text if text in engine.special else text
        case Dot():
            return engine.dot
        case Class(ranges=ranges, negated=negated):
            inner = _listed(ranges, engine)
            return (
                f"[{'^' if negated else ''}{inner}]"
                if inner != "^" or negated
                else "\\^"
            )
        case Anchor(end=end):
            return engine.end if end else engine.beginning
        case Group(inner=inner_node):
            return f"({_printed(inner_node, engine)})"
        case Repeat(inner=inner_node, least=least, most=most):
            return _printed(inner_node, engine) + _mark(least, most)
        case Sequence(items=items):
            return "".join(_printed(each, engine) for each in items)
        case Choice(alternatives=alternatives):
            return "|".join(_printed(each, engine) for each in alternatives)
        case _:
            assert_never(node)


def _mark(least: int, most: int | None) -> str:
    match least, most:
        case 0, None:
            return "*"
        case 1, None:
            return "+"
        case 0, 1:
            return "?"
        case _, None:
            return f"{{{least},}}"
        case _:
            return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def _listed(ranges: tuple[tuple[int, int], ...], engine: _Engine) -> str:
    """The inside of a class."""
    if engine.backslash_in_class:
        return "".join(
            _escaped(low) if low == high else f"{_escaped(low)}-{_escaped(high)}"
            for low, high in ranges
        )
    # Bash's classes know no backslash, so the place of a character makes it literal:
    # `]` first, `[`, `^` and `-` at the end.
    pieces = [piece for low, high in ranges for piece in _posix(low, high)]
    order = {"]": 0, "[": 2, "^": 3, "-": 4}
    pieces.sort(key=lambda piece: order.get(piece, 1))
    return "-^" if pieces == ["^", "-"] else "".join(pieces)


def _escaped(point: int) -> str:
    character = chr(point)
    return "\\" + character if character in PUNCTUATION else character


def _posix(low: int, high: int) -> list[str]:
    """A range as pieces of a bash class: ranges within digits, small or large letters
    only. What lies between others is up to the locale; glibc refuses some.

    >>> _posix(0x2F, 0x3A)
    ['/', '0-9', ':']
    """
    pieces: list[str] = []
    point = max(low, 1)
    while point <= high:
        last = point
        for first_of, last_of in ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)):
            if first_of <= point <= last_of:
                last = min(high, last_of)
        if last - point < 2:
            last = point
        pieces.append(chr(point) if last == point else f"{chr(point)}-{chr(last)}")
        point = last + 1
    return pieces
