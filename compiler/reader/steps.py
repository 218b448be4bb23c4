"""`steps` in all their forms into `Step`s."""

from collections.abc import Iterator
from typing import Literal

from compiler.ir import Step
from compiler.reader.nodes import MapNode, Node, ScalarNode
from compiler.reader.shape import Field, Reading, is_null, wrong_type
from compiler.reader.step import named_step, step


def steps(
    reading: Reading, field: Field, order: Literal["chain", "graph"]
) -> Iterator[Step]:
    """A list of steps, or a map of them by name."""
    node = field.value
    if isinstance(node, ScalarNode):
        help = "write `- name: NAME` below it, and `command: TEXT` below that"
        wrong_type(reading, node, "steps", "a list of steps", help)
        return
    found: list[Step | None]
    if isinstance(node, MapNode):
        entries = node.entries.values()
        found = [named_step(reading, key, value) for key, value in entries]
    elif all(map(is_named, node.items)):
        maps = (each for each in node.items if isinstance(each, MapNode))
        found = [step(reading, each) for each in maps]
    else:
        from compiler.reader.short_steps import short_steps  # which few files have

        found = list(short_steps(reading, node, order))
    yield from (each for each in found if each is not None)


def is_named(node: Node) -> bool:
    """Is `node` a map with a name? An empty one is as if it were absent."""
    if not isinstance(node, MapNode) or "name" not in node.entries:
        return False
    return not is_null(node.entries["name"][1])
