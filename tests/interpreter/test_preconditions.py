"""Preconditions of a workflow: nothing of it runs, and a call of it is skipped."""

import io
import os
from pathlib import Path

import pytest
from resolved import execute, from_yaml

from compiler.interpreter import Lines, Report, report_json, resume, summary
from compiler.interpreter.history import PastRun
from compiler.outcome import StepOutcome, to_json

NEVER = StepOutcome(status="not_started")
HANDLERS = """
handlerOn:
  init: {command: echo init >> handlers}
  success: {command: echo success >> handlers}
  failure: {command: echo failure >> handlers}
  cancel: {command: 'echo "cancel $DAG_RUN_STATUS" >> handlers'}
  exit: {command: 'echo "exit $DAG_RUN_STATUS ${a.status}" >> handlers'}
"""


def flow(conditions: str, more: str = "") -> str:
    return f"""
name: flow
params: one P=p
env: [E: e]
preconditions: {conditions}
{more}
steps:
  - {{name: a, command: echo ran > ran, output: A}}
{HANDLERS}
"""


def handlers(folder: Path) -> list[str]:
    path = folder / "work" / "handlers"
    return path.read_text().splitlines() if path.exists() else []


def statuses(report: Report) -> dict[str, str]:
    return {path: step.status for path, step in report.outcome.steps.items()}


@pytest.mark.parametrize(
    "conditions",
    [
        "'true'",
        "test $P = p",
        '{condition: "${P}", expected: p}',
        '[\'test -n "$E"\', {condition: "`echo 1`", expected: "1"}]',
        '{condition: "${P}", expected: x, negate: true}',
        "test $1 = one -a $0 = flow",
        'test "$PWD" = "$(pwd)" -a "$DAG_NAME" = flow',
    ],
)
def test_met(tmp_path: Path, conditions: str) -> None:
    report = execute(from_yaml(flow(conditions)), tmp_path)
    assert report.outcome.status == "succeeded"
    assert handlers(tmp_path) == ["init", "success", "exit succeeded succeeded"]


@pytest.mark.parametrize(
    "conditions",
    [
        "'false'",
        "exit 7",
        '{condition: "${P}", expected: q}',
        "['true', 'false', touch second]",
        '{condition: "`exit 3`", expected: "re:"}',
        '{condition: "`exit 3`", expected: "re:", negate: true}',
        '{command: "true", negate: true}',
        "kill -9 $$",
    ],
)
def test_unmet(tmp_path: Path, conditions: str) -> None:
    stream = io.StringIO()
    report = execute(from_yaml(flow(conditions)), tmp_path, stream=stream)
    outcome = report.outcome
    assert (outcome.status, outcome.exit_code) == ("aborted", 0)
    assert outcome.steps == {"a": NEVER}
    assert (outcome.outputs, outcome.events) == ({}, ())
    assert list(outcome.handlers) == ["cancel", "exit"]
    assert handlers(tmp_path) == ["cancel aborted", "exit aborted not_started"]
    assert not (tmp_path / "work" / "ran").exists()
    assert not (tmp_path / "work" / "second").exists()
    assert stream.getvalue().startswith("wfc: precondition not met: nothing ran\n")
    assert "a:" not in stream.getvalue()


def test_where_it_is_shown(tmp_path: Path) -> None:
    report = execute(from_yaml(flow("echo why >&2; exit 1")), tmp_path)
    table = summary(report)
    assert "\na               not_started  0         -     0.0" in table
    assert "flow: aborted in" in table
    assert to_json(report.outcome)["steps"]["a"] == {
        "status": "not_started",
        "attempts": 0,
        "exit_code": None,
    }
    assert list(report_json(report)["steps"]) == ["a"]  # type: ignore[arg-type]
    assert (report.folder / "conditions.err").read_text() == "why\n"
    assert not (report.folder / "steps" / "a").exists()


