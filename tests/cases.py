"""A case's folder -> the case as a value: its workflow, its runs, what each comes to.

    <case>/workflow.yaml      the workflow
    <case>/**/*.yaml          what it calls
    <case>/files/             laid into the working folder of each run; `files/bin/`
                              comes first in PATH
    <case>/runs.yaml          the runs and, written by hand, what is expected of each
    <case>/diagnostics.txt    what the compiler says of it, if anything

A golden case has, beside these, the text that each target gives it (`shell/...`) and the
outcome of each run (`outcomes/<run>.json`, without events).

What a target refuses in a case (WFC401) is declared before the runs in `runs.yaml`, or a
test fails; the case does not run there:

    - refused: {shell: [mail-on]}

A run in `runs.yaml`:

    - name: not-listed
      rule: S6                    what of the language it holds
      dagu: agrees                or `differs — ` and why (tests/engines/README.md)
      entry: other                the document that runs, if it is not the first
      params: {CODE: "5"}         words K=V, and further `arguments: [...]`
      env: {WHO: bob}             beside PATH, HOME, TMPDIR and WFC_HOME
      files: {data: "text\n"}     in the working folder before; `#!` makes a program
      signal: TERM when started   sent to the runner when that file is there
      expect:
        status: failed            of the run; `exit_code` follows, unless it is written
        steps:
          a: skipped              a status, or what differs from one attempt that ended
          b: {output: text}       with 0 (failed: 1): `status`, `attempts`, `exit_code`,
          c: failed               `output`
          call/a: succeeded       in a called workflow
          each[0..9]: succeeded   the items of a fan-out, the later line counts
        handlers: {exit: {output: ""}}
        records: {R: text}        what the `output:` of calls holds
        outputs: {A: text}        only where it does not follow from the steps
        starts: [a, b]            the order, only where something decides it
        files: {made: "text\n"}   what is there afterwards; `present`, `absent`: [names]
        hidden: [text]            what no file of the run's folder may hold

Scalars are taken as they are written. An output may stand there as `sha256:<digest>`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import yaml
from lacking import LACKING

from compiler.backend import Backend, File, features
from compiler.cli.loader import FileLoader
from compiler.diagnostics import has_errors
from compiler.ir import Program
from compiler.link import entered
from compiler.outcome import (
    Outcome,
    RunStatus,
    Status,
    StepOutcome,
    to_json,
)
from compiler.pipeline import Checked, back_end, front_end
from compiler.reader import decode
from compiler.report import to_text
from compiler.source import Source

TESTS = Path(__file__).resolve().parent
TARGETS = {each.parent.name for each in TESTS.parent.glob("backends/*/engine.py")}
CONFORMANCE = TESTS / "conformance"
GOLDEN = TESTS.parent / "golden"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """What a run must come to: `expect` of `runs.yaml`, with its defaults filled in.

    `outputs` None follows from those of the steps, and from `records`. `starts` is the
    order in which the steps start, empty where nothing decides it. `hidden` are texts
    that are in no file of the run's folder.
    """

    status: RunStatus
    exit_code: int
    steps: Mapping[str, StepOutcome]
    handlers: Mapping[str, StepOutcome]
    records: Mapping[str, str]
    outputs: Mapping[str, str] | None
    starts: tuple[str, ...]
    files: Mapping[str, str]
    present: tuple[str, ...]
    absent: tuple[str, ...]
    hidden: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One run of a case. `signal` is one that the runner gets, as soon as the file named
    behind it is in the working folder. `dagu` is "agrees", or "differs — " and why in a word.
    `entry` is the document that runs, "" the first.
    """

    name: str
    rule: str
    entry: str
    params: Mapping[str, str]
    arguments: tuple[str, ...]
    env: Mapping[str, str]
    files: Mapping[str, str]
    signal: tuple[str, str] | None
    dagu: str
    expect: Expected

    @property
    def words(self) -> list[str]:
        """The run's command line."""
        return [f"{name}={value}" for name, value in self.params.items()] + [
            *self.arguments
        ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """`refused` are the features that each target refuses in it, by name."""

    folder: Path
    runs: tuple[Run, ...]
    refused: Mapping[str, tuple[str, ...]]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def workflow(self) -> Path:
        return self.folder / "workflow.yaml"


def cases(root: Path) -> list[Case]:
    """The cases below `root`, by name."""
    return [read_case(each.parent) for each in sorted(root.glob("*/workflow.yaml"))]


def runs(root: Path) -> list[tuple[Case, Run]]:
    return [(case, run) for case in cases(root) for run in case.runs]


def cases_on(targets: Iterable[str], root: Path) -> list[tuple[Case, str]]:
    """Each case with each of `targets` that can have it."""
    return [
        (case, target)
        for case in cases(root)
        for target in targets
        if not case.refused.get(target)
    ]


def runs_on(engines: Iterable[str], root: Path) -> list[tuple[tuple[Case, Run], str]]:
    """Each run with each of `engines` that can have it."""
    return [
        ((case, run), engine)
        for case, engine in cases_on(engines, root)
        for run in case.runs
        if LACKING.get(engine, {}).keys().isdisjoint({case.name, run_id((case, run))})
    ]


def run_id(value: object) -> str:
    """The readable id of a parametrised case or run."""
    match value:
        case (Case(name=case), Run(name=run)):
            return f"{case}-{run}"
        case Case(name=case):
            return case
        case _:
            return str(value)


# ---- runs.yaml


@cache
def read_case(folder: Path) -> Case:
    """The case in `folder`. Raises ValueError, naming the file, for what it cannot be."""
    file = folder / "runs.yaml"
    # Every scalar is its text: a param `1.10` stays as it was written.
    forms = yaml.load(file.read_text("utf-8"), Loader=yaml.BaseLoader)
    try:
        declared = forms.pop(0)["refused"] if "refused" in forms[0] else {}
        refused = {target: tuple(sorted(each)) for target, each in declared.items()}
        if not refused.keys() <= TARGETS:
            raise ValueError(f"no target: {', '.join(refused)}")
        read = tuple(_run(dict(form)) for form in forms)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file}: {error!r}") from error
    return Case(folder=folder, runs=read, refused=refused)


