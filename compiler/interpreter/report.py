"""A run that is over -> its report: for a program (JSON) and for a person (a table)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.interpreter.lines import shown, width
from compiler.ir import Json
from compiler.outcome import Outcome, StepOutcome, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """How long a step took, pauses included, and the folder of its files."""

    seconds: float
    log: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An outcome, and what differs from run to run. `started` is UTC, as in RFC 3339."""

    outcome: Outcome
    run_id: str
    folder: Path
    started: str
    seconds: float
    steps: Mapping[str, StepReport]
    handlers: Mapping[str, StepReport]


def report_json(report: Report) -> dict[str, Json]:
    """The JSON form of `report`, for `--report`: text that UTF-8 can hold, so that bytes
    of a path that are none stand in it as `\\udcff`."""
    return {
        "outcome": to_json(report.outcome),
        "run_id": report.run_id,
        "started": report.started,
        "seconds": round(report.seconds, 3),
        "steps": _times(report.steps),
        "handlers": _times(report.handlers),
    }


def _times(steps: Mapping[str, StepReport]) -> dict[str, Json]:
    return {
        path: {"seconds": round(step.seconds, 3), "log": _encodable(step.log)}
        for path, step in steps.items()
    }


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def summary(report: Report) -> str:
    """The table of the steps, how the run ended, and where its files are."""
    outcome = report.outcome
    rows: list[tuple[str, ...]] = [("STEP", "STATUS", "ATTEMPTS", "EXIT", "SECONDS")]
    rows += [_row(name, it, report.steps[name]) for name, it in outcome.steps.items()]
    rows += [
        _row(f"handler {name}", it, report.handlers[name])
        for name, it in outcome.handlers.items()
    ]
    name, status = shown(outcome.workflow), outcome.status
    lines = [
        *_table(rows),
        f"{name}: {status} in {report.seconds:.1f} s",
        f"run folder: {shown(str(report.folder))}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _row(label: str, step: StepOutcome, report: StepReport) -> tuple[str, ...]:
    code = "-" if step.exit_code is None else str(step.exit_code)
    seconds = f"{report.seconds:.1f}"
    return (shown(label), step.status, str(step.attempts), code, seconds)


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell + " " * (wide - width(cell))
            for cell, wide in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
