"""What happens in a run -> the files of its folder (W3)."""

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from json.encoder import encode_basestring
from pathlib import Path

from compiler.interpreter.clocks import boot, uptime
from compiler.interpreter.cuts import Cuts, Lost
from compiler.ir import Json, Workflow
from compiler.outcome import Outcome, to_json

# In characters, for the folder of a call within that of the run. No system stops there.
_LONGEST_NAME = 1_000
# In characters: a longer value is kept in a file of its own, beside the journal.
_LONGEST_VALUE = 16_384
# In seconds: who only looks whether a run lives takes the lock for a moment.
_LOCK_PATIENCE = 0.2

_ENCODER = json.JSONEncoder(ensure_ascii=False)

# What has come to be of the run, line by line, and in the end as a whole.
JOURNAL = "events.jsonl"
OUTCOME = "outcome.json"
# The processes of the run, in its folder: `PID@SECONDS` a line, by the clock of the boot
# that a line above names.
PROCESSES = ".processes"

# The keys of the journal's lines that hold values, in which a secret can be.
_WITH_VALUES = {"values", "positional", "params", "env", "items", "text", "output"}


class CannotStart(Exception):
    """The run folder cannot be made: one sentence for the user, exit code 2."""


@dataclass
class RunFolder:
    """The folder of one run: `steps/<folder>/<attempt>.{out,err,rc}` and its journal.
    The steps of a call have their folders within that of the call. While a process has
    it, it holds a lock on the journal: so others see that the run lives.

    Once a run goes on, nothing here stops it: what cannot be written is in `lost`, the
    first problem only.
    """

    path: Path
    run_id: str
    lost: str | None = None
    cuts: Cuts = field(default_factory=Cuts)
    _journal: int = -1
    _processes: int = -1
    _spilled: dict[str, Path] = field(default_factory=dict)
    _codes: dict[int, str] = field(default_factory=dict)

    @classmethod
    def create(cls, home: Path, workflow: Workflow) -> "RunFolder":
        """A new folder below `home`. Raises CannotStart."""
        clock = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        run_id = f"{clock}-{os.getpid()}-{os.urandom(4).hex()}"
        path = home.absolute() / "runs" / workflow.name / run_id
        folder = cls(path, run_id)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700)
            folder.steps.mkdir()
            folder._open()
        except OSError as error:
            folder.close()
            reason = error.strerror or str(error)
            raise CannotStart(
                f"cannot make the run folder `{path}`: {reason}"
            ) from None
        return folder

    @classmethod
    def reopen(cls, path: Path) -> "RunFolder":
        """The folder of a run that goes on. Raises CannotStart, also where a process has
        it."""
        folder = cls(path.absolute(), path.name)
        try:
            if not folder.steps.is_symlink():
                folder.steps.mkdir(exist_ok=True)
            folder._open()
        except OSError as error:
            folder.close()
            if error.errno in (errno.EAGAIN, errno.EACCES):
                raise CannotStart(f"the run {folder.run_id} still goes on") from None
            reason = error.strerror or str(error)
            raise CannotStart(f"cannot go on in `{path}`: {reason}") from None
        return folder

    def _open(self) -> None:
        """Opens the files to which lines are added, and takes the lock. Raises OSError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        self._journal = os.open(self.journal, flags, 0o666)
        lock(self._journal)
        self._processes = os.open(self.path / PROCESSES, flags, 0o666)
        os.write(self._processes, f"boot {boot()}\n".encode())
        # A full disk shows here, not in the middle of the run.
        probe = self.path / f"{OUTCOME}.part"
        probe.write_bytes(b" " * 4096)
        probe.unlink()
        size = os.fstat(self._journal).st_size
        if size and os.pread(self._journal, 1, size - 1) != b"\n":
            os.write(self._journal, b"\n")  # the last line was torn

    @property
    def journal(self) -> Path:
        return self.path / JOURNAL

    @property
    def steps(self) -> Path:
        return self.path / "steps"

    def within(self, folder: str, path: str) -> str:
        """The folder for what a call runs: that of the call, unless its name has become
        too long for the system. `path` is unique in the run."""
        if len(folder) <= len(str(self.path)) + _LONGEST_NAME:
            return folder
        digest = sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return f"{self.steps}/{digest}.deep"

    def event(self, event: str, step: str, **details: Json) -> None:
        """Appends one line to the journal."""
        # In place of one encoder for the whole line, which is made anew for each.
        more = "".join(f', "{key}": {_json(it)}' for key, it in details.items())
        when = f'{{"t": {time.time():.3f}, "event": "{event}", "step": {_json(step)}'
        text = f"{when}{more}}}\n"
        try:
            os.write(self._journal, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            self._lose(error, self.journal)

    def process(self, pid: int) -> None:
        """Remembers a process that leads a group of its own: should this one be killed,
        who goes on with the run ends it."""
        with contextlib.suppress(OSError):
            os.write(self._processes, b"%d@%.3f\n" % (pid, uptime()))

    def keep_code(self, path: str, code: int) -> None:
        """Makes the file `path` of an exit code. It is whole from the first, and cheap:
        those of equal codes are one file, of which only the first is written. Raises
        OSError."""
        if code in self._codes:
            # Some systems have no links, and all of them an end to those of one file.
            with contextlib.suppress(OSError):
                os.link(self._codes[code], path)
                return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # it may be one file with others
        descriptor = create(path)
        try:
            os.write(descriptor, b"%d\n" % code)
        finally:
            os.close(descriptor)
        self._codes[code] = path

    def kept(self, value: str) -> Json:
        """What the journal keeps of a value: itself, less its secrets; of a long one the
        name of a file. Raises Lost where nothing can be kept."""
        kept = self.cuts.cut(value)
        if isinstance(kept, str) and len(kept) > _LONGEST_VALUE:
            try:
                return {"file": str(self.spill(value).relative_to(self.path))}
            except OSError:
                raise Lost from None
        return kept

    def restored(self, kept: Json) -> str:
        """The value of which `kept` was kept. Raises Lost."""
        if isinstance(kept, dict) and "file" in kept:
            path = self.path / str(kept["file"])
            try:
                content = path.read_bytes()
            except OSError:
                raise Lost from None
            if _digest(content) != path.name:
                raise Lost
            return content.decode("utf-8", "surrogateescape")
        return self.cuts.joined(kept)

    def cut_journal(self) -> None:
        """Cuts secrets out of lines that were written before they were known. What the
        values of a line cannot be told by any more, goes."""
        if not self.cuts.late:
            return
        part = self.path / f"{JOURNAL}.part"
        try:
            with self.journal.open("rb") as lines, part.open("wb") as file:
                for line in lines:
                    file.write(self._cut_line(line))
            part.replace(self.journal)
        except OSError as error:
            self._lose(error, self.journal)

    def _cut_line(self, content: bytes) -> bytes:
        try:
            line: dict[str, Json] = json.loads(content)
            if "items" in line:  # they stand as a text where one of them is cut
                text = json.dumps(line["items"], ensure_ascii=False)
                if self.cuts.cut(text) != text:
                    del line["items"]
                    line["text"] = text
            for key in line.keys() & _WITH_VALUES:
                line[key] = self.cuts.cut_all(line[key])
        except ValueError:
            return b""
        except Lost:
            line = {key: it for key, it in line.items() if key not in _WITH_VALUES}
            line["lost"] = True
        text = _ENCODER.encode(line) + "\n"
        return text.encode("utf-8", "backslashreplace")

    def note(self, path: Path, message: str) -> None:
        """Adds a line of ours to the stderr file `path`."""
        try:
            path.parent.mkdir(exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            try:
                say(descriptor, message)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._lose(error, path)

    def spill(self, value: str) -> Path:
        """The file that holds `value`, one for equal values. Raises OSError."""
        content = value.encode("utf-8", "surrogateescape")
        digest = _digest(content)
        if digest not in self._spilled:
            path = self.path / "values" / digest
            path.parent.mkdir(exist_ok=True)
            part = path.with_suffix(".part")
            part.write_bytes(content)
            part.replace(path)
            self._spilled[digest] = path
        return self._spilled[digest]

    def readable(self) -> Iterator[Path]:
        """The files of `spill`, which no step needs any more, and all that was printed."""
        yield from self._spilled.values()
        for folder, _, names in os.walk(self.steps):
            for name in names:
                if name.endswith((".out", ".err")):
                    yield Path(folder, name)

    def finish(self, outcome: Outcome) -> None:
        """Writes outcome.json, whole or not at all."""
        path = self.path / OUTCOME
        part = self.path / f"{OUTCOME}.part"
        text = json.dumps(to_json(outcome), ensure_ascii=False, indent=2) + "\n"
        try:
            part.write_text(text, encoding="utf-8", errors="surrogateescape")
            part.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            self._lose(error, path)

    def close(self) -> None:
        for descriptor in (self._journal, self._processes):
            if descriptor >= 0:
                os.close(descriptor)
        self._journal = self._processes = -1

    def _lose(self, error: OSError, path: Path) -> None:
        if self.lost is None:
            self.lost = f"cannot write `{path}`: {error.strerror or error}"


def lock(journal: int) -> None:
    """Takes the lock of a run by an open journal; where the file system has no locks,
    nothing is taken. Raises OSError (EAGAIN) when another process keeps it."""
    until = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                return
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _json(value: Json) -> str:
    if type(value) is str:
        return encode_basestring(value)
    return str(value) if type(value) is int else _ENCODER.encode(value)


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]


def say(descriptor: int, message: str) -> None:
    """Writes a line of ours to an open stderr file. Raises OSError."""
    os.write(descriptor, f"wfc: {message}\n".encode("utf-8", "surrogateescape"))


def make_folder(path: str) -> None:
    """Makes the folder `path` unless it is there. Raises OSError."""
    try:
        os.mkdir(path)
    except FileExistsError:
        if not os.path.isdir(path):
            raise


def create(path: Path | str, mode: int = 0o666) -> int:
    """A descriptor of the new, empty file `path`. Raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, mode)
