"""Queues and limits of runs -> the locks by which runs and scripts take turns (S10).

`wfc run` and emitted scripts wait for each other, so both have the names and sizes from
here.
"""

from typing import Literal

from compiler.backend import mangle, queue_size
from compiler.ir import Workflow

# The lock, how many may hold it at a time, and what one who waits for it waits for.
Turn = tuple[str, int, str]


def run_turns(workflow: Workflow) -> list[Turn]:
    """What a run of `workflow` waits for before it begins, in this order."""
    turns: list[Turn] = []
    if workflow.max_active_runs is not None:
        lock = lock_name("runs", workflow.name)
        what = f"another run of {workflow.name}"
        turns.append((lock, workflow.max_active_runs, what))
    if workflow.queue is not None:
        lock = lock_name("queue-runs", workflow.queue)
        size = queue_size(workflow.queue, workflow)
        turns.append((lock, size, f"queue {workflow.queue}"))
    return turns


def step_turn(queue: str, entry: Workflow, workflow: Workflow) -> Turn:
    """What a step of `workflow`, in a run of `entry`, waits for in its `queue`."""
    size = queue_size(queue, entry, workflow)
    return lock_name("queue-steps", queue), size, f"queue {queue}"


def lock_name(kind: Literal["runs", "queue-runs", "queue-steps"], name: str) -> str:
    """The lock for the runs of workflow `name`, or for what is in the queue `name`."""
    if kind != "runs":
        name = mangle(name, "A-Za-z0-9_-", 100, set())
    return f"{kind}.{name}"
