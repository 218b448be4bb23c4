"""A run that has ended -> the mails about it (`mailOn`, `mailOnError`)."""

import os
from collections.abc import Iterator
from pathlib import Path

from compiler.evaluate import Failure, text_of
from compiler.interpreter.folder import create
from compiler.interpreter.frames import Frame
from compiler.interpreter.messages import Attachment, message
from compiler.interpreter.outcomes import Rows, outcome_of, rows_of
from compiler.interpreter.processes import Ended, Launch
from compiler.interpreter.report import Report, StepReport, summary
from compiler.interpreter.services import Ready, ServiceFiles, ready_plan
from compiler.interpreter.tasks import Work, process
from compiler.interpreter.texts import Shell, said
from compiler.interpreter.values import Scope, environment_of
from compiler.ir import Notice, Smtp
from compiler.outcome import StepOutcome
from compiler.services import mail_plan

_TIMEOUT = 60.0  # seconds: no server may hold up the end of a run
_LONGEST_LOG = 1_000_000  # bytes of a log, its end; all of a mail: ten times that
_MOST = 10 * _LONGEST_LOG


def tell(frame: Frame, seconds: float) -> Work[None]:
    """Sends the mails that are due after the run of the entry, which took so long. One
    that cannot be sent is said, and changes nothing."""
    smtp = frame.workflow.smtp
    if smtp is None:
        return
    for name, notice, failed in _due(frame):
        try:
            yield from _send(name, notice, failed, smtp, frame, seconds)
        except (Failure, OSError) as error:
            _cannot(frame, name, said(error))


def _due(frame: Frame) -> Iterator[tuple[str, Notice, bool]]:
    """The mails that are due; with True the one that is about a failure."""
    workflow = frame.workflow
    told = any(
        record.step.mail_on_error and record.ending in ("failed", "continued")
        for record in (*frame.records.values(), *frame.handlers.values())
    )
    failed = frame.status == "failed" and "failure" in workflow.mail_on
    if workflow.error_mail is not None and (told or failed):
        yield "errorMail", workflow.error_mail, True
    succeeded = frame.status in ("succeeded", "partially_succeeded")
    if workflow.info_mail is not None and succeeded and "success" in workflow.mail_on:
        yield "infoMail", workflow.info_mail, False


def _send(
    name: str, notice: Notice, failed: bool, smtp: Smtp, frame: Frame, seconds: float
) -> Work[None]:
    """Raises Failure, OSError."""
    files = ServiceFiles(f"{frame.run.folder.path}/{name}")
    log = frame.run.folder.path / f"{name}.err"
    try:
        ready = _ready(notice, failed, smtp, frame, seconds, files)
        ended = yield from _process(ready, frame, log)
    finally:
        files.remove()
    frame.run.masks.file(log)
    if ended.code:
        lines = log.read_text("utf-8", "replace").strip().split("\n")
        _cannot(frame, name, lines[-1] or f"exit {ended.code}")
    else:
        log.unlink(missing_ok=True)


def _ready(
    notice: Notice,
    failed: bool,
    smtp: Smtp,
    frame: Frame,
    seconds: float,
    files: ServiceFiles,
) -> Ready:
    shell = Shell(
        place=frame.place,
        scope=Scope(known=frame.known, special={}, lenient=True),
        exports=(),
        files=files.base,
    )
    prefix = "" if notice.prefix is None else text_of(notice.prefix, shell.scope)
    rows = rows_of(frame)
    content = message(
        sender=text_of(notice.sender, shell.scope),
        to=[text_of(each, shell.scope) for each in notice.to],
        subject=f"{prefix} {frame.workflow.name} ({frame.status})".strip(),
        text=_text(frame, rows, seconds),
        attachments=list(_logs(rows, failed)) if notice.attach_logs else [],
    )
    files.write("message", content)
    plan = mail_plan(notice.sender, notice.to, smtp)
    environment = environment_of((), shell.scope, frame.run.folder.spill)
    return ready_plan(plan, shell, environment, files)


def _text(frame: Frame, rows: Rows, seconds: float) -> str:
    """The table of the steps, and why the run has none that ran."""
    report = Report(
        outcome=outcome_of(frame, rows, 0),
        run_id=frame.run.folder.run_id,
        folder=frame.run.folder.path,
        started="",
        seconds=seconds,
        steps=rows.step_reports,
        handlers=rows.handler_reports,
    )
    why = "" if frame.problem is None else f"\n{frame.run.masks.text(frame.problem)}\n"
    text = f"{summary(report)}{why}"
    return text.encode("utf-8", "replace").decode("utf-8")


def _logs(rows: Rows, failed: bool) -> Iterator[Attachment]:
    """What the last attempts of the steps have printed, of all or of those that failed."""
    room = _MOST
    for prefix, steps, reports in (
        ("", rows.steps, rows.step_reports),
        ("handler ", rows.handlers, rows.handler_reports),
    ):
        for path, step in steps.items():
            if failed and step.status != "failed":
                continue
            for each in _logs_of(f"{prefix}{path}", step, reports[path]):
                room -= len(each.content)
                if room >= 0:
                    yield each


def _logs_of(name: str, step: StepOutcome, report: StepReport) -> Iterator[Attachment]:
    for suffix in (".out", ".err"):
        path = Path(report.log, f"{step.attempts}{suffix}")
        try:
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(size - _LONGEST_LOG, 0))
                content = file.read()
        except OSError:
            continue  # a call has none, nor has what never ran
        if content:
            yield Attachment(f"{name}{suffix}".replace("/", "_"), content)


def _process(ready: Ready, frame: Frame, log: Path) -> Work[Ended]:
    stderr = create(log)
    return (
        yield from process(
            Launch(
                argv=ready.argv,
                directory=frame.run.folder.path,
                environment=ready.environment,
                stdout=os.dup(stderr),
                stderr=stderr,
                timeout=_TIMEOUT,
            )
        )
    )


def _cannot(frame: Frame, name: str, why: str) -> None:
    why = frame.run.masks.text(why)
    frame.run.watch.progress.problem(f"`{name}` could not be sent: {why}")
