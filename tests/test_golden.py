"""golden: what each case becomes on each target, what is said of it, what it comes to."""

import subprocess
from pathlib import Path

import pytest
from cases import (
    GOLDEN,
    Case,
    Run,
    agree,
    cases,
    cases_on,
    checked,
    emitted,
    entries,
    golden_outcome,
    kept,
    run_id,
    runs_on,
    text_of,
)
from running import BACKENDS, ENGINES, judge, rewritten


@pytest.mark.parametrize(
    ("case_and_run", "engine"), runs_on(ENGINES, GOLDEN), ids=run_id
)
@pytest.mark.usefixtures("jq")
def test_run(
    case_and_run: tuple[Case, Run], engine: str, tmp_path: Path, accept: bool
) -> None:
    case, run = case_and_run
    if engine == "rewritten" and not rewritten(case):
        return
    outcome, problems = judge(case, run, engine, tmp_path)
    assert not problems, "\n".join(problems)
    file = case.folder / "outcomes" / f"{run.name}.json"
    agree(file, golden_outcome(outcome), accept)


@pytest.mark.parametrize(("case", "backend"), cases_on(BACKENDS, GOLDEN), ids=run_id)
def test_text(case: Case, backend: str, accept: bool) -> None:
    for entry in entries(case):
        for file in emitted(case, BACKENDS[backend], entry):
            agree(case.folder / backend / file.path, file.text, accept)


@pytest.mark.parametrize("case", cases(GOLDEN), ids=run_id)
def test_diagnostics(case: Case, accept: bool) -> None:
    text = text_of(checked(case))
    agree(case.folder / "diagnostics.txt", text, accept)


@pytest.mark.parametrize(("case", "target"), cases_on(["shell"], GOLDEN), ids=run_id)
def test_shellcheck(case: Case, target: str, shellcheck: Path) -> None:
    scripts = sorted((case.folder / target).glob("*.sh"))
    assert scripts
    found = subprocess.run(
        [shellcheck, "--norc", *scripts], capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("case", cases(GOLDEN), ids=run_id)
def test_holds_nothing_unused(case: Case, accept: bool) -> None:
    used = {"diagnostics.txt"} | {f"outcomes/{run.name}.json" for run in case.runs}
    for name in BACKENDS.keys() - {it for it, each in case.refused.items() if each}:
        for entry in entries(case):
            files = emitted(case, BACKENDS[name], entry)
            used |= {f"{name}/{it.path}" for it in files}
    for unused in kept(case) - used:
        if accept:
            (case.folder / unused).unlink()
    assert kept(case) <= used
