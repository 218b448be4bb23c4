"""`wfc lint`: the findings of some files, on stdout."""

import argparse
import sys

from compiler import report
from compiler.cli.console import exit_code, say, use_color
from compiler.cli.inputs import check


def execute(options: argparse.Namespace) -> int:
    checked = check(options.files, options.search)
    # Files that call the same one have its findings in common.
    found = [*dict.fromkeys(each for it in checked for each in it.diagnostics)]
    sources = {name: source for it in checked for name, source in it.sources.items()}
    if options.format == "json":
        sys.stdout.write(report.to_json(found))
    else:
        color = use_color(options, sys.stdout)
        sys.stdout.write(report.to_text(found, sources, color=color))
        sys.stdout.flush()
        files = len(checked)
        counted = "1 file" if files == 1 else f"{files} files"
        say(f"{counted} checked: {report.tally(found) or 'nothing found'}", options)
    return exit_code(found, options, on_error=1)