def _run(form: dict[str, Any]) -> Run:
    expect = dict(form.pop("expect"))
    signal, _, file = form.pop("signal", "").partition(" when ")
    run = Run(
        name=form.pop("name"),
        rule=form.pop("rule"),
        entry=form.pop("entry", ""),
        params=form.pop("params", {}),
        arguments=tuple(form.pop("arguments", ())),
        env=form.pop("env", {}),
        files=form.pop("files", {}),
        signal=(signal, file) if signal else None,
        dagu=form.pop("dagu"),
        expect=_expected(expect),
    )
    _nothing_left(form)
    _nothing_left(expect)
    return run


def _expected(form: dict[str, Any]) -> Expected:
    status: RunStatus = form.pop("status")
    if status not in get_args(RunStatus):
        raise ValueError(f"no status of a run: {status}")
    return Expected(
        status=status,
        exit_code=int(form.pop("exit_code", "1" if status == "failed" else "0")),
        steps=_steps(form.pop("steps"), None),
        handlers=_steps(form.pop("handlers", {}), ""),
        records=form.pop("records", {}),
        outputs=form.pop("outputs", None),
        starts=tuple(form.pop("starts", ())),
        files=form.pop("files", {}),
        present=tuple(form.pop("present", ())),
        absent=tuple(form.pop("absent", ())),
        hidden=tuple(form.pop("hidden", ())),
    )


def _steps(form: Mapping[str, Any], output: str | None) -> dict[str, StepOutcome]:
    """Step outcomes from their short forms; `output` is that of one that ran and says
    nothing of it."""
    return {
        path: _step(each, output)
        for name, each in form.items()
        for path in _each_item(name)
    }


def _each_item(name: str) -> Iterator[str]:
    """The paths that `name` stands for: `a[0..2]/b` is `a[0]/b`, `a[1]/b` and `a[2]/b`."""
    found = re.search(r"\[(\d+)\.\.(\d+)\]", name)
    if found is None:
        yield name
        return
    for number in range(int(found[1]), int(found[2]) + 1):
        path = f"{name[: found.start()]}[{number}]{name[found.end() :]}"
        yield from _each_item(path)


def _step(form: str | Mapping[str, str], output: str | None) -> StepOutcome:
    fields = {"status": form} if isinstance(form, str) else dict(form)
    name = fields.pop("status", "succeeded")
    status: Status = next(each for each in get_args(Status) if each == name)
    attempts = int(fields.pop("attempts", status in ("succeeded", "failed")))
    ran = attempts > 0 and status in ("succeeded", "failed")
    usual = {"succeeded": "0", "failed": "1"}.get(status) if ran else None
    code = fields.pop("exit_code", usual)
    step = StepOutcome(
        status=status,
        attempts=attempts,
        exit_code=None if code is None else int(code),
        output=fields.pop("output", output if ran else None),
    )
    _nothing_left(fields)
    return step


def _nothing_left(form: Mapping[str, object]) -> None:
    if form:
        raise ValueError(f"unknown keys: {', '.join(form)}")


# ---- the program


@cache
def source_of(case: Case) -> Source:
    source = decode("workflow.yaml", case.workflow.read_bytes())
    assert isinstance(source, Source), source
    return source


@cache
def checked(case: Case) -> Checked:
    return front_end(source_of(case), FileLoader(case.folder))


def text_of(found: Checked) -> str:
    return to_text(found.diagnostics, found.sources)


def program_of(case: Case, entry: str = "") -> Program:
    """The program that starts with the document `entry`, or with the first."""
    found = checked(case)
    assert found.program is not None, text_of(found)
    if not entry:
        return found.program
    names = {found.program.workflow(it).name: it for it in found.program.entries}
    return entered(found.program, names[entry])


def entries(case: Case) -> list[str]:
    """The names of the documents that a run can start."""
    program = program_of(case)
    return [program.workflow(key).name for key in program.entries]


