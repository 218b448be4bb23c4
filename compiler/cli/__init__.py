"""argv -> an exit code.

A command's module is imported when the command runs, so that `wfc lint` starts fast; and
everything is imported where Ctrl-C is caught. Only this package knows the backends.
"""

import contextlib
import gc
import os
import sys
from typing import NoReturn


def process() -> NoReturn:
    """The program `wfc`: `main` in a process of its own, which ends with it.

    Nearly all that a command makes lives until it ends. To look for garbage in it on the
    way, and to take it apart at the end, would be half of the time of a large lint.
    """
    gc.disable()
    code = main()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(code)  # `main` has flushed stdout


def main(argv: "list[str] | None" = None) -> int:
    """Runs the command line `argv` (without the program's name) and gives its exit code."""
    try:
        return _run(argv)
    except KeyboardInterrupt:
        return 130


def _run(argv: "list[str] | None") -> int:
    import importlib

    from compiler.cli.arguments import parse
    from compiler.cli.console import drop_stdout, usage

    _open_standard_streams()
    options = parse(argv)
    command = importlib.import_module(f"compiler.cli.{options.command}")
    try:
        code: int = command.execute(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # `wfc lint ... | head`
        drop_stdout()
        return 1
    except OSError as error:
        drop_stdout()
        where = f"`{error.filename}`: " if error.filename else ""
        return usage([f"{where}{error.strerror or error}"])


def _open_standard_streams() -> None:
    """Streams that the caller closed go nowhere; stdout has the same bytes in every
    locale, also for the name of a file, which need not be text."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    import io

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
