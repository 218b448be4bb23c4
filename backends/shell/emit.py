"""Turns a checked program into the text of one bash script: the workflow, then the run time."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, assert_never

from backends.shell import jq
from backends.shell.quote import bare, delimiter, one_line, word
from backends.shell.values import Used, Values
from compiler.backend import File, folders, mangle
from compiler.ir import (
    DEFAULT_SHELL,
    Arguments,
    Command,
    ContinueOn,
    Export,
    Match,
    Param,
    Pattern,
    Program,
    Retry,
    Script,
    Step,
    Template,
    Test,
    Variable,
    Workflow,
)
from compiler.regex import Problem, parse, to_ere
from compiler.shelltext import load_files
from compiler.source import Source, Span

if TYPE_CHECKING:
    from jinja2 import Environment

_MOST_RUNNING = 512  # as the interpreter: a machine has a finite table of processes
_SHELLS = frozenset({"bash", "sh", "dash", "ksh", "zsh"})


class Raw(str):
    """Text that is bash already: the template does not quote it."""


def emit(program: Program, source: Source) -> Iterator[File]:
    """The script of the entry of `program`, which must be resolved and checked."""
    workflow = program.main
    name = mangle(workflow.name, "A-Za-z0-9_.-", 200, set())
    path = f"{name}.sh"
    yield File(path=path, text=_script(workflow, source, path), executable=True)


@dataclass
class _Script:
    """What is known of a script while its steps are emitted."""

    workflow: Workflow
    source: Source
    used: Used = field(default_factory=Used)
    functions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folders = folders(self.workflow)
        taken = {self.folders[step.name] for step in self.workflow.steps}
        self.handler_folders: dict[str, str] = {}
        for handler in self.workflow.handlers:
            # A step may have the very name `handler exit`.
            folder = self.folders[f"handler {handler.name}"]
            if folder in taken:
                folder = mangle(handler.name, "A-Za-z0-9_-", 100, taken)
            taken.add(folder)
            self.handler_folders[handler.name] = folder
        self.common = _common(self.workflow)
        self.file = PurePath(self.source.name).name

    def at(self, span: Span) -> str:
        return one_line(f"{self.file}:{span.line}")

    def values(self, step: Step | None, lenient: bool = False) -> Values:
        constants = {"DAG_NAME": self.workflow.name}
        if step is not None:
            constants["DAG_RUN_STEP_NAME"] = step.name
        return Values(
            folders=self.folders,
            constants=constants,
            used=self.used,
            lenient=lenient,
        )


def _script(workflow: Workflow, source: Source, path: str) -> str:
    script = _Script(workflow, source)
    values = _definitions(script)
    steps = [
        *(_step(script, step) for step in workflow.steps),
        *(_step(script, handler, handler=True) for handler in workflow.handlers),
    ]
    declared = "\n".join(_with_outputs(script, steps)) or ":"
    return _render(script, path, values, declared)


# ---- params and env


def _definitions(script: _Script) -> str:
    lines: list[str] = []
    for definition in script.workflow.order:
        lines += _definition(script, definition)
    return "\n".join(lines)


def _definition(script: _Script, definition: Param | Variable) -> list[str]:
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
            inner = "\n".join(f"  {line}" for line in values.lines)
            return [
                f"if ! wfc_set {name}; then{comment}",
                inner,
                f"  param {name} {text}",
                "fi",
            ]
        case Variable(value=template):
            parts.add("variable")
            text = values.text(template)
            return [*values.lines, f"variable {name} {text}{comment}"]
        case _:
            raise AssertionError(definition)  # every param is matched above


def _common(workflow: Workflow) -> tuple[Export, ...]:
    """The exports that all steps and handlers have alike, not of steps: named once."""
    every = [set(step.exports) for step in (*workflow.steps, *workflow.handlers)]
    if not every:
        return ()
    shared = set.intersection(*every)
    kinds = {"param", "env", "process", "special"}
    return tuple(
        export
        for export in (*workflow.steps, *workflow.handlers)[0].exports
        if export in shared and {it.kind for it in export.origins} <= kinds
    )


def _export(values: Values, export: Export) -> str:
    origins = [it for it in export.origins if it.kind not in ("process", "special")]
    return f"{export.name}={','.join(values.places(origins))}" if origins else ""


# ---- steps


@dataclass(frozen=True, slots=True)
class _Declared:
    """A step as declared: the head of its line, its text, its place."""

    head: str
    text: str
    comment: str


def _step(script: _Script, step: Step, handler: bool = False) -> _Declared:
    known = script.handler_folders if handler else script.folders
    folder = known[step.name]
    values = script.values(step, lenient=handler)
    words = [f"handler {step.name} {folder}" if handler else f"step {bare(folder)}"]
    if not handler and folder != step.name:
        words.append(f"name={word(step.name)}")
    words += _edges(script, step)
    uses = [_export(values, each) for each in step.exports if each not in script.common]
    words += _attribute("uses", [each for each in uses if each])
    if step.captured:
        words.append(f"output={step.output or ''}")
        script.used.parts |= {"capture", "capture-step"}
    if step.timeout is not None:
        words.append(f"timeout={step.timeout}")
        script.used.parts.add("timeout")
    if step.retry is not None:
        words += _retry(script, step.retry)
    if step.continue_on is not None:
        words += _continue_on(script, step.continue_on, folder)
    if step.conditions:
        words.append(f"when=if_{folder}")
        script.used.parts.add("when")
        script.functions.append(_conditions(script, step, folder, handler))
    text = _body(script, step, values, words, folder)
    return _Declared(" ".join(words), text, f"  # {script.at(step.span)}")


def _attribute(name: str, words: list[str]) -> list[str]:
    return [f"{name}={bare(' '.join(words))}"] if words else []


def _edges(script: _Script, step: Step) -> list[str]:
    after = {
        edge.step: script.folders[edge.step]
        + ("?" if "skipped" in edge.accepts else "")
        for edge in step.edges
    }
    return _attribute("after", list(after.values()))


def _retry(script: _Script, retry: Retry) -> list[str]:
    script.used.parts.add("retry")
    pauses: list[str] = []
    for attempt in range(min(retry.limit, 400)):
        try:
            pause = retry.interval * retry.backoff**attempt
        except OverflowError:
            pause = float("inf") if retry.interval else 0.0
        if retry.max_interval is not None:
            pause = min(pause, retry.max_interval)
        pauses.append(f"{min(pause, 315360000.0):.10g}")
    while len(pauses) > 1 and pauses[-1] == pauses[-2]:
        pauses.pop()
    words = [f"retry={retry.limit}", *_attribute("pauses", pauses)]
    return words + _attribute("retry_on", [str(code) for code in retry.exit_codes])


def _continue_on(script: _Script, rule: ContinueOn, folder: str) -> list[str]:
    parts = script.used.parts
    if not (rule.failure or rule.exit_codes or rule.output):
        return []
    parts.add("continue")
    codes = ["failure"] if rule.failure else []
    words = _attribute("continue_on", codes + [str(it) for it in rule.exit_codes])
    if rule.mark_success:
        words.append("mark_success")
    if rule.output and not rule.failure:
        words.append(f"printed=printed_{folder}")
        parts.add("printed")
        tests = [_printed(script, pattern) for pattern in rule.output]
        body = " || ".join(tests)
        script.functions.append(
            f"printed_{folder}() {{ {body}; }}  # {script.at(rule.span)}"
        )
    return words


def _printed(script: _Script, pattern: Pattern) -> str:
    if pattern.regex:
        script.used.parts.add("prints-re")
        return f'wfc_fits {word(_ere(pattern))} <"$wfc_files.out"'
    script.used.parts.add("prints")
    return f"wfc_prints {word(pattern.text)}"


def _ere(pattern: Pattern) -> str:
    node = parse(pattern.text)
    assert not isinstance(node, Problem)  # a checked program
    return to_ere(node)


def _own(values: Values, step: Step) -> None:
    """Lines that value the step's own env, entry by entry."""
    for variable in step.env:
        values.used.parts.add("own")
        text = values.text(variable.value)
        values.lines.append(f"wfc_own {variable.name} {text}")


