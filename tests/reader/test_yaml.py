"""YAML itself: syntax errors in our words, limits, merge keys, files from an enemy."""

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import Diagnostic
from compiler.ir import Arguments, Reference, Script, Workflow
from compiler.reader import decode, read
from compiler.source import Source

STEP = "steps:\n  - name: a\n    command: b\n"


def read_one(source: Source) -> tuple[Workflow | None, tuple[Diagnostic, ...]]:
    """The first workflow of a file, and what is wrong with the file."""
    workflows, found = read(source)
    return next(iter(workflows), None), found


def findings(text: str) -> tuple[Diagnostic, ...]:
    return read(Source("w.yaml", text))[1]


# text -> code, line, column, a part of message or help
SYNTAX = {
    "tab": ("steps:\n\t- a", 2, 1, "spaces only"),
    "tab in a map": ("a:\n  b: 1\n\tc: 2", 3, 1, "spaces only"),
    "colon in plain text": ("a: echo b: c", 1, 10, "needs quotes"),
    "no space behind the colon": ("a:b\nc: d", 2, 2, "a space is missing behind `a:`"),
    "unclosed double quote": ('a: b\nc: "d\ne: f\n', 2, 4, "never closed"),
    "unclosed single quote": ("a: 'd\n---\n", 1, 4, "never closed"),
    "text behind a quote": ('a: "b" c', 1, 8, "behind a closing quote"),
    "unknown escape": ('a: "\\d"', 1, 5, "single quotes"),
    "short escape": ('a: "\\x4"', 1, 7, "escape"),
    "unclosed bracket": ("a: [b, c\nd: e", 2, 2, "close the list"),
    "unclosed bracket at the end": ("a: [b", 1, 6, "close the list"),
    "bracket without a value": ("a: [", 1, 5, "is not closed"),
    "unclosed brace": ("a: {b: c", 1, 9, "close the map"),
    "star": ("a: * * *", 1, 4, "quotes"),
    "at": ("a: @b", 1, 4, "cannot begin with `@`"),
    "backtick": ("a: `date`", 1, 4, "cannot begin with ```"),
    "percent": ("a: %b", 1, 4, "cannot begin with `%`"),
    "indent": ("a:\n  - b\n c: d", 3, 2, "equally far"),
    "list behind a key": ("a: - b", 1, 4, "line of its own"),
    "key without a colon": ("steps:\n  - name: a\n  command\n", 4, 1, "without `:`"),
    "text behind a bar": ("a: | b", 1, 6, "next line"),
    "tag handle": ("a: !x!y b", 1, 4, "tags"),
    "directive": ("%YAML 3.0\n---\na: b", 1, 1, "outside the document"),
    "expression with a colon": ("a: $<b ? 'c': d>", 1, 13, "needs quotes in YAML"),
    "expression behind quotes": (
        """a: echo "b" $<(c) ? 'd' : 'e'>""",
        1,
        25,
        "needs quotes in YAML",
    ),
    "quoted expression": ("a: '$<b>' c: d", 1, 11, "behind a closing quote"),
    "expression in a list": ("a: [$<x[1]>]", 1, 11, "needs quotes in YAML"),
    "unknown alias": ("a: &base {}\nb: *bose", 2, 4, "did you mean `base`"),
    "non-BMP in front": ("a: 😀\nb: 😀 c: d", 2, 7, "needs quotes"),
    "NUL": ("a: b\nc: \0", 2, 4, "U+0000"),
    "surrogate": ("a: \ud800", 1, 4, "U+D800"),
    "delete": ("a: b\x7f", 1, 5, "U+007F"),
    "byte order mark within": ("a: b\ufeff", 1, 5, "U+FEFF"),
}


@pytest.mark.parametrize(
    ("text", "line", "column", "words"), SYNTAX.values(), ids=SYNTAX
)
def test_syntax(text: str, line: int, column: int, words: str) -> None:
    found = findings(text)[0]
    assert found.code == "WFC101"
    assert words in found.message + " " + found.help
    assert (found.span.line, found.span.column) == (line, column)


