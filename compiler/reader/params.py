"""`params` of a workflow or of a call, in all their forms, into names and values."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar, get_args

from compiler.diagnostics import Diagnostic
from compiler.expressions.ends import behind_dollar
from compiler.expressions.reading import Reading as Text
from compiler.ir import Argument, Param, ParamType, Schema, Template
from compiler.reader.keys import TYPED_PARAM
from compiler.reader.nodes import Locate, MapNode, Node, ScalarNode, locator
from compiler.reader.references import template_part
from compiler.reader.shape import (
    Field,
    Reading,
    checked_name,
    name_of,
    scalar,
)
from compiler.reader.values import value
from compiler.source import Span

# The string form; single quotes are no quotes there (Dagu).
_WORD = re.compile(r'(?:([^\s="`]+)=)?("(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^"\s]+)')
_DENSE = re.compile(r"\S+")
_BARE_BACKTICK = re.compile(r"(?<!\\)`")
_OPENING = re.compile(r"\$\$?[{<]")
_ANY_POSITION = 9999  # how many positional params there are is not known yet


class _Entry(NamedTuple):
    """A param before its value is read: how many positional ones there are decides that.

    `name` None is a positional one.
    """

    name: str | None
    span: Span
    value: Callable[[], Template]


def params(reading: Reading, field: Field) -> tuple[tuple[Param, ...], Schema | None]:
    """The params of a workflow in the order of the file, and what their values are held
    against; sets `reading.positional`."""
    if _has_schema(field.value):
        from compiler.reader.param_schema import params_with_schema

        return params_with_schema(reading, field)
    entries = list(_entries(reading, field))
    reading.positional = sum(entry.name is None for entry in entries)
    found = (
        Param(name=name, default=entry.value(), span=entry.span)
        for name, entry in numbered(entries)
    )
    return tuple(found), None


def arguments(reading: Reading, field: Field) -> tuple[Argument, ...]:
    """The params of a call in the order of the file (F2); of two with one name the first."""
    found: dict[str, Argument] = {}
    for name, entry in numbered(_entries(reading, field)):
        if name in found:
            reading.report(
                "WFC213",
                f"the param `{name}` is passed twice",
                entry.span,
                "once more",
                "take one of them out",
                ((found[name].span, "first here"),),
            )
            continue
        found[name] = Argument(name=name, value=entry.value(), span=entry.span)
    return tuple(found.values())


class Named(Protocol):
    """What has a name, but for a positional param."""

    @property
    def name(self) -> str | None: ...


Entry = TypeVar("Entry", bound=Named)


def numbered(entries: Iterable[Entry]) -> Iterator[tuple[str, Entry]]:
    """The entries with their names; positional ones are named "1", "2" ..."""
    position = 0
    for entry in entries:
        if entry.name is None:
            position += 1
        yield str(position) if entry.name is None else entry.name, entry


def _entries(reading: Reading, field: Field) -> Iterator[_Entry]:
    node = field.value
    if isinstance(node, MapNode):
        yield from _named(reading, node)
    elif isinstance(node, ScalarNode):
        yield from _words(reading, node)
    else:
        for item in node.items:
            yield from entries_of(reading, item, field.key.text)


def entries_of(reading: Reading, item: Node, key: str) -> Iterator[_Entry]:
    """The params in an item of the list `key`."""
    if isinstance(item, MapNode):
        yield from _named(reading, item)
    else:
        text = scalar(reading, item, key, "params as texts or maps")
        if text is not None:
            yield from _words(reading, text)


# ---- which of them have a schema


def _has_schema(node: Node) -> bool:
    if isinstance(node, MapNode):
        return _is_schema(node)
    if isinstance(node, ScalarNode):
        return False
    return any(isinstance(each, MapNode) and is_typed(each) for each in node.items)


def _is_schema(node: MapNode) -> bool:
    """`{schema: …, values: {…}}` of Dagu 1.30, or a JSON Schema."""
    schema, values = map(node.entries.get, ("schema", "values"))
    if schema is None or not set(node.entries) <= {"schema", "values"}:
        return "type" in node.entries and _is_map(node, "properties")
    if isinstance(schema[1], ScalarNode) and values is None:
        return schema[1].text.endswith((".json", ".yaml", ".yml"))
    return _is_map(node, "schema") or _is_map(node, "values")


def _is_map(node: MapNode, key: str) -> bool:
    entry = node.entries.get(key)
    return entry is not None and isinstance(entry[1], MapNode)


def is_typed(node: MapNode) -> bool:
    """`{name: X, type: integer, default: 1}` of Dagu 2, which has no other key; with a
    type, other keys are slips."""
    type = node.entries.get("type")
    if type is not None and isinstance(type[1], ScalarNode) and "name" in node.entries:
        typed = type[1].text in get_args(ParamType)
        return typed or node.entries.keys() <= TYPED_PARAM.spellings.keys()
    keys = set(node.entries)
    return "name" in keys and len(keys) > 1 and keys <= TYPED_PARAM.spellings.keys()


def _named(reading: Reading, node: MapNode) -> Iterator[_Entry]:
    for key, entry in node.entries.values():
        name = name_of(reading, key, "a param")
        if name is not None:
            yield _Entry(name, reading.span(key), _value_of(reading, entry))


def _value_of(reading: Reading, node: Node) -> Callable[[], Template]:
    return lambda: value(reading, node)


def _words(reading: Reading, node: ScalarNode) -> Iterator[_Entry]:
    """The string form: `one "two words" K=v`. Ends at a slip that leaves open what the
    words behind it are.
    """
    locate = locator(reading.source, node)
    text = _masked(node.text, locate)
    position = 0
    while (begin := _DENSE.search(text, position)) is not None:
        found = _WORD.match(text, begin.start())
        slip = _slip(node.text, text, found)
        if slip is not None:
            message, label, help = slip
            return reading.report("WFC107", message, locate(*begin.span()), label, help)
        assert found is not None
        position = found.end()
        name, start, end = None, found.start(2), found.end(2)
        span = locate(found.start(), found.end())
        if found.group(1) is not None:
            name = node.text[found.start(1) : found.end(1)]
            span = locate(found.start(1), found.end(1))
            if checked_name(reading, name, span, "a param") is None:
                continue
        offsets = list(range(start, end))
        if text[start] == '"':
            offsets = [
                offset
                for offset in offsets[1:-1]
                if not node.text.startswith('\\"', offset)
            ]
        written = "".join(node.text[offset] for offset in offsets)
        yield _Entry(name, span, _word_of(reading, written, locate, offsets))


def _masked(text: str, locate: Locate) -> str:
    """`text` with each reference as one dense piece, whatever white space, quotes or `=`
    stand in it: references are found before words are (F2).

    One that holds `\\"` was written for the quotes around it, and stays.
    """
    reading = Text(text, locate, positional=_ANY_POSITION)
    pieces: list[str] = []
    behind = position = 0
    while (found := _OPENING.search(text, position)) is not None:
        position = found.end()
        if len(found[0]) == 3:  # `$${`, which begins none
            continue
        end = behind_dollar(reading, found.start())
        if isinstance(end, Diagnostic):
            break  # never closed, which is found where the value is read
        if end > position and '\\"' not in text[position:end]:
            pieces += text[behind : found.start()], "_" * (end - found.start())
            behind = position = end
    return "".join([*pieces, text[behind:]])


def _slip(
    written: str, text: str, found: re.Match[str] | None
) -> tuple[str, str, str] | None:
    """Message, label and help if the word `found` cannot be what was meant; `text` is
    `written` with its references masked."""
    if found is None:
        return _open_quote()
    word = found[2]
    if word[0] != '"' and len(_BARE_BACKTICK.findall(word)) % 2:
        return (
            "a backtick that is never closed in this word",
            "words end at white space",
            'put the whole value in double quotes: `K="a `command b`"`',
        )
    if word[0] == "=" and found[1] is None:
        return (
            "no name in front of `=`",
            "neither a name nor a value",
            'write `NAME=value`, or the text in double quotes: `"=…"`',
        )
    if found[1] is None and word.endswith("=") and word.find("=") == len(word) - 1:
        if text.startswith('"', found.end()):
            return _open_quote()
        shown = written[found.start() : found.end()]
        return (
            f"no value behind `{shown}`",
            "nothing follows",
            f'write `{shown}""` for an empty value',
        )
    behind = text[found.end() : found.end() + 1]
    if not behind or behind.isspace():
        return None
    if behind == '"' and '"' not in text[found.end() + 1 :]:
        return _open_quote()
    return (
        "a word that goes on behind a quote, or has one in its middle",
        "quotes surround a whole value",
        'put the whole value in double quotes, as in `K="a b"`; within, `\\"` is one',
    )


def _open_quote() -> tuple[str, str, str]:
    return "a quote that is never closed", "in this word", 'close it with `"`'


def _word_of(
    reading: Reading, written: str, locate: Locate, offsets: list[int]
) -> Callable[[], Template]:
    return lambda: template_part(reading, written, locate, offsets, backticks=True)
