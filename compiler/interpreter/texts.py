"""A backtick, condition or command text -> the process that runs it.

The functions here that start processes are generators: what they yield is done by
`loop`, which sends back how it ended.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.evaluate import Failure, text_of
from compiler.interpreter.folder import RunFolder, create
from compiler.interpreter.masks import Masks
from compiler.interpreter.processes import Ended, Launch
from compiler.interpreter.tasks import Stopped, Work, process
from compiler.interpreter.values import (
    Known,
    Prepared,
    Scope,
    prepare,
    read_output,
    substitutions,
)
from compiler.ir import Export, ShellText, Template

# One argument of a process holds at most 128 KiB on Linux: longer texts run as a file.
_LONGEST_ARGUMENT = 120_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the processes of a workflow's run work, what it knows, and how its files come
    to be: large values in `folder`, secrets behind `masks`. What is told to end has
    `grace` seconds for it."""

    work_dir: Path
    folder: RunFolder
    known: Known
    masks: Masks
    grace: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """How the texts beside a step's body run: backticks and conditions.

    `files` is the path of their files but for the suffix; `name` and `arguments` are
    their `$0 $1 …`.
    """

    place: Place
    scope: Scope
    exports: Sequence[Export]
    files: str
    name: str = ""
    arguments: Sequence[str] = ()


def value_of(template: Template, shell: Shell) -> Work[str]:
    """The value of `template`, its backticks run first. Raises Failure, Stopped, OSError."""
    for text in substitutions(template):
        shell.scope.substituted[id(text)] = yield from _substitution(text, shell)
    return text_of(template, shell.scope)


def _substitution(text: ShellText, shell: Shell) -> Work[str]:
    stdout = Path(f"{shell.files}.value")
    bash = [shell.place.known.bash, "-e"]
    try:
        ended = yield from run_beside(text, shell, bash, stdout)
        if ended.code != 0:
            raise Failure(f"`{text.source.strip()}` ended with exit {ended.code}")
        return read_output(stdout)
    finally:
        stdout.unlink(missing_ok=True)


def run_beside(
    text: ShellText, shell: Shell, interpreter: Sequence[str], stdout: Path | None
) -> Work[Ended]:
    """Runs a text beside the step's body in the work folder; without `stdout`, what it
    prints goes where its stderr goes. Raises Failure, Stopped, OSError."""
    place = shell.place
    prepared = prepare(text, shell.exports, shell.scope, place.folder.spill)
    script = f"{shell.files}.sh"
    argv = shell_argv(interpreter, prepared, shell.name, shell.arguments, script)
    stderr = os.open(f"{shell.files}.err", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        output = os.dup(stderr) if stdout is None else create(stdout)
    except OSError:
        os.close(stderr)
        raise
    ended = yield from process(
        Launch(
            argv=argv,
            directory=place.work_dir,
            environment=prepared.environment,
            stdout=output,
            stderr=stderr,
            grace=place.grace,
        )
    )
    if ended.stop is not None:
        raise Stopped(ended.stop)
    return ended


def shell_argv(
    interpreter: Sequence[str],
    prepared: Prepared,
    name: str,
    arguments: Sequence[str],
    script: str,
) -> list[str]:
    """The argv for a shell text; a long one is written to `script`."""
    text = prepared.text
    if len(text) * 4 > _LONGEST_ARGUMENT:
        content = text.encode("utf-8", "surrogateescape")
        if len(content) > _LONGEST_ARGUMENT:
            write_program(script, content)
            return [*interpreter, script, *arguments]
    words = [name, *arguments] if name or arguments else []
    return [*interpreter, "-c", text, *words]


def write_program(path: str, content: bytes) -> None:
    """Makes an executable file. Raises OSError."""
    descriptor = create(path, 0o700)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def said(error: Failure | OSError) -> str:
    """What went wrong, for a person."""
    if isinstance(error, OSError) and error.strerror:
        name = f" `{error.filename}`" if error.filename else ""
        return f"{error.strerror.lower()}{name}"
    return str(error)
