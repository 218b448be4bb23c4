"""Turns a checked program into the text of one bash script: the workflow, then the run time."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from backends.shell import jq
from backends.shell.calls import flow, grace_of, list_program
from backends.shell.definitions import definitions
from backends.shell.policies import gate
from backends.shell.quote import bare, one_line, word
from backends.shell.schemas import PROGRAM, TYPED
from backends.shell.script import Emission, Script, exported
from backends.shell.services import needed, noticed
from backends.shell.steps import declarations
from backends.shell.values import Used, constant
from compiler.backend import File, mangle
from compiler.ir import Call, Map, Param, Program, Workflow
from compiler.shelltext.render import load_files
from compiler.source import Source
from compiler.turns import run_turns

if TYPE_CHECKING:
    from jinja2 import Environment

_MOST_RUNNING = 512  # as the interpreter: a machine has a finite table of processes


class Raw(str):
    """Text that is bash already: the template does not quote it."""


def emit(
    program: Program, sources: Mapping[str, Source], resumes: bool = False
) -> Iterator[File]:
    """The script of the entry of `program`, which must be resolved and checked.

    `sources` are its files by the names of spans, the entry's first. `resumes`: its runs
    can go on, and it has the options for single steps.
    """
    name = mangle(program.main.name, "A-Za-z0-9_.-", 200, set())
    path = f"{name}.sh"
    script = Script(
        sources=sources,
        ids=_ids(program),
        main=program.main,
        frames=_frames(program),
    )
    if resumes:
        script.used.parts.add("resume")
    yield File(path=path, text=_render(script, program, path), executable=True)


def _ids(program: Program) -> dict[str, str]:
    """A name for each workflow by its key, no two alike: most have their own."""
    taken: set[str] = set()
    found = {}
    for workflow in _entry_first(program):
        name = mangle(workflow.name, "A-Za-z0-9_.-", 200, taken)
        found[workflow.key] = name
        taken.add(name)
    return found


def _entry_first(program: Program) -> list[Workflow]:
    return sorted(program.workflows, key=lambda it: it.key != program.entry)


def _frames(program: Program) -> bool:
    """Whether steps are told from their runs: a plain workflow needs no such thing."""
    steps = [it for flow in program.workflows for it in (*flow.steps, *flow.handlers)]
    return bool(program.main.delay) or any(
        isinstance(it.body, Call | Map) or it.queue is not None for it in steps
    )


def _crontab(workflow: Workflow) -> list[tuple[str, str]]:
    """The lines for crontab: a zone, which holds from there on, and the five fields."""
    starts = workflow.schedule.start if workflow.schedule else ()
    starts = tuple(sorted(starts, key=lambda it: it.zone is not None))
    zones = [f"CRON_TZ={it.zone}" if it.zone else "" for it in starts]
    return [
        (zone if zone != before else "", it.fields)
        for it, zone, before in zip(starts, zones, ["", *zones], strict=False)
    ]


def _declared(script: Script, program: Program) -> tuple[Emission, str, str]:
    """The entry, the lines that value its params, the declarations of all workflows."""
    main, *others = (
        Emission(
            workflow,
            script,
            "" if workflow.key == program.entry else f"{script.ids[workflow.key]}.",
        )
        for workflow in _entry_first(program)
    )
    values = definitions(main)
    if main.workflow.conditions:
        script.used.parts.add("gate")
        gate(main)
    if any(each.name == "init" for each in main.workflow.handlers):
        script.used.parts.add("init")
    lines = []
    for emission in (main, *others):
        if script.frames:
            lines.append(flow(emission, program))
        lines.append(declarations(emission))
    return main, values, "\n".join(line for line in lines if line) or ":"


def _sha(sources: Mapping[str, Source]) -> str:
    """A hash of all files that the script is made from."""
    texts = "".join(source.text for source in sources.values())
    digest = hashlib.sha256(texts.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


_FIELDS = {
    "uses": "wfc_use",
    "setup": "wfc_setups",
    "when": "wfc_whens",
    "ask": "wfc_asks",
    "timeout": "wfc_timeouts",
    "printed": "wfc_printeds",
    "most": "wfc_mosts",
    "stop": "wfc_stops",
    "flow-grace": "",
    "run_of": "wfc_runs",
    "dag": "",
    "folder": "wfc_folders",
    "name": "wfc_names",
    "text": "wfc_texts",
}
# The forms of values that stand between the quotes of a configuration.
_QUOTED = {"user", "address", "quoted", "header", "url", "url_with_query"}
_ALWAYS = ("name", "text")
_CALL_FIELDS = ("run_of", "dag")
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


def _render(script: Script, program: Program, path: str) -> str:
    main, values, declared = _declared(script, program)
    notices = noticed(main)
    workflow, used = main.workflow, script.used
    common = [exported(main.values(None), each) for each in main.common]
    parts = used.parts | _implied(used, any(common))
    if script.frames:
        parts.add("json")
    fields = [name for name in _FIELDS if name in _ALWAYS or name in parts]
    if not script.frames:
        fields.insert(0, "folder")
    source, *_ = script.sources.values()
    source_name = one_line(source.name)
    described = workflow.description.split("\n") if workflow.description else []
    elsewhere = " -o ." if "/" in source_name else ""
    handlers = any(each.handlers for each in program.workflows)
    context: dict[str, object] = {
        "parts": parts,
        "resumes": "resume" in parts,
        "with_resume_text": "wfc compile --target shell --with resume",
        "most_running": str(_MOST_RUNNING),
        "frames": script.frames,
        "source": source_name,
        "command": f"wfc compile {bare(source_name)} --target shell{elsewhere}",
        "sha": _sha(script.sources),
        "file": path,
        "description": [one_line(line) for line in described],
        "values": values,
        "ahead": bool({"gate", "init"} & parts),
        "workflow_text": declared,
        "workflow": workflow.name,
        "workflow_json": f'"{workflow.name}"',
        "functions": script.functions,
        "forms": used.forms,
        "mails": "mails" in parts,
        **notices,
        "quotes": bool(_QUOTED & used.forms),
        "needed": [each.partition(" ") for each in needed(program)],
        "fields": [name.removeprefix("flow-") for name in fields],
        "handlers": handlers,
        "turns": run_turns(workflow),
        "schedule": _crontab(workflow),
        **_graces(program),
        "history_days": workflow.history_days,
        "history_runs": workflow.history_runs,
        "history": (workflow.history_days, workflow.history_runs) != (None, None),
        "max": min(workflow.max_active_steps or _MOST_RUNNING, _MOST_RUNNING),
        "run_timeout": workflow.timeout or "",
        "common": "" if script.frames else " ".join(each for each in common if each),
        "positional": sum(param.positional for param in workflow.params) or "",
        **_interface(workflow, path, "resume" in parts),
        **_layout(parts, fields, handlers, script.frames),
        **_words(parts, handlers, script.frames),
        **_pieces(parts, used, bool(values), grace_of(workflow)),
    }
    environment = _environment()
    worker = environment.get_template("worker.sh.j2").render(context).rstrip("\n")
    context["worker"] = worker
    names = re.findall(
        r"^(wfc_\w+|param|inherit|typed|fits?|variable|secret|place|dotenv)\(\) ",
        worker,
        re.MULTILINE,
    )
    if {"split", "json-in-worker"} & parts:
        names.append("wfc_json")
    context["worker_functions"] = " ".join([*names, *used.rules])
    return environment.get_template("script.sh.j2").render(context)


def _graces(program: Program) -> Mapping[str, object]:
    """Seconds from TERM to KILL: the run's, and those of all workflows in order."""
    own = grace_of(program.main)
    others = {it.grace for it in program.workflows if it.grace is not None}
    every = sorted({own, *others})
    return {
        "unwanted": _unwanted(program.main),
        "grace": str(own),
        "graces": " ".join(map(str, every)),
        "longest": str(every[-1] * 10),
        "patience": str(every[-1] * 10 + 20),
    }


