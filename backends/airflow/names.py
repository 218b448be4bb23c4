"""Names for Airflow and for Python: of tasks, of variables; the order of steps."""

import builtins
import heapq
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping

from compiler.backend import mangle
from compiler.ir import Map, Step, Workflow
from compiler.walk import calls_of


def end_ids(workflow: Workflow, table: Mapping[str, str]) -> dict[str, str]:
    """The tasks that tell how the steps ended, by their names; `table` has the folders."""
    return {step.name: _end_id(step, table[step.name]) for step in workflow.steps}


def _end_id(step: Step, folder: str) -> str:
    return f"{folder}.result" if is_group(step) else folder


def is_group(step: Step) -> bool:
    """Whether a step has several tasks: a fan-out whose width is known."""
    return isinstance(step.body, Map) and isinstance(step.body.width, int)


def helper(name: str, taken: set[str]) -> str:
    """The id of a task that stands for no step."""
    found = mangle(name, "A-Za-z0-9_-", 100, taken)
    taken.add(found)
    return found


def identifier(name: str, taken: set[str]) -> str:
    """A Python variable for what is called `name`."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII) or "_"
    if plain[0].isdigit():
        plain = f"_{plain}"
    found, number = plain, 2
    if found in taken or keyword.iskeyword(found) or hasattr(builtins, found):
        found = f"{plain}_"
    while found in taken:
        found = f"{plain}_{number}"
        number += 1
    taken.add(found)
    return found


def ordered(workflow: Workflow) -> Iterator[Step]:
    """The steps, each after those that it waits for, else in file order."""
    known = {step.name: step for step in workflow.steps}
    waiting = {step.name: {it.step for it in step.edges} for step in workflow.steps}
    dependants: dict[str, list[str]] = {name: [] for name in known}
    for name, before in waiting.items():
        for each in before:
            dependants[each].append(name)
    places = {name: place for place, name in enumerate(known)}
    ready = [(places[name], name) for name, before in waiting.items() if not before]
    heapq.heapify(ready)
    while ready:
        _, name = heapq.heappop(ready)
        yield known[name]
        for each in dependants[name]:
            waiting[each].discard(name)
            if not waiting[each]:
                heapq.heappush(ready, (places[each], each))


def callees(workflows: Mapping[str, Workflow], first: Iterable[str]) -> list[str]:
    """The keys of workflows that these need, and theirs: each behind all that it calls."""
    found: dict[str, None] = {}
    waiting = [(key, False) for key in reversed([*first])]
    while waiting:
        key, done = waiting.pop()
        if done:
            found[key] = None
        elif key not in found:
            waiting.append((key, True))
            called = {
                callee.workflow: None
                for call in calls_of(workflows[key])
                for callee in call.callees
            }
            waiting += [(it, False) for it in called if it not in found]
    return [*found]
