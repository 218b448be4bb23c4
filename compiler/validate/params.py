"""Checks of values that are known beforehand against the schema of the params."""

from collections.abc import Iterator

from compiler.diagnostics import Diagnostic
from compiler.ir import Call, Map, Program, Step, Workflow
from compiler.source import Span
from compiler.walk import call_of


def bad_param(program: Program) -> Iterator[Diagnostic]:
    """A default, or an argument of a call, that the schema of the params refuses."""
    with_schema = {it.key: it for it in program.workflows if it.schema is not None}
    if not with_schema:
        return
    for workflow in program.workflows:
        if workflow.key in with_schema:
            yield from _defaults(workflow)
        for step in (*workflow.steps, *workflow.handlers):
            call = call_of(step)
            if call is not None and not call.dynamic:
                for callee in call.callees:
                    if callee.workflow in with_schema:
                        called = with_schema[callee.workflow]
                        yield from _arguments(step, call, called)


def _defaults(workflow: Workflow) -> Iterator[Diagnostic]:
    from compiler.schemas.checking import problems_of_defaults

    places = {
        param.name: param.default.span
        for param in workflow.params
        if param.default is not None
    }
    for problem in problems_of_defaults(workflow):
        place = places.get(problem.name, workflow.span)
        yield _finding(problem.message, place, "its default", workflow)


def _arguments(step: Step, call: Call, callee: Workflow) -> Iterator[Diagnostic]:
    """What is wrong in every run: what the values have that are not known yet, is not."""
    from compiler.schemas.checking import constant, problems_of_start

    if call.arguments is None and isinstance(step.body, Map):
        return  # the item is the argument
    named = [it for it in call.arguments or () if not it.name.isdigit()]
    texts = {it.name: constant(it.value) for it in named}
    known = {name: text for name, text in texts.items() if text is not None}
    places = {it.name: it.value.span for it in named}
    own = {it.name for it in callee.params if not it.required} - places.keys()
    for problem in problems_of_start(callee, known, texts):
        if problem.name in own:  # a default, which is the callee's affair
            continue
        place = places.get(problem.name, call.span)
        label = "passed here" if problem.name in places else "this call"
        yield _finding(problem.message, place, label, callee)


def _finding(message: str, place: Span, label: str, workflow: Workflow) -> Diagnostic:
    assert workflow.schema is not None
    return Diagnostic(
        code="WFC223",
        message=message,
        span=place,
        label=label,
        help="change the value, or what the schema of the params says",
        others=((workflow.schema.span, "the schema"),),
    )
