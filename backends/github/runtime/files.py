"""The files that a job has changed -> a tar for later jobs, and back.

A file that is deleted stays where it was for later jobs.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from backends.github.runtime.commands import Words
from backends.github.runtime.records import root


def unpack(_: str, words: Words) -> int:
    """Brings the files of earlier jobs, in the order of the words; `load.*` are all legs
    of one."""
    for job in words.sources:
        for tar in sorted((root() / "in").glob(f"{job}.tar"), key=leg_of):
            subprocess.run(["tar", "-xf", tar], check=True)
    root().mkdir(parents=True, exist_ok=True)
    (root() / "start").touch()
    time.sleep(0.02)  # what changes from now on is younger, however coarse the clock
    return 0


def leg_of(tar: Path) -> tuple[int, str]:
    number = tar.stem.rpartition(".")[2]
    return (int(number) if number.isdigit() else 0, tar.name)


def pack(_: str, __: Words) -> int:
    """Keeps what has changed in the folder since the job began."""
    job = ".".join(
        filter(None, [os.environ["GITHUB_JOB"], os.environ.get("WFC_SLICE")])
    )
    since = (root() / "start").stat().st_ctime_ns
    names = b"".join(os.fsencode(name) + b"\0" for name in changed_since(since))
    (root() / "out").mkdir(parents=True, exist_ok=True)
    if names:
        tar = str(root() / "out" / f"{job}.tar")
        words = ["tar", "-cf", tar, "--no-recursion", "--null", "-T", "-"]
        code = subprocess.run(words, input=names, check=False).returncode
        if code > 1:  # 1: a file has changed meanwhile
            return code
    return 0


def changed_since(since: int) -> Iterator[str]:
    own = os.path.realpath(os.environ["RUNNER_TEMP"])
    for folder, folders, files in os.walk("."):
        inner = [
            each for each in folders if os.path.realpath(f"{folder}/{each}") != own
        ]
        folders[:] = inner
        for name in sorted(files + inner):
            path = os.path.join(folder, name)
            try:
                changed = os.lstat(path).st_ctime_ns
            except OSError:  # gone meanwhile
                continue
            if changed > since:
                yield path
