"""backends.github.triggers, inputs: what starts runs, and with which values."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from backends.github import BACKEND
from compiler.backend import unsupported
from compiler.ir import Program
from compiler.pipeline import back_end, front_end
from compiler.source import Source

STEPS = "steps: [{name: a, command: echo}]\n"
MANY = str({f"P{number}": "x" for number in range(26)})


def program_of(text: str) -> Program:
    program = front_end(Source("test.yaml", f"name: flow\n{text}{STEPS}")).program
    assert program is not None
    return program


def emitted(text: str) -> Mapping[str, Any]:
    source = Source("test.yaml", f"name: flow\n{text}{STEPS}")
    (file,), _ = back_end(program_of(text), {"test.yaml": source}, BACKEND)
    document: Mapping[Any, Any] = yaml.safe_load(file.text)
    return {"on" if key is True else key: it for key, it in document.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("params: [{A: x}]\n", {"A": {"default": "x", "type": "string"}}),
        ("params: [{A: ''}]\n", {"A": {"default": "", "type": "string"}}),
        ("params: a\n", {"arg_1": {"default": "a", "type": "string"}}),
        ("params: [{A: x}, {B: '${A}!'}]\n", {"B": {"type": "string"}}),
        ("params: [{A: '$${{ x }}'}]\n", {"A": {"type": "string"}}),
    ],
    ids=["text", "empty", "positional", "computed", "expression"],
)
def test_inputs(text: str, expected: Mapping[str, Mapping[str, Any]]) -> None:
    inputs = emitted(text)["on"]["workflow_dispatch"]["inputs"]
    for name, form in expected.items():
        assert {**inputs[name], "description": ""} == {**form, "description": ""}


def test_schedule_has_its_zone() -> None:
    on = emitted('schedule: ["CRON_TZ=Europe/Berlin 30 2 * * *", "0 3 * * *"]\n')["on"]
    assert on["schedule"] == [
        {"cron": "30 2 * * *", "timezone": "Europe/Berlin"},
        {"cron": "0 3 * * *"},
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("maxActiveRuns: 1\n", {"group": "flow", "queue": "max"}),
        ("queue: q\n", {"group": "queue-q", "queue": "max"}),
        ("", {"group": "flow-${{ github.run_id }}"}),
        ("maxActiveRuns: 3\n", {"group": "flow-${{ github.run_id }}"}),
    ],
    ids=["one", "queue", "none", "several"],
)
def test_concurrency(text: str, expected: Mapping[str, str]) -> None:
    assert emitted(text)["concurrency"] == {**expected, "cancel-in-progress": False}


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ('schedule: "TZ=UTC */2 * * * *"\n', "WFC401", 2),
        ('schedule: "0 1 * * *"\n', "WFC402", 2),
        ("delaySec: 3\n", "WFC402", 2),
        ("maxActiveRuns: 2\n", "WFC402", 2),
        ("maxActiveSteps: 2\n", "WFC402", 2),
        (f"params: {MANY}\n", "WFC401", 2),
    ],
    ids=["often", "no-zone", "delay", "runs", "steps", "26-params"],
)
def test_what_is_lost_or_refused_is_said_at_its_line(
    text: str, code: str, line: int
) -> None:
    found = [*unsupported(program_of(text), BACKEND)]
    assert [(it.code, it.span.line) for it in found] == [(code, line)]


def test_a_limit_of_one_step_makes_one_job() -> None:
    text = "type: graph\nmaxActiveSteps: 1\n"
    assert [*emitted(text)["jobs"]] == ["flow"]
    assert [*unsupported(program_of(text), BACKEND)] == []
