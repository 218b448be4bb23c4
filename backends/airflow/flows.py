"""Turns workflows that run within one task into definitions above the DAG."""

from collections.abc import Iterator, Mapping

from backends.airflow.names import ordered
from backends.airflow.scopes import Scope, Values
from backends.airflow.source import Call, Dict, Later, List, Node, Text, statement
from backends.airflow.steps import Arg, Context, leaf, secret_source
from backends.python.expressions import constant, literal
from backends.python.schemas import printed_source, schema_arguments
from compiler.backend import folders
from compiler.ir import Ending, Param, Variable, Workflow


def flow(
    workflow: Workflow,
    flows: Mapping[str, str],
    grace: int | None,
    logged: frozenset[str],
) -> str:
    """The definition of `workflow` as one that runs within a task. `flows` are the
    variables of those that it calls, and its own."""
    scope = inner_scope(workflow, grace, logged)
    words: list[Arg] = [("", Text(workflow.name))]
    words.append(("opening", List([*opening(scope)])))
    known = dict(flows)
    steps: list[Arg] = []
    for step in ordered(workflow):
        context = Context(step=step, scope=scope, flows=known)
        after = {
            scope.folders.steps[edge.step]: accepted(edge.accepts)
            for edge in step.edges
        }
        steps.append((scope.folders.steps[step.name], leaf(context, after)))
    handlers: list[Arg] = []
    for handler in workflow.handlers:
        context = Context(step=handler, scope=scope, flows=known, handler=True)
        made = leaf(context, on=handler.name)
        handlers.append((scope.folders.handlers[handler.name], made))
    if steps:
        words.append(("steps", Dict(steps)))
    if handlers:
        words.append(("handlers", Dict(handlers)))
    words += _results(workflow, scope)
    return statement(Call("Flow", words, open=True), 0, flows[workflow.key])


def inner_scope(workflow: Workflow, grace: int | None, logged: frozenset[str]) -> Scope:
    names = folders(workflow)
    return Scope(
        workflow=workflow,
        folders=names,
        names=names.steps,
        inside=True,
        grace=grace,
        logged=logged,
    )


def _results(workflow: Workflow, scope: Scope) -> Iterator[Arg]:
    """What a call of the workflow comes to."""
    table = scope.folders.steps
    if workflow.leaves:
        leaves: list[Arg] = [(it, literal(table[it])) for it in workflow.leaves]
        yield "leaves", Dict(leaves)
    outputs: list[Node] = [
        f"({literal(it.output)}, {literal(table[it.name])})"
        for it in workflow.steps
        if it.output
    ]
    if outputs:
        yield "outputs", List(outputs)
    given = [it.name for it in workflow.params if it.default or it.positional]
    passed = [it.name for it in workflow.params if it.name not in given]
    if given:
        yield "params", constant([*given])
    if passed:
        yield "passed", constant([*passed])
    if workflow.timeout is not None:
        yield "timeout", str(workflow.timeout)


_ENDINGS: tuple[Ending, ...] = ("succeeded", "continued", "skipped")


def accepted(accepts: frozenset[Ending]) -> str:
    return " ".join(it for it in _ENDINGS if it in accepts)


# ---- the beginning of a workflow


def opening(scope: Scope) -> Iterator[Node]:
    """What is done before the steps of a workflow, in its order."""
    workflow, values = scope.workflow, Values(scope=scope)
    if workflow.files:
        yield Call("files", [("", Text(it.pattern)) for it in workflow.files])
    if workflow.dotenv:
        yield Call("dotenv", [("", Text(it.path)) for it in workflow.dotenv])
    if workflow.secrets:
        pairs = [(it.name, secret_source(it)) for it in workflow.secrets]
        yield Call("secrets", pairs)
    defined: list[Arg] = [
        ("", Dict([_definition(values, it) for it in workflow.order]))
    ]
    if workflow.schema is not None:
        params = f"Params({', '.join(schema_arguments(workflow))})"
        defined.append(("", f"fits_at_start({params})"))
        defined.append(("", f"fits_at_last({params})"))
    yield Call("define", defined)
    if workflow.directory is not None:
        yield Call("place", [("", values.given(workflow.directory))])
    yield from values.conditions("meets", workflow.conditions)


def _definition(values: Values, definition: Param | Variable) -> Arg:
    name = definition.name
    if isinstance(definition, Variable):
        return f"env.{name}", values.given(definition.value)
    if definition.default is not None:
        if definition.type not in (None, "string"):
            text = values.text(definition.default)
            return name, _constant_or_later(printed_source(definition, text))
        return name, values.given(definition.default)
    if definition.positional:
        return name, '""'
    return name, Later(f"process({literal(name)})")


def _constant_or_later(source: str) -> Node:
    return source if source.startswith('"') else Later(source)
