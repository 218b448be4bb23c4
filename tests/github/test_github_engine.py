"""The engine of the target github: what it gives act, what it reads back, what it ends."""

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from backends.github import engine
from backends.github.scratch import LAST_STEP, scratch
from backends.outcomes import Record, Remains, outcome_of
from compiler.backend import CannotRun
from compiler.ir import Program
from compiler.outcome import Outcome, RunStatus, StepOutcome
from compiler.pipeline import front_end
from compiler.source import Source

SOURCE = """\
name: small
params: [A: x]
steps:
  - {name: a, command: 'echo "$A" >made'}
  - {name: b, command: exit 3}
  - {name: c, command: echo}
"""
TEXT = """\
name: small
on:
  workflow_dispatch:
    inputs:
      A: {type: string, default: x}
permissions: {}
concurrency: # one at a time
  group: small
  queue: max
jobs:
  one:
    name: one
    runs-on: ubuntu-latest
    steps:
      - name: Checkout
        uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with: {persist-credentials: false}
      - name: a
        shell: bash -e {0}
        env: {A: "${{ inputs.A }}"}
        run: |
          echo "$A" >made; cat data >>made; rm data
          env >environment
          if [ "$A" = long ]; then (trap '' TERM; sleep 600) & sleep 601; fi
      - name: b
        shell: bash -e {0}
        run: exit 3
      - name: c
        shell: bash -e {0}
        run: echo
"""


def program_of(text: str) -> Program:
    found = front_end(Source("small.yaml", text))
    assert found.program is not None, found.diagnostics
    return found.program


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.yml"
    path.write_text(TEXT)
    (tmp_path / "work").mkdir()
    (tmp_path / "work/data").write_text("data\n")
    return path


def run(file: Path, *words: str, seconds: float = 60, **environment: str) -> Outcome:
    return engine.run(
        file,
        program=program_of(SOURCE),
        words=words,
        work_dir=file.parent / "work",
        environment={"PATH": os.environ["PATH"], "HOME": "/somewhere", **environment},
        seconds=seconds,
    )


@pytest.mark.usefixtures("act")
def test_plain_steps(file: Path) -> None:
    outcome = run(file, "A=two  words", CALLER="me")
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert outcome.steps == {
        "a": StepOutcome(status="succeeded", attempts=1, exit_code=0),
        "b": StepOutcome(status="failed", attempts=1, exit_code=3),
        "c": StepOutcome(status="aborted"),
    }
    order = [("start", "a"), ("end", "a"), ("start", "b"), ("end", "b")]
    assert [*outcome.events] == order
    work = file.parent / "work"
    assert {each.name for each in work.iterdir()} == {"made", "environment"}
    assert (work / "made").read_text() == "two  words\ndata\n"
    lines = (work / "environment").read_text().splitlines()
    assert {"CALLER=me", "HOME=/somewhere"} <= {*lines}


@pytest.mark.usefixtures("act")
def test_a_run_that_takes_too_long_is_ended_with_all_that_is_its(file: Path) -> None:
    begin = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        run(file, "A=long", seconds=2, MARK=str(file))
    assert time.monotonic() - begin < 30
    mark = f"MARK={file}".encode()
    for each in Path("/proc").glob("[0-9]*/environ"):
        try:
            assert mark not in each.read_bytes()
        except OSError:
            continue


@pytest.mark.usefixtures("act")
@pytest.mark.parametrize(
    ("words", "text", "reason"),
    [
        (["B=1"], TEXT, "has no input `B`"),
        (["1"], TEXT, "has no positional params"),
        ([], TEXT.replace("runs-on", "run-on"), "workflow is not valid"),
    ],
)
def test_what_cannot_run(file: Path, words: list[str], text: str, reason: str) -> None:
    file.write_text(text)
    with pytest.raises(CannotRun, match=reason):
        run(file, *words)


@pytest.mark.usefixtures("act")
def test_act_would_evaluate_the_environment(file: Path) -> None:
    with pytest.raises(CannotRun, match="`X`"):
        run(file, X="${{ github.actor }}")


def test_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WFC_ENGINES", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "act" in engine.missing({"PATH": "/bin"})


def test_the_copy_that_act_runs() -> None:
    copy = scratch(TEXT)
    assert "queue" not in copy.text
    assert copy.text.replace("queue: max", "").count(LAST_STEP) == 1
    begin = copy.text.index(f"      - name: {LAST_STEP}")
    assert copy.text[:begin] == TEXT.replace("  queue: max\n", "")
    assert copy.jobs == ("one",)
    assert copy.inputs == ("A",)
    assert copy.runners == {"ubuntu-latest"}


