"""Runs that were killed or have failed and go on: what stays, what runs again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from resolved import from_yaml
from soak import Tally, soak

from compiler.interpreter import CannotStart, PastRun, Quiet, Report, resume, run
from compiler.interpreter.locks import start_of

ROOT = Path(__file__).resolve().parent.parent.parent


def first(text: str, folder: Path, **environment: str) -> Report:
    folder.mkdir(exist_ok=True)
    return run(
        from_yaml(text),
        values={},
        arguments=(),
        work_dir=folder,
        home=folder / "home",
        progress=Quiet(sys.stderr),
        environment={"PATH": os.environ["PATH"], **environment},
    )


def again(
    text: str, folder: Path, chosen: frozenset[str] | None = None, **environment: str
) -> Report:
    return resume(
        from_yaml(text),
        past(folder),
        home=folder / "home",
        progress=Quiet(sys.stderr),
        environment={"PATH": os.environ["PATH"], **environment},
        chosen=chosen,
    )


def past(folder: Path) -> PastRun:
    (path,) = (folder / "home/runs").glob("*/*")
    return PastRun(path)


def log(folder: Path) -> list[str]:
    path = folder / "log"
    return path.read_text().split() if path.exists() else []


def killed(text: str, folder: Path, until: str = "ready", **environment: str) -> None:
    """A run whose runner is killed as soon as the file `until` is there."""
    folder.mkdir(exist_ok=True)
    (folder / "flow.yaml").write_text(text)
    surroundings = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "WFC_HOME": str(folder / "home"),
        **environment,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "wfc", "run", "-q", "flow.yaml"],
        cwd=folder,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 20
        while not (folder / until).exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    (folder / until).unlink()


def journal(folder: Path) -> list[dict[str, Any]]:
    text = (past(folder).path / "events.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


# ---- after a failure

FAILS = """
name: flow
params: [R: "`echo $RANDOM >> valued; cat valued`"]
steps:
  - {name: a, command: "echo a >> log; echo of-a", output: A}
  - {name: b, command: "echo b >> log; test -e mended; echo $A", output: B}
  - {name: c, command: "echo c-$B >> log"}
handlerOn:
  failure: {command: echo failure >> log}
  success: {command: echo success >> log}
"""


def test_what_failed_runs_again_with_the_values_of_before(tmp_path: Path) -> None:
    report = first(FAILS, tmp_path)
    assert report.outcome.status == "failed"
    assert log(tmp_path) == ["a", "b", "failure"]
    (tmp_path / "mended").touch()
    gone_on = again(FAILS, tmp_path)
    assert gone_on.run_id == report.run_id
    assert log(tmp_path)[3:] == ["b", "c-of-a", "success"]
    assert gone_on.outcome.status == "succeeded"
    assert gone_on.outcome.outputs == {"A": "of-a", "B": "of-a"}
    steps = gone_on.outcome.steps
    assert [steps[name].attempts for name in "abc"] == [1, 2, 1]
    assert len((tmp_path / "valued").read_text().splitlines()) == 1
    b = Path(gone_on.steps["b"].log)
    assert sorted(path.name for path in b.glob("*.rc")) == ["1.rc", "2.rc"]
    assert [what for what, path in gone_on.outcome.events if path == "b"] == [
        "start",
        "end",
    ]


def test_a_run_goes_on_as_often_as_need_be(tmp_path: Path) -> None:
    first(FAILS, tmp_path)
    assert again(FAILS, tmp_path).outcome.status == "failed"
    (tmp_path / "mended").touch()
    assert again(FAILS, tmp_path).outcome.steps["b"].attempts == 3


def test_retries_count_anew(tmp_path: Path) -> None:
    text = """
        name: flow
        steps:
          - name: a
            command: echo x >> tries; [ $(wc -l < tries) -ge 6 ]
            retryPolicy: {limit: 2, intervalSec: 0}
    """
    assert first(text, tmp_path).outcome.steps["a"].attempts == 3
    report = again(text, tmp_path)
    assert (report.outcome.status, report.outcome.steps["a"].attempts) == (
        "succeeded",
        6,
    )


INSIDE = """
name: flow
type: graph
steps:
  - {name: call, run: kid, params: {P: one}, output: C}
  - name: each
    parallel: {items: '["x", {"k": 1}, "z"]'}
    run: kid
    params: {P: "${ITEM}"}
    output: E
  - {name: after, depends: [call, each], command: "echo '${E.summary.succeeded}'", output: N}
