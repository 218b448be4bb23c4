"""A mail and its server -> what curl reads."""

from collections.abc import Iterator

from compiler.ir import Smtp, Template
from compiler.services.plan import Hole, PathOf, Piece, Plan, ProgramOf, Text, pieces

_ALWAYS = """silent
show-error
globoff
proto = "=smtp,smtps"
connect-timeout = 30
"""


def mail_plan(sender: Template, to: tuple[Template, ...], smtp: Smtp) -> Plan:
    """curl; the message is to be in the file `message`."""
    return Plan(
        words=((ProgramOf("curl"),), ("--disable",), ("--config",), ("-",)),
        stdin=(_ALWAYS, *_server(smtp), *_envelope(sender, to)),
        files=(("message", None),),
    )


def attachment(path: Template) -> Text:
    """The path of an attachment: a value alone, or one below the text around it."""
    what = "the path of an attachment"
    if len(path.parts) == 1:
        return (Hole(template=path, form="text", what=what),)
    return tuple(pieces(path, "text", "below", what))


def _server(smtp: Smtp) -> Iterator[Piece]:
    host, port = "the host of `smtp`", "the port of `smtp`"
    yield 'url = "'
    yield Hole(template=smtp.port, form="mail_scheme", what=port)
    yield "://"
    yield Hole(template=smtp.host, form="mail_host", what=host)
    yield ":"
    yield Hole(template=smtp.port, form="port", what=port)
    yield '"\n'
    if smtp.username is None:
        yield "ssl\n"  # where the server offers it
        return
    yield Hole(template=smtp.host, form="mail_tls", what=host)
    yield 'user = "'
    yield Hole(template=smtp.username, form="user", what="the name for `smtp`")
    yield ":"
    if smtp.password is not None:
        yield Hole(template=smtp.password, form="quoted", what="the password")
    yield '"\n'


def _envelope(sender: Template, to: tuple[Template, ...]) -> Iterator[Piece]:
    yield 'mail-from = "'
    yield Hole(template=sender, form="address", what="the sender")
    yield '"\n'
    for each in to:
        yield 'mail-rcpt = "'
        yield Hole(template=each, form="address", what="a recipient")
        yield '"\n'
    yield 'upload-file = "'
    yield PathOf("message", "quoted")
    yield '"\n'
