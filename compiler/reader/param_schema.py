"""`params` with a JSON Schema, in all their forms, into params with types."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from posixpath import dirname, join, normpath
from typing import NamedTuple, TypeAlias

from compiler.diagnostics import has_errors
from compiler.ir import Json, Param, ParamType, Schema, Template
from compiler.json_text import Failure, parse_json, to_text
from compiler.reader.events import parse
from compiler.reader.keys import TYPED_PARAM
from compiler.reader.nodes import ListNode, MapNode, Node, ScalarNode
from compiler.reader.params import entries_of, is_typed, numbered
from compiler.reader.references import is_fixed
from compiler.reader.scalars import kind_of, number
from compiler.reader.shape import (
    Field,
    Reading,
    boolean,
    fields,
    is_null,
    name_of,
    scalar,
    wrong_type,
)
from compiler.reader.values import value
from compiler.schemas.documents import Flaw, flaws, type_of
from compiler.source import Source, Span

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")

# The default of a param, which its type has a say in; None without one.
_Default: TypeAlias = Callable[[ParamType | None], Template] | None


class _Entry(NamedTuple):
    """A param before its type is known. `name` None is a positional one."""

    name: str | None
    span: Span
    default: _Default


class _Read(NamedTuple):
    """A schema as read, and its params. `place` is where a flaw stands in the file, and
    what is to be said in front of it."""

    document: dict[str, Json]
    entries: Sequence[_Entry]
    span: Span
    place: Callable[[Flaw], tuple[Span, str]]


def params_with_schema(
    reading: Reading, field: Field
) -> tuple[tuple[Param, ...], Schema | None]:
    """The params in the order of the file, and what their values are held against: None
    where that is wrong itself. Sets `reading.positional`."""
    node = field.value
    if isinstance(node, ListNode):
        return _built(reading, _list(reading, field, node))
    assert isinstance(node, MapNode)
    if "properties" in node.entries:
        return _built(reading, _map(reading, field.key, node, ()))
    key, schema = node.entries["schema"]
    values = list(_values(reading, node))
    if isinstance(schema, MapNode):
        return _built(reading, _map(reading, key, schema, values))
    read = _file(reading, schema, values)
    return ((), None) if read is None else _built(reading, read)


def _built(reading: Reading, read: _Read) -> tuple[tuple[Param, ...], Schema | None]:
    """The params of `read`, with a finding for each thing that is wrong with it."""
    types, found = _types(read)
    for flaw in found:
        span, prefix = read.place(flaw)
        code = "WFC306" if flaw.is_pattern else "WFC107"
        reading.report(code, prefix + flaw.message, span, help=flaw.help)
    reading.positional = sum(entry.name is None for entry in read.entries)
    required = read.document.get("required")
    params = tuple(
        Param(
            name=name,
            default=_default(entry, types.get(name)),
            type=types.get(name),
            required=isinstance(required, list)
            and name in required
            and entry.default is None,
            span=entry.span,
        )
        for name, entry in numbered(read.entries)
    )
    schema = None if found else Schema(document=read.document, span=read.span)
    return params, schema


def _default(entry: _Entry, type: ParamType | None) -> Template:
    if entry.default is None:
        return Template(parts=(), span=entry.span)
    return entry.default(type)


def _types(read: _Read) -> tuple[dict[str, ParamType], list[Flaw]]:
    """The types of params, and what is wrong with the schema."""
    found = flaws(read.document)
    types: dict[str, ParamType] = {}
    properties = read.document.get("properties")
    if found or not isinstance(properties, dict):
        return types, found
    for name in properties:
        type = type_of(read.document, name)
        if isinstance(type, Flaw):
            found.append(type)
        elif type is not None:
            types[name] = type
    names = {entry.name for entry in read.entries}
    required = read.document.get("required")
    for at, needed in enumerate(required if isinstance(required, list) else ()):
        if needed not in names:
            message = f"`required` names `{needed}`, which is no param"
            found.append(Flaw(("required", at), message, "add it to `properties`"))
    return types, found


# ---- one map


def _map(
    reading: Reading, key: ScalarNode, node: MapNode, values: Sequence[_Entry]
) -> _Read:
    """A JSON Schema in the file, with `values` for its params."""
    document = _json(reading, node)
    assert isinstance(document, dict)
    return _Read(
        document=document,
        entries=list(_merged(_properties(reading, node), values)),
        span=reading.span(key),
        place=lambda flaw: (reading.span(_at(node, flaw.path)), ""),
    )


def _properties(reading: Reading, node: MapNode) -> Iterator[_Entry]:
    found = node.entries.get("properties")
    if found is None or not isinstance(found[1], MapNode):
        return
    for key, schema in found[1].entries.values():
        if name_of(reading, key, "a param") is None:
            continue
        inner = schema.entries.get("default") if isinstance(schema, MapNode) else None
        default = None if inner is None else _written(reading, inner[1])
        yield _Entry(key.text, reading.span(key), default)


def _values(reading: Reading, node: MapNode) -> Iterator[_Entry]:
    """What `values` beside a schema says."""
    found = node.entries.get("values")
    if found is None or is_null(found[1]):
        return
    if not isinstance(found[1], MapNode):
        wrong_type(reading, found[1], "values", "a map of params")
        return
    for key, entry in found[1].entries.values():
        if name_of(reading, key, "a param") is not None:
            yield _Entry(key.text, reading.span(key), _written(reading, entry))


def _merged(properties: Iterator[_Entry], values: Sequence[_Entry]) -> Iterator[_Entry]:
    """The params of a schema with the defaults that `values` has for them, then the rest
    of those."""
    own = {entry.name: entry for entry in values}
    for entry in properties:
        value = own.pop(entry.name, entry)
        yield entry if value.default is None else value
    yield from own.values()


def _written(reading: Reading, node: Node) -> _Default:
    """A default that stands in the workflow: it may refer to other names."""
    if is_null(node):
        return None

    def read(type: ParamType | None) -> Template:
        text = not isinstance(node, ScalarNode) or kind_of(node) == "text"
        if text or type in (None, "string"):
            return value(reading, node)
        return _literal(_json(reading, node), reading.span(node))

    return read


def _literal(found: Json, span: Span) -> Template:
    text = to_text(found)
    return Template(parts=(text,) if text else (), span=span)


# ---- a list


def _list(reading: Reading, field: Field, node: ListNode) -> _Read:
    """Params that bring a schema each, among others that have none."""
    entries: list[_Entry] = []
    properties: dict[str, Json] = {}
    items: dict[str, MapNode] = {}
    required: list[Json] = []
    for item in node.items:
        if isinstance(item, MapNode) and is_typed(item):
            entry = _typed_item(reading, item)
            if entry is None or entry.name is None:
                continue
            entries.append(entry)
            if entry.name not in items:
                items[entry.name] = item
                properties[entry.name] = _own_schema(reading, item)
                if _is_required(reading, item):
                    required.append(entry.name)
        else:
            entries += (
                _Entry(it.name, it.span, _untyped(it.value))
                for it in entries_of(reading, item, field.key.text)
            )

    def place(flaw: Flaw) -> tuple[Span, str]:
        item = items.get(str(flaw.path[1])) if len(flaw.path) > 1 else None
        found = field.key if item is None else _at(item, flaw.path[2:])
        return reading.span(found), ""

    document: dict[str, Json] = {"type": "object", "properties": properties}
    if required:
        document["required"] = required
    return _Read(document, entries, reading.span(field.key), place)


def _untyped(value: Callable[[], Template]) -> _Default:
    return lambda type: value()


def _typed_item(reading: Reading, item: MapNode) -> _Entry | None:
    known = fields(reading, item, TYPED_PARAM)
    found = known.get("name")
    name = None if found is None else scalar(reading, found.value, "name")
    if name is None or name_of(reading, name, "a param") is None:
        return None
    default = known.get("default")
    return _Entry(
        name.text,
        reading.span(name),
        None if default is None else _written(reading, default.value),
    )


def _own_schema(reading: Reading, item: MapNode) -> Json:
    """The schema of one param: its item without what is about the list."""
    taken = {"name", "default"}
    entry = item.entries.get("required")
    if entry is not None and not isinstance(entry[1], ListNode):
        taken.add("required")
    known = fields(Reading(reading.source, []), item, TYPED_PARAM).by_name
    return {
        key: _json(reading, field.value)
        for key, field in known.items()
        if key not in taken
    }


def _is_required(reading: Reading, item: MapNode) -> bool:
    entry = item.entries.get("required")
    if entry is None or isinstance(entry[1], ListNode) or is_null(entry[1]):
        return False
    return boolean(reading, entry[1], "required")


# ---- a file


def _file(reading: Reading, node: Node, values: Sequence[_Entry]) -> _Read | None:
    """The schema in the file that `node` names, relative to the workflow's file."""
    name = scalar(reading, node, "schema", "a file or a JSON Schema", empty=False)
    if name is None or not is_fixed(reading, name, "schema"):
        return None
    if _URL.match(name.text):
        message = f"`{name.text}` is no path, and nothing is fetched"
        reading.report(
            "WFC107", message, name, "an address", "name a file beside this one"
        )
        return None
    path = normpath(join(dirname(reading.source.name), name.text))
    source = reading.load(path)
    if not isinstance(source, Source):
        reason = f"there is no file `{path}`" if source is None else source.message
        help = (
            "name a JSON or YAML file, relative to this one, or write the schema here"
        )
        reading.report("WFC111", reason, name, "the schema of the params", help)
        return None
    document, root, problem = _document(source, path)
    if problem or not isinstance(document, dict):
        problem = problem or f"`{path}` holds no JSON Schema: it is no map"
        help = "write a map with `properties: {NAME: {type: string}}` there"
        reading.report("WFC107", problem, name, "the schema of the params", help)
        return None
    span = reading.span(name)

    def place(flaw: Flaw) -> tuple[Span, str]:
        if root is None:
            return span, f"`{path}`: "
        at = _at(root, flaw.path)
        inner = source.span(at.start, at.end)
        return span, f"`{path}`, line {inner.line}, column {inner.column}: "

    listed = _merged(_literals(reading, document, name), values)
    return _Read(document, list(listed), span, place)


