"""The real Dagu, on the runs of which `runs.yaml` says that it agrees."""

from pathlib import Path

import pytest
from agreement import disagreements
from cases import (
    CONFORMANCE,
    GOLDEN,
    Case,
    Run,
    callees,
    forms_of_steps,
    outcome_of,
    run_id,
    runs,
)
from engines.dagu import run as run_dagu
from surroundings import environment, lay_out, wrong_files

ALL = [*runs(CONFORMANCE), *runs(GOLDEN)]
AGREEING = [(case, run) for case, run in ALL if run.dagu == "agrees"]


@pytest.mark.parametrize("case_and_run", AGREEING, ids=run_id)
def test_agrees(case_and_run: tuple[Case, Run], dagu: Path, tmp_path: Path) -> None:
    case, run = case_and_run
    for attempt in ("first", "second", "third"):
        folder = tmp_path / attempt
        folder.mkdir()
        work = lay_out(case, run, folder)
        facts = run_dagu(
            dagu,
            case.workflow.read_text("utf-8"),
            callees={
                it.as_posix(): (case.folder / it).read_text("utf-8")
                for it in callees(case)
            },
            words=run.words,
            work=work,
            home=folder / "dagu",
            environment=environment(run, folder, work),
        )
        # Seen once in some hundred runs: it ends before it has written how it ended.
        if facts.status != "running":
            break
    problems = [
        *disagreements(outcome_of(case, run), facts, forms_of_steps(case, run.entry)),
        *wrong_files(work, run.expect),
    ]
    assert not problems, f"{problems}\n{facts}"


@pytest.mark.parametrize("case_and_run", ALL, ids=run_id)
def test_says_whether_it_agrees(case_and_run: tuple[Case, Run]) -> None:
    _, run = case_and_run
    assert run.dagu == "agrees" or run.dagu.startswith("differs — ")
