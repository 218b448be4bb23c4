"""Scripts that get signals: everything ends, nothing stays, the handlers run."""

import json
import os
import random
import signal
import time
import uuid
from pathlib import Path

import pytest
from shell.scripts import start, written

from compiler.outcome import Outcome, from_json

WORKFLOW = """
    type: graph
    maxActiveSteps: 2
    steps:
      - {name: a, command: "sleep 987 & sleep 0.1; echo a", output: A}
      - {name: b, command: "sleep 0.2; sleep 987 | cat", depends: [a]}
      - {name: c, command: "exit 3", retryPolicy: {limit: 9, intervalSec: 1}}
      - {name: d, command: "true", preconditions: ["sleep 987"]}
    handlerOn:
      cancel: {command: "echo $DAG_RUN_STATUS"}
      exit: {command: "echo bye"}
"""


def _outcome(home: Path) -> Outcome:
    (path,) = home.glob("runs/*/*/outcome.json")
    return from_json(json.loads(path.read_text("utf-8")))


def _left(marker: str) -> list[int]:
    """The living processes with `marker` in their environment."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            state = (each / "stat").read_text().rpartition(")")[2].split()[0]
            if marker.encode() in (each / "environ").read_bytes() and state != "Z":
                found.append(int(each.name))
        except OSError:
            pass
    return found


def _gone(marker: str, seconds: float = 8) -> list[int]:
    until = time.monotonic() + seconds
    while (left := _left(marker)) and time.monotonic() < until:
        time.sleep(0.05)
    return left


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="no /proc"
)


@needs_proc
@pytest.mark.parametrize("turn", range(12))
def test_at_any_time(turn: int, tmp_path: Path) -> None:
    moment = random.Random(turn).uniform(0.02, 1.4)
    number = (signal.SIGINT, signal.SIGTERM)[turn % 2]
    marker = f"WFC_TEST_MARK={os.getpid()}-{turn}"
    process = start(
        written(WORKFLOW, tmp_path),
        home=tmp_path / "home",
        environment=dict([marker.split("=")]),
    )
    time.sleep(moment)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert _gone(marker) == []
    if not list(tmp_path.glob("home/runs/*/*/outcome.json")):
        assert moment < 0.3  # it had not begun
        return
    outcome = _outcome(tmp_path / "home")
    assert process.returncode == outcome.exit_code == 128 + number
    assert outcome.status == "aborted"
    assert outcome.handlers["cancel"].output == "aborted"
    assert outcome.handlers["exit"].output == "bye"
    assert "failed" not in {it.status for it in outcome.steps.values()}


# Nothing runs that could report, so only the signal itself can end the wait.
PAUSED = {
    "retry": "{name: a, command: exit 1, retryPolicy: {limit: 1, intervalSec: 100}}",
    "delay": "{name: a, command: 'true'}\n  - {name: b, command: 'true'}\ndelaySec: 100",
}


@pytest.mark.parametrize("limit", ["", "timeoutSec: 2"], ids=["signal", "timeout"])
@pytest.mark.parametrize("steps", PAUSED.values(), ids=PAUSED)
def test_while_all_steps_pause(steps: str, limit: str, tmp_path: Path) -> None:
    workflow = f"steps:\n  - {steps}\n{limit}\n"
    process = start(written(workflow, tmp_path), home=tmp_path / "home")
    time.sleep(1.2)
    if not limit:
        process.terminate()
    try:
        process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == (1 if limit else 143)


# `timeout` and a shell with job control make groups of their own.
GROUPS = {
    "timeout": "touch on; timeout 300 sleep 300; echo done",
    "job control": "set -m; sleep 300 & touch on; wait",
    "ignored": "trap '' TERM; set -m; while :; do sleep 0.1; done & touch on; wait",
}


@needs_proc
@pytest.mark.parametrize("limit", ["", "timeoutSec: 1"], ids=["signal", "timeout"])
@pytest.mark.parametrize("text", GROUPS.values(), ids=GROUPS)
def test_groups_that_a_step_made(text: str, limit: str, tmp_path: Path) -> None:
    workflow = f"""
        steps:
          - name: a
            command: {json.dumps(text)}
            {limit}
    """
    marker = uuid.uuid4().hex
    process = start(
        written(workflow, tmp_path),
        home=tmp_path / "home",
        environment={"WFC_TEST_MARK": marker},
    )
    _until(tmp_path / "on")
    time.sleep(0.3)
    if not limit:
        process.terminate()
    process.communicate(timeout=20)
    assert _gone(marker, 1) == []
    outcome = _outcome(tmp_path / "home")
    ignored = text == GROUPS["ignored"]
    assert process.returncode == (1 if limit else 143)
    assert outcome.steps["a"].exit_code == (124 if limit else 137 if ignored else 143)


@needs_proc
def test_groups_that_a_step_made_when_the_script_is_killed(tmp_path: Path) -> None:
    text = json.dumps(GROUPS["timeout"])
    workflow = f"steps:\n  - {{name: a, command: {text}}}\n"
    marker = uuid.uuid4().hex
    process = start(
        written(workflow, tmp_path),
        home=tmp_path / "home",
        environment={"WFC_TEST_MARK": marker},
    )
    _until(tmp_path / "on")
    time.sleep(0.3)
    process.kill()
    process.communicate(timeout=20)
    assert _gone(marker) == []


def _until(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize(("again", "least", "most"), [(False, 4.5, 9), (True, 0, 3.5)])
def test_a_step_that_ignores_term(
    again: bool, least: float, most: float, tmp_path: Path
) -> None:
    workflow = """
        steps:
          - {name: a, command: "trap '' TERM; touch on; while :; do sleep 0.1; done"}
    """
    process = start(written(workflow, tmp_path), home=tmp_path / "home")
    _until(tmp_path / "on")
    began = time.monotonic()
    process.terminate()
    if again:
        time.sleep(0.5)
        process.terminate()
    process.communicate(timeout=30)
    assert least < time.monotonic() - began < most
    outcome = _outcome(tmp_path / "home")
    assert outcome.exit_code == 143
    assert (outcome.steps["a"].status, outcome.steps["a"].exit_code) == ("aborted", 137)


def test_in_a_handler(tmp_path: Path) -> None:
    workflow = """
        steps:
          - {name: a, command: "true"}
        handlerOn:
          success: {command: "touch on; sleep 30"}
          exit: {command: "echo $DAG_RUN_STATUS"}
    """
    process = start(written(workflow, tmp_path), home=tmp_path / "home")
    _until(tmp_path / "on")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    outcome = _outcome(tmp_path / "home")
    assert (outcome.status, outcome.exit_code) == ("aborted", 130)
    assert outcome.handlers["success"].status == "aborted"
    assert outcome.handlers["exit"].output == "aborted"


def test_while_params_are_valued(tmp_path: Path) -> None:
    workflow = """
        env: [{X: "`touch on; sleep 30`"}]
        steps:
          - {name: a, command: "true"}
        handlerOn:
          cancel: {command: "true"}
    """
    process = start(written(workflow, tmp_path), home=tmp_path / "home")
    _until(tmp_path / "on")
    process.terminate()
    process.communicate(timeout=20)
    outcome = _outcome(tmp_path / "home")
    assert (outcome.status, outcome.exit_code) == ("aborted", 143)
    assert outcome.steps["a"].status == "aborted"
    assert outcome.handlers["cancel"].status == "succeeded"


def test_run_timeout(tmp_path: Path) -> None:
    workflow = """
        timeoutSec: 1
        steps:
          - {name: a, command: "sleep 30"}
        handlerOn:
          failure: {command: "sleep 1.2; echo $DAG_RUN_STATUS"}
    """
    process = start(written(workflow, tmp_path), home=tmp_path / "home")
    process.communicate(timeout=20)
    outcome = _outcome(tmp_path / "home")
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert outcome.steps["a"].status == "aborted"
    assert outcome.handlers["failure"].output == "failed"


@needs_proc
@pytest.mark.parametrize("turn", range(3))
def test_killed(turn: int, tmp_path: Path) -> None:
    marker = f"WFC_TEST_MARK={os.getpid()}-killed-{turn}"
    process = start(
        written(WORKFLOW, tmp_path),
        home=tmp_path / "home",
        environment=dict([marker.split("=")]),
    )
    time.sleep(0.4 + turn * 0.3)
    process.kill()
    process.wait(10)
    assert _gone(marker, 12) == []
    process.communicate(timeout=10)


NESTED = """
    maxActiveSteps: 4
    steps:
      - {name: a, run: kid, timeoutSec: 20}
      - name: b
        depends: []
        parallel: {items: 1 2 3 4 5 6, maxConcurrent: 3}
        run: kid
        params: {N: "${ITEM}"}
        output: R
      - {name: c, depends: [], parallel: 1 2 3, command: "sleep 987 & sleep 0.2; sleep 987"}
    handlerOn:
      cancel: {command: "echo $DAG_RUN_STATUS"}
      exit: {run: last}
    ---
    name: kid
    params: [{N: "`sleep 0.1; echo 0`"}]
    type: graph
    maxActiveSteps: 2
    steps:
      - {name: a, command: "sleep 0.1; echo $N", output: A}
      - {name: b, run: inner, depends: a}
      - {name: c, command: "exit 3", retryPolicy: {limit: 9, intervalSec: 1}}
      - {name: d, command: "true", preconditions: ["sleep 987"]}
    handlerOn:
      cancel: {command: "echo cancel"}
      exit: {command: "echo bye"}
    ---
    name: inner
    steps:
      - {name: x, command: "sleep 0.1"}
      - {name: z, command: "sleep 0.1; sleep 987 | cat"}
    handlerOn:
      exit: {command: "echo end"}
    ---
    name: last
    steps:
      - {name: l, command: "sleep 0.1"}
    handlerOn:
      exit: {command: "echo end"}
