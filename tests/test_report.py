"""Diagnostics as a person and as a program read them."""

import json

import pytest

from compiler.diagnostics import Diagnostic, did_you_mean, nearest
from compiler.report import tally, to_json, to_text
from compiler.source import Source

SOURCE = Source("flow.yaml", "steps:\n  - name: a\n    depends: [extrct]\n")


def finding(**changes: object) -> Diagnostic:
    fields: dict[str, object] = {
        "code": "WFC201",
        "message": "step `a` depends on `extrct`, which does not exist",
        "span": SOURCE.span(33, 39),
        "label": "no step has this name or id",
        "help": "did you mean `extract`?",
    }
    return Diagnostic(**{**fields, **changes})  # type: ignore[arg-type]


def test_text_shows_the_place_and_what_to_do() -> None:
    assert to_text([finding()], {"flow.yaml": SOURCE}) == (
        "flow.yaml:3:15: error[WFC201]: step `a` depends on `extrct`, which does not "
        "exist\n"
        "3 |     depends: [extrct]\n"
        "  |               ^^^^^^ no step has this name or id\n"
        "  = help: did you mean `extract`?\n\n"
    )


def test_text_shows_other_places() -> None:
    text = to_text(
        [finding(others=((SOURCE.span(11, 15), "here"),))], {"flow.yaml": SOURCE}
    )
    assert "2 |   - name: a\n  |     ^^^^ here\n3 |     depends" in text
    twice = finding(others=((SOURCE.span(23, 30), "here"),))
    assert to_text([twice], {"flow.yaml": SOURCE}).count("depends: [") == 1


def test_a_file_without_source_has_no_excerpt() -> None:
    text = to_text([finding()], {})
    assert text.count("\n") == 3


def test_wide_and_dangerous_characters() -> None:
    source = Source("w.yaml", 'a: "日本 \x1b[31m" # \t x\n')
    start = source.text.index("x")
    text = to_text([finding(span=source.span(start, start + 1))], {"w.yaml": source})
    assert "\x1b" not in text
    shown, mark = text.split("\n")[1:3]
    assert mark.index("^") == shown.index("x") + 2  # two wide characters before it


def test_a_very_long_line_is_cut_around_the_place() -> None:
    source = Source("l.yaml", "a" * 5000 + "HERE" + "b" * 5000)
    text = to_text([finding(span=source.span(5000, 5004))], {"l.yaml": source})
    shown, mark = text.split("\n")[1:3]
    assert len(shown) < 200
    assert shown[mark.index("^") : mark.index("^") + 4] == "HERE"


def test_color_is_asked_for() -> None:
    assert "\x1b[31m" in to_text([finding()], {"flow.yaml": SOURCE}, color=True)


def test_json_has_all_that_the_text_has() -> None:
    form = json.loads(to_json([finding(others=((SOURCE.span(11, 15), "here"),))]))
    assert form["version"] == 1
    (only,) = form["diagnostics"]
    assert only["code"] == "WFC201"
    assert only["name"] == "unknown-step"
    assert only["severity"] == "error"
    assert (only["line"], only["column"], only["length"]) == (3, 15, 6)
    assert only["others"][0]["label"] == "here"


def test_tally() -> None:
    assert tally([finding(), finding(), finding(code="WFC207")]) == "2 errors, 1 note"
    assert tally([]) == ""


def test_spans_end_with_their_line() -> None:
    span = SOURCE.span(9, 60)
    assert (span.line, span.column, span.length) == (2, 3, 9)


def test_nearest_names() -> None:
    assert nearest("timeout_sec", ["timeoutSec", "type"]) == "timeoutSec"
    assert nearest("xyz", ["timeoutSec"]) is None
    assert did_you_mean("xyz", ["a", "b"]) == "known are: `a`, `b`"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("setp-7", "step-7"),
        ("ste-7", "step-7"),
        ("stepp-7", "step-7"),
        ("stop-7", "step-7"),
        ("something-else", None),
    ],
)
def test_nearest_of_many(word: str, meant: str | None) -> None:
    names = [f"step-{number}" for number in range(1, 1_000)]
    assert nearest(word, names) == meant
