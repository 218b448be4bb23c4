"""Conditions -> whether they are met, by the processes that they need."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import assert_never

from compiler.evaluate import Failure, fits
from compiler.interpreter.tasks import Work
from compiler.interpreter.texts import Shell, run_beside, said, value_of
from compiler.ir import Condition, Match, Test, Variable


def all_hold(
    conditions: Sequence[Condition], env: Sequence[Variable], shell: Shell
) -> Work[bool]:
    """Whether all `conditions` are met, in their order, after `env` has been valued; any
    failure is a no. `shell.files` names their files, in a folder that may be missing.
    """
    place, log = shell.place, Path(f"{shell.files}.err")
    try:
        log.parent.mkdir(exist_ok=True)
        yield from value_env(env, shell)
        for condition in conditions:
            if not (yield from _holds(condition, shell)):
                return False
    except (Failure, OSError) as error:
        place.folder.note(log, said(error))
        return False
    finally:
        place.masks.file(log)
    return True


def _holds(condition: Condition, shell: Shell) -> Work[bool]:
    match condition:
        case Match(value=template, expected=expected, negate=negate):
            value = yield from value_of(template, shell)
            return fits(expected, value) != negate
        case Test(command=text, negate=negate):
            ended = yield from run_beside(text, shell, [shell.place.known.bash], None)
            return (ended.code == 0) != negate
        case _:
            assert_never(condition)


def value_env(env: Sequence[Variable], shell: Shell) -> Work[None]:
    """Fills `scope.own`: each entry sees those before it. Its backticks have no `$1`."""
    if not env:
        return
    plain = replace(shell, name="", arguments=())
    for variable in env:
        shell.scope.own[variable.name] = yield from value_of(variable.value, plain)
