"""Values of expressions: references, operators, functions, JSON and its text."""

import json
import math
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.evaluate import (
    Failure,
    evaluate,
    parse_json,
    text_of,
    to_json_text,
    to_text,
    trim,
)
from compiler.expressions import parse_at, parse_template
from compiler.ir import (
    Binary,
    CommandSubstitution,
    Conditional,
    Constant,
    Expression,
    FunctionCall,
    Json,
    ListOf,
    Origin,
    Reference,
    ShellText,
    Template,
    Unary,
)
from compiler.source import Span

HERE = Span(file="f", line=1, column=1)


def at(start: int, end: int) -> Span:
    return HERE


class Values:
    """An environment of params alone."""

    def __init__(self, values: dict[str, str], lenient: bool = False) -> None:
        self.values = values
        self.lenient = lenient

    def value(self, origin: Origin) -> str | None:
        return self.values.get(origin.name)

    def substitute(self, command: ShellText) -> str:
        if command.source == "false":
            raise Failure("exit 1")
        return f" \n{command.source}\n"


VALUES = {
    "X": "x",
    "N": "3",
    "EMPTY": "",
    "T": "true",
    "J": '{"a": {"b": [1, "two", null, 1.0]}, "a-b": "c", "n": null, "e": "", "": 7}',
    "NESTED": json.dumps({"inner": json.dumps({"k": json.dumps([10, "z"])})}),
    "BIG": '{"i": 123456789012345678901234567890}',
    "DEEP": "[" * 100_000,
    "TEXT": "plain",
}


def resolved(expression: Expression) -> Expression:
    """`expression` with each name bound to a param of that name."""
    match expression:
        case Reference(name=name, default=default, path=path, text=text):
            return Reference(
                text=text,
                name=name,
                path=path,
                default=None if default is None else resolved(default),
                origins=(Origin("param", name),),
                span=HERE,
            )
        case Unary(operator=sign, operand=operand):
            return Unary(operator=sign, operand=resolved(operand), span=HERE)
        case Binary(operator=operator, left=left, right=right):
            one, other = resolved(left), resolved(right)
            return Binary(operator=operator, left=one, right=other, span=HERE)
        case Conditional(test=test, then=then, otherwise=otherwise):
            return Conditional(
                test=resolved(test),
                then=resolved(then),
                otherwise=resolved(otherwise),
                span=HERE,
            )
        case FunctionCall(name=name, arguments=items):
            arguments = tuple(map(resolved, items))
            return FunctionCall(name=name, arguments=arguments, span=HERE)
        case ListOf(items=items):
            return ListOf(items=tuple(map(resolved, items)), span=HERE)
        case Template():
            return resolved_template(expression)
        case Constant():
            return expression


def resolved_template(template: Template) -> Template:
    parts = tuple(
        part if isinstance(part, str | CommandSubstitution) else resolved(part)
        for part in template.parts
    )
    return Template(parts=parts, span=HERE)


def value(text: str, lenient: bool = False) -> Json:
    parsed = parse_at(text, 0, at)
    assert parsed is not None
    assert parsed.expression is not None, parsed.diagnostics
    assert parsed.end == len(text)
    return evaluate(resolved(parsed.expression), Values(VALUES, lenient))


def same(one: Json, other: Json) -> bool:
    """Equal, and of one type: `1` is neither `1.0` nor `True`."""
    return repr(one) == repr(other)