def test_steps_of_static_calls_are_not_started_either(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            precondition: 'false'
            steps:
              - {name: call, run: kid}
              - {name: dynamic, run: "${W}", candidates: kid}
              - {name: each, parallel: [1, 2], run: kid}
            ---
            name: kid
            steps: [{name: a, run: last}]
            ---
            name: last
            steps: [{name: b, command: echo}]
            """),
        tmp_path,
    )
    assert report.outcome.steps == dict.fromkeys(
        ["call", "call/a", "call/a/b", "dynamic", "each"], NEVER
    )
    assert report.outcome.handlers == {}


CALLER = f"""
name: flow
type: graph
steps:
  - {{name: call, run: kid, output: R, params: P=q}}
  - {{name: after, depends: call, command: echo after >> ran}}
  - {{name: tolerates, depends: call, command: 'echo "<${{R:-none}}>"', output: T}}
  - {{name: other, command: echo}}
---
name: kid
params: [P: ""]
preconditions: [{{condition: "${{P}}", expected: p}}]
steps:
  - {{name: a, command: echo a >> ran}}
  - {{name: b, run: last}}
{HANDLERS}
---
name: last
steps: [{{name: c, command: echo c >> ran}}]
"""


def test_a_call_is_skipped(tmp_path: Path) -> None:
    stream = io.StringIO()
    report = execute(from_yaml(CALLER), tmp_path, stream=stream)
    assert report.outcome.status == "succeeded"
    assert statuses(report) == {
        "call": "skipped",
        "call/a": "skipped",
        "call/b": "skipped",
        "call/b/c": "skipped",
        "after": "skipped",
        "tolerates": "succeeded",
        "other": "succeeded",
    }
    assert report.outcome.steps["call"] == StepOutcome(status="skipped", attempts=1)
    assert report.outcome.steps["call/a"] == StepOutcome(status="skipped")
    assert report.outcome.outputs == {"T": "<none>"}
    assert list(report.outcome.handlers) == ["call/cancel", "call/exit"]
    assert handlers(tmp_path) == ["cancel aborted", "exit aborted skipped"]
    assert not (tmp_path / "work" / "ran").exists()
    lines = stream.getvalue().splitlines()
    assert "call: skipped" in lines
    assert not [line for line in lines if line.startswith(("wfc:", "call/a", "call/b"))]


def test_a_skipped_call_is_neither_tried_again_nor_repeated(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            steps:
              - name: call
                run: kid
                retryPolicy: {limit: 3, intervalSec: 0}
                repeatPolicy: {repeat: until, condition: exit 1, limit: 5}
            ---
            name: kid
            preconditions: exit 1
            steps: [{name: a, command: echo}]
            """),
        tmp_path,
    )
    assert report.outcome.steps["call"] == StepOutcome(status="skipped", attempts=1)
    assert report.outcome.status == "succeeded"


def test_items_of_a_fan_out_are_skipped(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            steps:
              - {name: each, parallel: [a, b, c], run: kid, params: P=$ITEM, output: R}
              - {name: told, command: "echo '${R.summary} ${R.results[0]} ${R.outputs}'", output: T}
            ---
            name: kid
            params: [P: ""]
            preconditions: {condition: "${P}", expected: b}
            steps: [{name: x, command: echo "$P", output: X}]
            """),
        tmp_path,
    )
    assert statuses(report) == {
        "each": "succeeded",
        "each[0]": "skipped",
        "each[0]/x": "skipped",
        "each[1]": "succeeded",
        "each[1]/x": "succeeded",
        "each[2]": "skipped",
        "each[2]/x": "skipped",
        "told": "succeeded",
    }
    assert report.outcome.outputs["T"] == (
        '{"total":3,"succeeded":1,"failed":0,"skipped":2} '
        '{"item":"a","status":"skipped"} [{"X":"b"}]'
    )


def test_a_failing_handler_fails_it(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            preconditions: 'false'
            steps: [{name: a, command: echo}]
            handlerOn: {cancel: {command: exit 3}, exit: {command: exit 4}}
            """),
        tmp_path,
    )
    assert (report.outcome.status, report.outcome.exit_code) == ("failed", 1)
    assert [it.status for it in report.outcome.handlers.values()] == ["failed"] * 2


