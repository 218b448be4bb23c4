"""The policies of a step -> their numbers, and whether it runs once more (S6)."""

from dataclasses import replace

from compiler.evaluate import Failure, whole_number
from compiler.interpreter.conditions import all_hold
from compiler.interpreter.tasks import Work
from compiler.interpreter.texts import Shell, value_of
from compiler.ir import Repeat, Step, Template


def has_texts(step: Step) -> bool:
    """Whether a number of a policy of `step` is known only when the step starts."""
    retry, repeat = step.retry, step.repeat
    if retry is None and repeat is None:
        return False
    numbers: list[int | Template | None] = []
    if retry is not None:
        numbers += [retry.limit, retry.interval]
    if repeat is not None:
        numbers += [repeat.limit, repeat.interval]
    return any(isinstance(number, Template) for number in numbers)


def value_policies(step: Step, shell: Shell) -> Work[Step]:
    """`step` with whole numbers in its policies. Raises Failure, Stopped, OSError."""
    retry, repeat = step.retry, step.repeat
    if retry is not None:
        name = "retryPolicy"
        retry = replace(
            retry,
            limit=(yield from _number(f"{name}.limit", retry.limit, shell)),
            interval=(yield from _number(f"{name}.intervalSec", retry.interval, shell)),
        )
    if repeat is not None:
        repeat = yield from _valued_repeat(repeat, shell)
    return replace(step, retry=retry, repeat=repeat)


def _valued_repeat(repeat: Repeat, shell: Shell) -> Work[Repeat]:
    name, limit = "repeatPolicy", repeat.limit
    if limit is not None:
        # 0 is as if it were absent, also when it comes from a reference.
        limit = (yield from _number(f"{name}.limit", limit, shell)) or None
    interval = yield from _number(f"{name}.intervalSec", repeat.interval, shell)
    return replace(repeat, limit=limit, interval=interval)


def _number(name: str, number: int | Template, shell: Shell) -> Work[int]:
    if isinstance(number, int):
        return number
    text = yield from value_of(number, shell)
    found = whole_number(text)
    if found is None:
        raise Failure(
            f"`{name}` must be a whole number up to 999999999, but is `{text[:40]}`"
        )
    return found


def is_due_again(
    repeat: Repeat, code: int, timed_out: bool, step: Step, shell: Shell
) -> Work[bool]:
    """Whether a step runs once more after its last attempt had the exit code `code`,
    unless it has run often enough. One that timed out does so only if `exit_codes` says
    so. Raises Stopped."""
    if timed_out and code not in repeat.exit_codes:
        return False
    if repeat.condition is not None:
        holds = yield from all_hold((repeat.condition,), step.env, shell)
    elif repeat.exit_codes:
        holds = code in repeat.exit_codes
    else:
        holds = code == 0
    return holds == (repeat.mode == "while")