def _conditions(script: _Script, step: Step, folder: str, handler: bool) -> str:
    values = script.values(step, lenient=handler)
    _own(values, step)
    parts = script.used.parts
    for condition in step.conditions:
        match condition:
            case Test(command=command, negate=negate):
                parts.add("test")
                text = values.shell_text(command)
                test = f"wfc_test {word(text)}"
                before = len(values.lines)
                values.lines.append(_must(test, negate, condition.span, script))
                if "wfc_bind" in "".join(values.lines[:before]):
                    values.lines.append("wfc_bound=''")
                for name in ("wfc_integers", "wfc_inner"):
                    if any(
                        line.startswith(f"{name}=") for line in values.lines[:before]
                    ):
                        values.lines.append(f"{name}=''")
            case Match(value=template, expected=expected, negate=negate):
                value = values.text(template)
                if expected.regex:
                    parts.add("fits")
                    test = f"wfc_fits {word(_ere(expected))} <<<{value}"
                elif "\n" in expected.text:
                    test = "false"
                else:
                    parts.add("lines")
                    test = f"wfc_is_line {value} {word(expected.text)}"
                values.lines.append(_must(test, negate, condition.span, script))
            case _:
                assert_never(condition)
    return _function(f"if_{folder}", values.lines)


def _must(test: str, negate: bool, span: Span, script: _Script) -> str:
    stop = f"if {'' if negate else '! '}{test}; then exit 1; fi"
    return f"{stop}  # {script.at(span)}" if "\n" not in stop else stop


