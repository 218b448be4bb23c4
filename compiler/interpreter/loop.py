"""A tree of works -> all of it done, one loop over their processes."""

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import assert_never

from compiler.interpreter.limits import Limits, Line
from compiler.interpreter.processes import (
    Due,
    Ended,
    Happening,
    Interrupted,
    Launch,
    Processes,
    Stop,
)
from compiler.interpreter.tasks import (
    Alarm,
    Answer,
    Done,
    Give,
    Next,
    Quiet,
    Request,
    Sleep,
    Spawn,
    Stopped,
    Take,
    Work,
)


@dataclass(slots=True, eq=False)
class _Task:
    """A work while it goes on. `waits` is what it asked for last, `ticket` its place in
    the line, `held` what it has taken; `done` are the ends and `stop` is the stop that it
    has not heard of."""

    work: Work[None]
    parent: "_Task | None" = None
    key: object = None
    children: "dict[_Task, None]" = field(default_factory=dict)
    done: deque[Done] = field(default_factory=deque)
    held: list[Limits] = field(default_factory=list)
    waits: Request | None = None
    ticket: int = -1
    stop: Stop | None = None


class Loop:
    """Drives works. `signal` is the first one that asked the run to stop."""

    def __init__(self, processes: Processes) -> None:
        self.signal: int | None = None
        self._processes = processes
        self._line: Line[_Task] = Line()
        self._can_go_on: deque[tuple[_Task, Answer]] = deque()
        self._timers: dict[Sleep | Alarm, _Task] = {}
        self._stops: list[tuple[Stop, _Task]] = []  # of those whose processes are left
        self._listening: list[_Task] = []
        self._over = False

    def run(self, work: Work[None], before_wait: Callable[[], float | None]) -> None:
        """Returns when `work` has ended. `before_wait` says how many seconds a wait may
        last, None for any."""
        root = _Task(work)
        self._can_go_on.append((root, None))
        while True:
            self._fill()
            if self._over:
                return
            for happening in self._processes.wait(before_wait()):
                self._handle(happening, root)
                self._go_on()
            self._tell_silence()

    def _fill(self) -> None:
        self._go_on()
        while (task := self._line.take()) is not None:
            assert isinstance(task.waits, Take)
            task.held.append(task.waits.limits)
            self._advance(task, None)
            self._go_on()

    def _go_on(self) -> None:
        while self._can_go_on:
            task, answer = self._can_go_on.popleft()
            self._advance(task, answer)

    def _handle(self, happening: Happening, root: _Task) -> None:
        match happening:
            case Ended(key=_Task() as task):
                stop, task.stop = task.stop, None
                self._advance(
                    task, replace(happening, stop=stop) if stop else happening
                )
            case Due(key=Sleep() as sleep):
                sleeper = self._timers.pop(sleep, None)
                if sleeper is not None:
                    self._advance(sleeper, None)
            case Due(key=Alarm() as alarm):
                woken = self._timers.pop(alarm)
                if not alarm.off:
                    self._stop(alarm.stop, woken)
            case Interrupted(signal=number):
                self.signal = self.signal or number
                if any(stop.left for stop, _ in self._stops):
                    self._processes.kill()
                self._stop(Stop(number), root)
            case Ended() | Due():
                raise AssertionError(happening)  # keys are ours
            case _:
                assert_never(happening)

    def _advance(self, task: _Task, answer: Answer | Stopped) -> None:
        """Sends `answer` to a work and does what it asks for, until it has to wait."""
        task.waits = None
        while True:
            try:
                if isinstance(answer, Stopped):
                    request = task.work.throw(answer)
                else:
                    request = task.work.send(answer)
            except StopIteration:
                self._end(task)
                return
            answer = None
            match request:
                case Launch():
                    self._processes.start(task, request)
                case Take(limits=limits):
                    if self._line.take_now(limits):
                        task.held.append(limits)
                        continue
                    task.ticket = self._line.enter(task, limits)
                case Give(limits=limits):
                    self._give(task, limits)
                    continue
                case Sleep(seconds=seconds):
                    self._timers[request] = task
                    self._processes.pause(request, seconds)
                case Alarm(seconds=seconds):
                    self._timers[request] = task
                    self._processes.pause(request, seconds)
                    continue
                case Spawn(key=key, work=work):
                    child = _Task(work, task, key)
                    task.children[child] = None
                    self._can_go_on.append((child, None))
                    continue
                case Next():
                    if task.done:
                        answer = task.done.popleft()
                        continue
                    assert task.children
                case Quiet():
                    if not self._pending(task):
                        answer, task.stop = task.stop, None
                        continue
                    self._listening.append(task)
                case _:
                    assert_never(request)
            task.waits = request
            return

    def _give(self, task: _Task, limits: Limits) -> None:
        if limits in task.held:
            task.held.remove(limits)
            self._line.give(limits)

    def _end(self, task: _Task) -> None:
        assert not task.children
        for limits in task.held:
            self._line.give(limits)
        parent = task.parent
        if parent is None:
            self._over = True
            return
        del parent.children[task]
        done = Done(task.key)
        if isinstance(parent.waits, Next):
            parent.waits = None
            # At once: the end is told before another takes the room that it left.
            self._can_go_on.appendleft((parent, done))
        else:
            parent.done.append(done)

    # ---- stops

    def _stop(self, stop: Stop, scope: _Task) -> None:
        """Stops a work and all below it: from above, so that none begins another."""
        for task in list(_with_those_below(scope)):
            task.stop = stop
            match task.waits:
                case Take():
                    self._line.leave(task.ticket)
                    self._advance(task, Stopped(stop))
                case Sleep() as sleep:
                    del self._timers[sleep]
                    self._advance(task, Stopped(stop))
                case Next(patient=False):
                    self._advance(task, Stopped(stop))
                case _:  # it hears of it when its process ends, or when all is quiet
                    pass
        self._processes.stop(stop, lambda key: _is_within(key, scope))
        self._stops.append((stop, scope))

    def _pending(self, task: _Task) -> bool:
        """Whether processes are left of what was told to stop together with `task`."""
        self._stops = [each for each in self._stops if each[0].left]
        return any(_is_within(task, scope) for _, scope in self._stops)

    def _tell_silence(self) -> None:
        waiting, self._listening = self._listening, []
        for task in waiting:
            if self._pending(task):
                self._listening.append(task)
            else:
                stop, task.stop = task.stop, None
                self._advance(task, stop)
        self._go_on()


def _with_those_below(task: _Task) -> Iterator[_Task]:
    """Each before those that it spawned, these in their order."""
    waiting = [task]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += reversed(found.children)


def _is_within(key: Hashable, scope: _Task) -> bool:
    task = key
    while isinstance(task, _Task):
        if task is scope:
            return True
        task = task.parent
    return False
