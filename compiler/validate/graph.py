"""Checks on policies that have no effect, or not the one that was meant."""

import re
from collections.abc import Iterator
from itertools import pairwise

from compiler.diagnostics import Diagnostic
from compiler.ir import Call, Map, Program, Step, Workflow, span_of


def ineffective_limit(program: Program) -> Iterator[Diagnostic]:
    """`maxActiveSteps` in a workflow whose steps run one after the other anyway (S1): the
    limit counts the items of a fan-out and the steps of a callee, too (S10)."""
    for workflow in program.workflows:
        if (
            workflow.max_active_steps is not None
            and workflow.type == "chain"
            and len(workflow.steps) > 1
            and _is_line(workflow)
            and not any(
                _may_be_more(step, workflow.max_active_steps)
                for step in (*workflow.steps, *workflow.handlers)
            )
        ):
            yield Diagnostic(
                code="WFC209",
                message="`maxActiveSteps` has no effect: the steps of this chain run one "
                "after the other",
                span=span_of("maxActiveSteps", workflow),
                help="write `type: graph`, or `depends:` for steps that may run at once",
            )


def _is_line(workflow: Workflow) -> bool:
    steps = workflow.steps
    return all(
        any(edge.step == before.name for edge in step.edges)
        for before, step in pairwise(steps)
    )


def _may_be_more(step: Step, limit: int) -> bool:
    """Can more than `limit` processes of `step` run at the same time?"""
    match step.body:
        case Map(width=int(width), body=body) if not isinstance(body, Call):
            return width > limit
        case body:
            return isinstance(body, Call | Map)


# Words in the name or description of a step that is meant to run whatever came before.
_RELEASE = re.compile(
    r"release|unlock|clean[-_ ]?up|tear[-_ ]?down|dispose|destroy", re.I
)


def late_continue_on(program: Program) -> Iterator[Diagnostic]:
    """`continueOn.failure` on the step that releases something, where it does nothing for
    the release: the step is aborted when what it waits for fails (S9)."""
    for workflow in program.workflows:
        steps = {step.name: step for step in workflow.steps}
        awaited = {edge.step for step in workflow.steps for edge in step.edges}
        for step in workflow.steps:
            policy = step.continue_on
            if policy is None or not policy.failure or step.name in awaited:
                continue
            risky = [steps[edge.step] for edge in step.edges if edge.step in steps]
            risky = [it for it in risky if not _continues(it)]
            if risky and _RELEASE.search(f"{step.name} {step.description}"):
                yield Diagnostic(
                    code="WFC211",
                    message=f"`{step.name}` does not run when `{risky[0].name}` fails; its "
                    "own `continueOn` does not change that",
                    span=policy.span,
                    label="takes effect when this very step fails",
                    help=f"put `continueOn` on `{risky[0].name}`, or move this step to "
                    "`handlerOn.exit`",
                    others=((risky[0].span, "the step that may fail"),),
                )


def _continues(step: Step) -> bool:
    return step.continue_on is not None and step.continue_on.failure