def test_a_handler_that_is_a_skipped_call(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            steps: [{name: a, command: echo}]
            handlerOn: {exit: {run: kid}}
            ---
            name: kid
            preconditions: test "$DAG_RUN_STATUS" = succeeded
            steps: [{name: x, command: echo}]
            """),
        tmp_path,
    )
    assert report.outcome.status == "succeeded"
    assert report.outcome.handlers == {
        "exit": StepOutcome(status="skipped", attempts=1),
        "exit/x": StepOutcome(status="skipped"),
    }


def test_params_come_first(tmp_path: Path) -> None:
    """What cannot be valued fails the run, whatever its preconditions say."""
    report = execute(
        from_yaml("""
            name: flow
            params: [P: "`exit 1`"]
            preconditions: 'false'
            steps: [{name: a, command: echo}]
            """),
        tmp_path,
    )
    assert (report.outcome.status, report.outcome.exit_code) == ("failed", 1)
    assert statuses(report) == {"a": "aborted"}


def test_a_secret_in_a_precondition(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            secrets: [{name: S, provider: env}]
            preconditions: ['echo "$S" >&2', {condition: "${S}", expected: hidden}]
            steps: [{name: a, command: echo}]
            """),
        tmp_path,
        environment={"S": "hidden"},
    )
    assert report.outcome.status == "succeeded"
    assert (report.folder / "conditions.err").read_text() == "***\n"


def test_hostile_params_in_preconditions(tmp_path: Path) -> None:
    hostile = "$(touch pwned) `touch pwned`; touch pwned #\n'\""
    report = execute(
        from_yaml("""
            name: flow
            params: [P: ""]
            preconditions:
              - test "$P" = "${P}"
              - condition: "<${P}>"
                expected: '<$(touch pwned) `touch pwned`; touch pwned #'
            steps: [{name: a, command: echo}]
            """),
        tmp_path,
        values={"P": hostile},
    )
    assert report.outcome.status == "succeeded"
    assert not (tmp_path / "work" / "pwned").exists()


def test_the_time_of_the_run_holds(tmp_path: Path) -> None:
    report = execute(from_yaml(f"timeoutSec: 1\n{flow('sleep 60').lstrip()}"), tmp_path)
    assert (report.outcome.status, report.outcome.exit_code) == ("failed", 1)
    assert statuses(report) == {"a": "aborted"}
    assert handlers(tmp_path) == ["failure", "exit failed aborted"]


@pytest.mark.parametrize(
    "place", ["preconditions: sleep 60", "handlerOn: {init: {command: sleep 60}}"]
)
def test_the_time_of_a_call_holds(tmp_path: Path, place: str) -> None:
    report = execute(
        from_yaml(f"""
            name: flow
            steps:
              - {{name: call, run: kid, timeoutSec: 1, output: R}}
            ---
            name: kid
            {place}
            steps: [{{name: a, command: echo}}]
            """),
        tmp_path,
    )
    outcome = report.outcome
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert outcome.steps["call"].exit_code == 124
    assert outcome.steps["call/a"] == StepOutcome(status="aborted")
    assert '"status":"aborted"' in outcome.outputs["R"]


def test_a_skipped_call_has_no_record_in_a_run_that_goes_on(tmp_path: Path) -> None:
    program = from_yaml("""
        name: flow
        steps:
          - {name: call, run: kid, output: R}
          - {name: told, command: 'echo "<${R:-none}>"; test -e there', output: T}
        ---
        name: kid
        preconditions: 'false'
        steps: [{name: a, command: echo, output: A}]
        """)
    report = execute(program, tmp_path)
    assert report.outcome.status == "failed"
    (tmp_path / "work" / "there").touch()
    report = resume(
        program,
        PastRun(report.folder),
        home=tmp_path / "home",
        progress=Lines(io.StringIO()),
        environment=dict(os.environ),
    )
    assert statuses(report) == {
        "call": "skipped",
        "call/a": "skipped",
        "told": "succeeded",
    }
    assert report.outcome.outputs == {"T": "<none>"}
