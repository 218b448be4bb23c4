"""What happens to the steps of a run -> events, the journal, and lines for who watches."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from compiler.interpreter.cuts import Lost
from compiler.interpreter.folder import RunFolder
from compiler.interpreter.lines import Progress, StepEnd
from compiler.interpreter.masks import Masks
from compiler.interpreter.records import Record
from compiler.ir import Ending, Json
from compiler.outcome import Status

STATUS: dict[Ending, Status] = {
    "succeeded": "succeeded",
    "continued": "failed",
    "failed": "failed",
    "skipped": "skipped",
    "aborted": "aborted",
    "not_started": "not_started",
}


@dataclass(kw_only=True)
class Watch:
    """Is told what happens. `events` are those of the outcome."""

    folder: RunFolder
    progress: Progress
    masks: Masks
    events: list[tuple[str, str]] = field(default_factory=list)

    def expect(self, more: int) -> None:
        """So many more steps or items are to end."""
        self.progress.expect(more)

    def keep(self, event: str, record: Record, **details: Json) -> None:
        """A line of the journal that no event of the outcome stands for."""
        in_handler = {"in_handler": True} if record.in_handler else {}
        self.folder.event(event, record.path, **details, **in_handler)

    def waits(self, label: str, what: str) -> None:
        self.progress.waiting(label, what)

    def attempt(self, record: Record) -> None:
        """An attempt begins; the first one is the start of the step."""
        first = record.started is None
        if first:
            record.started = time.monotonic()
            self.progress.started(record.label)
        if record.resumes:
            return
        event = "start" if first else "attempt"
        more: dict[str, Json] = {}
        if record.in_handler or record.attempts > 1:
            more["attempts"] = record.attempts
        folder = record.folder.removeprefix(f"{self.folder.path}/steps/")
        if folder != record.path:
            more["folder"] = folder
        if record.in_handler:
            event = f"handler_{event}"
        elif first:
            self.events.append(("start", record.path))
        self.folder.event(event, record.path, **more)

    def pause(self, record: Record, seconds: float, tries: int) -> None:
        """After `tries` failed ones in a row there is a pause until the next one."""
        retry = record.step.retry
        most = 1 + (int(str(retry.limit)) if retry is not None else 0)
        code = record.code or 0
        self.progress.retrying(record.label, code, tries + 1, most, seconds)

    def repeats(self, record: Record, seconds: float) -> None:
        """There is a pause until the step runs once more."""
        self.progress.repeating(record.label, record.code or 0, seconds)

    def decided(self, record: Record, ending: Ending) -> None:
        """It is settled how a step ends, also of one that never ran."""
        record.ending = "not_started" if record.left_out else ending
        if record.restored:
            if not record.in_handler:
                self.progress.expect(-1)
            return
        if record.started is not None:
            record.seconds = time.monotonic() - record.started
            if not record.in_handler:
                self.events.append(("end", record.path))
        self.folder.event(
            _end_event(record), record.path, **end_details(record, self.folder)
        )
        log = f"{record.files}.err"
        failed = ending in ("failed", "continued")
        end = StepEnd(
            ending=ending,
            code=record.code,
            seconds=record.seconds,
            log=log,
            tail=self._tail(Path(log)) if failed else (),
        )
        self.progress.ended(record.label, end)

    def problem(self, message: str, log: Path) -> None:
        """Something is wrong with a run as a whole; `log` says more."""
        self.progress.problem(f"{self.masks.text(message)}, log: {log}")
        for line in self._tail(log):
            self.progress.problem(f"  | {line}")

    def _tail(self, path: Path, most: int = 10) -> list[str]:
        """The last lines of a text file, at most `most`; none when it cannot be read."""
        try:
            with path.open("rb") as file:
                file.seek(max(os.path.getsize(path) - 16_384, 0))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return []
        text = self.masks.text(text)
        return text.removesuffix("\n").split("\n")[-most:] if text else []


def _end_event(record: Record) -> str:
    if record.started is None:
        return "settled"
    return "handler_end" if record.in_handler else "end"


def end_details(record: Record, folder: RunFolder) -> dict[str, Json]:
    """What the journal keeps of a step that has ended: enough to have it back."""
    ending = record.ending or "aborted"
    details: dict[str, Json] = {
        "status": STATUS[ending],
        "attempts": record.attempts,
        "exit_code": record.code,
    }
    if ending == "continued":
        details["ending"] = ending
    if record.partial:
        details["partial"] = True
    if record.frame is not None:
        details["run"] = record.frame.status
    elif record.output is not None and not record.items:
        try:
            details["output"] = folder.kept(record.output)
        except Lost:
            details["lost"] = True  # it runs again
    if record.in_handler and record.started is None:
        details["in_handler"] = True
    return details
