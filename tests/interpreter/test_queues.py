"""Runs and steps that wait for their turn, also for other processes."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from resolved import execute, from_yaml
from test_signals import HERE, ROOT, Running

from compiler.interpreter import Lines, run
from compiler.interpreter.locks import Locks
from compiler.turns import lock_name

HOLD = """
import sys, time
from pathlib import Path
from compiler.interpreter.locks import Held, Locks
held = Locks(Path(sys.argv[1])).try_take(sys.argv[2], int(sys.argv[3]))
assert isinstance(held, Held), held
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(home: Path, lock: str, slots: int = 1) -> Iterator[int]:
    """Another process has a slot of `lock`; its pid."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home), lock, str(slots)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process.pid
        finally:
            process.stdin.close()


RUNS = """
name: flow
{limit}
steps: [{{name: a, command: echo}}]
handlerOn: {{exit: {{command: echo}}}}
"""


@pytest.mark.parametrize(
    ("limit", "lock", "slots", "line"),
    [
        pytest.param(
            "maxActiveRuns: 1",
            "runs.flow",
            1,
            "waiting for another run of flow (process {})",
            id="runs",
        ),
        pytest.param(
            "queue: the queue",
            lock_name("queue-runs", "the queue"),
            1,
            "waiting for queue the queue (process {})",
            id="queue",
        ),
        pytest.param(
            "queue: q\nqueues: {q: 2}\nmaxActiveRuns: 5",
            "queue-runs.q",
            2,
            "",
            id="room",
        ),
        pytest.param(
            "queue: q\nmaxActiveRuns: 2", "queue-runs.q", 2, "", id="size-of-the-runs"
        ),
        pytest.param("queue: q", "queue-steps.q", 1, "", id="queue-of-steps"),
    ],
)
def test_a_run_waits_for_its_turn(
    limit: str, lock: str, slots: int, line: str, tmp_path: Path
) -> None:
    """`line` is what it says when it waits, for a process that soon lets it go on."""
    stream = io.StringIO()
    made = from_yaml(RUNS.format(limit=limit))

    class Watching(Lines):
        def waiting(self, label: str, what: str) -> None:
            super().waiting(label, what)
            release()

    with held(tmp_path / "home", lock, slots) as pid:

        def release() -> None:
            os.kill(pid, 9)  # a lock whose holder is dead is free

        (tmp_path / "work").mkdir()
        report = run(
            made,
            values={},
            arguments=(),
            work_dir=tmp_path / "work",
            home=tmp_path / "home",
            progress=Watching(stream),
            environment=os.environ,
        )
    assert report.outcome.status == "succeeded"
    lines = stream.getvalue().splitlines()
    expected = [line.format(pid)] if line else []
    assert lines[: len(expected) + 1] == [*expected, "a: started"]


def test_what_a_run_held_is_free_afterwards(tmp_path: Path) -> None:
    limit = "maxActiveRuns: 1\nqueue: q"
    for _ in range(3):
        execute(from_yaml(RUNS.format(limit=limit)), tmp_path)
    locks = Locks(tmp_path / "home")
    for lock in ("runs.flow", "queue-runs.q"):
        assert not isinstance(locks.try_take(lock, 1), int)


STEPS = """
name: flow
type: graph
maxActiveSteps: 1
steps:
  - {name: a, queue: q, command: "[ $((++n)) = 2 ]", retryPolicy: {limit: 1, intervalSec: 1}}
  - {name: b, queue: q, command: echo}
  - {name: c, command: echo}
"""


def test_a_step_keeps_its_turn_over_its_tries(tmp_path: Path) -> None:
    stream = io.StringIO()
    report = execute(from_yaml(STEPS), tmp_path, stream=stream)
    starts = [path for what, path in report.outcome.events if what == "start"]
    # c needs no turn, and a and b hold no slot while they wait.
    assert starts == ["a", "c", "b"]
    assert report.outcome.events.index(("end", "a")) < report.outcome.events.index(
        ("start", "b")
    )
    assert stream.getvalue().splitlines().count("b: waiting for queue q") == 1


def test_many_steps_of_a_queue_follow_each_other_at_once(tmp_path: Path) -> None:
    steps = "".join(
        f"  - {{name: s{place}, queue: q, command: echo}}\n" for place in range(20)
    )
    report = execute(from_yaml(f"type: graph\nsteps:\n{steps}"), tmp_path)
    assert report.seconds < 3
    starts = [path for what, path in report.outcome.events if what == "start"]
    assert starts == [f"s{place}" for place in range(20)]


def test_a_step_waits_for_another_process(tmp_path: Path) -> None:
    stream = io.StringIO()

    class Watching(Lines):
        def ended(self, label: str, end: object) -> None:
            super().ended(label, end)  # type: ignore[arg-type]
            if label == "c":
                os.kill(pid, 9)

    with held(tmp_path / "home", "queue-steps.q") as pid:
        (tmp_path / "work").mkdir()
        report = run(
            from_yaml(STEPS.replace("[ $((++n)) = 2 ]", "echo")),
            values={},
            arguments=(),
            work_dir=tmp_path / "work",
            home=tmp_path / "home",
            progress=Watching(stream),
            environment=os.environ,
        )
    lines = [line.partition(" in ")[0] for line in stream.getvalue().splitlines()]
    assert sorted(lines[:2]) == ["a: waiting for queue q", "b: waiting for queue q"]
    assert lines[2:4] == ["c: started", "c: succeeded"]
    assert report.outcome.status == "succeeded"


def test_a_callee_is_in_the_queue_of_its_call(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            steps:
              - {name: call, queue: q, run: kid}
              - {name: each, queue: q, parallel: [a, b], run: kid}
            ---
            name: kid
            steps: [{name: a, queue: q, run: last}]
            ---
            name: last
            steps: [{name: b, queue: q, command: echo}]
            """),
        tmp_path,
    )
    assert report.outcome.status == "succeeded"


def test_a_home_without_room_for_locks_fails_the_step(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/locks").write_text("a file")
    report = execute(from_yaml(STEPS.replace("maxActiveSteps: 1", "")), tmp_path)
    assert {path: it.status for path, it in report.outcome.steps.items()} == {
        "a": "failed",
        "b": "failed",
        "c": "succeeded",
    }
    assert "locks" in (Path(report.steps["a"].log) / "1.err").read_text()
    stream = io.StringIO()
    made = from_yaml(RUNS.format(limit="maxActiveRuns: 1"))
    report = execute(made, tmp_path, stream=stream)
    assert (report.outcome.status, report.outcome.exit_code) == ("failed", 1)
    assert report.outcome.steps["a"].status == "aborted"
    assert report.outcome.handlers == {}
    assert "locks" in stream.getvalue()


def test_a_signal_to_a_run_that_waits(tmp_path: Path) -> None:
    with held(tmp_path / "home", "runs.waits"):
        path = os.pathsep.join([str(ROOT), str(HERE)])
        process = subprocess.Popen(
            [sys.executable, str(HERE / "runner.py"), "waits-for-a-run", str(tmp_path)],
            env={**os.environ, "PYTHONPATH": path},
            stderr=subprocess.PIPE,
            text=True,
        )
        running = Running(process, tmp_path, "")
        assert process.stderr is not None
        assert "waiting for another run of waits" in process.stderr.readline()
        time.sleep(0.2)
        process.terminate()
        outcome = running.outcome(143)
        process.communicate()
    assert {path: it.status for path, it in outcome.steps.items()} == {"a": "aborted"}
    assert outcome.handlers == {}
    assert outcome.status == "aborted"
