"""Two outcomes: what makes them equal, and what differs is found where it is."""

import hashlib
from dataclasses import replace

import pytest

from compiler.comparison import Difference, compare
from compiler.ir import Program
from compiler.outcome import Outcome, StepOutcome
from compiler.pipeline import front_end
from compiler.source import Source

TEXT = """
name: flow
type: graph
steps:
  - {name: a, command: echo a, output: A}
  - {name: b, command: echo b}
  - {name: c, command: echo c, depends: [a, b]}
handlerOn:
  exit: {command: echo out}
"""
LONG = "x" * 70_000
DIGEST = f"sha256:{hashlib.sha256(LONG.encode()).hexdigest()}"
RAN = StepOutcome(status="succeeded", attempts=1, exit_code=0)
ENDS = [("start", "c"), ("end", "c")]
ONE = Outcome(
    workflow="flow",
    status="succeeded",
    exit_code=0,
    steps={"a": replace(RAN, output=LONG), "b": RAN, "c": RAN},
    handlers={"exit": replace(RAN, output="out")},
    outputs={"A": LONG},
    events=(
        *[("start", "a"), ("end", "a"), ("start", "b"), ("end", "b")],
        *ENDS,
    ),
)


@pytest.fixture(scope="module")
def program() -> Program:
    found = front_end(Source("flow.yaml", TEXT)).program
    assert found is not None
    return found


@pytest.mark.parametrize(
    "other",
    [
        ONE,
        # Nothing decides which of the two is first.
        replace(
            ONE,
            events=(
                *[("start", "b"), ("start", "a"), ("end", "b"), ("end", "a")],
                *ENDS,
            ),
        ),
        replace(
            ONE,
            steps={**ONE.steps, "a": replace(RAN, output=DIGEST)},
            outputs={"A": DIGEST},
        ),
        replace(ONE, steps=dict(reversed(ONE.steps.items()))),
    ],
    ids=["same", "another-order", "digest", "steps-in-another-order"],
)
def test_equal(program: Program, other: Outcome) -> None:
    assert compare(ONE, other, program) == []
    assert compare(other, ONE, program) == []


@pytest.mark.parametrize(
    ("other", "kind", "name", "field", "values"),
    [
        (replace(ONE, workflow="wolf"), "run", "", "workflow", ("flow", "wolf")),
        (replace(ONE, status="failed"), "run", "", "status", ("succeeded", "failed")),
        (replace(ONE, exit_code=1), "run", "", "exit_code", (0, 1)),
        (
            replace(ONE, steps={**ONE.steps, "b": replace(RAN, attempts=2)}),
            *("step", "b", "attempts", (1, 2)),
        ),
        (
            replace(ONE, steps={**ONE.steps, "b": replace(RAN, output="")}),
            *("step", "b", "output", (None, "")),
        ),
        (
            replace(ONE, steps={**ONE.steps, "d": replace(RAN, attempts=0)}),
            *("step", "d", "", (None, "succeeded")),
        ),
        (
            replace(ONE, handlers={}),
            *("handler", "exit", "", ("succeeded", None)),
        ),
        (replace(ONE, outputs={}), "output", "A", "value", (LONG, None)),
        (
            replace(ONE, outputs={"A": DIGEST.replace("a", "b")}),
            *("output", "A", "value", (LONG, DIGEST.replace("a", "b"))),
        ),
        (
            replace(ONE, events=(*ENDS, *ONE.events[:4])),
            *("step", "c", "order", (None, "c started before a ended")),
        ),
    ],
)
def test_different(
    program: Program,
    other: Outcome,
    kind: str,
    name: str,
    field: str,
    values: tuple[str | int | None, str | int | None],
) -> None:
    found = compare(ONE, other, program)
    assert (kind, name, field, values) in [
        (it.kind, it.name, it.field, it.values) for it in found
    ]
    assert {(it.kind, it.name) for it in found} == {(kind, name)}
    assert [replace(it, values=it.values[::-1]) for it in found] == compare(
        other, ONE, program
    )


def test_both_can_be_out_of_order(program: Program) -> None:
    wrong = replace(ONE, events=ONE.events[:4])  # c ran, and nothing tells of it
    found = compare(wrong, wrong, program)
    assert [it.values for it in found] == [
        ("c started 0 times, not 1", None),
        ("c ended 0 times, not 1", None),
        (None, "c started 0 times, not 1"),
        (None, "c ended 0 times, not 1"),
    ]
    assert isinstance(found[0], Difference)
