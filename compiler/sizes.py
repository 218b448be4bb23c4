"""A program -> how much a run of it has, where each call is a copy of what it calls.

Both numbers grow fast where calls call, so nothing is copied to find them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from compiler.ir import Program, Step, Workflow
from compiler.walk import call_of, calls_of


class Size(NamedTuple):
    """`steps` with handlers, those of each call counted anew; `depth` is how many calls
    are within each other."""

    steps: int
    depth: int


def sizes(program: Program) -> list[tuple[Step, Size]]:
    """What each step and handler of the entry brings with it, itself counted."""
    known: dict[str, Size] = {}
    waiting = [program.main]
    while waiting:  # a call cycle is an error before
        called = next(_unknown(program, waiting[-1], known), None)
        if called is not None:
            waiting.append(called)
        else:
            workflow = waiting.pop()
            found = [_size(it, known) for it in (*workflow.steps, *workflow.handlers)]
            known[workflow.key] = Size(
                sum(it.steps for it in found),
                max((it.depth for it in found), default=0),
            )
    main = program.main
    return [(it, _size(it, known)) for it in (*main.steps, *main.handlers)]


def _unknown(
    program: Program, workflow: Workflow, known: dict[str, Size]
) -> Iterator[Workflow]:
    for call in calls_of(workflow):
        for callee in call.callees:
            if callee.workflow not in known:
                yield program.workflow(callee.workflow)


def _size(step: Step, known: dict[str, Size]) -> Size:
    call = call_of(step)
    if call is None:
        return Size(1, 0)
    found = [known[each.workflow] for each in call.callees]
    deepest = max((it.depth for it in found), default=0)
    return Size(1 + sum(it.steps for it in found), 1 + deepest)
