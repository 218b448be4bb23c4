"""Runs of calls: their folders, lines, limits and ends."""

import io
import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from resolved import execute, from_yaml, holds

from compiler.interpreter import Report, report_json, summary
from compiler.ir import Program
from compiler.outcome import to_json

TWO_LEVELS = """
name: flow
steps:
  - name: call
    run: middle
    output: R
---
name: middle
steps:
  - name: inner
    run: last
handlerOn:
  exit: {command: echo bye}
---
name: last
steps:
  - name: a step
    command: echo a
    output: A
"""


def files(report: Report) -> list[str]:
    """What is in the run folder's `steps`."""
    steps = report.folder / "steps"
    found = (path.relative_to(steps) for path in steps.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found)


def statuses(report: Report) -> dict[str, str]:
    return {path: step.status for path, step in report.outcome.steps.items()}


def test_paths_folders_and_lines(tmp_path: Path) -> None:
    stream = io.StringIO()
    report = execute(from_yaml(TWO_LEVELS), tmp_path, stream=stream)
    assert statuses(report) == {
        "call": "succeeded",
        "call/inner": "succeeded",
        "call/inner/a step": "succeeded",
    }
    steps = report.folder / "steps"
    inner = report.steps["call/inner/a step"].log
    assert inner.startswith(f"{steps}/call/inner/a-step-")
    folder = inner.removeprefix(f"{steps}/")
    assert files(report) == sorted(
        [f"{folder}/1.{suffix}" for suffix in ("out", "err", "rc")]
        + [f"call/handler-exit/1.{suffix}" for suffix in ("out", "err", "rc")]
    )
    assert [line.partition(" in ")[0] for line in stream.getvalue().splitlines()] == [
        "call: started",
        "call/inner: started",
        "call/inner/a step: started",
        "call/inner/a step: succeeded",
        "call/inner: succeeded",
        "handler call/exit: started",
        "handler call/exit: succeeded",
        "call: succeeded",
    ]
    assert report.outcome.events == (
        ("start", "call"),
        ("start", "call/inner"),
        ("start", "call/inner/a step"),
        ("end", "call/inner/a step"),
        ("end", "call/inner"),
        ("end", "call"),
    )
    assert list(report.outcome.handlers) == ["call/exit"]
    form = report_json(report)
    assert list(form["steps"]) == list(report.outcome.steps)  # type: ignore[arg-type]
    assert [line.split("  ")[0] for line in summary(report).splitlines()[:5]] == [
        "STEP",
        "call",
        "call/inner",
        "call/inner/a step",
        "handler call/exit",
    ]


def test_each_try_of_a_call_has_a_folder_of_its_own(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            steps:
              - name: call
                run: kid
                output: R
                retryPolicy: {limit: 2, intervalSec: 0}
            ---
            name: kid
            steps:
              - name: count
                command: echo x >> n; wc -l < n
                output: N
              - name: fail
                command: '[ "$N" -eq 3 ]'
            """),
        tmp_path,
    )
    assert [report.outcome.steps[path].attempts for path in ("call", "call/fail")] == [
        3,
        1,
    ]
    steps = report.folder / "steps"
    for folder, number in [("call", 1), ("call.2", 2), ("call.3", 3)]:
        assert (steps / folder / "count/1.out").read_text().strip() == str(number)
        failed = (steps / folder / "fail/1.rc").read_text()
        assert failed == ("0\n" if number == 3 else "1\n")
    assert report.steps["call/fail"].log == str(steps / "call.3/fail")
    assert (steps / "call/2.err").read_text() == "wfc: workflow `kid`: failed\n"
    assert json.loads(report.outcome.outputs["R"])["outputs"] == {"N": "3"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("other", "no workflow `other`; candidates are: one, two"),
        ("", "no workflow ``; candidates are: one, two"),
        ("One", "no workflow `One`; candidates are: one, two"),
    ],
)
def test_an_unknown_workflow(value: str, message: str, tmp_path: Path) -> None:
    made = from_yaml("""
        name: flow
        params: {WHICH: one}
        steps:
          - name: call
            run: ${WHICH}
            candidates: [one, two]
        ---
        name: one
        steps: [{name: a, command: echo}]
        ---
        name: two
        steps: [{name: b, command: echo}]
        """)
    report = execute(made, tmp_path, values={"WHICH": value})
    assert statuses(report) == {"call": "failed"}
    err = (report.folder / "steps/call/1.err").read_text()
    assert err == f"wfc: {message}\n"
    assert list(statuses(execute(made, tmp_path))) == ["call", "call/a"]


def test_values_that_fail_say_why_in_the_call(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            steps: [{name: call, run: kid}]
            ---
            name: kid
            params:
              - P: "`echo why >&2; exit 3`"
            steps: [{name: a, command: echo}]
            handlerOn: {failure: {command: echo f}, exit: {command: echo e}}
            """),
        tmp_path,
    )
    assert statuses(report) == {"call": "failed", "call/a": "aborted"}
    assert list(report.outcome.handlers) == ["call/failure", "call/exit"]
    steps = report.folder / "steps/call"
    reason = "`P`: `echo why >&2; exit 3` ended with exit 3"
    assert (steps / "1.err").read_text() == f"wfc: workflow `kid`: {reason}\n"
    assert (steps / "inputs.err").read_text() == f"why\nwfc: {reason}\n"


