"""Each rewrite: what it does, that a second time changes nothing, that it is sound."""

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.evaluate import Failure, evaluate
from compiler.ir import (
    Body,
    Call,
    Command,
    Constant,
    Map,
    Match,
    Origin,
    Program,
    Reference,
    ShellText,
    Template,
)
from compiler.optimize import REWRITES, optimize
from compiler.optimize.constants import drop_met_conditions, fold_constants
from compiler.optimize.graph import prune_edges
from compiler.parameters import with_values
from compiler.pipeline import front_end
from compiler.source import Source


def program(text: str) -> Program:
    checked = front_end(Source("test.yaml", textwrap.dedent(text)))
    assert checked.program is not None, checked.diagnostics
    return checked.program


def edges(program: Program) -> dict[str, list[str]]:
    return {it.name: [edge.step for edge in it.edges] for it in program.main.steps}


def test_an_edge_that_a_path_implies_is_pruned() -> None:
    before = program("""
        type: graph
        steps:
          - {name: a, command: echo}
          - {name: b, command: echo, depends: a}
          - {name: c, command: echo, depends: [a, b]}
        """)
    assert edges(prune_edges(before)) == {"a": [], "b": ["a"], "c": ["b"]}


@pytest.mark.parametrize(
    "text",
    [
        # b runs although a was skipped: the edge a -> c still decides
        """
        type: graph
        steps:
          - {name: a, command: echo, output: X}
          - {name: b, command: 'echo ${X:-none}', depends: a}
          - {name: c, command: echo, depends: [a, b]}
        """,
        # c tolerates the skip of b, not that of a
        """
        type: graph
        steps:
          - {name: a, command: echo}
          - {name: b, command: echo, depends: a, output: X}
          - {name: c, command: 'echo ${X:-none}', depends: [a, b]}
        """,
    ],
)
def test_an_edge_that_still_decides_stays(text: str) -> None:
    before = program(text)
    assert edges(prune_edges(before)) == edges(before)


def would_run(program: Program, failed: set[str], skipped: set[str]) -> dict[str, str]:
    """How each step ends when those in `failed` fail and those in `skipped` skip."""
    endings: dict[str, str] = {}
    for step in program.main.steps:  # files of these tests are in order
        refused = {
            endings[edge.step]
            for edge in step.edges
            if endings[edge.step] not in edge.accepts
        }
        if refused & {"failed", "aborted"}:
            endings[step.name] = "aborted"
        elif refused or step.name in skipped:
            endings[step.name] = "skipped"
        else:
            endings[step.name] = "failed" if step.name in failed else "succeeded"
    return endings


@st.composite
def graphs(draw: st.DrawFn) -> str:
    """A graph of up to seven steps, some of which tolerate the skip of a dependency."""
    lines = ["type: graph", "steps:"]
    for place in range(draw(st.integers(2, 7))):
        before = draw(st.sets(st.integers(0, place - 1))) if place else set()
        tolerant = draw(st.sets(st.sampled_from(sorted(before)))) if before else set()
        reads = " ".join(f"${{X{it}:-d}}" for it in sorted(tolerant))
        depends = [f"s{it}" for it in sorted(before)]
        lines.append(
            f"  - {{name: s{place}, command: 'echo {reads}', output: X{place}, "
            f"depends: {depends}}}"
        )
    return "\n".join(lines)


@settings(deadline=None, max_examples=150)
@given(graphs())
def test_pruning_makes_no_leaf(text: str) -> None:
    after = prune_edges(program(text)).main
    awaited = {edge.step for step in after.steps for edge in step.edges}
    assert [*after.leaves] == [it.name for it in after.steps if it.name not in awaited]


@settings(deadline=None, max_examples=150)
@given(graphs(), st.sets(st.integers(0, 6)), st.sets(st.integers(0, 6)))
def test_pruning_changes_no_ending(
    text: str, failed: set[int], skipped: set[int]
) -> None:
    before = program(text)
    after = prune_edges(before)
    bad, out = {f"s{it}" for it in failed}, {f"s{it}" for it in skipped}
    assert would_run(before, bad, out) == would_run(after, bad, out)
    assert prune_edges(after) == after


def test_constants_are_folded() -> None:
    folded = fold_constants(program("""
        env: [{N: "$<len('abc') + 1>"}]
        steps:
          - {name: a, command: ['echo', '$<upper("x")>-${N}'], dir: "$<'a' + 'b'>"}
          - {name: b, command: 'echo $<1 + 2> ${a.exitCode}'}
        """))
    assert folded.main.env[0].value.parts == ("4",)
    assert folded.main.order[0].value.parts == ("4",)  # type: ignore[union-attr]
    directory = folded.main.steps[0].directory
    assert directory is not None
    assert directory.parts == ("ab",)
    body = folded.main.steps[1].body
    assert isinstance(body, Command)
    first = body.text.references[0].expression
    assert isinstance(first, Constant)
    assert first.value == 3


