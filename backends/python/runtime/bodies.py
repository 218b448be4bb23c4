"""What a step runs where it is no text for `bash -e`."""

from pathlib import Path
from typing import TypeAlias

from backends.python.lean import used
from backends.python.runtime.attempts import (
    HERE,
    Inside,
    Launch,
    Result,
    Run,
    Value,
    bash,
    environment,
    log_file,
    program_run,
    shell_text,
    valued,
    with_files,
)
from compiler.json_text import Failure

Word: TypeAlias = str | Value


def body(run: Run) -> Inside:
    return Inside(lambda _: run)


def shell(*words: str, reads: bool = False) -> Inside:
    """The text by another shell, as it is named."""
    return body(
        lambda launch: shell_text(HERE.text(), [*words], reads, HERE.bindings, launch)
    )


def arguments(*words: Word) -> Inside:
    """A program and its words, which are never split again."""

    def start(launch: Launch) -> Result:
        variables, large = environment(HERE.bindings)
        for check in launch.checks:
            check(variables, large)
        return program_run([*map(valued, words)], variables, launch)

    return body(start)


def script(*words: Word, reads: bool = False) -> Inside:
    """The text as a file behind the words of its interpreter; without any, its first
    line says what runs it."""

    def start(launch: Launch) -> Result:
        variables, large = environment(HERE.bindings)
        for check in launch.checks:
            check(variables, large)
        text = HERE.text()
        if used("large values"):
            text = with_files(text, large) if reads and large else text
        path = program_file(log_file(launch.log, "script"), text)
        argv = [*map(valued, words), str(path), *HERE.arguments]
        if argv[:2] == ["bash", "-e"]:
            argv[0] = bash()
        return program_run(argv, variables, launch)

    return body(start)


def program_file(path: Path, text: str) -> Path:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    path.chmod(0o700)
    return path


def directory(path: Word) -> Inside:
    """The folder in which the attempt works, within that of the workflow."""

    def part(run: Run) -> Run:
        def placed(launch: Launch) -> Result:
            folder = HERE.folder / valued(path)
            if not folder.is_dir():
                raise Failure(f"no folder `{folder}`")
            return run(launch._replace(directory=folder))

        return placed

    return Inside(part)
