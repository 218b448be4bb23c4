"""backends.github.nodes, jobs, conditions: programs as jobs, and when these run."""

import pytest

from backends.github.conditions import Decided, asking, decide
from backends.github.jobs import Grain, Job, group
from backends.github.nodes import flatten
from compiler.pipeline import front_end
from compiler.source import Source


def planned(text: str, grain: Grain = "chain") -> tuple[list[Job], Decided]:
    program = front_end(Source("test.yaml", text)).program
    assert program is not None
    alone = grain == "workflow"
    nodes = flatten(program, alone)
    asks = asking(nodes, alone)
    jobs = group(nodes, asks, grain, program.main.name)
    return jobs, decide(jobs, asks)


def named(jobs: list[Job]) -> dict[str, list[str]]:
    return {job.id: [node.name for node in job.nodes] for job in jobs}


CHAIN = """
name: flow
steps:
  - {name: a, command: echo, output: A}
  - {name: b, command: echo}
"""
DIAMOND = """
name: flow
type: graph
steps:
  - {name: a, command: echo}
  - {name: b, command: echo, depends: a}
  - {name: c, command: echo, depends: a, continueOn: {failure: true}}
  - {name: d, command: echo, depends: [b, c]}
"""
SKIPS = """
name: flow
type: graph
steps:
  - {name: a, command: echo}
  - {name: x, command: echo, depends: a}
  - name: b
    command: echo
    depends: a
    preconditions: [{condition: "1", expected: "2"}]
    continueOn: {skipped: true}
  - {name: c, command: echo, depends: b}
"""
CALL = """
name: flow
steps:
  - {name: call, run: kid}
  - {name: after, command: echo}
---
name: kid
type: graph
steps:
  - {name: a, command: echo}
  - {name: b, command: echo}
"""
FAN_OUT = """
name: flow
steps:
  - {name: each, parallel: [1, 2], command: echo}
  - {name: after, command: echo}
"""


@pytest.mark.parametrize(
    ("text", "grain", "expected"),
    [
        (CHAIN, "chain", {"flow": ["a", "b", "verdict", "summary"]}),
        (
            CHAIN,
            "step",
            {"a": ["a"], "b": ["b"], "end": ["verdict", "summary"]},
        ),
        (DIAMOND, "workflow", {"flow": ["a", "b", "c", "d", "verdict", "summary"]}),
        (
            DIAMOND,
            "chain",
            {
                "a": ["a"],
                "b": ["b"],
                "c": ["c"],
                "d": ["d"],
                "end": ["verdict", "summary"],
            },
        ),
        (
            CALL,
            "chain",
            {
                "call-begin": ["begin call/"],
                "call-a": ["call/a"],
                "call-b": ["call/b"],
                "after": ["call end", "after"],
                "end": ["verdict", "summary"],
            },
        ),
        (
            FAN_OUT,
            "chain",
            {
                "each-items": ["items each"],
                "each": ["each.*"],
                "after": ["each end", "after"],
                "end": ["verdict", "summary"],
            },
        ),
    ],
    ids=["chain", "steps", "workflow", "diamond", "call", "fan-out"],
)
def test_jobs(text: str, grain: Grain, expected: dict[str, list[str]]) -> None:
    jobs, _ = planned(text, grain)
    assert named(jobs) == expected


def test_needs_are_what_it_waits_for() -> None:
    jobs, _ = planned(DIAMOND)
    needs = {job.id: [it.id for it in job.needs] for job in jobs}
    assert needs == {
        "a": [],
        "b": ["a"],
        "c": ["a"],
        "d": ["b", "c"],
        "end": ["a", "b", "c", "d"],
    }
    assert [it.id for it in jobs[3].before] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "job", "condition"),
    [
        (
            DIAMOND,
            "d",
            "${{ !cancelled() && !failure() && needs.b.outputs.status == 'succeeded' && "
            'contains(fromJSON(\'["succeeded","continued"]\'), needs.c.outputs.status) }}',
        ),
        (
            FAN_OUT,
            "each",
            "${{ !cancelled() && !failure() && "
            "needs.each-items.outputs.status == 'succeeded' && "
            "needs.each-items.outputs.slices != '[]' }}",
        ),
        (
            FAN_OUT,
            "after",
            "${{ !cancelled() && needs.each-items.outputs.status == 'succeeded' }}",
        ),
        (
            CALL,
            "after",
            "${{ !cancelled() && needs.call-begin.outputs.begun == 'true' }}",
        ),
        (
            SKIPS,
            "c",
            "${{ !cancelled() && !failure() && needs.b.result != 'cancelled' }}",
        ),
        (SKIPS, "end", "${{ always() }}"),
    ],
    ids=["continued", "no-items", "gathered", "a-call-ends", "skip", "end"],
)
def test_condition_of_a_job(text: str, job: str, condition: str) -> None:
    _, decided = planned(text)
    assert decided.jobs[job] == condition


def test_a_step_that_tolerates_a_skip_decides_by_records_in_one_job() -> None:
    program = front_end(Source("test.yaml", SKIPS)).program
    assert program is not None
    assert asking(flatten(program, True), True) == {"a", "b", "c"}
    assert asking(flatten(program), False) == set()


def test_names_that_differ_in_case_alone_are_two_jobs() -> None:
    jobs, _ = planned("""
name: flow
type: graph
steps:
  - {name: a b, command: echo}
  - {name: A, command: echo}
  - {name: a, command: echo}
""")
    ids = [job.id for job in jobs]
    assert len({it.lower() for it in ids}) == len(ids) == 4
