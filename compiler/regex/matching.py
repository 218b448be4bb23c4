"""Turns the tree of a pattern into an automaton, and finds it in a text (R10).

Each character of a text is read once, whatever the pattern: a search that backtracks, as
`re` does, takes time exponential in the text for `(a+)+$`, and quadratic for `a*b`.

The automaton is Glushkov's. Its positions are the characters of the pattern, bounds
multiplied out; a set of positions is an integer with a bit for each. Its states are found
while a text is read, and kept.

Files that a compiler emits take this module as it is: it is for Python 3.10, too.
"""

import dataclasses
from bisect import bisect_right
from functools import lru_cache, reduce
from typing import Final

from compiler.regex.syntax import (
    Anchor,
    Character,
    Choice,
    Class,
    Dot,
    Group,
    Node,
    Problem,
    Repeat,
    Sequence,
    parse,
)

_LINE_END = Class(((0x0A, 0x0A),), negated=True)
# A pattern matches the empty text: always, at the beginning, at the end, or only where
# these are one place. Conditions that must both hold are joined by `|`.
_ALWAYS, _AT_BEGINNING, _AT_END = 0, 1, 2
_FEW = 16  # pairs of positions that are worth being listed one by one
_KEPT = 1 << 22  # about so many bytes of states are kept for a pattern


def search(pattern: str, text: str) -> bool:
    """Whether `pattern` is found in `text`, whose ends are `^` and `$`.

    Raises ValueError for a pattern that `parse` refuses.
    """
    return _automaton(pattern).finds(text)


def search_lines(pattern: str, text: str) -> bool:
    """Whether `pattern` is found in some line of `text`; "" is one empty line.

    Raises ValueError for a pattern that `parse` refuses.
    """
    automaton = _automaton(pattern)
    return any(automaton.finds(line) for line in text.split("\n"))


@lru_cache(maxsize=64)
def _automaton(pattern: str) -> "_Automaton":
    node = parse(pattern)
    if isinstance(node, Problem):
        raise ValueError(node.message)
    return _Builder().automaton(node)


# ---- from the tree to positions


