"""The events of an outcome -> what is in an order that may not be.

The graph decides it: that of the entry, and that of each workflow that it called.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from compiler.ir import Call, Map, Program, Workflow
from compiler.outcome import Outcome, StepOutcome, misordered


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One run of one workflow within a run; the paths of its steps begin with `prefix`,
    which is "" or ends with a slash."""

    prefix: str
    workflow: Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What the steps of an outcome are: its frames, the paths of fan-outs with their
    widths, those of calls, and of the steps that are processes."""

    frames: Sequence[Frame]
    widths: Mapping[str, int | None]
    calls: frozenset[str]
    processes: frozenset[str]


def wrong_order(
    outcome: Outcome, program: Program, starts: Sequence[str] = ()
) -> Iterator[str]:
    """A line for each thing in the events that may not be. `starts` is the order in which
    the steps start, empty where nothing decides it."""
    shape = _shape(outcome.steps, program)
    yield from _edges(outcome, shape)
    yield from _once(outcome, shape)
    yield from _limits(outcome, shape)
    started = [path for what, path in outcome.events if what == "start"]
    if starts and started != [*starts]:
        yield f"started in the order {started}"


def _edges(outcome: Outcome, shape: _Shape) -> Iterator[str]:
    again = _tried_again(outcome, shape)
    for frame in shape.frames:
        if frame.prefix.startswith(again):
            continue  # each try has its order
        edges = [
            (frame.prefix + edge.step, frame.prefix + step.name)
            for step in frame.workflow.steps
            for edge in step.edges
        ]
        yield from misordered(outcome, edges)
        # Nor may what is in a call outlive it.
        for before, after in edges:
            inner = f"{before}/"
            ends = [
                at
                for at, (_, path) in enumerate(outcome.events)
                if path.startswith((inner, f"{before}["))
            ]
            begins = [
                at for at, it in enumerate(outcome.events) if it == ("start", after)
            ]
            if ends and begins and begins[0] < ends[-1]:
                yield f"{after} started before all of {before} had ended"


def _once(outcome: Outcome, shape: _Shape) -> Iterator[str]:
    """What ran starts and ends once; within a call that is tried again, in each try."""
    again = _tried_again(outcome, shape)
    ran = sorted(
        path
        for path, step in outcome.steps.items()
        if step.attempts and not path.startswith(again)
    )
    for kind in ("start", "end"):
        seen = sorted(
            path
            for what, path in outcome.events
            if what == kind and not path.startswith(again)
        )
        if seen != ran:
            yield f"{kind}: {seen}, but these ran: {ran}"


def _tried_again(outcome: Outcome, shape: _Shape) -> tuple[str, ...]:
    """What the paths begin with that are in a call of several attempts."""
    return tuple(f"{path}/" for path in shape.calls if outcome.steps[path].attempts > 1)


def _limits(outcome: Outcome, shape: _Shape) -> Iterator[str]:
    for frame in shape.frames:
        limit = frame.workflow.max_active_steps
        # Others pause between their attempts.
        own = {
            path
            for path in shape.processes
            if path.startswith(frame.prefix) and outcome.steps[path].attempts == 1
        }
        most = _most(outcome, own)
        if limit and most > limit:
            yield f"{frame.prefix}: {most} steps at once, at most {limit} may be"
    for path, width in shape.widths.items():
        items = {it for it in outcome.steps if _is_item(it, path)}
        if width is not None and (most := _most(outcome, items)) > width:
            yield f"{path}: {most} items at once, at most {width} may be"


def _most(outcome: Outcome, paths: set[str]) -> int:
    """So many of `paths` had started and not ended at one time."""
    running = most = 0
    for what, path in outcome.events:
        if path in paths:
            running += 1 if what == "start" else -1
            most = max(most, running)
    return most


# ---- frames


def _shape(steps: Mapping[str, StepOutcome], program: Program) -> _Shape:
    frames: list[Frame] = []
    widths: dict[str, int | None] = {}
    calls: set[str] = set()
    processes: set[str] = set()
    waiting = [Frame(prefix="", workflow=program.main)]
    while waiting:
        frame = waiting.pop()
        frames.append(frame)
        for step in frame.workflow.steps:
            path = frame.prefix + step.name
            body = step.body
            paths = [path]
            if isinstance(body, Map):
                widths[path] = body.width if isinstance(body.width, int) else None
                paths = [it for it in steps if _is_item(it, path)]
                body = body.body
            if not isinstance(body, Call):
                processes.update(paths)
                continue
            calls.update(paths)
            for each in paths:
                workflow = _called(steps, program, body, each)
                if workflow is not None:
                    waiting.append(Frame(prefix=f"{each}/", workflow=workflow))
    return _Shape(
        frames=frames,
        widths=widths,
        calls=frozenset(calls),
        processes=frozenset(processes & steps.keys()),
    )


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


def _is_item(path: str, of: str) -> bool:
    rest = path.removeprefix(of)
    return (
        rest != path and rest[:1] == "[" and rest[-1:] == "]" and rest[1:-1].isdigit()
    )