def test_what_fails_is_left_to_the_run() -> None:
    before = program("""
        steps: [{name: a, command: ['echo', '$<fromJSON("{")>']}]
        """)
    assert fold_constants(before) == before


def test_bound_params_are_folded() -> None:
    before = program("""
        params: [{ENV: dev}]
        steps:
          - name: a
            command: echo
            preconditions: [{condition: "${ENV}", expected: prod}]
        """)
    bound = with_values(before, {"ENV": "prod"}, bound=True)
    assert fold_constants(bound).main.steps[0].conditions[0].value.parts == (  # type: ignore[union-attr]
        "prod",
    )
    assert optimize(bound).main.steps[0].conditions == ()
    assert optimize(before).main.steps[0].conditions != ()


def test_bound_params_are_folded_as_what_they_are() -> None:
    before = program("""
        params: [{name: N, type: integer}, {name: L, type: array, default: [1]}]
        steps:
          - name: a
            env: [{NEXT: "$<N + 1>"}, {N2: "${N}"}]
            command: echo
          - {name: b, parallel: "${L}", command: echo}
        """)
    bound = fold_constants(with_values(before, {"N": "2.0", "L": "[1, 2]"}, bound=True))
    assert [it.value.parts for it in bound.main.steps[0].env] == [("3",), ("2",)]
    items = bound.main.steps[1].body
    assert isinstance(items, Map)
    assert isinstance(items.items, Template)
    (listed,) = items.items.parts
    assert isinstance(listed, Constant)
    assert listed.value == [1, 2]


def test_conditions_that_always_hold_are_dropped_and_others_not() -> None:
    kept = drop_met_conditions(program("""
        steps:
          - {name: a, command: x, preconditions: [{condition: b, expected: b}]}
          - {name: b, command: x, preconditions: [{condition: b, expected: c}]}
          - {name: c, command: x, preconditions: [{condition: bb, expected: 're:^b+$'}]}
          - {name: d, command: x, preconditions: [{condition: b, expected: b, negate: true}]}
          - {name: e, command: x, preconditions: ["true"]}
        """))
    assert [len(it.conditions) for it in kept.main.steps] == [0, 1, 0, 1, 1]


CALLING = """
params: [{N: 2}, {LIST: "[1, 2]"}, {WHICH: child}, {ENV: dev}]
steps:
  - name: call
    run: child
    params: {P: "${ENV}-$<1 + 1>"}
  - name: chosen
    run: "${WHICH}"
    params: "${ENV}"
  - name: items
    parallel: {items: "${LIST}", maxConcurrent: "${N}"}
    run: "${WHICH}"
    params: "P=${ENV}"
    preconditions:
      - {condition: "${ENV:-${ITEM}}", expected: prod}
      - {condition: "${ITEM}", expected: prod}
  - name: listed
    parallel: ["$<upper('a')>", {k: "$<1 + 1>"}]
    command: echo $<1 + 1>
---
name: child
params: [{P: 1}]
env: [{E: "$<1 + 1>"}]
steps:
  - {name: a, command: 'echo $P'}
"""
BOUND = {"N": "3", "LIST": "[1, 2]", "WHICH": "child", "ENV": "prod"}


def calling(*, bound: bool) -> Program:
    return with_values(program(CALLING), BOUND, bound=bound)


def body(program: Program, name: str) -> Body:
    return next(each.body for each in program.main.steps if each.name == name)


def test_arguments_are_folded() -> None:
    call = body(fold_constants(calling(bound=True)), "call")
    assert isinstance(call, Call)
    assert call.arguments is not None
    assert [it.value.parts for it in call.arguments] == [("prod-2",)]


def test_items_and_width_are_folded() -> None:
    folded = fold_constants(calling(bound=True))
    items, listed = body(folded, "items"), body(folded, "listed")
    assert isinstance(items, Map)
    assert isinstance(items.items, Template)
    assert (items.items.parts, items.width) == (("[1, 2]",), 3)
    assert isinstance(listed, Map)
    assert isinstance(listed.items, tuple)
    assert [it.value.parts for it in listed.items] == [("A",), ('{"k":2}',)]
    assert isinstance(listed.body, Command)
    (reference,) = listed.body.text.references
    assert isinstance(reference.expression, Constant)


def test_all_workflows_are_folded() -> None:
    folded = fold_constants(calling(bound=False))
    assert folded.workflows[1].env[0].value.parts == ("2",)


