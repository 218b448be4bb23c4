"""Conditions -> whether they are met, by the processes that they need."""

from dataclasses import replace
from typing import assert_never

from compiler.evaluate import Failure, fits
from compiler.interpreter.frames import Frame
from compiler.interpreter.records import Record
from compiler.interpreter.tasks import Work
from compiler.interpreter.texts import Shell, run_beside, said, value_of
from compiler.interpreter.values import Scope
from compiler.ir import Condition, Match, Step, Test


def all_hold(step: Step, record: Record, frame: Frame, scope: Scope) -> Work[bool]:
    """Whether all conditions of `step` are met, in their order; any failure is a no."""
    shell = Shell(
        place=frame.place,
        scope=scope,
        exports=step.exports,
        files=record.folder / "conditions",
        name=step.name,
        arguments=frame.known.positional,
    )
    log = shell.files.with_suffix(".err")
    try:
        record.folder.mkdir(exist_ok=True)
        yield from value_env(step, shell)
        for condition in step.conditions:
            if not (yield from _holds(condition, shell)):
                return False
    except (Failure, OSError) as error:
        frame.run.folder.note(log, said(error))
        return False
    finally:
        frame.run.masks.file(log)
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


def value_env(step: Step, shell: Shell) -> Work[None]:
    """Fills `scope.own`: each entry sees those before it. Its backticks have no `$1`."""
    plain = replace(shell, name="", arguments=())
    for variable in step.env:
        shell.scope.own[variable.name] = yield from value_of(variable.value, plain)
