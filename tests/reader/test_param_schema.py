"""Params with a JSON Schema: their forms, the types they give, and schemas that are wrong."""

from collections.abc import Mapping

import pytest
from forms import findings, shown, workflow, written

from compiler.diagnostics import Diagnostic
from compiler.ir import Param, ParamType, Workflow
from compiler.reader import read
from compiler.source import Source, Span


def reading(
    text: str, files: Mapping[str, str], name: str = "flows/w.yaml"
) -> tuple[Workflow, list[Diagnostic]]:
    """The workflow of `text`, beside which these files lie, and its errors."""

    def load(path: str) -> Source | None:
        return Source(path, files[path]) if path in files else None

    (found,), said = read(Source(name, text), load)
    return found, [each for each in said if each.severity == "error"]


def row(param: Param) -> tuple[str, ParamType | None, str | None, bool]:
    return param.name, param.type, written(param.default), param.required


# ---- the forms


MAP = """\
params:
  type: object
  properties:
    N: {type: integer, default: 3}
    F: {type: number, default: 2.50}
    B: {type: boolean, default: True}
    S: {type: string, default: 1.10}
    C: {type: object, default: {port: 80, host: "${HOST}"}}
    L: {type: array, default: [a, 1]}
    HOST: {}
    ANY: true
    NEED: {type: integer}
    BOTH: {type: integer, default: 1}
    REF: {$ref: "#/$defs/port", default: "${N}"}
    NULL: {type: [integer, "null"], default: null}
  required: [NEED, BOTH]
  $defs:
    port: {type: integer}
"""


def test_one_map() -> None:
    found = workflow(MAP)
    assert [*map(row, found.params)] == [
        ("N", "integer", "3", False),
        ("F", "number", "2.5", False),
        ("B", "boolean", "true", False),
        ("S", "string", "1.10", False),
        ("C", "object", '{"port":80,"host":toJSON(«${HOST}»)}', False),
        ("L", "array", '["a",1]', False),
        ("HOST", None, "", False),
        ("ANY", None, "", False),
        ("NEED", "integer", "", True),
        ("BOTH", "integer", "1", False),
        ("REF", "integer", "«${N}»", False),
        ("NULL", "integer", "", False),
    ]
    assert found.schema is not None
    assert isinstance(found.schema.document, dict)
    assert found.schema.document["required"] == ["NEED", "BOTH"]
    assert found.schema.span == Span(file="w.yaml", line=1, column=1, length=6)
    assert (found.params[1].span.line, found.params[1].span.column) == (5, 5)


@pytest.mark.parametrize(
    ("values", "type"),
    [
        ("[a, b]", None),
        ("[1, 2]", "integer"),
        ("[1, 2.5]", "number"),
        ("[true, false]", "boolean"),
        ("[[1]]", "array"),
        ("[{a: 1}]", "object"),
        ("[1, a]", None),
    ],
)
def test_values_give_a_type(values: str, type: ParamType | None) -> None:
    text = f"params: {{type: object, properties: {{E: {{enum: {values}}}}}}}"
    (found,) = workflow(text).params
    assert found.type == type


def test_schema_with_values() -> None:
    found = workflow("""\
params:
  schema:
    properties:
      A: {type: integer, default: 1}
      B: {type: integer, default: 2}
      C: {type: integer}
    required: [C]
  values:
    C: 3
    A: ${B}
    MORE: x
""")
    assert [*map(row, found.params)] == [
        ("A", "integer", "«${B}»", False),
        ("B", "integer", "2", False),
        ("C", "integer", "3", False),
        ("MORE", None, "x", False),
    ]


