"""What a run came to: one type for the interpreter and for every engine, and its JSON.

No times, ids or logs: two runs of the same program with the same values give equal
outcomes, but for the order of events that nothing in the graph decides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from compiler.ir import Ending

Status = Literal["succeeded", "failed", "skipped", "aborted", "not_started"]
RunStatus = Literal["succeeded", "failed", "partially_succeeded", "aborted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """What became of one step. `exit_code` is None and `attempts` 0 if it never ran;
    `output` is None when it has none or does not report it."""

    status: Status
    attempts: int = 0
    exit_code: int | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a run. `events` are ("start" | "end", path) in their order."""

    workflow: str
    status: RunStatus
    exit_code: int
    steps: Mapping[str, StepOutcome]
    handlers: Mapping[str, StepOutcome]
    outputs: Mapping[str, str]
    events: tuple[tuple[str, str], ...] = ()


def to_json(outcome: Outcome) -> dict[str, Any]:
    """The JSON form of `outcome`, version 1."""
    return {
        "version": 1,
        "workflow": outcome.workflow,
        "status": outcome.status,
        "exit_code": outcome.exit_code,
        "steps": {path: _step_to_json(it) for path, it in outcome.steps.items()},
        "handlers": {path: _step_to_json(it) for path, it in outcome.handlers.items()},
        "outputs": dict(outcome.outputs),
        "events": [list(event) for event in outcome.events],
    }


def _step_to_json(step: StepOutcome) -> dict[str, Any]:
    form: dict[str, Any] = {
        "status": step.status,
        "attempts": step.attempts,
        "exit_code": step.exit_code,
    }
    if step.output is not None:
        form["output"] = step.output
    return form


def from_json(form: Mapping[str, Any]) -> Outcome:
    """The outcome whose JSON form is `form`. Raises KeyError when a key is missing."""
    return Outcome(
        workflow=form["workflow"],
        status=form["status"],
        exit_code=form["exit_code"],
        steps={path: _step_from_json(it) for path, it in form["steps"].items()},
        handlers={path: _step_from_json(it) for path, it in form["handlers"].items()},
        outputs=dict(form["outputs"]),
        events=tuple((what, path) for what, path in form["events"]),
    )


def _step_from_json(form: Mapping[str, Any]) -> StepOutcome:
    return StepOutcome(
        status=form["status"],
        attempts=form["attempts"],
        exit_code=form["exit_code"],
        output=form.get("output"),
    )


def differences(one: Outcome, other: Outcome) -> list[str]:
    """Where two outcomes differ, a line each; empty when they are equal.

    Events are left out: `compiler.order` judges them by the graph.
    """
    left, right = to_json(one), to_json(other)
    del left["events"], right["events"]
    return list(_differences("", left, right))


def _differences(path: str, one: Any, other: Any) -> Iterable[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            at = f"{path}.{key}" if path else key
            if key not in one or key not in other:
                where = "second" if key not in one else "first"
                yield f"{at}: only in the {where}"
            else:
                yield from _differences(at, one[key], other[key])
    elif one != other:
        yield f"{path}: {one!r} != {other!r}"


def run_status(endings: Iterable[Ending], partial: bool = False) -> RunStatus:
    """The status of a run that came to its own end, from how its steps ended (S7).
    `partial`: a call or a fan-out among those that succeeded did so partially.

    >>> run_status(["succeeded", "continued"])
    'partially_succeeded'
    >>> run_status(["continued"])
    'failed'
    """
    seen = set(endings)
    if "failed" in seen or ("continued" in seen and "succeeded" not in seen):
        return "failed"
    if "continued" in seen or partial:
        return "partially_succeeded"
    return "succeeded"
