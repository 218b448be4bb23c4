"""argv -> an exit code.

A command's module is imported when the command runs, so that `wfc lint` starts fast.
Only this package knows the backends.
"""

import importlib
import io
import os
import sys
from collections.abc import Sequence

from compiler.cli.arguments import TARGETS, parse
from compiler.cli.console import usage

__all__ = ["TARGETS", "main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line `argv` (without the program's name) and gives its exit code."""
    _open_standard_streams()
    options = parse(argv)
    command = importlib.import_module(f"compiler.cli.{options.command}")
    try:
        code: int = command.execute(options)
        sys.stdout.flush()
        return code
    except OSError as error:
        # What is left in the buffer would fail once more when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # `wfc lint ... | head`
            return 1
        return usage([f"{error.filename or '<stdout>'}: {error.strerror}"])
    except KeyboardInterrupt:
        return 130


def _open_standard_streams() -> None:
    """Streams that the caller closed go nowhere; stdout has the same bytes in every
    locale, also for the name of a file, which need not be text."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