def _unwanted(workflow: Workflow) -> str:
    """The test whether a run that is over, and the newest but so many, has to go."""
    tests = []
    if workflow.history_runs is not None:
        tests.append(f"((wfc_n > {workflow.history_runs}))")
    match workflow.history_days:
        case None:
            pass
        case 0:
            tests.append("true")
        case days:
            minutes = days * 24 * 60
            found = f'$(find "$wfc_p/outcome.json" -mmin +{minutes})'
            tests.append(f'[ "{found}" ]')
    return " || ".join(tests)


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
    if "call" in used.parts:
        implied |= set(_CALL_FIELDS)
    if "capture-step" in used.parts:
        implied.add("json")
    if {"stop", "flow-grace"} & used.parts:
        implied.add("how")
    if "limit" in used.parts or "flow-timeout" in used.parts:
        implied.add("subtree")
    return implied


def _ends(parts: set[str], grace: int) -> Mapping[str, object]:
    """The signal that ends an attempt, and the time that it then has."""
    own = "flow-grace" in parts
    seconds = f"${{wfc_grace:-{grace}}}" if own else str(grace)
    return {
        # Conditions come before the first attempt.
        "attempt": "${wfc_try/#0/1}" if "delay" in parts else "$wfc_try",
        "how_signal": "${3:-TERM}" if "stop" in parts else "TERM",
        "how_grace": "$wfc_grace" if own else "",
        "how_seconds": seconds,
        "how_term": '"$wfc_end_by"' if "how" in parts else "TERM",
        "how_ticks": f"{seconds} * 10" if own else str(grace * 10),
    }


