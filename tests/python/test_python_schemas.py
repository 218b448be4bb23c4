"""Schemas of params as Python source: what is said is what the interpreter says."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.python.runtime import schema as runtime
from backends.python.runtime.schema import Params
from backends.python.schemas import schema_arguments
from compiler.ir import Json, Workflow
from compiler.json_text import to_text
from compiler.reader import read
from compiler.schemas.checking import problems_of_start, problems_of_values
from compiler.source import Source


def workflow(schema: dict[str, Json]) -> Workflow | None:
    """The workflow with this schema, None where it is refused."""
    written = json.dumps({"type": "object", **schema})
    found, diagnostics = read(Source("w.yaml", f"params: {written}\n"))
    if any(each.severity == "error" for each in diagnostics) or not found:
        return None
    return found[0] if found[0].schema is not None else None


def params_of(workflow: Workflow) -> Params:
    source = f"Params({', '.join(schema_arguments(workflow))})"
    found = eval(source, vars(runtime))
    assert isinstance(found, Params)
    return found


def agrees(schema: dict[str, Json], values: Mapping[str, Json]) -> list[str]:
    """What both say of `values`."""
    found = workflow(schema)
    if found is None:
        return []
    params, given = params_of(found), {name: to_text(it) for name, it in values.items()}
    expected = [it.message for it in problems_of_start(found, given)]
    said = runtime.problems_at_start(params, given)
    # Which of several other keys is first is by chance.
    assert sorted(said) == sorted(expected), source_of(found)
    later = [it.message for it in problems_of_values(found, given, str)]
    found_later = runtime.problems_of_values(params, given, given)
    assert sorted(found_later) == sorted(later), source_of(found)
    return said


def source_of(workflow: Workflow) -> str:
    return ", ".join(schema_arguments(workflow))


NAMES = st.sampled_from(["A", "B", "k", "x"])
SCALARS = st.sampled_from(
    [None, True, False, 0, 1, 2, 1.0, 2.5, -3, "", "a", "ab", "1", 10**30, "ä😀"]
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)
NUMBERS = st.sampled_from([0, 1, 2, 3, 0.5, -1, 2.5])
COUNTS = st.sampled_from([0, 1, 2, 3])
TYPES = st.sampled_from(
    ["string", "integer", "number", "boolean", "object", "array", "null"]
)
PATTERNS = st.sampled_from(["^a", "b$", "^[0-9]+$", "(a|b)*c", "^(a*)*$", "."])


def keywords(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    # The library does not tell where it is that nothing fits.
    within = inner.map(lambda it: it is False or it)
    lists = st.lists(inner, min_size=1, max_size=2)
    named = st.dictionaries(NAMES, within, max_size=2)
    needs = st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2)
    every: dict[str, st.SearchStrategy[Json]] = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "minimum": NUMBERS,
        "maximum": NUMBERS,
        "exclusiveMinimum": NUMBERS,
        "exclusiveMaximum": NUMBERS,
        "multipleOf": st.sampled_from([1, 2, 0.5, 0.1]),
        "minLength": COUNTS,
        "maxLength": COUNTS,
        "pattern": PATTERNS,
        "format": st.just("date"),
        "minItems": COUNTS,
        "maxItems": COUNTS,
        "uniqueItems": st.booleans(),
        "prefixItems": st.lists(within, min_size=1, max_size=2),
        "items": within,
        "contains": inner,
        "minContains": COUNTS,
        "maxContains": COUNTS,
        "minProperties": COUNTS,
        "maxProperties": COUNTS,
        "properties": named,
        "required": st.lists(NAMES, max_size=2, unique=True),
        "additionalProperties": inner,
        "propertyNames": inner,
        "dependentRequired": needs,
        "dependentSchemas": named,
        "allOf": lists,
        "anyOf": lists,
        "oneOf": lists,
        "not": inner,
        "if": inner,
        "then": inner,
        "else": inner,
    }
    return st.sets(st.sampled_from(sorted(every)), max_size=3).flatmap(
        lambda keys: st.fixed_dictionaries({key: every[key] for key in sorted(keys)})
    )


REFERENCE = st.just({"$ref": "#/$defs/shared"})
SCHEMAS: st.SearchStrategy[Json] = st.recursive(
    st.booleans() | REFERENCE | keywords(st.booleans()), keywords, max_leaves=6
)
OLDER = {
    "http://json-schema.org/draft-07/schema#": {
        "definitions": {"shared": {"type": "integer"}},
        "dependencies": {"A": ["B"], "B": {"maxProperties": 1}},
    },
    "https://json-schema.org/draft/2019-09/schema": {},
}


@given(
    st.dictionaries(
        st.sampled_from(["A", "B"]),
        SCHEMAS.map(lambda it: it is False or it),
        min_size=1,
    ),
    keywords(SCHEMAS),
    keywords(st.just(True)),
    st.dictionaries(st.sampled_from(["A", "B"]), VALUES),
    st.sampled_from([None, *OLDER]),
)
@settings(max_examples=200, deadline=None)
def test_says_what_the_interpreter_says(
    properties: Json,
    around: dict[str, Json],
    shared: Json,
    values: dict[str, Json],
    draft: str | None,
) -> None:
    schema: dict[str, Json] = {
        **around,
        "properties": properties,
        "$defs": {"shared": shared},
    }
    schema.pop("type", None)
    if draft is not None:
        schema |= {"$schema": draft, **OLDER[draft]}
    agrees(schema, values)


CASES: dict[str, tuple[dict[str, Json], Json, str]] = {
    "type": ({"type": "integer"}, "many", "must be a whole number"),
    "limit": ({"type": "number", "minimum": 2}, 1.5, "must be at least 2"),
    "enum": ({"enum": ["s", "l"]}, "m", "must be one of `s`, `l`"),
    "const": ({"const": 5}, 6, "must be `5`"),
    "pattern": ({"pattern": "^[a-z]+$"}, "A", "must match `^[a-z]+$`"),
    "wild pattern": ({"pattern": "^(a*)*$"}, "A", "must match `^(a*)*$`"),
    "items": (
        {"type": "array", "items": {"type": "integer"}},
        ["x"],
        "`A[0]` must be a whole number",
    ),
    "twice": ({"type": "array", "uniqueItems": True}, [1, 1.0], "have no item twice"),
    "true is no number": ({"type": "array", "uniqueItems": True}, [1, True], ""),
    "no more items": (
        {"type": "array", "prefixItems": [{}], "items": False},
        [1, 2],
        "must fit `items` of the schema",
    ),
    "enough": (
        {"type": "array", "contains": {"const": 1}, "minContains": 2},
        [1, 2],
        "must fit `minContains` of the schema",
    ),
    "too many": (
        {"type": "array", "contains": {"const": 1}, "maxContains": 1},
        [1, 1],
        "must fit `maxContains` of the schema",
    ),
    "other keys": (
        {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
        {"a": 1, "b": 2, "c": 3},
        "must not have the keys `b`, `c`",
    ),
    "keys": (
        {"type": "object", "required": ["a", "b"]},
        {"b": 1},
        "must have the key `a`",
    ),
    "deep": (
        {"$ref": "#/$defs/tree", "type": "object"},
        {"v": {"v": {"v": 1}}},
        "`A.v.v.v` must be an object",
    ),
    "large": ({"type": "number", "multipleOf": 0.1}, 10**300, ""),
    "long": ({"maxLength": 3}, "x" * 99, f"`{'x' * 60}…`, but must have a length of"),
}


@pytest.mark.parametrize(("schema", "value", "said"), CASES.values(), ids=CASES)
def test_words(schema: dict[str, Json], value: Json, said: str) -> None:
    tree: Json = {
        "type": "object",
        "properties": {"v": {"$ref": "#/$defs/tree"}},
    }
    whole: dict[str, Json] = {"properties": {"A": schema}, "$defs": {"tree": tree}}
    assert workflow(whole) is not None
    found = agrees(whole, {"A": value})
    assert [said in each for each in found] == [True] * bool(said)


def test_all_at_once() -> None:
    properties: Json = {
        "N": {"type": "integer", "maximum": 3},
        "S": {"type": "string"},
        "L": {"type": "array", "default": [1]},
    }
    schema: dict[str, Json] = {
        "properties": properties,
        "required": ["S"],
        "dependentRequired": {"N": ["L"]},
    }
    assert agrees(schema, {"N": 5}) == [
        "param `N` is `5`, but must be at most 3",
        "param `S` has no value, but must be a text",
    ]


def test_secrets_are_masked() -> None:
    found = workflow({"properties": {"A": {"maxLength": 3}}})
    assert found is not None
    said = runtime.problems_at_start(params_of(found), {"A": "secret"}, lambda _: "***")
    assert said == ["param `A` is `***`, but must have a length of at most 3"]
