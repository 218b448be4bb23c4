"""A process that is to end -> the groups of it and of all that it has started.

`timeout`, and a shell under `set -m`, put what they start into groups of its own, which
no signal to the group of the process reaches.
"""

import contextlib
import os
import subprocess
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
    columns = ["-o", "pid=", "-o", "ppid=", "-o", "pgid="]
    try:
        listed = subprocess.run(["ps", "-A", *columns], capture_output=True).stdout
    except OSError:
        return groups
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
    of = {process: group for process, _, group in rows}
    found, own = groups, of.get(os.getpid())
    while True:
        more = {group for _, parent, group in rows if of.get(parent) in found} - {own}
        if more <= found:
            return found
        found = found | more
