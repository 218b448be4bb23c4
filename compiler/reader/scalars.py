"""Plain scalars as YAML 1.2 reads them, and where YAML 1.1 sees something else."""

import re
from typing import Literal

from compiler.reader.nodes import ScalarNode

Kind = Literal["text", "null", "boolean", "integer", "float"]

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = frozenset({"true", "True", "TRUE", "false", "False", "FALSE"})
# The core schema, but that `0755` is text: YAML 1.1 and Dagu take it for octal.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9A-Fa-f]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_TAGGED: dict[str, Kind] = {
    "!": "text",
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:null": "null",
    "tag:yaml.org,2002:bool": "boolean",
    "tag:yaml.org,2002:int": "integer",
    "tag:yaml.org,2002:float": "float",
}
_OLD = {
    "bool": "`true` or `false`",
    "int": "a number",
    "float": "a number",
    "timestamp": "a date",
}


def plain_kind(text: str) -> Kind:
    """What a plain scalar is in YAML 1.2.

    >>> [plain_kind(text) for text in ("yes", "0755", "0x1F", "1.10", "~", "true")]
    ['text', 'text', 'integer', 'float', 'null', 'boolean']
    """
    if text in _NULL:
        return "null"
    if text in _BOOLEAN:
        return "boolean"
    if text[0] not in "0123456789+-.":
        return "text"
    if _INTEGER.fullmatch(text):
        return "integer"
    return "float" if _FLOAT.fullmatch(text) else "text"


def kind_of(scalar: ScalarNode) -> Kind:
    """What `scalar` is: its tag decides, then its quotes, then YAML 1.2."""
    if scalar.tag:
        return _TAGGED[scalar.tag]
    if scalar.style == "*":
        return "null"
    return "text" if scalar.style else plain_kind(scalar.text)


def is_null(scalar: ScalarNode) -> bool:
    """Whether `kind_of` says so; asked of nearly every scalar of a file."""
    if scalar.tag or scalar.style == "*":
        return kind_of(scalar) == "null"
    return not scalar.style and scalar.text in _NULL


def tag_fits(tag: str, text: str) -> bool:
    """Whether a scalar may have this tag: a known one that `text` can be read as."""
    kind = _TAGGED.get(tag)
    if kind is None or kind == "text":
        return kind is not None
    found = plain_kind(text)
    return found == kind or (kind == "float" and found == "integer")


def number(text: str) -> int | float:
    """The value of an integer or float scalar.

    >>> number("0o17"), number("-3"), number("1e3")
    (15, -3, 1000.0)
    """
    if text.startswith(("0o", "0x")):
        return int(text[2:], 8 if text[1] == "o" else 16)
    if _INTEGER.fullmatch(text):
        # Digits beyond what int() reads at once are an integer all the same.
        return int(text) if len(text) < 4000 else float(text)
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def old_reading(scalar: ScalarNode) -> str | None:
    """What a YAML 1.1 reader takes `scalar` for, where it is text in YAML 1.2."""
    text = scalar.text
    if scalar.style or scalar.tag or len(text) > 100 or plain_kind(text) != "text":
        return None
    import yaml

    for tag, pattern in yaml.SafeLoader.yaml_implicit_resolvers.get(text[0], ()):
        if pattern.match(text):
            return _OLD.get(tag.rpartition(":")[2])
    return None
