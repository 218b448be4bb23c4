"""Turns params and env into the lines that value them, in the order of their references."""

from collections.abc import Iterator

from backends.shell.quote import bare, word
from backends.shell.scalars import checks, is_plain
from backends.shell.schemas import rules_of
from backends.shell.script import Emission
from compiler.ir import Param, Variable

_FAILING = (
    "wfc_need ",
    "wfc_jq ",
    "wfc_backtick ",
)  # what does not always find a value


def definitions(script: Emission) -> str:
    """The lines of the function `values` of a script; fills in what they use."""
    lines: list[str] = []
    workflow, parts = script.workflow, script.used.parts
    if not (
        workflow.dotenv
        or workflow.secrets
        or workflow.order
        or workflow.schema
        or workflow.directory
        or workflow.log_directory
    ):
        return ""
    for file in workflow.dotenv:
        parts.add("dotenv")
        lines.append(f"dotenv {bare(file.path)}  # {script.at(file.span)}")
    for secret in script.workflow.secrets:
        script.used.parts.add("secrets")
        words = f"{secret.name} {secret.provider} {bare(secret.key)}"
        lines.append(f"secret {words}  # {script.at(secret.span)}")
    if "resume" in parts:
        lines.append("if wfc_kept; then return; fi")
    if workflow.schema is not None:
        lines += _rules(script)
    for definition in script.workflow.order:
        lines += _definition(script, definition)
        lines += _typed(script, definition)
    if any("wfc_valuing " in each for each in lines):
        lines.append("wfc_valuing ''")  # what follows is about none of them
    if workflow.schema is not None:
        fits = "fit" if is_plain(workflow) else "fits"
        lines.append(f"{fits} rules{_behind(script)} ''")
    if workflow.directory is not None:
        parts.add("place")
        values = script.values(None)
        text = values.text(workflow.directory)
        at = script.at(workflow.directory.span)
        lines += [*values.lines, f"place {text}  # {at}"]
    if workflow.log_directory is not None and not script.prefix:
        parts.add("logs")
        values = script.values(None)
        text = values.text(workflow.log_directory)
        at = script.at(workflow.log_directory.span)
        lines += [*values.lines, f"logs {text}  # {at}"]
    return "\n".join(lines)


def _named(script: Emission, name: str, lines: list[str]) -> list[str]:
    """`lines`, which value `name`: what fails in them says so."""
    if not any(it.startswith(_FAILING) for it in lines):
        return lines
    script.used.parts.add("whose")
    return [f"wfc_valuing {name}", *lines]


def _behind(script: Emission) -> str:
    """The end of the names of a workflow's functions; empty for the entry."""
    return f"_{script.prefix.removesuffix('.')}" if script.prefix else ""


def _rules(script: Emission) -> list[str]:
    """Defines the function that prints the schema; the lines that look at it before
    anything else is valued."""
    parts, name = script.used.parts, f"rules{_behind(script)}"
    plain = is_plain(script.workflow)
    if plain:
        lines, needed = checks(script.workflow)
        parts |= needed
        script.define(name, lines)
    else:
        parts |= {"schema", "jq"}
        rules = word(rules_of(script.workflow))
        script.script.functions.append(f"{name}() {{ printf %s {rules}; }}")
    if not script.prefix:
        parts.add("scalars-of-run" if plain else "schema-of-run")
        return []
    script.used.rules.append(name)
    return [f"{'fit' if plain else 'fits'} {name} 1"]


def _typed(script: Emission, definition: Param | Variable) -> Iterator[str]:
    if isinstance(definition, Param) and definition.type not in (None, "string"):
        script.used.parts.add("typed")
        if not is_plain(script.workflow):
            script.used.parts.add("typed-json")
        yield f"typed {definition.name} {definition.type}"


def _definition(script: Emission, definition: Param | Variable) -> list[str]:
    parts = script.used.parts
    values = script.values(None)
    comment = f"  # {script.at(definition.span)}"
    name = definition.name
    match definition:
        case Param(default=None, positional=True):
            return [f"param {name} ''{comment}"]
        case Param(default=None):
            parts.add("inherit")
            return [f"inherit {name}{comment}"]
        case Param(default=template) if template is not None:
            text = values.text(template)
            if not values.lines:
                return [f"param {name} {text}{comment}"]
            parts.add("lazy-param")
            inner = [f"  {line}" for line in _named(script, name, values.lines)]
            return [
                f"if ! wfc_set {name}; then{comment}",
                *inner,
                f"  param {name} {text}",
                "fi",
            ]
        case Variable(value=template):
            parts.add("variable")
            text = values.text(template)
            lines = _named(script, name, values.lines)
            return [*lines, f"variable {name} {text}{comment}"]
        case _:
            raise AssertionError(definition)  # every param is matched above
