"""The engine of the target airflow: what it gives Airflow, what it reads back, what it ends."""

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from backends.airflow import dag_test as engine
from backends.airflow.remains import Left, read
from backends.outcomes import outcome_of
from compiler.backend import CannotRun
from compiler.ir import Program
from compiler.outcome import Outcome, StepOutcome
from compiler.pipeline import front_end
from compiler.source import Source

SOURCE = """\
name: small
params: [A: x]
steps:
  - {name: a, command: 'echo "$A" >made', output: MADE}
  - {name: b, command: exit 3}
  - {name: c, command: echo}
"""
TEXT = """\
import os
import subprocess
import time

from airflow.sdk import DAG, BaseOperator, Param


class Step(BaseOperator):
    def execute(self, context):
        work, given = os.environ["WFC_WORK_DIR"], context["params"]["A"]
        if self.task_id == "a":
            with open(f"{work}/made", "w") as file:
                print(given, os.environ["CALLER"], os.environ["HOME"], file=file)
        if given == "long":
            command = "trap '' TERM; (trap '' TERM; sleep 600) & sleep 601"
            subprocess.run(["bash", "-c", command], start_new_session=True)
        if given == "endless":
            time.sleep(600)
        if given == "gone":
            os._exit(9)
        context["ti"].xcom_push("exit_code", 3 if self.task_id == "b" else 0)
        if self.task_id == "b":
            raise ValueError("exit 3")
        return "text"


with DAG("small", params={"A": Param("x", type="string", maxLength=9)}) as dag:
    Step(task_id="a") >> Step(task_id="b") >> Step(task_id="c")
"""


def program_of(text: str) -> Program:
    found = front_end(Source("small.yaml", text))
    assert found.program is not None, found.diagnostics
    return found.program


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "dags" / "small.py"
    path.parent.mkdir()
    path.write_text(TEXT)
    (tmp_path / "work").mkdir()
    return path


def run(file: Path, *words: str, seconds: float = 60, **environment: str) -> Outcome:
    surroundings = {"PATH": os.environ["PATH"], "HOME": "/somewhere", "CALLER": "me"}
    return engine.run(
        file,
        program=program_of(SOURCE),
        words=words,
        work_dir=file.parent.parent / "work",
        environment={**surroundings, **environment},
        seconds=seconds,
    )


@pytest.mark.usefixtures("airflow")
def test_steps(file: Path) -> None:
    outcome = run(file, "A=two  'x'", WFC_HOME=str(file.parent / "home"))
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert outcome.steps == {
        "a": StepOutcome(status="succeeded", attempts=1, exit_code=0, output="text"),
        "b": StepOutcome(status="failed", attempts=1, exit_code=3),
        "c": StepOutcome(status="aborted"),
    }
    assert outcome.outputs == {"MADE": "text"}
    order = [("start", "a"), ("end", "a"), ("start", "b"), ("end", "b")]
    assert [*outcome.events] == order
    made = file.parent.parent / "work" / "made"
    assert made.read_text() == "two  'x' me /somewhere\n"
    assert [*(file.parent / "home" / "runs" / "small").glob("*/log")]


@pytest.mark.usefixtures("airflow")
@pytest.mark.parametrize("what", ["long", "endless"])
def test_a_run_that_takes_too_long_is_ended_with_all_that_is_its(
    file: Path, what: str
) -> None:
    run(file)  # so that Airflow is there
    begin = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        run(file, f"A={what}", seconds=5, MARK=str(file))
    assert time.monotonic() - begin < 60
    mark = f"MARK={file}".encode()
    for each in Path("/proc").glob("[0-9]*/environ"):
        try:
            assert mark not in each.read_bytes()
        except OSError:
            continue
    assert run(file).status == "failed"  # as ever


@pytest.mark.usefixtures("airflow")
@pytest.mark.parametrize(
    ("words", "text", "reason"),
    [
        (["A=more than nine"], TEXT, "ParamValidationError"),
        (["A=gone"], TEXT, "ended with 9"),
        ([], TEXT.replace("BaseOperator,", "BaseOperators,"), "BaseOperators"),
        ([], "", "no DAG"),
    ],
)
def test_what_cannot_run(file: Path, words: list[str], text: str, reason: str) -> None:
    file.write_text(text)
    with pytest.raises(CannotRun, match=reason):
        run(file, *words)


def test_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WFC_ENGINES", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apache-airflow" in engine.missing({"PATH": "/bin"})


# ---- outcomes

