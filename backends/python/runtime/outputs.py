"""What an attempt printed -> its value, and files that the step names for it."""

import contextlib
import os
import shutil
import stat
from pathlib import Path

from backends.python.runtime.attempts import (
    HERE,
    Inside,
    Launch,
    Result,
    Run,
    Stopped,
    Value,
    complain,
    log_file,
    said,
    valued,
)
from compiler.json_text import Failure

WHITE_SPACE = b" \t\n\r\v\f"
LARGEST_OUTPUT = 1_048_576  # bytes, trimmed


def capture(most: int = LARGEST_OUTPUT) -> Inside:
    """Takes the trimmed stdout as the value of the step, at most `most` bytes. Where that
    cannot be, a success is a failure."""

    def part(run: Run) -> Run:
        HERE.captures = True

        def captured(launch: Launch) -> Result:
            path = log_file(launch.log, "out")
            try:
                result = run(launch)
            except Stopped:
                with contextlib.suppress(Failure, OSError):
                    HERE.output = printed_text(path, most)
                raise
            try:
                return result._replace(output=printed_text(path, most))
            except (Failure, OSError) as error:
                complain(said(error), launch)
                return result._replace(code=result.code or 1)

        return captured

    return Inside(part)


def printed_text(path: Path, most: int = LARGEST_OUTPUT) -> str:
    """The trimmed text of a file."""
    kept = bytearray()
    with path.open("rb") as file:
        while chunk := file.read(1 << 18):
            kept += chunk if kept else chunk.lstrip(WHITE_SPACE)
            if len(kept) > most:
                if len(kept.rstrip(WHITE_SPACE)) > most:
                    size = "1 MiB" if most == LARGEST_OUTPUT else f"{most} bytes"
                    raise Failure(f"the output is larger than {size}")
                # White space is all behind the limit; one of it is enough to go on with.
                del kept[most + 1 :]
    content = bytes(kept.rstrip(WHITE_SPACE))
    if b"\0" in content:
        raise Failure("the output holds a NUL byte")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Failure("the output is not UTF-8 text") from None


def to_file(kind: str, path: str | Value) -> Inside:
    """Adds what each attempt prints on its "out" or "err" to a file, which must be one
    that can be opened before."""

    def part(run: Run) -> Run:
        def added(launch: Launch) -> Result:
            descriptor = opened(f"std{kind}", valued(path), launch)
            try:
                result = run(launch)
            finally:
                problem = added_to_file(log_file(launch.log, kind), descriptor)
            if problem is None:
                return result
            complain(said(problem), launch)
            return result._replace(code=result.code or 1)

        return added

    return Inside(part)


def opened(key: str, path: str, launch: Launch) -> int:
    if not path:
        raise Failure(f"the path of `{key}` is empty")
    where = (launch.directory or HERE.folder) / path
    # A pipe that nobody reads must not hold the run up.
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY
    descriptor = os.open(where, flags, 0o666)
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISCHR(mode)):
        os.close(descriptor)
        raise Failure(f"`{where}` is no file")
    os.set_blocking(descriptor, True)
    return descriptor


def added_to_file(printed: Path, descriptor: int) -> OSError | None:
    """Adds what was printed, without its secrets, and closes the file."""
    try:
        with open(descriptor, "ab") as file:
            if printed.exists():
                with printed.open("rb") as source:
                    if HERE.mask is None:
                        shutil.copyfileobj(source, file)
                    else:
                        file.write(HERE.mask(source.read()))
    except OSError as error:
        return error
    return None