def _function(name: str, lines: list[str]) -> str:
    return "\n".join([f"{name}() {{", *(f"  {line}" for line in lines), "}"])


def _body(
    script: _Script, step: Step, values: Values, words: list[str], folder: str
) -> str:
    """The step's text; what has to happen before it becomes a function."""
    parts = script.used.parts
    _own(values, step)
    if step.directory is not None:
        parts.add("directory")
        values.lines.append(f"wfc_in {values.text(step.directory)}")
    text = _program(parts, step, values)
    if values.lines:
        parts.add("setup")
        words.append(f"setup=with_{folder}")
        script.functions.append(_function(f"with_{folder}", values.lines))
    return text


def _program(parts: set[str], step: Step, values: Values) -> str:
    match step.body:
        case Command(text=text, shell=shell):
            program = values.shell_text(text)
            if shell != DEFAULT_SHELL:
                values.lines.append(f"wfc_shell=({' '.join(map(bare, shell))})")
                _load(parts, list(shell), values, bool(step.exports))
            return program
        case Arguments(words=templates):
            parts.add("arguments")
            words = [values.text(each) for each in templates]
            values.lines.append(f"wfc_argv=({' '.join(words)})")
            return ""
        case Script(text=text, interpreter=templates):
            parts.add("script")
            program = values.shell_text(text)
            words = [values.text(each) for each in templates]
            values.lines.append(f"wfc_is_script=1 wfc_shell=({' '.join(words)})")
            named = [_constant(each) for each in templates]
            if not named:
                named = program.partition("\n")[0].removeprefix("#!").split()
            _load(parts, named, values, bool(step.exports))
            return program
        case _:
            assert_never(step.body)


def _constant(template: Template) -> str:
    return "".join(part for part in template.parts if isinstance(part, str))


def _load(
    parts: set[str], words: list[str], values: Values, step_exports: bool
) -> None:
    """A program that is no shell cannot read large values before its text (R4)."""
    if not (step_exports or "bind" in parts):
        return
    names = [each.rpartition("/")[2] for each in words if not each.startswith("-")]
    if names[:1] == ["env"]:
        names = [name for name in names[1:] if "=" not in name]
    if not names or names[0] not in _SHELLS:
        parts.add("no-load")
        values.lines.append("wfc_no_load=1")