@pytest.mark.parametrize("name", ["chosen", "items"])
def test_a_call_that_chooses_stays_one(name: str) -> None:
    """An outcome has no steps of a call that never chose, but those of a fixed one."""
    before, after = (
        body(it, name) for it in (calling(bound=True), optimize(calling(bound=True)))
    )
    before, after = (it.body if isinstance(it, Map) else it for it in (before, after))
    assert isinstance(before, Call)
    assert isinstance(after, Call)
    assert after.dynamic
    assert (after.name, after.callees) == (before.name, before.callees)
    assert after.arguments != before.arguments


@pytest.mark.parametrize("width", ["0", "-1", "2.5", " 3", "many", "", "1e3"])
def test_what_is_no_width_is_left_to_the_run(width: str) -> None:
    before = with_values(program(CALLING), {"N": width}, bound=True)
    items = body(fold_constants(before), "items")
    assert isinstance(items, Map)
    assert isinstance(items.width, Template)


class Nothing:
    """An environment without any value."""

    lenient = False

    def value(self, origin: Origin) -> str | None:
        return None

    def substitute(self, command: ShellText) -> str:
        raise Failure("none")


@pytest.mark.parametrize(
    "items",
    [
        "$<['a', 1, true, null, [2], 'b c']>",
        "$<split('a b,c', ',')>",
        "$<fromJSON('[1.0, 1e3, {\"k\": 1}]')>",
        "$<fromJSON('{\"a b\": 1}')>",
        "$<[]>",
        "$<null>",
        "$<1 + 1>",
        "$<'[1, 2]'>",
        "a $<'b'> c",
        "$<'a'>$<[1]>",
    ],
)
def test_folded_items_are_the_same(items: str) -> None:
    quoted = items.replace("'", "''")
    before = program(f"steps: [{{name: a, parallel: '{quoted}', command: echo}}]")
    once = fold_constants(before)
    values = []
    for made in (before, once, fold_constants(once)):
        each = body(made, "a")
        assert isinstance(each, Map)
        assert isinstance(each.items, Template)
        values.append(evaluate(each.items, Nothing()))
    assert values[0] == values[1] == values[2]
    assert [type(it) for it in values] == [type(values[0])] * 3


def test_conditions_of_items_that_always_hold_are_dropped() -> None:
    items = body(optimize(calling(bound=True)), "items")
    assert isinstance(items, Map)
    (left,) = items.conditions
    assert isinstance(left, Match)
    assert isinstance(left.value.parts[0], Reference)
    items = body(optimize(calling(bound=False)), "items")
    assert isinstance(items, Map)
    assert len(items.conditions) == 2


@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda it: it.__name__)
def test_a_second_time_changes_nothing(rewrite) -> None:  # type: ignore[no-untyped-def]
    before = program("""
        params: [{A: "$<1 + 1>"}]
        type: graph
        steps:
          - {name: a, command: 'echo $<len("x")>', output: X}
          - {name: b, command: 'echo ${X.y:-$<1>}', depends: a}
          - name: c
            command: echo
            depends: [a, b]
            preconditions: [{condition: "$<1 == 1>", expected: "true"}]
        """)
    for each in (before, calling(bound=True), calling(bound=False)):
        once = rewrite(each)
        assert rewrite(once) == once


def test_all_rewrites_a_second_time_change_nothing() -> None:
    for each in (calling(bound=True), calling(bound=False)):
        once = optimize(each)
        assert optimize(once) == once
        assert [it.leaves for it in once.workflows] == [
            it.leaves for it in each.workflows
        ]


def test_numbers_by_value_are_numbers_where_they_are_bound() -> None:
    before = program("""
        params: [N: 3, M: x, Z: 0]
        steps:
          - name: a
            command: echo
            retryPolicy: {limit: "${N}", intervalSec: "${M}"}
            repeatPolicy: {repeat: true, limit: "${Z}", intervalSec: "${N}"}
        """)
    bound = with_values(before, {"N": "3", "M": "x", "Z": "0"}, bound=True)
    (step,) = fold_constants(bound).main.steps
    assert step.retry is not None
    assert step.retry.limit == 3
    assert isinstance(step.retry.interval, Template)  # no number: the step says so
    assert step.repeat is not None
    assert (step.repeat.limit, step.repeat.interval) == (None, 3)


def test_a_repetition_keeps_a_condition_that_always_holds() -> None:
    before = program("""
        preconditions: [{condition: a, expected: a}, {condition: a, expected: b}]
        steps:
          - name: a
            command: echo
            repeatPolicy: {condition: a, expected: a, limit: 2}
        """)
    after = drop_met_conditions(before)
    assert [it.span.line for it in after.main.conditions] == [2]
    assert len(after.main.conditions) == 1
    assert after.main.steps == before.main.steps
