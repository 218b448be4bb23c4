"""A case's folder -> the case as a value: its workflow, its runs, what each comes to.

    <case>/workflow.yaml      the workflow
    <case>/files/             laid into the working folder of each run; `files/bin/`
                              comes first in PATH
    <case>/runs.yaml          the runs and, written by hand, what is expected of each
    <case>/diagnostics.txt    what the compiler says of it, if anything

A golden case has, beside these, the text that each target gives it (`shell/...`) and the
outcome of each run (`outcomes/<run>.json`, without events). A run in `runs.yaml`:

    - name: not-listed
      rule: S6                    what of the language it holds
      dagu: agrees                or `differs — ` and why (tests/engines/README.md)
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
        handlers: {exit: {output: ""}}
        outputs: {A: text}        only where it does not follow from the steps
        starts: [a, b]            the order, only where something decides it
        files: {made: "text\n"}   what is there afterwards; `present`, `absent`: [names]

Scalars are taken as they are written. An output may stand there as `sha256:<digest>`.
"""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import yaml

from compiler.backend import Backend, File
from compiler.cli.loader import FileLoader
from compiler.ir import Program
from compiler.outcome import (
    Outcome,
    RunStatus,
    Status,
    StepOutcome,
    misordered,
    to_json,
)
from compiler.pipeline import Checked, back_end, front_end
from compiler.reader import decode
from compiler.report import to_text
from compiler.source import Source

