"""An error of the schema library -> what a value must be, in words."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from compiler.functions import with_article
from compiler.ir import Json
from compiler.json_text import Failure, to_text

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_SHOWN = 60
_PHRASES = {
    "const": "be `{}`",
    "exclusiveMaximum": "be less than {}",
    "exclusiveMinimum": "be more than {}",
    "maxItems": "have a length of at most {}",
    "maxLength": "have a length of at most {}",
    "maxProperties": "have at most {} keys",
    "maximum": "be at most {}",
    "minItems": "have a length of at least {}",
    "minLength": "have a length of at least {}",
    "minProperties": "have at least {} keys",
    "minimum": "be at least {}",
    "multipleOf": "be a multiple of {}",
    "pattern": "match `{}`",
    "uniqueItems": "have no item twice",
}
_TYPES = {
    "array": "a list",
    "boolean": "`true` or `false`",
    "integer": "a whole number",
    "null": "null",
    "object": "an object",
    "string": "a text",
}


def wanted(error: "ValidationError") -> str:
    """What was expected where `error` is, as `must be at least 1`."""
    rule, value = str(error.validator), cast("Json", error.validator_value)
    there = list(error.instance) if isinstance(error.instance, dict) else []
    if rule == "required":
        phrase = "have " + _keys([key for key in _listed(value) if key not in there])
    elif rule == "additionalProperties" and isinstance(error.schema, Mapping):
        known = error.schema.get("properties", {})
        phrase = "not have " + _keys([key for key in there if key not in known])
    elif error.validator is None:  # the schema is `false`
        phrase = "fit the schema"
    else:
        return said_of(rule, value)
    return f"must {phrase}"


def said_of(rule: str, argument: Json) -> str:
    """What a value must be by the keyword `rule`, where that is the same for all."""
    if rule in _PHRASES:
        phrase = _PHRASES[rule].format(shown(argument))
    elif rule == "type":
        phrase = "be " + _either(_listed(argument))
    elif rule == "enum":
        phrase = "be one of " + ", ".join(f"`{each}`" for each in _listed(argument))
    else:
        phrase = f"fit `{rule}` of the schema"
    return f"must {phrase}"


def _listed(value: Json) -> list[str]:
    return [shown(each) for each in (value if isinstance(value, list) else [value])]


def shown(value: Json) -> str:
    """The text of `value`, cut where it is long."""
    try:
        text = to_text(value)
    except Failure:
        return "…"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def spelled(path: "list[str | int]") -> str:
    """`["A", "b", 0]` -> `A.b[0]`."""
    first, *rest = path
    return f"{first}" + "".join(
        f"[{key}]" if isinstance(key, int) else f".{key}" for key in rest
    )


def _either(types: list[str]) -> str:
    return " or ".join(_TYPES.get(type, with_article(type)) for type in types)


def _keys(names: list[str]) -> str:
    word = "key" if len(names) == 1 else "keys"
    return f"the {word} " + ", ".join(f"`{name}`" for name in names)
