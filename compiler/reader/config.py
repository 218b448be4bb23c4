"""The values of a service's `config`: texts, lists and pairs, references in them."""

import re
from collections.abc import Callable, Iterator

from compiler.ir import Entry, Template
from compiler.reader.keys import Keys
from compiler.reader.nodes import ListNode, MapNode, Node, ScalarNode
from compiler.reader.references import template_without_commands
from compiler.reader.shape import (
    Field,
    Fields,
    Reading,
    fields,
    scalar,
    texts,
    wrong_type,
)

# Whether a name can be that of a pair.
IsName = Callable[[str], bool]
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def is_variable(name: str) -> bool:
    return _VARIABLE.fullmatch(name) is not None


def a_map(reading: Reading, field: Field | None, keys: Keys) -> Fields:
    """The entries of a map; none where there is no map, or none that can be read."""
    if field is not None and isinstance(field.value, MapNode):
        return fields(reading, field.value, keys)
    if field is not None:
        wrong_type(reading, field.value, field.key.text, "a map")
    nothing: dict[str, Field] = {}
    return Fields(nothing, field is None, {}, nothing.get)


def a_text(
    reading: Reading, field: Field | None, empty: bool = False
) -> Template | None:
    """A text with references."""
    if field is None:
        return None
    found = scalar(reading, field.value, field.key.text, empty=empty)
    return None if found is None else template_without_commands(reading, found)


def some_texts(reading: Reading, field: Field | None) -> tuple[Template, ...]:
    """A text or a list of texts, with references."""
    if field is None:
        return ()
    found = texts(reading, field.value, field.key.text)
    return tuple(template_without_commands(reading, each) for each in found)


def pairs(
    reading: Reading, field: Field | None, is_name: IsName, kind: str
) -> tuple[Entry, ...]:
    """A map, or a list of maps and of `NAME=value` texts; of a map, a list as a value
    stands for as many pairs. `kind` is what messages call one."""
    if field is None:
        return ()
    return tuple(_pairs(reading, field.key.text, field.value, is_name, kind))


def _pairs(
    reading: Reading, key: str, node: Node, is_name: IsName, kind: str
) -> Iterator[Entry]:
    match node:
        case MapNode():
            for name, value in node.entries.values():
                if _checked(reading, name, name.text, is_name, kind):
                    yield from _values(reading, name, value)
        case ListNode():
            for item in node.items:
                if isinstance(item, ScalarNode) and "=" in item.text:
                    yield from _assignment(reading, item, is_name, kind)
                elif isinstance(item, MapNode):
                    yield from _pairs(reading, key, item, is_name, kind)
                else:
                    wrong_type(reading, item, key, "maps or `NAME=value` texts")
        case ScalarNode():
            wrong_type(reading, node, key, "a map")


def _values(reading: Reading, name: ScalarNode, node: Node) -> Iterator[Entry]:
    for each in node.items if isinstance(node, ListNode) else [node]:
        found = scalar(reading, each, name.text)
        if found is not None:
            value = template_without_commands(reading, found)
            yield Entry(name=name.text, value=value, span=reading.span(name))


def _assignment(
    reading: Reading, node: ScalarNode, is_name: IsName, kind: str
) -> Iterator[Entry]:
    name, _, _ = node.text.partition("=")
    if not _checked(reading, node, name, is_name, kind):
        return
    read = template_without_commands(reading, node)
    first, *rest = read.parts
    assert isinstance(first, str)  # the name has no reference
    behind = first[len(name) + 1 :]
    parts = (behind, *rest) if behind or not rest else tuple(rest)
    value = Template(parts=parts, span=read.span)
    yield Entry(name=name, value=value, span=reading.span(node))


def _checked(
    reading: Reading, node: ScalarNode, name: str, is_name: IsName, kind: str
) -> bool:
    if is_name(name):
        return True
    reading.report(
        "WFC107",
        f"`{name}` is no name of {kind}",
        node,
        "not a name",
        "a name is fixed: only values have references",
    )
    return False
