"""Paths of workflows -> their texts: what the front end gets to see of the file system."""

import errno
import os
import stat
from typing import TYPE_CHECKING

from compiler.diagnostics import Diagnostic
from compiler.reader import ENCODINGS, decode
from compiler.source import Source, Span

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

# A folder with more cannot have been meant as a list of candidates.
MAX_FILES = 1_000
MAX_ENTRIES = 20_000
# A larger file has not been written as a workflow.
MAX_BYTES = 64 << 20
_ENDINGS = (".yaml", ".yml")
_NO_FILE = (FileNotFoundError, NotADirectoryError)


class FileLoader:
    """The file system as seen from the folder `root`. Each file is read once, and has the
    name by which it was first asked for."""

    def __init__(self, root: "Path | str" = ".") -> None:
        self._root = root
        self._read: dict[str, Source | Diagnostic] = {}

    def keep(self, source: Source) -> None:
        """Makes `source`, which was read elsewhere, the file of its name."""
        self._read.setdefault(self._real(source.name), source)

    def read(self, path: str) -> Source | Diagnostic | None:
        """The text of the file, WFC111 when it has none, None when it is not there.

        Only regular files are read: to open a pipe or a device could wait for ever.
        """
        try:
            real = self._real(path)
            if real not in self._read:
                found = self._bytes(path)
                self._read[real] = (
                    decode(path, found) if isinstance(found, bytes) else found
                )
            return self._read[real]
        except _NO_FILE:
            return None
        except ValueError:  # a NUL, or half of a surrogate pair
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None
            return unreadable(path, error.strerror or str(error))

    def holds(self, path: str, word: str) -> bool:
        """Is `word` in the text of the file? Other than `read` it keeps nothing of it."""
        try:
            found = self._bytes(path)
        except (OSError, ValueError):
            return False
        if not isinstance(found, bytes):
            return False
        return any(word.encode(each) in found for each in ENCODINGS)

    def _bytes(self, path: str) -> bytes | Diagnostic:
        full = os.path.join(self._root, path)
        mode = os.stat(full).st_mode
        if stat.S_ISDIR(mode):
            return unreadable(path, "it is a folder")
        if not stat.S_ISREG(mode):
            return unreadable(path, "it is not a regular file")
        # Some files below /proc are regular ones, and have nothing to read for a while.
        with open(full, "rb", opener=_open_at_once) as stream:
            return read_bounded(path, stream)

    def _real(self, path: str) -> str:
        return os.path.realpath(os.path.join(self._root, path))

    def below(self, folder: str) -> list[str] | None:
        """The .yaml and .yml files below `folder`, sorted; None when they are too many,
        or the folders too large to look through."""
        found: list[str] = []
        waiting = [folder]
        seen = 0
        while waiting:
            inner = waiting.pop()
            try:
                entries = os.scandir(os.path.join(self._root, inner))
            except (OSError, ValueError):
                continue
            with entries:
                for entry in entries:
                    seen += 1
                    if seen > MAX_ENTRIES:
                        return None
                    path = os.path.normpath(os.path.join(inner, entry.name))
                    if _is_searched(entry):
                        waiting.append(path)
                    elif _is_listed(entry):
                        found.append(path)
        return sorted(found) if len(found) <= MAX_FILES else None

    def exists(self, path: str) -> bool:
        try:
            return os.path.isfile(os.path.join(self._root, path))
        except ValueError:
            return False


def _is_searched(entry: "os.DirEntry[str]") -> bool:
    hidden = entry.name.startswith(".") or entry.name == "node_modules"
    return entry.is_dir(follow_symlinks=False) and not hidden


def _is_listed(entry: "os.DirEntry[str]") -> bool:
    """A regular file with the ending of YAML, and a name that is text."""
    try:
        entry.name.encode()
        return entry.name.endswith(_ENDINGS) and entry.is_file()
    except (OSError, ValueError):  # a link to itself; bytes that are no UTF-8
        return False


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def read_bounded(path: str, stream: "BinaryIO") -> bytes | Diagnostic:
    """All that is in `stream`, the file `path`; WFC111 when it is too much."""
    found = stream.read(MAX_BYTES + 1)
    if found is None:
        return unreadable(path, "there is nothing to read for now")
    if len(found) > MAX_BYTES:
        return unreadable(path, f"it is larger than {MAX_BYTES >> 20} MiB")
    return found


def unreadable(path: str, reason: str) -> Diagnostic:
    """The finding for a file that cannot be read."""
    return Diagnostic(
        code="WFC111",
        message=f"cannot read `{path}`: {reason}",
        span=Span(file=path, line=1, column=1),
    )
