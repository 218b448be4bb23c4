"""`run` with `params` and `candidates`: every form, and every way to get it wrong."""

import pytest
from forms import findings, said, shown, step, workflow, written
from hypothesis import given
from hypothesis import strategies as st

from compiler.ir import Call, Map, Step
from compiler.reader import read
from compiler.source import Source


def call(keys: str) -> Call:
    body = step(keys).body
    assert isinstance(body, Call)
    return body


def arguments(found: Call) -> list[tuple[str, str | None]]:
    assert found.arguments is not None
    return [(each.name, written(each.value)) for each in found.arguments]


def passed(text: str) -> list[tuple[str, str | None]]:
    """The arguments that the text form gives, as a block of lines."""
    body = "".join(f"      {line}\n" for line in text.split("\n"))
    found = workflow(f"steps:\n  - name: a\n    run: b\n    params: |\n{body}")
    assert isinstance(found.steps[0].body, Call)
    return arguments(found.steps[0].body)


# ---- the name

NAMES = {
    "document": ("run: child", "child", False),
    "later spelling": ("call: child", "child", False),
    "path": ("run: ../jobs/load.yaml", "../jobs/load.yaml", False),
    "spaces within": ("run: a b.yaml", "a b.yaml", False),
    "spaces around": ("run: ' child\t'", "child", False),
    "number": ("run: 2024", "2024", False),
    "reference": ("run: '${X}'", "«${X}»", True),
    "spaces around a reference": ("run: ' ${X} '", "«${X}»", True),
    "reference in a path": ("run: jobs/$X.yaml", "jobs/«$X».yaml", True),
    "expression": ("run: '$<join(X, \"-\")>'", "join(«X», '-')", True),
    "escape": ("run: '$${X}'", "${X}", False),
    "backticks": ("run: '`date`'", "`date`", False),
    "positional": ("run: $1", "$1", False),
}


@pytest.mark.parametrize(("keys", "name", "dynamic"), NAMES.values(), ids=NAMES)
def test_name(keys: str, name: str, dynamic: bool) -> None:
    found = call(keys)
    assert (written(found.name), found.dynamic) == (name, dynamic)
    assert (found.arguments, found.candidates, found.callees) == ((), None, ())


def test_a_name_in_a_block_ends_without_its_line_end() -> None:
    found = workflow("steps:\n  - name: a\n    run: |\n      child\n").steps[0]
    assert isinstance(found.body, Call)
    assert found.body.name.parts == ("child",)


# ---- params

