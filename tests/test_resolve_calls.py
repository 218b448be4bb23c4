"""Names around calls and fan-outs: ITEM, arguments, records, results, secrets (F2-F4, S4)."""

import re
import textwrap
from collections.abc import Iterator

import pytest

from compiler.diagnostics import Diagnostic
from compiler.ir import Origin, Program, Reference, Step, Template, Workflow
from compiler.link import link
from compiler.pipeline import NO_FILES, front_end
from compiler.reader import read
from compiler.resolve import resolve
from compiler.source import Source
from compiler.walk import text_references, texts

CHILD = """
---
name: child
params: [{P: 1}, {Q: 2}]
steps:
  - {name: first, command: echo, output: K}
  - {name: last, command: echo, output: KEY}
"""


def resolved(text: str) -> tuple[Program, list[Diagnostic]]:
    """The resolved program of `text`, and what was found on the way."""
    source = Source("test.yaml", textwrap.dedent(text))
    workflows, in_file = read(source)
    program, _, in_calls = link(workflows, source, NO_FILES, ())
    program, in_names = resolve(program)
    return program, [*in_file, *in_calls, *in_names]


def clean(text: str) -> Program:
    program, found = resolved(text)
    assert not found, found
    return program


def step(program: Program, name: str) -> Step:
    return next(each for each in program.main.steps if each.name == name)


def workflow(program: Program, name: str) -> Workflow:
    return next(each for each in program.workflows if each.name == name)


def references(step: Step) -> Iterator[Reference]:
    for text in texts(step):
        yield from text_references(text)


def origins(step: Step, written: str) -> list[tuple[str, str, str]]:
    """Where the reference that is `written` so comes from; it stands in `step` once."""
    (found,) = [it for it in references(step) if it.text == written]
    return [(it.kind, it.name, it.step) for it in found.origins]


# ---- ITEM

SEES_ITEM = {
    "command": "command: 'echo ${ITEM.k}'",
    "plain name in a command": "command: 'echo $ITEM'",
    "script": "script: 'echo ${ITEM.k}'",
    "word of a list": "command: [echo, '${ITEM}']",
    "expression": "command: 'echo $<ITEM.a + 1>'",
    "argument of a call": "run: child, params: {P: '${ITEM}'}",
    "name of a call": "run: '${ITEM}', candidates: child",
    "env": "command: echo, env: [{A: '${ITEM}'}]",
    "dir": "command: echo, dir: '${ITEM}'",
    "condition with a value": (
        "command: echo, preconditions: [{condition: '${ITEM}', expected: a}]"
    ),
    "condition that runs": "command: echo, preconditions: ['test $ITEM']",
}


@pytest.mark.parametrize("fields", SEES_ITEM.values(), ids=SEES_ITEM)
def test_item_is_seen(fields: str) -> None:
    program = clean(f"""
steps: [{{name: each, parallel: [a, b], {fields}}}]
handlerOn: {{exit: {{parallel: [a, b], {fields}}}}}
{CHILD}""")
    for fan_out in (*program.main.steps, *program.main.handlers):
        (reference,) = references(fan_out)
        assert reference.origins == (Origin("item", "ITEM"),)


NO_ITEM = {
    # place: (main workflow's text, words of the help)
    "a step that is no fan-out": (
        "steps: [{name: a, command: [echo, '${ITEM}']}]",
        "a step that has `parallel:`",
    ),
    "with a default": (
        "steps: [{name: a, command: [echo, '${ITEM:-x}']}]",
        "a step that has `parallel:`",
    ),
    "an expression": (
        "steps: [{name: a, command: 'echo $<ITEM>'}]",
        "a step that has `parallel:`",
    ),
    "a path in shell text": (
        "steps: [{name: a, command: 'echo ${ITEM.k}'}]",
        "a step that has `parallel:`",
    ),
    "params": (
        "params: [{A: '${ITEM}'}]\nsteps: []",
        "a step that has `parallel:`",
    ),
    "env": ("env: [{A: '${ITEM}'}]\nsteps: []", "a step that has `parallel:`"),
    "items": (
        "steps: [{name: a, command: echo, parallel: '${ITEM}'}]",
        "valued before there is one",
    ),
    "one of the items": (
        "steps: [{name: a, command: echo, parallel: ['${ITEM}']}]",
        "valued before there is one",
    ),
    "width": (
        "steps: [{name: a, command: echo, "
        "parallel: {items: [a], maxConcurrent: '${ITEM}'}}]",
        "valued before there is one",
    ),
}


