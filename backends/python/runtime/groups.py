"""A process that is to end -> the groups of it and of all that it has started.

`timeout`, and a shell under `set -m`, put what they start into groups of its own, which
no signal to the group of the process reaches.
"""

import contextlib
import os
from collections.abc import Iterable


def signal_groups(groups: Iterable[int], number: int) -> bool:
    """Whether there was anybody to get the signal."""
    reached = False
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            reached = True
    return reached


def groups_below(groups: "set[int]") -> "set[int]":
    """`groups`, and those that processes in them have made."""
    with os.popen("ps -A -o pid= -o ppid= -o pgid=") as listed:
        rows = [[*map(int, line.split())] for line in listed]
    of = {process: group for process, _, group in rows}
    more = {group for _, parent, group in rows if of.get(parent) in groups}
    more.discard(of.get(os.getpid(), 0))
    return groups if more <= groups else groups_below(groups | more)
