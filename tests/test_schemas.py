"""Values held against the schema of params, and what is said of them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics import Diagnostic
from compiler.ir import Json, ParamType, Workflow
from compiler.json_text import Failure, parse_json, to_text
from compiler.pipeline import front_end
from compiler.reader import read
from compiler.schemas.checking import problems_of_start, problems_of_values
from compiler.schemas.typed import plain, typed
from compiler.source import Source


def workflow(properties: str, more: str = "") -> Workflow:
    text = f"params:\n  type: object\n  properties: {{{properties}}}\n  {more}\n"
    (found,), findings = read(Source("w.yaml", text))
    assert findings == ()
    return found


def said(properties: str, more: str = "", **given: str) -> list[str]:
    return [it.message for it in problems_of_start(workflow(properties, more), given)]


# ---- types


@pytest.mark.parametrize(
    ("text", "type", "printed"),
    [
        ("5", "integer", "5"),
        ("-5", "integer", "-5"),
        ("1.0", "integer", "1"),
        ("1e3", "integer", "1000"),
        ("9" * 40, "integer", "9" * 40),
        (" 5\n", "integer", "5"),
        ("1.50", "number", "1.5"),
        ("1.0", "number", "1"),
        ("true", "boolean", "true"),
        ('{"b": 1.0, "a": [ ]}', "object", '{"b":1,"a":[]}'),
        ("[1, 2]", "array", "[1,2]"),
        (" 1.0 ", "string", " 1.0 "),
        ("1.0", None, "1.0"),
        ("", "string", ""),
    ],
)
def test_a_text_of_a_type(text: str, type: ParamType | None, printed: str) -> None:
    assert plain(text, type) == printed
    assert plain(printed, type) == printed


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("", "integer"),
        ("1.5", "integer"),
        ("true", "integer"),
        ("01", "integer"),
        ("+1", "integer"),
        ("1_000", "integer"),
        ('"1"', "integer"),
        ("9" * 5000, "integer"),
        ("NaN", "number"),
        ("1e400", "number"),
        ("True", "boolean"),
        ("yes", "boolean"),
        ("1", "boolean"),
        ("[]", "object"),
        ("{}", "array"),
        ("a b", "array"),
        ("[" * 300 + "]" * 300, "array"),
    ],
)
def test_a_text_that_is_not_of_its_type(text: str, type: ParamType) -> None:
    with pytest.raises(Failure, match="must be "):
        typed(text, type)


VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        inner,
        max_size=3,
    ),
    max_leaves=8,
)


@given(VALUES, st.sampled_from(["integer", "number", "boolean", "object", "array"]))
def test_what_is_printed_is_the_same_value(value: Json, type: ParamType) -> None:
    """A value survives its way through the environment of a step."""
    text = to_text(value)
    try:
        found = typed(text, type)
    except Failure:
        return
    assert typed(plain(text, type), type) == found
    assert parse_json(plain(text, type)) == found


# ---- what is said


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ("{type: integer}", "many", "param `A` is `many`, but must be a whole number"),
        ("{minimum: 2, type: number}", "1.5", "`1.5`, but must be at least 2"),
        ("{exclusiveMaximum: 2, type: number}", "2", "must be less than 2"),
        ("{multipleOf: 5, type: integer}", "7", "must be a multiple of 5"),
        ("{enum: [a, b]}", "c", "must be one of `a`, `b`"),
        ("{enum: [1, 2]}", "3", "must be one of `1`, `2`"),
        ("{const: x}", "c", "must be `x`"),
        ("{minLength: 2}", "c", "must have a length of at least 2"),
        ("{pattern: '^[a-z]+$'}", "C", "must match `^[a-z]+$`"),
        ("{type: array, uniqueItems: true}", "[1, 1]", "must have no item twice"),
        ("{type: array, maxItems: 1}", "[1, 2]", "a length of at most 1"),
        (
            "{type: array, items: {type: integer}}",
            '[1, "a"]',
            'param `A` is `[1, "a"]`, but `A[1]` must be a whole number',
        ),
        (
            "{type: object, properties: {p: {maximum: 5}}}",
            '{"p": 6}',
            "but `A.p` must be at most 5",
        ),
        ("{type: object, required: [p, q]}", '{"q": 1}', "must have the key `p`"),
        (
            "{type: object, properties: {p: {}}, additionalProperties: false}",
            '{"p": 1, "q": 2}',
            "must not have the key `q`",
        ),
        ("{not: {const: x}}", "x", "must fit `not` of the schema"),
        ("false", "x", "the params must fit the schema"),
    ],
)
def test_a_value_that_does_not_fit(schema: str, value: str, message: str) -> None:
    (found,) = said(f"A: {schema}", A=value)
    assert message in found


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("{type: integer, minimum: 1}", "1"),
        ("{type: integer}", "2.0"),
        ("{enum: ['1', '2']}", "1"),
        ("{pattern: b}", "abc"),
        ("{format: email}", "no address"),
        ("{type: string}", "5"),
        ("true", "x"),
        ("{type: [integer, 'null']}", "5"),
    ],
)
def test_a_value_that_fits(schema: str, value: str) -> None:
    assert said(f"A: {schema}", A=value) == []


def test_all_at_once_in_their_order() -> None:
    found = said(
        "A: {type: integer}, B: {type: integer, minimum: 5, multipleOf: 2}, "
        "C: {}, D: {type: boolean}",
        "required: [C, D]",
        B="1",
        A="x",
    )
    assert [it.split()[1] for it in found] == ["`A`", "`B`", "`B`", "`C`", "`D`"]
    assert found[-1] == "param `D` has no value, but must be `true` or `false`"


def test_what_is_not_set_is_not_checked() -> None:
    assert said("A: {type: integer}, B: {minLength: 3}") == []


def test_a_long_value_is_cut() -> None:
    (found,) = said("A: {type: integer}", A="x" * 1000)
    assert len(found) < 120


def test_rules_over_several_params() -> None:
    """They count where all values are known, and wait where one is not."""
    both = "A: {}, B: {}", "dependentRequired: {A: [B]}"
    assert said(*both, A="1") == [
        "the params must fit `dependentRequired` of the schema"
    ]
    assert said(*both, A="1", B="2") == []
    later = problems_of_start(workflow(*both), {"A": "1"}, ["C"])
    assert later == []
    closed = "A: {}", "additionalProperties: false"
    assert said(*closed, A="1", X="2") == ["the params must not have the key `X`"]


def test_a_default_that_is_known_only_in_a_run() -> None:
    rule = "{properties: {M: {const: big}}}\n  then: {properties: {N: {minimum: 5}}}"
    found = workflow(
        "M: {default: '${X}'}, N: {type: integer, default: 1}, X: {default: small}",
        f"if: {rule}",
    )
    assert problems_of_start(found, {}) == []
    values = {"M": "big", "N": "1", "X": "big"}
    (problem,) = problems_of_values(found, values, str)
    assert problem.message == "param `N` is `1`, but must be at least 5"
    assert problems_of_values(found, values | {"M": "small"}, str) == []


def test_local_references() -> None:
    more = "$defs: {port: {type: integer, maximum: 9}, list: {items: {$ref: '#/$defs/port'}}}"
    properties = "A: {$ref: '#/$defs/port'}, B: {type: array, $ref: '#/$defs/list'}"
    found = said(properties, more, A="10", B="[1, 10]")
    assert [it.split(" but ")[1] for it in found] == [
        "must be at most 9",
        "`B[1]` must be at most 9",
    ]


def test_an_older_draft() -> None:
    more = "$schema: 'http://json-schema.org/draft-07/schema#'"
    properties = "A: {type: array, items: [{type: integer}, {type: string}]}"
    assert said(properties, more, A='[1, "a"]') == []
    (found,) = said(properties, more, A='["a"]')
    assert "`A[0]` must be a whole number" in found


def test_a_schema_without_an_end() -> None:
    found = said(
        "A: {allOf: [{$ref: '#/$defs/a'}]}", "$defs: {a: {$ref: '#/$defs/a'}}", A="x"
    )
    assert found == ["the params cannot be held against their schema: it is too deep"]


def test_a_pattern_does_not_backtrack() -> None:
    began = time.monotonic()
    (found,) = said("A: {pattern: '^(a+)+$'}", A="a" * 5000 + "b")
    assert time.monotonic() - began < 10
    assert "must match" in found


SMALL = st.sampled_from(
    [0, 1, 2.5, "a", "#", "#/$defs/a", "integer", True, None, [], {}]
)
KEYWORDS = [
    "$anchor $id $ref $schema allOf anyOf const contains dependentRequired enum if items",
    "maximum minLength multipleOf not pattern prefixItems properties propertyNames",
    "required then type unevaluatedItems unevaluatedProperties uniqueItems",
]
SCHEMAS: st.SearchStrategy[Json] = st.recursive(
    SMALL,
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(" ".join(KEYWORDS).split()), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(" ".join(KEYWORDS).split()), SCHEMAS, max_size=3),
    SCHEMAS,
    SCHEMAS,
    st.sampled_from(["", "1", "a", "[1, [2]]", '{"a": 1}', "true", "1e300"]),
)
def test_whatever_a_schema_says(
    more: dict[str, Json], param: Json, other: Json, value: str
) -> None:
    """It is refused, or values can be held against it."""
    document = {**more, "properties": {"A": param}, "$defs": {"a": other}}
    source = Source("s.json", to_text(document))
    text = "params: {schema: s.json}\nsteps: []\n"
    (found,), findings = read(Source("w.yaml", text), lambda path: source)
    if found.schema is None:
        assert findings
    problems_of_start(found, {"A": value})


def test_masked_values() -> None:
    (found,) = problems_of_start(
        workflow("A: {type: integer}"), {"A": "secret"}, mask=lambda text: "***"
    )
    assert found.message == "param `A` is `***`, but must be a whole number"


# ---- what is known when a file is checked


def findings(text: str) -> list[Diagnostic]:
    return [
        it
        for it in front_end(Source("w.yaml", text)).diagnostics
        if it.code == "WFC223"
    ]


def test_defaults() -> None:
    text = """\
