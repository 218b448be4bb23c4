"""`wfc graph`: the picture of a workflow and of all that it calls, on stdout."""

import argparse
import os
import sys

from compiler import graph
from compiler.cli.console import say
from compiler.cli.inputs import program_of


def execute(options: argparse.Namespace) -> int:
    program = program_of(options, options.workflow)
    if program is None:
        return 2
    drawn = graph.picture(program)
    if options.format == "dot":
        sys.stdout.write(graph.dot(drawn))
    elif options.format == "mermaid":
        flowchart = graph.mermaid(drawn)
        sys.stdout.write(flowchart)
        if remark := graph.beyond_mermaid(drawn, flowchart):
            say(remark, options)
    else:
        tree = graph.text(drawn, _columns(), ascii_only=_is_ascii_terminal())
        sys.stdout.write(tree)
    return 0


def _columns() -> int | None:
    """The width of the terminal; None where lines may be as long as they are."""
    if not sys.stdout.isatty():
        return None
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except OSError:
        return None


def _is_ascii_terminal() -> bool:
    """Does the terminal show no UTF-8? What goes to a file is the same everywhere."""
    import locale  # its own idea: our stdout is UTF-8 always

    encoding = locale.getencoding().lower().replace("-", "")
    return sys.stdout.isatty() and encoding != "utf8"