def _document(source: Source, path: str) -> tuple[Json, Node | None, str]:
    """The value of a JSON or YAML file, its node, and what is wrong with it."""
    roots, findings = parse(source)
    root = roots[0] if len(roots) == 1 and not has_errors(findings) else None
    double = next((it for it in findings if it.code == "WFC102"), None)
    if path.endswith(".json") and double is None:
        try:
            return parse_json(source.text), root, ""
        except Failure as failure:
            return None, None, f"`{path}`: {failure}"
    inner = Reading(source, findings)
    document = None if root is None else _json(inner, root)
    error = next((it for it in inner.findings if it.severity == "error"), None)
    if error is not None:
        return None, None, f"`{path}`, line {error.span.line}: {error.message}"
    return document, root, ""


def _literals(
    reading: Reading, document: Mapping[str, Json], place: ScalarNode
) -> Iterator[_Entry]:
    """The params of a schema in a file of its own, where defaults are data."""
    properties, span = document.get("properties"), reading.span(place)
    for name, schema in properties.items() if isinstance(properties, dict) else ():
        if name_of(reading, place._replace(text=name), "a param") is None:
            continue
        found = schema.get("default") if isinstance(schema, dict) else None
        yield _Entry(name, span, None if found is None else _data(found, span))


def _data(found: Json, span: Span) -> _Default:
    return lambda type: _literal(found, span)


# ---- nodes


def _at(node: Node, path: Sequence[str | int]) -> Node:
    """What stands at `path` below `node`, as far as it leads."""
    for key in path:
        if isinstance(node, MapNode) and key in node.entries:
            node = node.entries[str(key)][1]
        elif isinstance(node, ListNode) and isinstance(key, int):
            node = node.items[key]
        else:
            break
    return node


def _json(reading: Reading, node: Node) -> Json:
    """The value of `node`, as JSON has it."""
    if isinstance(node, ListNode):
        return [_json(reading, item) for item in node.items]
    if isinstance(node, MapNode):
        return {key: _json(reading, it) for key, (_, it) in node.entries.items()}
    match kind_of(node):
        case "null":
            return None
        case "boolean":
            return node.text.lower() == "true"
        case "text":
            return node.text
        case "integer" | "float":
            found = number(node.text)
            if isinstance(found, int) or math.isfinite(found):
                return found
            message = f"`{node.text[:40]}` has no form in JSON"
            reading.report(
                "WFC107", message, node, "a schema is JSON", "write a number"
            )
            return 0
