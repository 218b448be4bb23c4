"""`secrets`, `files` and `workspace` into what a run needs beside its workflow."""

from collections.abc import Iterator
from typing import Literal

from compiler.diagnostics import did_you_mean
from compiler.ir import FilePattern, Secret
from compiler.reader.keys import SECRET
from compiler.reader.nodes import ListNode, MapNode
from compiler.reader.references import is_fixed
from compiler.reader.shape import (
    NAME,
    Field,
    Fields,
    Reading,
    fields,
    name_of,
    scalar,
    texts,
    wrong_type,
)

_PROVIDERS = ("env", "file")
_WRITE = "write `- {name: X, provider: env}`"


def secrets(reading: Reading, field: Field) -> Iterator[Secret]:
    """The secrets of a workflow: a list of maps (S11)."""
    if not isinstance(field.value, ListNode):
        wrong_type(reading, field.value, field.key.text, "a list of maps", _WRITE)
        return
    for item in field.value.items:
        if not isinstance(item, MapNode):
            wrong_type(reading, item, field.key.text, "a list of maps", _WRITE)
            continue
        found = _secret(reading, item, fields(reading, item, SECRET))
        if found is not None:
            yield found


def _secret(reading: Reading, node: MapNode, known: Fields) -> Secret | None:
    name, given, key = (known.get(each) for each in ("name", "provider", "key"))
    for needed, help in (
        ("name", "write `name: X`"),
        ("provider", "write `provider: env` or `provider: file`"),
    ):
        if known.get(needed) is None and known.complete:
            reading.report(
                "WFC106",
                f"a secret without `{needed}`",
                node,
                f"`{needed}` is missing",
                help,
            )
    text = None if name is None else scalar(reading, name.value, "name", "a name")
    named = None if text is None else name_of(reading, text, "a secret")
    provider = None if given is None else _provider(reading, given)
    found = None if key is None else _key(reading, key, provider)
    if text is None or named is None or provider is None:
        return None
    return Secret(
        name=named,
        provider=provider,
        key=named if found is None else found,
        span=reading.span(text),
    )


def _provider(reading: Reading, field: Field) -> Literal["env", "file"] | None:
    found = scalar(reading, field.value, "provider", "`env` or `file`")
    if found is None:
        return None
    match found.text:
        case "env" | "file" as provider:
            return provider
        case other:
            reading.report(
                "WFC107",
                f"there is no provider `{other}`",
                found,
                "where is the secret read from?",
                did_you_mean(other, _PROVIDERS),
            )
            return None


def _key(reading: Reading, field: Field, provider: str | None) -> str | None:
    """The name of the environment variable, or the path of the file."""
    found = scalar(reading, field.value, "key", "a text", False)
    if found is None or not is_fixed(reading, found, "key"):
        return None
    if provider == "env" and not NAME.fullmatch(found.text):
        reading.report(
            "WFC107",
            f"`{found.text}` is no name of an environment variable",
            found,
            "not a name",
            "a name has letters, digits and `_`, and no digit in front",
        )
        return None
    return found.text


def files(reading: Reading, field: Field) -> Iterator[FilePattern]:
    """Globs of paths below the folder of the workflow (W2)."""
    for each in texts(reading, field.value, field.key.text):
        pattern = each.text
        while pattern.startswith("./"):
            pattern = pattern.removeprefix("./")
        if not is_fixed(reading, each, field.key.text):
            continue
        if pattern.startswith("/") or ".." in pattern.split("/"):
            reading.report(
                "WFC107",
                f"`{each.text}` leaves the folder of the workflow",
                each,
                "not below it",
                "write a path below that folder, as in `bin/*.sh`",
            )
            continue
        if pattern in ("", "."):
            reading.report(
                "WFC107",
                f"`{each.text}` names no file",
                each,
                "a folder",
                "write `**` for all files below it",
            )
            continue
        yield FilePattern(pattern=pattern, span=reading.span(each))


def workspace(reading: Reading, field: Field) -> Literal["shared", "isolated"]:
    """Whether the steps of a run share their files (W1)."""
    found = scalar(reading, field.value, field.key.text, "`shared` or `isolated`")
    if found is None or found.text == "shared":
        return "shared"
    if found.text == "isolated":
        return "isolated"
    reading.report(
        "WFC107",
        f"there is no workspace `{found.text}`",
        found,
        "not a workspace",
        did_you_mean(found.text, ("shared", "isolated")),
    )
    return "shared"
