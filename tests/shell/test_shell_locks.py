"""Scripts that wait for their turn: locks, together with those of `wfc run`."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from shell.scripts import run, start, written

from compiler.interpreter.locks import Held, Locks

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
ONE = """
    name: one
    maxActiveRuns: 1
    steps:
      - {name: a, command: "echo on >> log; sleep 0.3; echo off >> log"}
"""


def _links(folder: Path) -> dict[str, str]:
    return {it.name: os.readlink(it) for it in folder.iterdir()}


def test_one_run_at_a_time(tmp_path: Path) -> None:
    script, home = written(ONE, tmp_path), tmp_path / "home"
    runs = [start(script, home=home) for _ in range(3)]
    said = [each.communicate(timeout=60)[1].decode() for each in runs]
    assert [each.returncode for each in runs] == [0, 0, 0]
    assert (tmp_path / "log").read_text() == "on\noff\n" * 3
    pids = [each.pid for each in runs]
    waits = [line for text in said for line in text.splitlines() if "waiting" in line]
    assert len(waits) >= 2
    possible = [f"waiting for another run of one (process {pid})" for pid in pids]
    assert set(waits) <= set(possible)
    assert list(_links(home / "locks/runs.one/0").values()) == ["free"]


def test_two_slots(tmp_path: Path) -> None:
    workflow = ONE.replace("maxActiveRuns: 1", "maxActiveRuns: 2")
    script, home = written(workflow, tmp_path), tmp_path / "home"
    runs = [start(script, home=home) for _ in range(4)]
    assert [each.wait(60) for each in runs] == [0, 0, 0, 0]
    lines = (tmp_path / "log").read_text().split()
    running = most = 0
    for line in lines:
        running += 1 if line == "on" else -1
        most = max(most, running)
    assert most == 2


def test_waits_for_a_process_of_wfc_run(tmp_path: Path) -> None:
    script, home = written(ONE, tmp_path), tmp_path / "home"
    locks = Locks(home)
    held = locks.try_take("runs.one", 1)
    assert isinstance(held, Held)
    process = start(script, home=home)
    time.sleep(1.2)
    assert not (tmp_path / "log").exists()
    locks.release(held)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    told = f"waiting for another run of one (process {os.getpid()})\n"
    assert err.decode().count(told) == 1
    assert isinstance(locks.try_take("runs.one", 1), Held)


def test_wfc_run_waits_for_a_script(tmp_path: Path) -> None:
    script, home = written(ONE, tmp_path), tmp_path / "home"
    process = start(script, home=home)
    until = time.monotonic() + 20
    while not (tmp_path / "log").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    assert Locks(home).try_take("runs.one", 1) == process.pid
    process.communicate(timeout=30)
    assert isinstance(Locks(home).try_take("runs.one", 1), Held)


@needs_proc
def test_takes_over_from_the_dead(tmp_path: Path) -> None:
    script, home = written(ONE, tmp_path), tmp_path / "home"
    process = start(script, home=home)
    while not (tmp_path / "log").exists():
        time.sleep(0.01)
    process.kill()
    process.communicate(timeout=30)
    outcome, _ = run(ONE, tmp_path)
    assert outcome.status == "succeeded"


def test_a_number_that_is_used_again_is_another_process(tmp_path: Path) -> None:
    slot = tmp_path / "home/locks/runs.one/0"
    slot.mkdir(parents=True)
    (slot / "7").symlink_to(f"{os.getpid()}@1")
    (slot / "x").symlink_to("no number")
    outcome, _ = run(ONE, tmp_path)
    assert outcome.status == "succeeded"
    assert _links(slot) == {"9": "free", "x": "no number"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_waits(number: signal.Signals, tmp_path: Path) -> None:
    workflow = ONE + "    handlerOn: {exit: {command: touch handled}}\n"
    script, home = written(workflow, tmp_path), tmp_path / "home"
    assert isinstance(Locks(home).try_take("runs.one", 1), Held)
    process = start(script, home=home)
    time.sleep(0.7)
    began = time.monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert time.monotonic() - began < 3
    assert process.returncode == 128 + number
    assert [b"a", b"aborted", b"0", b"-"] in [it.split()[:4] for it in out.splitlines()]
    assert not (tmp_path / "log").exists()
    assert not (tmp_path / "handled").exists()


QUEUE = """
    name: %s
    type: graph
    queue: "a b"
    queues: {"a b": 1, db: 1}
    steps:
      - {name: a, queue: db, command: "echo on >> log; sleep 0.3; echo off >> log"}
      - {name: b, queue: db, command: "echo on >> log; sleep 0.3; echo off >> log"}
      - {name: c, command: "true"}
