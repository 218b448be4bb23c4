"""A mail's parts -> the message as servers take it (RFC 5322)."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from compiler.evaluate import Failure
from compiler.services import address_of

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Attachment(NamedTuple):
    """A file: its name for those who get it, and its bytes."""

    name: str
    content: bytes


def message(
    *,
    sender: str,
    to: Sequence[str],
    subject: str,
    text: str,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """The message, with lines that end as in mails. Raises Failure for a value that would
    add a header, or has no form in one."""
    from email import policy  # which few runs need
    from email.message import EmailMessage
    from email.utils import localtime, make_msgid

    made = EmailMessage(policy=policy.SMTP)
    domain = address_of(sender, "the sender").rpartition("@")[2]
    for each in to:
        address_of(each, "a recipient")
    try:
        made["From"] = _line(sender, "the sender")
        made["To"] = ", ".join(_line(each, "a recipient") for each in to)
        made["Subject"] = _line(subject, "the subject")
        made["Date"] = localtime()
        made["Message-ID"] = make_msgid(domain=domain)
        made.set_content(text)
        for name, content in attachments:
            made.add_attachment(
                content,
                maintype="application",
                subtype="octet-stream",
                filename=_CONTROL.sub("_", name),
            )
        return made.as_bytes()
    except (UnicodeError, ValueError) as error:
        raise Failure(f"the mail has no form: {error}") from None


def _line(value: str, what: str) -> str:
    if _CONTROL.search(value):
        raise Failure(f"{what} holds a line end or another control character")
    return value
