"""What is done around the attempts of a step: again, within a time, in spite of failure."""

import math
import re
import signal
import time
from collections.abc import Callable, Collection
from typing import TypeAlias

from backends.python.lean import used
from backends.python.runtime.attempts import (
    HERE,
    Inside,
    Launch,
    Part,
    Result,
    Run,
    Stopped,
    attempt,
    composed,
    log_file,
)
from compiler.json_text import Failure
from compiler.regex.matching import search_lines

LONGEST_PAUSE = 10 * 365 * 86_400.0


def retry(
    limit: int,
    interval: int,
    backoff: float = 1.0,
    most: float = math.inf,
    on: Collection[int] = (),
) -> Part:
    """Up to `limit` further tries, only after the exit codes `on` where there are some.
    One that was over its time counts only where `on` has 124."""

    def part(run: Run) -> Run:
        def tried(launch: Launch) -> Result:
            for number in range(limit + 1):
                result = run(launch)
                due = bool(result.code)
                if used("on="):
                    due = result.code in on if on else due
                if used("timeout"):
                    due = due and (not result.late or 124 in on)
                if not due or number == limit:
                    break
                seconds: float = interval
                if used("backoff="):
                    seconds = pause_of(interval, backoff, number, most)
                tries = f"try {number + 2} of {limit + 1} in {seconds:g} s"
                print(f"wfc: exit {result.code}, {tries}", flush=True)
                if used("within"):
                    pause(seconds)
                else:
                    time.sleep(seconds)
            return result

        return tried

    return part


def repeat(
    mode: str,
    condition: "Callable[[], bool] | None" = None,
    limit: int | None = None,
    interval: int = 0,
    backoff: float = 1.0,
    most: float = math.inf,
    on: Collection[int] = (),
) -> Part:
    """Again `while` something holds, or `until` it does: the condition, else that the
    exit code is one of `on`, else that it is 0."""

    def holds(result: Result) -> bool:
        if condition is not None:
            HERE.publish(result)
            if used("own."):
                HERE.owned = None
            return is_met(condition)
        return result.code in on if on else result.code == 0

    def part(run: Run) -> Run:
        def repeated(launch: Launch) -> Result:
            number = 0
            while True:
                number += 1
                result = run(launch)
                if (limit and number >= limit) or (
                    result.late and result.code not in on
                ):
                    return result
                if holds(result) != (mode == "while"):
                    return result
                pause(pause_of(interval, backoff, number, most))

        return repeated

    return part


def is_met(condition: Callable[[], bool]) -> bool:
    """Whether a condition holds; one that has no value does not."""
    try:
        return condition()
    except (Failure, OSError) as error:
        print(f"wfc: {error}", flush=True)
        return False


def pause_of(interval: int, backoff: float, exponent: int, most: float) -> float:
    try:
        seconds = interval * backoff**exponent
    except OverflowError:
        seconds = math.inf if interval else 0.0
    return min(seconds, most, LONGEST_PAUSE)


def pause(seconds: float) -> None:
    if used("within", "sooner") and HERE.until is not None:
        left = HERE.until[0] - time.monotonic()
        if seconds >= left:
            time.sleep(max(0.0, left))
            raise Stopped(None, HERE.until[1])
    time.sleep(seconds)


def lazily(parts: Callable[[], list[Part]]) -> Part:
    """Parts with numbers that are known only when the step starts."""

    def part(run: Run) -> Run:
        def known(launch: Launch) -> Result:
            made: list[Part] = []

            def value(_: Launch) -> Result:
                made.extend(parts())
                return Result()

            result = attempt(value)(launch)
            if result.code:
                return result
            HERE.attempts = 0
            return composed(made, run)(launch)

        return known

    return part


def whole(name: str, value: object) -> int:
    """The number of a policy that is a text."""
    if not re.fullmatch("0|[1-9][0-9]{0,8}", str(value), re.ASCII):
        shown = str(value)[:40]
        raise Failure(
            f"`{name}` must be a whole number up to 999999999, but is `{shown}`"
        )
    return int(str(value))


# ---- how a step may end

Printed: TypeAlias = Callable[[str], bool]  # whether a line is what is looked for


def continue_on(
    failure: bool = False,
    codes: Collection[int] = (),
    output: Collection[Printed] = (),
    mark_success: bool = False,
) -> Part:
    """A failure of these kinds does not keep others from going on."""

    def part(run: Run) -> Run:
        def tolerant(launch: Launch) -> Result:
            result = run(launch)
            if not result.code or result.ending:
                return result
            if failure or result.code in codes or any(map(some_line, output)):
                return result._replace(
                    ending="succeeded" if mark_success else "continued"
                )
            return result

        return tolerant

    return part


def some_line(fits: Printed) -> bool:
    """Whether some line fits of what the last attempt printed."""
    path = log_file(str(HERE.attempts), "out")
    try:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            return any(fits(line.removesuffix("\n")) for line in file)
    except OSError:
        return False


def line_has(text: str) -> Printed:
    return lambda line: text in line


def line_matches(pattern: str) -> Printed:
    return lambda line: search_lines(pattern, line)


# ---- how a process ends


def timeout(seconds: float) -> Inside:
    return Inside(lambda run: lambda launch: run(launch._replace(timeout=seconds)))


def grace(seconds: float) -> Inside:
    """Seconds from the first signal to KILL."""
    return Inside(lambda run: lambda launch: run(launch._replace(grace=seconds)))


def stop(name: str) -> Inside:
    """The signal that ends the process before its time."""
    number = getattr(signal, f"SIG{name.removeprefix('SIG')}", signal.SIGTERM)
    return Inside(lambda run: lambda launch: run(launch._replace(stop=number)))
