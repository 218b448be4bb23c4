"""The value of `parallel` -> the items of a fan-out, and how many may run at once (F4)."""

import re
from collections.abc import Sequence
from dataclasses import replace

from compiler.evaluate import (
    Failure,
    evaluate,
    parse_json,
    text_of,
    to_json_text,
    to_text,
    trim,
)
from compiler.interpreter.cuts import Lost
from compiler.interpreter.folder import RunFolder
from compiler.interpreter.journal import Line
from compiler.interpreter.records import Record
from compiler.interpreter.values import Item, Scope
from compiler.ir import Item as Listed
from compiler.ir import Json, Map, Template

_WHITE_SPACE = re.compile(r"[ \t\n\r\v\f]+")
_WIDTH = re.compile("[1-9][0-9]*", re.ASCII)


def items_of(fan_out: Map, scope: Scope) -> list[Item]:
    """The items, in their order. Raises Failure."""
    if isinstance(fan_out.items, Template):
        return [_item(each) for each in split_items(evaluate(fan_out.items, scope))]
    return [_item(_listed(each, scope)) for each in fan_out.items]


def _listed(item: Listed, scope: Scope) -> Json:
    text = text_of(item.value, scope)
    return parse_json(text) if item.structured else text


def _item(value: Json) -> Item:
    return Item(value, to_text(value))


def split_items(value: Json) -> Sequence[Json]:
    """The items in a value: those of a list or of the text of a JSON list, else the lines
    of a text, or the words of one that has a single line.

    >>> split_items('["a b", 1]'), split_items("a b\\n c"), split_items(" a b\\n")
    (['a b', 1], ['a b', 'c'], ['a', 'b'])
    """
    if isinstance(value, list):
        return value
    text = trim(to_text(value))
    if text.startswith("["):
        try:
            listed = parse_json(text)
        except Failure:
            listed = None
        if isinstance(listed, list):
            return listed
    lines = [line for line in map(trim, text.split("\n")) if line]
    if len(lines) > 1:
        return lines
    return _WHITE_SPACE.split(text) if text else []


def items_details(items: Sequence[Item], folder: RunFolder) -> Line:
    """What the journal keeps of items. Raises Lost, Failure."""
    text = to_json_text([item.value for item in items])
    kept = folder.kept(text)
    if kept == text:
        return {"items": [item.value for item in items]}
    return {"text": kept}


def items_kept(line: Line, folder: RunFolder) -> list[Item]:
    """The items of which it kept that. Raises Lost."""
    listed = line.get("items")
    if "lost" in line:
        raise Lost
    if "text" in line:
        try:
            listed = parse_json(folder.restored(line["text"]))
        except Failure:
            raise Lost from None
    return [_item(each) for each in listed] if isinstance(listed, list) else []


def item_records(
    record: Record, body: Map, items: Sequence[Item]
) -> tuple[Record, ...]:
    """A record for each item of a fan-out: it is carried out as a step of its own would
    be."""
    step = replace(
        record.step,
        body=body.body,
        conditions=body.conditions,
        repeat=None,
        continue_on=None,
        output=None,
    )
    path, folder = record.path, record.folder
    return tuple(
        Record(
            step=step,
            path=f"{path}[{place}]",
            folder=f"{folder}[{place}]",
            handler=record.handler,
            in_handler=record.in_handler,
            item=item,
        )
        for place, item in enumerate(items)
    )


def width_of(fan_out: Map, scope: Scope) -> int:
    """How many items may be unfinished at a time. Raises Failure."""
    if isinstance(fan_out.width, int):
        return fan_out.width
    text = text_of(fan_out.width, scope)
    if not _WIDTH.fullmatch(text):
        raise Failure(
            f"`maxConcurrent` must be a whole number of at least 1, but is `{text[:40]}`"
        )
    return int(text[:9])  # more than there will ever be
