"""`wfc explain`: the page of a code, or of its name."""

import argparse
import sys
from importlib import resources

from compiler.cli.console import usage
from compiler.diagnostics import CODES, nearest


def execute(options: argparse.Namespace) -> int:
    by_name = {name: code for code, (name, _) in CODES.items()}
    code = by_name.get(options.code, options.code.upper())
    if code not in CODES:
        known = nearest(code, CODES) or nearest(options.code, by_name)
        hint = f"; did you mean `{known}`?" if known else ""
        return usage([f"there is no code `{options.code}`{hint}"])
    page = resources.files("grammar").joinpath("errors", f"{code}.md")
    sys.stdout.write(page.read_text(encoding="utf-8"))
    return 0
