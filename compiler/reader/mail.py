"""`smtp`, `mailOn`, `errorMail` and `infoMail` of a workflow."""

from dataclasses import replace
from typing import Literal

from compiler.ir import Notice, Smtp, Template, Workflow
from compiler.reader.config import a_map, a_text
from compiler.reader.keys import MAIL_ON, NOTICE, SMTP
from compiler.reader.services import recipients
from compiler.reader.shape import Field, Fields, Reading, is_true

_PORT = "25"


def with_mails(reading: Reading, known: Fields, workflow: Workflow) -> Workflow:
    """`workflow` with its mail server, and the mails about its runs."""
    server, failed, done = map(known.get, ("smtp", "errorMail", "infoMail"))
    return replace(
        workflow,
        smtp=None if server is None else _smtp(reading, server),
        mail_on=_mail_on(reading, known.get("mailOn")),
        error_mail=None if failed is None else _notice(reading, failed),
        info_mail=None if done is None else _notice(reading, done),
    )


def _smtp(reading: Reading, field: Field) -> Smtp | None:
    known = a_map(reading, field, SMTP)
    host = _needed(reading, field, known, "host", "host: mail.example.org")
    port = a_text(reading, known.get("port"))
    username = a_text(reading, known.get("username"))
    password = a_text(reading, known.get("password"))
    if host is None:
        return None
    span = reading.span(field.key)
    return Smtp(
        host=host,
        port=port or Template(parts=(_PORT,), span=span),
        username=username,
        password=password,
        span=span,
    )


def _notice(reading: Reading, field: Field) -> Notice | None:
    known = a_map(reading, field, NOTICE)
    sender = _needed(reading, field, known, "from", "from: wfc@example.org")
    to = recipients(reading, known.get("to"))
    if known.get("to") is None:
        _needed(reading, field, known, "to", "to: team@example.org")
    prefix = a_text(reading, known.get("prefix"), empty=True)
    logs = is_true(reading, known.get("attachLogs"))
    if sender is None or not to:
        return None
    span = reading.span(field.key)
    return Notice(sender=sender, to=to, prefix=prefix, attach_logs=logs, span=span)


def _needed(
    reading: Reading, field: Field, known: Fields, name: str, example: str
) -> Template | None:
    found = known.get(name)
    if found is None and known.complete:
        reading.report(
            "WFC106",
            f"`{field.key.text}` without `{name}`",
            field.key,
            f"`{name}` is missing",
            f"write `{example}` below it",
        )
    return a_text(reading, found)


def _mail_on(
    reading: Reading, field: Field | None
) -> tuple[Literal["success", "failure"], ...]:
    known = a_map(reading, field, MAIL_ON)
    kinds: tuple[Literal["success", "failure"], ...] = ("success", "failure")
    return tuple(kind for kind in kinds if is_true(reading, known.get(kind)))
