"""Type errors that are known before a run."""

import pytest

from compiler.diagnostics import Diagnostic
from compiler.expressions import parse_at, parse_template
from compiler.pipeline import front_end
from compiler.source import Source, Span
from compiler.validate.types import type_errors


def at(start: int, end: int) -> Span:
    return Span(file="f", line=1, column=start, length=end - start)


def errors(text: str) -> list[Diagnostic]:
    parsed = parse_at(text, 0, at)
    assert parsed is not None
    assert parsed.expression is not None, parsed.diagnostics
    return list(type_errors(parsed.expression))


WRONG = {
    # text: (place, words of the message, help)
    "$<(COUNT > 3)>": (
        "COUNT > 3",
        "`>` cannot compare a text with a number",
        "write `fromJSON(COUNT) > 3`",
    ),
    "$<3 < COUNT>": (
        "3 < COUNT",
        "`<` cannot compare a number with a text",
        "write `3 < fromJSON(COUNT)`",
    ),
    "$<COUNT == 3>": (
        "COUNT == 3",
        "`==` of a text and a number is always false",
        "write `fromJSON(COUNT) == 3`",
    ),
    "$<COUNT != 3>": (
        "COUNT != 3",
        "`!=` of a text and a number is always true",
        "write `fromJSON(COUNT) != 3`",
    ),
    "$<COUNT + 1>": (
        "COUNT + 1",
        "`+` cannot add a text and a number",
        "write `fromJSON(COUNT) + 1`",
    ),
    # a literal is written as what it should be
    "$<1 < 'a'>": ("1 < 'a'", "`<` cannot compare", None),
    "$<1 < '5'>": ("1 < '5'", "`<` cannot compare", "write `1 < 5`"),
    "$<'a' == 1>": ("'a' == 1", "is always false", None),
    "$<1 + ' items'>": ("1 + ' items'", "`+`", "write `'1' + ' items'`"),
    '$<len(X) + "\'s">': (
        'len(X) + "\'s"',
        "`+`",
        'write `toJSON(len(X)) + "\'s"`',
    ),
    "$<-'5'>": ("'5'", "`-` takes a number", "write `5`"),
    "$<-'a'>": ("'a'", "`-` takes a number", None),
    "$<'true' && FLAG == 'x'>": ("'true'", "`&&`", None),
    "$<'true' == true>": ("'true' == true", "`==`", None),
    "$<FLAG == (A == B)>": ("FLAG == (A == B)", "`==`", None),
    "$<1 && true>": ("1", "`&&`", None),
    "$<join('a', ',')>": ("'a'", "`join` takes a list", None),
    "$<lower(null)>": ("null", "`lower` takes a text, not null", "write `'null'`"),
    "$<lower([1])>": ("[1]", "`lower` takes a text", "write `toJSON([1])`"),
    "$<null < 1>": ("null < 1", "`<` cannot compare null with a number", None),
    "$<${C:-1} < 2>": ("${C:-1} < 2", "`<`", "write `fromJSON(${C:-1}) < 2`"),
    "$<FLAG == true>": (
        "FLAG == true",
        "`==`",
        "a name is a text: write `FLAG == 'true'`",
    ),
    "$<FLAG && true>": (
        "FLAG",
        "`&&` takes true or false, not a text",
        "a name is a text: write `FLAG == 'true'`",
    ),
    "$<true || len(X)>": (
        "len(X)",
        "`||` takes true or false, not a number",
        "compare it, in parentheses: `(len(X) > 0)`",
    ),
    "$<!FLAG>": (
        "FLAG",
        "`!` takes true or false, not a text",
        "a name is a text: write `FLAG == 'true'`",
    ),
    "$<FLAG ? 1 : 2>": (
        "FLAG",
        "`?` takes true or false",
        "a name is a text: write `FLAG == 'true'`",
    ),
    "$<-N>": ("N", "`-` takes a number", "write `fromJSON(N)`"),
    "$<true < false>": ("true < false", "compare a boolean with a boolean", None),
    "$<[1] + [2]>": ("[1] + [2]", "`+` cannot add a list and a list", None),
    "$<1 in 'a1'>": (
        "1 in 'a1'",
        "`in` cannot look for a number in a text",
        "write `'1' in 'a1'`",
    ),
    "$<[1] in 'a'>": ("[1] in 'a'", "`in` cannot look for a list in a text", None),
    "$<'a' in 1>": (
        "'a' in 1",
        "`in` looks in a text or a list, not in a number",
        None,
    ),
    "$<len(1)>": ("1", "`len` takes a text, a list or an object, not a number", None),
    "$<lower(1)>": ("1", "`lower` takes a text", "write `'1'`"),
    "$<join(X, ',')>": ("X", "`join` takes a list", "write `fromJSON(X)`"),
    "$<join([], 1)>": ("1", "`join` takes a text", "write `'1'`"),
    "$<contains('a1', 1)>": (
        "1",
        "`contains` in a text takes a text",
        "write `'1'`",
    ),
    "$<contains(1, 1)>": ("1", "`contains` takes a list or a text", None),
    "$<fromJSON(1)>": ("1", "`fromJSON` takes a text", "write `'1'`"),
    "$<toJSON(X) == 1>": ("toJSON(X) == 1", "`==`", "write `fromJSON(toJSON(X)) == 1`"),
    "$<(X == '1' ? 1 : 2) == X>": (
        "(X == '1' ? 1 : 2) == X",
        "a number and a text",
        "write `((X == '1') ? 1 : 2) == fromJSON(X)`",
    ),
    "$<[len(1)]>": ("1", "`len`", None),
    "${X:-$<len(1)>}": ("1", "`len`", None),
}


