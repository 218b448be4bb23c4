"""Turns a workflow that needs no run time into steps as a person writes them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from itertools import pairwise

from backends.github.document import checkout, written
from backends.github.inputs import Inputs
from backends.github.jobs import Job, job_id
from backends.github.limits import minutes
from backends.github.nodes import Node as Step
from backends.github.printed import (
    ABOUT,
    MOST_OUTPUTS,
    PROGRAM,
    VARIABLE,
    is_taken,
    shell,
)
from backends.github.values import plain
from backends.yaml_text import Comment, Node, Noted
from compiler.ir import DEFAULT_SHELL, Command, Export, Workflow
from compiler.ir import Step as StepOfIr

# What GitHub puts into a line of YAML and into an expression as it is.
_CONSTANT = re.compile(r"[^\x00-\x1f\x7f'{}]*")
_OF_RUN = re.compile(r"DAG_|WFC_|\$\{\{|\$[0-9@*#]|\$\{[0-9@*#]")


def is_plain(workflow: Workflow, nodes: Sequence[Step]) -> bool:
    """Whether all of `workflow` is a chain of commands that see constants and inputs."""
    steps = [node for node in nodes if node.kind == "step"]
    others = {node.kind for node in nodes} - {"step", "begin", "verdict", "summary"}
    return (
        bool(steps)
        and not others
        and not _has_surroundings(workflow)
        and all(
            len(node.links) == 1 and node.links[0].node == before.name
            for before, node in pairwise(steps)
        )
        and all(_is_plain_step(it) for it in workflow.steps)
        and _has_room(workflow)
        and all(map(_is_constant, _definitions(workflow)))
    )


def _has_room(workflow: Workflow) -> bool:
    """Whether the outputs of the steps can be in the environment of each."""
    names = {it.output for it in workflow.steps if it.output is not None}
    return len(names) <= MOST_OUTPUTS and not any(map(is_taken, names))


def _has_surroundings(workflow: Workflow) -> bool:
    return bool(
        workflow.handlers
        or workflow.conditions
        or workflow.dotenv
        or workflow.secrets
        or workflow.directory
        or workflow.schema
        or workflow.delay
        or workflow.timeout is not None
        or workflow.grace is not None
        or workflow.max_output is not None
    )


# What a step may have and still be a `run:` of its own.
_KNOWN = frozenset(
    [
        "name",
        "id",
        "description",
        "body",
        "depends",
        "exports",
        "edges",
        "span",
        "spans",
        "captured",
        "output",
        "env",
        "directory",
        "mail_on_error",
    ]
)
_DEFAULTS = {
    it.name: it.default for it in fields(StepOfIr) if it.default is not MISSING
}


def _is_plain_step(step: StepOfIr) -> bool:
    body = step.body
    others = [it.name for it in fields(step) if it.name not in _KNOWN]
    return (
        isinstance(body, Command)
        and body.shell == DEFAULT_SHELL
        and step.captured == (step.output is not None)
        and not step.env
        and step.directory is None
        and all(getattr(step, name) == _DEFAULTS[name] for name in others)
        and all(it.plain and it.place == "text" for it in body.text.references)
        and all(map(_is_plain_export, step.exports))
        and not _OF_RUN.search(body.text.source)
        and "\r" not in body.text.source
        and not body.text.source.rstrip("\n").endswith("\\")
    )


def _is_plain_export(export: Export) -> bool:
    """In a chain, the step that gives an output has succeeded: what else the name could
    be does not count."""
    first, *_ = kinds = [origin.kind for origin in export.origins]
    return first == "output" or all(it in ("param", "env") for it in kinds)


def _definitions(workflow: Workflow) -> Iterator[str | None]:
    """The constants of params and env, None for one that is none."""
    for param in workflow.params:
        typed = param.type is not None or param.positional or param.bound
        yield None if typed or param.default is None else plain(param.default)
    for variable in workflow.env:
        yield plain(variable.value)


def _is_constant(text: str | None) -> bool:
    return text is not None and _CONSTANT.fullmatch(text) is not None


def plain_jobs(
    workflow: Workflow, nodes: Sequence[Step], inputs: Inputs, places: Mapping[str, str]
) -> Mapping[str, Node]:
    """The only job: each step is its text, with the params in its environment, and the
    outputs of the steps before it."""
    steps = [node for node in nodes if node.kind == "step"]
    params = {
        param: f"${{{{ {_value(workflow, name, inputs)} }}}}"
        for name, param in inputs.names.items()
    }
    ids = _ids(steps)
    id = job_id(workflow.name, set())
    limit = minutes(Job(id=id, nodes=steps))
    return {
        id: {
            "name": written(workflow.name),
            "runs-on": "ubuntu-latest",
            **({} if limit is None else {"timeout-minutes": limit}),
            **({"permissions": {"contents": "read"}} if workflow.files else {}),
            "steps": [
                *([checkout()] if workflow.files else []),
                *(_step(it, params, ids, places[it.name]) for it in steps),
            ],
        }
    }


def _ids(steps: Sequence[Step]) -> Mapping[str, str]:
    """The ids of the steps that have an output, by their names."""
    taken: set[str] = set()
    ids = {}
    for node in steps:
        if node.step is not None and node.step.output is not None:
            ids[node.step.name] = job_id(node.path, taken)
            taken |= {ids[node.step.name], ids[node.step.name].lower()}
    return ids


def _step(
    node: Step, params: Mapping[str, str], ids: Mapping[str, str], place: str
) -> Mapping[str, Node]:
    step = node.step
    assert step is not None
    body = step.body
    assert isinstance(body, Command)
    entry: dict[str, Node] = {"name": Noted(written(node.title), place)}
    env = {**params}
    for export in step.exports:
        origin = export.origins[0]
        if origin.kind == "output":
            output = f"steps.{ids[origin.step]}.outputs.{origin.name}"
            env[export.name] = f"${{{{ {output} }}}}"
    if step.output is not None:
        entry["id"] = ids[step.name]
        entry["shell"] = shell(step.output)
    if env:
        entry["env"] = env
    text = body.text.source.rstrip("\n")
    entry["run"] = f"{text}\n" if "\n" in text else text
    return entry


def _value(workflow: Workflow, name: str, inputs: Inputs) -> str:
    """An input; runs by the clock have none."""
    default = inputs.forms[name].get("default", "")
    if workflow.schedule is None or not workflow.schedule.start or not default:
        return f"inputs.{name}"
    return f"github.event_name == 'schedule' && '{default}' || inputs.{name}"


def plain_env(workflow: Workflow) -> Mapping[str, Node]:
    """The workflow's own env, which are constants, and the shell of steps with outputs."""
    found: dict[str, Node] = {it.name: plain(it.value) or "" for it in workflow.env}
    if any(it.output is not None for it in workflow.steps):
        found |= {Comment(ABOUT): None, VARIABLE: PROGRAM}
    return found
