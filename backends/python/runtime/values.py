"""Turns what an expression refers to into its value: what a lowered expression calls.

The functions and operators themselves are the evaluator's own. Values are JSON; what has
none is `MISSING`.
"""

import re
from collections.abc import Callable
from typing import NoReturn

from compiler.functions import add, text_argument
from compiler.ir import Json
from compiler.json_text import Failure, to_text
from compiler.paths import MISSING, Missing, no_way_into, step_into

# ---- references


def first(*values: Json) -> "Json | Missing":
    """The first value that there is; None stands for none."""
    return next((value for value in values if value is not None), MISSING)


def path(value: "Json | Missing", *keys: str | int) -> "Json | Missing":
    """What stands in `value` under `keys`; a text that holds JSON is gone into (R5)."""
    for key in keys:
        value = step_into(value, key)
    return value


def default(value: "Json | Missing", otherwise: Callable[[], Json]) -> Json:
    """`value`, or `otherwise` where it is missing, null or the empty text."""
    if value is None or value == "" or isinstance(value, Missing):
        return otherwise()
    return value


def or_empty(value: "Json | Missing") -> Json:
    return "" if isinstance(value, Missing) else value


def need(value: "Json | Missing", written: str) -> Json:
    """`value`; Failure names the reference as `written` where there is none."""
    if isinstance(value, Missing):
        raise Failure(f"no value for {written}")
    return value


def reach(value: "Json | Missing", written: str, name: str, *keys: str | int) -> Json:
    """What stands in `value`, that of `name`, under `keys`. Failure says why nothing."""
    found = path(value, *keys)
    if not isinstance(found, Missing):
        return found
    why = no_way_into(value, name) if isinstance(value, str) else ""
    raise Failure(f"no value for {written}{why}")


# ---- texts


def concat(*parts: Json) -> str:
    return "".join(map(to_text, parts))


def found_in(value: Json, pattern: str) -> bool:
    """`matches` with a pattern for `re` that cannot take exponential time."""
    return re.search(pattern, text_argument(value, "matches")) is not None


# ---- operators


def sum_of(*values: Json) -> Json:
    """A long sum, which would be nested too deeply for Python's reader."""
    total, *rest = values
    for value in rest:
        total = add(total, value)
    return total


def too_deep() -> NoReturn:
    raise Failure("a value or an expression is nested too deeply")
