"""The name of a pure function and its arguments -> its value (R3)."""

from compiler.ir import Json
from compiler.json_text import Failure, parse_json, to_json_text, to_text
from compiler.regex.matching import search

_WHITE = " \t\r\n\f\v"
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}


def call(name: str, arguments: list[Json]) -> Json:
    """The value of the function `name`. Raises Failure."""
    match name, arguments:
        case "toJSON", [value]:
            return to_json_text(value)
        case "len", [str() | list() | dict() as value]:
            return len(value)
        case "len", [value]:
            raise Failure(
                f"`len` takes a text, a list or an object, not {with_article(type_name(value))}"
            )
        case "join", [list() as items, separator]:
            return _text(separator, name).join(map(to_text, items))
        case "join", [value, _]:
            raise Failure(f"`join` takes a list, not {with_article(type_name(value))}")
        case "contains", [whole, item]:
            return contains(whole, item, name)
        case _, [value]:
            return _of_text(name, _text(value, name))
        case _, [one, other]:
            return _of_two_texts(name, _text(one, name), _text(other, name))
        case _:
            raise Failure(
                f"there is no function `{name}` of {len(arguments)} arguments"
            )


def _of_text(name: str, text: str) -> Json:
    match name:
        case "fromJSON":
            return parse_json(text)
        case "lower":
            return text.translate(_LOWER)
        case "upper":
            return text.translate(_UPPER)
        case "trim":
            return trim(text)
        case "basename":
            return _basename(text)
        case "dirname":
            return _dirname(text)
        case _:
            raise Failure(f"there is no function `{name}` of one argument")


def _of_two_texts(name: str, text: str, other: str) -> Json:
    match name:
        case "split":
            if not other:
                raise Failure("`split` takes a separator that is not empty")
            return list(text.split(other))
        case "startsWith":
            return text.startswith(other)
        case "endsWith":
            return text.endswith(other)
        case "matches":
            try:
                return search(other, text)
            except ValueError as error:
                raise Failure(f"`matches`: {error}") from None
        case _:
            raise Failure(f"there is no function `{name}` of two arguments")


def _basename(path: str) -> str:
    """As POSIX `basename PATH`; of "" it is ""."""
    if path and not path.strip("/"):
        return "/"
    return path.rstrip("/").rpartition("/")[2]


def _dirname(path: str) -> str:
    """As POSIX `dirname PATH`."""
    if path and not path.strip("/"):
        return "/"
    folder, slash, _ = path.rstrip("/").rpartition("/")
    return folder.rstrip("/") or ("/" if slash else ".")


def _text(value: Json, name: str) -> str:
    if isinstance(value, str):
        return value
    raise Failure(f"`{name}` takes a text, not {with_article(type_name(value))}")


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


def contains(whole: Json, item: Json, operator: str) -> bool:
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