# ---- outcomes

GRAPH = """\
name: graph
type: graph
secrets: [{name: K, provider: env, key: K}]
steps:
  - {name: a, command: echo, output: A}
  - {name: b, command: echo, depends: a}
  - {name: c, run: kid, depends: a, output: C}
  - {name: d, command: 'echo "${ITEM}"', parallel: [x, y], depends: a, output: D}
  - {name: e, command: 'echo "${A:-none}"', depends: a}
  - {name: f, command: echo, depends: [b, e]}
handlerOn: {exit: {command: echo}}
---
name: kid
steps:
  - {name: k, command: echo}
"""


def outcome(
    records: Mapping[str, Record],
    status: RunStatus | None = None,
    green: bool = True,
    frames: frozenset[str] = frozenset({""}),
    unmet: frozenset[str] = frozenset(),
) -> Outcome:
    remains = Remains(
        records=records,
        items={"d": 2},
        frames=frames,
        unmet=unmet,
        status=status,
        green=green,
    )
    return outcome_of(program_of(GRAPH), remains)


def statuses(found: Outcome) -> dict[str, str]:
    return {path: step.status for path, step in found.steps.items()}


def test_what_waits_for_a_skipped_step_is_skipped() -> None:
    found = outcome({"a": Record(status="skipped")})
    expected = dict.fromkeys(["b", "c", "c/k", "d", "f"], "skipped")
    # e has a default, and yet it did not run: its job was cancelled.
    expected |= {"a": "skipped", "e": "aborted", "f": "aborted"}
    expected |= {"d[0]": "aborted", "d[1]": "aborted"}
    assert statuses(found) == expected
    assert (found.status, found.handlers) == ("succeeded", {})


def test_what_waits_for_a_failed_step_is_aborted() -> None:
    failed = Record(status="failed", attempts=1, exit_code=7, output="o\0secret:K\0")
    exit_ = Record(status="succeeded", attempts=1, exit_code=0, output="bye")
    found = outcome({"a": failed, "handler-exit": exit_}, "failed", green=False)
    assert {*statuses(found).values()} == {"failed", "aborted"}
    assert found.steps["a"] == StepOutcome(
        status="failed", attempts=1, exit_code=7, output="o***"
    )
    assert found.outputs == {"A": "o***"}
    assert found.handlers["exit"].output == "bye"
    assert (found.status, found.exit_code) == ("failed", 1)


def test_nothing_starts_where_the_precondition_is_not_met() -> None:
    found = outcome({}, "failed", green=False, unmet=frozenset({""}))
    assert {*statuses(found).values()} == {"not_started", "aborted"}
    found = outcome({}, "aborted")
    assert {*statuses(found).values()} == {"not_started", "aborted"}
    assert (found.status, found.exit_code) == ("aborted", 0)


def test_red_is_failed_and_green_is_not() -> None:
    assert outcome({}, "succeeded", green=False).status == "failed"
    assert outcome({}, "failed", green=True).status == "succeeded"


def test_a_call_that_failed_before_it_began() -> None:
    called = Record(status="failed", attempts=1, exit_code=1)
    ran = Record(status="succeeded", attempts=1, exit_code=0)
    assert outcome({"a": ran, "c": called}).steps["c/k"].status == "failed"
    begun = frozenset({"", "c/"})
    inside = outcome({"a": ran, "c": called}, frames=begun).steps["c/k"]
    assert inside.status == "aborted"


def test_values_and_the_order_of_events() -> None:
    ran = Record(status="succeeded", attempts=1, exit_code=0, start=1.0, end=2.0)
    call = Record(
        status="succeeded",
        attempts=1,
        exit_code=0,
        output=json.dumps({"name": "kid"}),
        result="r",
        start=2.0,
        end=3.0,
    )
    inner = Record(status="succeeded", attempts=1, exit_code=0, start=2.0, end=3.0)
    found = outcome({"a": ran, "c": call, "c/k": inner})
    assert found.outputs == {"C": '{"name": "kid"}'}
    assert found.steps["c"].output == "r"
    assert [*found.events] == [
        ("start", "a"),
        ("end", "a"),
        ("start", "c"),
        ("start", "c/k"),
        ("end", "c/k"),
        ("end", "c"),
    ]