def test_items_with_types() -> None:
    found = workflow("""\
params:
  - one
  - {name: N, type: integer, default: 3, min_length: , minimum: 1}
  - K: v
  - {name: M, type: number, required: true, description: how many}
  - {name: D, default: x}
  - two L=w
""")
    assert [*map(row, found.params)] == [
        ("1", None, "one", False),
        ("N", "integer", "3", False),
        ("K", None, "v", False),
        ("M", "number", "", True),
        ("D", None, "x", False),
        ("2", None, "two", False),
        ("L", None, "w", False),
    ]
    assert found.schema is not None
    assert found.schema.document == {
        "type": "object",
        "properties": {
            "N": {"type": "integer", "minimum": 1},
            "M": {"type": "number", "description": "how many"},
            "D": {},
        },
        "required": ["M"],
    }


@pytest.mark.parametrize(
    "params",
    [
        "{schema: a, values: b}",
        "{schema: a}",
        "{values: {A: 1}}",
        "{type: object}",
        "{type: a, properties: b}",
        "[{name: x}]",
        "[{name: x, kind: y}]",
        "[{name: x, type: y, place: z}]",
    ],
)
def test_plain_params_with_such_names(params: str) -> None:
    assert workflow(f"params: {params}").schema is None


# ---- a file


JSON = '{\n  "properties": {\n    "N": {"type": "integer", "default": 3}\n  }\n}\n'


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("n.json", JSON),
        ("./n.json", JSON),
        ("n.yaml", "properties:\n  N: {type: integer, default: 3}\n"),
        ("../n.yml", "type: object\nproperties: {N: {type: integer, default: 3}}"),
    ],
)
def test_a_file(path: str, content: str) -> None:
    at = {"n.json": "flows/n.json", "./n.json": "flows/n.json"}
    at |= {"n.yaml": "flows/n.yaml", "../n.yml": "n.yml"}
    text = f"params: {{schema: {path}, values: {{M: '${{N}}'}}}}"
    found, errors = reading(text, {at[path]: content})
    assert errors == []
    assert [*map(row, found.params)] == [
        ("N", "integer", "3", False),
        ("M", None, "«${N}»", False),
    ]
    assert found.schema is not None
    assert (found.schema.span.line, found.schema.span.column) == (1, 18)
    assert found.params[0].span == found.schema.span


def test_a_file_holds_data() -> None:
    content = '{"properties": {"A": {"default": "${B} `id`"}, "B": {"default": [1.0]}}}'
    found, errors = reading("params: {schema: n.json}", {"flows/n.json": content})
    assert errors == []
    assert [it.default.parts for it in found.params if it.default] == [
        ("${B} `id`",),
        ("[1]",),
    ]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (None, "WFC111", "there is no file `flows/n.json`"),
        ("{", "WFC107", "`flows/n.json`: not JSON: "),
        ('{"properties": }', "WFC107", "at line 1, column 16"),
        ('{"properties": {"N": {},\n "N": {}}}', "WFC107", "`flows/n.json`, line 2: "),
        ("[]", "WFC107", "it is no map"),
        ("{}", "WFC107", "no map of `properties`"),
        (
            '{"properties": {\n "N": {"minimum": "1"}}}',
            "WFC107",
            "`flows/n.json`, line 2, column 19: `minimum` must be a number",
        ),
        ('{"properties": {"N": {"pattern": "(?=a)"}}}', "WFC306", "column 34"),
        ('{"properties": {"a-b": {}}}', "WFC107", "`a-b` is no name"),
    ],
)
def test_a_file_that_is_wrong(content: str | None, code: str, words: str) -> None:
    files = {} if content is None else {"flows/n.json": content}
    text = "params: {schema: n.json}"
    _, (error,) = reading(text, files)
    assert error.code == code
    assert words in error.message
    assert shown(text, error) == "n.json"


def test_a_yaml_file_that_is_wrong() -> None:
    files = {"flows/n.yaml": "properties:\n  N: {type: int}\n"}
    _, (error,) = reading("params: {schema: n.yaml}", files)
    assert "`flows/n.yaml`, line 2, column 13: `type` must" in error.message
    files = {"flows/n.yaml": "properties: [\n"}
    _, (error,) = reading("params: {schema: n.yaml}", files)
    assert error.message.startswith("`flows/n.yaml`, line ")


