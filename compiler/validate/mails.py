"""Checks on mails: what they need, and where they have no effect."""

from collections.abc import Iterator

from compiler.diagnostics import Diagnostic
from compiler.ir import Mail, Map, Program, Step, Workflow, span_of
from compiler.source import Span


def mail_without_its_parts(program: Program) -> Iterator[Diagnostic]:
    """A mail without a server, or `mailOn` without the mail that it is about."""
    for workflow in program.workflows:
        wants = list(_mails(workflow))
        if workflow.smtp is None:
            for what, span in wants[:1]:
                yield _missing(what, span, "smtp", "smtp: {host: mail.example.org}")
        for kind, notice in (
            ("failure", workflow.error_mail),
            ("success", workflow.info_mail),
        ):
            key = "errorMail" if kind == "failure" else "infoMail"
            if kind in workflow.mail_on and notice is None:
                span = span_of("mailOn", workflow)
                yield _missing(f"`mailOn.{kind}`", span, key, _EXAMPLE.format(key))
        told = next((it for it in _steps(workflow) if it.mail_on_error), None)
        if told is not None and workflow.error_mail is None:
            span = span_of("mailOnError", told)
            key = "errorMail"
            yield _missing("`mailOnError`", span, key, _EXAMPLE.format(key))


_EXAMPLE = "{}: {{from: wfc@example.org, to: team@example.org}}"


def _missing(what: str, span: Span, key: str, example: str) -> Diagnostic:
    return Diagnostic(
        code="WFC106",
        message=f"{what} without `{key}` in the workflow",
        span=span,
        label=f"needs `{key}`",
        help=f"write `{example}` beside `steps`",
    )


def _mails(workflow: Workflow) -> Iterator[tuple[str, Span]]:
    """What in `workflow` sends mails."""
    for step in _steps(workflow):
        body = step.body.body if isinstance(step.body, Map) else step.body
        if isinstance(body, Mail):
            yield "a mail", body.span
        if step.mail_on_error:
            yield "`mailOnError`", span_of("mailOnError", step)
    if workflow.mail_on:
        yield "`mailOn`", span_of("mailOn", workflow)


def _steps(workflow: Workflow) -> tuple[Step, ...]:
    return (*workflow.steps, *workflow.handlers)


def mail_of_nobody(program: Program) -> Iterator[Diagnostic]:
    """A mail about runs, or a server, that nothing asks for."""
    for workflow in program.workflows:
        asked = bool(list(_mails(workflow)))
        if workflow.smtp is not None and not asked:
            yield _unused("smtp", workflow.smtp.span, "no mail goes out")
        told = any(step.mail_on_error for step in _steps(workflow))
        if workflow.error_mail is not None and not (
            told or "failure" in workflow.mail_on
        ):
            span = workflow.error_mail.span
            yield _unused("errorMail", span, "write `mailOn: {failure: true}`")
        if workflow.info_mail is not None and "success" not in workflow.mail_on:
            span = workflow.info_mail.span
            yield _unused("infoMail", span, "write `mailOn: {success: true}`")


def _unused(key: str, span: Span, why: str) -> Diagnostic:
    return Diagnostic(
        code="WFC115",
        message=f"`{key}` has no effect",
        span=span,
        label="nothing asks for a mail",
        help=why,
    )
