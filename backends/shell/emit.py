"""Turns a checked program into the text of one bash script: the workflow, then the run time."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from backends.shell import jq
from backends.shell.definitions import definitions
from backends.shell.quote import bare, one_line, word
from backends.shell.steps import Emission, constant, declarations, exported
from backends.shell.values import Used
from compiler.backend import File, mangle
from compiler.ir import Param, Program, Workflow
from compiler.shelltext.render import load_files
from compiler.source import Source

if TYPE_CHECKING:
    from jinja2 import Environment

_MOST_RUNNING = 512  # as the interpreter: a machine has a finite table of processes


class Raw(str):
    """Text that is bash already: the template does not quote it."""


def emit(program: Program, sources: Mapping[str, Source]) -> Iterator[File]:
    """The script of the entry of `program`, which must be resolved and checked.

    `sources` are its files by the names of spans, the entry's first.
    """
    source, *_ = sources.values()
    workflow = program.main
    name = mangle(workflow.name, "A-Za-z0-9_.-", 200, set())
    path = f"{name}.sh"
    script = Emission(workflow, source)
    values = definitions(script)
    declared = declarations(script)
    sha = _sha(sources)
    text = _render(script, path, values, declared, sha)
    yield File(path=path, text=text, executable=True)


def _sha(sources: Mapping[str, Source]) -> str:
    """A hash of all files that the script is made from."""
    texts = "".join(source.text for source in sources.values())
    digest = hashlib.sha256(texts.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


_FIELDS = {
    "uses": "wfc_use",
    "setup": "wfc_setups",
    "when": "wfc_whens",
    "timeout": "wfc_timeouts",
    "printed": "wfc_printeds",
    "name": "wfc_names",
    "text": "wfc_texts",
}
_SPECIAL = {
    "DAG_RUN_ID": '"${wfc_run##*/}"',
    "DAG_RUN_LOG_FILE": '"$wfc_run/events.jsonl"',
    "DAG_RUN_STATUS": "",
}


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("backends.shell", "runtime"),
        undefined=StrictUndefined,
        finalize=lambda it: it if isinstance(it, Raw) else word(str(it)),
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        block_start_string="<%",  # `{%` begins printf formats of JSON
        block_end_string="%>",
        comment_start_string="{=#",  # `{#` begins ${#array[@]}
        comment_end_string="#=}",
    )
    environment.filters["raw"] = lambda it: Raw(it)
    return environment


def _render(script: Emission, path: str, values: str, declared: str, sha: str) -> str:
    workflow, used = script.workflow, script.used
    common = [exported(script.values(None), each) for each in script.common]
    parts = used.parts | _implied(used, any(common))
    fields = [name for name in _FIELDS if name in ("name", "text") or name in parts]
    described = workflow.description.split("\n") if workflow.description else []
    source_name = one_line(script.source.name)
    elsewhere = " -o ." if "/" in source_name else ""
    context: dict[str, object] = {
        "parts": parts,
        "source": one_line(source_name),
        "command": f"wfc compile {bare(source_name)} --target shell{elsewhere}",
        "sha": sha,
        "file": path,
        "description": [one_line(line) for line in described],
        "values": values,
        "workflow_text": declared,
        "workflow": workflow.name,
        "workflow_json": f'"{workflow.name}"',
        "functions": script.functions,
        "fields": fields,
        "handlers": bool(workflow.handlers),
        "max": min(workflow.max_active_steps or _MOST_RUNNING, _MOST_RUNNING),
        "run_timeout": workflow.timeout or "",
        "common": " ".join(each for each in common if each),
        "positional": sum(param.positional for param in workflow.params) or "",
        **_interface(workflow, path),
        **_layout(parts, fields, workflow),
        **_pieces(parts, used, bool(values)),
    }
    environment = _environment()
    worker = environment.get_template("worker.sh.j2").render(context).rstrip("\n")
    context["worker"] = worker
    context["worker_functions"] = " ".join(
        re.findall(r"^(wfc_\w+)\(\) ", worker, re.MULTILINE)
    )
    return environment.get_template("script.sh.j2").render(context)


def _implied(used: Used, common: bool) -> set[str]:
    """The parts of the run time that others need."""
    implied = set()
    if used.fields:
        implied.add("fields")
    if "backtick" in used.parts:
        implied.add("capture")
    if {"get", "need", "uses"} & used.parts or used.jq or common:
        implied.add("values")
    if {"bind", "uses"} & used.parts or common:
        implied.add("exports")
    if "DAG_RUN_STATUS" in used.special:
        implied.add("status-file")
    return implied


def _pieces(parts: set[str], used: Used, values: bool) -> Mapping[str, object]:
    """Words and lines of bash that the templates put in."""
    forget = {"bind": "bound", "integers": "integers", "inner": "inner"}
    cleared = [f"wfc_{name}=''" for part, name in forget.items() if part in parts]
    numbered = range(1, used.variables + 1)
    to_words = 'to_entries[] | .key + "=" + (.value | text) + "\\u0000"'
    return {
        "load_line": load_files(["@"]),
        "load": Raw("$wfc_load" if "exports" in parts else ""),
        "forget": " ".join(cleared) or ":",
        "variables": " ".join(f"wfc_{number}=''" for number in numbered),
        "dollar_brace": "${",
        "prelude": f"{jq.prelude(used.jq)}\n  ",
        "json_program": f"{jq.prelude({'num', 'str', 'json', 'text'})}\n  {to_words}",
        "process": list(used.process),
        "special": {
            name: text
            for name, text in _SPECIAL.items()
            if name in used.special and text
        },
        "made": _made(parts, used, values),
    }


def _layout(
    parts: set[str], fields: list[str], workflow: Workflow
) -> Mapping[str, object]:
    """How a step's record for the workers is written and read."""
    flags = "${wfc_flag[wfc_k]}" if "capture-step" in parts else ""
    if workflow.handlers:
        flags = "${wfc_is_handler[wfc_k]:+handler }" + flags
    words = " ".join(f'"${{{_FIELDS[name]}[wfc_k]}}"' for name in fields)
    return {
        "flags": flags,
        "spec_format": "%s\\0" * (len(fields) + bool(flags)),
        "spec_words": f'"{flags}" {words}' if flags else words,
    }


def _made(parts: set[str], used: Used, values: bool) -> list[str]:
    """The folders of a run folder that hold values, by where they come from."""
    made = ["steps"]
    if values:
        made.append("params")
    if "variable" in parts:
        made.append("env")
    if used.process:
        made.append("process")
    if used.special:
        made.append("special")
    return made


def _interface(workflow: Workflow, path: str) -> Mapping[str, object]:
    """The words of the command line: what --help says, which params there are."""
    settable = [it for it in workflow.params if not it.positional and not it.bound]
    names = [param.name for param in settable]
    usage = f"usage: bash {path}"
    if names:
        usage += " [K=V ...] [--params-json FILE]"
    usage += " [--work-dir DIR] [--report FILE] [--] [WORD ...]"
    lines = [_described(param) for param in workflow.params if not param.bound]
    return {
        "usage": usage,
        "help": (["params:"] if lines else []) + lines,
        "settable": " | ".join(names),
        "names": " ".join(names),
        "known": f"known are: {', '.join(f'`{name}`' for name in names)}",
    }


def _described(param: Param) -> str:
    name = f"${param.name}" if param.positional else param.name
    if param.default is None:
        return f"  {name}  from the environment, else empty"
    parts = param.default.parts
    if all(isinstance(part, str) for part in parts):
        return f"  {name}={one_line(constant(param.default))}"
    return f"  {name}  by default computed, see the script"
