"""The handler `init`: before the steps, and what comes of its failure."""

from pathlib import Path

from resolved import execute, from_yaml

from compiler.outcome import StepOutcome

REST = """
steps:
  - {name: a, command: 'echo "a ${INIT:-}" >> ran', output: A}
"""


def flow(init: str) -> str:
    return f"""
name: flow
params: [P: p]
{REST}
handlerOn:
  init: {init}
  success: {{command: echo success >> ran}}
  failure: {{command: 'echo "failure $DAG_RUN_STATUS" >> ran'}}
  cancel: {{command: echo cancel >> ran}}
  exit: {{command: 'echo "exit $DAG_RUN_STATUS" >> ran'}}
"""


def ran(folder: Path) -> list[str]:
    return (folder / "work" / "ran").read_text().splitlines()


def test_before_the_steps(tmp_path: Path) -> None:
    init = """{command: 'echo "init $P $DAG_RUN_STATUS" | tee -a ran', output: INIT}"""
    report = execute(from_yaml(flow(init)), tmp_path)
    assert ran(tmp_path) == ["init p running", "a ", "success", "exit succeeded"]
    outcome = report.outcome
    assert list(outcome.handlers) == ["init", "success", "exit"]
    assert outcome.handlers["init"].output == "init p running"
    assert outcome.outputs == {"A": ""}
    assert outcome.events == (("start", "a"), ("end", "a"))
    assert (report.folder / "steps" / "handler-init" / "1.out").exists()


def test_its_failure_fails_the_run(tmp_path: Path) -> None:
    report = execute(from_yaml(flow("{command: exit 3}")), tmp_path)
    outcome = report.outcome
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert outcome.steps == {"a": StepOutcome(status="aborted")}
    assert outcome.handlers["init"] == StepOutcome(
        status="failed", attempts=1, exit_code=3, output=""
    )
    assert list(outcome.handlers) == ["init", "failure", "exit"]
    assert ran(tmp_path) == ["failure failed", "exit failed"]


def test_it_may_be_tried_again(tmp_path: Path) -> None:
    init = "{command: 'test -e there || ! touch there', retryPolicy: {limit: 1, intervalSec: 0}}"
    report = execute(from_yaml(flow(init)), tmp_path)
    assert report.outcome.status == "succeeded"
    assert report.outcome.handlers["init"].attempts == 2


def test_it_may_be_skipped(tmp_path: Path) -> None:
    report = execute(
        from_yaml(flow("{command: exit 3, preconditions: test $P = q}")), tmp_path
    )
    assert report.outcome.status == "succeeded"
    assert report.outcome.handlers["init"] == StepOutcome(status="skipped")
    assert ran(tmp_path) == ["a ", "success", "exit succeeded"]


def test_of_a_callee(tmp_path: Path) -> None:
    """Its failure is that of the call; a call can be one, too."""
    report = execute(
        from_yaml("""
            name: flow
            steps:
              - {name: call, run: kid}
            handlerOn: {init: {run: ready}}
            ---
            name: kid
            steps: [{name: a, command: echo}]
            handlerOn: {init: {command: echo no >&2; exit 4}}
            ---
            name: ready
            steps: [{name: x, command: test "$DAG_NAME" = ready}]
            """),
        tmp_path,
    )
    outcome = report.outcome
    assert outcome.status == "failed"
    assert outcome.steps["call"] == StepOutcome(
        status="failed", attempts=1, exit_code=1
    )
    assert outcome.steps["call/a"] == StepOutcome(status="aborted")
    assert {path: it.status for path, it in outcome.handlers.items()} == {
        "init": "succeeded",
        "init/x": "succeeded",
        "call/init": "failed",
    }


def test_the_time_of_the_run_holds_for_it(tmp_path: Path) -> None:
    report = execute(
        from_yaml("timeoutSec: 1\n" + flow("{command: sleep 60}").lstrip()), tmp_path
    )
    outcome = report.outcome
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert outcome.handlers["init"].status == "aborted"
    assert outcome.steps == {"a": StepOutcome(status="aborted")}
    assert ran(tmp_path) == ["failure failed", "exit failed"]


def test_its_own_time(tmp_path: Path) -> None:
    report = execute(from_yaml(flow("{command: sleep 60, timeoutSec: 1}")), tmp_path)
    assert report.outcome.handlers["init"].exit_code == 124
    assert ran(tmp_path) == ["failure failed", "exit failed"]
