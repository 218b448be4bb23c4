"""Every value knows its place, and the places within it."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler import ir
from compiler.ir import Workflow
from compiler.reader import read
from compiler.reader.events import parse
from compiler.reader.nodes import MapNode, ScalarNode, locator
from compiler.source import Source, Span

FILE = """\
name: spans  # a comment
tags: [a, b]
params:
  - WHO: "wor${ld}"
  - one "two ${X}" K=${Y}
env:
  - GREETING: hello ${WHO}
  - OTHER=x${WHO}
maxActiveSteps: 3
steps:
  - name: first
    id: f1
    command: echo $<WHO>
    env: {A: 'it''s ${WHO}'}
    dir: "\\t${WHO}"
    output: OUT
    preconditions:
      - test -n "${WHO.x}"
      - condition: "${WHO}"
        expected: re:w.*
    continueOn: {output: [warn]}
  - name: 'second'
    depends: [first]
    script: |
      echo one
        echo ${first.output}
handlerOn:
  exit:
    command: >
      folded

      text $<WHO>
"""
AROUND = """\
name: around
queue: heavy jobs
queues:
  heavy jobs: 2
schedule:
  start: ["0 6 * * *", CRON_TZ=Europe/Paris 0 7 * * *]
secrets:
  - {name: TOKEN, provider: env}
files: [./run.sh]
steps:
  - name: call
    run: "\\tjobs/${WHICH}.yaml"
    params: |
      ${A:-b c}
      FILE="x ${ITEM["a b"]}" K=$<ITEM>
    candidates: [a, 'b c']
    parallel:
      items: ["x ${X}", {k: 'it''s ${Y}'}]
      maxConcurrent: ${N}
    preconditions: [test $ITEM]
  - name: list
    run: b
    params:
      - L=1
      - M: ${Z}
    parallel: "${ITEMS}"
---
steps:
  - {name: a, command: b}
