"""A run of a case -> its outcome on an engine, and what is wrong with that."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path

from cases import (
    Case,
    Run,
    emitted,
    environment,
    lay_out,
    outcome_of,
    program_of,
    with_digests,
    wrong_files,
    wrong_order,
)

from compiler import interpreter
from compiler.backend import Backend
from compiler.outcome import Outcome, differences

ROOT = Path(__file__).resolve().parent.parent


def _backends() -> dict[str, Backend]:
    names = [each.parent.name for each in sorted(ROOT.glob("backends/*/__init__.py"))]
    return {name: importlib.import_module(f"backends.{name}").BACKEND for name in names}


BACKENDS = _backends()
ENGINES = ("interpreter", *BACKENDS)


def judge(case: Case, run: Run, engine: str, folder: Path) -> tuple[Outcome, list[str]]:
    """Runs `run` below the empty `folder`: its outcome, and a line for each thing in it
    that is not as expected."""
    work = lay_out(case, run, folder)
    surroundings = environment(run, folder, work)
    how = _interpret if engine == "interpreter" else _on_target(BACKENDS[engine])
    outcome = how(case, run, folder, work, surroundings)
    program = program_of(case)
    expected = outcome_of(case, run.expect)
    outcome = with_digests(outcome, expected)
    problems = [
        *differences(expected, outcome),
        *wrong_order(outcome, run.expect, program),
        *wrong_files(work, run.expect),
    ]
    return outcome, problems + _log_of_failures(folder) if problems else []


_How = Callable[[Case, Run, Path, Path, dict[str, str]], Outcome]


def _interpret(
    case: Case, run: Run, folder: Path, work: Path, surroundings: dict[str, str]
) -> Outcome:
    """The program as the front end leaves it: what the rewrites make of it runs on the
    targets, and must come to the same."""
    return interpreter.run(
        program_of(case),
        values=run.params,
        arguments=run.arguments,
        work_dir=work,
        home=folder / "wfc",
        progress=interpreter.Quiet(),
        environment=surroundings,
    ).outcome


def _on_target(backend: Backend) -> _How:
    engine = importlib.import_module(f"backends.{backend.name}.engine")

    def on_target(
        case: Case, run: Run, folder: Path, work: Path, surroundings: dict[str, str]
    ) -> Outcome:
        files, _ = emitted(case, backend)
        assert files, "refused"
        for file in files:
            path = folder / "emitted" / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, "utf-8")
            path.chmod(0o755 if file.executable else 0o644)
        outcome = engine.run(
            folder / "emitted" / files[0].path,
            words=run.words,
            work_dir=work,
            environment=surroundings,
        )
        assert isinstance(outcome, Outcome)
        return outcome

    return on_target


def _log_of_failures(folder: Path) -> list[str]:
    """What the attempts of the run wrote to stderr, for the reader of a failing test."""
    texts = []
    for file in sorted((folder / "wfc").rglob("*.err")):
        if os.path.getsize(file):
            texts.append(f"{file.parent.name}: {file.read_text('utf-8', 'replace')}")
    return texts