def refusals(case: Case, backend: Backend) -> tuple[str, ...]:
    """The features that `backend` refuses in what `case` can start, by name."""
    programs = [program_of(case, entry) for entry in entries(case)]
    used = {feature for each in programs for feature, _ in features(each)}
    return tuple(sorted(used - backend.supports.keys()))


def emitted(case: Case, backend: Backend, entry: str = "") -> tuple[File, ...]:
    """The files that the program of `case` becomes that starts with `entry`."""
    program = program_of(case, entry or program_of(case).main.name)
    sources = checked(case).sources
    files, found = back_end(program, sources, backend)
    assert not has_errors(found), to_text(found, sources)
    return files


# ---- what is expected


@cache
def _documents(case: Case) -> list[dict[str, Any]]:
    """The workflow's file as plain YAML: what is expected must not depend on what is
    tested."""
    text = case.workflow.read_bytes()
    return [each for each in yaml.load_all(text, Loader=yaml.BaseLoader) if each]


def _form(case: Case, entry: str) -> dict[str, Any]:
    """The document that runs."""
    documents = _documents(case)
    return next((it for it in documents if it.get("name") == entry), documents[0])


def forms_of_steps(case: Case, entry: str = "") -> dict[str, dict[str, Any]]:
    """The steps of the document that runs, as they are written, by name; those without
    one are left out."""
    steps = _form(case, entry).get("steps") or []
    if isinstance(steps, dict):
        return {name: dict(step) for name, step in steps.items()}
    return named(steps)


def named(steps: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """Those of a list of steps as written, groups included, that have a name."""
    listed = (
        it for each in steps for it in (each if isinstance(each, list) else [each])
    )
    return {it["name"]: it for it in listed if isinstance(it, dict) and "name" in it}


def is_call(form: Mapping[str, Any]) -> bool:
    """Is the step that is written so a call, or a fan-out of calls?"""
    return not form.keys().isdisjoint({"run", "call"})


def variables(case: Case, entry: str = "") -> Mapping[str, str]:
    """The name of the `output:` of each step that has one, and whose value it is: what a
    call gives is its record."""
    return {
        name: variable
        for name, form in forms_of_steps(case, entry).items()
        if (variable := variable_of(form)) and ("parallel" in form or not is_call(form))
    }


def variable_of(form: Mapping[str, Any]) -> str | None:
    """The name behind the `output:` of the step that is written so."""
    output = form.get("output")
    name: str | None = output["name"] if isinstance(output, dict) else output
    return name


def outcome_of(case: Case, run: Run) -> Outcome:
    """The full outcome that `run` is expected to come to."""
    expect = run.expect
    outputs = expect.outputs
    if outputs is None:
        outputs = {
            variable: value
            for name, variable in variables(case, run.entry).items()
            if name in expect.steps and (value := expect.steps[name].output) is not None
        }
    return Outcome(
        workflow=_form(case, run.entry).get("name", case.workflow.stem),
        status=expect.status,
        exit_code=expect.exit_code,
        steps=expect.steps,
        handlers=expect.handlers,
        outputs={**outputs, **expect.records},
    )


def with_digests(outcome: Outcome, expected: Outcome) -> Outcome:
    """`outcome`, with the digest of a value where `expected` has one."""

    def digested(value: str | None, other: str | None) -> str | None:
        if value is None or other is None or not other.startswith("sha256:"):
            return value
        return f"sha256:{hashlib.sha256(value.encode()).hexdigest()}"

    steps = {
        name: replace(step, output=digested(step.output, expected.steps[name].output))
        for name, step in outcome.steps.items()
        if name in expected.steps
    }
    outputs = {
        name: digested(value, expected.outputs.get(name)) or ""
        for name, value in outcome.outputs.items()
    }
    return replace(outcome, steps={**outcome.steps, **steps}, outputs=outputs)


def golden_outcome(outcome: Outcome) -> str:
    """The text of `outcomes/<run>.json`: an outcome without its events, whose order is
    not always the same."""
    form = to_json(outcome)
    del form["events"]
    return json.dumps(form, ensure_ascii=False, indent=1) + "\n"


# ---- what is kept in the case's folder


def agree(file: Path, text: str, accept: bool) -> None:
    """Asserts that the golden `file` holds `text` ("": that there is none); accepting, it
    is written so."""
    if accept:
        file.unlink(missing_ok=True)
        if text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
    kept = file.read_text("utf-8") if file.exists() else ""
    assert text == kept, f"{file} differs: pytest --accept writes it anew"


def callees(case: Case) -> list[Path]:
    """The files beside the workflow that it may call, relative to its folder."""
    files = (each.relative_to(case.folder) for each in case.folder.rglob("*.y*ml"))
    ours = ("workflow.yaml", "runs.yaml")
    return sorted(
        each
        for each in files
        if each.as_posix() not in ours and each.parts[0] not in ("files", *TARGETS)
    )


def kept(case: Case) -> set[str]:
    """The golden files in the folder of `case`, relative to it."""
    files = (each for each in case.folder.rglob("*") if each.is_file())
    names = {each.relative_to(case.folder) for each in files}
    given = {Path("workflow.yaml"), Path("runs.yaml"), *callees(case)}
    return {name.as_posix() for name in names - given if name.parts[0] != "files"}