TEXTS = {
    "word": ("x", [("1", "x")]),
    "names": ("A=1 B=2", [("A", "1"), ("B", "2")]),
    "words without a name": (
        "A=x B=multi words here",
        [("A", "x"), ("B", "multi"), ("1", "words"), ("2", "here")],
    ),
    "quotes": ('A="x y" "z \\"w\\""', [("A", "x y"), ("1", 'z "w"')]),
    "single quotes are none": ("A='x y'", [("A", "'x"), ("1", "y'")]),
    "lines": ("A=${ITEM}\nB=$C\n", [("A", "«${ITEM}»"), ("B", "«$C»")]),
    "equals in a value": ("A=b=c", [("A", "b=c")]),
    "equals in quotes": ('"A=b" "=c"', [("1", "A=b"), ("2", "=c")]),
    "reference": ("A=${X} ${Y.z}", [("A", "«${X}»"), ("1", "«${Y.z}»")]),
    "text around a reference": ("A=x${X}y=z", [("A", "x«${X}»y=z")]),
    "spaces in a default": ("A=${X:-b c} d", [("A", "«${X:-b c}»"), ("1", "d")]),
    "a default in a default": (
        "A=${X:-b ${Y:-c d} e}f",
        [("A", "«${X:-b ${Y:-c d} e}»f")],
    ),
    "equals in a default": ("${X:-b=c}", [("1", "«${X:-b=c}»")]),
    "quotes in a default": ('A=${X:-"b c"}', [("A", '«${X:-"b c"}»')]),
    "a reference in quotes": ('A="x ${X:-"b c"} y"', [("A", 'x «${X:-"b c"}» y')]),
    "a key with a space": ('A=${X["b c"]}', [("A", '«${X["b c"]}»')]),
    "default of a positional": ("A=${1:-b c}", [("A", "${1:-b c}")]),
    "expression": ("A=$<X == 'a b'> c", [("A", "«X» == 'a b'"), ("1", "c")]),
    "expression alone": ("$<len([1, 2])>", [("1", "len([1, 2])")]),
    "quotes in an expression": (
        'A="$<join(X, ", ")> b"',
        [("A", "join(«X», ', ') b")],
    ),
    "escaped quotes in an expression": (
        'A="$<join(X, \\", \\")>" B="$<X>"',
        [("A", "join(«X», ', ')"), ("B", "«$<X>»")],
    ),
    "escaped references": ("A=$${X y=$$<z", [("A", "${X"), ("y", "$<z")]),
    "shell's dollars": ("A=$(b) C=$", [("A", "$(b)"), ("C", "$")]),
    "backticks": ("A=`date +%F` B", [("A", "`date +%F`"), ("1", "B")]),
    "reference in backticks": ("A=`echo ${X:-b c}`", [("A", "`echo ${X:-b c}`")]),
    "empty value": ('A="" ""', [("A", ""), ("1", "")]),
    "empty": ("", []),
    "JSON of single words": ("A={} B=[1,2]", [("A", "{}"), ("B", "[1,2]")]),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.values(), ids=TEXTS)
def test_params_as_text(text: str, expected: list[tuple[str, str]]) -> None:
    assert passed(text) == expected


@pytest.mark.parametrize("text", [case[0] for case in TEXTS.values()], ids=TEXTS)
def test_params_of_a_workflow_have_the_same_form(text: str) -> None:
    body = "".join(f"  {line}\n" for line in text.split("\n"))
    found = workflow(f"params: |\n{body}")
    own = [(each.name, written(each.default)) for each in found.params]
    if "${1" not in text:  # a positional param that the workflow declares
        assert own == passed(text)


FORMS = {
    "map": ("{A: 1.10, B: }", [("A", "1.10"), ("B", "")]),
    "list of maps": (
        "[{A: 1}, {B: 2, C: x y}]",
        [("A", "1"), ("B", "2"), ("C", "x y")],
    ),
    "list of texts": ("[A=1, 'b \"c d\"', E]", [("A", "1"), ("1", "b"), ("2", "c d")]),
    "list of both": ("[x, {A: b}]", [("1", "x"), ("A", "b")]),
    "quotes in a map": ("{A: '\"b\" c=d'}", [("A", '"b" c=d')]),
    "line ends in a map": ('{A: "b\\n\\n c\\n"}', [("A", "b\n\n c\n")]),
    "JSON in a map": ('{A: \'{"b": [1, "c"]}\'}', [("A", '{"b": [1, "c"]}')]),
    "list in a map": ("{A: [1, {b: $X}]}", [("A", '[1,{"b":toJSON(«$X»)}]')]),
    "reference in a map": ("{A: 'x ${B:-c d}'}", [("A", "x «${B:-c d}»")]),
    "backticks in a map": ("{A: '`date`'}", [("A", "`date`")]),
    "backticks in a list of a map": ("{A: ['`date`']}", [("A", "[toJSON(`date`)]")]),
    "names of types": (
        "[{name: a, type: integer}]",
        [("name", "a"), ("type", "integer")],
    ),
    "names of a schema": ("{schema: {a: b}}", [("schema", '{"a":"b"}')]),
    "nothing": ("", []),
    "empty list": ("[]", []),
    "empty map": ("{}", []),
}


@pytest.mark.parametrize(("form", "expected"), FORMS.values(), ids=FORMS)
def test_forms_of_params(form: str, expected: list[tuple[str, str]]) -> None:
    found = arguments(call(f"run: b, params: {form}"))
    assert found[: len(expected)] == expected
    assert len(found) == len(expected) + ("E]" in form)


