"""Turns the entry of a program into the tasks of a DAG: statements of Python."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from backends.airflow.flows import opening
from backends.airflow.names import end_ids, helper, identifier, is_group, ordered
from backends.airflow.scopes import Scope, plain
from backends.airflow.source import Call, Dict, Later, List, Node, Text, statement
from backends.airflow.steps import (
    Arg,
    Context,
    continue_on,
    item_context,
    items_source,
    leaf,
    native_arguments,
    retry,
    step_arguments,
)
from backends.python.expressions import constant, literal
from compiler.backend import folders
from compiler.ir import Call as CallBody
from compiler.ir import Map, Step, Workflow
from compiler.walk import call_of

_INDENT = 4
_END = "    # How the run ends: its status, the handlers, and the leaf that fails with it.\n"


@dataclass
class Dag:
    """The tasks so far: their text, and the variables that are taken."""

    workflow: Workflow
    flows: dict[str, str]
    taken: set[str]
    scope: Scope
    ids: set[str]
    lines: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    before: list[tuple[str, str]] = field(default_factory=list)
    may_skip: dict[str, bool] = field(default_factory=dict)

    def add(self, target: str, node: Node, indent: int = _INDENT) -> None:
        self.lines.append(statement(node, indent, target))

    def variable(self, name: str) -> str:
        return identifier(name, self.taken)


def needs_begin(workflow: Workflow) -> bool:
    """Whether a run has something to value before its steps."""
    return bool(
        not workflow.steps
        or workflow.secrets
        or workflow.dotenv
        or workflow.conditions
        or workflow.schema
        or workflow.directory
        or workflow.files
        or any(
            it.default is None
            or plain(it.default) is None
            or it.bound
            or it.positional
            or it.type is not None
            for it in workflow.params
        )
        or any(plain(it.value) is None for it in workflow.env)
    )


def tasks(
    workflow: Workflow,
    flows: dict[str, str],
    taken: set[str],
    logged: frozenset[str],
) -> str:
    """The statements within `with DAG(...)`."""
    table = folders(workflow)
    ids = {*table.steps.values(), *table.handlers.values()}
    scope = Scope(
        workflow=workflow,
        folders=table,
        names=end_ids(workflow, table.steps),
        variables={},
        timeout=workflow.timeout,
        grace=workflow.grace,
        logged=logged,
    )
    dag = Dag(workflow=workflow, flows=flows, taken=taken, scope=scope, ids=ids)
    _begin(dag)
    for step in ordered(workflow):
        _step(dag, step)
    handlers = [it for it in workflow.handlers if it.name != "init"]
    if handlers or _going_on(dag):
        _end(dag, handlers)
    return "\n".join(dag.lines)


def _begin(dag: Dag) -> None:
    workflow = dag.workflow
    if needs_begin(workflow):
        name, variable = helper("begin", dag.ids), dag.variable("begin")
        words: list[Arg] = [
            ("task_id", Text(name)),
            ("workflow", Text(workflow.name)),
            ("opening", List([*opening(dag.scope)])),
        ]
        dag.add(variable, Call("Begin", words, open=True))
        dag.before.append((name, variable))
        dag.scope = replace(dag.scope, frame=f"{variable}.output", begin=name)
    for handler in workflow.handlers:
        if handler.name == "init":
            _init(dag, handler)


def _init(dag: Dag, handler: Step) -> None:
    context = Context(step=handler, scope=dag.scope, flows=dag.flows, handler=True)
    variable = dag.variable("init")
    name = dag.scope.folders.handlers["init"]
    more: list[Arg] = [("DAG_RUN_STATUS", Text("running"))]
    words = [("task_id", Text(name)), *_with_inputs(step_arguments(context), more)]
    words += [*native_arguments(context), *_frame(dag)]
    dag.add(variable, Call("Shell", words, open=True))
    dag.before.append((name, variable))
    dag.may_skip[name] = bool(handler.conditions)


def _with_inputs(words: list[Arg], more: list[Arg]) -> list[Arg]:
    """The arguments with more inputs in them."""
    known = [it for key, it in words if key == "inputs" and isinstance(it, Dict)]
    entries = [*more, *(known[0].entries if known else ())]
    rest = [pair for pair in words if pair[0] != "inputs"]
    return [("inputs", Dict(entries)), *rest]


def _frame(dag: Dag) -> Iterator[Arg]:
    if dag.scope.frame:
        yield "frame", dag.scope.frame


# ---- steps


def _step(dag: Dag, step: Step) -> None:
    rule, skips, before = _links(dag, step)
    called = call_of(step)
    unmet = not isinstance(step.body, Map) and called is not None
    dag.may_skip[step.name] = (
        bool(step.conditions)
        or unmet
        or any(
            dag.may_skip[edge.step] and "skipped" not in edge.accepts
            for edge in step.edges
        )
    )
    context = Context(step=step, scope=dag.scope, flows=dag.flows, skips=skips)
    variable = dag.variable(dag.scope.folders.steps[step.name])
    if is_group(step):
        _fan_out(dag, context, variable, rule, before)
    else:
        words: list[Arg] = [("task_id", Text(dag.scope.folders.steps[step.name]))]
        given = step_arguments(context)
        words += [*given, *native_arguments(context), *_frame(dag), *rule]
        dag.add(variable, Call("Shell", words, open=True))
        _edges(dag, [it for it in before if not _reads(given, it)], variable)
    dag.variables[step.name] = variable
    dag.scope = replace(dag.scope, variables=dag.variables)


def _links(dag: Dag, step: Step) -> tuple[list[Arg], tuple[str, ...], list[str]]:
    """When a step runs: its trigger rule, the tasks whose skip skips it, and the variables
    of those that it waits for."""
    names = dag.scope.names
    before = [dag.variables[edge.step] for edge in step.edges]
    may = [edge for edge in step.edges if dag.may_skip[edge.step]]
    refused = [names[it.step] for it in may if "skipped" not in it.accepts]
    tolerates = len(refused) < len(may)
    init = dag.before[-1][0] if len(dag.before) > 1 else ""
    if not step.edges and dag.before:
        name, variable = dag.before[-1]
        before = [variable] if name != dag.scope.begin else []
        tolerates = dag.may_skip.get(init or name, False)
    if not tolerates and (len(step.edges) < 2 or not refused):
        return [], (), before
    if dag.workflow.conditions:
        refused.insert(0, dag.scope.begin)
    return [("trigger_rule", "TriggerRule.NONE_FAILED")], tuple(refused), before


def _reads(given: Iterable[Arg], variable: str) -> bool:
    """Whether the inputs of a task name another one, which makes an edge."""
    wanted = f"{variable}.output"
    for key, inputs in given:
        if key == "inputs" and isinstance(inputs, Dict):
            for _, value in inputs.entries:
                if value == wanted or (
                    isinstance(value, List) and wanted in value.items
                ):
                    return True
    return False


def _edges(dag: Dag, before: list[str], variable: str) -> None:
    if len(before) == 1:
        dag.lines[-1] += f"{' ' * _INDENT}{before[0]} >> {variable}\n"
    elif before:
        listed = statement(List(before), _INDENT).rstrip("\n")
        dag.lines[-1] += f"{listed} >> {variable}\n"


# ---- fan-outs


def _fan_out(
    dag: Dag, context: Context, variable: str, rule: list[Arg], before: list[str]
) -> None:
    step = context.step
    body = step.body
    assert isinstance(body, Map)
    folder = dag.scope.folders.steps[step.name]
    items, item = dag.variable(f"{folder}_items"), dag.variable(f"{folder}_item")
    indent = _INDENT + 4
    lines = [
        f'{" " * _INDENT}with TaskGroup({literal(folder)}):\n',
        statement(_items(dag, context, body, rule), indent, items),
        "\n",
        statement(_item(dag, context, body, items), indent, item),
        "\n",
        statement(_gather(dag, context, folder), indent, variable),
        f'{" " * indent}{item} >> {variable}\n',
    ]
    dag.lines.append("".join(lines))
    _edges(dag, before, items)


def _items(dag: Dag, context: Context, body: Map, rule: list[Arg]) -> Node:
    step = replace(context.step, continue_on=None, stdout=None, stderr=None)
    given = step_arguments(replace(context, step=step))
    words: list[Arg] = [("task_id", '"items"')]
    for key, value in given:
        if key == "rules" and isinstance(value, List):
            rules = [
                it
                for it in value.items
                if not (isinstance(it, Call) and it.name == "each")
            ]
            if rules:
                words.append((key, List(rules)))
        else:
            words.append((key, value))
    words.append(("items", Later(items_source(context.values, body.items))))
    return Call("Items", [*words, *_frame(dag), *rule], open=True)


def _item(dag: Dag, context: Context, body: Map, items: str) -> Node:
    inner = item_context(context, body, tried=True)
    made = leaf(inner)
    inputs = [pair for pair in made.arguments if pair[0] == "inputs"]
    rest = [pair for pair in made.arguments if pair[0] != "inputs"]
    if inner.native and inner.step.retry is not None:
        rest.append(("once_more", retry(inner.values, inner.step.retry)))
    words: list[Arg] = [("task_id", '"item"'), ("leaf", Call("Leaf", rest, open=True))]
    words += [*inputs, *native_arguments(inner), *_frame(dag)]
    words.append(("max_active_tis_per_dagrun", str(body.width)))
    return Call("Item.partial", words, open=True, then=f".expand(leg={items}.output)")


def _gather(dag: Dag, context: Context, folder: str) -> Node:
    step = context.step
    words: list[Arg] = [
        ("task_id", '"result"'),
        ("items", literal(f"{folder}.items")),
        ("item", literal(f"{folder}.item")),
    ]
    if isinstance(step.body, Map) and isinstance(step.body.body, CallBody):
        words.append(("calls", "True"))
    if step.captured:
        words.append(("captured", "True"))
    rules = [*continue_on(step.continue_on)] if step.continue_on is not None else []
    if rules:
        words.append(("rules", List(rules)))
    words += [*_frame(dag), ("trigger_rule", "TriggerRule.ALL_DONE")]
    return Call("Gather", words, open=True)


# ---- the end of the run


def _going_on(dag: Dag) -> list[str]:
    """The tasks that may have failed, or failed in part, and gone on."""
    names = dag.scope.names
    return [
        names[step.name]
        for step in dag.workflow.steps
        if step.continue_on is not None or call_of(step) is not None
    ]


def _end(dag: Dag, handlers: list[Step]) -> None:
    names, status = dag.scope.names, dag.variable("status")
    words: list[Arg] = [
        ("task_id", Text(helper("status", dag.ids))),
        ("steps", constant([names[step.name] for step in dag.workflow.steps])),
    ]
    if going_on := _going_on(dag):
        words.append(("going_on", constant([*going_on])))
    if dag.before:
        words.append(("before", constant([name for name, _ in dag.before])))
    words.append(("trigger_rule", "TriggerRule.ALL_DONE"))
    dag.lines.append(_END)
    dag.add(status, Call("Status", words, open=True))
    awaited = {edge.step for step in dag.workflow.steps for edge in step.edges}
    leaves = [it.name for it in dag.workflow.steps if it.name not in awaited]
    last = [dag.variables[name] for name in leaves]
    _edges(dag, last or [dag.before[-1][1]], status)
    ends = [_handler(dag, handler, status) for handler in handlers]
    *others, exit = ends or [""]
    if handlers and handlers[-1].name != "exit":
        others, exit = ends, ""
    if exit and others:
        _edges(dag, others, exit)
    result = dag.variable("result")
    words = [
        ("task_id", Text(helper("result", dag.ids))),
        ("status", f"{status}.output"),
    ]
    if handlers:
        table = dag.scope.folders.handlers
        words.append(("handlers", constant([table[it.name] for it in handlers])))
    words.append(("trigger_rule", "TriggerRule.ALL_DONE"))
    dag.add(result, Call("RunEnd", words, open=True))
    _edges(dag, [exit] if exit else others, result)


def _handler(dag: Dag, handler: Step, status: str) -> str:
    context = Context(step=handler, scope=dag.scope, flows=dag.flows, handler=True)
    variable = dag.variable(f"on_{handler.name}")
    name = dag.scope.folders.handlers[handler.name]
    more: list[Arg] = [("DAG_RUN_STATUS", f"{status}.output")]
    words: list[Arg] = [("task_id", Text(name))]
    words += _with_inputs(step_arguments(context), more)
    words += [*native_arguments(context), *_frame(dag)]
    words.append(("trigger_rule", "TriggerRule.ALL_DONE"))
    dag.add(variable, Call("Shell", words, open=True))
    return variable