"""


def test_queues_of_several_workflows(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    home = tmp_path / "home"
    workflows = [QUEUE % name for name in ("one", "two")]
    scripts = [
        written(workflow, tmp_path / name)
        for name, workflow in zip("ab", workflows, strict=True)
    ]
    runs = [start(each, "--work-dir", str(tmp_path), home=home) for each in scripts]
    said = [each.communicate(timeout=60)[1].decode() for each in runs]
    assert [each.returncode for each in runs] == [0, 0]
    assert (tmp_path / "log").read_text() == "on\noff\n" * 4
    assert sum("waiting for queue a b (process " in text for text in said) == 1
    assert all("b: waiting for queue db\n" in text for text in said)


def test_a_step_within_a_queue_does_not_wait_for_itself(tmp_path: Path) -> None:
    workflow = """
        queues: {db: 1}
        steps:
          - {name: a, queue: db, run: kid, output: R}
          - {name: b, queue: db, parallel: {items: x y}, command: 'echo "$ITEM"'}
        ---
        name: kid
        steps:
          - {name: k, queue: db, command: echo k, output: K}
    """
    outcome, folder = run(workflow, tmp_path)
    assert outcome.status == "succeeded"
    links = _links(tmp_path / "home/locks/queue-steps.db/0")
    assert list(links.values()) == ["free"]
    assert folder.is_dir()


def test_a_queue_that_another_process_holds(tmp_path: Path) -> None:
    workflow = """
        type: graph
        queues: {db: 1}
        steps:
          - {name: a, queue: db, command: echo a >> log}
          - {name: b, command: echo b >> log}
          - {name: c, queue: db, command: echo c >> log}
    """
    home = tmp_path / "home"
    locks = Locks(home)
    held = locks.try_take("queue-steps.db", 1)
    assert isinstance(held, Held)
    process = start(written(workflow, tmp_path), home=home)
    time.sleep(1)
    assert (tmp_path / "log").read_text() == "b\n"
    locks.release(held)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert (tmp_path / "log").read_text() == "b\na\nc\n"
    assert err.count(b"a: waiting for queue db\n") == 1


SCHEDULE = """
    name: often
    schedule: %s
    steps:
      - {name: a, command: "true"}
"""


@pytest.mark.parametrize(
    ("schedule", "lines"),
    [
        ('"0 3 * * 1-5"', ["0 3 * * 1-5 bash SCRIPT"]),
        (
            '["CRON_TZ=Asia/Tokyo 0 1 * * *", "*/5 * * * *"]',
            ["*/5 * * * * bash SCRIPT", "CRON_TZ=Asia/Tokyo", "0 1 * * * bash SCRIPT"],
        ),
    ],
)
def test_lines_for_crontab(schedule: str, lines: list[str], tmp_path: Path) -> None:
    script = written(SCHEDULE % schedule, tmp_path)
    process = start(script, "--schedule", home=tmp_path / "home")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")
    assert out.decode().splitlines() == [
        line.replace("SCRIPT", str(script)) for line in lines
    ]
    assert not (tmp_path / "home").exists()


def test_a_path_for_crontab_is_quoted(tmp_path: Path) -> None:
    folder = tmp_path / "it's 5% $x"
    script = written(SCHEDULE % '"0 3 * * *"', folder)
    process = start(script, "--schedule", home=tmp_path / "home")
    out, _ = process.communicate(timeout=30)
    line = out.decode().rstrip("\n")
    assert line.startswith("0 3 * * * bash ")
    assert "\\%" in line
    command = line.removeprefix("0 3 * * * ").replace("\\%", "%")
    shown = subprocess.run(
        ["sh", "-c", f"printf '%s|' {command}"], capture_output=True, text=True
    )
    assert shown.stdout == f"bash|{script}|"