VALUED: dict[str, Json] = {
    # references
    "${X}": "x",
    "${N}": "3",
    "${NOPE}": "",
    "${EMPTY}": "",
    "${NOPE:-d}": "d",
    "${EMPTY:-d}": "d",
    "${X:-d}": "x",
    "${NOPE:-${EMPTY:-${X}}}": "x",
    "${NOPE:-a ${X} b}": "a x b",
    "${NOPE:-}": "",
    "${J.a.b[0]}": 1,
    "${J.a.b[1]}": "two",
    "${J.a.b[3]}": 1.0,
    '${J["a-b"]}': "c",
    "${J.a-b}": "c",
    '${J[""]}': 7,
    "${J.n}": None,
    "${J.n:-d}": "d",
    "${J.e:-d}": "d",
    "${J.e}": "",
    "${J.nope:-d}": "d",
    "${J.a.b[9]:-d}": "d",
    "${J.n.x:-d}": "d",
    "${J.a[0]:-d}": "d",
    "${TEXT.a:-d}": "d",
    "${DEEP[0]:-d}": "d",
    "${NESTED.inner.k[0]}": 10,
    "${NESTED.inner.k[1]}": "z",
    "${BIG.i}": 123456789012345678901234567890,
    # operators
    "$<X == 'x'>": True,
    "$<N == 3>": False,
    "$<N != 3>": True,
    "$<fromJSON(N) == 3>": True,
    "$<1 == 1.0>": True,
    "$<true == 1>": False,
    "$<[true] == [1]>": False,
    "$<[1, 'a'] == [1.0, 'a']>": True,
    "$<J.n == null>": True,
    '$<J.a == fromJSON(\'{"b": [1.0, "two", null, 1]}\')>': True,
    "$<(2 > 10)>": False,
    "$<('2' > '10')>": True,
    "$<'Z' < 'a'>": True,
    "$<'\uffff' < '😀'>": True,
    "$<1 <= 1>": True,
    "$<(1 >= 1.5)>": False,
    "$<9007199254740993 == 9007199254740992>": False,
    "$<1 + 2>": 3,
    "$<1 + 0.5>": 1.5,
    "$<'a' + 'b'>": "ab",
    "$<-1>": -1,
    "$<!true>": False,
    "$<false && NOPE == 1>": False,
    "$<true || NOPE == 1>": True,
    "$<true && false || true>": True,
    "$<N == '3' ? 'yes' : NOPE>": "yes",
    "$<'a' in 'cat'>": True,
    "$<'' in ''>": True,
    "$<1 in [1.0, 2]>": True,
    "$<true in [1]>": False,
    "$<${NOPE:-d} == 'd'>": True,
    # functions
    "$<fromJSON('[1, 2.50]')>": [1, 2.5],
    "$<toJSON([1, 1.0, 'ü', null, true])>": '[1,1,"ü",null,true]',
    "$<toJSON('a\"')>": '"a\\""',
    "$<len('äö😀')>": 3,
    "$<len([1, 2])>": 2,
    "$<len(fromJSON(J))>": 5,
    "$<len('')>": 0,
    "$<join([1, 'a', null, 1.0, [2]], '-')>": "1-a-null-1-[2]",
    "$<join([], ',')>": "",
    "$<split('a,b,,c', ',')>": ["a", "b", "", "c"],
    "$<split('', ',')>": [""],
    "$<contains('abc', 'b')>": True,
    "$<contains([1, 'b'], 'b')>": True,
    "$<contains([[1]], [1.0])>": True,
    "$<startsWith('abc', 'ab')>": True,
    "$<endsWith('abc', 'ab')>": False,
    "$<matches('a\\nb', '^b')>": False,
    "$<matches('abc', 'b+')>": True,
    f"$<matches('{'a' * 41}b', '^(a|a)*$')>": False,
    "$<lower('AÄB')>": "aÄb",
    "$<upper('aäß')>": "Aäß",
    "$<trim(' \\t\\n\u00a0a\u00a0 ')>": "\u00a0a\u00a0",
}


@pytest.mark.parametrize("text", VALUED)
def test_values(text: str) -> None:
    assert same(value(text), VALUED[text])


FAILURES = {
    "${J.nope}": "no value for ${J.nope}",
    "${J.a.b[9]}": "no value for ${J.a.b[9]}",
    "${NOPE.x}": "no value for ${NOPE.x}",
    "${TEXT.x}": "no value for ${TEXT.x}",
    "${DEEP[0]}": "no value for ${DEEP[0]}",
    "$<NOPE>": "no value for $<NOPE>",
    "$<NOPE == ''>": "no value for NOPE",
    "$<N + 1>": "`+` cannot add a text and a number",
    "$<[1] + [2]>": "`+` cannot add a list and a list",
    "$<N < 4>": "`<` cannot compare a text with a number",
    "$<true < false>": "`<` cannot compare a boolean with a boolean",
    "$<fromJSON(J) < null>": "`<` cannot compare an object with null",
    "$<!fromJSON(J)>": "`!` takes true or false, not an object",
    "$<T && true>": "`&&` takes true or false, not a text",
    "$<true && T>": "`&&` takes true or false, not a text",
    "$<T ? 1 : 2>": "`?` takes true or false, not a text",
    "$<!0>": "`!` takes true or false, not a number",
    "$<-N>": "`-` takes a number, not a text",
    "$<-true>": "`-` takes a number, not a boolean",
    "$<1 in 'a1'>": "`in` cannot look for a number in a text",
    "$<'a' in fromJSON(J)>": "`in` looks in a text or a list, not in an object",
    "$<contains('a', 1)>": "`contains` cannot look for a number in a text",
    "$<len(1)>": "`len` takes a text, a list or an object, not a number",
    "$<join('a', ',')>": "`join` takes a list, not a text",
    "$<join([], 1)>": "`join` takes a text, not a number",
    "$<split('a', '')>": "separator that is not empty",
    "$<lower(1)>": "`lower` takes a text, not a number",
    "$<startsWith('a', 1)>": "`startsWith` takes a text, not a number",
    "$<fromJSON(1)>": "`fromJSON` takes a text, not a number",
    "$<fromJSON('{')>": "not JSON",
    "$<matches('a', '(?:a)')>": "`matches`: of groups",
    "$<1e308 + 1e308>": "too large",
    "$<join([fromJSON('\"\\\\u0000\"')], '')>": "NUL",
}