@pytest.mark.parametrize("place", NO_ITEM)
def test_item_is_unknown(place: str) -> None:
    text, help = NO_ITEM[place]
    _, found = resolved(text)
    assert [it.code for it in found] == ["WFC204"]
    assert "there is no item here" in found[0].message
    assert help in found[0].help


@pytest.mark.parametrize(
    "body",
    [
        "command: 'echo $ITEM'",
        "command: 'echo ${ITEM}'",
        "command: 'echo ${ITEM.key}'",
        "command: [echo, '${ITEM}']",
        "run: leaf, params: 'P=${ITEM}'",
    ],
)
def test_a_callee_does_not_see_the_item_of_its_caller(body: str) -> None:
    _, found = resolved(f"""
        steps: [{{name: each, parallel: [a], run: child}}]
        ---
        name: child
        steps: [{{name: a, {body}}}]
        ---
        name: leaf
        params: [{{P: 1}}]
        steps: []
        """)
    assert [it.code for it in found] == ["WFC204"]
    assert found[0].help == (
        'where this workflow is called, pass it: `params: "NAME=${ITEM}"`'
    )


@pytest.mark.parametrize(
    ("caller", "command"),
    [
        ("command: echo", "echo $ITEM"),
        ("run: child", "echo $ITEM"),
        ("parallel: [a], run: child", "echo ${ITEM:-none}"),
        ("parallel: [a], run: child", "for ITEM in 1 2; do echo $ITEM; done"),
        ("parallel: [a], run: child", "# $ITEM"),
    ],
)
def test_item_in_shell_text_is_left_to_the_shell(caller: str, command: str) -> None:
    clean(f"""
        steps: [{{name: a, {caller}}}]
        ---
        name: child
        steps: [{{name: a, command: '{command}'}}]
        """)


def test_a_callee_may_have_a_param_of_that_name() -> None:
    program = clean("""
        steps: [{name: each, parallel: [a], run: child, params: "ITEM=${ITEM}"}]
        ---
        name: child
        params: [{ITEM: none}]
        steps: [{name: a, command: 'echo $ITEM'}]
        """)
    (a,) = workflow(program, "child").steps
    assert origins(a, "$ITEM") == [("param", "ITEM", "")]


def test_a_hint_knows_item() -> None:
    _, found = resolved("""
        steps: [{name: each, parallel: [a], command: 'echo $<ITEMM>'}]
        """)
    assert [it.help for it in found] == ["did you mean `ITEM`?"]


# ---- which names a fan-out sees


def test_only_an_item_sees_the_env_of_its_step() -> None:
    program = clean("""
        params: [{P: "3"}]
        steps:
          - name: each
            parallel: {items: "${P} x", maxConcurrent: "$P"}
            env: [{P: "${ITEM}-${P}"}, {R: "<${P}>"}]
            command: [echo, "${P:-0}"]
            dir: /${P:-1}
            preconditions:
              - {condition: "${P:-2}", expected: "3"}
              - {condition: "${P:-3}${ITEM}", expected: "3"}
        """)
    each = step(program, "each")
    outside, inside = [("param", "P", "")], [("step_env", "P", "")]
    assert origins(each, "$P") == outside
    assert origins(each, "${P:-2}") == outside
    for written in ("${P:-0}", "${P:-1}", "${P:-3}"):
        assert origins(each, written) == inside
    in_items, in_itself, in_the_next = [
        [origin.kind for origin in it.origins]
        for it in references(each)
        if it.text == "${P}"
    ]
    assert (in_items, in_itself, in_the_next) == (["param"], ["param"], ["step_env"])


def test_precedence_around_item() -> None:
    program = clean("""
        params: [{ITEM: outside}]
        steps:
          - {name: a, parallel: ["${ITEM}"], command: [echo, "${ITEM:-1}"]}
          - {name: b, parallel: [x], command: 'echo $ITEM', env: [{ITEM: own}]}
          - {name: c, command: 'echo $ITEM'}
        """)
    assert origins(step(program, "a"), "${ITEM}") == [("param", "ITEM", "")]
    assert origins(step(program, "a"), "${ITEM:-1}") == [("item", "ITEM", "")]
    assert origins(step(program, "b"), "$ITEM") == [("step_env", "ITEM", "")]
    assert origins(step(program, "c"), "$ITEM") == [("param", "ITEM", "")]