def test_the_params_of_a_record(tmp_path: Path) -> None:
    """The declared ones in their order, further words, and what was passed on."""
    report = execute(
        from_yaml("""
            name: flow
            steps:
              - name: call
                run: kid
                params: 'one B="a  b" two LATE=x three'
                output: R
            ---
            name: kid
            params: [A: 1.10, "first", B: b, C: "${A}-${B}"]
            steps: [{name: a, command: 'echo "$LATE ${UNSET}"', output: OUT}]
            """),
        tmp_path,
    )
    assert json.loads(report.outcome.outputs["R"]) == {
        "name": "kid",
        "params": {
            "A": "1.10",
            "1": "one",
            "B": "a  b",
            "C": "1.10-a  b",
            "2": "two",
            "3": "three",
            "LATE": "x",
        },
        "status": "succeeded",
        "outputs": {"OUT": "x"},
    }


def test_a_record_that_is_too_large_fails_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = from_yaml("""
        steps: [{name: call, run: kid, output: R}]
        ---
        name: kid
        steps: [{name: a, command: echo a, output: A}]
        """)
    record = '{"name":"kid","params":{},"status":"succeeded","outputs":{"A":"a"}}'
    largest = "compiler.interpreter.results.LARGEST_RECORD"
    monkeypatch.setattr(largest, len(record))
    assert execute(made, tmp_path).outcome.outputs == {"R": record}
    monkeypatch.setattr(largest, len(record) - 1)
    report = execute(made, tmp_path)
    assert report.outcome.steps["call"].exit_code == 1
    assert report.outcome.outputs == {}
    err = (report.folder / "steps/call/1.err").read_text()
    assert err == "wfc: the record is larger than 16 MiB\n"


# ---- limits and time


def test_a_call_needs_no_slot_while_its_steps_run(tmp_path: Path) -> None:
    text = TWO_LEVELS.replace("name: flow", "name: flow\nmaxActiveSteps: 1")
    assert execute(from_yaml(text), tmp_path).outcome.status == "succeeded"


LIMITS = """
type: graph
maxActiveSteps: 3
steps:
  - {name: x, run: kid}
  - {name: y, run: kid}
---
name: kid
type: graph
maxActiveSteps: 1
steps:
  - {name: a, command: sleep 0.15}
  - {name: b, command: sleep 0.15}
  - {name: c, command: sleep 0.15}
"""


def test_the_limit_of_a_callee_holds_beside_that_of_the_run(tmp_path: Path) -> None:
    report = execute(from_yaml(LIMITS), tmp_path)
    running: set[str] = set()
    most = 0
    for _, path in report.outcome.events:
        if "/" in path:
            running ^= {path}
            assert len({each[0] for each in running}) == len(running)
        most = max(most, len(running))
    assert most == 2
    assert 0.45 < report.seconds < 0.9


def test_steps_of_all_calls_wait_in_one_line(tmp_path: Path) -> None:
    text = LIMITS.replace("maxActiveSteps: 3", "maxActiveSteps: 1").replace("0.15", "0")
    report = execute(from_yaml(text), tmp_path)
    starts = [path for what, path in report.outcome.events if what == "start"]
    # x gives its slot to y, which was ready before the steps of x were.
    assert starts == ["x", "y", "x/a", "x/b", "x/c", "y/a", "y/b", "y/c"]