@pytest.mark.parametrize("text", FAILURES)
def test_failures(text: str) -> None:
    with pytest.raises(Failure) as failure:
        value(text)
    assert FAILURES[text] in str(failure.value)


LOST = {
    "${J.nope}": "no value for ${J.nope}",
    "${NOPE.x}": "no value for ${NOPE.x}",
    "${TEXT.x}": "no value for ${TEXT.x}: the value of `TEXT` is not JSON",
    "$<N + TEXT.x>": "no value for TEXT.x: the value of `TEXT` is not JSON",
    "${EMPTY.x}": "no value for ${EMPTY.x}: the value of `EMPTY` is not JSON",
    "${DEEP[0]}": "no value for ${DEEP[0]}: the value of `DEEP` is JSON that is nested "
    "too deeply",
    "${NESTED.inner.k[1].x}": "no value for ${NESTED.inner.k[1].x}",
}


@pytest.mark.parametrize("text", LOST)
def test_says_why_a_path_leads_nowhere(text: str) -> None:
    with pytest.raises(Failure) as failure:
        value(text)
    assert str(failure.value) == LOST[text]


def test_a_lost_path_names_the_field_of_a_step() -> None:
    origins = (Origin("field", "TEXT", "make it"),)
    reference = Reference(
        text="${make.TEXT.x}", name="make", path=("x",), origins=origins, span=HERE
    )
    with pytest.raises(Failure, match=r"the value of `make\.TEXT` is not JSON"):
        evaluate(reference, Values(VALUES))


@pytest.mark.parametrize("text", ["${J.nope}", "$<NOPE>", "${NOPE.x}", "${NOPE}"])
def test_lenient(text: str) -> None:
    assert value(text, lenient=True) == ""


def test_a_huge_integer_and_a_float() -> None:
    with pytest.raises(Failure):
        value(f"$<{'9' * 400} + 0.5>")


def test_the_first_origin_with_a_value_counts() -> None:
    origins = tuple(Origin("output", name) for name in ("NOPE", "EMPTY", "X"))
    reference = Reference(text="${R}", name="R", origins=origins, span=HERE)
    assert evaluate(reference, Values(VALUES)) == ""


# ---- templates


def template(text: str) -> Template:
    found, diagnostics = parse_template(text, at, backticks=False)
    assert diagnostics == ()
    return resolved_template(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("a $X b${N}", "a x b3"),
        ("${J.a}", '{"b":[1,"two",null,1]}'),
        ("v=${J.a.b}", 'v=[1,"two",null,1]'),
        ("v=${J.n}", "v=null"),
        ("$<true>", "true"),
        ("$<1.0>", "1"),
        ("${BIG.i}", "123456789012345678901234567890"),
    ],
)
def test_texts(text: str, expected: str) -> None:
    assert text_of(template(text), Values(VALUES)) == expected


def test_one_expression_keeps_its_type() -> None:
    assert same(evaluate(template("$<1 + 1>"), Values({})), 2)
    assert same(evaluate(template("$<1 + 1> "), Values({})), "2 ")


def test_commands_are_trimmed_and_may_fail() -> None:
    def run(source: str) -> str:
        command = CommandSubstitution(
            command=ShellText(source=source, span=HERE), span=HERE
        )
        return text_of(Template(parts=("<", command, ">"), span=HERE), Values({}))

    assert run("date") == "<date>"
    with pytest.raises(Failure, match="exit 1"):
        run("false")


# ---- JSON

NUMBERS = {
    # the examples of RFC 8785, appendix B, and of ECMAScript
    0.0: "0",
    5e-324: "5e-324",
    -5e-324: "-5e-324",
    1.7976931348623157e308: "1.7976931348623157e+308",
    9007199254740992.0: "9007199254740992",
    295147905179352830000.0: "295147905179352830000",
    9.999999999999997e22: "9.999999999999997e+22",
    1e23: "1e+23",
    1.0000000000000001e23: "1.0000000000000001e+23",
    999999999999999700000.0: "999999999999999700000",
    999999999999999900000.0: "999999999999999900000",
    1e21: "1e+21",
    9.999999999999997e-7: "9.999999999999997e-7",
    0.000001: "0.000001",
    333333333.33333329: "333333333.3333333",
    1e20: "100000000000000000000",
    1.0: "1",
    -1.5: "-1.5",
    1e6: "1000000",
    0.1: "0.1",
    1e-7: "1e-7",
    123e-20: "1.23e-18",
}


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_numbers(number: float) -> None:
    assert to_text(number) == NUMBERS[number]