@dataclasses.dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the pattern.

    `empty`: the conditions under which it matches nothing at all. `first`: positions it
    can begin with; `begins`: those it can begin with at the beginning of the text only.
    `last` and `ends`: likewise of its end.
    """

    empty: frozenset[int]
    first: int = 0
    begins: int = 0
    last: int = 0
    ends: int = 0


_NOTHING = _Part(frozenset((_ALWAYS,)))


def _follow(one: _Part, other: _Part) -> _Part:
    begins, ends = one.begins, other.ends
    if one.empty & {_ALWAYS, _AT_BEGINNING}:
        begins |= other.begins
    if _AT_BEGINNING in one.empty:
        begins |= other.first
    if other.empty & {_ALWAYS, _AT_END}:
        ends |= one.ends
    if _AT_END in other.empty:
        ends |= one.last
    return _Part(
        empty=frozenset(left | right for left in one.empty for right in other.empty),
        first=one.first | (other.first if _ALWAYS in one.empty else 0),
        begins=begins,
        last=other.last | (one.last if _ALWAYS in other.empty else 0),
        ends=ends,
    )


def _either(one: _Part, other: _Part) -> _Part:
    return _Part(
        empty=one.empty | other.empty,
        first=one.first | other.first,
        begins=one.begins | other.begins,
        last=one.last | other.last,
        ends=one.ends | other.ends,
    )


def _bits(positions: int) -> list[int]:
    found: list[int] = []
    while positions:
        lowest = positions & -positions
        found.append(lowest.bit_length() - 1)
        positions ^= lowest
    return found


@dataclasses.dataclass(slots=True)
class _Builder:
    """What is known of the pattern's positions so far.

    `steps`: distance -> positions from which one goes on to the position so far behind.
    `rules`: from each of the first positions one goes on to each of the second ones.
    """

    size: int = 0
    characters: dict[str, int] = dataclasses.field(default_factory=dict)
    classes: dict[Class, int] = dataclasses.field(default_factory=dict)
    steps: dict[int, int] = dataclasses.field(default_factory=dict)
    rules: list[tuple[int, int]] = dataclasses.field(default_factory=list)

    def automaton(self, node: Node) -> "_Automaton":
        whole = self.part(node)
        return _Automaton(whole, self)

    def part(self, node: Node) -> _Part:
        match node:
            case Character(text=text):
                bit = self._position()
                self.characters[text] = self.characters.get(text, 0) | bit
                return _Part(frozenset(), first=bit, last=bit)
            case Dot():
                return self._of_class(_LINE_END)
            case Class():
                return self._of_class(node)
            case Anchor(end=end):
                return _Part(frozenset((_AT_END if end else _AT_BEGINNING,)))
            case Group(inner=inner):
                return self.part(inner)
            case Sequence(items=items):
                return reduce(self._joined, map(self.part, items), _NOTHING)
            case Choice(alternatives=alternatives):
                return reduce(_either, map(self.part, alternatives))
            case Repeat():
                return self._repeated(node)

    def _position(self) -> int:
        self.size += 1
        return 1 << (self.size - 1)

    def _of_class(self, node: Class) -> _Part:
        bit = self._position()
        self.classes[node] = self.classes.get(node, 0) | bit
        return _Part(frozenset(), first=bit, last=bit)

    def _repeated(self, node: Repeat) -> _Part:
        """`least` copies, the last of them again and again or optional ones behind it."""
        needed = [self.part(node.inner) for _ in range(node.least)]
        if node.most is None:
            again = needed.pop() if needed else self.part(node.inner)
            self._connect(again.last, again.first)
            needed.append(again if node.least else _either(_NOTHING, again))
            return reduce(self._joined, needed, _NOTHING)
        extra = [self.part(node.inner) for _ in range(node.most - node.least)]
        behind = _NOTHING
        for copy in reversed(extra):
            behind = _either(_NOTHING, self._joined(copy, behind))
        return self._joined(reduce(self._joined, needed, _NOTHING), behind)

    def _joined(self, one: _Part, other: _Part) -> _Part:
        self._connect(one.last, other.first)
        return _follow(one, other)

    def _connect(self, last: int, first: int) -> None:
        if not last or not first:
            return
        if last.bit_count() * first.bit_count() > _FEW:
            self.rules.append((last, first))
            return
        for start in _bits(last):
            for end in _bits(first):
                distance = end - start
                self.steps[distance] = self.steps.get(distance, 0) | 1 << start


# ---- reading a text


class _State(dict[str, "_State"]):
    """What may come next: character -> the state behind it, as far as it is known."""

    __slots__ = ("automaton", "next", "reached")

    def __init__(self, automaton: "_Automaton", reached: int, next: int) -> None:
        self.automaton: Final = automaton
        self.reached: Final = reached  # the positions of the last character
        self.next: Final = next  # those that the next one may have

    def __missing__(self, character: str) -> "_State":
        return self.automaton.step(self, character)


class _Automaton:
    """Finds one pattern in texts."""

    def __init__(self, whole: _Part, built: _Builder) -> None:
        self._whole = whole
        self._characters = built.characters
        self._classes = [
            (
                [low for low, _ in each.ranges],
                [high for _, high in each.ranges],
                each.negated,
                positions,
            )
            for each, positions in built.classes.items()
        ]
        self._steps = list(built.steps.items())
        self._rules = built.rules
        self._weight = 400 + built.size // 4
        self._masks: dict[str, int] = {}
        self._states: dict[int, _State] = {}
        self._weighs = 0
        self._start = _State(self, 0, whole.first | whole.begins)
        self._found = _State(self, 0, 0)

    def finds(self, text: str) -> bool:
        """Whether the pattern is somewhere in `text`."""
        whole = self._whole
        if whole.empty & {_ALWAYS, _AT_BEGINNING, _AT_END} or not text:
            return bool(whole.empty)
        state, found = self._start, self._found
        for character in text:
            state = state[character]
            if state is found:
                return True
        return bool(state.reached & whole.ends)

    def step(self, state: _State, character: str) -> _State:
        """The state behind `state` and `character`, from now on known there."""
        if self._weighs > _KEPT:
            self._forget()
        mask = self._masks.get(character)
        if mask is None:
            mask = self._masks[character] = self._positions(character)
            self._weighs += self._weight
        reached = state.next & mask
        behind = self._found
        if not reached & self._whole.last:
            known = self._states.get(reached)
            behind = self._new(reached) if known is None else known
        state[character] = behind
        self._weighs += 100
        return behind

    def _new(self, reached: int) -> _State:
        next = self._whole.first
        for distance, positions in self._steps:
            here = reached & positions
            if here:
                next |= here << distance if distance > 0 else here >> -distance
        for last, first in self._rules:
            if reached & last:
                next |= first
        state = self._states[reached] = _State(self, reached, next)
        self._weighs += self._weight
        return state

    def _positions(self, character: str) -> int:
        found = self._characters.get(character, 0)
        point = ord(character)
        for lows, highs, negated, positions in self._classes:
            index = bisect_right(lows, point) - 1
            if (index >= 0 and point <= highs[index]) is not negated:
                found |= positions
        return found

    def _forget(self) -> None:
        for state in self._states.values():
            state.clear()
        self._start.clear()
        self._states.clear()
        self._masks.clear()
        self._weighs = 0
