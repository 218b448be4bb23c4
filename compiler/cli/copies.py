"""A folder -> copies of it that somebody may change, as long as it is small."""

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MOST_BYTES = 50_000_000
MOST_FILES = 20_000


class NoCopy(Exception):
    """A folder is not copied; the reason is for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is in `folder`, by paths relative to it, parents first; links with what they
    point to."""

    folder: Path
    folders: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    pipes: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


def content_of(folder: Path) -> Content:
    """What is in `folder`. Raises NoCopy when that is too much."""
    root = folder.resolve()
    content = Content(folder=root)
    size = count = 0
    try:
        for entry in _entries(root):
            count += 1
            path = os.path.relpath(entry.path, root)
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                content.links.append((path, _target(entry.path, str(root))))
            elif stat.S_ISDIR(mode):
                content.folders.append(path)
            elif stat.S_ISREG(mode):
                size += entry.stat(follow_symlinks=False).st_size
                content.files.append(path)
            elif stat.S_ISFIFO(mode):
                content.pipes.append(path)
            if size > MOST_BYTES or count > MOST_FILES:
                raise NoCopy(
                    f"`{folder}` has more than {MOST_BYTES // 1_000_000} MB or "
                    f"{MOST_FILES} files, too much to copy"
                )
    except OSError as error:
        raise NoCopy(f"cannot read `{error.filename}`: {error.strerror}") from None
    return content


def _entries(root: Path) -> Iterator["os.DirEntry[str]"]:
    """All below `root`, a folder before what is in it."""
    waiting = [str(root)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)


def _target(link: str, root: str) -> str:
    """What a copy of `link` points to: within the copy what was within `root`, and what is
    elsewhere where it is."""
    target = os.path.join(os.path.dirname(link), os.readlink(link))
    folder, name = os.path.split(os.path.normpath(target))
    target = os.path.join(os.path.realpath(folder), name)
    if os.path.commonpath([target, root]) == root:
        return os.path.relpath(target, os.path.dirname(link))
    return target


def copy(content: Content, to: Path) -> None:
    """Makes the folder `to` a copy, with modes and times. Raises NoCopy."""
    source = content.folder
    try:
        to.mkdir(parents=True)
        for path in content.folders:
            (to / path).mkdir()
        for path in content.files:
            with contextlib.suppress(FileNotFoundError):  # gone since
                shutil.copy2(source / path, to / path, follow_symlinks=False)
        for path in content.pipes:
            os.mkfifo(to / path)
        for path, target in content.links:
            (to / path).symlink_to(target)
        for path in reversed(["", *content.folders]):  # last: some cannot be written to
            with contextlib.suppress(FileNotFoundError):
                shutil.copystat(source / path, to / path)
    except OSError as error:
        raise NoCopy(f"cannot copy `{error.filename}`: {error.strerror}") from None


def remove(folder: Path) -> bool:
    """Removes `folder`, also what in it cannot be written to; has it gone?"""
    for _ in range(3):  # what a step left running may write into it meanwhile
        for path, folders, _files in os.walk(folder):
            for name in folders:
                inner = os.path.join(path, name)
                if not os.path.islink(inner):
                    with contextlib.suppress(OSError):
                        os.chmod(inner, 0o700)
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return True
    return False
