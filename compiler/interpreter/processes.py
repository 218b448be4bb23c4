"""Programs to start -> how they ended, one loop over signals and timers.

No threads: the loop sleeps until a signal comes (SIGCHLD when a process ends) or a timer
is due. Each process leads a group of its own, so that it can be ended with all that it
started, and a signal from the terminal reaches this process alone. What makes groups of
its own is looked for when a group has to end.
"""

import contextlib
import errno
import heapq
import os
import select
import signal
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import FrameType, TracebackType

from compiler.interpreter.groups import Table, made_by, processes
from compiler.interpreter.spawn import Spawner

GRACE = 5.0  # seconds from TERM to KILL
TIMED_OUT = 124
_POLL = 0.02  # seconds between two looks at a group that has lost its leader
_AFTER_KILL = 1.0  # seconds that a killed group may take to vanish
_BUSY_RETRY = 0.2  # seconds until another try when the system has no room for a process
_BUSY_TRIES = 50
# HUP (the terminal is gone) and QUIT end a run as TERM does: else its steps would stay.
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A process to start. The files are open descriptors; `start` closes them. What ends
    it before its time is `stop_signal`, and KILL `grace` seconds later."""

    argv: Sequence[str]
    directory: Path
    environment: Mapping[str, str]
    stdout: int
    stderr: int
    timeout: float | None = None
    grace: float = GRACE
    stop_signal: int = signal.SIGTERM


@dataclass(slots=True, eq=False)
class Stop:
    """Ends processes before their time. `signal` is the one that asked for it, None for a
    timeout. `left` is the number of process groups that have not vanished yet."""

    signal: int | None = None
    left: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """The process of `key` has ended; `stop`: what was there before it could end of its
    own accord."""

    key: Hashable
    code: int
    timed_out: bool = False
    stop: Stop | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """The time of the timer `key` has come."""

    key: Hashable


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A signal asks this process to stop."""

    signal: int


Happening = Ended | Due | Interrupted


@dataclass(slots=True)
class _Group:
    """A process group, led by what `launch` started. `made` are the groups that its
    processes made, as far as they had to be known. `awaited`: somebody is to hear of its
    end."""

    key: Hashable
    launch: Launch
    awaited: bool = True
    code: int = 0
    timed_out: bool = False
    stops: list[Stop] = field(default_factory=list)
    # Set when it is told to end: when it is no longer waited for.
    vanishes: float | None = None
    made: set[int] = field(default_factory=set)


