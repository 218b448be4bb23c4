"""INT and TERM to a run: how it ends, and that nothing of it survives."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from runner import BESIDE, GROUPS

from compiler.outcome import Outcome, from_json

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@dataclass
class Running:
    process: subprocess.Popen[str]
    folder: Path
    marker: str

    def wait_until_ready(self) -> None:
        until = time.monotonic() + 20
        while not (self.folder / "ready").exists():
            assert time.monotonic() < until
            assert self.process.poll() is None
            time.sleep(0.02)

    def outcome(self, code: int) -> Outcome:
        assert self.process.wait(30) == code
        path = Path((self.folder / "folder").read_text()) / "outcome.json"
        outcome = from_json(json.loads(path.read_text()))
        assert outcome.exit_code == code
        return outcome

    @property
    def handlers(self) -> list[str]:
        return (self.folder / "handlers").read_text().splitlines()

    def survivors(self) -> list[str]:
        """The processes that carry the marker of this run in their environment."""
        found = []
        for each in Path("/proc").glob("[0-9]*/environ"):
            try:
                if self.marker.encode() in each.read_bytes():
                    found.append((each.parent / "cmdline").read_text())
            except OSError:
                continue
        return found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[object]:
    marker = uuid.uuid4().hex
    started: list[subprocess.Popen[str]] = []

    def begin(name: str) -> Running:
        path = os.pathsep.join([str(ROOT), str(HERE), os.environ.get("PYTHONPATH", "")])
        process = subprocess.Popen(
            [sys.executable, str(HERE / "runner.py"), name, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": path, "MARKER": marker},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return Running(process, tmp_path, marker)

    yield begin
    for process in started:
        process.kill()
        process.communicate()


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="reads /proc"
)


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_aborts_a_run(start: object, number: int) -> None:
    running: Running = start("steps")  # type: ignore[operator]
    running.wait_until_ready()
    time.sleep(0.3)
    began = time.monotonic()
    running.process.send_signal(number)
    outcome = running.outcome(128 + number)
    assert time.monotonic() - began < 4
    assert outcome.status == "aborted"
    found = {
        name: (it.status, it.attempts, it.exit_code, it.output)
        for name, it in outcome.steps.items()
    }
    assert found == {
        "before": ("succeeded", 1, 0, None),
        "runs": ("aborted", 1, 143, ""),
        "graceful": ("aborted", 1, 0, "bye"),
        "pauses": ("aborted", 1, 5, None),
        "waits": ("aborted", 0, None, None),
    }
    assert running.handlers == ["cancel aborted", "exit aborted"]
    assert running.survivors() == []


@needs_proc
def test_who_ignores_term_is_killed_after_five_seconds(start: object) -> None:
    running: Running = start("stubborn")  # type: ignore[operator]
    running.wait_until_ready()
    began = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    outcome = running.outcome(143)
    assert 4.5 < time.monotonic() - began < 9
    assert outcome.steps["a"].exit_code == 137
    assert running.survivors() == []


# How the step `a` is then: its status, attempts and exit code.
_BESIDE: dict[str, tuple[str, int, int | None]] = {
    "precondition": ("aborted", 0, None),
    "init": ("aborted", 0, None),
    "repeat-pause": ("aborted", 1, 0),
    "repeat-condition": ("aborted", 1, 0),
    "repeat-call": ("aborted", 2, None),
    "number": ("aborted", 0, None),
    "call-precondition": ("aborted", 1, None),
    "call-init": ("aborted", 1, None),
    "stop-signal": ("aborted", 1, 5),
    "no-grace": ("aborted", 1, 137),
}


@needs_proc
@pytest.mark.parametrize("name", BESIDE)
def test_a_signal_beside_and_between_processes(start: object, name: str) -> None:
    running: Running = start(name)  # type: ignore[operator]
    running.wait_until_ready()
    time.sleep(0.3)
    began = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    outcome = running.outcome(143)
    assert time.monotonic() - began < 4
    assert running.survivors() == []
    assert outcome.status == "aborted"
    a = outcome.steps["a"]
    if name in _BESIDE:
        assert (a.status, a.attempts, a.exit_code) == _BESIDE[name]
    else:
        assert (a.status, a.attempts > 3) == ("aborted", True)
    told = ["flow cancel aborted", "flow exit aborted"]
    if name in ("repeat-call", "call-precondition", "call-init"):
        told = ["kid cancel aborted", "kid exit aborted", *told]
    if name == "repeat-call":
        told = ["kid success", "kid exit succeeded", *told]
    assert running.handlers == told
    if name == "stop-signal":
        assert (running.folder / "log").read_text() == "told\n"
    kinds = [path for path in outcome.handlers if not path.startswith("a/")]
    assert kinds == [*(["init"] if name == "init" else []), "cancel", "exit"]


@needs_proc
def test_a_second_signal_kills_at_once(start: object) -> None:
    running: Running = start("stubborn")  # type: ignore[operator]
    running.wait_until_ready()
    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    running.process.send_signal(signal.SIGINT)
    outcome = running.outcome(130)
    assert time.monotonic() - began < 3
    assert outcome.steps["a"].exit_code == 137
    assert running.handlers == ["cancel aborted", "exit aborted"]
    assert running.survivors() == []


@needs_proc
@pytest.mark.parametrize("name", GROUPS)
def test_a_signal_ends_the_groups_that_a_step_made(start: object, name: str) -> None:
    running: Running = start(name)  # type: ignore[operator]
    running.wait_until_ready()
    time.sleep(0.3)
    running.process.send_signal(signal.SIGTERM)
    outcome = running.outcome(143)
    assert running.survivors() == []
    assert outcome.steps["a"].exit_code == (137 if name == "ignored" else 143)


@needs_proc
@pytest.mark.parametrize("name", GROUPS)
def test_a_timeout_ends_the_groups_that_a_step_made(start: object, name: str) -> None:
    running: Running = start(f"{name}-late")  # type: ignore[operator]
    outcome = running.outcome(1)
    assert running.survivors() == []
    assert outcome.steps["a"].exit_code == 124


@needs_proc
@pytest.mark.parametrize("name", ["condition", "param"])
def test_a_signal_before_the_first_attempt(start: object, name: str) -> None:
    running: Running = start(name)  # type: ignore[operator]
    running.wait_until_ready()
    running.process.send_signal(signal.SIGTERM)
    outcome = running.outcome(143)
    a = outcome.steps["a"]
    assert (outcome.status, a.status, a.attempts, a.exit_code) == (
        "aborted",
        "aborted",
        0,
        None,
    )
    assert outcome.events == ()
    assert running.handlers == ["cancel aborted", "exit aborted"]
    assert running.survivors() == []


@needs_proc
def test_a_signal_while_a_handler_runs(start: object) -> None:
    running: Running = start("handler")  # type: ignore[operator]
    running.wait_until_ready()
    running.process.send_signal(signal.SIGTERM)
    outcome = running.outcome(143)
    assert outcome.status == "aborted"
    assert {name: it.status for name, it in outcome.handlers.items()} == {
        "success": "aborted",
        "exit": "succeeded",
    }
    assert running.handlers == ["exit aborted"]
    assert running.survivors() == []


@needs_proc
@pytest.mark.parametrize("seed", range(6))
def test_a_signal_at_any_time(start: object, seed: int) -> None:
    chance = random.Random(seed)
    running: Running = start("random")  # type: ignore[operator]
    running.wait_until_ready()
    time.sleep(chance.random() * 1.5)
    number = chance.choice([signal.SIGINT, signal.SIGTERM])
    running.process.send_signal(number)
    outcome = running.outcome(128 + number)
    assert outcome.status == "aborted"
    assert {it.status for it in outcome.steps.values()} <= {"succeeded", "aborted"}
    assert running.handlers == ["cancel aborted", "exit aborted"]
    assert running.survivors() == []


# ---- calls and fan-outs


def wait_for(running: Running, *names: str) -> None:
    """Until a step has made these files."""
    until = time.monotonic() + 20
    while not all((running.folder / name).exists() for name in names):
        assert time.monotonic() < until
        time.sleep(0.02)


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_calls(start: object, number: int) -> None:
    running: Running = start("calls")  # type: ignore[operator]
    wait_for(running, "ready-a", "ready-b")
    time.sleep(0.2)
    running.process.send_signal(number)
    outcome = running.outcome(128 + number)
    found = {
        path: (it.status, it.attempts, it.exit_code)
        for path, it in outcome.steps.items()
    }
    begun, never = ("aborted", 1, None), ("aborted", 0, None)
    assert found == {
        "call": begun,
        "call/each": begun,
        "call/each[0]": begun,
        "call/each[0]/work": ("aborted", 1, 143),
        "call/each[0]/never": never,
        "call/each[1]": begun,
        "call/each[1]/work": ("aborted", 1, 143),
        "call/each[1]/never": never,
        "call/each[2]": never,
        "call/each[2]/work": never,
        "call/each[2]/never": never,
        "pauses": ("aborted", 1, 1),
        "pauses/a": ("failed", 1, 3),
        "after": never,
        "after/each": never,
    }
    record = json.loads(outcome.outputs["R"])
    assert record["status"] == "aborted"
    # Innermost first; what does not contain each other ends side by side.
    assert sorted(running.handlers[:4]) == [
        "inner cancel aborted",
        "inner cancel aborted",
        "inner exit aborted",
        "inner exit aborted",
    ]
    assert running.handlers[4:] == [
        "outer cancel aborted",
        "outer exit aborted",
        "flow cancel aborted",
        "flow exit aborted",
    ]
    assert running.survivors() == []


@needs_proc
def test_a_signal_while_a_handler_of_a_callee_runs(start: object) -> None:
    running: Running = start("handling")  # type: ignore[operator]
    running.wait_until_ready()
    running.process.send_signal(signal.SIGTERM)
    outcome = running.outcome(143)
    assert {path: it.status for path, it in outcome.steps.items()} == {
        "call": "aborted",
        "call/a": "succeeded",
        "after": "aborted",
    }
    assert {path: it.status for path, it in outcome.handlers.items()} == {
        "call/success": "aborted",
        "call/success/b": "aborted",
        "call/success/cancel": "succeeded",
        "call/success/exit": "succeeded",
        "call/exit": "succeeded",
        "cancel": "succeeded",
        "exit": "succeeded",
    }
    assert running.handlers == [
        "last cancel aborted",
        "last exit aborted",
        "kid exit aborted",
        "flow cancel aborted",
        "flow exit aborted",
    ]
    assert running.survivors() == []


@needs_proc
def test_a_signal_while_a_call_is_being_ended(start: object) -> None:
    # It is over its time, but its step does not end; then all must end.
    running: Running = start("stubborn-call")  # type: ignore[operator]
    wait_for(running, "ready", "other")
    time.sleep(1.5)
    running.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    running.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    outcome = running.outcome(143)
    assert time.monotonic() - began < 3
    assert {path: it.status for path, it in outcome.steps.items()} == {
        "call": "aborted",
        "call/a": "aborted",
        "other": "aborted",
    }
    assert running.handlers == ["kid cancel aborted", "kid exit aborted"]
    assert running.survivors() == []


@needs_proc
@pytest.mark.parametrize("seed", range(8))
def test_a_signal_at_any_time_among_calls(start: object, seed: int) -> None:
    chance = random.Random(seed)
    running: Running = start("random-calls")  # type: ignore[operator]
    running.wait_until_ready()
    time.sleep(chance.random() * 2)
    number = chance.choice([signal.SIGINT, signal.SIGTERM])
    running.process.send_signal(number)
    outcome = running.outcome(128 + number)
    assert outcome.status == "aborted"
    assert {it.status for it in outcome.steps.values()} <= {"succeeded", "aborted"}
    assert running.survivors() == []
    # Each callee that had begun has come to its end, and the run at last.
    assert running.handlers[-2:] == ["flow cancel aborted", "flow exit aborted"]
    begun = {
        path.rpartition("/")[0] for path, it in outcome.steps.items() if it.attempts
    }
    exits = {path for path, it in outcome.handlers.items() if path.endswith("exit")}
    ended = {path.removesuffix("exit").removesuffix("/") for path in exits}
    assert begun <= ended
    assert all(outcome.steps[path].attempts for path in ended - {""})
    assert all(outcome.handlers[path].attempts for path in exits)