---
name: kid
params: [P: ""]
steps:
  - {name: one, command: 'echo "one:$P" >> log; echo "1$P"', output: ONE}
  - {name: two, command: 'echo "two:$P" >> log; test -e mended; echo "$ONE$P"', output: TWO}
handlerOn: {exit: {command: 'echo "exit:$P" >> log'}}
"""


def test_calls_and_fan_outs_go_on_inside(tmp_path: Path) -> None:
    first(INSIDE, tmp_path / "a")
    (tmp_path / "a/mended").touch()
    before = len(log(tmp_path / "a"))
    report = again(INSIDE, tmp_path / "a")
    assert not [word for word in log(tmp_path / "a")[before:] if word[:3] == "one"]
    (tmp_path / "b").mkdir()
    (tmp_path / "b/mended").touch()
    undisturbed = first(INSIDE, tmp_path / "b").outcome
    assert report.outcome.outputs == undisturbed.outputs
    assert {path: it.status for path, it in report.outcome.steps.items()} == {
        path: it.status for path, it in undisturbed.steps.items()
    }
    assert report.outcome.steps["call"].attempts == 1


def test_what_ended_well_in_full_stays_with_all_below_it(tmp_path: Path) -> None:
    text = INSIDE.replace("test -e mended; ", "").replace(
        'command: "echo', 'command: "test -e mended; echo'
    )
    one = first(text, tmp_path).outcome
    said = log(tmp_path)
    assert one.status == "failed"
    (tmp_path / "mended").touch()
    other = again(text, tmp_path).outcome
    assert log(tmp_path) == said
    assert other.status == "succeeded"
    assert other.handlers == one.handlers
    assert other.outputs["C"] == one.outputs["C"]
    assert other.outputs["E"] == one.outputs["E"]
    assert other.outputs["N"] == "3"


def test_a_continued_failure_stays(tmp_path: Path) -> None:
    text = """
        name: flow
        steps:
          - {name: a, command: "echo a >> log; exit 3", continueOn: {failure: true}}
          - {name: s, command: echo, preconditions: "echo s >> log; false", continueOn: {skipped: true}}
          - {name: b, command: "echo b >> log; test -e mended"}
    """
    first(text, tmp_path)
    (tmp_path / "mended").touch()
    outcome = again(text, tmp_path).outcome
    assert log(tmp_path) == ["a", "s", "b", "b"]
    assert outcome.status == "partially_succeeded"
    assert (outcome.steps["a"].status, outcome.steps["a"].exit_code) == ("failed", 3)
    assert outcome.steps["s"].status == "skipped"


def test_large_values_and_any_bytes_come_back(tmp_path: Path) -> None:
    text = r"""
        name: flow
        steps:
          - {name: a, command: "head -c 300000 /dev/zero | tr '\\0' x", output: A}
          - {name: q, command: 'printf ''a"b\\c\n\303\251\n{"k":1}''', output: Q}
          - {name: b, command: 'test -e mended; echo "${#A}"; printf %s "$Q"', output: B}
    """
    first(text, tmp_path)
    (tmp_path / "mended").touch()
    outcome = again(text, tmp_path).outcome
    assert outcome.outputs["B"] == '300000\na"b\\c\né\n{"k":1}'
    assert all(len(json.dumps(line)) < 20_000 for line in journal(tmp_path))


def test_init_runs_anew_once_handlers_have_run(tmp_path: Path) -> None:
    text = """
        name: flow
        steps: [{name: a, command: "echo a >> log; test -e mended"}]
        handlerOn:
          init: {command: echo init >> log}
          exit: {command: echo exit >> log}
    """
    first(text, tmp_path)
    (tmp_path / "mended").touch()
    assert again(text, tmp_path).outcome.status == "succeeded"
    assert log(tmp_path) == ["init", "a", "exit", "init", "a", "exit"]


# ---- secrets

SECRET = """
name: flow
secrets: [{name: TOKEN, provider: env, key: SERVICE}]
params: [P: "-$TOKEN-"]
steps:
  - {name: a, command: 'printf "%s and %s" "$TOKEN" "$P"', output: A}
  - {name: call, run: kid, params: {GIVEN: "<${A}>"}, output: C}
  - {name: b, command: "test -e mended; printf %s '${C}' > told; printf %s \\"$A\\" > said"}
