"""Turns a checked program into the DAG file of its entry: text that black leaves alone."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

from backends.airflow.dag import needs_begin, tasks
from backends.airflow.flows import flow
from backends.airflow.names import callees, identifier
from backends.airflow.runtime import MODULES
from backends.airflow.settings import dag_arguments
from backends.airflow.source import Call, statement
from backends.python import expressions
from backends.python.assemble import assembled, definitions, names_in
from compiler.backend import File, mangle
from compiler.ir import Program, Workflow
from compiler.source import Source
from compiler.walk import calls_of, text_references, texts

_RUN_TIME = """\
# ── How steps run ────────────────────────────────────────────────────────────────
# A value is never code: it reaches a step by XCom and environment, never through
# Jinja or the text of a command. Every XCom is text, or a number.
"""
_WORKFLOW = """\
# ── The workflow ─────────────────────────────────────────────────────────────────

"""
_MODULES: tuple[ModuleType | Path, ...] = (*expressions.MODULES, *MODULES)
# What the tasks may name of Airflow and of Python itself.
_IMPORTS = {
    "DAG": "airflow.sdk",
    "CronTriggerTimetable": "airflow.sdk",
    "MultipleCronTriggerTimetable": "airflow.sdk",
    "Param": "airflow.sdk",
    "TaskGroup": "airflow.sdk",
    "TriggerRule": "airflow.sdk",
    "timedelta": "datetime",
}


def emit(program: Program, sources: Mapping[str, Source]) -> Iterator[File]:
    """The DAG file of the entry of `program`, which must be resolved and checked."""
    main = program.main
    name = mangle(main.name, "A-Za-z0-9_.-", 200, set())
    yield File(path=f"{name}.py", text=_text(program, sources, name))


def _text(program: Program, sources: Mapping[str, Source], name: str) -> str:
    body = _body(program, name)
    used = names_in(body)
    imports = "".join(
        f"from {module} import {it}\n" for it, module in _IMPORTS.items() if it in used
    )
    roots = used - _IMPORTS.keys() - _bound(body)
    head, rest = assembled(
        _MODULES,
        sorted(roots),
        outside=("airflow",),
        more=imports,
        types=False,
        spaced=True,
    )
    return (
        f"{_head(program.main, sources)}\n{head}\n{_RUN_TIME}{rest}\n\n"
        f"{_WORKFLOW}{body}"
    )


def _body(program: Program, name: str) -> str:
    main = program.main
    taken = {*_run_time_names(), *_IMPORTS, "dag"}
    workflows = {it.key: it for it in program.workflows}
    logged = _logged(program)
    flows: dict[str, str] = {}
    parts = []
    called = [callee.workflow for call in calls_of(main) for callee in call.callees]
    for key in callees(workflows, called):
        flows[key] = identifier(workflows[key].name.upper(), taken)
        parts.append(
            flow(workflows[key], flows, main.grace, logged.get(key, frozenset()))
        )
    inner = tasks(main, flows, taken, logged.get(main.key, frozenset()))
    made = Call("DAG", dag_arguments(main, name, needs_begin(main)), open=True)
    head = statement(made, 0).rstrip("\n")
    parts.append(f"with {head} as dag:\n{inner}")
    return "\n\n".join(parts) if len(parts) > 1 else parts[0]


def _logged(program: Program) -> dict[str, frozenset[str]]:
    """The steps whose files of stdout or stderr others read, by their workflows."""
    return {
        workflow.key: frozenset(
            origin.step
            for step in (*workflow.steps, *workflow.handlers)
            for text in texts(step)
            for reference in text_references(text)
            for origin in reference.origins
            if origin.kind == "field" and origin.name in ("stdout", "stderr")
        )
        for workflow in program.workflows
    }


@cache
def _run_time_names() -> frozenset[str]:
    return definitions(_MODULES)


def _bound(body: str) -> set[str]:
    """The variables that the text itself sets."""
    return {*re.findall(r"^ *(\w+) = ", body, re.MULTILINE), "dag"}


def _head(main: Workflow, sources: Mapping[str, Source]) -> str:
    source, *_ = sources.values()
    named = one_line(source.name)
    title = f"{main.name}: {one_line(main.description)}".removesuffix(": ")
    lines = [
        title,
        "",
        f"Made by wfc from {named}; again with",
        f"`wfc compile {named} --target airflow`. source-sha256: {_sha(sources)}",
    ]
    return '"""{}\n"""\n'.format("\n".join(lines))


def one_line(text: str) -> str:
    """`text` as a part of a docstring."""
    shown = " ".join(text.split())
    shown = "".join(it if it.isprintable() else "?" for it in shown)
    return shown.replace("\\", "\\\\").replace('"', "'")


def _sha(sources: Mapping[str, Source]) -> str:
    texts = "".join(source.text for source in sources.values())
    return hashlib.sha256(texts.encode("utf-8", "surrogateescape")).hexdigest()[:16]
