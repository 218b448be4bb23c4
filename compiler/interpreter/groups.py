"""The table of the system's processes -> the groups that the processes of one have made.

Programs such as `timeout`, and shells under `set -m`, put what they start into groups of
its own: no signal to the group of a step reaches it.
"""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_PROC = Path("/proc")
# The name of a program, in parentheses, may hold anything.
_STAT = re.compile(rb"(\d+) \(.*\) \S (\d+) (\d+) ", re.DOTALL)

Table = dict[int, tuple[int, int]]  # process -> its parent, its group


def processes() -> Table:
    """All processes that there are; none where the system does not tell."""
    found = _of_proc() if (_PROC / "self/stat").exists() else _of_ps()
    return {process: (parent, group) for process, parent, group in found}


def _of_proc() -> Iterator[tuple[int, int, int]]:
    for name in os.listdir(_PROC):
        if name.isdecimal():
            with contextlib.suppress(OSError):
                if found := _STAT.match((_PROC / name / "stat").read_bytes()):
                    process, parent, group = map(int, found.groups())
                    yield process, parent, group


def _of_ps() -> Iterator[tuple[int, int, int]]:
    import subprocess  # systems with /proc need none

    columns = ["-o", "pid=", "-o", "ppid=", "-o", "pgid="]
    try:
        listed = subprocess.run(["ps", "-A", *columns], capture_output=True).stdout
    except OSError:
        return
    for line in listed.splitlines():
        with contextlib.suppress(ValueError):
            process, parent, group = map(int, line.split())
            yield process, parent, group


def made_by(groups: Iterable[int], table: Table, own: int) -> set[int]:
    """The groups of the descendants of `groups`, these and `own` left out.

    >>> made_by([2], {2: (1, 2), 3: (2, 3), 4: (3, 4), 5: (2, 1)}, 1) == {3, 4}
    True
    """
    first = set(groups)
    all_groups = set(first)
    more = True
    while more:
        made = {
            group
            for parent, group in table.values()
            if parent in table and table[parent][1] in all_groups
        }
        more = not made - {own} <= all_groups
        all_groups |= made - {own}
    return all_groups - first
