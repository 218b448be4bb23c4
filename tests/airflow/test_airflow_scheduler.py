"""Workflows in Airflow as it runs in earnest: several tasks at a time, pools and limits.

All of them run at once. Each comes to the same as by the interpreter, and `most` says how
many of its steps may run at a time: they note in the files of their run when they do.
"""

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from scheduler import Scheduler, scheduler

from backends.airflow import BACKEND
from backends.airflow.remains import read
from backends.outcomes import outcome_of
from compiler import interpreter
from compiler.diagnostics import has_errors
from compiler.ir import Program
from compiler.outcome import Outcome, differences
from compiler.pipeline import back_end, front_end
from compiler.source import Source

# Each notes that it runs, waits until others could have, and that it is over.
_BUSY = "echo + >>busy; sleep 1; echo - >>busy"
# Waits for another one: nothing but two at a time gets both to their ends.
_MEETS = """\
touch "met-$1"; for i in $(seq 1500); do [ ! -e "met-$2" ] || exit 0; sleep 0.1; done; exit 9"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """`most` is how many may be busy at a time; `runs` are started at once."""

    text: str
    most: int | None = None
    runs: int = 1


def steps(count: int, more: str = "") -> str:
    return "".join(
        f"  - {{name: s{number}, command: '{_BUSY}'{more}}}\n"
        for number in range(count)
    )


FLOWS = {
    "side-by-side": Flow(text=f"""\
type: graph
steps:
  - {{name: a, script: '{_MEETS.replace("$1", "a").replace("$2", "b")}'}}
  - {{name: b, script: '{_MEETS.replace("$1", "b").replace("$2", "a")}'}}
  - {{name: c, command: ls, depends: [a, b], output: C}}
"""),
    "items-side-by-side": Flow(text=f"""\
steps:
  - name: each
    parallel: [a b, b a]
    script: |
      set -- $ITEM
      {_MEETS}
"""),
    "limit": Flow(text=f"type: graph\nmaxActiveSteps: 2\nsteps:\n{steps(5)}", most=2),
    "one-at-a-time": Flow(
        text=f"type: graph\nmaxActiveSteps: 1\nsteps:\n{steps(3)}", most=1
    ),
    "width": Flow(
        text=f"""\
steps:
  - name: each
    parallel: {{items: [a, b, c, d, e], maxConcurrent: 2}}
    command: '{_BUSY}; echo "$ITEM"'
    output: EACH
  - {{name: after, command: 'echo "${{EACH.outputs}}"', output: AFTER}}
""",
        most=2,
    ),
    "pool": Flow(text=f"type: graph\nsteps:\n{steps(3, ', queue: narrow')}", most=1),
    "one-run-at-a-time": Flow(
        text=f"maxActiveRuns: 1\nsteps:\n  - {{name: s, command: '{_BUSY}'}}\n",
        most=1,
        runs=3,
    ),
    "skip-beside-failure": Flow(text="""\
type: graph
steps:
  - name: skipped
    command: echo
    preconditions: [{condition: a, expected: b}]
  - {name: fails, command: sleep 3; exit 4}
  - {name: both, command: echo, depends: [skipped, fails]}
  - {name: below, command: echo, depends: both}
  - {name: other, command: echo, depends: skipped}
handlerOn:
  failure: {command: echo "$DAG_RUN_STATUS"}
  exit: {command: echo bye}
"""),
    "goes-on": Flow(text="""\
type: graph
steps:
  - {name: a, command: 'echo a; exit 3', continueOn: {exitCode: [3]}, output: A}
  - {name: b, command: 'echo "$A"', depends: a, output: B}
  - name: each
    parallel: [x, y, z]
    command: '[ "$ITEM" != y ]; echo "$ITEM"'
    continueOn: {failure: true}
    output: EACH
  - {name: c, command: 'echo "${EACH.summary.failed} $B"', depends: [b, each], output: C}
handlerOn:
  success: {command: echo "$DAG_RUN_STATUS"}
"""),
    "tries-again": Flow(text="""\
steps:
  - name: a
    command: 'echo x >>tried; [ "$(wc -l <tried)" -ge 3 ] || exit 7; echo done'
    retryPolicy: {limit: 3, intervalSec: 1, exitCode: [7]}
    output: A
  - name: each
    parallel: [p, q]
    command: 'echo x >>"$ITEM"; [ "$(wc -l <"$ITEM")" -ge 2 ]'
    retryPolicy: {limit: 1, intervalSec: 1}
  - name: b
    command: exit 8
    retryPolicy: {limit: 3, intervalSec: 1, exitCode: [7]}
