"""Emitted files -> the disk: whole or not at all, and never over somebody else's file."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from compiler.backend import File
from compiler.diagnostics import Diagnostic
from compiler.source import Span

# Every emitted file has a line that begins so among its first.
HEADER = "# Made by wfc from "
_HEADER_LINES = 5


def is_ours(text: str) -> bool:
    """Does `text` carry the header of an emitted file?"""
    return any(it.startswith(HEADER) for it in text.split("\n", _HEADER_LINES)[:-1])


def current(path: Path) -> str | None:
    """The text of the file at `path`, None when there is none. Raises OSError, also for
    a folder, a pipe or a device.

    Bytes that are no text come out as replacement characters: such a file is not ours.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None


def foreign(path: Path, text: str | None) -> Diagnostic | None:
    """The finding for a file that wfc did not write and so does not overwrite."""
    if text is None or not text.strip() or is_ours(text):
        return None
    return Diagnostic(
        code="WFC403",
        message=f"`{path}` was not made by wfc and is not overwritten",
        span=Span(file=str(path), line=1, column=1),
        help="move it away, choose another folder with `-o DIR`, or use `--force`",
    )


def unwritable(path: Path, error: OSError) -> Diagnostic:
    return Diagnostic(
        code="WFC404",
        message=f"`{path}` cannot be written: {error.strerror or error}",
        span=Span(file=str(path), line=1, column=1),
        help="the file is as it was before",
    )


def difference(path: Path, before: str | None, after: str) -> Iterator[str]:
    """A unified diff from what is on the disk to what would be written, line by line."""
    import difflib  # few starts need it

    yield from difflib.unified_diff(
        [] if before is None else before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        fromfile=os.devnull if before is None else str(path),
        tofile=str(path),
    )


def write(path: Path, file: File) -> None:
    """Writes `file` to `path`: a temporary file beside it, flushed, then renamed.

    Missing folders are made. A mode that the file has is kept. Raises OSError, and then
    the old file is whole.
    """
    import tempfile  # few starts need it

    path = path.resolve()  # through a symbolic link, not over it
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(file.text.encode())
            stream.flush()
            os.fsync(stream.fileno())
            os.fchmod(stream.fileno(), _mode(path, file.executable))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(path: Path, executable: bool) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return (0o777 if executable else 0o666) & ~umask