@pytest.mark.parametrize("text", WRONG)
def test_finds(text: str) -> None:
    place, words, help = WRONG[text]
    (found,) = errors(text)
    start = found.span.column
    assert found.code == "WFC302"
    # Brackets at the beginning belong to the place of an operator's left side.
    assert text[start : start + found.span.length] == place
    assert words in found.message
    assert found.help == (help or "")


@pytest.mark.parametrize(
    "text",
    [
        "${X}",
        "$<X == 'a'>",
        "$<X == null>",
        "$<1 != null>",
        "$<X.a == 3>",
        "$<fromJSON(X) == 3>",
        "$<(fromJSON(X) > 3 && fromJSON(X) < 5)>",
        "$<X.a && true>",
        "$<X < Y>",
        "$<X + 'a'>",
        "$<X in ['a', 1]>",
        "$<X in 'abc'>",
        "$<1 in X.list>",
        "$<fromJSON(X) in Y>",
        "$<len(X) + 1 == 3>",
        "$<join(split(X, ','), '-')>",
        "$<contains(X.a, 1)>",
        "$<contains([1], 1)>",
        "$<matches(X, '[a-z]+')>",
        "$<(X == 'a' ? 1 : 'b') == 1>",
        "$<${X:-$<1>} == 3>",
        "$<lenient.x ? true : false>",
    ],
)
def test_accepts(text: str) -> None:
    assert errors(text) == []


def test_all_at_once() -> None:
    assert len(errors("$<A + 1 == 2 || !B>")) == 2


def test_a_refused_pattern() -> None:
    (found,) = errors("$<matches(X, '(?i)a')>")
    assert (found.code, found.span.column) == ("WFC306", 13)
    assert found.help.startswith("patterns take literals")


def test_what_is_written_instead_is_right() -> None:
    """The help of a finding on a whole expression, put in its place, mends it."""
    for text, (place, _, help) in WRONG.items():
        if help is not None and text.startswith(f"$<{place}"):
            written = help.partition("`")[2].removesuffix("`")
            compared = f"({written})" if " > " in written else written
            assert errors(text.replace(place, compared)) == [], text


def test_templates() -> None:
    template, _ = parse_template("a $<len(1)> b $<N + 1>", at, backticks=False)
    assert [it.code for it in type_errors(template)] == ["WFC302", "WFC302"]


def test_the_deepest_readable_expression() -> None:
    assert errors(f"$<{'!' * 198}true>") == []
    assert len(errors(f"$<{'!' * 198}X>")) == 1