GRAPH = """\
name: graph
type: graph
secrets: [{name: K, provider: env, key: K}]
steps:
  - {name: a, command: echo, output: A}
  - {name: b, command: echo, depends: a}
  - {name: c, run: '${A}', depends: a, output: C}
  - {name: d, command: 'echo "${ITEM}"', parallel: [x, y, z], depends: a, output: D}
  - {name: e, command: 'echo "${A:-none}"', depends: a}
handlerOn: {success: {command: echo}, exit: {command: echo}}
---
name: kid
steps:
  - {name: k, command: echo}
---
name: other
steps:
  - {name: o, command: echo}
"""
Row = tuple[str, int, Mapping[str, Any]]  # state, tries, XComs


def outcome(rows: Mapping[str, Row], state: str = "success") -> Outcome:
    """That of a run whose tasks came to this; `item[1]` is the second of a mapped one."""
    left = Left(state=state, tasks=[], tries=[], xcoms=[])
    for second, (name, (found, tries, xcoms)) in enumerate(rows.items(), 10):
        task, _, number = name.removesuffix("]").partition("[")
        key = {"task_id": task, "map_index": int(number or -1)}
        time = {
            "start_date": f"2026-01-01 00:00:{second}.5" if tries else None,
            "end_date": f"2026-01-01 00:00:{second}.750000",
        }
        left["tasks"].append({**key, "state": found, "try_number": tries, **time})
        for name, value in xcoms.items():
            left["xcoms"].append({**key, "key": name, "value": json.dumps(value)})
    program = program_of(GRAPH)
    return outcome_of(program, read(left, program))


RAN = {"return_value": "out", "exit_code": 0}


def test_what_waits_for_a_skipped_step_is_skipped() -> None:
    rows: dict[str, Row] = {
        "a": ("skipped", 1, {"status": "skipped", "attempts": 0}),
        **{name: ("skipped", 0, {}) for name in ("b", "c", "d.items", "d.result")},
        "e": ("success", 2, {**RAN, "exit_code": 0}),
        "status": ("success", 1, {"return_value": "succeeded"}),
        "handler-success": ("success", 1, RAN),
        "handler-exit": ("failed", 1, {"exit_code": 4, "return_value": "no"}),
    }
    found = outcome(rows, "failed")
    statuses = {path: step.status for path, step in found.steps.items()}
    expected = dict.fromkeys(["a", "b", "c", "d"], "skipped")
    assert statuses == {**expected, "e": "succeeded"}
    assert found.steps["e"].attempts == 2
    assert found.steps["a"].attempts == 0
    assert {name: it.status for name, it in found.handlers.items()} == {
        "success": "succeeded",
        "exit": "failed",
    }
    assert found.status == "failed"


def test_items_and_what_is_within_a_task() -> None:
    ok = {"status": "succeeded", "attempts": 1, "exit_code": 0}
    below = {
        "c/": {"status": "begun"},
        "c/o": {**ok, "start": 1.0, "end": 2.0},
    }
    legs = ['["x","z"]', '["y"]']
    bad = {"status": "failed", "attempts": 1, "exit_code": 5}
    record = '{"summary":{}}'
    rows: dict[str, Row] = {
        "a": ("success", 1, {"return_value": "\x1asecret:K\x1a", "exit_code": 0}),
        "b": ("success", 1, {"exit_code": 7, "status": "continued"}),
        "c": (
            "success",
            1,
            {"below": below, "chosen": "other", "result": "r", "return_value": "{}"},
        ),
        "d.items": ("success", 1, {"return_value": legs}),
        "d.item[0]": (
            "failed",
            1,
            {"return_value": json.dumps({"leg": 0, "records": [ok, bad]})},
        ),
        "d.item[1]": (
            "success",
            1,
            {"return_value": json.dumps({"leg": 1, "records": [ok]})},
        ),
        "d.result": ("failed", 1, {"exit_code": 1, "return_value": record}),
        "e": ("success", 1, RAN),
        "status": ("success", 1, {"return_value": "failed"}),
        "handler-success": ("skipped", 1, {}),
    }
    found = outcome(rows, "failed")
    assert {path: step.status for path, step in found.steps.items()} == {
        "a": "succeeded",
        "b": "failed",
        "c": "succeeded",
        "c/o": "succeeded",
        "d": "failed",
        "d[0]": "succeeded",
        "d[1]": "succeeded",
        "d[2]": "failed",
        "e": "succeeded",
    }
    assert (found.status, found.handlers) == ("failed", {})
    assert found.outputs == {"A": "***", "C": "{}", "D": record}
    assert found.steps["c"].output == "r"
    assert found.steps["d[2]"].exit_code == 5


def test_nothing_starts_where_the_precondition_is_not_met() -> None:
    found = outcome({"begin": ("skipped", 1, {"status": "not_started"})})
    assert {step.status for step in found.steps.values()} == {"not_started"}
    assert (found.status, found.exit_code) == ("aborted", 0)
