"""A run that is over -> its report: for a program (JSON) and for a person (a table)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from compiler.interpreter.lines import shown, width
from compiler.ir import Json
from compiler.outcome import Outcome, StepOutcome, to_json

_HEAD = ("STEP", "STATUS", "ATTEMPTS", "EXIT", "SECONDS", "")
_MOST_ROWS = 20  # of what one fan-out ran
_WIDEST = 80  # columns; what is wider stands out of line


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """How long a step took, pauses included, and the folder of its files. `items` is the
    number of those of a fan-out, `fan_out` the path of the outermost one that it is in.
    """

    seconds: float
    log: str
    items: int | None = None
    fan_out: str | None = None


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
    """The table of the steps, how the run ended, and where its files are. Of what a
    fan-out ran only that has a row which did not succeed, and no more than 20."""
    outcome = report.outcome
    rows: list[tuple[str, ...]] = [_HEAD]
    rows += _rows("", outcome.steps, report.steps)
    rows += _rows("handler ", outcome.handlers, report.handlers)
    name, status = shown(outcome.workflow), outcome.status
    lines = [
        *table(rows),
        f"{name}: {status} in {report.seconds:.1f} s",
        f"run folder: {shown(str(report.folder))}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _rows(
    prefix: str, steps: Mapping[str, StepOutcome], reports: Mapping[str, StepReport]
) -> Iterator[tuple[str, ...]]:
    def row(path: str) -> tuple[str, ...]:
        step, report = steps[path], reports[path]
        code = "-" if step.exit_code is None else str(step.exit_code)
        seconds = f"{report.seconds:.1f}"
        items = "" if report.items is None else counted(report.items, "item")
        label = shown(f"{prefix}{path}")
        return (label, step.status, str(step.attempts), code, seconds, items)

    for fan_out, paths in groupby(reports, lambda path: reports[path].fan_out):
        if fan_out is None:
            yield from map(row, paths)
            continue
        told = [path for path in paths if steps[path].status != "succeeded"]
        yield from map(row, told[:_MOST_ROWS])
        if len(told) > _MOST_ROWS:
            yield (f"… and {len(told) - _MOST_ROWS} more", *[""] * (len(_HEAD) - 1))


def counted(count: int, what: str) -> str:
    """`1 item`, `2 items`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    # A deep path must not push the columns of all rows out of sight.
    widths = [
        min(max(map(width, column)), _WIDEST) for column in zip(*rows, strict=True)
    ]
    return [
        "  ".join(
            cell + " " * (wide - width(cell))
            for cell, wide in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
