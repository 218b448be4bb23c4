"""A run of a case -> its outcome on an engine, and what is wrong with that."""

import importlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from cases import (
    Case,
    Run,
    checked,
    emitted,
    outcome_of,
    program_of,
    with_digests,
)
from events import wrong_order
from surroundings import environment, lay_out, not_hidden, wrong_files

from compiler import interpreter
from compiler.backend import Backend, File
from compiler.diagnostics import has_errors
from compiler.ir import FilePattern, Program, Workflow
from compiler.optimize import optimize
from compiler.outcome import Outcome, differences, from_json
from compiler.pipeline import back_end

ROOT = Path(__file__).resolve().parent.parent


def _backends() -> dict[str, Backend]:
    names = [each.parent.name for each in sorted(ROOT.glob("backends/*/engine.py"))]
    return {name: importlib.import_module(f"backends.{name}").BACKEND for name in names}


BACKENDS = _backends()
# Their steps do not run in the working folder itself.
REMOTE = {"github"}
# `rewritten` is the interpreter, too, on what the rewrites make of the program.
ENGINES = ("interpreter", "rewritten", *BACKENDS)


def rewritten(case: Case) -> bool:
    """Do the rewrites change the program of `case`?"""
    return optimize(program_of(case)) != program_of(case)


def judge(case: Case, run: Run, engine: str, folder: Path) -> tuple[Outcome, list[str]]:
    """Runs `run` below the empty `folder`: its outcome, and a line for each thing in it
    that is not as expected."""
    work = lay_out(case, run, folder)
    surroundings = environment(run, folder, work)
    program = program_of(case, run.entry)
    if run.signal is not None:
        outcome = _signalled(case, run, engine, folder, surroundings)
    elif engine == "interpreter":
        outcome = _interpreted(program, run, folder, surroundings)
    elif engine == "rewritten":
        outcome = _interpreted(optimize(program), run, folder, surroundings)
    else:
        outcome = importlib.import_module(f"backends.{engine}.engine").ENGINE.run(
            _emit(case, run, engine, folder),
            program=program,
            words=run.words,
            work_dir=work,
            environment=surroundings,
            seconds=300 if engine in REMOTE else 60,
        )
    expected = outcome_of(case, run)
    outcome = with_digests(outcome, expected)
    problems = [
        *differences(expected, outcome),
        *wrong_order(outcome, limited(program, engine), run.expect.starts),
        *wrong_files(work, run.expect),
        *not_hidden(folder / "wfc", run.expect),
    ]
    return outcome, problems + _log_of_failures(folder) if problems else []


def _interpreted(
    program: Program, run: Run, folder: Path, surroundings: Mapping[str, str]
) -> Outcome:
    return interpreter.run(
        program,
        values=run.params,
        arguments=run.arguments,
        work_dir=folder / "work",
        home=folder / "wfc",
        progress=interpreter.Quiet(io.StringIO()),
        environment=surroundings,
    ).outcome


def _emit(case: Case, run: Run, target: str, folder: Path) -> Path:
    """Writes what `case` becomes on `target`; the path of the file that `run` starts."""
    files = emitted(case, BACKENDS[target], run.entry)
    if target in REMOTE and any((folder / "work").iterdir()):
        files = _with_files(case, run, target)
    for file in files:
        path = folder / "emitted" / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, "utf-8")
        path.chmod(0o755 if file.executable else 0o644)
    return folder / "emitted" / files[0].path


def _with_files(case: Case, run: Run, target: str) -> tuple[File, ...]:
    """What `case` becomes if it says that its steps need the files beside it (W2), as it
    has to where they run elsewhere."""
    program = program_of(case, run.entry or program_of(case).main.name)
    main = program.main
    if not main.files:
        main = replace(main, files=(FilePattern(pattern="**", span=main.span),))
    workflows = [main if it.key == main.key else it for it in program.workflows]
    program = replace(program, workflows=tuple(workflows))
    files, found = back_end(program, checked(case).sources, BACKENDS[target])
    assert not has_errors(found)
    return files


def limited(program: Program, engine: str) -> Program:
    """`program`, without the limits that the target loses, as it says."""
    if engine not in BACKENDS:
        return program
    losses = BACKENDS[engine].supports
    above_one = losses.get("max-active-steps-above-one")
    of_calls = losses.get("call-max-active-steps")

    def without(workflow: Workflow) -> Workflow:
        lost = of_calls if workflow.key != program.entry else None
        lost = lost or (above_one if (workflow.max_active_steps or 0) > 1 else None)
        return replace(workflow, max_active_steps=None) if lost else workflow

    return replace(program, workflows=tuple(map(without, program.workflows)))


# ---- a run that gets a signal


def _signalled(
    case: Case, run: Run, engine: str, folder: Path, surroundings: Mapping[str, str]
) -> Outcome:
    """The run as a process of its own, by the command line of `wfc run` or the script."""
    command = [sys.executable, "-m", "wfc", "run", str(case.workflow)]
    command += ["--workflow", run.entry] if run.entry else []
    if engine in BACKENDS:
        command = ["bash", str(_emit(case, run, engine, folder))]
    report = folder / "report.json"
    command += [*run.words, "--work-dir", str(folder / "work"), "--report", str(report)]
    assert run.signal is not None
    name, file = run.signal
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # What starts the tests in the background may have it ignored for good.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        until = time.monotonic() + 20
        while not (folder / "work" / file).exists() and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(getattr(signal, f"SIG{name}"))
        code = process.wait(30)
    outcome = from_json(json.loads(report.read_text("utf-8"))["outcome"])
    assert code == outcome.exit_code
    return outcome


def _log_of_failures(folder: Path) -> list[str]:
    """What the attempts of the run wrote to stderr, for the reader of a failing test."""
    return [
        f"{file.parent.name}: {file.read_text('utf-8', 'replace')}"
        for file in sorted((folder / "wfc").rglob("*.err"))
        if os.path.getsize(file)
    ] + [line for log in (folder / "wfc").rglob("act.log") for line in _said(log)]


def _said(log: Path) -> Iterator[str]:
    """What act and the steps said."""
    for line in log.read_text("utf-8", "replace").splitlines():
        if not line.startswith("{"):
            yield line
            continue
        form = json.loads(line)
        if form.get("raw_output") or "jobResult" in form:
            yield f"{form.get('jobID')}/{form.get('step')}: {form['msg'].rstrip()}"
