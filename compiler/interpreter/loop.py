"""The steps of a schedule and the work of each -> all of it done, or stopped."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import assert_never

from compiler.interpreter.processes import (
    Due,
    Ended,
    Happening,
    Interrupted,
    Launch,
    Processes,
)
from compiler.interpreter.schedule import Schedule
from compiler.interpreter.steps import Pause, Work
from compiler.ir import Ending

DEADLINE = ("timeout of the run",)  # the key of that timer


@dataclass(frozen=True, slots=True)
class Stop:
    """Why steps were stopped: a signal, or (None) the run's timeout."""

    signal: int | None


class Loop:
    """Carries out one schedule: `begin` gives the work of a step, `decided` hears how
    each step ended, those that never ran included."""

    def __init__(
        self,
        processes: Processes,
        schedule: Schedule,
        begin: Callable[[str], Work],
        decided: Callable[[str, Ending], None],
    ) -> None:
        self._processes = processes
        self._schedule = schedule
        self._begin = begin
        self._decided = decided
        self._works: dict[str, Work] = {}
        self._active: set[str] = set()
        self._stop: Stop | None = None
        # Timers of an earlier loop may still come: a key says whose it is.
        self._own = object()

    def run(
        self, tick: Callable[[], None], interval: float | None, deadline: bool = False
    ) -> Stop | None:
        """Returns when all steps are decided, and, if it was stopped, when none of
        their processes is left. `deadline`: the run's timeout ends this part of it."""
        self._processes.go_on()
        while True:
            self._fill()
            if not self._works and not (self._stop and self._processes.busy):
                return self._stop
            for happening in self._processes.wait(interval):
                self._handle(happening, deadline)
            if interval is not None:
                tick()

    def _fill(self) -> None:
        while self._stop is None:
            name = self._schedule.take()
            if name is None:
                return
            self._active.add(name)
            if name not in self._works:
                self._works[name] = self._begin(name)
            self._advance(name, None)

    def _handle(self, happening: Happening, deadline: bool) -> None:
        match happening:
            case Ended(key=key):
                name = self._name(key)
                stopped = happening.stopped or self._stop is not None
                if name is not None:
                    self._advance(name, replace(happening, stopped=stopped))
            case Due(key=key) if self._stop is None:
                name = self._name(key)
                if name is not None:
                    self._schedule.resume(name)
                elif deadline and key == DEADLINE:
                    self._begin_stop(Stop(None))
            case Due():
                pass
            case Interrupted(signal=number):
                if self._stop is None:
                    self._begin_stop(Stop(number))
                else:
                    self._processes.kill()
                    if self._stop.signal is None:
                        self._stop = Stop(number)
            case _:
                assert_never(happening)

    def _name(self, key: Hashable) -> str | None:
        match key:
            case (own, str() as name) if own is self._own:
                return name
        return None

    def _advance(self, name: str, result: Ended | None) -> None:
        """Sends `result` to the work of a step and does what it asks for next."""
        try:
            request = self._works[name].send(result)
        except StopIteration as end:
            del self._works[name]
            self._active.discard(name)
            for step, ending in self._schedule.end(name, end.value):
                self._decided(step, ending)
            return
        match request:
            case Launch():
                self._processes.start((self._own, name), request)
            case Pause(seconds=seconds):
                self._active.discard(name)
                self._schedule.pause()
                self._processes.pause((self._own, name), seconds)
            case _:
                assert_never(request)

    def _begin_stop(self, stop: Stop) -> None:
        self._stop = stop
        self._processes.stop()
        for name in self._schedule.abort_rest(frozenset(self._active)):
            work = self._works.pop(name, None)
            if work is not None:
                work.close()
            self._decided(name, "aborted")