def exports(step: Step) -> dict[str, list[str]]:
    return {it.name: [origin.kind for origin in it.origins] for it in step.exports}


def test_the_environment_of_an_item() -> None:
    program = clean("""
        params: [{P: 1}]
        env: [{E: 1}]
        steps:
          - {name: a, parallel: [x], command: echo}
          - {name: b, parallel: [x], command: echo, env: [{P: 2}, {E: 3}, {N: 4}]}
          - {name: c, command: echo, env: [{P: 2}]}
        """)
    a = {"P": ["param"], "E": ["env"], "ITEM": ["item"]}
    assert exports(step(program, "a")) == a
    # behind a variable of an item is what its name means for the items and the width
    assert exports(step(program, "b")) == {
        "P": ["step_env", "param"],
        "E": ["step_env", "env"],
        "ITEM": ["item"],
        "N": ["step_env"],
    }
    assert exports(step(program, "c")) == {"P": ["step_env"], "E": ["env"]}


# ---- arguments


def test_arguments_are_of_the_caller() -> None:
    program = clean(f"""
        params: [{{A: 1}}]
        steps:
          - {{name: a, command: echo, output: OUT}}
          - name: call
            run: child
            env: [{{E: "${{A}}"}}]
            params: {{P: "${{OUT}} ${{E}}", Q: "`echo $E`"}}
        {CHILD}""".replace("\n        ", "\n"))
    call = step(program, "call")
    assert origins(call, "${OUT}")[0] == ("output", "OUT", "a")
    assert origins(call, "${E}") == [("step_env", "E", "")]
    assert origins(call, "$E") == [("step_env", "E", "")]


def test_an_undeclared_name_in_an_argument_is_an_optional_param() -> None:
    program, found = resolved(f"""
steps: [{{name: call, run: child, params: 'P=${{WHO}}'}}]
{CHILD}""")
    assert [it.code for it in found] == ["WFC207"]
    assert [it.name for it in program.main.params] == ["WHO"]


def test_an_argument_reads_only_what_is_upstream() -> None:
    _, found = resolved(f"""
type: graph
steps:
  - {{name: a, command: echo, output: OUT}}
  - {{name: call, run: child, params: 'P=${{OUT}}'}}
{CHILD}""")
    assert [(it.code, it.help) for it in found] == [
        ("WFC205", "add `a` to the `depends` of `call`")
    ]


TOLERANT = {
    "argument": "run: child, params: 'P=${OUT:-none}'",
    "name of a call": "run: '${OUT:-child}', candidates: child",
    "items": "command: echo, parallel: '${OUT:-a}'",
    "one of the items": "command: echo, parallel: [a, '${OUT:-b}']",
    "part of an item": "command: echo, parallel: [{k: '${OUT:-b}'}]",
    "width": "command: echo, parallel: {items: [a], maxConcurrent: '${OUT:-2}'}",
    "body of a fan-out": "command: 'echo ${OUT:-a}', parallel: [a]",
    "item condition": (
        "command: echo, parallel: [a], "
        "preconditions: [{condition: '${ITEM}${OUT:-}', expected: a}]"
    ),
}


@pytest.mark.parametrize("fields", TOLERANT.values(), ids=TOLERANT)
@pytest.mark.parametrize("default", [True, False], ids=["default", "no-default"])
def test_a_default_tolerates_the_skip_of_its_step(default: bool, fields: str) -> None:
    if not default:
        fields = re.sub(r":-\w*", "", fields)
    program = clean(f"""
steps:
  - {{name: a, command: echo, output: OUT}}
  - {{name: b, {fields}}}
{CHILD}""")
    (edge,) = step(program, "b").edges
    assert ("skipped" in edge.accepts) == default


# ---- what a call and a fan-out give

GIVEN = """
steps:
  - {name: call, run: child, output: X}
  - {name: bare, run: child}
  - {name: many, parallel: [a], command: echo, output: Y}
  - {name: each-one, parallel: [a], run: child}
"""

