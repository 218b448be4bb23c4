"""The process loop by itself: what it reports, and what it gives back."""

import errno
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from compiler.interpreter import groups
from compiler.interpreter.processes import (
    GRACE,
    TIMED_OUT,
    Due,
    Ended,
    Happening,
    Interrupted,
    Launch,
    Processes,
    Stop,
)


def launch(
    text: str,
    folder: Path,
    timeout: float | None = None,
    grace: float = GRACE,
    stop_signal: int = signal.SIGTERM,
) -> Launch:
    return Launch(
        argv=["bash", "-c", text],
        directory=folder,
        environment=os.environ,
        stdout=os.open(folder / "out", os.O_WRONLY | os.O_CREAT),
        stderr=os.open(folder / "err", os.O_WRONLY | os.O_CREAT),
        timeout=timeout,
        grace=grace,
        stop_signal=stop_signal,
    )


def wait_for(processes: Processes, count: int) -> list[Happening]:
    found: list[Happening] = []
    while len(found) < count:
        found += processes.wait()
    return found


def test_ends_and_timers_come_in_their_order(tmp_path: Path) -> None:
    with Processes() as processes:
        processes.start("slow", launch("sleep 0.4; exit 3", tmp_path))
        processes.start("fast", launch("exit 2", tmp_path))
        processes.pause("pause", 0.2)
        assert wait_for(processes, 3) == [
            Ended("fast", 2),
            Due("pause"),
            Ended("slow", 3),
        ]
        assert not processes.busy


def test_handlers_are_given_back() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
    before = [signal.getsignal(number) for number in numbers]
    with Processes():
        assert signal.getsignal(signal.SIGTERM) not in before
    assert [signal.getsignal(number) for number in numbers] == before
    wakeup = signal.set_wakeup_fd(-1)
    assert wakeup == -1


def test_a_signal_is_reported() -> None:
    with Processes() as processes:
        os.kill(os.getpid(), signal.SIGTERM)
        assert processes.wait() == [Interrupted(signal.SIGTERM)]


def test_an_ignored_signal_stays_ignored_but_not_in_children(tmp_path: Path) -> None:
    # A shell starts `wfc run &` with INT ignored.
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Processes() as processes:
            os.kill(os.getpid(), signal.SIGINT)
            processes.start("a", launch("kill -INT $$; sleep 1", tmp_path))
            assert processes.wait() == [Ended("a", 130)]
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, former)


def test_a_full_process_table_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.posix_spawn
    refusals = [OSError(errno.EAGAIN, "busy"), OSError(errno.EAGAIN, "busy")]

    def spawn(*words: object, **options: object) -> int:
        if refusals:
            raise refusals.pop()
        return real(*words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "posix_spawn", spawn)
    with Processes() as processes:
        processes.start("a", launch("exit 4", tmp_path))
        assert processes.wait() == [Ended("a", 4)]


def wait_until_ready(folder: Path) -> None:
    until = time.monotonic() + 20
    while not (folder / "ready").exists():
        assert time.monotonic() < until
        time.sleep(0.01)


def end_by_stop(folder: Path, each: Launch) -> Happening:
    stop = Stop()
    with Processes() as processes:
        processes.start("a", each)
        wait_until_ready(folder)
        processes.stop(stop, lambda key: key == "a")
        [ended] = wait_for(processes, 1)
    assert stop.left == 0
    return ended


def end_by_timeout(_folder: Path, each: Launch) -> Happening:
    with Processes() as processes:
        processes.start("a", replace(each, timeout=1))
        [ended] = wait_for(processes, 1)
    return ended


ENDS = {"stop": (end_by_stop, None), "timeout": (end_by_timeout, TIMED_OUT)}


@pytest.mark.parametrize(("end", "code"), ENDS.values(), ids=ENDS)
def test_the_signal_that_stops_a_process_is_its_own(
    end: Callable[[Path, Launch], Happening], code: int | None, tmp_path: Path
) -> None:
    text = "trap 'echo int; exit 3' INT; trap '' TERM; touch ready; while :; do sleep 0.1; done"
    began = time.monotonic()
    each = launch(text, tmp_path, grace=60, stop_signal=signal.SIGINT)
    assert end(tmp_path, each) == Ended("a", code or 3, timed_out=code is not None)
    assert time.monotonic() - began < 20
    assert (tmp_path / "out").read_text() == "int\n"


@pytest.mark.parametrize(("end", "code"), ENDS.values(), ids=ENDS)
def test_who_outlives_its_own_grace_is_killed(
    end: Callable[[Path, Launch], Happening], code: int | None, tmp_path: Path
) -> None:
    text = "trap '' USR1; touch ready; while :; do sleep 0.1; done"
    began = time.monotonic()
    each = launch(text, tmp_path, grace=0.2, stop_signal=signal.SIGUSR1)
    assert end(tmp_path, each) == Ended("a", code or 137, timed_out=code is not None)
    assert time.monotonic() - began < GRACE


def broken(folder: Path) -> None:
    with Processes() as processes:
        processes.start("a", launch("echo $$ > pid; sleep 60", folder))
        until = time.monotonic() + 5
        while not (folder / "pid").exists() and time.monotonic() < until:
            time.sleep(0.01)
        raise RuntimeError


def test_after_an_exception_nothing_runs(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        broken(tmp_path)
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.skipif(shutil.which("ps") is None, reason="ps is not installed")
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
def test_ps_and_proc_tell_the_same() -> None:
    this = (os.getpid(), os.getppid(), os.getpgrp())
    assert this in groups._of_proc()
    assert this in groups._of_ps()


def test_the_longest_wait_is_kept() -> None:
    with Processes() as processes:
        began = time.monotonic()
        assert processes.wait(0.1) == []
        assert 0.09 < time.monotonic() - began < 1
