"""What stands around steps, and makes them run again: scripts do as the interpreter does."""

import json
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from shell.scripts import both, run, start, written

from compiler.outcome import Outcome, from_json

GATE = """
    name: gate
    params: [{N: 1}]
    env: [{E: "${N}"}]
    preconditions:
      - test "$N$1" != 2
      - condition: "${E}"
        expected: "re:^[0-9]$"
    steps:
      - {name: a, command: "echo $N", output: A}
      - {name: b, run: kid, params: "K=${N}", output: B, timeoutSec: 20}
      - {name: c, command: "echo '${b.status}'", output: C}
    handlerOn:
      init: {command: 'echo $DAG_RUN_STATUS ${N}; test "$N" != 3', output: I}
      success: {command: "echo s ${DAG_RUN_STATUS}"}
      failure: {command: "echo f ${DAG_RUN_STATUS}"}
      cancel: {command: "echo c ${DAG_RUN_STATUS}"}
      exit: {command: "echo e ${DAG_RUN_STATUS}"}
    ---
    name: kid
    params: [{K: x}]
    preconditions: ['test "$K" != 4']
    steps:
      - {name: k, command: "echo $K"}
      - {name: l, command: "echo ${k.output}"}
    handlerOn:
      init: {command: 'echo $DAG_RUN_STATUS; test "$K" != 5'}
      cancel: {command: "echo c $DAG_RUN_STATUS"}
      failure: {command: "echo f $DAG_RUN_STATUS"}
      exit: {command: "echo e $DAG_RUN_STATUS"}
"""
PLAIN_GATE = """
    preconditions: [{condition: "`echo ${N}`", expected: yes}]
    params: [{N: yes}]
    steps: [{name: a, command: "true"}]
    handlerOn:
      init: {command: "true", preconditions: ["false"]}
      cancel: {command: 'echo "${a.status}"'}
"""
AGAIN = """
    params: [{LIMIT: 3}, {NONE: "0"}, {BAD: x}]
    steps:
      - name: until
        command: echo x >>one; wc -l <one | tr -d ' '
        output: N
        repeatPolicy: {condition: "${N}", expected: "3", limit: 9}
      - name: retried
        command: 'echo x >>two; test "$(wc -l <two)" -ge 2 || exit 7'
        retryPolicy: {limit: "${LIMIT}", intervalSec: "${NONE}", backoff: 2}
        repeatPolicy: {repeat: true, limit: "${LIMIT}", intervalSec: "${NONE}"}
      - name: codes
        command: 'echo x >>three; exit $(($(wc -l <three) < 4 ? 5 : 6))'
        repeatPolicy: {repeat: while, exitCode: [5]}
        continueOn: {exitCode: [6]}
      - name: late
        command: sleep 60
        timeoutSec: 1
        repeatPolicy: {repeat: until, condition: "false", limit: 3}
        continueOn: {failure: true}
      - name: sees
        command: 'echo x >>four; echo "n$(wc -l <four | tr -d " ")"'
        output: M
        env: [{OWN: n3}]
        preconditions: ["true"]
        repeatPolicy: {repeat: while, condition: 'test "$M" != "$OWN" && test ${sees.exitCode} = 0'}
      - name: bad
        command: "true"
        retryPolicy: {limit: "${BAD}", intervalSec: 0}
        continueOn: {failure: true}
      - name: none
        command: "true"
        repeatPolicy: {repeat: until, condition: "false", limit: "${BAD}"}
        continueOn: {failure: true}
    handlerOn:
      exit:
        command: 'echo x >>five; wc -l <five | tr -d " "'
        repeatPolicy: {repeat: true, limit: 2}
"""
AGAIN_CALLS = """
    steps:
      - name: a
        run: kid
        output: R
        repeatPolicy: {repeat: until, condition: "${a.outputs.K}", expected: "3", limit: 9}
      - name: q
        parallel: [1, 2]
        command: exit $ITEM
        retryPolicy: {limit: "`echo 2`", intervalSec: 0}
        continueOn: {failure: true}
    ---
    name: kid
    steps:
      - {name: k, command: "echo x >>count; wc -l <count | tr -d ' '", output: K}
"""
FOLDERS = r"""
    dotenv: [first.env, none.env, second.env]
    workingDir: sub${N}
    maxOutputSize: 10
    secrets: [{name: S, provider: env, key: SECRET}]
    params: [{N: 1}, {U: "${FROM}-`echo $A`"}]
    env: [{FROM: "w"}]
    preconditions: ['test -e here', 'test "$C" = "un quoted"', {condition: "${D}x", expected: "x"}]
    steps:
      - name: a
        command: 'echo "$A|$B|$C|$D|$FROM|$G|$U" >&2; echo "$S" >&2; echo 1234567890'
        output: X
        stdout: out-${N}
        stderr: err
      - {name: b, command: 'echo more; basename "$PWD"', dir: q, stdout: f}
      - {name: c, command: echo 12345678901, output: Y, stdout: q/c, continueOn: {failure: true}}
      - {name: d, command: echo no, stdout: no/x, continueOn: {failure: true}}
      - {name: e, run: kid, output: K}
      - name: f
        parallel: {items: [1, 2], maxConcurrent: 1}
        command: echo "i$ITEM"; exit 1
        stdout: items
        retryPolicy: {limit: 1, intervalSec: 0}
        continueOn: {failure: true}
      - {name: g, command: 'cat q/c q/f out-1 err items q/k', env: [{A: "${A}!"}], stdout: all}
      - {name: h, command: 'echo "$A"; wc -c <all | tr -d " "', output: H}
    ---
    name: kid
    dotenv: q/kid.env
    workingDir: q
    preconditions: ["test -e f"]
    steps:
      - {name: k, command: 'basename "$PWD"; echo "$A|$FROM|$WW|$HERE"', stdout: k}
"""
FILES = {
    "first.env": "\ufeff# said\nexport A='$x' # b\nB=\"two\\nlines \\$x \\q\"\nG=1\n",
    "second.env": "  C=un\n"
    + 'C=un quoted # c\nD=\nFROM="d"\nSECRET=hush-hush\nG="a\\\\b\\"c"\t\nHERE=1',
    "sub1/here": "",
    "sub1/q/kid.env": "WW=k k\n",
}


