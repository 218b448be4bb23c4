"""What a command has to say -> stderr, and the exit code that goes with it."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterable, Mapping, Sequence

from compiler import report
from compiler.diagnostics import Diagnostic, has_errors
from compiler.source import Source


def say(text: str, options: argparse.Namespace) -> None:
    """A word on what goes on, unless --quiet."""
    if not options.quiet:
        with contextlib.suppress(OSError):
            print(text, file=sys.stderr)


def usage(problems: Iterable[str]) -> int:
    """What is wrong with the command line, and the exit code for that."""
    with contextlib.suppress(OSError):  # nobody can be told
        for problem in problems:
            print(f"wfc: {report.visible(problem)}", file=sys.stderr)
    return 2


def drop_stdout() -> None:
    """Lets what is left for stdout go nowhere: to flush it at the end would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_findings(
    found: Iterable[Diagnostic],
    sources: Mapping[str, Source],
    options: argparse.Namespace,
) -> None:
    """Errors and warnings to stderr, with --quiet errors alone; notes are for `lint`."""
    hidden = ("note", "warning") if options.quiet else ("note",)
    shown = [each for each in found if each.severity not in hidden]
    color = use_color(options, sys.stderr)
    with contextlib.suppress(OSError):
        sys.stderr.write(report.to_text(shown, sources, color=color))


def exit_code(
    found: Sequence[Diagnostic], options: argparse.Namespace, on_error: int
) -> int:
    """0, `on_error` with an error, 1 with any finding and --strict."""
    if has_errors(found):
        return on_error
    return 1 if options.strict and found else 0


def use_color(options: argparse.Namespace, stream: object) -> bool:
    """Is what goes to `stream` coloured? By default on a terminal that can."""
    if options.color != "auto":
        return bool(options.color == "always")
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    isatty = getattr(stream, "isatty", lambda: False)
    return not plain and bool(isatty())