---
name: kid
params: [GIVEN: ""]
steps: [{name: k, command: 'printf %s "$GIVEN"', output: K}]
"""


@pytest.mark.parametrize("secret", ['quo"te\\d', "two\nlines and", "sécret", "plain"])
def test_secrets_are_cut_out_and_come_back(secret: str, tmp_path: Path) -> None:
    first(SECRET, tmp_path, SERVICE=secret)
    kept = (past(tmp_path).path / "events.jsonl").read_bytes()
    for line in secret.splitlines():
        assert line.encode() not in kept
        assert json.dumps(line)[1:-1].encode() not in kept
        assert json.dumps(line, ensure_ascii=False)[1:-1].encode() not in kept
    (tmp_path / "mended").touch()
    assert again(SECRET, tmp_path, SERVICE=secret).outcome.status == "succeeded"
    assert (tmp_path / "said").read_text() == f"{secret} and -{secret}-"
    told = json.loads((tmp_path / "told").read_text())
    assert told["outputs"] == {"K": f"<{secret} and -{secret}->"}


def test_a_secret_that_is_gone_fails_the_run(tmp_path: Path) -> None:
    first(SECRET, tmp_path, SERVICE="secret")
    assert again(SECRET, tmp_path).outcome.status == "failed"


def test_a_secret_that_comes_late_is_cut_out_at_the_end(tmp_path: Path) -> None:
    text = """
        name: flow
        steps:
          - {name: make, command: "echo to-ken > token; cat token", output: MADE}
          - {name: list, parallel: ["${MADE}", b], command: echo $ITEM, output: L}
          - {name: use, run: kid}
          - {name: b, command: 'test -e mended; echo "$MADE" > said'}
        ---
        name: kid
        secrets: [{name: TOKEN, provider: file, key: token}]
        steps: [{name: k, command: test "$TOKEN" = to-ken}]
    """.replace("\n        ", "\n")
    first(text, tmp_path)
    lines = (past(tmp_path).path / "events.jsonl").read_text()
    assert "to-ken" not in lines
    (tmp_path / "mended").touch()
    outcome = again(text, tmp_path).outcome
    assert outcome.status == "succeeded"
    assert (tmp_path / "said").read_text() == "to-ken\n"
    assert json.loads(outcome.outputs["L"])["results"][0]["item"] == "***"


# ---- after a kill

SLOW = """
name: flow
type: graph
steps:
  - {name: a, command: echo a >> log}
  - name: work
    depends: a
    command: |
      echo work >> log
      if [ -e again ]; then exit; fi
      set -m; (trap '' TERM; sleep 300) & touch again ready; sleep 300
  - {name: last, depends: work, command: echo last >> log}