def test_zero_has_no_sign() -> None:
    assert to_text(-0.0) == "0"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_round_trip(number: float) -> None:
    assert float(to_text(number)) == number


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=50))
@settings(max_examples=10, deadline=None)
def test_numbers_are_as_in_javascript(numbers: list[float]) -> None:
    program = f"console.log(JSON.stringify([{','.join(map(repr, numbers))}]))"
    run = subprocess.run(
        ["node", "-"], input=program, capture_output=True, text=True, check=True
    )
    assert to_json_text(list(numbers)) == run.stdout.strip()


@pytest.mark.parametrize(
    ("json_text", "expected"),
    [
        ('{"b": 1, "a": [ ]}', '{"b":1,"a":[]}'),
        ('"ü\\u00fc\\ud83d\\ude00"', "üü😀"),
        ("1.0", "1"),
        ("1E2", "100"),
        ("-0", "0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("null", "null"),
        ("true", "true"),
        (' "a" ', "a"),
        ('{"k\\u0000": 1}', '{"k\\u0000":1}'),
        ('["\\u001f\\u007f\\/\\b"]', '["\\u001f\x7f/\\b"]'),
        ('{"a": 1, "a": 2}', '{"a":2}'),
    ],
)
def test_json_and_back(json_text: str, expected: str) -> None:
    assert to_text(parse_json(json_text)) == expected


@pytest.mark.parametrize(
    ("json_text", "words"),
    [
        ("", "not JSON"),
        ("{", "line 1, column 2"),
        ("nope", "not JSON"),
        ("NaN", "`NaN` is no JSON number"),
        ("[Infinity]", "`Infinity`"),
        ("-Infinity", "`-Infinity`"),
        ("1e999", "too large"),
        ("[01]", "not JSON"),
        ('"\n"', "not JSON"),
        ("'a'", "not JSON"),
        ("\ufeff1", "not JSON"),
        ("1" * 100_000, "too many digits"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("[" * 256 + '"' + '\\"' * 50_000, "not JSON"),
        ("[" * 257 + "]" * 257, "nested too deeply"),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_no_json(json_text: str, words: str) -> None:
    with pytest.raises(Failure) as failure:
        parse_json(json_text)
    assert words in str(failure.value)


def test_depth_counts_brackets_outside_of_texts() -> None:
    assert parse_json(json.dumps(["[" * 1000])) == ["[" * 1000]
    assert parse_json("[" * 256 + "]" * 256)
    assert parse_json("[" + "[]," * 1000 + "[]]")


@pytest.mark.parametrize("json_text", ['"\\u0000"', '"\\ud800"', '["\\udfff"]'])
def test_texts_that_nothing_can_hold(json_text: str) -> None:
    with pytest.raises(Failure):
        to_text(parse_json(json_text))


def test_a_value_that_is_too_deep() -> None:
    deep: Json = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Failure, match="too deeply"):
        to_text(deep)
    expression: Expression = Constant(value=True, span=HERE)
    for _ in range(100_000):
        expression = Unary(operator="!", operand=expression, span=HERE)
    with pytest.raises(Failure, match="too deeply"):
        evaluate(expression, Values({}))


def test_the_deepest_readable_expression_has_a_value() -> None:
    assert value(f"$<{'!' * 198}true>") is True
    assert value(f"$<{'+'.join(['1'] * 199)}>") == 199


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(-(2**53), 2**53),  # beyond it the digits read back as an integer
        st.text(),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)


@given(JSON)
def test_any_json_round_trips(given_value: Json) -> None:
    text = to_json_text(given_value)
    assert parse_json(text) == given_value
    assert to_json_text(parse_json(text)) == text
    assert to_json_text(json.loads(json.dumps(given_value, indent=2))) == text


@given(st.text(alphabet='[]{}",:0123456789.eE+-\\untrflas ', max_size=20))
@settings(max_examples=1000)
def test_any_text_is_json_or_a_failure(text: str) -> None:
    try:
        parsed = parse_json(text)
    except Failure:
        return
    assert not isinstance(parsed, float) or math.isfinite(parsed)


# ---- as the utilities


@pytest.mark.parametrize("name", ["basename", "dirname"])
@given(path=st.text(alphabet="/a.", max_size=7))
@settings(max_examples=60, deadline=None)
def test_paths_are_as_the_utilities_say(name: str, path: str) -> None:
    run = subprocess.run([name, "--", path], capture_output=True, text=True, check=True)
    assert value(f"$<{name}('{path}')>") == run.stdout.removesuffix("\n")


def test_trim_is_ascii() -> None:
    assert trim(" \t\r\n\f\v\x1c\u2003a\x85 ") == "\x1c\u2003a\x85"
