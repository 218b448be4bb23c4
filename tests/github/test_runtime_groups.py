"""The run time of GitHub workflows: what a step has started ends with it."""

import os
import signal
import time
from pathlib import Path

import pytest
from runtime_job import Job

# Each writes the number of a process that no signal to the step's group reaches.
TEXTS = {
    "timeout": "timeout 600 bash -c 'echo $$ > number; exec sleep 601' & wait",
    "set -m": "set -m; bash -c 'echo $$ > number; sleep 601; :' & wait",
    "setsid": "setsid bash -c 'echo $$ > number; sleep 601; :' & wait",
    "deaf": "set -m; bash -c 'trap \"\" TERM; echo $$ > number; sleep 601; :' & wait",
}


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_groups_of_a_step_that_is_over_its_time(job: Job, text: str) -> None:
    assert job.run("step", "a", "timeout(1)", "grace(1)", text=text) == 1
    assert job.record("a")["exit_code"] == 124
    assert_gone(int((job.work / "number").read_text()))


def test_groups_of_a_step_that_is_cancelled(job: Job) -> None:
    job.environment()
    process = job.start("step", "a", "grace(1)", text=TEXTS["set -m"])
    number = job.work / "number"
    until = time.monotonic() + 60
    while not (number.exists() and number.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.wait(60)
    assert job.record("a")["status"] == "aborted"
    assert_gone(int(number.read_text()))


def assert_gone(number: int) -> None:
    """Nobody runs as process `number`: it is not there, or nobody has asked yet how it
    ended."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(number, 0)
            stat = Path(f"/proc/{number}/stat")
            if stat.exists() and stat.read_text().rpartition(") ")[2][0] == "Z":
                return
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.kill(number, signal.SIGKILL)
    raise AssertionError(f"process {number} lives")