def _with_outputs(script: _Script, steps: list[_Declared]) -> Iterator[str]:
    """The declarations, each with its text in a here-document."""
    for step in steps:
        if not step.text:
            yield f"{step.head} </dev/null{step.comment}"
            continue
        end = delimiter([step.text])
        yield f"{step.head} <<'{end}'{step.comment}\n{step.text}\n{end}"


# ---- the text


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


def _render(script: _Script, path: str, values: str, declared: str) -> str:
    workflow, used = script.workflow, script.used
    parts = used.parts | _implied(script)
    common = [_export(script.values(None), each) for each in script.common]
    common = [each for each in common if each]
    if common or any("uses=" in line for line in declared.split("\n")):
        parts |= {"exports", "values"}
    if " uses=" in declared:  # at worst a text says so, and a field stays empty
        parts.add("uses")
    if "bind" in parts:
        parts.add("exports")
    if used.jq:
        parts.add("values")
    fields = [name for name in _FIELDS if name in ("name", "text") or name in parts]
    context: dict[str, object] = {
        "parts": parts,
        "source": one_line(script.file),
        "sha": hashlib.sha256(
            script.source.text.encode("utf-8", "surrogateescape")
        ).hexdigest()[:16],
        "file": path,
        "description": (
            [one_line(it) for it in workflow.description.split("\n")]
            if workflow.description
            else []
        ),
        "values": values,
        "workflow_text": declared,
        "workflow": workflow.name,
        "workflow_json": f'"{workflow.name}"',
        "functions": script.functions,
        "handlers": bool(workflow.handlers),
        "max": min(workflow.max_active_steps or _MOST_RUNNING, _MOST_RUNNING),
        "run_timeout": workflow.timeout or "",
        "common": " ".join(common),
        "load_line": load_files(["@"]),
        "fields": fields,
        "prelude": f"{jq.prelude(used.jq)}\n  ",
        "json_program": f"{jq.prelude({'num', 'str', 'json', 'text'})}\n  "
        'to_entries[] | .key + "=" + (.value | text) + "\\u0000"',
        "process": list(used.process),
        "special": {
            name: text
            for name, text in _SPECIAL.items()
            if name in used.special and text
        },
        "positional": sum(param.positional for param in workflow.params) or "",
        "dollar_brace": "${",
        "load": Raw("$wfc_load" if "exports" in parts else ""),
        "forget": " ".join(
            f"wfc_{name}=''"
            for name, part in (
                ("bound", "bind"),
                ("integers", "integers"),
                ("inner", "inner"),
            )
            if part in parts
        )
        or ":",
        "variables": " ".join(f"wfc_{each + 1}=''" for each in range(used.variables)),
        **_interface(workflow, path),
        **_layout(parts, fields, workflow),
    }
    context["made"] = _made(parts, used, bool(values))
    environment = _environment()
    worker = environment.get_template("worker.sh.j2").render(context).rstrip("\n")
    context["worker"] = worker
    context["worker_functions"] = " ".join(
        re.findall(r"^(wfc_\w+)\(\) ", worker, re.MULTILINE)
    )
    return environment.get_template("script.sh.j2").render(context)


def _implied(script: _Script) -> set[str]:
    used, parts = script.used, set(script.used.parts)
    implied = set()
    if used.fields:
        implied.add("fields")
    if "backtick" in parts:
        implied.add("capture")
    if {"get", "need"} & parts or used.jq:
        implied.add("values")
    if "DAG_RUN_STATUS" in used.special:
        implied.add("status-file")
    return implied


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
        "known": f"; known are: {' '.join(names)}",
    }


def _described(param: Param) -> str:
    name = f"${param.name}" if param.positional else param.name
    if param.default is None:
        return f"  {name}  from the environment, else empty"
    parts = param.default.parts
    if all(isinstance(part, str) for part in parts):
        return f"  {name}={one_line(_constant(param.default))}"
    return f"  {name}  by default computed, see the script"
