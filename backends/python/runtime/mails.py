"""A mail's parts -> the message as servers take it (RFC 5322)."""

import re
from collections.abc import Collection
from email import policy
from email.message import EmailMessage
from email.utils import localtime, make_msgid

from backends.python.runtime.attempts import HERE, said
from compiler.json_text import Failure
from compiler.services.forms import address_of

LARGEST_ATTACHMENT = 25_000_000  # bytes; few servers take more


def message(
    sender: str, to: Collection[str], subject: str, text: str, paths: Collection[str]
) -> bytes:
    """The message. No value adds a header to it."""
    made = EmailMessage(policy=policy.SMTP)
    domain = address_of(sender, "the sender").rpartition("@")[2]
    for each in to:
        address_of(each, "a recipient")
    try:
        made["From"] = header_line(sender, "the sender")
        made["To"] = ", ".join(header_line(each, "a recipient") for each in to)
        made["Subject"] = header_line(subject, "the subject")
        made["Date"] = localtime()
        made["Message-ID"] = make_msgid(domain=domain)
        made.set_content(text)
        for path in paths:
            attach(made, path)
        return made.as_bytes()
    except (UnicodeError, ValueError) as error:
        raise Failure(f"the mail has no form: {error}") from None


def attach(made: EmailMessage, name: str) -> None:
    path = HERE.directory / name
    try:
        with path.open("rb") as opened_file:
            found = opened_file.read(LARGEST_ATTACHMENT + 1)
    except OSError as error:
        raise Failure(f"cannot attach `{path}`: {said(error)}") from None
    if len(found) > LARGEST_ATTACHMENT:
        raise Failure(f"cannot attach `{path}`: it is above 25 MB")
    shown = re.sub(r"[\x00-\x1f\x7f]", "_", path.name)
    made.add_attachment(
        found, maintype="application", subtype="octet-stream", filename=shown
    )


def header_line(value: str, what: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise Failure(f"{what} holds a line end or another control character")
    return value
