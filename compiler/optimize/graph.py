"""Rewrites of edges."""

from dataclasses import replace

from compiler.ir import Program, Step, Workflow

_STRICT = frozenset({"succeeded", "continued"})


def prune_edges(program: Program) -> Program:
    """Takes out edges that another path implies.

    `a -> b -> c` and `a -> c` become `a -> b -> c`.

    Sound where every step on that path runs only if the one before it ran: then the end
    of the path is decided after its start and as the direct edge would decide it. A step
    that tolerates a skip breaks the path. The environment of a step is not touched: it
    was fixed when names were resolved. The leaves of a workflow stay the same: of the
    edges that wait for a step, the one that begins the longest path is implied by none.
    """
    return replace(program, workflows=tuple(map(_prune, program.workflows)))


def _prune(workflow: Workflow) -> Workflow:
    if all(len(step.edges) < 2 for step in workflow.steps):
        return workflow
    places = {step.name: place for place, step in enumerate(workflow.steps)}
    # implied[name]: bit set of the steps that must have run for `name` to run.
    implied: dict[str, int] = {}
    pruned: dict[str, Step] = {}
    for step in in_order(workflow):
        behind = 0
        for edge in step.edges:
            if edge.accepts == _STRICT:
                behind |= implied[edge.step]
        implied[step.name] = behind
        for edge in step.edges:
            if edge.accepts == _STRICT:
                implied[step.name] |= 1 << places[edge.step]
        kept = tuple(edge for edge in step.edges if not behind >> places[edge.step] & 1)
        pruned[step.name] = step if kept == step.edges else replace(step, edges=kept)
    steps = tuple(pruned[step.name] for step in workflow.steps)
    return replace(workflow, steps=steps)


def in_order(workflow: Workflow) -> list[Step]:
    """The steps, each after all that it waits for; else as in the file."""
    steps = {step.name: step for step in workflow.steps}
    waiting = {step.name: len(step.edges) for step in workflow.steps}
    children: dict[str, list[str]] = {name: [] for name in steps}
    for step in workflow.steps:
        for edge in step.edges:
            children[edge.step].append(step.name)
    ready = [step for step in workflow.steps if not step.edges]
    for step in ready:  # grows while it is read
        for child in children[step.name]:
            waiting[child] -= 1
            if waiting[child] == 0:
                ready.append(steps[child])
    return ready
