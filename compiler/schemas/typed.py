"""The text of a param and its type -> the value, and back to the text that says it."""

from compiler.ir import Json, ParamType
from compiler.json_text import Failure, parse_json, to_text

WANTED: dict[ParamType, str] = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "object": "a JSON object",
    "array": "a JSON list",
}


def typed(text: str, type: ParamType | None) -> Json:
    """The value that `text` stands for; a text without a type, and one of type string, is
    itself. Raises Failure, which says what it must be.

    >>> typed("1.0", "integer"), typed("1.0", "string"), typed("[1, 2]", "array")
    (1, '1.0', [1, 2])
    """
    if type is None or type == "string":
        return text
    try:
        value = parse_json(text)
    except Failure:
        raise Failure(f"must be {WANTED[type]}") from None
    if type == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if not _is_of(value, type):
        raise Failure(f"must be {WANTED[type]}")
    return value


def plain(text: str, type: ParamType | None) -> str:
    """`text` as the value that it stands for prints (R5). Raises Failure.

    >>> plain("1.0", "number"), plain('{"a": 1}', "object")
    ('1', '{"a":1}')
    """
    return to_text(typed(text, type))


def _is_of(value: Json, type: ParamType) -> bool:
    fits = isinstance(value, _KINDS[type])
    return fits and (type == "boolean" or not isinstance(value, bool))


_KINDS: "dict[ParamType, type | tuple[type, ...]]" = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}