READS = {
    # reference: where it leads
    "${X.outputs.K}": ("output", "X", "call", ("outputs", "K")),
    "${X.params.P}": ("output", "X", "call", ("params", "P")),
    "${call.outputs.K}": ("output", "X", "call", ("outputs", "K")),
    "${call.outputs}": ("output", "X", "call", ("outputs",)),
    "${call.output}": ("field", "output", "call", ()),
    "${call.output.a}": ("field", "output", "call", ("a",)),
    "${call.exitCode}": ("field", "exitCode", "call", ()),
    "${call.status}": ("field", "status", "call", ()),
    "${call.name}": ("output", "X", "call", ("name",)),
    "${call.params.P}": ("output", "X", "call", ("params", "P")),
    "${bare.outputs.KEY}": ("output", "", "bare", ("outputs", "KEY")),
    '${bare["outputs"]["KEY"]}': ("output", "", "bare", ("outputs", "KEY")),
    "${Y.outputs[0]}": ("output", "Y", "many", ("outputs", 0)),
    "${many.outputs}": ("output", "Y", "many", ("outputs",)),
    "${many.summary.failed}": ("output", "Y", "many", ("summary", "failed")),
    "${many.results[1].status}": ("output", "Y", "many", ("results", 1, "status")),
    "${many.output}": ("field", "output", "many", ()),
    "${many.exit_code}": ("field", "exitCode", "many", ()),
    "${each-one.outputs[0].K}": ("output", "", "each-one", ("outputs", 0, "K")),
    "${each-one.summary}": ("output", "", "each-one", ("summary",)),
}


@pytest.mark.parametrize("written", READS)
def test_a_reference_to_a_record_or_result(written: str) -> None:
    program = clean(f"{GIVEN}  - {{name: use, command: 'echo {written}'}}\n{CHILD}")
    (reference,) = references(step(program, "use"))
    kind, name, producer, path = READS[written]
    origin = reference.origins[0]
    assert (origin.kind, origin.name, origin.step) == (kind, name, producer)
    assert reference.path == path


LACKING = {
    # reference: (words of the message, words of the help)
    "${X.outputs.KEYS}": (
        "workflow `child` has no output `KEYS`",
        "did you mean `KEY`?",
    ),
    "${X.outputs.ZZZ}": ("workflow `child` has no output", "known are: `K`, `KEY`"),
    "${X.outputs.ZZZ:-d}": ("workflow `child` has no output", "known are: `K`, `KEY`"),
    "${X.outputs[0]}": ("workflow `child` has no output `0`", "known are"),
    "${call.outputs.KY}": ("workflow `child` has no output `KY`", "`KEY`"),
    "$<len(X.outputs.KY)>": ("workflow `child` has no output `KY`", "`KEY`"),
    "${call.stdout}": ("step `call` has no `stdout`", "a call has `.output`"),
    "${bare.stderr}": ("step `bare` has no `stderr`", "a call has `.output`"),
    "${many.stdout}": ("step `many` has no `stdout`", "a fan-out has `.output`"),
    "${many.stderr}": ("step `many` has no `stderr`", "a fan-out has `.output`"),
    "${call.summary}": ("step `call` has no `summary`", "a call has"),
    "${many.params}": ("step `many` has no `params`", "a fan-out has"),
    "${call.outpt}": ("step `call` has no `outpt`", "did you mean `output`?"),
}


@pytest.mark.parametrize("written", LACKING)
def test_what_a_call_or_a_fan_out_does_not_give(written: str) -> None:
    _, found = resolved(f"{GIVEN}  - {{name: use, command: 'echo {written}'}}\n{CHILD}")
    message, help = LACKING[written]
    assert [it.code for it in found] == ["WFC204"]
    assert message in found[0].message
    assert help in found[0].help


NOT_SURE = {
    "several producers": """
        type: graph
        steps:
          - {name: a, run: child, output: X}
          - {name: b, command: echo, output: X}
          - {name: use, command: 'echo ${X.outputs.ZZZ}', depends: [a, b]}
        """,
    "a variable of env, when the call was skipped": """
        env: [{X: '{"outputs": {"ZZZ": 1}}'}]
        steps:
          - {name: a, run: child, output: X}
          - {name: use, command: 'echo ${X.outputs.ZZZ}'}
        """,
    "a fan-out": """
        steps:
          - {name: a, run: child, output: X, parallel: [a]}
          - {name: use, command: 'echo ${X.outputs.ZZZ}'}
        """,
    "a candidate that has it": """
        params: [{W: child}]
        steps:
          - {name: a, run: "${W}", output: X}
          - {name: use, command: 'echo ${X.outputs.OTHER} ${a.outputs.K}'}
        ---
        name: second
        steps: [{name: a, command: echo, output: OTHER}]
        """,
    "no outputs of a callee are asked for": """
        steps:
          - {name: a, run: child, output: X}
          - {name: use, command: 'echo ${X.outputs} ${X} ${X.name}'}
        """,
}


