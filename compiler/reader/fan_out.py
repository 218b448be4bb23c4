"""`parallel` of a step, around its body, into a `Map`."""

from compiler.ir import DEFAULT_WIDTH, Call, Item, LeafBody, Map, Template
from compiler.reader.keys import PARALLEL
from compiler.reader.nodes import ListNode, MapNode, Node, ScalarNode
from compiler.reader.policies import count
from compiler.reader.references import template_without_commands
from compiler.reader.scalars import kind_of
from compiler.reader.shape import (
    Field,
    Reading,
    fields,
    scalar,
    wrong_type,
)
from compiler.reader.values import structured

_ITEMS = "a text or a list of items"


def fan_out(reading: Reading, field: Field, body: LeafBody | Call) -> Map:
    """`body` for each item: a text, a list, or a map with `items` and `maxConcurrent`."""
    span = reading.span(field.key)
    if not isinstance(field.value, MapNode):
        items = _items(reading, field.key.text, field.value)
        return Map(items=items, body=body, span=span)
    known = fields(reading, field.value, PARALLEL)
    given, most = known.get("items"), known.get("maxConcurrent")
    if given is None and known.complete:
        reading.report(
            "WFC106",
            f"`{field.key.text}` has no `items`",
            field.key,
            "for each of what?",
            "write `items: [a, b]`, or `items: ${NAME}`",
        )
    width = None if most is None else count(reading, most, least=1, backticks=False)
    return Map(
        items=() if given is None else _items(reading, "items", given.value),
        body=body,
        width=DEFAULT_WIDTH if width is None else width,
        span=span,
    )


def _items(reading: Reading, name: str, node: Node) -> Template | tuple[Item, ...]:
    if isinstance(node, ListNode):
        found = (_item(reading, name, each) for each in node.items)
        return tuple(each for each in found if each is not None)
    text = scalar(reading, node, name, _ITEMS, False)
    return () if text is None else template_without_commands(reading, text)


def _item(reading: Reading, name: str, node: Node) -> Item | None:
    """A scalar is its text as it is written, also `null` and `~`."""
    if not isinstance(node, ScalarNode):
        return Item(value=structured(reading, node), structured=True)
    if kind_of(node) == "null" and not node.text:
        wrong_type(
            reading, node, name, "no empty items", 'write `""` for an empty text'
        )
        return None
    return Item(value=template_without_commands(reading, node))
