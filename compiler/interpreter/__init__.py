"""A resolved program in, an outcome out, by running it here."""

from compiler.interpreter.folder import CannotStart
from compiler.interpreter.lines import Lines, Progress, Quiet, Terminal, progress
from compiler.interpreter.report import Report, StepReport, report_json, summary
from compiler.interpreter.runs import run

__all__ = [
    "CannotStart",
    "Lines",
    "Progress",
    "Quiet",
    "Report",
    "StepReport",
    "Terminal",
    "progress",
    "report_json",
    "run",
    "summary",
]
