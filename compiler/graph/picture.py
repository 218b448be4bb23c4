"""A program -> boxes within boxes, and what waits for what.

Calls can double with each workflow that they go through, so a program may be far larger
drawn than written. Boxes are therefore filled level by level, from a queue, and not
beyond a limit; nothing here or behind it is recursive in the depth of calls.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from compiler.graph.notes import condition_notes, step_notes, workflow_notes
from compiler.ir import Call, Map, Program, Step, Workflow

# How many boxes are drawn, but for those of the workflow itself, which all are; and how
# many calls within each other.
MAX_BOXES = 2_000
MAX_DEPTH = 20

Kind = Literal[
    "workflow",  # the whole, or what a dynamic call can run
    "step",
    "item",  # what a fan-out does, if that is no call
    "handlers",  # the handlers of a workflow
    "handler",  # also what is asked before the steps
    "cut",  # a call whose workflow is not drawn
]


@dataclass(slots=True, eq=False, kw_only=True)
class Box:
    """A node; with `levels`, a cluster. `picture` fills it in.

    The boxes of one level can be at work at once, those of the next one wait for one of
    them or stand apart. `waits` are the boxes beside it that end before it starts.
    """

    title: str
    kind: Kind
    notes: list[str] = field(default_factory=list)
    levels: "list[list[Box]]" = field(default_factory=list)
    waits: "list[Wait]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wait:
    """An end of an edge: what must have ended before.

    `tolerant`: it may also have been skipped. `unseen`: it is no step's own, and only keeps
    what runs later in its place.
    """

    box: Box
    kind: Literal["strict", "tolerant", "unseen"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn program. `hidden` calls of it are not drawn further."""

    root: Box
    hidden: int

    @property
    def remark(self) -> str:
        """What is to say about what is not there; "" when all is."""
        if not self.hidden:
            return ""
        calls = "1 call is" if self.hidden == 1 else f"{self.hidden} calls are"
        return (
            f"{calls} not drawn further: more than {MAX_BOXES} boxes, or than "
            f"{MAX_DEPTH} calls within each other"
        )


def picture(program: Program) -> Picture:
    """What the workflow `program.entry` does, with all that it calls."""
    workflows = {each.key: each for each in program.workflows}
    sizes = {each.key: _size(each) for each in program.workflows}
    main = workflows[program.entry]
    root = Box(title=main.name, kind="workflow", notes=workflow_notes(main))
    waiting = deque((box, call, 1) for box, call in _fill(root, main))
    free = MAX_BOXES
    hidden = 0
    while waiting:
        box, call, depth = waiting.popleft()
        size = sum(1 + sizes[callee.workflow] for callee in call.callees)
        if depth > MAX_DEPTH or size > free:
            box.kind = "cut"
            box.notes.append("not drawn")
            hidden += 1
            continue
        free -= size
        for inner, callee in _insides(box, call, workflows):
            waiting.extend((*each, depth + 1) for each in _fill(inner, callee))
    return Picture(root, hidden)


def walk(root: Box) -> Iterator[tuple[Box, bool]]:
    """The boxes in `root` in the order of running: True where one begins, and for a
    cluster again with False behind all that is in it."""
    stack = [(box, True) for box in reversed(inside(root))]
    while stack:
        box, begins = stack.pop()
        yield box, begins
        if begins and box.levels:
            stack.append((box, False))
            stack.extend((each, True) for each in reversed(inside(box)))


def inside(box: Box) -> list[Box]:
    """The boxes directly in `box`."""
    return [each for level in box.levels for each in level]


def _insides(
    box: Box, call: Call, workflows: Mapping[str, Workflow]
) -> Iterator[tuple[Box, Workflow]]:
    """The boxes for the workflows that `call` can run: its own, or one for each."""
    for callee in call.callees:
        workflow = workflows[callee.workflow]
        if call.dynamic:
            inner = Box(title=callee.names[0], kind="workflow")
            box.levels.append([inner])
            yield inner, workflow
        else:
            yield box, workflow


def _fill(box: Box, workflow: Workflow) -> list[tuple[Box, Call]]:
    """Draws the steps and handlers of `workflow` in `box`; its calls, to be drawn."""
    calls: list[tuple[Box, Call]] = []
    boxes = {it.name: _step_box(it, it.name, "step", calls) for it in workflow.steps}
    for step in workflow.steps:
        for edge in step.edges:
            skip = "skipped" in edge.accepts
            wait = Wait(boxes[edge.step], "tolerant" if skip else "strict")
            boxes[step.name].waits.append(wait)
    levels = [[boxes[name] for name in names] for names in _levels(workflow)]
    before = list(_before_steps(workflow, calls))
    for first, second in pairwise([*([it] for it in before), *levels[:1]]):
        for each in second:
            each.waits.append(Wait(first[0], "strict"))
    box.levels += [*([it] for it in before), *levels]
    at_the_end = [it for it in workflow.handlers if it.name != "init"]
    if at_the_end:
        handlers = Box(title="handlers", kind="handlers")
        for it in at_the_end:
            handler = _step_box(it, f"on {it.name}", "handler", calls)
            handlers.levels.append([handler])
        handlers.waits += [Wait(each, "unseen") for each in inside(box)[-1:]]
        box.levels.append([handlers])
    return calls


def _before_steps(workflow: Workflow, calls: list[tuple[Box, Call]]) -> Iterator[Box]:
    """What comes before the first steps: the workflow's own conditions, its handler init."""
    if workflow.conditions:
        notes = condition_notes(workflow.conditions)
        yield Box(title="preconditions", kind="handler", notes=notes)
    for it in workflow.handlers:
        if it.name == "init":
            yield _step_box(it, "on init", "handler", calls)


def _step_box(step: Step, title: str, kind: Kind, calls: list[tuple[Box, Call]]) -> Box:
    box = Box(title=title, kind=kind, notes=step_notes(step))
    body = step.body.body if isinstance(step.body, Map) else step.body
    if isinstance(body, Call):
        calls.append((box, body))
    elif isinstance(step.body, Map):
        box.levels.append([Box(title=f"{title}[n]", kind="item")])
    return box


def _levels(workflow: Workflow) -> list[list[str]]:
    """The names of the steps: first those that wait for none, then those that wait for
    these alone, and so on; within a level as in the file."""
    level = {step.name: 0 for step in workflow.steps}
    missing = {step.name: len(step.edges) for step in workflow.steps}
    dependants: dict[str, list[str]] = {name: [] for name in level}
    for step in workflow.steps:
        for edge in step.edges:
            dependants[edge.step].append(step.name)
    ready = [name for name, count in missing.items() if not count]
    for name in ready:  # grows while it is read
        for dependant in dependants[name]:
            level[dependant] = max(level[dependant], level[name] + 1)
            missing[dependant] -= 1
            if not missing[dependant]:
                ready.append(dependant)
    levels: list[list[str]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for name, number in level.items():
        levels[number].append(name)
    return levels


def _size(workflow: Workflow) -> int:
    """At least as many boxes as the steps and handlers of `workflow` are."""
    steps = (*workflow.steps, *workflow.handlers)
    items = sum(isinstance(step.body, Map) for step in steps)
    around = bool(workflow.handlers) + bool(workflow.conditions)
    return len(steps) + items + around
