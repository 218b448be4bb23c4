"""The judgement of events finds what may not be."""

import pytest
from events import wrong_order

from compiler.ir import Program
from compiler.outcome import Outcome, StepOutcome
from compiler.pipeline import front_end
from compiler.source import Source

TEXT = """
name: top
type: graph
maxActiveSteps: 2
steps:
  - name: a
    command: echo a
  - name: call
    depends: a
    run: kid
  - name: each
    depends: a
    parallel: {items: [x, y, z], maxConcurrent: 2}
    command: echo
  - name: last
    depends: [call, each]
    command: echo last
---
name: kid
maxActiveSteps: 1
type: graph
steps:
  - name: b
    command: echo b
  - name: c
    command: echo c
"""
RAN = StepOutcome(status="succeeded", attempts=1, exit_code=0)
PATHS = [
    "a",
    "call",
    "call/b",
    "call/c",
    "each",
    *(f"each[{n}]" for n in range(3)),
    "last",
]
# `+` is a start, `-` an end.
GOOD = (
    "+a -a +call +call/b +each +each[0] -each[0] +each[1] -call/b +call/c -call/c -call "
    "-each[1] +each[2] -each[2] -each +last -last"
)


@pytest.fixture(scope="module")
def program() -> Program:
    found = front_end(Source("top.yaml", TEXT)).program
    assert found is not None
    return found


def judged(program: Program, events: str, **others: StepOutcome) -> list[str]:
    outcome = Outcome(
        workflow="top",
        status="succeeded",
        exit_code=0,
        steps={**dict.fromkeys(PATHS, RAN), **others},
        handlers={},
        outputs={},
        events=tuple(
            ("start" if word[0] == "+" else "end", word[1:]) for word in events.split()
        ),
    )
    return [*wrong_order(outcome, program)]


def test_nothing_is_wrong(program: Program) -> None:
    assert judged(program, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("+a -a +call", "+a +call -a", "call started before a ended"),
        ("-each +last", "+last -each", "last started before each ended"),
        (
            "-call -each[1] +each[2] -each[2] -each +last",
            "-call -each[1] +each[2] -each +last -each[2]",
            "last started before all of each had ended",
        ),
        (
            "-call/b +call/c",
            "+call/c -call/b",
            "call/: 2 steps at once, at most 1 may be",
        ),
        (
            "-each[0] +each[1]",
            "+each[1] -each[0]",
            "3 steps at once, at most 2 may be",
        ),
        (
            "+each[0] -each[0] +each[1] -call/b +call/c -call/c -call -each[1] +each[2]",
            "-call/b +call/c -call/c -call +each[0] +each[1] +each[2] -each[0] -each[1]",
            "each: 3 items at once, at most 2 may be",
        ),
        ("+call/c -call/c ", "", "call/c started 0 times"),
        ("-each[2]", "-each[2] -each[2]", "each[2] ended 2 times"),
    ],
)
def test_is_found(program: Program, old: str, new: str, said: str) -> None:
    assert old in GOOD
    found = judged(program, GOOD.replace(old, new))
    assert any(line.startswith(said) for line in found), found


def test_a_call_that_is_tried_again_has_its_steps_again(program: Program) -> None:
    events = GOOD.replace("+call/b", "+call/b -call/b +call/c -call/c +call/b")
    again = StepOutcome(status="succeeded", attempts=2, exit_code=0)
    assert judged(program, events, call=again) == []
    assert judged(program, events)
