"""The events of an outcome -> what is in an order that may not be.

The graph decides it: that of the entry, and that of each workflow that it called.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from compiler.ir import Call, Map, Program, Step, Workflow
from compiler.outcome import Outcome, StepOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Disorder:
    """What may not be, and the path of the step that it is about; "" is the run."""

    path: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One run of one workflow within a run; the paths of its steps begin with `prefix`,
    which is "" or ends with a slash."""

    prefix: str
    workflow: Workflow


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the paths of an outcome are: its frames, the step that each path is of,
    handlers apart, the paths of fan-outs with their widths and their items, those of
    calls, and of the steps that are processes."""

    frames: list[Frame] = field(default_factory=list)
    steps: dict[str, Step] = field(default_factory=dict)
    handlers: dict[str, Step] = field(default_factory=dict)
    widths: dict[str, int | None] = field(default_factory=dict)
    items: dict[str, list[str]] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)
    processes: set[str] = field(default_factory=set)

    @cached_property
    def outer(self) -> frozenset[str]:
        """The paths of what has others below it: calls and fan-outs."""
        return frozenset([*self.calls, *self.widths])

    @cached_property
    def within_fan_outs(self) -> tuple[str, ...]:
        """What the paths of items begin with, and of what is in them; of fan-outs that
        are in no other one."""
        items = {item for items in self.items.values() for item in items}
        inner = {f"{item}/" for item in items}

        def is_inner(path: str) -> bool:
            ends = (at + 1 for at, it in enumerate(path) if it == "/")
            return any(path[:end] in inner for end in ends)

        return tuple(f"{path}[" for path in self.widths if not is_inner(path))


def disorder(outcome: Outcome, program: Program) -> Iterator[Disorder]:
    """Each thing in the events of `outcome` that may not be: a step that did not wait for
    one that it depends on, that started or ended not just once, or that ran beside more
    than the limits allow."""
    shape = shape_of(outcome.steps, program)
    again = tuple(f"{it}/" for it in shape.calls if outcome.steps[it].attempts > 1)
    yield from _edges(outcome, shape, again)
    yield from _once(outcome, again)
    yield from _limits(outcome, shape)


def _edges(
    outcome: Outcome, shape: Shape, again: tuple[str, ...]
) -> Iterator[Disorder]:
    places = {event: place for place, event in enumerate(outcome.events)}
    last_within = _last_within(outcome, shape)
    for frame in shape.frames:
        if frame.prefix.startswith(again):
            continue  # each try has its order
        for step in frame.workflow.steps:
            after = frame.prefix + step.name
            begin = places.get(("start", after))
            if begin is None:
                continue
            for edge in step.edges:
                before = frame.prefix + edge.step
                if ("start", before) not in places:
                    continue
                if begin < places.get(("end", before), len(places)):
                    what = f"{after} started before {before} ended"
                    yield Disorder(path=after, what=what)
                if begin < last_within.get(before, 0):
                    what = f"{after} started before all of {before} had ended"
                    yield Disorder(path=after, what=what)


def _last_within(outcome: Outcome, shape: Shape) -> dict[str, int]:
    """The place of the last event within each call and fan-out."""
    found = {}
    for place, (_, path) in enumerate(outcome.events):
        for at, character in enumerate(path):
            if character in "/[" and (outer := path[:at]) in shape.outer:
                found[outer] = place
    return found


def _once(outcome: Outcome, again: tuple[str, ...]) -> Iterator[Disorder]:
    """What ran starts and ends once; within a call that is tried again, in each try."""
    ran = {path for path, step in outcome.steps.items() if step.attempts}
    counts: dict[tuple[str, str], int] = {}
    for kind, path in outcome.events:
        counts[kind, path] = counts.get((kind, path), 0) + 1
    paths = dict.fromkeys([*outcome.steps, *(path for _, path in counts)])
    for path in paths:
        if path.startswith(again):
            continue
        times = 1 if path in ran else 0
        for kind, done in (("start", "started"), ("end", "ended")):
            count = counts.get((kind, path), 0)
            if count != times:
                what = f"{path} {done} {count} times, not {times}"
                yield Disorder(path=path, what=what)


def _limits(outcome: Outcome, shape: Shape) -> Iterator[Disorder]:
    most = _most(outcome, _counted(outcome, shape))
    for frame in shape.frames:
        limit, found = frame.workflow.max_active_steps, most.get(frame.prefix, 0)
        if limit and found > limit:
            where = f"{frame.prefix}: " if frame.prefix else ""
            what = f"{where}{found} steps at once, at most {limit} may be"
            yield Disorder(path=frame.prefix[:-1], what=what)
    for path, width in shape.widths.items():
        found = most.get(f"{path}[", 0)
        if width is not None and found > width:
            what = f"{path}: {found} items at once, at most {width} may be"
            yield Disorder(path=path, what=what)


def _counted(outcome: Outcome, shape: Shape) -> dict[str, list[str]]:
    """What counts for which limits, each known by what the paths below it begin with."""
    limited = {it.prefix for it in shape.frames if it.workflow.max_active_steps}
    counted: dict[str, list[str]] = {}
    for path in shape.processes:
        step = shape.steps.get(path)
        repeats = step is not None and step.repeat is not None
        # Others pause between their attempts, or until it is known whether they repeat.
        if outcome.steps[path].attempts == 1 and not repeats:
            ends = [0, *(at + 1 for at, it in enumerate(path) if it == "/")]
            counted[path] = [path[:at] for at in ends if path[:at] in limited]
    for fan_out, items in shape.items.items():
        for path in items:
            counted.setdefault(path, []).append(f"{fan_out}[")
    return counted


def _most(outcome: Outcome, counted: Mapping[str, Iterable[str]]) -> Mapping[str, int]:
    """By the limit: how many of what counts for it had started and not ended at once."""
    running: dict[str, int] = {}
    most: dict[str, int] = {}
    for what, path in outcome.events:
        for limit in counted.get(path, ()):
            running[limit] = running.get(limit, 0) + (1 if what == "start" else -1)
            most[limit] = max(most.get(limit, 0), running[limit])
    return most


# ---- frames


def shape_of(steps: Mapping[str, StepOutcome], program: Program) -> Shape:
    """What the paths of `steps`, those of an outcome of `program`, are."""
    shape = Shape()
    items = _items(steps)
    waiting = [Frame(prefix="", workflow=program.main)]
    while waiting:
        frame = waiting.pop()
        shape.frames.append(frame)
        for handler in frame.workflow.handlers:
            shape.handlers[frame.prefix + handler.name] = handler
        for step in frame.workflow.steps:
            path = frame.prefix + step.name
            shape.steps[path] = step
            body = step.body
            paths = [path]
            if isinstance(body, Map):
                shape.widths[path] = body.width if isinstance(body.width, int) else None
                paths = shape.items[path] = items.get(path, [])
                shape.steps.update(dict.fromkeys(paths, step))
                body = body.body
            paths = [each for each in paths if each in steps]
            if not isinstance(body, Call):
                shape.processes.update(paths)
                continue
            shape.calls.update(paths)
            for each in paths:
                workflow = _called(steps, program, body, each)
                if workflow is not None:
                    waiting.append(Frame(prefix=f"{each}/", workflow=workflow))
    return shape


def _items(steps: Iterable[str]) -> dict[str, list[str]]:
    """The paths that look like items, `a[0]`, by that of their fan-out."""
    found: dict[str, list[str]] = {}
    for path in steps:
        fan_out, bracket, number = path.removesuffix("]").rpartition("[")
        if bracket and path.endswith("]") and number.isdigit():
            found.setdefault(fan_out, []).append(path)
    return found


def _called(
    steps: Mapping[str, StepOutcome], program: Program, call: Call, path: str
) -> Workflow | None:
    """The callee of which `steps` has every step, below `path`."""
    workflows = (program.workflow(callee.workflow) for callee in call.callees)
    return next(
        (
            workflow
            for workflow in workflows
            if all(f"{path}/{step.name}" in steps for step in workflow.steps)
        ),
        None,
    )
