"""A resolved program in, an outcome out, by running it here."""

from compiler.interpreter.folder import CannotStart
from compiler.interpreter.history import PastRun, find_run, past_runs
from compiler.interpreter.lines import Lines, Progress, Quiet, Terminal, progress
from compiler.interpreter.report import Report, StepReport, report_json, summary
from compiler.interpreter.runs import resume, run

__all__ = [
    "CannotStart",
    "Lines",
    "PastRun",
    "Progress",
    "Quiet",
    "Report",
    "StepReport",
    "Terminal",
    "find_run",
    "past_runs",
    "progress",
    "report_json",
    "resume",
    "run",
    "summary",
]
