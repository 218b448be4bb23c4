"""`logDir`: the logs of a run in a folder elsewhere, with a link to it."""

import os
from pathlib import Path

import pytest
from resolved import execute, from_yaml

FLOW = """
name: flow
logDir: {where}
params: [N: "1", P: ""]
env: [E: e]
secrets: [{{name: S, provider: env}}]
steps:
  - {{name: a, command: 'echo "$S"; test -s "$DAG_RUN_STEP_STDOUT_FILE"', output: A}}
  - {{name: call, run: kid}}
handlerOn: {{exit: {{command: echo bye}}}}
---
name: kid
steps: [{{name: x, command: echo x, output: X}}]
"""


@pytest.mark.parametrize(
    ("where", "folder"),
    [
        ("logs", "logs"),
        ("logs/${N}/$E", "logs/1/e"),
        ("../far", "../far"),
        ("'x${P}'", "x$(touch pwned); `id` \n'\""),
    ],
)
def test_where_they_are(tmp_path: Path, where: str, folder: str) -> None:
    report = execute(
        from_yaml(FLOW.format(where=where)),
        tmp_path,
        values={"P": "$(touch pwned); `id` \n'\""},
        environment={"S": "hidden"},
    )
    assert report.outcome.status == "succeeded"
    assert report.outcome.outputs == {"A": "***"}
    logs = tmp_path / "work" / folder / "flow" / report.run_id
    assert os.readlink(report.folder / "steps") == str(logs)
    assert (logs / "a" / "1.out").read_text() == "***\n"
    assert (logs / "call" / "x" / "1.out").read_text() == "x\n"
    assert (logs / "handler-exit" / "1.out").exists()
    assert report.steps["a"].log == str(report.folder / "steps" / "a")
    assert not (tmp_path / "work" / "pwned").exists()


def test_within_the_workflows_folder(tmp_path: Path) -> None:
    (tmp_path / "work" / "sub").mkdir(parents=True)
    text = FLOW.format(where="logs").replace("logDir", "workingDir: sub\nlogDir", 1)
    report = execute(from_yaml(text), tmp_path, environment={"S": "hidden"})
    assert (tmp_path / "work/sub/logs/flow" / report.run_id / "a/1.out").exists()


@pytest.mark.parametrize("where", ["file", "file/x", "/dev/null/x"])
def test_a_folder_that_cannot_be_made(tmp_path: Path, where: str) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "file").touch()
    report = execute(
        from_yaml(FLOW.format(where=where)), tmp_path, environment={"S": "hidden"}
    )
    assert (report.outcome.status, report.outcome.exit_code) == ("failed", 1)
    assert {step.status for step in report.outcome.steps.values()} == {"aborted"}
    said = (report.folder / "inputs.err").read_text()
    assert said.startswith("wfc: `logDir`: ")
    assert report.outcome.handlers["exit"].output == "bye"


def test_a_path_that_is_empty(tmp_path: Path) -> None:
    text = FLOW.format(where="'${P}'")
    report = execute(from_yaml(text), tmp_path, environment={"S": "hidden"})
    assert report.outcome.status == "failed"
    said = (report.folder / "inputs.err").read_text()
    assert said == "wfc: the path of `logDir` is empty\n"


def test_of_a_callee_it_does_not_count(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            steps: [{name: call, run: kid}]
            ---
            name: kid
            logDir: logs
            steps: [{name: x, command: echo x}]
            """),
        tmp_path,
    )
    assert not (report.folder / "steps").is_symlink()
    assert not (tmp_path / "work" / "logs").exists()