@pytest.mark.parametrize(
    "path", ["http://127.0.0.1/n.json", "https://example.com/n.json", "file:///n.json"]
)
def test_nothing_is_fetched(path: str) -> None:
    def load(path: str) -> Source:
        raise AssertionError(path)

    text = f"params: {{schema: '{path}'}}"
    _, said = read(Source("w.yaml", text), load)
    assert [it.code for it in said] == ["WFC107"]


# ---- schemas that are wrong


WRONG = {
    # what stands in `properties`: the place, and words of the message
    "N: {type: int}": ("int", "`type` must"),
    "N: {type: [integer, string]}": ("[integer, string]", "one type"),
    "N: {type: 'null'}": ("'null'", "one type"),
    "N: {minimum: low}": ("low", "`minimum` must be a number"),
    "N: {maxLength: -1}": ("-1", "`maxLength` must be at least 0"),
    "N: {enum: a}": ("a", "`enum` must be a list"),
    "N: [a]": ("[a]", "`N` must be an object"),
    "N: {required: true}": ("true", "`required` must be a list"),
    "N: {items: {type: int}}": ("int", "`type` must"),
    "N: {pattern: '(?i)a'}": ("'(?i)a'", "`(?i)a`"),
    "N: {allOf: [{pattern: '\\1'}]}": ("'\\1'", "`\\1`"),
    "N: {patternProperties: {a: {}}}": ("{a: {}}", "`patternProperties` cannot"),
    "N: {$ref: 'http://127.0.0.1/x'}": ("'http://127.0.0.1/x'", "out of the schema"),
    "N: {$ref: other.json}": ("other.json", "out of the schema"),
    "N: {$ref: '#/$defs/none'}": ("'#/$defs/none'", "leads to no schema"),
    "N: {$ref: '#/type'}": ("'#/type'", "leads to no schema"),
    "N: {$ref: '#none'}": ("'#none'", "leads to no schema"),
    "N: {$ref: '#/properties/N'}": ("'#/properties/N'", "circle"),
    "N: {$id: 'http://127.0.0.1/'}": ("'http://127.0.0.1/'", "`$id` stands at the top"),
    "N: {minimum: .inf}": (".inf", "no form in JSON"),
}


@pytest.mark.parametrize("properties", WRONG)
def test_a_schema_that_is_wrong(properties: str) -> None:
    place, words = WRONG[properties]
    text = f"params:\n  type: object\n  properties:\n    {properties}\n"
    (found,) = (it for it in findings(text) if it.severity == "error")
    assert shown(text, found) == place
    assert words in found.message
    assert found.code == ("WFC306" if "attern: " in properties else "WFC107")


@pytest.mark.parametrize("draft", ["'http://[x'", "[]", "5", "http://127.0.0.1/draft"])
def test_a_draft_that_nobody_knows(draft: str) -> None:
    text = f"params: {{type: object, properties: {{}}, $schema: {draft}}}"
    (found,) = findings(text)
    assert shown(text, found) == draft
    assert "2020-12" in found.help


def test_all_that_is_wrong() -> None:
    text = "params: {type: object, properties: {A: {minimum: a}, B: {maximum: b}}}"
    assert {shown(text, it) for it in findings(text)} == {"a", "b"}


def test_required_names_no_param() -> None:
    text = "params: {type: object, properties: {A: {}}, required: [A, B]}"
    (found,) = findings(text)
    assert (shown(text, found), found.code) == ("B", "WFC107")


def test_a_param_of_a_list_that_is_wrong() -> None:
    text = "params: [{name: A, minimum: 1}, {name: B, type: integer, maximum: a}]"
    (found,) = findings(text)
    assert shown(text, found) == "a"


def test_a_wrong_schema_leaves_the_params() -> None:
    """So that later checks do not take them for unknown."""
    found, errors = reading("params: [{name: A, default: 1, minimum: a}]", {})
    assert len(errors) == 1
    assert [*map(row, found.params)] == [("A", None, "1", False)]
    assert found.schema is None