"""


def test_what_a_killed_run_left_is_ended(tmp_path: Path) -> None:
    killed(SLOW, tmp_path)
    run_id = past(tmp_path).run_id
    assert past(tmp_path).standing == "interrupted"
    assert _processes(run_id)
    report = again(SLOW, tmp_path)
    assert log(tmp_path) == ["a", "work", "work", "last"]
    assert report.outcome.status == "succeeded"
    assert report.outcome.steps["work"].attempts == 2
    assert not _processes(run_id)


def test_what_an_ended_step_left_lives_on(tmp_path: Path) -> None:
    text = """
        name: flow
        steps:
          - {name: server, command: "sleep 300 >/dev/null 2>&1 & echo $! > pid"}
          - {name: b, command: "[ -e again ] || { touch again ready; sleep 300; }; kill -0 $(cat pid)"}
    """
    killed(text, tmp_path)
    try:
        assert again(text, tmp_path).outcome.status == "succeeded"
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def _processes(run_id: str) -> list[str]:
    listed = subprocess.run(["ps", "axeww"], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if f"DAG_RUN_ID={run_id}" in line]


def test_a_program_without_its_environment_is_ended(tmp_path: Path) -> None:
    text = """
        name: flow
        steps:
          - name: a
            command: "[ -e again ] || { touch again; exec env -i /bin/sh -c 'echo $$ > pid; : > ready; sleep 300 & wait'; }"
    """
    killed(text, tmp_path)
    assert again(text, tmp_path).outcome.status == "succeeded"
    # A dead one may stay in the table: nobody may have asked yet how it ended.
    assert start_of(int((tmp_path / "pid").read_text())) is None


def test_killed_in_the_pause_before_a_retry(tmp_path: Path) -> None:
    text = """
        name: flow
        steps:
          - name: a
            command: "echo a >> log; touch tried; test -e mended"
            retryPolicy: {limit: 3, intervalSec: 300}
          - {name: b, command: echo b >> log}
    """
    killed(text, tmp_path, until="tried")
    (tmp_path / "mended").touch()
    report = again(text, tmp_path)
    assert log(tmp_path) == ["a", "a", "b"]
    assert report.outcome.steps["a"].attempts == 2


def test_killed_in_a_handler(tmp_path: Path) -> None:
    text = """
        name: flow
        steps: [{name: a, command: echo a >> log}]
        handlerOn:
          init: {command: echo init >> log}
          success: {command: echo success >> log}
          exit: {command: "echo exit >> log; [ -e again ] || { touch again ready; sleep 300; }"}
    """
    killed(text, tmp_path)
    assert again(text, tmp_path).outcome.status == "succeeded"
    assert log(tmp_path) == ["init", "a", "success", "exit", "exit"]


def test_killed_while_params_are_valued(tmp_path: Path) -> None:
    text = """
        name: flow
        params: [P: "`[ -e again ] || { touch again ready; sleep 300; }; echo p`"]
        steps: [{name: a, command: "echo $P >> log"}]
    """
    killed(text, tmp_path)
    assert again(text, tmp_path).outcome.status == "succeeded"
    assert log(tmp_path) == ["p"]


def test_queues_and_runs_of_the_dead_are_free(tmp_path: Path) -> None:
    text = """
        name: flow
        maxActiveRuns: 1
        queue: all
        steps:
          - {name: a, queue: few, command: "[ -e again ] || { touch again ready; sleep 300; }"}
    """
    killed(text, tmp_path)
    report = again(text, tmp_path)
    assert report.outcome.status == "succeeded"
    assert report.seconds < 5


def test_a_call_that_was_tried_again(tmp_path: Path) -> None:
    """What an abandoned attempt of a call ran does not stand for what the next one runs."""
    text = """
        name: flow
        steps:
          - {name: call, run: kid, retryPolicy: {limit: 1, intervalSec: 0}, output: C}
        ---
        name: kid
        steps:
          - {name: one, command: "echo one >> log; echo 1", output: O}
          - name: two
            command: |
              echo two >> log
              [ -e failed ] || { touch failed; exit 1; }
              [ -e again ] || { touch again ready; sleep 300; }
    """.replace("\n        ", "\n")
    killed(text, tmp_path)
    report = again(text, tmp_path)
    assert log(tmp_path) == ["one", "two", "one", "two", "two"]
    assert report.outcome.status == "succeeded"
    assert report.outcome.steps["call"].attempts == 2
    assert report.outcome.steps["call/one"].attempts == 1


def test_a_torn_line_tells_nothing(tmp_path: Path) -> None:
    first(FAILS, tmp_path)
    path = past(tmp_path).path / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    end = next(place for place, line in enumerate(lines) if b'"end"' in line)
    path.write_bytes(b"".join(lines[:end]) + lines[end][:20])
    for name in ("outcome.json", "steps/a/1.rc"):
        (past(tmp_path).path / name).unlink()
    (tmp_path / "mended").touch()
    assert again(FAILS, tmp_path).outcome.status == "succeeded"
    assert log(tmp_path) == ["a", "b", "failure", "a", "b", "c-of-a", "success"]


def test_an_end_that_only_the_files_tell_of(tmp_path: Path) -> None:
    first(FAILS, tmp_path)
    path = past(tmp_path).path / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    end = next(place for place, line in enumerate(lines) if b'"end"' in line)
    path.write_bytes(b"".join(lines[:end]))
    (past(tmp_path).path / "outcome.json").unlink()
    (tmp_path / "mended").touch()
    outcome = again(FAILS, tmp_path).outcome
    assert outcome.outputs == {"A": "of-a", "B": "of-a"}
    assert log(tmp_path) == ["a", "b", "failure", "b", "c-of-a", "success"]


def test_a_run_that_lives_is_left_alone(tmp_path: Path) -> None:
    text = "name: flow\nsteps: [{name: a, command: touch ready; sleep 300}]\n"
    (tmp_path / "flow.yaml").write_text(text)
    surroundings = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "WFC_HOME": f"{tmp_path}/home",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "wfc", "run", "-q", "flow.yaml"],
        cwd=tmp_path,
        env=surroundings,
        stdout=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 20
        while not (tmp_path / "ready").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert past(tmp_path).standing == "running"
        with pytest.raises(CannotStart, match="still goes on"):
            again(text, tmp_path)
        process.terminate()
    assert past(tmp_path).standing == "aborted"


# ---- chosen steps


def test_only_chosen_steps_run(tmp_path: Path) -> None:
    text = """
        name: flow
        type: graph
        steps:
          - {name: a, command: "echo a >> log; echo va", output: A}
          - {name: b, depends: a, command: "echo b-${A:-none} >> log"}
          - {name: c, depends: b, command: "echo c-$A >> log"}
    """
    report = run(
        from_yaml(text),
        values={},
        arguments=(),
        work_dir=tmp_path,
        home=tmp_path / "home",
        progress=Quiet(sys.stderr),
        environment={"PATH": os.environ["PATH"]},
        chosen=frozenset("bc"),
    )
    assert log(tmp_path) == ["b-none"]
    steps = report.outcome.steps
    assert (steps["a"].status, steps["a"].attempts) == ("not_started", 0)
    assert steps["b"].status == "succeeded"
    assert steps["c"].status == "failed"
    told = (Path(report.steps["c"].log) / "1.err").read_text()
    assert told == "wfc: no value for `$A`: `a` was left out\n"


def test_chosen_steps_of_a_run_run_anew(tmp_path: Path) -> None:
    (tmp_path / "mended").touch()
    first(FAILS, tmp_path)
    outcome = again(FAILS, tmp_path, frozenset("c")).outcome
    assert log(tmp_path) == ["a", "b", "c-of-a", "success", "c-of-a", "success"]
    assert [outcome.steps[name].attempts for name in "abc"] == [1, 1, 2]


# ---- all at once


@pytest.mark.parametrize("seed", [3, 7, 18])
def test_killed_at_random(seed: int, tmp_path: Path) -> None:
    tally = Tally()
    soak(seed, tmp_path, tally)
    assert tally.problems == []
