"""Turns a document of mappings, lists and scalars into YAML as a person writes it.

Readers of YAML 1.1 and of 1.2 read the same document. PyYAML's own emitter puts a text
with a tab or a trailing space on one line in quotes, and knows no comments.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Node: TypeAlias = "bool | int | float | str | Noted | Sequence[Node] | Tree | None"
Tree: TypeAlias = "Mapping[str, Node]"


class Comment(str):
    """A comment of one line or several, as a key of a mapping, with any value, or as an
    item of a list: above what follows it there. A mapping can hold one text twice."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


@dataclass(frozen=True)
class Noted:
    """`value` with a comment behind it on the same line."""

    value: Node
    comment: str


class Row(list[Node]):
    """A list of scalars that is written in one line: `[a, b]`."""


def dump(document: Tree, spaced: Collection[str] = ()) -> str:
    """`document` as YAML, keys in their order, no line broken.

    An empty line is between the entries of the document, and between those of its
    entries `spaced`. A text of several lines is a literal block, byte for byte, unless
    YAML cannot write it so; then it is in double quotes, as are texts in which some
    reader would see a number, a date or a truth value. Raises ValueError for a number
    that is none, and for a comment with a line end at the end of a line.
    """
    lines: list[str] = []
    for number, section in enumerate(_sections(document)):
        if number:
            lines.append("")
        for key, value in section.items():
            if key in spaced and isinstance(value, Mapping) and value:
                lines.append(f"{_key(key, top=True)}:")
                lines += _spaced(value)
            else:
                lines += _entry(key, value, 0)
    return "".join(f"{line}\n" for line in lines)


def _spaced(mapping: Tree) -> Iterator[str]:
    for number, section in enumerate(_sections(mapping)):
        if number:
            yield ""
        yield from _mapping(section, 2)


def _sections(mapping: Tree) -> Iterator[dict[str, Node]]:
    """Each entry with the comments above it."""
    section: dict[str, Node] = {}
    for key, value in mapping.items():
        section[key] = value
        if not isinstance(key, Comment):
            yield section
            section = {}
    if section:
        yield section


# ---- collections; `indent` is the column in which an entry begins


def _mapping(mapping: Tree, indent: int) -> Iterator[str]:
    for key, value in mapping.items():
        yield from _entry(key, value, indent)


def _entry(key: str, value: Node, indent: int) -> Iterator[str]:
    margin = " " * indent
    if isinstance(key, Comment):
        yield from _comment(key, margin)
    else:
        spelled = f"{margin}{_key(key, top=indent == 0)}:"
        value, note = _parted(value)
        block = list(_block(value, indent + 2))
        if block:
            yield spelled + note
            yield from block
        else:
            yield from _scalar(spelled, value, indent, note)


def _list(items: Sequence[Node], indent: int) -> Iterator[str]:
    margin = " " * indent
    for item in items:
        if isinstance(item, Comment):
            yield from _comment(item, margin)
            continue
        value, note = _parted(item)
        block = list(_block(value, indent + 2))
        if not block:
            yield from _scalar(f"{margin}-", value, indent, note)
        elif note or block[0].lstrip().startswith("#"):
            yield f"{margin}-{note}"
            yield from block
        else:
            yield f"{margin}- {block[0].lstrip()}"
            yield from block[1:]


def _parted(value: Node) -> tuple[Node, str]:
    """A value, and the comment behind it."""
    note = ""
    while isinstance(value, Noted):
        note += _note(value.comment)
        value = value.value
    return value, note


def _block(value: Node, indent: int) -> Iterator[str]:
    """The lines of a collection that has lines of its own; none of any other value."""
    if isinstance(value, Mapping):
        yield from _mapping(value, indent)
    elif isinstance(value, list | tuple) and not isinstance(value, Row):
        yield from _list(value, indent)


