"""`wfc runs`: the runs that there were, the newest first."""

import argparse
import json
import sys
import time

from compiler.cli.console import say, usage
from compiler.cli.past import NO_HOME, form_of, home_folder
from compiler.interpreter.history import PastRun, past_runs
from compiler.interpreter.report import table


def execute(options: argparse.Namespace) -> int:
    home = home_folder()
    if home is None:
        return usage([NO_HOME])
    runs = past_runs(home, options.workflow)
    listed = runs[: options.most]
    if options.format == "json":
        forms = [form_of(run) for run in listed]
        sys.stdout.write(json.dumps(forms, ensure_ascii=True, indent=1) + "\n")
        return 0
    if not listed:
        of = f" of `{options.workflow}`" if options.workflow else ""
        say(f"there are no runs{of} in {home}", options)
        return 0
    head = ("RUN", "WORKFLOW", "STARTED", "SECONDS", "STATUS")
    sys.stdout.write("".join(f"{line}\n" for line in table([head, *map(_row, listed)])))
    if len(runs) > len(listed):
        say(f"{len(runs) - len(listed)} more: -n {len(runs)} lists all", options)
    return 0


def _row(run: PastRun) -> tuple[str, ...]:
    seconds = "-" if run.seconds is None else f"{run.seconds:.0f}"
    started = "-"
    if run.started is not None:
        started = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.started))
    return run.run_id, run.workflow, started, seconds, run.standing