@pytest.mark.parametrize("text", NOT_SURE.values(), ids=NOT_SURE)
def test_an_output_that_may_be_there_is_no_error(text: str) -> None:
    clean(textwrap.dedent(text) + CHILD)


def test_an_output_that_no_candidate_has() -> None:
    _, found = resolved("""
        params: [{W: one}]
        steps:
          - {name: a, run: "${W}", output: X}
          - {name: use, command: 'echo ${X.outputs.THRD}'}
        ---
        name: one
        steps: [{name: a, command: echo, output: FIRST}]
        ---
        name: two
        steps: [{name: a, command: echo, output: THIRD}]
        """)
    assert [it.message for it in found] == [
        "`${X.outputs.THRD}`: no workflow that `a` can run has an output `THRD`"
    ]
    assert found[0].help == "did you mean `THIRD`?"


def test_a_call_of_what_is_missing_is_one_finding() -> None:
    _, found = resolved("""
        steps:
          - {name: a, run: nowhere, output: X}
          - {name: use, command: 'echo ${X.outputs.K}'}
        """)
    assert [it.code for it in found] == ["WFC215"]


# ---- leaves and what is captured

LEAVES = {
    "a chain": ("steps: [{name: a, command: x}, {name: b, command: x}]", ["b"]),
    "a graph": (
        "type: graph\nsteps: [{name: b, command: x}, {name: a, command: x}]",
        ["b", "a"],
    ),
    "a fork": (
        "steps: [{name: a, command: x}, {name: b, command: x, depends: a}, "
        "{name: c, command: x, depends: a}]",
        ["b", "c"],
    ),
    "an id": (
        "type: graph\nsteps: [{name: a b, id: ab, command: x}, "
        "{name: c, command: x, depends: ab}]",
        ["c"],
    ),
    "no handlers": (
        "steps: [{name: a, command: x}]\nhandlerOn: {exit: {command: x}}",
        ["a"],
    ),
    "no steps": ("steps: []", []),
}


@pytest.mark.parametrize("case", LEAVES)
def test_leaves(case: str) -> None:
    text, leaves = LEAVES[case]
    assert [*clean(text).main.leaves] == leaves


def captured(program: Program, name: str) -> list[str]:
    return [it.name for it in workflow(program, name).steps if it.captured]


CALLS = {
    # how `main` calls `one`: what is captured of one, two and three
    "no result": ("steps: [{name: a, run: one}]", [], [], []),
    "output": ("steps: [{name: a, run: one, output: X}]", ["c"], ["d"], ["e", "f"]),
    "field": (
        "steps: [{name: a, run: one}, {name: b, command: 'echo ${a.output}'}]",
        ["c"],
        ["d"],
        ["e", "f"],
    ),
    "record": (
        "steps: [{name: a, run: one}, {name: b, command: 'echo ${a.outputs}'}]",
        ["c"],
        ["d"],
        ["e", "f"],
    ),
    "exit code": (
        "steps: [{name: a, run: one}, {name: b, command: 'echo ${a.exitCode}'}]",
        [],
        [],
        [],
    ),
    "fan-out": (
        "steps: [{name: a, run: one, output: X, parallel: [1]}]",
        ["c"],
        ["d"],
        ["e", "f"],
    ),
    "chosen": (
        "params: [{W: two}]\n"
        "steps: [{name: a, run: '${W}', candidates: [three, two], output: X}]",
        [],
        ["d"],
        ["e", "f"],
    ),
    "handler": (
        "steps: []\nhandlerOn: {exit: {run: two}}",
        [],
        ["d"],
        ["e", "f"],
    ),
}


@pytest.mark.parametrize("case", CALLS)
def test_the_leaves_of_what_a_captured_call_runs_are_captured(case: str) -> None:
    main, *expected = CALLS[case]
    program, found = resolved(main + textwrap.dedent("""
        ---
        name: one
        steps: [{name: b, command: x}, {name: c, run: two}]
        ---
        name: two
        steps: [{name: c, command: x}, {name: d, parallel: [1], run: three}]
        ---
        name: three
        type: graph
        steps: [{name: e, command: x}, {name: f, command: x}]
        """))
    assert not found
    names = [it.name for it in program.workflows]
    assert [
        captured(program, name) if name in names else []
        for name in ("one", "two", "three")
    ] == expected


