"""A value and a key of a path -> what stands there (R5)."""

from compiler.ir import Json
from compiler.json_text import Failure, parse_json


class Missing:
    """What a path that leads nowhere comes to; no value of JSON."""


MISSING = Missing()


def step_into(value: "Json | Missing", key: str | int) -> "Json | Missing":
    """What stands under `key`; a text that holds JSON is gone into (R5)."""
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except Failure:
            return MISSING
        if isinstance(value, str):
            return step_into(value, key) if value else MISSING
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key, MISSING)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return MISSING


def no_way_into(text: str, name: str) -> str:
    """Why no path leads into `text`, the value of `name`; empty where one could."""
    try:
        parse_json(text)
    except Failure as failure:
        kind = str(failure).partition(":")[0]  # without the place in the text
        return f": the value of `{name}` is {kind}"
    return ""