TESTS = Path(__file__).resolve().parent
CONFORMANCE = TESTS / "conformance"
GOLDEN = TESTS.parent / "golden"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """What a run must come to: `expect` of `runs.yaml`, with its defaults filled in.

    `outputs` None follows from those of the steps. `starts` is the order in which the
    steps start, empty where nothing decides it.
    """

    status: RunStatus
    exit_code: int
    steps: Mapping[str, StepOutcome]
    handlers: Mapping[str, StepOutcome]
    outputs: Mapping[str, str] | None
    starts: tuple[str, ...]
    files: Mapping[str, str]
    present: tuple[str, ...]
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One run of a case. `signal` is one that the runner gets, as soon as the file named
    behind it is in the working folder. `dagu` is "agrees", or "differs — " and why in a word.
    """

    name: str
    rule: str
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
    folder: Path
    runs: tuple[Run, ...]

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
        read = tuple(_run(dict(form)) for form in forms)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file}: {error!r}") from error
    return Case(folder=folder, runs=read)


def _run(form: dict[str, Any]) -> Run:
    expect = dict(form.pop("expect"))
    signal, _, file = form.pop("signal", "").partition(" when ")
    run = Run(
        name=form.pop("name"),
        rule=form.pop("rule"),
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
        outputs=form.pop("outputs", None),
        starts=tuple(form.pop("starts", ())),
        files=form.pop("files", {}),
        present=tuple(form.pop("present", ())),
        absent=tuple(form.pop("absent", ())),
    )


def _steps(form: Mapping[str, Any], output: str | None) -> dict[str, StepOutcome]:
    """Step outcomes from their short forms; `output` is that of one that ran and says
    nothing of it."""
    return {name: _step(each, output) for name, each in form.items()}


def _step(form: str | Mapping[str, str], output: str | None) -> StepOutcome:
    fields = {"status": form} if isinstance(form, str) else dict(form)
    name = fields.pop("status", "succeeded")
    status: Status = next(each for each in get_args(Status) if each == name)
    ran = status in ("succeeded", "failed")
    code = fields.pop("exit_code", {"succeeded": "0", "failed": "1"}.get(status))
    step = StepOutcome(
        status=status,
        attempts=int(fields.pop("attempts", "1" if ran else "0")),
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


def program_of(case: Case) -> Program:
    found = checked(case)
    assert found.program is not None, text_of(found)
    return found.program


def text_of(found: Checked) -> str:
    return to_text(found.diagnostics, found.sources)


def emitted(case: Case, backend: Backend) -> tuple[File, ...]:
    """The files that `case` becomes."""
    sources = checked(case).sources
    files, found = back_end(program_of(case), sources, backend)
    assert not found, to_text(found, sources)
    return files


# ---- what is expected


@cache
def _form(case: Case) -> dict[str, Any]:
    """The workflow as plain YAML: what is expected must not depend on what is tested."""
    return dict(yaml.load(case.workflow.read_bytes(), Loader=yaml.BaseLoader))


def variables(case: Case) -> Mapping[str, str]:
    """The name of the `output:` of each step that has one."""
    steps = _form(case)["steps"]
    if isinstance(steps, dict):
        steps = [{"name": name, **step} for name, step in steps.items()]
    return {step["name"]: step["output"] for step in steps if "output" in step}


def outcome_of(case: Case, expect: Expected) -> Outcome:
    """The full outcome that `expect` stands for."""
    outputs = expect.outputs
    if outputs is None:
        outputs = {
            variable: value
            for name, variable in variables(case).items()
            if name in expect.steps and (value := expect.steps[name].output) is not None
        }
    return Outcome(
        workflow=_form(case).get("name", case.workflow.stem),
        status=expect.status,
        exit_code=expect.exit_code,
        steps=expect.steps,
        handlers=expect.handlers,
        outputs=outputs,
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


def wrong_order(outcome: Outcome, expect: Expected, program: Program) -> Iterator[str]:
    """What the events of `outcome` have in an order that may not be."""
    main = program.main
    yield from misordered(
        outcome, [(edge.step, step.name) for step in main.steps for edge in step.edges]
    )
    ran = [name for name, step in outcome.steps.items() if step.attempts]
    for what in ("start", "end"):
        seen = [name for kind, name in outcome.events if kind == what]
        if what == "start" and sorted(seen) != sorted(ran):
            yield f"started: {sorted(seen)}, but these ran: {sorted(ran)}"
        if len(set(seen)) != len(seen):
            yield f"a second {what}: {seen}"
    running = most = 0
    for kind, name in outcome.events:
        if outcome.steps[name].attempts == 1:  # others pause between their attempts
            running += 1 if kind == "start" else -1
            most = max(most, running)
    if main.max_active_steps and most > main.max_active_steps:
        yield f"{most} steps at once, at most {main.max_active_steps} may be"
    starts = [name for kind, name in outcome.events if kind == "start"]
    if expect.starts and starts != [*expect.starts]:
        yield f"started in the order {starts}"


def wrong_files(folder: Path, expect: Expected) -> Iterator[str]:
    """What the working folder `folder` has that it should not have, or lacks."""
    for name, content in expect.files.items():
        file = folder / name
        found = file.read_text("utf-8") if file.is_file() else None
        if found != content:
            yield f"{name}: {found!r} != {content!r}"
    for name in expect.present:
        if not (folder / name).exists():
            yield f"{name}: is not there"
    for name in expect.absent:
        if (folder / name).exists():
            yield f"{name}: is there"
    for file in folder.iterdir():
        if file.name.lower().startswith((".", "wfc")):
            yield f"{file.name}: left there by the run, not by a step"


def golden_outcome(outcome: Outcome) -> str:
    """The text of `outcomes/<run>.json`: an outcome without its events, whose order is
    not always the same."""
    form = to_json(outcome)
    del form["events"]
    return json.dumps(form, ensure_ascii=False, indent=1) + "\n"


# ---- a run's surroundings


def lay_out(case: Case, run: Run, folder: Path) -> Path:
    """Makes the working folder of `run` below `folder`."""
    work = folder / "work"
    if (case.folder / "files").is_dir():
        shutil.copytree(case.folder / "files", work)
    work.mkdir(exist_ok=True)
    for name, content in run.files.items():
        file = work / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode())
        file.chmod(0o755 if content.startswith("#!") else 0o644)
    return work


def environment(run: Run, folder: Path, work: Path) -> dict[str, str]:
    """The environment of `run`: small, so that it is the same everywhere."""
    for name in ("home", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    # `python`, of the running interpreter, behind what this system has.
    path = [os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)]
    if (work / "bin").is_dir():
        path.insert(0, str(work / "bin"))
    return {
        "PATH": os.pathsep.join(path),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "WFC_HOME": str(folder / "wfc"),
        **run.env,
    }


# ---- what is kept in the case's folder


def agree(file: Path, text: str, accept: bool) -> None:
    """Asserts that the golden `file` holds `text` ("": that there is none); accepting, it
    is written so."""
    if accept:
        file.unlink(missing_ok=True)
        if text:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, "utf-8")
    kept = file.read_text("utf-8") if file.exists() else ""
    assert text == kept, f"{file} differs: pytest --accept writes it anew"


def kept(case: Case) -> set[str]:
    """The golden files in the folder of `case`, relative to it."""
    ours = {"workflow.yaml", "runs.yaml"}
    names = (each.relative_to(case.folder) for each in case.folder.rglob("*"))
    return {
        name.as_posix()
        for name in names
        if (case.folder / name).is_file() and name.parts[0] != "files"
    } - ours