def test_a_long_ladder_of_calls() -> None:
    rungs = 5000
    text = "".join(
        f"name: w{i}\nsteps: [{{name: a, run: w{i + 1}}}]\n---\n" for i in range(rungs)
    )
    text = text.replace("run: w1}", "run: w1, output: X}")
    program = clean(f"{text}name: w{rungs}\nsteps: [{{name: a, command: x}}]")
    assert all(it.steps[0].captured for it in program.workflows)


# ---- secrets

SECRET = "secrets: [{name: S, provider: env}]\n"


def test_a_secret_is_a_name_everywhere() -> None:
    program = clean(f"""
{SECRET}
params: [{{P: "${{S}}"}}]
env: [{{E: "${{S}}"}}]
steps: [{{name: a, command: [echo, "${{S}}"]}}, {{name: b, command: 'echo $S'}}]
handlerOn: {{exit: {{command: [echo, "${{S}}"]}}}}
""")
    main = program.main
    (exit_handler,) = main.handlers
    assert origins(step(program, "a"), "${S}") == [("secret", "S", "")]
    assert origins(step(program, "b"), "$S") == [("secret", "S", "")]
    assert origins(exit_handler, "${S}") == [("secret", "S", "")]
    for template in (main.params[0].default, main.env[0].value):
        assert isinstance(template, Template)
        (reference,) = template.parts
        assert isinstance(reference, Reference)
        assert reference.origins == (Origin("secret", "S"),)
    for each in (*main.steps, *main.handlers):
        assert exports(each)["S"] == ["secret"]


def test_precedence_of_a_secret() -> None:
    program = clean("""
        secrets: [{name: S, provider: env}, {name: T, provider: env}]
        env: [{S: "<${S}>"}]
        params: [{T: param}]
        steps:
          - {name: a, command: 'echo $S $T', output: S}
          - {name: b, command: 'echo $S'}
          - {name: c, command: 'echo ${env.S}'}
        """)
    assert origins(step(program, "a"), "$S") == [("secret", "S", "")]
    assert origins(step(program, "a"), "$T") == [("param", "T", "")]
    assert origins(step(program, "b"), "$S") == [
        ("output", "S", "a"),
        ("secret", "S", ""),
    ]
    assert origins(step(program, "c"), "${env.S}") == [("env", "S", "")]
    assert exports(step(program, "a")) == {"T": ["param"], "S": ["secret"]}
    assert exports(step(program, "b")) == {"T": ["param"], "S": ["output", "secret"]}


def codes(text: str) -> list[tuple[str, str]]:
    checked = front_end(Source("test.yaml", textwrap.dedent(text)))
    return [(each.code, each.message) for each in checked.diagnostics]


def test_a_callee_does_not_see_the_secrets_of_its_caller() -> None:
    found = codes("""
        secrets: [{name: S, provider: env}]
        steps: [{name: a, run: child}]
        ---
        name: child
        steps: [{name: b, dir: "${S}", command: echo}]
        """)
    assert [code for code, _ in found] == ["WFC207"]


CLASHES = {
    "secret and env": (
        SECRET + "env: [{S: 1}]\nsteps: []",
        "`S` is a secret and a variable of `env`; the secret wins",
    ),
    "param and secret": (
        SECRET + "params: [{S: 1}]\nsteps: []",
        "`S` is a param and a secret; the param wins",
    ),
    "output and secret": (
        SECRET + "steps: [{name: a, command: x, output: S}]",
        "`S` is a step's output and a secret; the step's output wins",
    ),
    "item and param": (
        "params: [{ITEM: 1}]\nsteps: [{name: a, command: x, parallel: [1]}]",
        "`ITEM` is a fan-out's item and a param; the fan-out's item wins",
    ),
}


@pytest.mark.parametrize("case", CLASHES)
def test_names_that_clash(case: str) -> None:
    text, message = CLASHES[case]
    assert codes(text) == [("WFC206", message)]


def test_a_secret_that_is_defined_twice() -> None:
    found = codes("""
        secrets: [{name: S, provider: env}, {name: S, provider: file}]
        steps: []
        """)
    assert found == [("WFC213", "secret `S` is defined twice")]
