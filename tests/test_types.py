"""Type errors that are known before a run."""

import pytest

from compiler.diagnostics import Diagnostic
from compiler.expressions import parse_at, parse_template
from compiler.source import Span
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
        "a text and a number",
        "write `fromJSON(COUNT) > 3`",
    ),
    "$<3 < COUNT>": ("3 < COUNT", "a number and a text", "write `3 < fromJSON(COUNT)`"),
    "$<COUNT == 3>": ("COUNT == 3", "`==`", "write `fromJSON(COUNT) == 3`"),
    "$<COUNT + 1>": ("COUNT + 1", "`+`", "write `fromJSON(COUNT) + 1`"),
    "$<${C:-1} < 2>": ("${C:-1} < 2", "`<`", "write `fromJSON(${C:-1}) < 2`"),
    "$<FLAG == true>": (
        "FLAG == true",
        "`==`",
        "a name is a text: write `FLAG == 'true'`",
    ),
    "$<FLAG && true>": ("FLAG", "`&&` takes a boolean", "write `FLAG == 'true'`"),
    "$<true || len(X)>": ("len(X)", "not a number", ""),
    "$<!FLAG>": ("FLAG", "`!` takes a boolean, not a text", "write `FLAG == 'true'`"),
    "$<FLAG ? 1 : 2>": ("FLAG", "`?` takes a boolean", "write `FLAG == 'true'`"),
    "$<-N>": ("N", "`-` takes a number", "write `fromJSON(N)`"),
    "$<true < false>": ("true < false", "a boolean and a boolean", ""),
    "$<[1] + [2]>": ("[1] + [2]", "a list and a list", ""),
    "$<1 in 'a'>": ("1 in 'a'", "a number and a text", ""),
    "$<'a' in 1>": ("'a' in 1", "a text and a number", ""),
    "$<len(1)>": ("1", "`len` takes a text or a list, not a number", ""),
    "$<lower(1)>": ("1", "`lower` takes a text", "write `toJSON(1)`"),
    "$<join(X, ',')>": ("X", "`join` takes a list", "write `fromJSON(X)`"),
    "$<join([], 1)>": ("1", "`join` takes a text", ""),
    "$<contains('a1', 1)>": ("1", "`contains` in a text takes a text", "toJSON(1)"),
    "$<fromJSON(1)>": ("1", "`fromJSON` takes a text", ""),
    "$<toJSON(X) == 1>": ("toJSON(X) == 1", "`==`", "fromJSON(toJSON(X)) == 1"),
    "$<(X == '1' ? 1 : 2) == X>": (
        "(X == '1' ? 1 : 2) == X",
        "a number and a text",
        "",
    ),
    "$<[len(1)]>": ("1", "`len`", ""),
    "${X:-$<len(1)>}": ("1", "`len`", ""),
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
    assert help in found.help


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


def test_templates() -> None:
    template, _ = parse_template("a $<len(1)> b $<N + 1>", at, backticks=False)
    assert [it.code for it in type_errors(template)] == ["WFC302", "WFC302"]


def test_the_deepest_readable_expression() -> None:
    assert errors(f"$<{'!' * 198}true>") == []
    assert len(errors(f"$<{'!' * 198}X>")) == 1
