"""The real Dagu, on the runs of which `runs.yaml` says that it agrees.

What is not compared, because wfc decided otherwise (grammar/README.md): the exit code of
a partially succeeded run (0, Dagu's is 1); the exit code of a step that succeeded; the
order of events.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cases import (
    CONFORMANCE,
    GOLDEN,
    Case,
    Run,
    outcome_of,
    run_id,
    runs,
    variables,
)
from engines.dagu import Facts, Node
from engines.dagu import run as run_dagu
from surroundings import environment, lay_out, wrong_files

from compiler.outcome import Outcome, StepOutcome

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
            words=run.words,
            work=work,
            home=folder / "dagu",
            environment=environment(run, folder, work),
        )
        # Seen once in some hundred runs: it ends before it has written how it ended.
        if facts.status != "running":
            break
    problems = [
        *_problems(outcome_of(case, run), facts, variables(case, run.entry)),
        *wrong_files(work, run.expect),
    ]
    assert not problems, f"{problems}\n{facts}"


@pytest.mark.parametrize("case_and_run", ALL, ids=run_id)
def test_says_whether_it_agrees(case_and_run: tuple[Case, Run]) -> None:
    _, run = case_and_run
    assert run.dagu == "agrees" or run.dagu.startswith("differs — ")


def _problems(
    expected: Outcome, facts: Facts, names: Mapping[str, str]
) -> Iterator[str]:
    if facts.status != expected.status:
        yield f"{facts.status}, but {expected.status} is expected"
    told = expected.status != "partially_succeeded"
    if told and facts.exit_code != expected.exit_code:
        yield f"exit code {facts.exit_code}"
    if facts.steps.keys() != expected.steps.keys():
        yield f"steps {list(facts.steps)}"
    for name, step in expected.steps.items():
        node = facts.steps[name]
        yield from _differences(name, step, node)
        output = names.get(name)
        if output and step.output != node.outputs.get(output):
            yield f"{name}: {node.outputs} for {step.output!r}"
    if facts.handlers.keys() != expected.handlers.keys():
        yield f"handlers {list(facts.handlers)}"
    for name, step in expected.handlers.items():
        node = facts.handlers[name]
        yield from _differences(name, step, node)
        if node.stdout.strip() != step.output:
            yield f"{name}: {node.stdout!r} for {step.output!r}"


def _differences(name: str, step: StepOutcome, node: Node) -> Iterator[str]:
    if (node.status, node.attempts) != (step.status, step.attempts):
        yield f"{name}: {node.status} after {node.attempts}, for {step}"
    if step.status == "failed" and node.exit_code != step.exit_code:
        yield f"{name}: exit code {node.exit_code}, for {step}"