def _pieces(
    parts: set[str], used: Used, values: bool, grace: int
) -> Mapping[str, object]:
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
        "most": "wfc_m" if "most" in parts else "1048576",
        "read_most": "$((wfc_m + 51424))" if "most" in parts else "1100000",
        "too_large": (
            '"the output is larger than $wfc_l"'
            if "most" in parts
            else "'the output is larger than 1 MiB'"
        ),
        **_ends(parts, grace),
        "prelude": f"{jq.prelude(used.jq)}\n  ",
        "list_program": f"{jq.prelude({'num', 'str', 'json', 'text', 'parsed'})}\n  "
        + list_program("item-params" in parts),
        "json_program": f"{jq.prelude({'num', 'str', 'json', 'text'})}\n  {to_words}",
        "schema_program": f"{jq.prelude({'parsed'})}{PROGRAM}",
        "typed_program": f"{jq.prelude({'num', 'str', 'json', 'parsed'})}\n  {TYPED}",
        "process": list(used.process),
        "special": {
            name: text
            for name, text in _SPECIAL.items()
            if name in used.special and text
        },
        "made": _made(parts, used, values),
    }


def _made(parts: set[str], used: Used, values: bool) -> list[str]:
    """The folders of a run folder that hold values, by where they come from."""
    made = ["steps"]
    if values:
        made.append("steps/.params")
    if values and "variable" in parts:
        made.append("steps/.env")
    if used.process:
        made.append("process")
    if used.special:
        made.append("special")
    return made


def _layout(
    parts: set[str], fields: list[str], handlers: bool, frames: bool
) -> Mapping[str, object]:
    """How a step's record for the workers is written and read."""
    flags = "${wfc_flag[wfc_k]}" if "capture-step" in parts else ""
    if handlers:
        told = "wfc_told" if frames else "wfc_is_handler"
        flags = f"${{{told}[wfc_k]:+handler }}{flags}"
    if frames:
        flags = "${wfc_kind[wfc_k]} " + flags
    words = [f'"${{{_FIELDS[name]}[wfc_k]}}"' for name in fields]
    if "flow-grace" in fields:
        words[fields.index("flow-grace")] = '"${wfc_graces[wfc_of[wfc_k]]}"'
    if "dag" in fields:
        words[fields.index("dag")] = '"${wfc_flows[wfc_of[wfc_k]]}"'
    if "common-uses" in parts:
        words[fields.index("uses")] = '"${wfc_common[wfc_of[wfc_k]]} ${wfc_use[wfc_k]}"'
    lists = {
        "setup": "wfc_setups",
        "when": "wfc_whens",
        "ask": "wfc_asks",
        "printed": "wfc_printeds",
        "flow-values": "wfc_values",
        "flow-gate": "wfc_begins",
    }
    return {
        "flags": flags,
        "spec_format": "%s\\0" * (len(fields) + bool(flags)),
        "spec_words": " ".join([f'"{flags}"', *words] if flags else words),
        "worker_lists": [name for part, name in lists.items() if part in parts],
    }