@pytest.mark.parametrize("text", [case[0] for case in SYNTAX.values()], ids=SYNTAX)
def test_syntax_without_libyaml(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CLoader")
    found = findings(text)
    assert found[0].code == "WFC101"
    assert found[0].message != "this is not YAML"


def test_the_pure_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = STEP + "    env: {A: &x |-\n  1, B: *x}\n".replace(
        "|-\n  ", "'ä 😀'"
    ).replace("1, ", ", ")
    with_libyaml = read(Source("w.yaml", text))
    monkeypatch.delattr(yaml, "CLoader")
    assert read(Source("w.yaml", text)) == with_libyaml


@pytest.mark.parametrize("without", [False, True], ids=["libyaml", "PyYAML"])
@pytest.mark.parametrize("escape", ["\\uD800", "\\U99999999", "\\U00110000"])
def test_escapes_for_no_character(
    escape: str, without: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if without:
        monkeypatch.delattr(yaml, "CLoader")
    found = findings(f'description: "a\n  b{escape}"')
    assert [each.severity for each in found] == ["error"]


NO_CHARACTER = {
    "half a pair": ('a: "\\ud83d x"', 1, 7, "needs its other half"),
    "halves the wrong way round": ('a: "\\ude00\\ud83d"', 1, 7, "`\\ude00` needs"),
    "half behind a backslash": ('a: "\\\\ud83d\\ude00"', 1, 14, "`\\ude00` needs"),
    "escape beyond the last": ('a: "\\U00110000"', 1, 7, "U0010FFFF"),
}


@pytest.mark.parametrize(
    ("text", "line", "column", "words"), NO_CHARACTER.values(), ids=NO_CHARACTER
)
def test_no_character(text: str, line: int, column: int, words: str) -> None:
    test_syntax(text, line, column, words)


@pytest.mark.parametrize("without", [False, True], ids=["libyaml", "PyYAML"])
def test_surrogate_pairs(without: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if without:
        monkeypatch.delattr(yaml, "CLoader")
    said = "\U0001f600 \\\U0001f600 \\ud83d \ue000\ue001 \U0001f601\U0010ffff ${X.a}"
    data = {"steps": [{"name": "\U0001f600", "command": ["echo", said]}]}
    for text in (json.dumps(data), json.dumps(data, ensure_ascii=False)):
        source = Source("w.json", text)
        workflow, found = read_one(source)
        assert found == ()
        assert workflow is not None
        (step,) = workflow.steps
        assert step.name == "\U0001f600"
        assert isinstance(step.body, Arguments)
        literal, reference = step.body.words[1].parts
        assert literal == said.removesuffix("${X.a}")
        assert isinstance(reference, Reference)
        start = text.index("${X.a}")
        assert reference.span == source.span(start, start + 6)


def test_pairs_are_text_where_a_backslash_is_no_escape() -> None:
    text = (
        'params: {A: "\\uD83D\\uDE00"}\n'
        "description: '\\ud83d\\ude00' # \\ud83d\\ude00\n"
        "steps:\n  - name: \\uD83d\\uDe00\n    script: |\n      a\n      \\ud83d\\ude00\n"
    )
    workflow, found = read_one(Source("w.yaml", text))
    assert found == ()
    assert workflow is not None
    assert workflow.params[0].default.parts == ("\U0001f600",)
    assert workflow.description == "\\ud83d\\ude00"
    assert workflow.steps[0].name == "\\uD83d\\uDe00"
    assert isinstance(workflow.steps[0].body, Script)
    assert workflow.steps[0].body.text.source == "a\n\\ud83d\\ude00\n"


def test_what_began_on_another_line_is_shown() -> None:
    found = findings("a: [b, c\nd: e")[0]
    assert [(span.line, span.column) for span, _ in found.others] == [(1, 4)]


# ---- keys, aliases, merge keys, documents


def test_duplicate_keys_point_to_both_places() -> None:
    text = "name: a\nsteps: []\nname: b\n"
    workflow, found = read_one(Source("w.yaml", text))
    assert [each.code for each in found] == ["WFC102"]
    assert found[0].span.line == 3
    assert found[0].others[0][0].line == 1
    assert workflow is not None
    assert workflow.name == "a"


def test_aliases_and_merge_keys() -> None:
    workflow, found = read_one(
        Source(
            "w.yaml",
            "handlerOn:\n"
            "  success: &one {command: echo, timeoutSec: 1, env: &env [A: b]}\n"
            "  failure: &two {command: two, dir: d}\n"
            "  exit: {<<: [*one, *two], timeoutSec: 3}\n"
            "steps: [{name: a, command: b, env: *env}]\n",
        )
    )
    assert found == ()
    assert workflow is not None
    last = workflow.handlers[-1]
    assert last.body == workflow.handlers[0].body  # the first of the merged maps
    assert last.timeout == 3  # what is written itself
    assert last.directory is not None  # from the second one
    assert workflow.steps[0].env == workflow.handlers[0].env


def test_merged_variables_come_before_the_own_ones() -> None:
    text = "steps: [{name: a, command: b, env: {C: 1, <<: {A: 1, B: 2}, B: 3}}]"
    workflow, _ = read_one(Source("w.yaml", text))
    assert workflow is not None
    env = [(each.name, each.value.parts) for each in workflow.steps[0].env]
    assert env == [("A", ("1",)), ("B", ("3",)), ("C", ("1",))]


CODES = {
    "unknown anchor as a command": ("steps: [{name: a, command: *x}]", ["WFC101"]),
    "unknown anchor as a name": ("steps: [{name: *x, command: a}]", ["WFC101"]),
    "unknown anchor as a word": ("steps: [{name: a, command: [*x]}]", ["WFC101"]),
    "unknown anchor as a step": ("steps: [*x]", ["WFC101"]),
    "unknown anchor as a named step": ("steps: {a: *x}", ["WFC101"]),
    "unknown anchor as a key": ("*x : a\nname: b", ["WFC101"]),
    "unknown anchor as a variable": ("env: [*x, {A: *x}]", ["WFC101", "WFC101"]),
    "unknown anchor in a retry": (
        "steps: [{name: a, command: b, retryPolicy: {limit: *x, intervalSec: 1}}]",
        ["WFC101"],
    ),
    "unknown anchor in a condition": (
        "steps: [{name: a, command: b, preconditions: {condition: c, expected: *x}}]",
        ["WFC101"],
    ),
    "unknown anchor merged": ("steps: [{<<: *x, name: a}]", ["WFC101"]),
    "unknown anchor merged with others": (
        "env: &e {A: b}\nsteps: [{<<: [*x], name: a}]",
        ["WFC101"],
    ),
    "unknown anchor in what is merged": (
        "handlerOn: {exit: &h {command: *x}}\nsteps: [{<<: *h, name: a}]",
        ["WFC101"],
    ),
    "unknown anchor beside a missing key": (
        "steps: [{name: a, command: *x}, {name: b}]",
        ["WFC101", "WFC106"],
    ),
    "anchor in itself as a command": (
        "steps: [{name: a, command: &c [*c]}]",
        ["WFC109"],
    ),
    "merge of a text": ("env: {<<: a}", ["WFC105"]),
    "quoted merge key is a key": ("env: {'<<': a}", ["WFC107"]),
    "list as a key": ("? [a]\n: b\nname: c", ["WFC105"]),
    "anchor in itself": ("env: &a [*a]", ["WFC109"]),
    "anchor in itself, deeper": ("env: &a {A: [{b: *a}]}", ["WFC109"]),
    "anchor merged into itself": ("env: &a {<<: *a}", ["WFC109"]),
    "python tag": ("name: !!python/object:os.system a", ["WFC107"]),
    "own tag": ("name: !custom a", ["WFC107"]),
    "own tag of a map": ("env: !custom {A: b}", ["WFC107"]),
    "binary": ("description: !!binary aGVsbG8=", ["WFC107"]),
    "tag that does not fit": ("timeoutSec: !!int abc", ["WFC107", "WFC105"]),
    "tags that fit": (
        "name: !!str 1\ntimeoutSec: !!int 3\nenv: !!map {A: !!null , B: ! x}",
        [],
    ),
    "number with the tag of a text": ("timeoutSec: !!str 5", []),
    "second document": (STEP + "---\nname: b\n", []),
    "two more": (STEP + "---\nname: b\n---\nname: c\n", []),
    "empty documents": ("---\n---\n" + STEP + "---\n# end\n...\n", []),
    "NUL by an escape": ('name: "a\\0b"', ["WFC107"]),
    "empty": ("", ["WFC110"]),
    "comments": ("# a\n\n# b\n", ["WFC110"]),
    "null": ("null", ["WFC110"]),
    "list": ("- a", ["WFC110"]),
    "text": ("a", ["WFC110"]),
    "no steps": ("name: a", []),
}


@pytest.mark.parametrize(("text", "codes"), CODES.values(), ids=CODES)
def test_codes(text: str, codes: list[str]) -> None:
    assert [each.code for each in findings(text)] == codes


# ---- limits


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    return "\n".join(lines)


DEEP = {
    "brackets": "[" * 100_000,
    "braces": "{a: " * 100_000,
    "lists in lists": "- " * 100_000,
    "keys in keys": "".join(" " * n + "a:\n" for n in range(2000)),
    "aliases in aliases": "\n".join(
        ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200)]
    ),
    "billion laughs": laughs(12),
    "merged laughs": "a0: &a0 {b: c}\n"
    + "\n".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 9)
    ),
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_limits(text: str) -> None:
    workflow, found = read_one(Source("w.yaml", text))
    assert workflow is None
    assert [each.code for each in found] == ["WFC108"]


