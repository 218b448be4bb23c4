"""Params and env of a workflow, and what a run sets -> their values (R6)."""

import contextlib
from collections.abc import Generator, Mapping
from typing import assert_never

from compiler.evaluate import Failure
from compiler.interpreter.processes import Ended, Launch
from compiler.interpreter.texts import Place, Shell, Stopped, append, said, value_of
from compiler.interpreter.values import Scope
from compiler.ir import Ending, Export, Origin, Param, Variable, Workflow


def positional_values(workflow: Workflow, arguments: tuple[str, ...]) -> list[str]:
    """The values of `$1 …` before the defaults are valued: those are empty."""
    declared = sum(param.positional for param in workflow.params)
    return [*arguments, *[""] * (declared - len(arguments))]


def value_definitions(
    workflow: Workflow, place: Place, given: Mapping[str, str], arguments: int
) -> Generator[Launch, Ended | None, Ending]:
    """Values params and env in their order. `given` are the K=V of the run, `arguments`
    is the number of its positional words; neither is ever expanded.

    Ends as "failed" when something has no value: `inputs.err` then says what.
    """
    scope = Scope(known=place.known, special={})
    files = place.folder.path / "inputs"
    valued: list[Export] = []
    for definition in workflow.order:
        shell = Shell(place=place, scope=scope, exports=valued, files=files)
        try:
            yield from _value(definition, shell, given, arguments)
        except Stopped:
            return "aborted"
        except (Failure, OSError) as error:
            with contextlib.suppress(OSError):
                append(files.with_suffix(".err"), f"`{definition.name}`: {said(error)}")
            return "failed"
        if isinstance(definition, Param) and definition.positional:
            continue
        # A later backtick sees it: a param before a variable (R9).
        name = definition.name
        origins = (Origin("param", name), Origin("env", name))
        valued.append(Export(name=name, origins=origins))
    return "succeeded"


def _value(
    definition: Param | Variable,
    shell: Shell,
    given: Mapping[str, str],
    arguments: int,
) -> Generator[Launch, Ended | None, None]:
    known, name = shell.place.known, definition.name
    match definition:
        case Param(positional=True, default=default):
            if int(name) > arguments and default is not None:
                known.positional[int(name) - 1] = yield from value_of(default, shell)
        case Param() if name in given:
            known.params[name] = given[name]
        case Param(default=None):
            known.params[name] = known.process.get(name, "")
        case Param(default=default):
            assert default is not None  # the case above
            known.params[name] = yield from value_of(default, shell)
        case Variable(value=template):
            known.env[name] = yield from value_of(template, shell)
        case _:
            assert_never(definition)
