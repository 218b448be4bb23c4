"""Checks for what a file means in some versions of Dagu only."""

from collections.abc import Callable, Iterator
from posixpath import dirname, join

from compiler import versions
from compiler.diagnostics import Diagnostic
from compiler.ir import (
    Match,
    Program,
    Reference,
    Template,
    Workflow,
)
from compiler.source import Span
from compiler.walk import references, template_texts


def version_dependent(
    program: Program, exists: Callable[[str], bool]
) -> Iterator[Diagnostic]:
    """What versions of Dagu take in different ways; `exists` is as for `check`."""
    yield from versions.notes(_places(program, exists))


def _places(
    program: Program, exists: Callable[[str], bool]
) -> Iterator[tuple[str, Span]]:
    for workflow in program.workflows:
        for span in _chain_edges(workflow):
            yield "chain-edge", span
        for template in _definitions_and_conditions(workflow):
            for reference in _with_default(template):
                yield "default", reference.span
        for variable in workflow.env:
            first = variable.value.parts[0] if variable.value.parts else ""
            if isinstance(first, str) and (first == "~" or first.startswith("~/")):
                yield "home-folder", variable.value.span
        if workflow.dotenv and workflow.env:
            yield "dotenv-order", workflow.dotenv[0].span
        for handler in workflow.handlers:
            for condition in handler.conditions:
                yield "handler-condition", condition.span
    main = program.main
    beside = join(dirname(main.span.file), ".env")
    named = {join(dirname(main.span.file), file.path) for file in main.dotenv}
    if beside not in named and main.span.file != "<stdin>" and exists(beside):
        yield "dotenv-file", main.span


def _chain_edges(workflow: Workflow) -> Iterator[Span]:
    """The `depends` of a chain that do not lead to the step before them."""
    if workflow.type != "chain":
        return
    places = {step.name: place for place, step in enumerate(workflow.steps)}
    if not any(step.depends for step in workflow.steps[1:]):
        return
    before: list[int] = []  # of each step, a bit for each one that it waits for
    for place, step in enumerate(workflow.steps):
        mine = 0
        for edge in step.edges:
            parent = places[edge.step]
            mine |= 1 << parent | (before[parent] if parent < place else 0)
        before.append(mine)
        whole = len(step.edges) == len(step.depends or ())  # else one is not there
        if place and step.depends and whole and not mine >> (place - 1) & 1:
            yield step.depends[0].span


def _definitions_and_conditions(workflow: Workflow) -> Iterator[Template]:
    for param in workflow.params:
        if param.default is not None:
            yield param.default
    for variable in workflow.env:
        yield variable.value
    of_steps = (step.conditions for step in (*workflow.steps, *workflow.handlers))
    for conditions in (workflow.conditions, *of_steps):
        for condition in conditions:
            if isinstance(condition, Match):
                yield condition.value


def _with_default(template: Template) -> Iterator[Reference]:
    """The `${X:-d}` in `template`; what a shell reads, in backticks, is no difference."""
    for part in template_texts(template):
        if isinstance(part, Template):
            for reference in references(part):
                if reference.default is not None and reference.text.startswith("${"):
                    yield reference