@dataclass
class Processes:
    """The processes and timers of one run. A context manager; of the main thread only.

    While it is open it owns SIGCHLD and the signals that stop a run; on exit the former
    handlers are back. A signal that was ignored before stays without effect. `told` hears
    of each process that leads a group.
    """

    told: Callable[[int], None] = lambda _: None
    # By the ids of their leaders: all, and those whose leader is there.
    _groups: dict[int, _Group] = field(default_factory=dict)
    _led: dict[int, _Group] = field(default_factory=dict)
    # Of groups that outlived a leader which nobody ended: what it was started with.
    _left: dict[int, tuple[Hashable, Launch]] = field(default_factory=dict)
    _busy: dict[Hashable, Launch] = field(default_factory=dict)
    _timers: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _found: list[Happening] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)
    _signals: list[int] = field(default_factory=list)
    _handlers: dict[int, object] = field(default_factory=dict)
    _gone: bool = False  # a group that nobody waits for has just vanished

    def __enter__(self) -> "Processes":
        self._spawner = Spawner()
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._poll = select.poll()
        self._poll.register(self._read, select.POLLIN)
        self._wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, *_STOPPING):
            former = signal.getsignal(number)
            ignored = former is signal.SIG_IGN
            # Under nohup the steps must ignore HUP as well, so it stays ignored.
            if not (ignored and number == signal.SIGHUP):
                self._handlers[number] = former
                quiet = ignored or number == signal.SIGCHLD
                signal.signal(number, _nothing if quiet else self._remember)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        table = processes() if self._groups else {}
        for pid, group in list(self._groups.items()):  # only after an exception
            _signal_all(pid, group, table, signal.SIGKILL)
            if pid in self._led:
                os.waitpid(pid, 0)
        for number, former in self._handlers.items():
            signal.signal(number, former)  # type: ignore[arg-type]
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._read)
        os.close(self._write)
        self._spawner.close()

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        self._signals.append(number)

    # ---- what a run asks for

    def start(self, key: Hashable, launch: Launch) -> None:
        """Starts a process; its end is reported under `key`, also when it cannot start:
        then with 127 or 126 (as a shell has it) and a line on its stderr."""
        self._start(key, launch, _BUSY_TRIES)

    def _start(self, key: Hashable, launch: Launch, tries: int) -> None:
        try:
            pid = self._spawner.start(
                launch.argv,
                launch.directory,
                launch.environment,
                launch.stdout,
                launch.stderr,
            )
        except (OSError, ValueError) as error:
            busy = isinstance(error, OSError) and error.errno == errno.EAGAIN
            if busy and tries:
                self._busy[key] = launch  # which keeps its descriptors
                again = time.monotonic() + _BUSY_RETRY
                self._at(again, lambda: self._start_again(key, tries - 1))
            else:
                self._give_up(key, launch, error)
            return
        os.close(launch.stdout)
        os.close(launch.stderr)
        group = self._groups[pid] = self._led[pid] = _Group(key, launch)
        self.told(pid)
        if launch.timeout is not None:
            due = time.monotonic() + launch.timeout
            self._at(due, lambda: self._time_out(pid, group))

    def _start_again(self, key: Hashable, tries: int) -> None:
        launch = self._busy.pop(key, None)
        if launch is not None:
            self._start(key, launch, tries)

    def _give_up(
        self, key: Hashable, launch: Launch, error: OSError | ValueError
    ) -> None:
        with contextlib.suppress(OSError):
            os.write(launch.stderr, _cannot_start(launch, error))
        os.close(launch.stdout)
        os.close(launch.stderr)
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        missing = missing or not launch.argv[0]
        self._found.append(Ended(key, 127 if missing else 126))

    def pause(self, key: Hashable, seconds: float) -> None:
        """`Due(key)` comes after so many seconds."""
        self._at(time.monotonic() + seconds, lambda: self._found.append(Due(key)))

    def stop(self, stop: Stop, within: Callable[[Hashable], bool]) -> None:
        """Ends the processes whose keys are `within`, those too that earlier ones of such
        keys left behind."""
        for pid, (key, launch) in list(self._left.items()):
            if within(key):
                del self._left[pid]
                if _is_left(pid):
                    self._groups[pid] = _Group(key, launch, awaited=False)
        for key in [key for key in self._busy if within(key)]:
            error = OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            self._give_up(key, self._busy.pop(key), error)
        table = processes()
        for pid, group in self._groups.items():
            if within(group.key):
                group.stops.append(stop)
                stop.left += 1
                if group.vanishes is None:
                    self._terminate(pid, group, table)

    def kill(self) -> None:
        """Ends at once what was told to end."""
        table = processes()
        for pid, group in self._groups.items():
            if group.vanishes is not None:
                group.vanishes = time.monotonic() + _AFTER_KILL
                _signal_all(pid, group, table, signal.SIGKILL)

    @property
    def busy(self) -> bool:
        """Whether a process runs, or a group that was told to end still has members."""
        return bool(self._groups)

    def wait(self, longest: float | None = None) -> list[Happening]:
        """What has happened. Nothing, when `longest` seconds have passed or a group that
        an earlier process left has vanished."""
        until = None if longest is None else time.monotonic() + longest
        while True:
            self._reap()
            self._fire()
            for number in self._signals:
                self._found.append(Interrupted(number))
            self._signals.clear()
            now = time.monotonic()
            late = until is not None and now >= until
            if self._found or self._gone or late:
                found, self._found, self._gone = self._found, [], False
                return found
            self._sleep(now, until)

    # ---- the loop

    def _sleep(self, now: float, until: float | None) -> None:
        ends = [] if until is None else [until]
        if self._timers:
            ends.append(self._timers[0][0])
        if len(self._groups) > len(self._led):
            ends.append(now + _POLL)
        # In milliseconds, rounded up; an hour at most, then the loop looks again.
        pause = None if not ends else min(max(min(ends) - now, 0), 3600) * 1000 + 1
        self._poll.poll(pause)
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._read, 4096)) == 4096:
                pass

    def _fire(self) -> None:
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()

    def _at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (when, next(self._order), action))

    def _reap(self) -> None:
        for pid, group in list(self._led.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._led[pid]
                code = os.waitstatus_to_exitcode(status)
                group.code = 128 - code if code < 0 else code
                if group.vanishes is None:
                    self._conclude(pid, group)
                    if _has_members(pid):
                        self._left[pid] = group.key, group.launch
        if len(self._groups) > len(self._led):
            self._look_for_members()

    def _look_for_members(self) -> None:
        """A group that was told to end is over when its last member is gone."""
        for pid in self._groups.keys() - self._led.keys():
            group = self._groups[pid]
            overdue = group.vanishes is not None and time.monotonic() > group.vanishes
            group.made = set(filter(_has_members, group.made))
            if overdue or not (group.made or _has_members(pid)):
                self._conclude(pid, group)

    def _conclude(self, pid: int, group: _Group) -> None:
        del self._groups[pid]
        for stop in group.stops:
            stop.left -= 1
        if group.awaited:
            code = TIMED_OUT if group.timed_out else group.code
            self._found.append(Ended(group.key, code, group.timed_out))
        else:
            self._gone = True

    def _time_out(self, pid: int, group: _Group) -> None:
        if self._groups.get(pid) is group and group.vanishes is None:
            group.timed_out = True
            self._terminate(pid, group, processes())

    def _terminate(self, pid: int, group: _Group, table: Table) -> None:
        deadline = time.monotonic() + group.launch.grace
        group.vanishes = deadline + _AFTER_KILL
        _signal_all(pid, group, table, group.launch.stop_signal)
        # A stopped process acts on a signal only when it is continued.
        _signal_all(pid, group, table, signal.SIGCONT)
        self._at(deadline, lambda: self._kill_late(pid, group))

    def _kill_late(self, pid: int, group: _Group) -> None:
        if self._groups.get(pid) is group:
            _signal_all(pid, group, processes(), signal.SIGKILL)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """A handler only so that the signal wakes the loop, and is default in children."""


def _signal_all(pid: int, group: _Group, table: Table, number: int) -> None:
    """A signal to a group and to those that its processes made."""
    group.made |= made_by({pid, *group.made}, table, os.getpgrp())
    for each in (pid, *group.made):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(each, number)


def _has_members(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):  # macOS: EPERM when all are zombies
        return False
    return True


def _is_left(pid: int) -> bool:
    """Whether the group of the reaped leader `pid` lives. No new process can have that
    number while it does: where there is one, the group is gone and the number reused.
    """
    try:
        os.getsid(pid)
    except ProcessLookupError:
        return _has_members(pid)
    except PermissionError:
        pass
    return False


def _cannot_start(launch: Launch, error: OSError | ValueError) -> bytes:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    if isinstance(error, FileNotFoundError):
        reason = "no such program"
    return f"wfc: cannot start `{launch.argv[0]}`: {reason}\n".encode(
        "utf-8", "surrogateescape"
    )
