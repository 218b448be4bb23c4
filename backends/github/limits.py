"""Turns what is known of the time that nodes take into `timeout-minutes` of jobs."""

import math

from backends.github.jobs import Job
from backends.github.nodes import Node

_MOST = 360  # what GitHub gives a job that asks for nothing
_MARGIN = 5  # minutes for a machine's own work


def minutes(job: Job) -> int | None:
    """How long `job` may take: as long as its steps. None where one of them has no limit:
    that is GitHub's own."""
    seconds = 0.0
    for node in job.nodes:
        seconds += _seconds(node)
        if job.leg or not math.isfinite(seconds):
            return None  # a leg has as many items as come
    limit = math.ceil(seconds / 60) + _MARGIN
    return limit if limit < _MOST else None


def _seconds(node: Node) -> float:
    step = node.step
    if node.kind != "step" or step is None:
        return 60.0
    limits = [it.workflow.timeout for it in node.frame.around]
    seconds = float(min((it for it in limits if it is not None), default=math.inf))
    if step.timeout is None or step.repeat is not None:
        return seconds
    tries, pauses = 1, 0.0
    if step.retry is not None:
        if not isinstance(step.retry.limit, int):
            return seconds
        if not isinstance(step.retry.interval, int):
            return seconds
        tries += min(step.retry.limit, 10_000)
        for number in range(min(step.retry.limit, 1_000)):
            pauses += _pause(step.retry.interval, step.retry.backoff, number)
        pauses = min(pauses, (step.retry.max_interval or math.inf) * tries)
    return min(seconds, step.timeout * tries + pauses)


def _pause(interval: int, backoff: float, number: int) -> float:
    try:
        return interval * backoff**number
    except OverflowError:
        return math.inf
