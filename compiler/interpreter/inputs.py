"""Secrets, params and env of a workflow, and what a run sets -> their values (R6)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import assert_never

from compiler.evaluate import Failure, text_of
from compiler.interpreter.tasks import Work
from compiler.interpreter.texts import Place, Shell, said, value_of
from compiler.interpreter.values import Scope
from compiler.ir import Export, Origin, OriginKind, Param, Variable, Workflow
from compiler.schemas.checking import Problem, problems_of_start, problems_of_values
from compiler.schemas.typed import plain


def positional_values(workflow: Workflow, given: Sequence[str]) -> list[str]:
    """The values of `$1 …` before the defaults are valued: those are empty."""
    declared = sum(param.positional for param in workflow.params)
    return [*given, *[""] * (declared - len(given))]


def read_secrets(workflow: Workflow, place: Place) -> None:
    """Reads the secrets of `workflow` (S11). Raises Failure."""
    for secret in workflow.secrets:
        if secret.provider == "env":
            value = place.known.process.get(secret.key)
            if value is None:
                lost = f"the environment variable `{secret.key}` is not set"
                raise Failure(f"secret `{secret.name}`: {lost}")
        else:
            value = secret_file(secret.name, place.work_dir / secret.key)
        place.masks.hide(value)
        place.folder.cuts.learn(secret, value)
        place.known.secrets[secret.name] = value


def secret_file(name: str, path: Path) -> str:
    """The secret `name` in the file `path`. Raises Failure."""
    try:
        if path.exists() and not path.is_file():  # to read a pipe can take for ever
            raise Failure(f"secret `{name}`: `{path}` is no file")
        value = path.read_bytes().decode("utf-8")
        if "\0" in value:
            raise ValueError
    except (OSError, ValueError) as error:
        reason = said(error) if isinstance(error, OSError) else f"`{path}` is no text"
        raise Failure(f"secret `{name}`: {reason}") from None
    return value.rstrip("\r\n")


def working_place(workflow: Workflow, place: Place) -> Place:
    """`place`, in the folder that the workflow's `workingDir` names. Raises Failure."""
    if workflow.directory is None:
        return place
    scope = Scope(known=place.known, special={})
    folder = place.work_dir / text_of(workflow.directory, scope)
    if not folder.is_dir():
        raise Failure(f"`workingDir`: no folder `{folder}`")
    return replace(place, work_dir=folder)


def value_definitions(
    workflow: Workflow,
    place: Place,
    files: str,
    given: Mapping[str, str],
    arguments: int,
) -> Work[None]:
    """Values params and env in their order. `given` are values of params by name,
    `arguments` is the number of positional ones; neither is ever expanded. `files` is the
    path of the files of backticks, but for the suffix.

    Raises Failure, which names what has no value or one that does not fit the schema, and
    Stopped.
    """
    _refuse(problems_of_start(workflow, given, mask=place.masks.text))
    scope = Scope(known=place.known, special={})
    valued: list[Export] = [
        Export(name=secret.name, origins=(Origin("secret", secret.name),))
        for secret in workflow.secrets
    ]
    for definition in workflow.order:
        shell = Shell(place=place, scope=scope, exports=valued, files=files)
        try:
            yield from _value(definition, shell, given, arguments)
        except (Failure, OSError) as error:
            raise Failure(f"`{definition.name}`: {said(error)}") from None
        if isinstance(definition, Param) and definition.positional:
            continue
        # A later backtick sees it: a param before a secret and a variable (R9).
        name = definition.name
        kinds: tuple[OriginKind, ...] = ("param", "secret", "env")
        origins = tuple(Origin(kind, name) for kind in kinds)
        valued.append(Export(name=name, origins=origins))
    values = dict(_declared(workflow, place.known.params, given))
    _refuse(problems_of_values(workflow, values, place.masks.text))


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise Failure("; ".join(problem.message for problem in problems))


def _declared(
    workflow: Workflow, params: Mapping[str, str], given: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """The values of the params that the file declares, or somebody set."""
    for param in workflow.params:
        if param.name in params and (param.default or param.name in given):
            yield param.name, params[param.name]


def _value(
    definition: Param | Variable,
    shell: Shell,
    given: Mapping[str, str],
    arguments: int,
) -> Work[None]:
    known, name = shell.place.known, definition.name
    match definition:
        case Param(positional=True, default=default):
            if int(name) > arguments and default is not None:
                known.positional[int(name) - 1] = yield from value_of(default, shell)
        case Param() if name in given:
            known.params[name] = _plain(definition, given[name])
        case Param(default=None):
            known.params[name] = known.process.get(name, "")
        case Param(default=default):
            assert default is not None  # the case above
            text = yield from value_of(default, shell)
            known.params[name] = _plain(definition, text)
        case Variable(value=template):
            known.env[name] = yield from value_of(template, shell)
        case _:
            assert_never(definition)


def _plain(param: Param, text: str) -> str:
    """`text` as a value of the type of `param` prints; as it is where it is none, which
    is told when all have a value."""
    try:
        return plain(text, param.type)
    except Failure:
        return text
