"""The text of JSON -> a value, and a value -> its text (R5): the same digits everywhere."""

import json
import math
import re
from typing import cast

from compiler.ir import Json

MAX_JSON_DEPTH = 256  # what jq 1.6 reads

_JSON_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


class Failure(Exception):
    """An evaluation that has no value; its text is for the step's .err."""


def parse_json(text: str) -> Json:
    """The value of a JSON text, with all digits of its integers (R5). Raises Failure."""
    _check_depth(text)
    try:
        value = json.loads(text, parse_constant=_refused, parse_float=_float)
    except RecursionError:
        raise Failure("JSON that is nested too deeply") from None
    except ValueError as error:
        raise Failure(f"not JSON: {_reason(error)}") from None
    return cast(Json, value)


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} at line {error.lineno}, column {error.colno}"
    return "a number with too many digits"


def _refused(word: str) -> float:
    raise Failure(f"not JSON: `{word}` is no JSON number")


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise Failure("JSON with a number that is too large")
    return number


def _check_depth(text: str) -> None:
    """Refuses what one Python reads and another does not, by a bound of our own."""
    if text.count("[") + text.count("{") <= MAX_JSON_DEPTH:
        return
    depth = 0
    for found in _JSON_BRACKETS.finditer(text):
        if found[0] in ("[", "{"):
            depth += 1
            if depth > MAX_JSON_DEPTH:
                raise Failure("JSON that is nested too deeply")
        elif found[0] in ("]", "}"):
            depth -= 1


def to_text(value: Json) -> str:
    """The text of `value`: a text is itself, everything else is compact JSON (R5).

    Raises Failure for a text that no environment and no file can hold.
    """
    if not isinstance(value, str):
        return to_json_text(value)
    if "\0" in value:
        raise Failure("a value holds a NUL character")
    return _encodable(value)


def to_json_text(value: Json) -> str:
    """`value` as compact JSON: keys in their order, raw non-ASCII, numbers as in RFC
    8785, but integers with all their digits. Raises Failure."""
    try:
        return _encodable(_json(value))
    except RecursionError:
        raise Failure("a value is nested too deeply") from None
    except ValueError:
        raise Failure("a number with too many digits") from None


def _encodable(text: str) -> str:
    if not text.isascii() and re.search("[\ud800-\udfff]", text):
        raise Failure("a value holds half of a surrogate pair")
    return text


def _json(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float_text(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return f"[{','.join([_json(item) for item in value])}]"
        case _:
            pairs = [f"{_json(key)}:{_json(item)}" for key, item in value.items()]
            return f"{{{','.join(pairs)}}}"


def _float_text(number: float) -> str:
    """ECMAScript's Number::toString, which RFC 8785 names: the shortest digits."""
    if not math.isfinite(number):
        raise Failure("a number that JSON cannot hold")
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    # The value is 0.DIGITS times ten to the power of `point`.
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = point - 1
    tail = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if power > 0 else '-'}{abs(power)}"
