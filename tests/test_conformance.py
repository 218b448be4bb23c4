"""tests/conformance: each rule of the language, run by the interpreter and on the targets."""

from pathlib import Path

import pytest
from cases import (
    CONFORMANCE,
    GOLDEN,
    Case,
    Run,
    agree,
    cases,
    checked,
    kept,
    refusals,
    run_id,
    runs,
    runs_on,
    text_of,
)
from lacking import LACKING
from running import BACKENDS, ENGINES, judge, rewritten


@pytest.mark.parametrize(
    ("case_and_run", "engine"), runs_on(ENGINES, CONFORMANCE), ids=run_id
)
@pytest.mark.usefixtures("jq")
def test_run(case_and_run: tuple[Case, Run], engine: str, tmp_path: Path) -> None:
    case, run = case_and_run
    if engine == "rewritten" and not rewritten(case):
        return
    _, problems = judge(case, run, engine, tmp_path)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("target", BACKENDS)
@pytest.mark.parametrize("case", [*cases(CONFORMANCE), *cases(GOLDEN)], ids=run_id)
def test_refused(case: Case, target: str) -> None:
    assert refusals(case, BACKENDS[target]) == case.refused.get(target, ())


@pytest.mark.parametrize("case", cases(CONFORMANCE), ids=run_id)
def test_diagnostics(case: Case, accept: bool) -> None:
    text = text_of(checked(case))
    agree(case.folder / "diagnostics.txt", text, accept)


@pytest.mark.parametrize("case", cases(CONFORMANCE), ids=run_id)
def test_holds_nothing_unused(case: Case) -> None:
    assert kept(case) <= {"diagnostics.txt"}


@pytest.mark.parametrize("target", LACKING)
def test_what_a_target_lacks_is_a_run(target: str) -> None:
    every = [*runs(CONFORMANCE), *runs(GOLDEN)]
    assert LACKING[target].keys() <= {case.name for case, _ in every} | {
        run_id(each) for each in every
    }


@pytest.mark.parametrize("root", [CONFORMANCE, GOLDEN], ids=["conformance", "golden"])
def test_every_folder_is_a_case(root: Path) -> None:
    folders = {each.name for each in root.iterdir() if each.is_dir()}
    assert folders == {case.name for case in cases(root)}
