"""What happens in a run -> the files of its folder (layout: docs of the run folder)."""

import contextlib
import json
import os
import secrets
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from compiler.backend import Folders, folders
from compiler.ir import Workflow
from compiler.outcome import Outcome, to_json


class CannotStart(Exception):
    """The run folder cannot be made: one sentence for the user, exit code 2."""


@dataclass
class RunFolder:
    """The folder of one run: `steps/<folder>/<attempt>.{out,err,rc}` and its journal.

    Once a run goes on, nothing here stops it: what cannot be written is in `lost`, the
    first problem only.
    """

    path: Path
    run_id: str
    folders: Folders
    lost: str | None = None
    _journal: int = -1
    _spilled: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def create(cls, home: Path, workflow: Workflow) -> "RunFolder":
        """A new folder below `home`. Raises CannotStart."""
        clock = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        run_id = f"{clock}-{os.getpid()}-{secrets.token_hex(4)}"
        path = home.absolute() / "runs" / workflow.name / run_id
        folder = cls(path, run_id, folders(workflow))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700)
            (path / "steps").mkdir()
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            folder._journal = os.open(folder.journal, flags, 0o666)
            # A full disk shows here, not in the middle of the run.
            probe = path / "outcome.json.part"
            probe.write_bytes(b" " * 4096)
            probe.unlink()
        except OSError as error:
            folder.close()
            reason = error.strerror or str(error)
            raise CannotStart(
                f"cannot make the run folder `{path}`: {reason}"
            ) from None
        return folder

    @property
    def journal(self) -> Path:
        return self.path / "events.jsonl"

    def of(self, name: str, handler: bool) -> Path:
        """The folder of a step, or of the handler of this kind; made on first use."""
        names = self.folders.handlers if handler else self.folders.steps
        return self.path / "steps" / names[name]

    def event(self, event: str, step: str, **details: object) -> None:
        """Appends one line to the journal."""
        line = {"t": round(time.time(), 3), "event": event, "step": step, **details}
        text = json.dumps(line, ensure_ascii=False) + "\n"
        try:
            os.write(self._journal, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            self._lose(error, self.journal)

    def spill(self, value: str) -> Path:
        """The file that holds `value`, one for equal values. Raises OSError."""
        content = value.encode("utf-8", "surrogateescape")
        digest = sha256(content).hexdigest()[:32]
        if digest not in self._spilled:
            path = self.path / "values" / digest
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            self._spilled[digest] = path
        return self._spilled[digest]

    def finish(self, outcome: Outcome) -> None:
        """Writes outcome.json, whole or not at all."""
        path = self.path / "outcome.json"
        part = self.path / "outcome.json.part"
        text = json.dumps(to_json(outcome), ensure_ascii=False, indent=2) + "\n"
        try:
            part.write_text(text, encoding="utf-8", errors="surrogateescape")
            part.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            self._lose(error, path)

    def close(self) -> None:
        if self._journal >= 0:
            os.close(self._journal)
            self._journal = -1

    def _lose(self, error: OSError, path: Path) -> None:
        if self.lost is None:
            self.lost = f"cannot write `{path}`: {error.strerror or error}"


def create(path: Path, mode: int = 0o666) -> int:
    """A descriptor of the new, empty file `path`. Raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, mode)
