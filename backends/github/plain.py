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
from backends.github.values import plain
from backends.yaml_text import Node, Noted
from compiler.ir import DEFAULT_SHELL, Command, Workflow
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
        and all(map(_is_constant, _definitions(workflow)))
    )


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
        and not step.captured
        and not step.env
        and step.directory is None
        and all(getattr(step, name) == _DEFAULTS[name] for name in others)
        and all(it.plain and it.place == "text" for it in body.text.references)
        and all(
            origin.kind in ("param", "env")
            for export in step.exports
            for origin in export.origins
        )
        and not _OF_RUN.search(body.text.source)
        and "\r" not in body.text.source
        and not body.text.source.rstrip("\n").endswith("\\")
    )


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
    """The only job: each step is its text, with the params in its environment."""
    steps = [node for node in nodes if node.kind == "step"]
    id = job_id(workflow.name, set())
    return {
        id: {
            "name": workflow.name,
            "runs-on": "ubuntu-latest",
            "timeout-minutes": minutes(Job(id=id, nodes=steps)),
            **({"permissions": {"contents": "read"}} if workflow.files else {}),
            "steps": [
                *([checkout()] if workflow.files else []),
                *(_step(workflow, it, inputs, places[it.name]) for it in steps),
            ],
        }
    }


def _step(
    workflow: Workflow, node: Step, inputs: Inputs, place: str
) -> Mapping[str, Node]:
    assert node.step is not None
    body = node.step.body
    assert isinstance(body, Command)
    entry: dict[str, Node] = {"name": Noted(written(node.title), place)}
    env = {
        param: f"${{{{ {_value(workflow, name, inputs)} }}}}"
        for name, param in inputs.names.items()
    }
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
    """The workflow's own env: constants."""
    return {it.name: plain(it.value) or "" for it in workflow.env}
