"""Conditions and backticks -> what they come to, by the processes that they need."""

import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TypeAlias

from backends.python.lean import used
from backends.python.runtime.attempts import (
    HERE,
    Inside,
    Launch,
    Part,
    Result,
    Run,
    Value,
    as_text,
    bash,
    log_file,
    owned,
    said,
    shell_text,
)
from backends.python.runtime.outputs import printed_text
from compiler.json_text import Failure
from compiler.regex.matching import search_lines

Condition: TypeAlias = Callable[[], bool]


def when(*conditions: Condition) -> Part:
    """Skips the step unless all conditions are met, in their order. One that has no
    value is not met."""

    def part(run: Run) -> Run:
        def conditional(launch: Launch) -> Result:
            if all_met(conditions):
                return run(launch)
            print("wfc: skipped: a condition is not met", flush=True)
            return Result(None, ending="skipped")

        return conditional

    return part


def all_met(conditions: Collection[Condition]) -> bool:
    if used("own."):
        HERE.owned = None
    try:
        if used("own."):
            owned()
        return all(condition() for condition in conditions)
    except (Failure, OSError) as error:
        print(f"wfc: {said(error)}", flush=True)
        return False


def line(value: Value, expected: str) -> Condition:
    """Whether some line of the value is what is expected."""
    return lambda: expected in as_text(value()).split("\n")


def matching(value: Value, pattern: str) -> Condition:
    """Whether the pattern is found in some line of the value."""
    return lambda: search_lines(pattern, as_text(value()))


def test(
    text: str,
    integers: Collection[str] = (),
    inner: Collection[str] = (),
    **bindings: Value,
) -> Condition:
    """Whether a text ends well in bash."""

    def holds() -> bool:
        launch = checked("condition", integers, inner)
        return shell_text(text, [bash()], True, bindings, launch).code == 0

    return holds


def not_(condition: Condition) -> Condition:
    return lambda: not condition()


def backtick(
    text: str,
    integers: Collection[str] = (),
    inner: Collection[str] = (),
    **bindings: Value,
) -> str:
    """What a text prints in `bash -e`, which has to end well."""
    launch = checked("backtick", integers, inner)._replace(quiet=True)
    code = shell_text(text, [bash(), "-e"], True, bindings, launch).code
    if code != 0:
        raise Failure(f"`{text.strip()}` ended with exit {code}")
    return printed_text(log_file("backtick", "out"))


# ---- what a shell text must find in its environment


def checked(log: str, numbers: Collection[str], small: Collection[str]) -> Launch:
    return Launch(
        log=log, checks=(partial(check_integers, numbers), partial(check_small, small))
    )


def integers(*names: str) -> Inside:
    """These stand in arithmetic, where bash would take another text for a program."""
    return with_check(partial(check_integers, names))


def inner(*names: str) -> Inside:
    """A shell within the shell reads these from the environment."""
    return with_check(partial(check_small, names))


def with_check(check: Callable[[Mapping[str, str], Collection[str]], None]) -> Inside:
    return Inside(
        lambda run: lambda launch: run(
            launch._replace(checks=(*launch.checks, check)),
        )
    )


def check_integers(
    names: Collection[str], variables: Mapping[str, str], _: Collection[str]
) -> None:
    for name in names:
        value = variables.get(name, "")
        if not re.fullmatch("[+-]?(0|[1-9][0-9]*)", value):
            raise Failure(
                f"`{name}` is used in arithmetic and must be a whole number, "
                f"but is `{value[:40]}`"
            )


def check_small(
    names: Collection[str], _: Mapping[str, str], large: Collection[str]
) -> None:
    for name in names:
        if name in large:
            raise Failure(
                f"`{name}` is too large for an inner shell: it is above 64 KiB, or all "
                "values are above 1 MiB"
            )