def test_positional_params_of_the_caller() -> None:
    found = workflow(
        "params: one two\nsteps: [{name: a, run: b, params: [A=$1, {B: '$2 $3'}]}]"
    ).steps[0]
    assert isinstance(found.body, Call)
    assert arguments(found.body) == [("A", "«$1»"), ("B", "«$2» $3")]


def test_each_document_has_its_own_positional_params() -> None:
    text = "params: one\nsteps: []\n---\nname: b\nparams: {A: $1}\n"
    (_, second), _ = read(Source("w.yaml", text))
    assert written(second.params[0].default) == "$1"


@given(st.dictionaries(st.sampled_from("ABC"), st.text("a \"=\\'\n\t{}é😀")))
def test_values_of_a_map_are_exact(values: dict[str, str]) -> None:
    import json

    found = call(f"run: b, params: {json.dumps(values)}")
    assert dict(arguments(found)) == values


@given(st.lists(st.sampled_from(["a", "${X:-b c}", "$<[1, 2]>", "`d e`", '"f g"'])))
def test_a_piece_is_one_word(pieces: list[str]) -> None:
    assert len(passed(" ".join(f"A{n}={it}" for n, it in enumerate(pieces)))) == len(
        pieces
    )


# ---- candidates

CANDIDATES = {
    "text": ("a.yaml", ["a.yaml"]),
    "list": ("[a, ' b ', c d, 1]", ["a", "b", "c d", "1"]),
    "twice": ("[a, b, a]", ["a", "b"]),
}


@pytest.mark.parametrize(("form", "names"), CANDIDATES.values(), ids=CANDIDATES)
def test_candidates(form: str, names: list[str]) -> None:
    found = call(f"run: $X, candidates: {form}")
    assert [each.name for each in found.candidates or ()] == names


def test_candidates_of_a_fixed_name_are_left_out() -> None:
    assert call("run: b, candidates: [a]").candidates is None


# ---- what stands beside


def test_a_call_keeps_what_applies_to_any_step() -> None:
    found = step(
        "run: b, env: {A: c}, output: X, queue: q, timeoutSec: 3, depends: [], "
        "retryPolicy: {limit: 1, intervalSec: 2}, preconditions: [test -f d], "
        "continueOn: {failure: true, exitCode: 124}"
    )
    assert isinstance(found.body, Call)
    assert (found.output, found.queue, found.timeout) == ("X", "q", 3)
    assert found.retry is not None
    assert found.continue_on is not None
    assert found.continue_on.exit_codes == (124,)
    assert [len(found.env), len(found.conditions)] == [1, 1]


@pytest.mark.parametrize("parallel", ["", ", parallel: [a]"], ids=["call", "fan-out"])
def test_what_has_no_effect_is_left_out(parallel: str) -> None:
    found = step(
        f"run: b, dir: /tmp, continueOn: {{output: x, failure: true}}{parallel}"
    )
    assert found.directory is None
    assert found.continue_on is not None
    assert (found.continue_on.output, found.continue_on.failure) == ((), True)


def test_a_handler_can_call() -> None:
    handlers = workflow(
        "handlerOn: {failure: {run: b, params: A=1}, exit: {call: $X, parallel: [1]}}"
    ).handlers
    assert isinstance(handlers[0].body, Call)
    assert arguments(handlers[0].body) == [("A", "1")]
    assert isinstance(handlers[1].body, Map)


def test_steps_by_name_can_call() -> None:
    (found,) = workflow("steps: {a b: {run: c}}").steps
    assert isinstance(found, Step)
    assert isinstance(found.body, Call)


# ---- findings: keys, code, what stands at the place, words