"""),
    "no-items": Flow(text="""\
steps:
  - {name: list, command: "echo '[]'", output: LIST}
  - {name: each, parallel: "${LIST}", command: echo, output: EACH}
  - {name: after, command: 'echo "${EACH.summary.total}"', output: AFTER}
"""),
    "calls": Flow(text="""\
type: graph
steps:
  - {name: one, run: kid, params: {WHO: me}, output: ONE}
  - name: many
    run: kid
    parallel: {items: [{WHO: a}, {WHO: b}, {WHO: c}], maxConcurrent: 2}
    output: MANY
  - name: after
    command: echo "${ONE.outputs.SAID} ${MANY.outputs[2].SAID}"
    depends: [one, many]
    output: AFTER
---
name: kid
params: [WHO: nobody]
steps:
  - {name: said, command: 'echo "said $WHO"', output: SAID}
  - {name: fails, command: exit 1, continueOn: {failure: true}}
"""),
    "step-too-long": Flow(text="""\
type: graph
steps:
  - {name: long, command: 'sleep 300', timeoutSec: 2}
  - {name: after, command: echo, depends: long}
handlerOn:
  failure: {command: echo over}
"""),
}
# What takes longest, or is like another one: `WFC_AIRFLOW=all` has it.
LONG = ("limit", "one-at-a-time", "items-side-by-side", "no-items", "step-too-long")
if os.environ.get("WFC_AIRFLOW") != "all":
    FLOWS = {name: flow for name, flow in FLOWS.items() if name not in LONG}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a flow came to: in each of its runs, and how many were busy at a time."""

    program: Program
    outcomes: tuple[Outcome, ...]
    busy: int


def program_of(name: str) -> Program:
    checked = front_end(Source(f"{name}.yaml", FLOWS[name].text))
    assert checked.program is not None, checked.diagnostics
    return checked.program


@pytest.fixture(scope="module")
def ran(
    airflow: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Ran]]:
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    for name in FLOWS:
        checked = front_end(Source(f"{name}.yaml", FLOWS[name].text))
        assert checked.program is not None, checked.diagnostics
        files, found = back_end(checked.program, checked.sources, BACKEND)
        assert not has_errors(found), found
        (home / "dags" / files[0].path).write_text(files[0].text, "utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "WFC_WORK": str(home / "runs"),
    }
    with scheduler(home, airflow, environment) as running:
        running.ready(len(FLOWS))
        running.pool("narrow", 1)
        yield _all(running, home)


def _all(running: Scheduler, home: Path) -> dict[str, Ran]:
    started = {
        name: [running.start(name, {}) for _ in range(flow.runs)]
        for name, flow in FLOWS.items()
    }
    found = {}
    for name, runs in started.items():
        program = program_of(name)
        left = [running.left(name, run) for run in runs]
        outcomes = tuple(outcome_of(program, read(it, program)) for it in left)
        found[name] = Ran(
            program=program,
            outcomes=outcomes,
            busy=max([_busy(home / "runs" / name / run) for run in runs]),
        )
        if len(runs) > 1:
            found[name] = replace(found[name], busy=_at_once(left))
    return found


def _busy(folder: Path) -> int:
    """How many steps of a run were busy at a time, as they have noted it."""
    notes = folder / "work" / "busy"
    most = now = 0
    for note in notes.read_text().split() if notes.exists() else ():
        now += 1 if note == "+" else -1
        most = max(most, now)
    return most


def _at_once(runs: object) -> int:
    """How many of these runs had a task at a time."""
    assert isinstance(runs, list)
    marks = []
    for left in runs:
        times = [(it["start_date"], it["end_date"]) for it in left["tasks"]]
        marks.append((min(start for start, _ in times), 1))
        marks.append((max(end for _, end in times), 0))
    most = now = 0
    for _, begins in sorted(marks):
        now += 1 if begins else -1
        most = max(most, now)
    return most


@pytest.mark.parametrize("name", FLOWS)
def test_same_outcome(name: str, ran: dict[str, Ran], tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    expected = interpreter.run(
        ran[name].program,
        values={},
        arguments=[],
        work_dir=tmp_path / "work",
        home=tmp_path / "home",
        progress=interpreter.Quiet(io.StringIO()),
        environment={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    ).outcome
    for outcome in ran[name].outcomes:
        assert differences(expected, outcome) == [], json.dumps(FLOWS[name].text)


@pytest.mark.parametrize("name", [name for name, it in FLOWS.items() if it.most])
def test_no_more_at_a_time(name: str, ran: dict[str, Ran]) -> None:
    assert 1 <= ran[name].busy <= (FLOWS[name].most or 0)
