"""Pure functions and operators: their arguments -> their value (R3)."""

import math
from collections.abc import Callable, Mapping

from compiler.ir import Json
from compiler.json_text import Failure, parse_json, to_json_text, to_text
from compiler.regex.matching import search

_WHITE = " \t\r\n\f\v"
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}


# ---- functions, one definition each: files that a compiler emits take those they need


def length(value: Json) -> int:
    if isinstance(value, str | list | dict):
        return len(value)
    raise Failure(
        f"`len` takes a text, a list or an object, not {with_article(type_name(value))}"
    )


def join(items: Json, separator: Json) -> str:
    if not isinstance(items, list):
        raise Failure(f"`join` takes a list, not {with_article(type_name(items))}")
    return text_argument(separator, "join").join(map(to_text, items))


def split(value: Json, separator: Json) -> list[Json]:
    text, between = text_argument(value, "split"), text_argument(separator, "split")
    if not between:
        raise Failure("`split` takes a separator that is not empty")
    return list(text.split(between))


def from_json(value: Json) -> Json:
    return parse_json(text_argument(value, "fromJSON"))


def starts_with(value: Json, beginning: Json) -> bool:
    text = text_argument(value, "startsWith")
    return text.startswith(text_argument(beginning, "startsWith"))


def ends_with(value: Json, end: Json) -> bool:
    text = text_argument(value, "endsWith")
    return text.endswith(text_argument(end, "endsWith"))


def matches(value: Json, pattern: Json) -> bool:
    text, regex = text_argument(value, "matches"), text_argument(pattern, "matches")
    try:
        return search(regex, text)
    except ValueError as error:
        raise Failure(f"`matches`: {error}") from None


def lower(value: Json) -> str:
    return text_argument(value, "lower").translate(_LOWER)


def upper(value: Json) -> str:
    return text_argument(value, "upper").translate(_UPPER)


def trimmed(value: Json) -> str:
    return trim(text_argument(value, "trim"))


def basename(value: Json) -> str:
    """As POSIX `basename PATH`; of "" it is ""."""
    path = text_argument(value, "basename")
    if path and not path.strip("/"):
        return "/"
    return path.rstrip("/").rpartition("/")[2]


def dirname(value: Json) -> str:
    """As POSIX `dirname PATH`."""
    path = text_argument(value, "dirname")
    if path and not path.strip("/"):
        return "/"
    folder, slash, _ = path.rstrip("/").rpartition("/")
    return folder.rstrip("/") or ("/" if slash else ".")


def text_argument(value: Json, name: str) -> str:
    """`value`, which is a text; messages call who takes it `name`. Raises Failure."""
    if isinstance(value, str):
        return value
    raise Failure(f"`{name}` takes a text, not {with_article(type_name(value))}")


# ---- operators


def boolean(value: Json, operator: str) -> bool:
    """`value`, which is true or false, for `operator`. Raises Failure."""
    if isinstance(value, bool):
        return value
    raise Failure(
        f"`{operator}` takes true or false, not {with_article(type_name(value))}"
    )


def number(value: Json, operator: str) -> int | float:
    """`value`, which is a number, for `operator`. Raises Failure."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise Failure(f"`{operator}` takes a number, not {with_article(type_name(value))}")


def compare(left: Json, operator: str, right: Json) -> bool:
    """`<` and its like of two numbers, or of two texts by their code points."""
    if isinstance(left, str) and isinstance(right, str):
        order = (left > right) - (left < right)
    elif type_name(left) == type_name(right) == "number":
        one, other = number(left, operator), number(right, operator)
        order = (one > other) - (one < other)
    else:
        raise mismatch(operator, left, right)
    results = {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}
    return results[operator]


def add(left: Json, right: Json) -> Json:
    """`+` of two numbers or two texts."""
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if not type_name(left) == type_name(right) == "number":
        raise mismatch("+", left, right)
    try:
        result = number(left, "+") + number(right, "+")
    except OverflowError:  # an integer beyond every float, and a float
        result = math.inf
    if isinstance(result, float) and not math.isfinite(result):
        raise Failure("the result of `+` is too large")
    return result


def trim(text: str) -> str:
    """`text` without ASCII white space at its ends."""
    return text.strip(_WHITE)


def equal(left: Json, right: Json) -> bool:
    """Equality of JSON: unlike Python's, `true` is no number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        same_keys = left.keys() == right.keys()
        return same_keys and all(equal(left[key], right[key]) for key in left)
    return left == right


def contains(whole: Json, item: Json, operator: str = "contains") -> bool:
    """Whether `item` is in a list or a text; messages call this `operator`. Raises
    Failure."""
    if isinstance(whole, list):
        return any(equal(each, item) for each in whole)
    if isinstance(whole, str) and isinstance(item, str):
        return item in whole
    raise mismatch(operator, item, whole)


def type_name(value: Json) -> str:
    """The type of a value, as messages call it."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "object"


def with_article(type_: str) -> str:
    """A type's name as messages say it of one value.

    >>> with_article("text"), with_article("object"), with_article("null")
    ('a text', 'an object', 'null')
    """
    return {"object": "an object", "null": "null"}.get(type_, f"a {type_}")


def mismatch(operator: str, left: Json, right: Json) -> Failure:
    """Why `operator` has no value between `left` and `right`."""
    return Failure(mismatch_of_types(operator, type_name(left), type_name(right)))


def mismatch_of_types(operator: str, left: str, right: str) -> str:
    """Why `operator` does not go between values of these types.

    >>> mismatch_of_types("<", "number", "text")
    '`<` cannot compare a number with a text'
    """
    one, other = with_article(left), with_article(right)
    match operator:
        case "==" | "!=":
            always = "false" if operator == "==" else "true"
            return f"`{operator}` of {one} and {other} is always {always}"
        case "+":
            return f"`+` cannot add {one} and {other}"
        case "in" | "contains" if right == "text":
            return f"`{operator}` cannot look for {one} in {other}"
        case "in" | "contains":
            return f"`{operator}` looks in a text or a list, not in {other}"
        case _:
            return f"`{operator}` cannot compare {one} with {other}"


# ---- by name

_FUNCTIONS: Mapping[tuple[str, int], Callable[..., Json]] = {
    ("toJSON", 1): to_json_text,
    ("len", 1): length,
    ("join", 2): join,
    ("split", 2): split,
    ("contains", 2): contains,
    ("fromJSON", 1): from_json,
    ("startsWith", 2): starts_with,
    ("endsWith", 2): ends_with,
    ("matches", 2): matches,
    ("lower", 1): lower,
    ("upper", 1): upper,
    ("trim", 1): trimmed,
    ("basename", 1): basename,
    ("dirname", 1): dirname,
}


def call(name: str, arguments: list[Json]) -> Json:
    """The value of the function `name`. Raises Failure."""
    if (name, len(arguments)) not in _FUNCTIONS:
        raise Failure(f"there is no function `{name}` of {len(arguments)} arguments")
    return _FUNCTIONS[name, len(arguments)](*arguments)
