"""What the works of a run may ask of the loop that drives them.

A work is a generator: steps, calls and fan-outs read as straight code, and the loop does
what they yield and sends back what came of it. A work can spawn others; it ends after
them.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from compiler.interpreter.limits import Limits
from compiler.interpreter.processes import Ended, Launch, Stop


class Stopped(Exception):
    """Thrown into a work that waits when it is told to stop."""

    def __init__(self, stop: Stop) -> None:
        super().__init__()
        self.stop = stop


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """Waits for room under the limits, which the work holds until it gives it back."""

    limits: Limits


@dataclass(frozen=True, slots=True, eq=False)
class Give:
    """Gives back what was taken under the limits; nothing if it was not."""

    limits: Limits


@dataclass(frozen=True, slots=True, eq=False)
class Sleep:
    """Waits so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Spawn:
    """Lets another work run beside; `key` tells whose end it is that `Next` hears of."""

    key: object
    work: "Work[None]"


@dataclass(frozen=True, slots=True, eq=False)
class Next:
    """Waits for the end of the next of the works that were spawned. `patient`: also when
    told to stop, since those are told, too."""

    patient: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """The spawned work of `key` has ended."""

    key: object


@dataclass(frozen=True, slots=True, eq=False)
class Quiet:
    """Waits until no process is left of what was told to stop together with this work.
    The answer is the last stop that it has not heard of, if any."""


@dataclass(slots=True, eq=False)
class Alarm:
    """After so many seconds stops the work and those that it spawned, with `stop`, unless
    `off` is set before."""

    seconds: float
    stop: Stop
    off: bool = False


Request: TypeAlias = Launch | Take | Give | Sleep | Spawn | Next | Quiet | Alarm
Answer: TypeAlias = Ended | Done | Stop | None
Result = TypeVar("Result", covariant=True)
Work: TypeAlias = Generator[Request, Answer, Result]


def nothing() -> Work[None]:
    """A work that has ended as soon as it begins."""
    return
    yield


def process(launch: Launch) -> Work[Ended]:
    """How the process of `launch` ended, also when it was stopped."""
    ended = yield launch
    assert isinstance(ended, Ended)
    return ended


def next_end(patient: bool = False) -> Work[object]:
    """The key of the spawned work that ends next. Raises Stopped, unless `patient`."""
    done = yield Next(patient)
    assert isinstance(done, Done)
    return done.key


def silence() -> Work[Stop | None]:
    """What `Quiet` waits for, and its answer."""
    stop = yield Quiet()
    assert stop is None or isinstance(stop, Stop)
    return stop
