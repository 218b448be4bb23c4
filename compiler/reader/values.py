"""`params` and `env` in all their forms into `Param`s and `Variable`s."""

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from compiler.expressions.reading import merge
from compiler.ir import CommandSubstitution as Substitution
from compiler.ir import Expression, FunctionCall, Param, Template, Variable
from compiler.reader.nodes import ListNode, MapNode, Node, ScalarNode, locator
from compiler.reader.scalars import kind_of, number
from compiler.reader.shape import (
    Field,
    Reading,
    checked_name,
    name_of,
    scalar,
    template,
    template_part,
    wrong_type,
)
from compiler.source import Span

_Part = str | Expression | Substitution

# The string form of params; single quotes are no quotes there (Dagu).
_WORD = re.compile(r'(?:([^\s=]+)=)?("(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^"\s]+)')
_DENSE = re.compile(r"\S+")
_BARE_BACKTICK = re.compile(r"(?<!\\)`")
_TYPED = frozenset(
    [
        "name",
        "type",
        "default",
        "description",
        "enum",
        "required",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "items",
        "properties",
    ]
)
_PARAMS = "a text, a list or a map of params"
_ENV = "a map, or a list of maps or of `NAME=value` texts"


class _Entry(NamedTuple):
    """A param before its value is read: how many positional ones there are decides that.

    `name` None is a positional one.
    """

    name: str | None
    span: Span
    value: Callable[[], Template]


def params(reading: Reading, field: Field | None) -> tuple[Param, ...]:
    """The params in the order of the file; sets `reading.positional`."""
    if field is None:
        return ()
    entries = list(_param_entries(reading, field))
    reading.positional = sum(entry.name is None for entry in entries)
    found: list[Param] = []
    position = 0
    for entry in entries:
        if entry.name is None:
            position += 1
        name = str(position) if entry.name is None else entry.name
        found.append(Param(name=name, default=entry.value(), span=entry.span))
    return tuple(found)


def _param_entries(reading: Reading, field: Field) -> Iterator[_Entry]:
    node = field.value
    if isinstance(node, MapNode):
        if _is_schema(node):
            return _no_schema(reading, field.key)
        yield from _named(reading, node)
    elif isinstance(node, ScalarNode):
        yield from _words(reading, node)
    else:
        for item in node.items:
            if isinstance(item, MapNode):
                if _is_typed(item):
                    return _no_schema(reading, item)
                yield from _named(reading, item)
            else:
                text = scalar(reading, item, field.key.text, "params as texts or maps")
                if text is not None:
                    yield from _words(reading, text)


def _no_schema(reading: Reading, node: Node) -> None:
    reading.report(
        "WFC104",
        "`params` with a schema are not supported yet",
        node,
        "types of params",
        "write `NAME: default`",
    )


def _is_schema(node: MapNode) -> bool:
    """`{schema: …, values: {…}}` of Dagu 1.30, or a JSON schema."""

    def is_map(key: str) -> bool:
        entry = node.entries.get(key)
        return entry is not None and isinstance(entry[1], MapNode)

    if set(node.entries) <= {"schema", "values"}:
        return is_map("schema") or is_map("values")
    return "type" in node.entries and is_map("properties")


def _is_typed(node: MapNode) -> bool:
    """`{name: X, type: integer, default: 1}` of Dagu 2."""
    keys = set(node.entries)
    return "name" in keys and len(keys) > 1 and keys <= _TYPED


def _named(reading: Reading, node: MapNode) -> Iterator[_Entry]:
    for key, value in node.entries.values():
        name = name_of(reading, key, "a param")
        if name is not None:
            yield _Entry(name, reading.span(key), _value_of(reading, value))


def _value_of(reading: Reading, node: Node) -> Callable[[], Template]:
    return lambda: value(reading, node)


def _words(reading: Reading, node: ScalarNode) -> Iterator[_Entry]:
    """The string form: `one "two words" K=v`. Ends at a slip that leaves open what the
    words behind it are.
    """
    locate = locator(reading.source, node)
    position = 0
    while (begin := _DENSE.search(node.text, position)) is not None:
        found = _WORD.match(node.text, begin.start())
        slip = _slip(node.text, found)
        if slip is not None:
            message, label, help = slip
            return reading.report("WFC107", message, locate(*begin.span()), label, help)
        assert found is not None
        position = found.end()
        name, start, end = found.group(1), found.start(2), found.end(2)
        span = locate(found.start(), found.end())
        if name is not None:
            span = locate(found.start(1), found.end(1))
            if checked_name(reading, name, span, "a param") is None:
                continue
        offsets = list(range(start, end))
        if node.text[start] == '"':
            offsets = [
                offset
                for offset in offsets[1:-1]
                if not node.text.startswith('\\"', offset)
            ]
        written = "".join(node.text[offset] for offset in offsets)
        yield _Entry(name, span, _word_of(reading, written, node, offsets))