FINDINGS = {
    "empty": ("run: ''", "WFC107", "''", "`run` is empty"),
    "list": ("run: [a]", "WFC105", "[a]", "the name of a workflow"),
    "map": ("call: {a: b}", "WFC105", "{a: b}", "`call` takes"),
    "beside a command": ("command: c, run: b", "WFC113", "run", "beside `command`"),
    "beside a script": ("call: b, script: c", "WFC113", "call", "beside `script`"),
    "both spellings": ("run: b, call: c", "WFC113", "call", "the same as `run`"),
    "params without": ("command: c, params: d", "WFC113", "params", "without `run`"),
    "params of nothing": ("params: d", "WFC113", "params", "write `run: WORKFLOW`"),
    "candidates without": (
        "command: c, candidates: d",
        "WFC113",
        "candidates",
        "without `run`",
    ),
    "no effect of candidates": (
        "run: b, candidates: [c]",
        "WFC115",
        "candidates",
        "`run` names one workflow",
    ),
    "no candidates": ("run: $X, candidates: []", "WFC107", "[]", "is empty"),
    "empty candidate": ("run: $X, candidates: ['']", "WFC107", "''", "is empty"),
    "candidate with a reference": (
        "run: $X, candidates: ['a/${Y}']",
        "WFC107",
        "${Y}",
        "takes no references",
    ),
    "candidate twice": ("run: $X, candidates: [b, b]", "WFC115", "b", "twice"),
    "param twice": (
        "run: b, params: [A=1, {A: 2}]",
        "WFC213",
        "A",
        "`A` is passed twice",
    ),
    "bad name": ("run: b, params: a-b=1", "WFC107", "a-b", "no name of a param"),
    "reserved name": ("run: b, params: {IFS: 1}", "WFC210", "IFS", "bash's own"),
    "name with a reference": (
        "run: b, params: '${X}=1'",
        "WFC107",
        "${X}",
        "no name of a param",
    ),
    "open quote": ("run: b, params: 'A=\"x y'", "WFC107", 'A="x', "never closed"),
    "no value": ("run: b, params: A= b", "WFC107", "A=", 'write `A=""`'),
    "no value of a reference": (
        "run: b, params: '${X}='",
        "WFC107",
        "${X}=",
        "no value behind `${X}=`",
    ),
    "open reference": ("run: b, params: 'A=${X:-b'", "WFC305", "${X", "never closed"),
    "null param": ("run: b, params: [null]", "WFC105", "null", "`params` takes"),
    "shell": ("run: b, shell: bash", "WFC115", "shell", "no effect beside `run`"),
    "dir": ("run: b, workingDir: c", "WFC115", "workingDir", "working folder"),
    "shell of a fan-out": (
        "run: b, parallel: [1], shell: bash",
        "WFC115",
        "shell",
        "no effect",
    ),
    "bad shell": ("run: b, shell: '${X}'", "WFC107", "'${X}'", "no references"),
    "pattern": (
        "run: b, continueOn: {output: c}",
        "WFC115",
        "output",
        "prints nothing itself",
    ),
    "nothing to run": ("depends: []", "WFC106", "a", "`command`, `script` or `run`"),
    "queue": ("run: b, queue: ' '", "WFC107", "' '", "one line"),
    "slip": ("rum: b, params: c", "WFC103", "rum", "did you mean `run`?"),
}


@pytest.mark.parametrize(
    ("keys", "code", "place", "words"), FINDINGS.values(), ids=FINDINGS
)
def test_findings(keys: str, code: str, place: str, words: str) -> None:
    text = f"steps: [{{name: a, {keys}}}]"
    found = [each for each in findings(text) if each.code == code]
    assert len(found) == 1
    assert shown(text, found[0]) == place
    assert words in said(found[0])
    others = [each for each in findings(text) if each.code != code]
    assert all(each.severity == "note" for each in others)


def test_errors_of_all_params_are_found_at_once() -> None:
    text = "steps: [{name: a, run: [], params: {a-b: 1, IFS: 2}, candidates: []}]"
    codes = sorted(each.code for each in findings(text))
    assert codes == ["WFC105", "WFC107", "WFC107", "WFC210"]