"""


@needs_proc
@pytest.mark.parametrize("turn", range(6))
def test_at_any_moment_in_calls(turn: int, tmp_path: Path) -> None:
    chance = random.Random(turn)
    marker = f"WFC_TEST_MARK={os.getpid()}-nested-{turn}"
    process = start(
        written(NESTED, tmp_path),
        home=tmp_path / "home",
        environment=dict([marker.split("=")]),
    )
    time.sleep(chance.uniform(0.3, 1.6))
    number = chance.choice([signal.SIGTERM, signal.SIGINT])
    process.send_signal(number)
    began = time.monotonic()
    process.communicate(timeout=30)
    assert time.monotonic() - began < 9
    assert _gone(marker, 1) == []
    outcome = _outcome(tmp_path / "home")
    assert process.returncode == outcome.exit_code == 128 + number
    assert outcome.status == "aborted"
    assert outcome.handlers["cancel"].output == "aborted"
    assert outcome.handlers["exit"].status == "succeeded"
    for path, handler in outcome.handlers.items():
        if path.endswith("/cancel"):
            assert handler.output == "cancel"


@needs_proc
def test_killed_in_calls(tmp_path: Path) -> None:
    marker = f"WFC_TEST_MARK={os.getpid()}-killed-in-calls"
    process = start(
        written(NESTED, tmp_path),
        home=tmp_path / "home",
        environment=dict([marker.split("=")]),
    )
    time.sleep(1)
    process.kill()
    process.wait(10)
    assert _gone(marker, 12) == []
    process.communicate(timeout=10)


@needs_proc
def test_only_what_is_over_its_time_ends(tmp_path: Path) -> None:
    workflow = """
        type: graph
        steps:
          - {name: a, run: kid, timeoutSec: 1, continueOn: {exitCode: [124]}, output: R}
          - {name: b, command: "sleep 2.5; echo b", output: B}
          - {name: c, parallel: [1, 2], run: kid, timeoutSec: 1, output: M}
        ---
        name: kid
        steps:
          - {name: k, parallel: x y, command: "sleep 987 & trap '' TERM; sleep 987"}
          - {name: l, command: "true"}
        handlerOn:
          cancel: {command: "sleep 0.3; echo c"}
    """
    marker = f"WFC_TEST_MARK={os.getpid()}-over"
    process = start(
        written(workflow, tmp_path),
        home=tmp_path / "home",
        environment=dict([marker.split("=")]),
    )
    process.communicate(timeout=40)
    assert _gone(marker, 1) == []
    outcome = _outcome(tmp_path / "home")
    assert outcome.outputs["B"] == "b"
    assert outcome.steps["a"].exit_code == 124
    assert outcome.steps["c[1]"].exit_code == 124
    assert outcome.steps["a/k[0]"].status == "aborted"
    assert outcome.steps["a/l"].status == "aborted"
    assert {it.output for it in outcome.handlers.values()} == {"c"}
    assert len(outcome.handlers) == 3
    assert outcome.status == "failed"