ITEMS = {
    # items of a fan-out: whether ITEM is known to be a text
    "scalars": ("[1, two, '3']", True),
    "scalars with references": ("['${X}', b]", True),
    "a map": ("[1, {a: b}]", False),
    "a list": ("[[1]]", False),
    "a text": ("'[1, 2]'", False),
    "an expression": ("\"$<split('a,b', ',')>\"", False),
    "a map with items": ("{items: [1, 2], maxConcurrent: 1}", True),
}


@pytest.mark.parametrize("case", ITEMS)
@pytest.mark.parametrize(
    "fields",
    [
        "command: 'echo $<ITEM + 1>'",
        "command: [echo, '$<ITEM + 1>']",
        "command: echo, env: [{A: '$<ITEM + 1>'}]",
        "command: echo, preconditions: [{condition: '$<ITEM + 1>', expected: '2'}]",
    ],
    ids=["shell", "list", "env", "condition"],
)
def test_the_type_of_an_item(fields: str, case: str) -> None:
    items, is_text = ITEMS[case]
    text = f"params: [{{X: 1}}]\nsteps: [{{name: a, parallel: {items}, {fields}}}]"
    found = [it.code for it in front_end(Source("f.yaml", text)).diagnostics]
    assert [it for it in found if it != "WFC224"] == (["WFC302"] if is_text else [])


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("$<ITEM.a + 1>", None),
        ("$<${ITEM:-1} + 1>", "WFC302"),
        ("$<fromJSON(ITEM) + 1>", None),
        ("$<lower(ITEM)>", None),
        ("$<len(A.output) + ITEM>", "WFC302"),
        ("$<X.outputs + 1>", None),
        ("$<X + 1>", "WFC302"),
        ("$<call.output + 1>", "WFC302"),
    ],
)
def test_items_and_records_in_expressions(expression: str, code: str | None) -> None:
    text = f"""
steps:
  - {{name: call, run: child, output: X}}
  - {{name: A, command: echo}}
  - {{name: use, parallel: [1], command: 'echo {expression}'}}
---
name: child
steps: [{{name: a, command: echo}}]
"""
    found = front_end(Source("f.yaml", text)).diagnostics
    assert [it.code for it in found] == ([] if code is None else [code])


TYPED = """
params:
  - {name: N, type: integer, default: 3}
  - {name: R, type: number, required: true}
  - {name: O, type: integer}
  - {name: B, type: boolean, default: true}
  - {name: S, type: string, default: '3'}
  - {name: E, enum: [1, 2], default: 1}
  - {name: C, type: object, default: {port: 80}}
  - {name: L, type: array, default: [1]}
  - PLAIN: 3
steps:
  - name: a
    command: |
      echo "{}"
"""


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("$<N + 1>", True),
        ("$<R < N>", True),
        ("$<E + 1>", True),
        ("$<O + 1>", True),  # it may be empty, or not
        ("$<O == ''>", True),
        ("$<(B ? 1 : 2)>", True),
        ("$<C.port + 1>", True),
        ("$<1 in L>", True),
        ("$<len(C) + len(L)>", True),
        ("$<${N:-3} == '3'>", True),  # a number or a text
        ("$<N + 'a'>", False),
        ("$<N == '3'>", False),
        ("$<B + 1>", False),
        ("$<!N>", False),
        ("$<S + 1>", False),
        ("$<PLAIN + 1>", False),
        ("$<C + 1>", False),
        ("$<upper(L)>", False),
    ],
)
def test_params_with_types(text: str, right: bool) -> None:
    source = Source("f.yaml", TYPED.replace("{}", text))
    found = [it.code for it in front_end(source).diagnostics]
    assert found == ([] if right else ["WFC302"])


def test_a_param_with_a_type_is_no_json() -> None:
    source = Source("f.yaml", TYPED.replace("{}", "$<fromJSON(N) + 1>"))
    (found,) = front_end(source).diagnostics
    assert found.code == "WFC302"
    assert found.help == "write `N` alone"