@pytest.mark.parametrize("number", ["1", "2", "3", "4", "5", "x"])
def test_preconditions_and_init(number: str, tmp_path: Path, jq: Path) -> None:
    script, other = both(GATE, tmp_path, {"N": number})
    assert script == other
    assert script.handlers["exit"].status == "succeeded"
    if number in ("2", "x"):
        assert (script.status, script.exit_code) == ("aborted", 0)
        assert {it.status for it in script.steps.values()} == {"not_started"}
        assert "init" not in script.handlers
    if number == "4":
        assert script.steps["b"].status == script.steps["b/k"].status == "skipped"


@pytest.mark.parametrize("value", ["yes", "no"])
def test_preconditions_of_a_plain_workflow(value: str, tmp_path: Path) -> None:
    script, other = both(PLAIN_GATE, tmp_path, {"N": value})
    assert script == other
    assert script.status == ("succeeded" if value == "yes" else "aborted")


def test_repetitions_and_numbers_by_value(tmp_path: Path) -> None:
    script, other = both(AGAIN, tmp_path, {})
    assert script == other
    attempts = {name: step.attempts for name, step in script.steps.items()}
    assert attempts == {
        "until": 3, "retried": 4, "codes": 4, "late": 1, "sees": 3, "bad": 1, "none": 1,
    }  # fmt: skip
    assert script.handlers["exit"].attempts == 2


def test_repetitions_of_calls(tmp_path: Path, jq: Path) -> None:
    script, other = both(AGAIN_CALLS, tmp_path, {})
    assert script == other
    assert script.steps["a"].attempts == 3


def test_dotenv_folders_files_and_sizes(tmp_path: Path) -> None:
    script, other = both(FOLDERS, tmp_path, {}, FILES)
    assert script == other
    assert script.status == "partially_succeeded"
    for name in ("all", "q/k"):
        texts = [
            (tmp_path / each / "sub1" / name).read_text("utf-8")
            for each in ("script", "interpreter")
        ]
        assert texts[0] == texts[1]
        assert texts[0]
    assert "hush" not in (tmp_path / "script/sub1/err").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A=1\nB C\n", "line 2: it is no `NAME=value`"),
        ("A='x\n", "line 1: a quote `'` is not closed"),
        ('\nA="x\\"\n', 'line 2: a quote `"` is not closed'),
        ("A='x' y\n", "line 1: something follows the closing quote"),
        ("1A=x\n", "line 1: it is no `NAME=value`"),
    ],
)
def test_a_bad_line_of_dotenv(text: str, said: str, tmp_path: Path) -> None:
    workflow = "dotenv: x.env\nsteps: [{name: a, command: 'true'}]"
    script, other = both(workflow, tmp_path, {}, {"x.env": text})
    assert script == other
    assert script.status == "failed"
    for engine in ("script", "interpreter"):
        (log,) = (tmp_path / engine).glob("home/runs/*/*/inputs.err")
        assert f"dotenv `x.env`, {said}" in log.read_text("utf-8")


def test_a_working_folder_that_is_not_there(tmp_path: Path) -> None:
    script, other = both(
        "workingDir: no\nsteps: [{name: a, command: 'true'}]", tmp_path, {}
    )
    assert script == other
    assert script.status == "failed"


STOPPED = """
    type: graph
    maxCleanUpTimeSec: 1
    steps:
      - {name: a, command: 'trap "echo int; exit 3" INT; touch a; sleep 987 & wait', signalOnStop: SIGINT, output: A}
      - {name: b, command: 'trap "" TERM; touch b; while :; do sleep 0.1; done'}
      - {name: c, run: kid, output: C}
    ---
    name: kid
    maxCleanUpTimeSec: 4
    steps:
      - {name: k, command: 'trap "sleep 2; echo late; exit 9" TERM; touch k; sleep 987 & wait', output: O}
"""