def _scalar(before: str, value: Node, indent: int, note: str) -> Iterator[str]:
    if isinstance(value, str) and _is_literal(value):
        text = value.removesuffix("\n")
        # Without it a reader takes the white space of the first line for indentation.
        indicator = "2" if text[0] in " \t\n" else ""
        chomping = "" if value.endswith("\n") else "-"
        yield f"{before} |{indicator}{chomping}{note}"
        margin = " " * (indent + 2)
        for line in text.split("\n"):
            yield margin + line if line else ""
    else:
        spelled = _inline(value)
        yield f"{before} {spelled}{note}" if spelled else before + note


def _comment(comment: Comment, margin: str) -> Iterator[str]:
    for line in comment.splitlines():
        yield f"{margin}# {_visible(line)}".rstrip()


def _note(comment: str) -> str:
    if len(comment.splitlines()) > 1:
        raise ValueError("a comment at the end of a line has one line")
    return f" # {_visible(comment)}"


def _visible(comment: str) -> str:
    return _SPECIAL.sub(lambda found: _escape(found[0]), comment)


# ---- scalars

# What YAML 1.2 does not call printable, or a reader takes for a line end.
_SPECIAL = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
# Texts in which YAML 1.1, YAML 1.2 or a reader of either sees something else: numbers
# (also `1_000`, `1:30`, `0o17`, `0x1F`), dates, truth values, null, merge keys.
_OTHER = re.compile(
    r"[-+.0-9][-+.:_0-9a-fox ]*|.*\d{4}-\d\d?-\d\d?.*|[-+]?\.(inf|nan)"
    r"|~|null|true|false|yes|no|on|off|y|n|=|<<",
    re.IGNORECASE | re.ASCII,
)
_PLAIN = re.compile(r"[^-?:,\[\]{}#&*!|>'\"%@`\s](.*[^\s:])?")


def _key(key: str, top: bool = False) -> str:
    """`on` at the top is GitHub's key; its readers take it for the text."""
    return key if top and key == "on" else _text(key)


def _inline(value: Node) -> str:
    """`value` within a line; None is nothing."""
    match value:
        case None:
            return ""
        case str():
            return _text(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _number(value)
        case Mapping():
            return "{}"
        case _:
            items = [_flow(each) for each in value] if isinstance(value, Row) else ()
            return f"[{', '.join(items)}]"


def _flow(value: Node) -> str:
    if isinstance(value, str):
        return _quoted(value) if set(",[]{}?:") & set(value) else _text(value)
    if value is None or isinstance(value, bool | int | float):
        return _inline(value) or "null"
    raise ValueError("a list in one line holds scalars")


def _number(value: float) -> str:
    text = repr(value)
    if not re.fullmatch(r"-?[0-9.]+(e[-+][0-9]+)?", text):
        raise ValueError(f"{text} is no number")
    mantissa, _, exponent = text.partition("e")
    if exponent and "." not in mantissa:  # YAML 1.1 has no `1e+20`
        mantissa += ".0"
    return f"{mantissa}e{exponent}" if exponent else mantissa


def _text(text: str) -> str:
    plain = (
        _PLAIN.fullmatch(text)
        and not _OTHER.fullmatch(text)
        and not _SPECIAL.search(text)
        and not re.search(r"[\t\n]|: | #", text)
    )
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    """In single quotes where double ones would need escapes, and single ones need none."""
    double = re.search(r'["\\]', text)
    if double and not re.search(r"['\t\n]", text) and not _SPECIAL.search(text):
        return f"'{text}'"
    return f'"{re.sub(_ESCAPED, lambda found: _escape(found[0]), text)}"'


_ESCAPED = re.compile(f'["\\\\\t\n]|{_SPECIAL.pattern}')
_SHORT = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"}


def _escape(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    point = ord(character)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}"


def _is_literal(text: str) -> bool:
    """Whether `text` is written as a literal block: of several lines, all printable, the
    last one not empty."""
    if "\n" not in text or _SPECIAL.search(text):
        return False
    return bool(text.removesuffix("\n").rpartition("\n")[2].strip(" \t"))
