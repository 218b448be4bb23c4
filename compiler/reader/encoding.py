"""The bytes of a file into a `Source`: UTF-8, or UTF-16 with its byte order mark."""

import codecs

from compiler.diagnostics import Diagnostic
from compiler.source import Source, Span

# What a file can be in; those but the first begin with a byte order mark.
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


def decode(name: str, data: bytes) -> Source | Diagnostic:
    """The text of `data` with `\\n` line ends and no byte order mark.

    Bytes that are no text give WFC111, at the line where the first of them stands.
    """
    encoding = "utf-8"
    if data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
    elif data.startswith(codecs.BOM_UTF16_LE):
        encoding, data = "utf-16-le", data[2:]
    elif data.startswith(codecs.BOM_UTF16_BE):
        encoding, data = "utf-16-be", data[2:]
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        return _no_text(name, data, encoding, error.start)
    return Source(name, text.replace("\r\n", "\n").replace("\r", "\n"))


def _no_text(name: str, data: bytes, encoding: str, offset: int) -> Diagnostic:
    before = data[:offset].decode(encoding, "replace").replace("\r\n", "\n")
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return Diagnostic(
        code="WFC111",
        message=f"`{name}` is not {encoding.upper()} text",
        span=Span(file=name, line=line, column=column),
        label=f"byte 0x{data[offset]:02x} cannot be read here",
        help="save the file as UTF-8",
    )