def test_signals_and_times_of_their_own(tmp_path: Path) -> None:
    process = start(
        written(STOPPED, tmp_path),
        "--report",
        str(tmp_path / "report.json"),
        home=tmp_path / "home",
    )
    _wait_for(tmp_path, ["a", "b", "k"])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    report = (tmp_path / "report.json").read_text("utf-8")
    outcome = _outcome_of(report)
    ended = {name: it.exit_code for name, it in outcome.steps.items()}
    assert ended == {"a": 3, "b": 137, "c": None, "c/k": 9}
    assert outcome.steps["a"].output == "int"
    assert outcome.steps["c/k"].output == "late"


def test_a_signal_that_comes_during_init(tmp_path: Path) -> None:
    workflow = """
        steps: [{name: a, command: "true"}]
        handlerOn:
          init: {command: "touch begun; sleep 987"}
          cancel: {command: echo c}
          exit: {command: echo e}
    """
    report = tmp_path / "report.json"
    script = written(workflow, tmp_path)
    process = start(script, "--report", str(report), home=tmp_path / "home")
    _wait_for(tmp_path, ["begun"])
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    outcome = _outcome_of(report.read_text("utf-8"))
    assert outcome.steps["a"].status == "aborted"
    found = {name: it.status for name, it in outcome.handlers.items()}
    assert found == {"init": "aborted", "cancel": "succeeded", "exit": "succeeded"}


PATHS = {
    "no folder of logs": """
        params: [{L: ""}]
        logDir: "${L}"
        steps: [{name: a, command: echo}]
    """,
    "no file": """
        steps: [{name: a, command: echo, stdout: "${E}", env: [{E: ""}]}]
    """,
    "its own logs": """
        type: graph
        steps:
          - {name: a, command: "echo one; echo two >&2", output: A, stdout: "${DAG_RUN_STEP_STDOUT_FILE}"}
          - name: b
            command: "echo one; echo two >&2"
            stdout: "${DAG_RUN_STEP_STDERR_FILE}"
            stderr: "${DAG_RUN_STEP_STDOUT_FILE}"
    """,
}


@pytest.mark.parametrize("name", PATHS)
def test_paths_of_logs(name: str, tmp_path: Path) -> None:
    script, other = both(PATHS[name], tmp_path, {})
    assert script == other
    logs = [
        {
            path.name: path.read_text("utf-8")
            for path in (tmp_path / engine).glob("home/runs/*/*/**/*.*")
            if path.suffix in (".out", ".err") and path.stat().st_size
        }
        for engine in ("script", "interpreter")
    ]
    assert logs[0] == logs[1]
    assert logs[0] != {}


def test_a_table_of_what_has_not_started(tmp_path: Path) -> None:
    workflow = 'preconditions: "false"\nsteps: [{name: a, command: echo}]'
    out, _ = start(written(workflow, tmp_path), home=tmp_path / "home").communicate()
    head, row, *_ = out.decode().splitlines()
    assert head.index("ATTEMPTS") == row.index("0")


def test_logs_elsewhere_and_old_runs(tmp_path: Path) -> None:
    workflow = """
        name: w
        workingDir: sub
        logDir: logs/${N}
        histRetentionRuns: 1
        params: [{N: 1}]
        secrets: [{name: S, provider: env, key: KEY}]
        steps:
          - {name: a, command: 'echo "$S" >&2; cat "$DAG_RUN_STEP_STDERR_FILE"; echo "${DAG_RUN_STEP_STDOUT_FILE}"', output: A}
    """
    (tmp_path / "sub").mkdir()
    found = []
    for _ in range(3):
        time.sleep(1)  # ids of the same second are in no order
        outcome, folder = run(workflow, tmp_path, environment={"KEY": "hush-hush"})
        assert outcome.outputs["A"] == f"***\n{folder}/steps/a/1.out"
        found.append(folder)
    logs = tmp_path / "sub/logs/1/w"
    assert {each.name for each in logs.iterdir()} == {it.name for it in found[1:]}
    assert {each.name for each in found[0].parent.iterdir()} == {
        it.name for it in found[1:]
    }
    assert os.readlink(found[2] / "steps") == str(logs / found[2].name)
    assert (logs / found[2].name / "a/1.err").read_text("utf-8") == "***\n"


def test_old_runs_by_their_days(tmp_path: Path) -> None:
    workflow = "name: w\nhistRetentionDays: 2\nsteps: [{name: a, command: 'true'}]"
    _, old = run(workflow, tmp_path)
    _, newer = run(workflow, tmp_path)
    lives = old.with_name("20200101T000000-1-1")
    lives.mkdir()
    for path, days in ((old, 2.1), (newer, 1.9)):
        then = time.time() - days * 86_400
        os.utime(path / "outcome.json", (then, then))
    _, last = run(workflow, tmp_path)
    assert {it.name for it in old.parent.iterdir()} == {
        it.name for it in (newer, last, lives)
    }


def _wait_for(folder: Path, names: Sequence[str]) -> None:
    until = time.monotonic() + 20
    while not all((folder / name).exists() for name in names):
        assert time.monotonic() < until
        time.sleep(0.02)


def _outcome_of(report: str) -> Outcome:
    return from_json(json.loads(report)["outcome"])
