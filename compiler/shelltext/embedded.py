"""A stretch of shell text -> the text that another shell reads in it, with the way back.

What stands in backticks, in the program of `sh -c` or in a here-document for a shell is
read twice. `Embedded` is what the second reader sees; each of its characters knows from
where in the outer text it came, and what an edit there has to escape.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass

Layer = Literal[
    "bare",
    "double",
    "single",
    "ansi",
    "here",
    "quoted_here",
    "backtick",
    "quoted_backtick",
]
Edit: TypeAlias = tuple[int, int, str]

# What stands for an expansion whose result only the outer shell knows: part of a word.
OPAQUE = "\ufffd"


@dataclass(frozen=True, slots=True)
class Embedded:
    """`text[k]` stands at `starts[k]:ends[k]` of the outer text, quoted as `layers[k]`."""

    text: str
    starts: list[int]
    ends: list[int]
    layers: list[Layer]

    def outer(self, start: int, end: int) -> tuple[int, int]:
        """The outer place of `text[start:end]`."""
        if not self.text:
            return 0, 0
        first = self.starts[min(start, len(self.starts) - 1)]
        return (first, self.ends[end - 1]) if end > start else (first, first)

    def lift(self, edit: Edit) -> Edit:
        """The same edit of the outer text. Where it begins in other quotes than it ends
        in, it closes and opens what it takes away."""
        start, end, text = edit
        layer = self.layers[min(start, len(self.layers) - 1)]
        text = escape(text, layer)
        if end > start and (last := self.layers[end - 1]) != layer:
            text += _CLOSE.get(layer, "") + _OPEN.get(last, "")
        return (*self.outer(start, end), text)


def _each_escaped(special: str) -> Callable[[str], str]:
    pattern = re.compile(f"[{re.escape(special)}]")
    return lambda text: pattern.sub(r"\\\g<0>", text)


_BARE = _each_escaped("\\$`\"' \t;&|<>()*?[]#~!")
_ESCAPES: Mapping[Layer, Callable[[str], str]] = {
    "bare": lambda text: _BARE(text).replace("\n", "'\n'"),
    "double": _each_escaped('\\$`"'),
    "single": lambda text: text.replace("'", "'\\''"),
    "ansi": _each_escaped("\\'"),
    "here": _each_escaped("\\$`"),
    "quoted_here": str,
    "backtick": _each_escaped("\\`"),
    "quoted_backtick": _each_escaped('\\`"'),
}


_OPEN: Mapping[Layer, str] = {"double": '"', "single": "'", "ansi": "$'"}
_CLOSE: Mapping[Layer, str] = {"double": '"', "single": "'", "ansi": "'"}


def escape(text: str, layer: Layer) -> str:
    """`text` written so that the shell that reads `layer` hands it on as it is."""
    return _ESCAPES[layer](text)


class _Builder:
    def __init__(self, source: str) -> None:
        self.source = source
        self.text: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.layers: list[Layer] = []

    def add(self, character: str, start: int, end: int, layer: Layer) -> int:
        self.text.append(character)
        self.starts.append(start)
        self.ends.append(end)
        self.layers.append(layer)
        return end

    def copy(self, start: int, end: int, layer: Layer) -> int:
        self.text.extend(self.source[start:end])
        self.starts.extend(range(start, end))
        self.ends.extend(range(start + 1, end + 1))
        self.layers.extend([layer] * (end - start))
        return end

    def done(self) -> Embedded:
        return Embedded("".join(self.text), self.starts, self.ends, self.layers)


def backticks(source: str, start: int, end: int, quoted: bool) -> Embedded:
    """The command between two backticks: one level of backslashes is gone."""
    build = _Builder(source)
    layer: Layer = "quoted_backtick" if quoted else "backtick"
    special = '\\$`"' if quoted else "\\$`"
    position = start
    while position < end:
        found = source.find("\\", position, end)
        if found < 0:
            build.copy(position, end, layer)
            break
        build.copy(position, found, layer)
        if source[found + 1 : found + 2] in special and found + 1 < end:
            position = build.add(source[found + 1], found, found + 2, layer)
        else:
            position = build.copy(found, found + 1, layer)
    return build.done()


_ANSI = {"n": "\n", "t": "\t"}
_STEPS: Mapping[Layer, re.Pattern[str]] = {
    "bare": re.compile(r"[^\\'\"$`]+"),
    "double": re.compile(r"[^\\\"$`]+"),
    "single": re.compile(r"[^']+"),
    "ansi": re.compile(r"[^\\']+"),
    "here": re.compile(r"[^\\$`]+"),
}
_ESCAPABLE: Mapping[Layer, str] = {"double": '\\$`"\n', "here": "\\$`\n"}


def program(
    source: str,
    ranges: Iterable[tuple[int, int]],
    layer: Layer,
    taken: Mapping[int, int],
    opaque: Mapping[int, int],
) -> Embedded:
    """The program text in the words `ranges`, as the inner shell reads it.

    `layer` is how a range begins: "bare" for words, "here" and "quoted_here" for
    bodies. `taken` are the references that the inner shell shall read (start -> end of
    what is handed on as it is); `opaque` the other expansions.
    """
    build = _Builder(source)
    behind = -1
    for start, end in ranges:
        if behind >= 0:
            build.add(" ", behind, start, "bare")
        behind = end
        if layer == "quoted_here":
            build.copy(start, end, layer)
        else:
            _walk(build, start, end, layer, taken, opaque)
    return build.done()


def _walk(
    build: _Builder,
    position: int,
    end: int,
    outside: Layer,
    taken: Mapping[int, int],
    opaque: Mapping[int, int],
) -> None:
    source = build.source
    layer = outside
    while position < end:
        plain = _STEPS[layer].match(source, position, end)
        if plain is not None:
            position = build.copy(position, plain.end(), layer)
            continue
        character = source[position]
        if character == "\\":
            position = _backslash(build, position, end, layer)
        elif character == "'":
            layer = outside if layer in ("single", "ansi") else "single"
            position += 1
        elif character == '"':
            layer = outside if layer == "double" else "double"
            position += 1
        elif position in taken:
            position = build.copy(position, min(taken[position], end), layer)
        elif position in opaque:
            position = build.add(OPAQUE, position, opaque[position], layer)
        elif layer == "bare" and source[position + 1 : position + 2] in ("'", '"'):
            layer = "ansi" if source[position + 1] == "'" else "double"
            position += 2
        else:
            position = build.copy(position, position + 1, layer)


def _backslash(build: _Builder, position: int, end: int, layer: Layer) -> int:
    follower = build.source[position + 1 : position + 2] if position + 1 < end else ""
    if not follower or follower not in _ESCAPABLE.get(layer, follower):
        return build.copy(position, position + 1, layer)
    if layer == "ansi":
        follower = _ANSI.get(follower, follower)
    elif follower == "\n":
        return position + 2
    return build.add(follower, position, position + 2, layer)
