"""Turns what starts runs, and how many there may be, into the head of a workflow file."""

from collections.abc import Mapping

from backends.github.inputs import Inputs
from backends.yaml_text import Comment, Node, Noted
from compiler.backend import mangle
from compiler.ir import Schedule, Workflow
from compiler.turns import step_turn


def triggers(workflow: Workflow, inputs: Inputs) -> Mapping[str, Node]:
    """`on:`: the schedule, and a form with the params."""
    found: dict[str, Node] = {}
    if workflow.schedule is not None and workflow.schedule.start:
        found["schedule"] = _crons(workflow.schedule)
    form: Mapping[str, Node] = {"inputs": inputs.forms}
    found["workflow_dispatch"] = form if inputs.forms else None
    return found


def _crons(schedule: Schedule) -> list[Node]:
    crons: list[Node] = []
    for cron in schedule.start:
        entry: dict[str, Node] = {"cron": cron.fields}
        if cron.zone is not None:
            entry["timezone"] = cron.zone
        crons.append(entry)
    return crons


def concurrency(workflow: Workflow) -> Mapping[str | Comment, Node]:
    """Runs that take turns; GitHub has groups of one, in which the others wait."""
    if workflow.queue is not None and _size(workflow) == 1:
        return _group(f"queue-{_named(workflow.queue)}", f"queue {workflow.queue}")
    if workflow.max_active_runs == 1:
        return _group(_named(workflow.name), "maxActiveRuns: 1")
    return {
        "group": Noted(
            f"{_named(workflow.name)}-${{{{ github.run_id }}}}",
            "each run is on its own: none waits",
        ),
        "cancel-in-progress": False,
    }


def _size(workflow: Workflow) -> int:
    sizes = {queue.name: queue.size for queue in workflow.queues}
    return sizes.get(workflow.queue or "", workflow.max_active_runs or 1)


def step_concurrency(
    queue: str, entry: Workflow, workflow: Workflow
) -> Mapping[str | Comment, Node]:
    """Jobs that take turns in the queue of a step."""
    _, size, what = step_turn(queue, entry, workflow)
    return _group(f"queue-steps-{_named(queue)}", what) if size == 1 else {}


def _named(name: str) -> str:
    return mangle(name, "A-Za-z0-9_.-", 100, set())


def _group(name: str, what: str) -> Mapping[str | Comment, Node]:
    return {
        "group": Noted(name, f"{one_line(what)}; the others wait in order"),
        "cancel-in-progress": False,
        "queue": "max",
    }


def one_line(text: str) -> str:
    """`text` for a comment at the end of a line."""
    return " ".join(text.split())
