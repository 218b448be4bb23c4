"""Two outcomes of one program -> where they differ, step by step.

Equal is what has the same statuses, attempts, exit codes and values. The order of events
may differ, as far as the graph and the limits allow it; each outcome is judged alone.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from compiler.ir import Program
from compiler.order import disorder
from compiler.outcome import Outcome, StepOutcome

Kind = Literal["run", "step", "handler", "output"]
Value = str | int | None
FIELDS = ("status", "attempts", "exit_code", "output")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What two outcomes do not have alike: the `field` of the run, of the step or handler
    `name`, or the value of the output `name`. None: that one has it not; the field of a
    step that only one of them knows is "" and its value the status. The field "order" has
    what is wrong with the events of one, and None for the other."""

    kind: Kind
    name: str
    field: str
    values: tuple[Value, Value]


def compare(one: Outcome, other: Outcome, program: Program) -> list[Difference]:
    """Where two outcomes of `program` differ; empty when they are equal and the events of
    both are in an order that may be."""
    return [
        *_of_run(one, other),
        *_of_steps("step", one.steps, other.steps),
        *_of_steps("handler", one.handlers, other.handlers),
        *_of_outputs(one.outputs, other.outputs),
        *_of_order(one, other, program),
    ]


def _of_run(one: Outcome, other: Outcome) -> Iterator[Difference]:
    pairs: list[tuple[str, tuple[Value, Value]]] = [
        ("workflow", (one.workflow, other.workflow)),
        ("status", (one.status, other.status)),
        ("exit_code", (one.exit_code, other.exit_code)),
    ]
    for field, values in pairs:
        if values[0] != values[1]:
            yield Difference(kind="run", name="", field=field, values=values)


def _of_steps(
    kind: Kind, ones: Mapping[str, StepOutcome], others: Mapping[str, StepOutcome]
) -> Iterator[Difference]:
    for path in dict.fromkeys([*ones, *others]):
        one, other = ones.get(path), others.get(path)
        if one is None or other is None:
            known = (one.status if one else None, other.status if other else None)
            yield Difference(kind=kind, name=path, field="", values=known)
            continue
        for field, first, second in zip(FIELDS, _row(one), _row(other), strict=True):
            if not same(first, second):
                values = (first, second)
                yield Difference(kind=kind, name=path, field=field, values=values)


def _row(step: StepOutcome) -> tuple[Value, ...]:
    """The values of FIELDS."""
    return step.status, step.attempts, step.exit_code, step.output


def _of_outputs(
    ones: Mapping[str, str], others: Mapping[str, str]
) -> Iterator[Difference]:
    for name in dict.fromkeys([*ones, *others]):
        values = (ones.get(name), others.get(name))
        if not same(*values):
            yield Difference(kind="output", name=name, field="value", values=values)


def _of_order(one: Outcome, other: Outcome, program: Program) -> Iterator[Difference]:
    for at, outcome in enumerate((one, other)):
        for each in disorder(outcome, program):
            values = (each.what, None) if at == 0 else (None, each.what)
            kind: Kind = "step" if each.path in outcome.steps else "run"
            yield Difference(kind=kind, name=each.path, field="order", values=values)


def same(one: Value, other: Value) -> bool:
    """Are two values equal? `sha256:` and a digest stands for the value that has it.

    >>> same("abc", "sha256:" + hashlib.sha256(b"abc").hexdigest())
    True
    """
    if one == other:
        return True
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    return _digest_of(one, other) or _digest_of(other, one)


def _digest_of(digest: str, text: str) -> bool:
    if not digest.startswith("sha256:"):
        return False
    return digest == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def differing(differences: Sequence[Difference], kind: Kind) -> dict[str, set[str]]:
    """The fields that differ, by the name of what has them.

    >>> one = Difference(kind="step", name="a", field="status", values=("failed", None))
    >>> differing([one], "step")
    {'a': {'status'}}
    """
    found: dict[str, set[str]] = {}
    for each in differences:
        if each.kind == kind:
            found.setdefault(each.name, set()).add(each.field)
    return found
