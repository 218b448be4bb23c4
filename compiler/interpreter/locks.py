"""A name and a number of slots -> one of them, held by one process at a time.

A slot is a folder of symbolic links that are numbered upwards; the text of the highest
one says who holds it: `PID@START`, or `free`. To make a link is atomic and fails where
one is, so of all that come at once one is the first. The highest is never removed, so
numbers only grow, and who was late finds a higher one. Emitted scripts do the same.
"""

import contextlib
import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path

# Longer numbers are not ours: bash counts with 63 bits.
_NUMBER = re.compile("[1-9][0-9]{0,14}")
_HOLDER = re.compile(r"([1-9][0-9]{0,9})@(\S+)")
_FREE = "free"
# The name of a program, in parentheses, may hold anything. Behind it: the state (field 3)
# and the time of the start (field 22).
_STAT = re.compile(rb".*\) (\S)(?: \S+){18} (\d+) ", re.DOTALL)
_ENDED = ("Z", "X", "x")  # nobody has asked yet how it ended
_PROC = Path("/proc")
# Each further look means that another process was faster.
_LOOKS = 1000


@dataclass(frozen=True, slots=True)
class Held:
    """A slot that this process holds: the path of its link."""

    path: Path


@dataclass(frozen=True, slots=True)
class Locks:
    """The locks below `home`: `locks/<lock>/<slot>/<number>`."""

    home: Path

    def try_take(self, lock: str, slots: int) -> Held | int:
        """One of the slots 0 ... `slots` - 1 (at least one) of `lock`, without waiting.

        The pid of one that holds a slot when all are taken; it can be our own. Raises
        OSError, with the path, where links cannot be made.
        """
        assert slots > 0
        holder = 0
        for slot in range(slots):
            taken = _take(self.home / "locks" / lock / str(slot))
            if isinstance(taken, Held):
                return taken
            holder = holder or taken
        return holder

    def release(self, held: Held) -> None:
        """Lets others have the slot. Never fails: at the worst it stays ours until this
        process ends."""
        path = held.path
        with contextlib.suppress(OSError):
            # Where the folder was removed meanwhile, our number says nothing any more.
            if os.readlink(path) == _ourselves():
                os.symlink(_FREE, path.with_name(str(int(path.name) + 1)))
                path.unlink()


def _take(folder: Path) -> Held | int:
    """The slot `folder`, or who holds it. Raises OSError."""
    for _ in range(_LOOKS):
        highest = max(_numbers(folder), default=0)
        holder = _holder(folder / str(highest))
        if holder is not None:
            return holder
        ours = folder / str(highest + 1)
        if _link(ours) and _counts(ours):
            return Held(ours)
    folder.mkdir(parents=True, exist_ok=True)  # says so where something is in the way
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(folder))


def _link(ours: Path) -> bool:
    """Makes our link; False when someone was faster, or has removed the folder."""
    text = _ourselves()
    try:
        ours.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(text, ours)
    except (FileExistsError, FileNotFoundError):
        return False
    except OSError as error:  # it names the text of the link
        raise OSError(error.errno, error.strerror, str(ours)) from None
    return True


def _counts(ours: Path) -> bool:
    """Is the link that we made the highest? Then those below go, else it goes itself."""
    number = int(ours.name)
    numbers = _numbers(ours.parent)
    counts = max(numbers, default=0) == number
    for each in [it for it in numbers if it < number] if counts else [number]:
        with contextlib.suppress(OSError):  # gone already, or no link
            ours.with_name(str(each)).unlink()
    return counts


def _numbers(folder: Path) -> list[int]:
    """The numbers in the slot `folder`. Raises OSError."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return [int(name) for name in names if _NUMBER.fullmatch(name)]


def _holder(link: Path) -> int | None:
    """The process that `link` names, if it lives."""
    try:
        found = _HOLDER.fullmatch(os.readlink(link))
    except OSError:  # gone meanwhile, or no link
        return None
    if found is None:
        return None
    process = int(found[1])
    return process if start_of(process) == found[2] else None


def _ourselves() -> str:
    """The text of our links. Raises OSError where nobody could tell if we live."""
    process = os.getpid()
    start = start_of(process)
    if start is None:
        raise OSError(errno.ENOSYS, "neither /proc nor ps says when a process started")
    return f"{process}@{start}"


def start_of(process: int) -> str | None:
    """When `process` started, in one word that only its equals are compared with; None
    when it does not live. A number that is used again has another start."""
    try:  # a run asks for each process that it starts
        descriptor = os.open(f"{_PROC}/{process}/stat", os.O_RDONLY)
    except OSError:
        return None if (_PROC / "self/stat").exists() else _start_by_ps(process)
    try:
        found = _STAT.match(os.read(descriptor, 4096))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    if found is None or found[1].decode() in _ENDED:
        return None
    return found[2].decode()


def _start_by_ps(process: int) -> str | None:
    import subprocess  # systems with /proc need none

    columns = ["-o", "stat=", "-o", "lstart="]
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC0"}
    try:
        listed = subprocess.run(
            ["ps", *columns, "-p", str(process)], env=environment, capture_output=True
        ).stdout
    except OSError:
        return None
    state, *start = listed.decode("ascii", "replace").split() or ["Z"]
    return None if state[:1] in _ENDED or not start else "_".join(start)
