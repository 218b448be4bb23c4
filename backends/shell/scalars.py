"""Turns a schema that only has params of plain types into lines of bash that check them.

What has objects, lists or keywords that look at several values is left to jq.
"""

from collections.abc import Iterator, Mapping

from backends.shell.quote import word
from compiler.ir import Json, Param, Workflow
from compiler.json_text import Failure, to_text
from compiler.regex.engines import to_ere
from compiler.regex.syntax import Problem, parse
from compiler.schemas.checking import constant
from compiler.schemas.documents import library_for
from compiler.schemas.typed import WANTED
from compiler.schemas.wording import said_of

_TYPES = ("string", "integer", "number", "boolean")
_AROUND = frozenset(["$schema", "type", "properties", "required"])
# The test that fails for a number `wfc_v` that is beyond the limit.
_LIMITS = {
    "minimum": "! wfc_less {value} {limit}",
    "exclusiveMinimum": "wfc_less {limit} {value}",
    "maximum": "! wfc_less {limit} {value}",
    "exclusiveMaximum": "wfc_less {value} {limit}",
}
_LENGTHS = {"minLength": ">=", "maxLength": "<="}
_KEYWORDS = frozenset(["type", "enum", "const", "pattern", *_LIMITS, *_LENGTHS])


def is_plain(workflow: Workflow) -> bool:
    """Whether bash alone can hold the params of `workflow` against their schema."""
    assert workflow.schema is not None
    document = workflow.schema.document
    assert isinstance(document, dict)
    library = library_for(document)
    assert library is not None  # else it had been refused
    properties = document.get("properties", {})
    params = {it.name: it for it in workflow.params if not it.positional}
    if not isinstance(properties, dict):
        return False
    open_ = document.get("additionalProperties", True) is True
    around = {key for key in document if key in library.VALIDATORS}
    required = document.get("required", [])
    return (
        around <= _AROUND | {"additionalProperties"}
        and document.get("type", "object") == "object"
        and isinstance(required, list)
        and all(name in params for name in required)
        and (open_ or all(name in properties for name in params))
        and all(
            name in params and _is_scalar(schema, params[name], library.VALIDATORS)
            for name, schema in properties.items()
        )
        and all(it.type is None or it.type in _TYPES for it in params.values())
    )


def _is_scalar(schema: Json, param: Param, known: Mapping[str, object]) -> bool:
    if not isinstance(schema, dict):
        return schema is True
    keywords = {key for key in schema if key in known and key != "format"}
    if not keywords <= _KEYWORDS or schema.get("type", param.type) != param.type:
        return False
    limits = [schema[key] for key in keywords if key in _LIMITS]
    return all(isinstance(each, int | float) for each in limits)


def checks(workflow: Workflow) -> tuple[list[str], set[str]]:
    """The lines that say what is wrong with the params of `workflow`, and the parts of
    the run time that they need."""
    assert workflow.schema is not None
    document = workflow.schema.document
    assert isinstance(document, dict)
    properties = document.get("properties", {})
    assert isinstance(properties, dict)
    lines: list[str] = []
    parts = {"scalars"}
    for param in workflow.params:
        if param.positional:
            continue
        tests = list(_tests(properties.get(param.name, True), param, parts))
        if param.type in ("integer", "number"):
            parts.add("numerals")
        look = f"wfc_look {param.name} {_kind(param)}"
        if tests:
            lines += [f"if {look}; then", *(f"  {each}" for each in tests), "fi"]
        elif param.required or param.type not in (None, "string"):
            lines.append(look)
    return lines or [":"], parts


def _kind(param: Param) -> str:
    """Its type, what it is said to be, and what is there when nobody sets it."""
    words = f"{param.type or 'string'} {word(WANTED[param.type or 'string'])}"
    if param.required:
        return f"{words} required"
    if param.default is None or not param.default.parts:
        return f"{words} optional"
    text = constant(param.default)
    return f"{words} later" if text is None else f"{words} default {word(text)}"


def _tests(schema: Json, param: Param, parts: set[str]) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    number = param.type in ("integer", "number")
    text = param.type in (None, "string")
    for key, value in schema.items():
        test = None
        if key in ("enum", "const"):
            allowed = value if key == "enum" and isinstance(value, list) else [value]
            fitting = [word(it) for it in _texts(allowed, param)]
            test = f"case $wfc_v in {' | '.join(fitting)}) ;; *) false ;; esac"
            if not fitting:
                test = "false"
        elif key in _LIMITS and number:
            parts.add("limits")
            limit = word(to_text(value))
            form = _LIMITS[key].format(value='"$wfc_v"', limit=limit)
            test = form
        elif key in _LENGTHS and text:
            parts.add("lengths")
            test = f'wfc_length "$wfc_v"; ((wfc_r {_LENGTHS[key]} {value}))'
        elif key == "pattern" and text and isinstance(value, str):
            parts.add("matches")
            node = parse(value)
            assert not isinstance(node, Problem)  # a checked program
            test = f"wfc_match {word(to_ere(node))}"
        if test is not None:
            said = word(said_of(key, value))
            yield f"{{ {test}; }} || wfc_flaw {param.name} {said}"


def _texts(values: list[Json], param: Param) -> Iterator[str]:
    """What values of the type of `param` print that are among `values`."""
    for value in values:
        match param.type:
            case "integer" | "number":
                fits = isinstance(value, int | float) and not isinstance(value, bool)
            case "boolean":
                fits = isinstance(value, bool)
            case _:
                fits = isinstance(value, str)
        if fits:
            try:
                text = to_text(value)
            except Failure:  # one that no text of a param can be
                continue
            if param.type == "integer" and isinstance(value, float):
                text = str(int(value)) if value.is_integer() else text
            yield text