def test_delay_is_kept_between_the_starts_of_a_workflow(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            type: graph
            delaySec: 1
            steps:
              - {name: a, run: kid}
              - {name: skipped, command: echo, preconditions: "false"}
              - {name: b, parallel: [x, y], command: echo}
            ---
            name: kid
            type: graph
            steps: [{name: a, command: echo}, {name: b, command: echo}]
            """),
        tmp_path,
    )
    times = {}
    for line in (report.folder / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "start":
            times[event["step"]] = event["t"]
    assert times["b"] - times["a"] >= 0.99
    assert times["a/b"] - times["a/a"] < 0.5
    assert times["b[1]"] - times["b[0]"] < 0.5
    assert report.seconds < 2


def test_steps_that_wait_for_the_delay_start_in_their_order(tmp_path: Path) -> None:
    kids = "\n".join(f"  - {{name: s{number}, run: kid}}" for number in range(30))
    made = from_yaml(f"""
type: graph
delaySec: 1
steps:
{kids}
---
name: kid
steps: [{{name: a, command: echo}}]
""")
    entry, kid = made.workflows
    # A whole second would take too long, and less is what the timers are exact to.
    flow = replace(entry, delay=0.02)  # type: ignore[arg-type]
    report = execute(replace(made, workflows=(flow, kid)), tmp_path)
    starts = [path for what, path in report.outcome.events if what == "start"]
    assert [path for path in starts if "/" not in path] == [
        f"s{number}" for number in range(30)
    ]


def test_a_timeout_of_a_call_leaves_the_rest_of_the_run_alone(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            type: graph
            steps:
              - {name: slow, run: kid, timeoutSec: 1}
              - {name: other, run: kid}
            ---
            name: kid
            type: graph
            steps:
              - {name: background, command: sleep 60 & echo $! >> left}
              - {name: sleep, command: sleep 1.6}
              - {name: later, command: echo, depends: sleep}
              - {name: paused, command: exit 1, retryPolicy: {limit: 1, intervalSec: 1}}
            handlerOn:
              cancel: {command: sleep 0.2; echo cancel}
              exit: {command: echo exit}
            """),
        tmp_path,
    )
    assert statuses(report) == {
        "slow": "failed",
        "slow/background": "succeeded",
        "slow/sleep": "aborted",
        "slow/later": "aborted",
        "slow/paused": "aborted",
        "other": "failed",
        "other/background": "succeeded",
        "other/sleep": "succeeded",
        "other/later": "succeeded",
        "other/paused": "failed",
    }
    assert report.outcome.steps["slow"].exit_code == 124
    assert list(report.outcome.handlers) == ["slow/cancel", "slow/exit", "other/exit"]
    pids = list(map(int, (tmp_path / "work/left").read_text().split()))
    living = [pid for pid in pids if Path(f"/proc/{pid}/cmdline").exists()]
    assert len(living) == 1  # that of the call which came to its own end
    os.kill(living[0], signal.SIGKILL)


def test_a_call_that_timed_out_is_tried_again_where_124_is_listed(
    tmp_path: Path,
) -> None:
    report = execute(
        from_yaml("""
            steps:
              - name: call
                run: kid
                timeoutSec: 1
                retryPolicy: {limit: 1, intervalSec: 0, exitCode: [124]}
            ---
            name: kid
            steps:
              - {name: a, command: 'if [ -e once ]; then exit 0; fi; touch once; sleep 60'}
              - {name: b, command: sleep 0.2}
            """),
        tmp_path,
    )
    assert statuses(report) == {
        "call": "succeeded",
        "call/a": "succeeded",
        "call/b": "succeeded",
    }
    assert report.outcome.steps["call"].attempts == 2


def test_handlers_have_all_time(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            steps: [{name: call, run: kid, timeoutSec: 1}]
            ---
            name: kid
            timeoutSec: 1
            steps: [{name: a, command: echo}]
            handlerOn: {success: {command: sleep 1.5}}
            """),
        tmp_path,
    )
    assert report.outcome.status == "succeeded"


# ---- depth


def ladder(levels: int) -> Program:
    """A workflow that calls one that calls one …; the last has the step `last`."""
    calls = [
        f"name: w{level}\nsteps: [{{name: c, run: w{level + 1}}}]\n"
        for level in range(levels)
    ]
    last = f"name: w{levels}\nsteps: [{{name: last, command: echo deep}}]\n"
    return from_yaml("---\n".join([*calls, last]))


def test_calls_can_be_deep(tmp_path: Path) -> None:
    report = execute(ladder(1200), tmp_path)
    assert report.outcome.status == "succeeded"
    last = "c/" * 1200 + "last"
    assert list(report.outcome.steps)[-1] == last
    log = Path(report.steps[last].log)
    assert (log / "1.out").read_text() == "deep\n"
    assert json.loads(json.dumps(to_json(report.outcome))) == to_json(report.outcome)


def test_deep_calls_that_never_begin_are_listed(tmp_path: Path) -> None:
    made = ladder(1200)
    skipped = replace(made.main.steps[0], conditions=(holds("false"),))
    main = replace(made.main, steps=(skipped,))
    made = replace(made, workflows=(main, *made.workflows[1:]))
    report = execute(made, tmp_path)
    assert len(report.outcome.steps) == 1201
    assert set(statuses(report).values()) == {"skipped"}