def _plainly(parts: set[str], handlers: bool, frames: bool) -> Mapping[str, bool]:
    """What a plain workflow does without.

    `lines`: a worker may go on to the only step that can start. `once`: a step has one
    attempt, which begins with it. `skips`: steps can be skipped. `soft`: what an ending
    means for others is more than whether it succeeded. `here`: some texts are in
    here-documents. `named`: some names are no names of folders.
    """
    skips = frames or bool({"when", "skips"} & parts)
    resumes = "resume" in parts
    again = {"retry", "repeat", "when", "ask"}
    return {
        "lines": not (frames or resumes)
        and not {"when", "ask", "repeat", "fields"} & parts,
        "once": not (frames or resumes or again & parts),
        "skips": skips,
        "soft": skips or resumes or "continue" in parts,
        "here": frames or "here" in parts,
        "named": frames or handlers or "named" in parts,
    }


def _words(parts: set[str], handlers: bool, frames: bool) -> Mapping[str, object]:
    """How the run time says what: with frames, a node is not its definition."""

    def of(node: str) -> Raw:
        return Raw(f"wfc_def[{node}]" if frames else node)

    def label(node: str) -> Raw:
        plain = f"${{wfc_label[{node}]:-${{wfc_names[{node}]}}}}"
        return Raw(f"${{wfc_label[{node}]}}" if frames else plain)

    def since(node: str) -> Raw:
        return Raw(f" - wfc_before[{node}]" if "resume" in parts else "")

    def first(node: str) -> Raw:
        return Raw(f"wfc_before[{node}] + 1" if "resume" in parts else "1")

    every = "for ((wfc_k = 0; wfc_k < wfc_n; wfc_k++));"
    if handlers:
        ready = 'if ((wfc_need[wfc_k] == 0)) && [ -z "${wfc_is_handler[wfc_k]}" ]'
    else:
        ready = "if ((wfc_need[wfc_k] == 0))"
    begin = f'{every} do {ready}; then wfc_ready "$wfc_k"; fi; done'
    pending = {
        "retry": "wfc_pausing",
        "delay": "wfc_delaying",
        "step-queue": "wfc_queued",
    }
    return {
        "of": of,
        "since": since,
        "first": first,
        "hidden": "wfc_hidden" if frames else "wfc_is_handler",
        "label": label,
        "count": "wfc_ds" if frames else "wfc_n",
        "needs": "wfc_needs" if frames else "wfc_need",
        "base": "$wfc_base" if frames else "$wfc_run/steps",
        "number": Raw("${wfc_def[wfc_k]}" if frames else "$wfc_k"),
        "dependant": Raw(
            "$((${wfc_d%\\?} + wfc_k - wfc_def[wfc_k]))" if frames else "${wfc_d%\\?}"
        ),
        "every_node": 'for wfc_k in "${wfc_rows[@]}";' if frames else every,
        "begin": "wfc_begin 0" if frames else begin,
        "halted": Raw("${wfc_halted[wfc_frame[wfc_k]]}" if "subtree" in parts else ""),
        "late": Raw("${wfc_late[wfc_k]}" if "limit" in parts else ""),
        "waits": bool({"flow-max", "delay", "step-queue"} & parts),
        "pending": [name for part, name in pending.items() if part in parts],
        "common_uses": "common-uses" in parts,
        "wide": "wide" in parts,
        **_plainly(parts, handlers, frames),
    }


def _interface(workflow: Workflow, path: str, resumes: bool) -> Mapping[str, object]:
    """The words of the command line: what --help says, which params there are."""
    settable = [it for it in workflow.params if not it.positional and not it.bound]
    names = [param.name for param in settable]
    usage = f"usage: bash {path}"
    if names:
        usage += " [K=V ...] [--params-json FILE]"
    usage += " [--work-dir DIR] [--report FILE] [--max-active-steps N]"
    if resumes:
        usage += " [--step NAME | --from NAME]"
    usage += " [--] [WORD ...]"
    if resumes:
        usage += (
            f"\n       bash {path} --resume RUN [--step NAME | --from NAME]"
            "  goes on with a run: its id, the beginning of it, or its folder"
            f"\n       bash {path} --list  prints the steps and what they wait for"
            f"\n       bash {path} --dry-run  prints what would run"
        )
    if workflow.schedule and workflow.schedule.start:
        usage += f"\n       bash {path} --schedule  prints the lines for crontab"
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