def test_a_hundred_levels_are_read() -> None:
    deep = "{A: " + "[" * 98 + "]" * 98 + "}"
    assert findings(f"env: {deep}") == ()
    assert [each.code for each in findings(f"env: {{A: [{deep[4:-1]}]}}")] == ["WFC108"]


def test_many_aliases_of_one_small_thing_are_fine() -> None:
    steps = "".join(f"  - {{name: s{n}, command: b, env: *e}}\n" for n in range(2000))
    assert findings(f"env: &e {{A: b, C: d}}\nsteps:\n{steps}") == ()


# ---- files from an enemy: findings, never an exception

HOSTILE = {
    "long line": "name: " + "a" * 5_000_000,
    "long line of words": "steps: [{name: a, command: '" + "$X ; " * 20_000 + "'}]",
    "long line of keys": "{" + ", ".join(f"k{n}: v" for n in range(5_000)) + "}",
    "long key": "a" * 100_000 + ": b",
    "long number": "timeoutSec: " + "9" * 100_000,
    "long float": "params: {A: [1" + "0" * 100_000 + ".5, 1" + "0" * 10_000 + "]}",
    "long exponent": "params: {A: [1e999999999]}",
    "many quotes": "a: " + "'" * 100_001,
    "many anchors": "a: " + "&a " * 1000,
    "many documents": "---\n" * 10_000,
    "many documents without names": "---\na: b\n" * 1_000,
    "long list of params": "steps: [{name: a, run: b, params: '"
    + "$X " * 20_000
    + "'}]",
    "open references in params": "steps: [{name: a, run: b, params: '"
    + '"${X:-' * 20_000
    + "'}]",
    "closed references in params": "params: '" + "$<[1]> " * 10_000 + "'",
    "long field of a schedule": "schedule: '" + "1," * 100_000 + " * * * *'",
    "long zone of a schedule": "schedule: 'TZ=" + "a/" * 100_000 + " * * * * *'",
    "many items": "steps: [{name: a, run: b, parallel: ["
    + "{a: $X}, " * 10_000
    + "]}]",
    "only a mark": "\ufeff",
    "carriage returns": "steps:\r  - name: a\r    command: |\r      echo\r      $<b\r",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile(text: str) -> None:
    workflow, found = read_one(Source("w.yaml", text))
    assert workflow is not None or found != ()


FULL = """\
name: full # comment
params: [{A: "x\\ty"}, 'b "c d" E=f']
env: &e
  - B: [1, 2.5, {c: null}]
handlerOn:
  exit:
    command: >-
      folded
      text
steps:
  - name: one
    script: |2
        #!/bin/sh
       echo ${A} $<B>
    retryPolicy: {limit: 3, intervalSec: 1}
  - <<: {dir: /tmp}
    name: 'tw''o'
    command: [echo, "$<len(B)>"]
    env: *e
  - name: three
    run: x/${A}
    params: 'C="${B:-d e}" f'
    candidates: [y]
    parallel: {items: [1, {a: $B}], maxConcurrent: "3"}
    queue: q
schedule: {start: ["CRON_TZ=UTC 0,5 1-2 */3 JAN *"]}
queues: {q: 2}
secrets: [{name: S, provider: file, key: k}]
files: [./*.sh]
---
name: four
"""


def test_the_full_file_is_fine() -> None:
    assert [each for each in findings(FULL) if each.severity == "error"] == []


@pytest.mark.parametrize("end", range(len(FULL)))
def test_every_prefix(end: int) -> None:
    workflow, found = read_one(Source("w.yaml", FULL[:end]))
    assert workflow is not None or found != ()


@pytest.mark.parametrize("gone", range(0, len(FULL), 3))
def test_every_file_with_a_character_changed(gone: int) -> None:
    for character in ("", "\t", "\n", '"', "[", ":", "$<"):
        read(Source("w.yaml", FULL[:gone] + character + FULL[gone + 1 :]))


PIECES = st.sampled_from(
    [
        "name",
        "steps",
        "params",
        "env",
        "command",
        "script",
        "shell",
        "depends",
        "output",
        "preconditions",
        "condition",
        "expected",
        "continueOn",
        "retryPolicy",
        "limit",
        "handlerOn",
        "parallel",
        "items",
        "maxConcurrent",
        "candidates",
        "queue",
        "queues",
        "schedule",
        "start",
        "secrets",
        "provider",
        "env",
        "files",
        "maxActiveRuns",
        "delaySec",
        "exit",
        "dir",
        "id",
        "run",
        "timeoutSec",
        "type",
        "tags",
        "true",
        "null",
        "1",
        "0755",
        "1:30",
        "1.5",
        "re:(",
        "* * * * *",
        "ITEM",
        "a",
        "b",
        "$X",
        "${X}",
        "$<X>",
        "${X.y:-z}",
        "`date`",
        "<<",
    ]
)
VALUES = st.recursive(
    PIECES | st.text(max_size=10) | st.none() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PIECES, inner),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(PIECES, VALUES), st.booleans())
