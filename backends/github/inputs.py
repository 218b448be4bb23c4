"""Turns the params of a workflow into the inputs of a dispatch (R6)."""

from collections.abc import Mapping
from dataclasses import dataclass

from backends.github.jobs import job_id
from backends.github.values import plain
from backends.github.words import call
from backends.python.expressions import literal
from backends.yaml_text import Node
from compiler.ir import Json, Param, Workflow
from compiler.json_text import Failure, parse_json, to_text

# What a form of GitHub has room for.
MOST_INPUTS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """`forms` are the inputs by their names; `names` are the params by those. Of `empty`
    params an input without a text is not given."""

    forms: Mapping[str, Mapping[str, Node]]
    names: Mapping[str, str]
    empty: tuple[str, ...] = ()

    def part(self) -> str:
        """The part of a begin that takes the values of the inputs."""
        others = {
            name: literal(param) for name, param in self.names.items() if name != param
        }
        words = []
        if others:
            pairs = ", ".join(f"{literal(name)}: {it}" for name, it in others.items())
            words.append(f"names={{{pairs}}}")
        if self.empty:
            words.append(f"optional=[{', '.join(map(literal, self.empty))}]")
        return call("inputs", words)


def inputs_of(workflow: Workflow) -> Inputs:
    """The inputs of the params that a run can set."""
    taken: set[str] = set()
    forms, names, empty = {}, {}, []
    schemas = _schemas(workflow)
    for param in workflow.params:
        if param.bound:
            continue
        wanted = f"arg_{param.name}" if param.positional else param.name
        name = job_id(wanted, taken) if wanted.lower() in taken else wanted
        taken |= {name, name.lower()}
        names[name] = param.name
        default = None if param.default is None else plain(param.default)
        if default is None or "${{" in default:  # GitHub would read an expression
            default = None
        # A schema is not for what nobody has set.
        if default is None or (workflow.schema is not None and not default):
            empty.append(param.name)
        forms[name] = _form(param, default, schemas.get(param.name, {}))
    return Inputs(forms=forms, names=names, empty=tuple(empty))


def _schemas(workflow: Workflow) -> Mapping[str, dict[str, Json]]:
    """What a schema says of each param alone."""
    document = workflow.schema.document if workflow.schema else None
    properties = document.get("properties") if isinstance(document, dict) else None
    if not isinstance(properties, dict):
        return {}
    return {name: it for name, it in properties.items() if isinstance(it, dict)}


def _form(
    param: Param, default: str | None, schema: Mapping[str, Json]
) -> dict[str, Node]:
    described = schema.get("description")
    form: dict[str, Node] = {"description": _described(param, described)}
    choices = _choices(schema.get("enum"), default)
    if choices:
        form |= {"type": "choice", "options": choices}
    elif param.type == "boolean" and default in ("true", "false"):
        form |= {"type": "boolean", "default": default == "true"}
        return form
    elif param.type in ("integer", "number") and default and _is_number(default):
        form |= {"type": "number", "default": parse_json(default)}
        return form
    else:
        form["type"] = "string"
    if param.required:
        form["required"] = True
    elif default is not None:
        form["default"] = default
    return form


def _described(param: Param, described: Json) -> str:
    if isinstance(described, str) and described:
        return _written(described)
    return f"${param.name}" if param.positional else param.name


def _choices(listed: Json, default: str | None) -> list[Node]:
    """The values of an `enum` of texts that holds the default, which GitHub shows first."""
    if not isinstance(listed, list) or default not in (
        texts := [*map(to_text, listed)]
    ):
        return []
    if not all(isinstance(it, str) and it and _written(it) == it for it in listed):
        return []
    return [*texts]


def _is_number(text: str) -> bool:
    try:
        value = parse_json(text)
    except Failure:
        return False
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def _written(text: str) -> str:
    """A text of the file that GitHub reads: `${{` would begin an expression."""
    return text.replace("${{", "$ {{")