params:
  - {name: A, type: integer, default: x}
  - {name: B, enum: [a, b], default: c}
  - {name: C, type: integer, default: "${A}"}
  - {name: D, type: integer, minimum: 1, default: 1}
  - {name: E, type: boolean, default: "yes"}
steps: []
"""
    found = findings(text)
    assert [(it.span.line, it.message) for it in found] == [
        (2, "param `A` is `x`, but must be a whole number"),
        (3, "param `B` is `c`, but must be one of `a`, `b`"),
        (6, "param `E` is `yes`, but must be `true` or `false`"),
    ]
    assert found[0].span.column == 39
    assert found[0].others[0][1] == "the schema"


CHILD = """
---
name: child
params:
  - {name: N, type: integer, required: true}
  - {name: M, type: integer, minimum: 3, default: 5}
  - PLAIN: x
steps: []
"""


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        ("run: child\n    params: {N: 1}", []),
        ("run: child\n    params: {N: 1, M: 2, PLAIN: 3}", [5]),
        ("run: child\n    params: {N: x, M: 2}", [5, 5]),
        ("run: child\n    params: N=x M=4", [5]),
        ("run: child", [4]),
        ("run: child\n    params: {M: 2}", [4, 5]),
        ("run: child\n    params: {N: '${X}'}", []),
        ("run: child\n    params: {N: '${X}', M: 2}", [5]),
        ("run: child\n    parallel: [1, 2]", []),
        ("run: child\n    parallel: [1, 2]\n    params: {N: a}", [6]),
        ("run: child\n    parallel: [1, 2]\n    params: {N: '${ITEM}'}", []),
        ("run: ${X}\n    candidates: [child]", []),
    ],
)
def test_arguments(step: str, lines: list[int]) -> None:
    text = f"params: {{X: child}}\nsteps:\n  - name: call\n    {step}\n{CHILD}"
    assert [it.span.line for it in findings(text)] == lines


def test_defaults_of_a_callee_are_told_once() -> None:
    text = "steps: [{name: a, run: child, params: {N: 1}}]" + CHILD.replace("5}", "1}")
    (found,) = findings(text)
    assert found.span.line == 6
