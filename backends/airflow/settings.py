"""Turns what stands around the steps of a workflow into the arguments of its DAG."""

from collections.abc import Iterator

from backends.airflow.scopes import plain
from backends.airflow.source import Call, Dict, List, Node, Text
from backends.airflow.steps import Arg
from backends.python.expressions import constant, literal
from compiler.ir import Cron, Json, Param, Workflow
from compiler.json_text import Failure, parse_json

_BELT = 3600  # seconds that handlers have behind the time of a run


def dag_arguments(workflow: Workflow, name: str, begins: bool) -> list[Arg]:
    """`begins`: a task values params and variables."""
    words: list[Arg] = [("dag_id", Text(name))]
    if workflow.description:
        words.append(("description", Text(workflow.description)))
    words += [("schedule", _schedule(workflow)), ("catchup", "False")]
    runs = workflow.max_active_runs
    if runs is None and workflow.queue is not None:
        sizes = {it.name: it.size for it in workflow.queues}
        runs = sizes.get(workflow.queue, 1)
    if runs is not None:
        words.append(("max_active_runs", str(runs)))
    if workflow.max_active_steps is not None:
        words.append(("max_active_tasks", str(workflow.max_active_steps)))
    if workflow.timeout is not None:
        seconds = workflow.timeout + _BELT
        words.append(("dagrun_timeout", f"timedelta(seconds={seconds})"))
    defaults: list[Arg] = [("retries", "0")]
    if workflow.env and not begins:
        pairs = [(it.name, Text(plain(it.value) or "")) for it in workflow.env]
        defaults.append(("variables", Dict(pairs)))
    words.append(("default_args", Dict(defaults)))
    params = [it for it in workflow.params if not it.bound]
    if params:
        schemas = _schemas(workflow)
        listed = [
            (_param_name(it), _param(it, schemas.get(it.name, {}))) for it in params
        ]
        words.append(("params", Dict(listed)))
    if workflow.tags or workflow.group:
        tags = [*workflow.tags, *([workflow.group] if workflow.group else [])]
        words.append(("tags", List([Text(it[:100]) for it in dict.fromkeys(tags)])))
    return words


def _param_name(param: Param) -> str:
    return f"arg_{param.name}" if param.positional else param.name


def _schedule(workflow: Workflow) -> Node:
    times = workflow.schedule.start if workflow.schedule else ()
    if not times:
        return "None"
    if len(times) == 1:
        return Call("CronTriggerTimetable", [*_cron(times[:1])])
    return Call("MultipleCronTriggerTimetable", [*_cron(times)])


def _cron(times: tuple[Cron, ...]) -> Iterator[Arg]:
    for time in times:
        yield "", Text(time.fields)
    yield "timezone", Text(times[0].zone or "UTC")


def _schemas(workflow: Workflow) -> dict[str, dict[str, Json]]:
    """What a schema says of each param alone."""
    document = workflow.schema.document if workflow.schema else None
    properties = document.get("properties") if isinstance(document, dict) else None
    if not isinstance(properties, dict):
        return {}
    return {name: it for name, it in properties.items() if isinstance(it, dict)}


def _param(param: Param, schema: dict[str, Json]) -> Node:
    default = None if param.default is None else plain(param.default)
    if param.type is not None and not default:
        default = None  # a schema is not for what nobody has set
    words: list[Arg] = []
    known: Json = default
    kind: Json = "string"
    if param.type is not None and param.type != "string":
        kind = param.type
        known = _typed(default)
    if param.required:
        words.append(("type", literal(str(kind))))
    elif known is None:
        words += [("", "None"), ("type", constant(["null", kind]))]
    else:
        value = Text(known) if isinstance(known, str) else constant(known)
        words += [("", value), ("type", literal(str(kind)))]
    words += [
        (key, constant(value))
        for key, value in schema.items()
        if key not in ("type", "default") and key.isidentifier()
    ]
    return Call("Param", words)


def _typed(text: str | None) -> Json:
    if not text:
        return None
    try:
        return parse_json(text)
    except Failure:
        return None