def _slip(text: str, found: re.Match[str] | None) -> tuple[str, str, str] | None:
    """Message, label and help if the word `found` cannot be what was meant."""
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
        return (
            f"no value behind `{word}`",
            "nothing follows",
            f'write `{word}""` for an empty value',
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
    reading: Reading, written: str, node: ScalarNode, offsets: list[int]
) -> Callable[[], Template]:
    locate = locator(reading.source, node)
    return lambda: template_part(reading, written, locate, offsets, backticks=True)


def env(reading: Reading, field: Field | None) -> tuple[Variable, ...]:
    """The variables in the order of the file."""
    if field is None:
        return ()
    node = field.value
    if isinstance(node, MapNode):
        return tuple(_variables(reading, node))
    if isinstance(node, ScalarNode):
        wrong_type(reading, node, field.key.text, _ENV)
        return ()
    found: list[Variable] = []
    for item in node.items:
        if isinstance(item, MapNode):
            found.extend(_variables(reading, item))
        elif isinstance(item, ScalarNode) and "=" in item.text:
            found.extend(_assignment(reading, item))
        else:
            wrong_type(reading, item, field.key.text, _ENV)
    return tuple(found)


def _variables(reading: Reading, node: MapNode) -> Iterator[Variable]:
    for key, entry in node.entries.values():
        name = name_of(reading, key, "a variable")
        if name is not None:
            yield Variable(
                name=name, value=value(reading, entry), span=reading.span(key)
            )


def _assignment(reading: Reading, node: ScalarNode) -> Iterator[Variable]:
    """`NAME=value`, the value as it stands."""
    locate = locator(reading.source, node)
    name, _, written = node.text.partition("=")
    span = locate(0, len(name))
    if checked_name(reading, name, span, "a variable") is not None:
        offsets = list(range(len(name) + 1, len(node.text)))
        read = template_part(reading, written, locate, offsets, backticks=True)
        yield Variable(name=name, value=read, span=span)


# ---- values


def value(reading: Reading, node: Node) -> Template:
    """The value of a param or a variable: the text of a scalar, null as empty text, a
    list or map as compact JSON (R5).
    """
    if isinstance(node, ScalarNode):
        if kind_of(node) == "null":
            return Template(parts=(), span=reading.span(node))
        return template(reading, node, backticks=True)
    return Template(parts=merge(tuple(_json(reading, node))), span=reading.span(node))


def _json(reading: Reading, node: Node) -> Iterator[_Part]:
    """The pieces of the JSON text; a text with references is quoted when it has a value."""
    match node:
        case ScalarNode():
            yield from _json_scalar(reading, node)
        case ListNode():
            yield "["
            for index, item in enumerate(node.items):
                if index:
                    yield ","
                yield from _json(reading, item)
            yield "]"
        case MapNode():
            yield "{"
            for index, (key, entry) in enumerate(node.entries.values()):
                if index:
                    yield ","
                yield json.dumps(key.text, ensure_ascii=False) + ":"
                yield from _json(reading, entry)
            yield "}"


def _json_scalar(reading: Reading, node: ScalarNode) -> Iterator[_Part]:
    match kind_of(node):
        case "null":
            yield "null"
        case "boolean":
            yield node.text.lower()
        case "integer" | "float":
            yield _json_number(reading, node)
        case "text":
            read = template(reading, node, backticks=True)
            texts = [part for part in read.parts if isinstance(part, str)]
            if len(texts) == len(read.parts):
                yield json.dumps("".join(texts), ensure_ascii=False)
            else:
                yield FunctionCall(name="toJSON", arguments=(read,), span=read.span)


def _json_number(reading: Reading, node: ScalarNode) -> str:
    from compiler.json_text import Failure, to_text

    found = number(node.text)
    if isinstance(found, int) or math.isfinite(found):
        try:
            return to_text(found)
        except Failure:
            shown = "a number of so many digits"
    else:
        shown = f"`{node.text}`"
    reading.report(
        "WFC107",
        f"{shown} has no form in JSON",
        node,
        "a value in a list or map is JSON",
        "put it in quotes",
    )
    return "null"
