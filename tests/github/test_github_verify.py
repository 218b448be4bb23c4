"""`wfc verify --target github`: the workflow runs on act, and comes to the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = """\
name: small
params: [WHO: me]
steps:
  - name: list
    command: printf '["a","b c"]'
    output: LIST
  - name: each
    parallel: "${LIST}"
    command: echo "$WHO $ITEM" | tee "said $ITEM"
    output: EACH
  - name: fails
    command: exit 3
    continueOn: {failure: true}
handlerOn:
  exit: {command: cat said*}
"""


def verify(file: Path, *words: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "wfc", "verify", "--target", "github", file, *words],
        cwd=file.parent,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "work" / "small.yaml"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


@pytest.mark.usefixtures("act")
def test_equal(file: Path) -> None:
    code, out, err = verify(file, "WHO=two  words", TMPDIR=str(file.parent.parent))
    assert (code, out.splitlines()[-1]) == (
        0,
        "small: equal by the interpreter and on act: partially_succeeded, 5 steps",
    ), err
    assert [each.name for each in file.parent.iterdir()] == ["small.yaml"]
    assert [each.name for each in file.parent.parent.iterdir()] == ["work"]


def test_without_act(file: Path, tmp_path: Path) -> None:
    code, _, err = verify(file, WFC_ENGINES=str(tmp_path), PATH="/usr/bin:/bin")
    assert code == 2
    assert "`act` is not in PATH" in err