---
name: third
"""
SOURCE = Source("spans.yaml", FILE)
SOURCE_AROUND = Source("around.yaml", AROUND)


def shown(span: Span, source: Source = SOURCE) -> str:
    """What stands at `span`."""
    line = source.line(span.line)
    return line[span.column - 1 : span.column - 1 + span.length]


def workflow() -> Workflow:
    (found,), findings = read(SOURCE)
    assert [each.code for each in findings if each.severity == "error"] == []
    return found


def first(found: Workflow) -> Any:
    return found.steps[0]


PLACES: dict[str, tuple[Callable[[Workflow], Any], int, str]] = {
    "workflow": (lambda w: w, 1, "spans"),
    "limit": (lambda w: ir.span_of("maxActiveSteps", w), 9, "maxActiveSteps"),
    "param": (lambda w: w.params[0], 4, "WHO"),
    "param's value": (lambda w: w.params[0].default, 4, "wor${ld}"),
    "reference in a param": (lambda w: w.params[0].default.parts[1], 4, "${ld}"),
    "positional": (lambda w: w.params[1], 5, "one"),
    "quoted positional": (lambda w: w.params[2], 5, '"two ${X}"'),
    "reference in it": (lambda w: w.params[2].default.parts[1], 5, "${X}"),
    "named in text": (lambda w: w.params[3], 5, "K"),
    "reference of it": (lambda w: w.params[3].default.parts[0], 5, "${Y}"),
    "variable": (lambda w: w.env[0], 7, "GREETING"),
    "reference in a variable": (lambda w: w.env[0].value.parts[1], 7, "${WHO}"),
    "assignment": (lambda w: w.env[1], 8, "OTHER"),
    "reference in it too": (lambda w: w.env[1].value.parts[1], 8, "${WHO}"),
    "step": (lambda w: first(w), 11, "first"),
    "command": (lambda w: first(w).body.text, 13, "echo $<WHO>"),
    "expression": (
        lambda w: first(w).body.text.references[0].expression,
        13,
        "$<WHO>",
    ),
    "variable of a step": (lambda w: first(w).env[0], 14, "A"),
    "behind a doubled quote": (lambda w: first(w).env[0].value.parts[1], 14, "${WHO}"),
    "behind an escape": (lambda w: first(w).directory.parts[1], 15, "${WHO}"),
    "test": (lambda w: first(w).conditions[0], 18, '''test -n "${WHO.x}"'''),
    "match": (lambda w: first(w).conditions[1], 19, '"${WHO}"'),
    "value of a match": (lambda w: first(w).conditions[1].value, 19, "${WHO}"),
    "expected": (lambda w: first(w).conditions[1].expected, 20, "re:w.*"),
    "continueOn": (lambda w: first(w).continue_on, 21, "continueOn"),
    "pattern": (lambda w: first(w).continue_on.output[0], 21, "warn"),
    "quoted name": (lambda w: w.steps[1], 22, "'second'"),
    "dependency": (lambda w: w.steps[1].depends[0], 23, "first"),
    "script": (lambda w: w.steps[1].body.text, 25, "echo one"),
    "reference in a script": (
        lambda w: w.steps[1].body.text.references[0].expression,
        26,
        "${first.output}",
    ),
    "interpreter": (lambda w: w.steps[1].body.interpreter[0], 24, "script"),
    "handler": (lambda w: w.handlers[0], 28, "exit"),
    "folded": (
        lambda w: w.handlers[0].body.text.references[0].expression,
        32,
        "$<WHO>",
    ),
}


@pytest.mark.parametrize(("get", "line", "text"), PLACES.values(), ids=PLACES)
def test_places(get: Callable[[Workflow], Any], line: int, text: str) -> None:
    found = get(workflow())
    span = found if isinstance(found, Span) else found.span
    assert (span.line, shown(span)) == (line, text)


def body(found: Workflow, number: int = 0) -> Any:
    return found.steps[number].body


PLACES_AROUND: dict[str, tuple[Callable[[Workflow], Any], int, str]] = {
    "queue": (lambda w: w.queues[0], 4, "heavy jobs"),
    "schedule": (lambda w: w.schedule, 5, "schedule"),
    "time": (lambda w: w.schedule.start[0], 6, '"0 6 * * *"'),
    "time in a zone": (
        lambda w: w.schedule.start[1],
        6,
        "CRON_TZ=Europe/Paris 0 7 * * *",
    ),
    "secret": (lambda w: w.secrets[0], 8, "TOKEN"),
    "file": (lambda w: w.files[0], 9, "./run.sh"),
    "call": (lambda w: body(w).body, 12, "\\tjobs/${WHICH}.yaml"),
    "name of a call": (lambda w: body(w).body.name, 12, "\\tjobs/${WHICH}.yaml"),
    "reference in it": (lambda w: body(w).body.name.parts[1], 12, "${WHICH}"),
    "positional": (lambda w: body(w).body.arguments[0], 14, "${A:-b c}"),
    "its value": (lambda w: body(w).body.arguments[0].value, 14, "${A:-b c}"),
    "its default": (
        lambda w: body(w).body.arguments[0].value.parts[0].default,
        14,
        "b c",
    ),
    "argument": (lambda w: body(w).body.arguments[1], 15, "FILE"),
    "its quoted value": (
        lambda w: body(w).body.arguments[1].value,
        15,
        'x ${ITEM["a b"]}',
    ),
    "reference in quotes": (
        lambda w: body(w).body.arguments[1].value.parts[1],
        15,
        '${ITEM["a b"]}',
    ),
    "argument behind it": (lambda w: body(w).body.arguments[2], 15, "K"),
    "expression": (lambda w: body(w).body.arguments[2].value.parts[0], 15, "$<ITEM>"),
    "candidate": (lambda w: body(w).body.candidates[1], 16, "'b c'"),
    "fan-out": (lambda w: body(w), 17, "parallel"),
    "item": (lambda w: body(w).items[0].value, 18, "x ${X}"),
    "reference in an item": (lambda w: body(w).items[0].value.parts[1], 18, "${X}"),
    "map as an item": (
        lambda w: body(w).items[1].value,
        18,
        "{k: 'it''s ${Y}'}",
    ),
    "reference in a map": (
        lambda w: body(w).items[1].value.parts[1].arguments[0].parts[1],
        18,
        "${Y}",
    ),
    "width": (lambda w: body(w).width, 19, "${N}"),
    "condition of items": (lambda w: body(w).conditions[0], 20, "test $ITEM"),
    "word of a list": (lambda w: body(w, 1).body.arguments[0], 24, "L"),
    "key of a list": (lambda w: body(w, 1).body.arguments[1], 25, "M"),
    "its reference": (
        lambda w: body(w, 1).body.arguments[1].value.parts[0],
        25,
        "${Z}",
    ),
    "items": (lambda w: body(w, 1).items, 26, "${ITEMS}"),
}


def documents() -> tuple[Workflow, ...]:
    found, findings = read(SOURCE_AROUND)
    assert [each.message for each in findings if each.severity == "error"] == [
        "document 2 has no `name`"
    ]
    return found


@pytest.mark.parametrize(
    ("get", "line", "text"), PLACES_AROUND.values(), ids=PLACES_AROUND
)
def test_places_of_what_is_around(
    get: Callable[[Workflow], Any], line: int, text: str
) -> None:
    span = get(documents()[0]).span
    assert (span.line, shown(span, SOURCE_AROUND)) == (line, text)


def test_places_of_documents() -> None:
    places = [(each.span.line, each.span.column) for each in documents()]
    assert places == [(1, 7), (28, 1), (31, 7)]
    assert shown(documents()[2].span, SOURCE_AROUND) == "third"


def test_kinds() -> None:
    found = workflow()
    assert isinstance(found.steps[1].body, ir.Script)
    assert [type(each) for each in found.steps[0].conditions] == [ir.Test, ir.Match]


def value_of(text: str) -> tuple[Source, ScalarNode]:
    source = Source("w.yaml", text)
    (root,), findings = parse(source)
    assert findings == []
    assert isinstance(root, MapNode)
    node = root.entries["k"][1]
    assert isinstance(node, ScalarNode)
    return source, node


# `X` is what is looked for, in the value as in the file.
WRITTEN = {
    "plain": "k: ab X",
    "plain behind an anchor": "k: &a ab X",
    "plain behind a tag": "k: !!str ab X",
    "plain behind both, below": "k: !!str &a\n  ab X",
    "plain of two lines": "k: ab\n  cd\n\n  X ef",
    "single": "k: 'ab X'",
    "single with a quote": "k: 'it''s X'",
    "single of two lines": "k: 'ab\n\n  it''s X'",
    "double": 'k: "ab X"',
    "double with escapes": 'k: "\\ta\\"\\x41\\u0042\\U0001F600\\\\ X"',
    "double of two lines": 'k: "ab\n  cd \\\n  ef\\n X"',
    "literal": "k: |\n  ab\n    X\n",
    "literal with an indent": "k: |2-\n    ab\n   X\n",
    "literal behind empty lines": "k: |\n\n\n  ab\n  X",
    "literal with a tab": "k: |\n  ab\n  \tX",
    "literal in a list": "z:\n- a\nk: |+\n X\n\n",
    "folded": "k: >\n  ab\n  cd\n\n  X\n",
    "folded and indented": "k: >\n  ab\n\n    cd\n    X\n  ef\n",
    "non-BMP": "k: 😀 ä X",
    "non-BMP above": "# 😀\nk: |\n  😀\n  😀 X\n",
    "an old line end": "k: a\u2028b X",
    "old line ends in a literal": "k: |\n  a\x85b\u2029c\n  X",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_within_a_value(text: str) -> None:
    source, node = value_of(text)
    offset = node.text.index("X")
    span = locator(source, node)(offset, offset + 1)
    index = text.index("X")
    assert span == source.span(index, index + 1)


def test_spaces_of_a_literal_have_their_columns() -> None:
    source, node = value_of("k: |\n  a\n     b\n")
    assert node.text == "a\n   b\n"
    assert locator(source, node)(2, 5) == source.span(11, 14)


@given(st.text(st.sampled_from("ab\"' \\\n\té😀$"), min_size=1, max_size=30))
def test_every_visible_character_of_a_double_quoted_text(value: str) -> None:
    escaped = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    written = "".join(escaped.get(each, each) for each in value)
    source, node = value_of(f'k: "{written}"')
    assert node.text == value
    locate, offset = locator(source, node), 4
    for index, character in enumerate(value):
        span = locate(index, index + 1)
        if character not in " \n\t":
            assert (span.line, span.column) == (1, offset + 1)
        offset += len(escaped.get(character, character))


@given(
    st.lists(st.text("ab 😀", max_size=6), min_size=1, max_size=5),
    st.integers(1, 4),
)
def test_every_character_of_a_literal_text(lines: list[str], indent: int) -> None:
    lines = ["a", *lines]
    body = "".join(" " * indent + line + "\n" for line in lines)
    source, node = value_of(f"k: |\n{body}")
    locate = locator(source, node)
    for number, line in enumerate(lines):
        before = sum(len(each) + 1 for each in lines[:number])
        for column, character in enumerate(line):
            if character == " " and before + column >= len(node.text):
                continue
            span = locate(before + column, before + column + 1)
            assert (span.line, span.column) == (number + 2, indent + column + 1)


def test_a_text_that_is_too_long_to_follow_is_located_as_a_whole() -> None:
    source, node = value_of('k: "' + "\\t" * 150_000 + 'X"')
    assert locator(source, node)(150_000, 150_001).column == 4