def test_any_value_is_read(value: object, flow: bool) -> None:
    read(Source("w.yaml", yaml.safe_dump(value, default_flow_style=flow)))


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        PIECES
        | st.sampled_from(
            [
                "\n---\n",
                ": ",
                "- ",
                "?",
                "\n",
                "\n  ",
                "\n    ",
                "&a ",
                "*a",
                "!!int ",
                "[",
                "]",
                "{",
                "}",
                ", ",
                "'",
                '"',
                "#",
                " ",
                "\t",
                "",
                "",
                ">",
                "%",
                "@",
            ]
        ),
        max_size=40,
    )
)
def test_any_text_is_read(pieces: list[str]) -> None:
    read(Source("w.yaml", "".join(pieces)))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode()))
def test_any_bytes_are_decoded(data: bytes) -> None:
    found = decode("w.yaml", data)
    if isinstance(found, Source):
        read(found)


# ---- bytes


ENCODED = {
    "utf-8": "name: ä😀".encode(),
    "utf-8 with a mark": "name: ä😀".encode("utf-8-sig"),
    "utf-16 little": "\ufeffname: ä😀".encode("utf-16-le"),
    "utf-16 big": "\ufeffname: ä😀".encode("utf-16-be"),
}


@pytest.mark.parametrize("data", ENCODED.values(), ids=ENCODED)
def test_decoded(data: bytes) -> None:
    assert decode("w.yaml", data) == Source("w.yaml", "name: ä😀")


def test_line_ends() -> None:
    assert decode("w.yaml", b"a\r\nb\rc\n") == Source("w.yaml", "a\nb\nc\n")


NO_TEXT = {
    "latin 1": (b"a: b\r\nc: \xe4\n", 2, 4),
    "cut off": ("a: ä".encode()[:-1], 1, 4),
    "half of a pair": (b"\xff\xfea\0\x00\xd8", 1, 2),
    "odd": (b"\xfe\xff\0a\0", 1, 2),
}


@pytest.mark.parametrize(("data", "line", "column"), NO_TEXT.values(), ids=NO_TEXT)
def test_no_text(data: bytes, line: int, column: int) -> None:
    found = decode("w.yaml", data)
    assert isinstance(found, Diagnostic)
    assert found.code == "WFC111"
    assert (found.span.line, found.span.column) == (line, column)


def test_places_behind_crlf_and_a_mark() -> None:
    source = decode("w.yaml", b"\xef\xbb\xbfname: a\r\nfoo: b\r\n")
    assert isinstance(source, Source)
    found = read(source)[1][0]
    assert (found.code, found.span.line, found.span.column) == ("WFC103", 2, 1)
