"""`queue`, `queues` and `maxActiveRuns` into the limits that runs and steps keep (S10)."""

from compiler.ir import Queue
from compiler.reader.nodes import MapNode, ScalarNode
from compiler.reader.references import is_fixed
from compiler.reader.shape import (
    MAX_NAME,
    Field,
    Reading,
    integer,
    is_one_line,
    scalar,
    wrong_type,
)


def queue(reading: Reading, field: Field) -> str | None:
    """The queue of a workflow or a step."""
    found = scalar(reading, field.value, field.key.text, "the name of a queue")
    return None if found is None else _queue_name(reading, found)


def _queue_name(reading: Reading, node: ScalarNode) -> str | None:
    if not is_fixed(reading, node, "queue"):
        return None
    if not is_one_line(node.text):
        reading.report(
            "WFC107",
            "this text cannot be the name of a queue",
            node,
            "not a name",
            f"a name is one line of 1 to {MAX_NAME} characters",
        )
        return None
    return node.text


def queues(reading: Reading, field: Field) -> tuple[Queue, ...]:
    """How many may be in each queue at a time, by its name."""
    node = field.value
    if not isinstance(node, MapNode):
        help = "write `queues: {NAME: 2}`"
        wrong_type(reading, node, field.key.text, "a map of sizes by name", help)
        return ()
    found: list[Queue] = []
    for key, value in node.entries.values():
        name = _queue_name(reading, key)
        size = integer(reading, value, key.text, least=1)
        if name is not None and size is not None:
            found.append(Queue(name=name, size=size, span=reading.span(key)))
    return tuple(found)


def max_active_runs(reading: Reading, field: Field) -> int | None:
    """How many runs of the workflow there may be at a time; 0 and -1 are no limit."""
    found = integer(reading, field.value, field.key.text, least=-1)
    return found if found is not None and found > 0 else None
