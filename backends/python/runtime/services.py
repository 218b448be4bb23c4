"""A step that is a service -> the words, the files and the input of its program.

What only this user may see goes by files with mode 0600, which are gone after the
attempt, and by the environment: a command line is for all users to read.
"""

import os
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from backends.python.runtime.attempts import (
    HERE,
    LARGEST_EXPORT,
    Inside,
    Launch,
    Result,
    Run,
    Stopped,
    Value,
    as_text,
    environment,
    program_run,
)
from compiler.json_text import Failure

LONGEST_UNDO = 30.0  # seconds


def service(
    words: Callable[[], list[str]],
    stdin: "Callable[[], str] | None" = None,
    files: "Mapping[str, Callable[[], str | bytes] | None] | None" = None,
    env: "Mapping[str, Value] | None" = None,
    undo: "Callable[[], list[str]] | None" = None,
) -> Inside:
    """A program that does the work of the step. `undo` are the words that end what it has
    started elsewhere, when it is ended before its time."""

    def start(launch: Launch) -> Result:
        HERE.directory = launch.directory or HERE.folder
        HERE.files = {}
        try:
            for name, content in (files or {}).items():
                private_file(name, None if content is None else content())
            argv = words()
            variables, _ = environment({})
            variables |= {name: as_text(it()) for name, it in (env or {}).items()}
            if stdin is not None:
                launch = launch._replace(stdin=private_file("stdin", stdin()))
            return undone(program_run(argv, variables, launch))
        except Stopped:
            undone(Result(late=True))
            raise
        finally:
            for path in HERE.files.values():
                path.unlink(missing_ok=True)

    def undone(result: Result) -> Result:
        if undo is not None and result.late:
            try:
                argv = undo()
            except OSError:
                return result  # it has not come to that
            if all(argv):
                launch = Launch(log="undo", timeout=LONGEST_UNDO)
                HERE.until = None
                program_run(argv, HERE.process, launch)
        return result

    def body(_: Run) -> Run:
        return start

    return Inside(body)


def private_file(name: str, content: "str | bytes | None") -> Path:
    """The path of a file for this attempt and this user; without content it is not there
    yet."""
    HERE.scratch.mkdir(parents=True, exist_ok=True)
    path = HERE.files[name] = HERE.scratch / f"service.{name}"
    path.unlink(missing_ok=True)
    if content is not None:
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogateescape")
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(content)
    return path


def file(name: str) -> str:
    """The path of a file of the service."""
    return str(HERE.files[name])


def content(name: str) -> str:
    """What the program has written into one."""
    return HERE.files[name].read_text("utf-8").strip()


def program(name: str) -> str:
    return shutil.which(name, path=HERE.process.get("PATH")) or name


def remote(shell: Collection[str], names: Collection[str]) -> str:
    """A text of POSIX shell that runs the step's text with the values of `names`; its
    stdin is empty. Braces: whole or not at all, if the connection breaks."""
    text = HERE.text()
    variables, large = environment(HERE.bindings)
    lines, sent = [], []
    for name in names:
        if name in large:
            raise Failure(f"`{name}` is too large for another machine: above 64 KiB")
        if name in variables:
            lines.append(f"{name}={shell_quoted(variables[name])}")
            sent.append(name)
    if sent:
        lines.append(f"export {' '.join(sent)}")
    if len(text.encode("utf-8", "surrogateescape")) > LARGEST_EXPORT:
        raise Failure("the text is too large for another machine: above 64 KiB")
    words = [*shell, "-c", text, HERE.name, *HERE.arguments]
    spelled = " ".join(map(shell_quoted, words))
    return "\n".join(["{", *lines, f"exec {spelled} </dev/null", "}", ""])


def shell_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
