"""A value -> how it stands on a command line or in a configuration file (R4).

Files that a compiler emits take these functions as they are, `form_F` for the form F.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from compiler.json_text import Failure
from compiler.services.plan import Form

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SPACE = re.compile(r"[\x00-\x20\x7f]")
_METHOD = re.compile(r"[A-Za-z]{1,20}")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*)|\[[0-9A-Fa-f:.]+\]")
_HERE = ("localhost", "127.0.0.1", "[::1]")
_ADDRESS = re.compile(r"[!-;=?A-~]+@[!-;=?A-~]+", re.ASCII)
_NAMED = re.compile(r"[^<>]*<([^<>]*)>\s*")
_IN_QUOTES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})


def in_form(form: Form, value: str, what: str) -> str:
    """`value` in the form `form`. Raises Failure for one that has none; it never tells
    the value, which may be a secret, of which a part would not be masked."""
    if "\0" in value:
        raise Failure(f"{what} holds a NUL character")
    return _FORMS[form](value, what)


def form_text(value: str, _what: str) -> str:
    return value


def form_json(value: str, what: str) -> str:
    if not value.strip(" \t\r\n"):
        raise Failure(f"{what} is empty: that is no JSON")
    return value


def form_word(value: str, what: str) -> str:
    if not value:
        raise Failure(f"{what} is empty")
    if value.startswith("-"):
        raise Failure(f"{what} begins with `-` and would be an option")
    if _SPACE.search(value):
        raise Failure(f"{what} holds white space or a control character")
    return value


def form_part(value: str, what: str) -> str:
    if ":" in value:
        raise Failure(f"a value in {what} holds `:`, which begins another part")
    return value


def form_part_below(value: str, what: str) -> str:
    return form_below(form_part(value, what), what)


def form_below(value: str, what: str) -> str:
    if ".." in re.split(r"[/\\]", value):
        raise Failure(f"a value in {what} holds `..`, which leads out of its folder")
    return value


def form_ssh_path(value: str, what: str) -> str:
    if not value:
        raise Failure(f"{what} is empty")
    if _CONTROL.search(value) or '"' in value or "\\" in value or "${" in value:
        raise Failure(f"{what} holds what ssh cannot take in a path")
    return value.replace("%", "%%")


def form_port(value: str, what: str) -> str:
    if not re.fullmatch("[1-9][0-9]{0,4}", value) or int(value) > 65_535:
        raise Failure(f"{what} is no number from 1 to 65535")
    return value


def form_line(value: str, what: str) -> str:
    if "\n" in value or "\r" in value:
        raise Failure(f"{what} holds a line end, and a file of variables has no room")
    return value


def form_quoted(value: str, _what: str) -> str:
    return value.translate(_IN_QUOTES)


def form_header(value: str, what: str) -> str:
    if _CONTROL.search(value.replace("\t", "")):
        raise Failure(f"{what} holds a line end or another control character")
    return form_quoted(value, what)


def form_empty_header(value: str, _what: str) -> str:
    return ": " if value.strip(" \t") else ";"


def form_url(value: str, what: str) -> str:
    if not re.match("https?://[^/?#]", value, re.IGNORECASE):
        raise Failure(f"{what} begins with neither `http://` nor `https://`")
    if _SPACE.search(value):
        raise Failure(f"{what} holds white space or a control character")
    return form_quoted(value, what)


def form_url_with_query(value: str, what: str) -> str:
    url = form_url(value, what).partition("#")[0]
    if "?" not in url:
        return f"{url}?"
    return url if url.endswith(("?", "&")) else f"{url}&"


def form_encoded(value: str, _what: str) -> str:
    return quote(value, safe="", errors="surrogateescape")


def _known_method(value: str, what: str) -> str:
    if not _METHOD.fullmatch(value):
        raise Failure(f"{what} is none: it has letters only")
    return value.upper()


def form_method(value: str, what: str) -> str:
    method = _known_method(value, what)
    if method == "GET":
        return ""
    if method == "HEAD":
        return "head\n"
    if method in ("POST", "PUT", "PATCH"):
        chosen = "" if method == "POST" else f"request = {method}\n"
        return f'{chosen}data-raw = ""\nheader = "Content-Type:"\n'
    return f"request = {method}\n"


def form_method_with_body(value: str, what: str) -> str:
    method = _known_method(value, what)
    if method == "HEAD":
        raise Failure("a HEAD request has no body")
    return "" if method == "POST" else f"request = {method}\n"


def form_mail_host(value: str, what: str) -> str:
    if not _HOST.fullmatch(value):
        raise Failure(f"{what} is no name of a host")
    return value


def form_mail_scheme(value: str, what: str) -> str:
    return "smtps" if form_port(value, what) == "465" else "smtp"


def form_mail_tls(value: str, what: str) -> str:
    """Without TLS a password goes to this machine only."""
    return "ssl\n" if form_mail_host(value, what).lower() in _HERE else "ssl-reqd\n"


def form_user(value: str, what: str) -> str:
    if ":" in value:
        raise Failure(f"{what} holds `:`, which ends a name")
    return form_quoted(value, what)


def form_address(value: str, what: str) -> str:
    return form_quoted(address_of(value, what), what)


def address_of(value: str, what: str) -> str:
    """The address in `NAME <ADDRESS>` or `ADDRESS`. Raises Failure: one value is one
    address, so that no value adds another."""
    named = _NAMED.fullmatch(value)
    address = (named[1] if named else value).strip(" ")
    if _CONTROL.search(value) or "," in address or not _ADDRESS.fullmatch(address):
        raise Failure(f"{what} is no address of a mail")
    return address


_FORMS: Mapping[Form, Callable[[str, str], str]] = {
    "text": form_text,
    "json": form_json,
    "word": form_word,
    "part": form_part,
    "part_below": form_part_below,
    "below": form_below,
    "ssh_path": form_ssh_path,
    "port": form_port,
    "line": form_line,
    "quoted": form_quoted,
    "header": form_header,
    "empty_header": form_empty_header,
    "url": form_url,
    "url_with_query": form_url_with_query,
    "encoded": form_encoded,
    "method": form_method,
    "method_with_body": form_method_with_body,
    "mail_host": form_mail_host,
    "mail_scheme": form_mail_scheme,
    "mail_tls": form_mail_tls,
    "user": form_user,
    "address": form_address,
}
