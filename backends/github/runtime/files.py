"""The files that a job has changed, and those it has removed -> later jobs."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from backends.github.runtime.commands import Words
from backends.github.runtime.records import root


def unpack(_: str, words: Words) -> int:
    """Brings the files of earlier jobs, in the order of the words; `load.*` are all legs
    of one."""
    for job in words.sources:
        left = [
            *(root() / "in").glob(f"{job}.tar"),
            *(root() / "in").glob(f"{job}.gone"),
        ]
        for path in sorted(left, key=leg_of):
            if path.suffix == ".tar":
                subprocess.run(["tar", "-xf", path], check=True)
            else:
                remove(path)
    root().mkdir(parents=True, exist_ok=True)
    (root() / "start").write_bytes(b"".join(map(ended_by_nul, paths())))
    time.sleep(0.02)  # what changes from now on is younger, however coarse the clock
    return 0


def ended_by_nul(name: str) -> bytes:
    return os.fsencode(name) + b"\0"


def remove(listed: Path) -> None:
    """Removes what another job has removed, what is in a folder before it."""
    for name in reversed(listed.read_bytes().split(b"\0")):
        with suppress(OSError):
            folder = os.path.isdir(name) and not os.path.islink(name)
            (os.rmdir if folder else os.unlink)(name)


def leg_of(tar: Path) -> tuple[int, str]:
    number = tar.stem.rpartition(".")[2]
    return (int(number) if number.isdigit() else 0, tar.name)


def pack(_: str, __: Words) -> int:
    """Keeps what has changed in the folder since the job began."""
    job = ".".join(
        filter(None, [os.environ["GITHUB_JOB"], os.environ.get("WFC_SLICE")])
    )
    since = (root() / "start").stat().st_ctime_ns
    now = [*paths()]
    names = b"".join(ended_by_nul(name) for name in now if is_younger(name, since))
    before = (root() / "start").read_bytes().split(b"\0")[:-1]
    gone = sorted({*before} - {os.fsencode(name) for name in now})
    (root() / "out").mkdir(parents=True, exist_ok=True)
    if gone:
        (root() / "out" / f"{job}.gone").write_bytes(b"\0".join(gone))
    if names:
        tar = str(root() / "out" / f"{job}.tar")
        words = ["tar", "-cf", tar, "--no-recursion", "--null", "-T", "-"]
        code = subprocess.run(words, input=names, check=False).returncode
        if code > 1:  # 1: a file has changed meanwhile
            return code
    return 0


def paths() -> Iterator[str]:
    """All that is in the folder, but what is the runner's."""
    own = os.path.realpath(os.environ["RUNNER_TEMP"])
    for folder, folders, files in os.walk("."):
        inner = [
            each for each in folders if os.path.realpath(f"{folder}/{each}") != own
        ]
        folders[:] = inner
        for name in sorted(files + inner):
            yield os.path.join(folder, name)


def is_younger(path: str, since: int) -> bool:
    try:
        return os.lstat(path).st_ctime_ns > since
    except OSError:  # gone meanwhile
        return False
