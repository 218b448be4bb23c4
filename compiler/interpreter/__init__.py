"""A resolved program in, an outcome out, by running it here."""

from compiler.interpreter.folder import CannotStart
from compiler.interpreter.progress import Lines, Progress, Quiet, Terminal
from compiler.interpreter.report import Report, StepReport, report_json, summary
from compiler.interpreter.run import run

__all__ = [
    "CannotStart",
    "Lines",
    "Progress",
    "Quiet",
    "Report",
    "StepReport",
    "Terminal",
    "report_json",
    "run",
    "summary",
]
