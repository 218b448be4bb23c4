"""`params` of a workflow or of a call, in all their forms, into names and values."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from compiler.diagnostics import Diagnostic
from compiler.expressions.ends import behind_dollar
from compiler.expressions.reading import Reading as Text
from compiler.ir import Argument, Param, Template
from compiler.reader.nodes import Locate, MapNode, Node, ScalarNode, locator
from compiler.reader.references import template_part
from compiler.reader.shape import (
    Field,
    Reading,
    checked_name,
    name_of,
    scalar,
)
from compiler.reader.values import value
from compiler.source import Span

# The string form; single quotes are no quotes there (Dagu).
_WORD = re.compile(r'(?:([^\s="`]+)=)?("(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^"\s]+)')
_DENSE = re.compile(r"\S+")
_BARE_BACKTICK = re.compile(r"(?<!\\)`")
_OPENING = re.compile(r"\$\$?[{<]")
_ANY_POSITION = 9999  # how many positional params there are is not known yet
_TYPED = frozenset(
    [
        "name",
        "type",
        "default",
        "description",
        "enum",
        "required",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "items",
        "properties",
    ]
)


class _Entry(NamedTuple):
    """A param before its value is read: how many positional ones there are decides that.

    `name` None is a positional one.
    """

    name: str | None
    span: Span
    value: Callable[[], Template]


def params(reading: Reading, field: Field) -> tuple[Param, ...]:
    """The params of a workflow in the order of the file; sets `reading.positional`."""
    schema = _schema(field)
    if schema is not None:
        _no_schema(reading, schema)
        return ()
    entries = list(_entries(reading, field))
    reading.positional = sum(entry.name is None for entry in entries)
    return tuple(
        Param(name=name, default=entry.value(), span=entry.span)
        for name, entry in _numbered(entries)
    )


def arguments(reading: Reading, field: Field) -> tuple[Argument, ...]:
    """The params of a call in the order of the file (F2); of two with one name the first."""
    found: dict[str, Argument] = {}
    for name, entry in _numbered(_entries(reading, field)):
        if name in found:
            reading.report(
                "WFC213",
                f"the param `{name}` is passed twice",
                entry.span,
                "once more",
                "take one of them out",
                ((found[name].span, "first here"),),
            )
            continue
        found[name] = Argument(name=name, value=entry.value(), span=entry.span)
    return tuple(found.values())


def _numbered(entries: Iterable[_Entry]) -> Iterator[tuple[str, _Entry]]:
    """The entries with their names; positional ones are named "1", "2" ..."""
    position = 0
    for entry in entries:
        if entry.name is None:
            position += 1
        yield str(position) if entry.name is None else entry.name, entry


def _entries(reading: Reading, field: Field) -> Iterator[_Entry]:
    node = field.value
    if isinstance(node, MapNode):
        yield from _named(reading, node)
    elif isinstance(node, ScalarNode):
        yield from _words(reading, node)
    else:
        for item in node.items:
            if isinstance(item, MapNode):
                yield from _named(reading, item)
            else:
                text = scalar(reading, item, field.key.text, "params as texts or maps")
                if text is not None:
                    yield from _words(reading, text)


def _schema(field: Field) -> Node | None:
    """Where the params have types; only those of a workflow can."""
    node = field.value
    if isinstance(node, MapNode):
        return field.key if _is_schema(node) else None
    if isinstance(node, ScalarNode):
        return None
    typed = (each for each in node.items if isinstance(each, MapNode))
    return next(filter(_is_typed, typed), None)


def _no_schema(reading: Reading, node: Node) -> None:
    reading.report(
        "WFC104",
        "`params` with a schema are not supported yet",
        node,
        "types of params",
        "write `NAME: default`",
    )


def _is_schema(node: MapNode) -> bool:
    """`{schema: …, values: {…}}` of Dagu 1.30, or a JSON schema."""

    def is_map(key: str) -> bool:
        entry = node.entries.get(key)
        return entry is not None and isinstance(entry[1], MapNode)

    if set(node.entries) <= {"schema", "values"}:
        return is_map("schema") or is_map("values")
    return "type" in node.entries and is_map("properties")


def _is_typed(node: MapNode) -> bool:
    """`{name: X, type: integer, default: 1}` of Dagu 2."""
    keys = set(node.entries)
    return "name" in keys and len(keys) > 1 and keys <= _TYPED


def _named(reading: Reading, node: MapNode) -> Iterator[_Entry]:
    for key, entry in node.entries.values():
        name = name_of(reading, key, "a param")
        if name is not None:
            yield _Entry(name, reading.span(key), _value_of(reading, entry))


def _value_of(reading: Reading, node: Node) -> Callable[[], Template]:
    return lambda: value(reading, node)


def _words(reading: Reading, node: ScalarNode) -> Iterator[_Entry]:
    """The string form: `one "two words" K=v`. Ends at a slip that leaves open what the
    words behind it are.
    """
    locate = locator(reading.source, node)
    text = _masked(node.text, locate)
    position = 0
    while (begin := _DENSE.search(text, position)) is not None:
        found = _WORD.match(text, begin.start())
        slip = _slip(node.text, text, found)
        if slip is not None:
            message, label, help = slip
            return reading.report("WFC107", message, locate(*begin.span()), label, help)
        assert found is not None
        position = found.end()
        name, start, end = None, found.start(2), found.end(2)
        span = locate(found.start(), found.end())
        if found.group(1) is not None:
            name = node.text[found.start(1) : found.end(1)]
            span = locate(found.start(1), found.end(1))
            if checked_name(reading, name, span, "a param") is None:
                continue
        offsets = list(range(start, end))
        if text[start] == '"':
            offsets = [
                offset
                for offset in offsets[1:-1]
                if not node.text.startswith('\\"', offset)
            ]
        written = "".join(node.text[offset] for offset in offsets)
        yield _Entry(name, span, _word_of(reading, written, locate, offsets))


def _masked(text: str, locate: Locate) -> str:
    """`text` with each reference as one dense piece, whatever white space, quotes or `=`
    stand in it: references are found before words are (F2).

    One that holds `\\"` was written for the quotes around it, and stays.
    """
    reading = Text(text, locate, positional=_ANY_POSITION)
    pieces: list[str] = []
    behind = position = 0
    while (found := _OPENING.search(text, position)) is not None:
        position = found.end()
        if len(found[0]) == 3:  # `$${`, which begins none
            continue
        end = behind_dollar(reading, found.start())
        if isinstance(end, Diagnostic):
            break  # never closed, which is found where the value is read
        if end > position and '\\"' not in text[position:end]:
            pieces += text[behind : found.start()], "_" * (end - found.start())
            behind = position = end
    return "".join([*pieces, text[behind:]])


def _slip(
    written: str, text: str, found: re.Match[str] | None
) -> tuple[str, str, str] | None:
    """Message, label and help if the word `found` cannot be what was meant; `text` is
    `written` with its references masked."""
    if found is None:
        return _open_quote()
    word = found[2]
    if word[0] != '"' and len(_BARE_BACKTICK.findall(word)) % 2:
        return (
            "a backtick that is never closed in this word",
            "words end at white space",
            'put the whole value in double quotes: `K="a `command b`"`',
        )
    if word[0] == "=" and found[1] is None:
        return (
            "no name in front of `=`",
            "neither a name nor a value",
            'write `NAME=value`, or the text in double quotes: `"=…"`',
        )
    if found[1] is None and word.endswith("=") and word.find("=") == len(word) - 1:
        if text.startswith('"', found.end()):
            return _open_quote()
        shown = written[found.start() : found.end()]
        return (
            f"no value behind `{shown}`",
            "nothing follows",
            f'write `{shown}""` for an empty value',
        )
    behind = text[found.end() : found.end() + 1]
    if not behind or behind.isspace():
        return None
    if behind == '"' and '"' not in text[found.end() + 1 :]:
        return _open_quote()
    return (
        "a word that goes on behind a quote, or has one in its middle",
        "quotes surround a whole value",
        'put the whole value in double quotes, as in `K="a b"`; within, `\\"` is one',
    )


def _open_quote() -> tuple[str, str, str]:
    return "a quote that is never closed", "in this word", 'close it with `"`'


def _word_of(
    reading: Reading, written: str, locate: Locate, offsets: list[int]
) -> Callable[[], Template]:
    return lambda: template_part(reading, written, locate, offsets, backticks=True)
