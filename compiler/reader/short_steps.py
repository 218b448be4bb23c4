"""Steps without a name, steps as texts and groups of steps -> named steps with edges.

As Dagu has them since 1.22. A step that has no name is called for what it does and where
it stands: `cmd_1`, `script_2`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from compiler.ir import Dependency, Step
from compiler.reader.nodes import ListNode, MapNode, Node, ScalarNode
from compiler.reader.shape import Reading, is_null, wrong_type
from compiler.reader.step import step, text_step
from compiler.reader.steps import is_named

_WORD = re.compile("[a-z]{1,40}")
_LINE_END = re.compile(r"\n(?=.)", re.DOTALL)


@dataclass(slots=True)
class _Names:
    """The names that are taken."""

    taken: set[str] = field(default_factory=set)

    def new(self, kind: str, position: int) -> str:
        """A name for a step of this kind: its position, or the next number that is free."""
        while f"{kind}_{position}" in self.taken:
            position += 1
        self.taken.add(f"{kind}_{position}")
        return f"{kind}_{position}"


def short_steps(
    reading: Reading, node: ListNode, order: Literal["chain", "graph"]
) -> Iterator[Step]:
    """The steps of a list in which some entry is a text or a list, or has no name.

    In a chain a group waits for what stands above it, and what stands below it waits for
    all of the group; where a step says itself what it waits for, that counts.
    """
    names = _Names(set(_given_names(node)))
    above: list[Step] | None = None
    behind_group = False
    for position, item in enumerate(node.items, 1):
        group = isinstance(item, ListNode)
        entries = _members(reading, item) if isinstance(item, ListNode) else [item]
        found = [_one(reading, each, position, names) for each in entries]
        members = [each for each in found if each is not None]
        if order == "chain" and (group or behind_group):
            members = [_behind(each, above or []) for each in members]
        yield from members
        above, behind_group = members, group


def _given_names(node: ListNode) -> Iterator[str]:
    """The names and ids that are written in the list and its groups."""
    for item in node.items:
        if isinstance(item, ListNode):
            yield from _given_names(item)
        elif isinstance(item, MapNode):
            for key in ("name", "id"):
                entry = item.entries.get(key)
                if entry is not None and isinstance(entry[1], ScalarNode):
                    yield entry[1].text


def _members(reading: Reading, group: ListNode) -> Iterator[Node]:
    if not group.items:
        reading.report(
            "WFC107",
            "a group without steps",
            group,
            "an empty list",
            "list the steps that run side by side, or take it out",
        )
    for each in group.items:
        if isinstance(each, ListNode):
            reading.report(
                "WFC105",
                "a group of steps within a group",
                each,
                "this is a list",
                "write its steps in the outer list; `depends` makes an order among them",
            )
        else:
            yield each


def _one(reading: Reading, node: Node, position: int, names: _Names) -> Step | None:
    match node:
        case MapNode():
            name = "" if is_named(node) else names.new(_kind(node), position)
            return step(reading, node, name)
        case ScalarNode() if not is_null(node) and node.text.strip():
            kind = "script" if _LINE_END.search(node.text.strip()) else "cmd"
            return text_step(reading, node, names.new(kind, position))
        case _:
            help = "take the empty entry out"
            wrong_type(reading, node, "steps", "maps and texts", help)
            return None


def _kind(node: MapNode) -> str:
    """What Dagu calls a step that has these keys."""

    def text(name: str) -> str:
        entry = node.entries.get(name)
        value = None if entry is None else entry[1]
        if isinstance(value, MapNode):
            value = value.entries["type"][1] if "type" in value.entries else None
        return value.text if isinstance(value, ScalarNode) else ""

    if "parallel" in node.entries:
        return "parallel"
    if "run" in node.entries or "call" in node.entries:
        return "dag"
    if "container" in node.entries:
        return "docker"
    named = text("executor") or text("type")
    if _WORD.fullmatch(named):
        return named
    lines = _LINE_END.search(text("command").strip())
    return "script" if lines or "script" in node.entries else "cmd"


def _behind(member: Step, above: list[Step]) -> Step:
    """`member`, which waits for all of `above` unless it says itself what it waits for."""
    if member.depends is not None:
        return member
    waits = (Dependency(step=each.name, span=member.span) for each in above)
    return replace(member, depends=tuple(waits))
