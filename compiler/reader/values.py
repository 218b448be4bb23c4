"""`env` in all its forms into `Variable`s, and the values that params have, too."""

import json
import math
from collections.abc import Iterator

from compiler.expressions.reading import merge
from compiler.ir import CommandSubstitution as Substitution
from compiler.ir import Expression, FunctionCall, Template, Variable
from compiler.reader.nodes import ListNode, MapNode, Node, ScalarNode, locator
from compiler.reader.references import (
    template,
    template_part,
    template_without_commands,
)
from compiler.reader.scalars import kind_of, number
from compiler.reader.shape import (
    Field,
    Reading,
    checked_name,
    name_of,
    wrong_type,
)

_Part = str | Expression | Substitution

_ENV = "a map, or a list of maps or of `NAME=value` texts"


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
    return structured(reading, node, backticks=True)


def structured(
    reading: Reading, node: ListNode | MapNode, backticks: bool = False
) -> Template:
    """The compact JSON of a list or map (R5)."""
    parts = tuple(_json(reading, node, backticks))
    return Template(parts=merge(parts), span=reading.span(node))


def _json(reading: Reading, node: Node, backticks: bool) -> Iterator[_Part]:
    """The pieces of the JSON text; a text with references is quoted when it has a value."""
    match node:
        case ScalarNode():
            yield from _json_scalar(reading, node, backticks)
        case ListNode():
            yield "["
            for index, item in enumerate(node.items):
                if index:
                    yield ","
                yield from _json(reading, item, backticks)
            yield "]"
        case MapNode():
            yield "{"
            for index, (key, entry) in enumerate(node.entries.values()):
                if index:
                    yield ","
                yield json.dumps(key.text, ensure_ascii=False) + ":"
                yield from _json(reading, entry, backticks)
            yield "}"


def _json_scalar(
    reading: Reading, node: ScalarNode, backticks: bool
) -> Iterator[_Part]:
    match kind_of(node):
        case "null":
            yield "null"
        case "boolean":
            yield node.text.lower()
        case "integer" | "float":
            yield _json_number(reading, node)
        case "text":
            if backticks:
                read = template(reading, node, backticks=True)
            else:
                read = template_without_commands(reading, node)
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
