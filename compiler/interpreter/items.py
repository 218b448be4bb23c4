"""The value of `parallel` -> the items of a fan-out, and how many may run at once (F4)."""

import re
from collections.abc import Sequence

from compiler.evaluate import Failure, evaluate, parse_json, text_of, to_text, trim
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
