"""The workflows of a program -> what a caller may know of them, and what it needs of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from compiler.ir import STEP_FIELDS, Call, Map, Program, Step, Workflow
from compiler.walk import call_of

# Of a call and of a fan-out: the values of the step, and the keys of its record that are
# no such value (S4, F4).
_RAN_FIELDS = ("output", "exitCode", "status")
_CALL_KEYS = ("name", "params", "outputs")
_MAP_KEYS = ("summary", "results", "outputs")


def fields_of(step: Step) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What may stand behind the name of `step`: the values of the step, and keys of its
    record."""
    if isinstance(step.body, Call):
        return _RAN_FIELDS, _CALL_KEYS
    if isinstance(step.body, Map):
        return _RAN_FIELDS, _MAP_KEYS
    return STEP_FIELDS, ()


class Calls:
    """What the callers in a program may know of its workflows.

    `outputs` has the names that the steps of each workflow give to their outputs, by the
    workflow's key; `of_items` are the keys of those that a fan-out runs.
    """

    def __init__(self, program: Program) -> None:
        self.outputs: Mapping[str, frozenset[str]] = {
            workflow.key: frozenset(
                step.output for step in workflow.steps if step.output is not None
            )
            for workflow in program.workflows
        }
        self.of_items = frozenset(
            key
            for workflow in program.workflows
            for step in (*workflow.steps, *workflow.handlers)
            if isinstance(step.body, Map)
            for key in _callees(step)
        )

    def outputs_of(self, call: Call) -> list[str]:
        """The names of outputs that `call` can give, sorted."""
        keys = (each.workflow for each in call.callees)
        return sorted({name for key in keys for name in self.outputs.get(key, ())})


def lacks_output(step: Step, path: Sequence[str | int], calls: Calls) -> bool:
    """Is `path`, into the record of `step`, that of an output which none of the workflows
    has that it calls?"""
    body = step.body
    return (
        isinstance(body, Call)
        and bool(body.callees)
        and len(path) > 1
        and path[0] == "outputs"
        and all(
            path[1] not in calls.outputs.get(it.workflow, ()) for it in body.callees
        )
    )


def capture_leaves(workflows: Sequence[Workflow]) -> tuple[Workflow, ...]:
    """`workflows` with the leaves captured of those whose result a captured call gives
    (S4); a leaf that is itself a call asks for the result of what it runs."""
    by_key = {workflow.key: workflow for workflow in workflows}
    asked = dict.fromkeys(
        key
        for workflow in workflows
        for step in (*workflow.steps, *workflow.handlers)
        if step.captured
        for key in _callees(step)
    )
    waiting = list(asked)
    for key in waiting:  # grows while it is read
        workflow = by_key.get(key)
        if workflow is None:
            continue
        leaves = frozenset(workflow.leaves)
        for step in workflow.steps:
            if step.name in leaves:
                further = [it for it in _callees(step) if it not in asked]
                asked.update(dict.fromkeys(further))
                waiting += further
    return tuple(
        _with_leaves_captured(each) if each.key in asked else each for each in workflows
    )


def _callees(step: Step) -> Iterable[str]:
    call = call_of(step)
    return () if call is None else [callee.workflow for callee in call.callees]


def _with_leaves_captured(workflow: Workflow) -> Workflow:
    leaves = frozenset(workflow.leaves)
    return replace(
        workflow,
        steps=tuple(
            replace(step, captured=True) if step.name in leaves else step
            for step in workflow.steps
        ),
    )
