"""A program as read -> the same program with every name looked up, and what was wrong.

After this pass each reference knows its candidates (R7, R8, R9), each step its edges
(S1, S5) and the environment of its processes (R4), and each workflow the order in which
its params and env are valued (R6) and its leaves (S4). Later passes never look a name up.
"""

from dataclasses import replace

from compiler.diagnostics import Diagnostic
from compiler.ir import Program, Workflow
from compiler.resolve.calls import Calls, capture_leaves
from compiler.resolve.definitions import (
    declare,
    order_definitions,
    resolve_definitions,
)
from compiler.resolve.graph import resolve_graph
from compiler.resolve.scopes import Findings, names_of
from compiler.resolve.steps import resolve_steps


def resolve(program: Program) -> tuple[Program, tuple[Diagnostic, ...]]:
    """`program` with its names resolved, as far as they can be, and the findings.

    A program with an error among the findings is only good for further checks.
    """
    calls = Calls(program)
    resolved = [_resolve_workflow(workflow, calls) for workflow in program.workflows]
    workflows = capture_leaves([workflow for workflow, _ in resolved])
    return (
        replace(program, workflows=workflows),
        tuple(finding for _, found in resolved for finding in found),
    )


def _resolve_workflow(
    workflow: Workflow, calls: Calls
) -> tuple[Workflow, list[Diagnostic]]:
    graph, in_graph = resolve_graph(workflow)
    names = names_of(workflow, graph, calls)
    findings = Findings(diagnostics=in_graph)
    workflow = resolve_definitions(workflow, names, findings)
    workflow = resolve_steps(workflow, names, findings)
    workflow = declare(workflow, names, findings)
    workflow = order_definitions(workflow, findings)
    return workflow, findings.diagnostics
