"""The text of a script: what it holds, what it leaves out, and that tools accept it."""

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from shell.newer import bare_patterns, code_of, newer
from shell.scripts import text_of

PLAIN = """
    name: five
    steps:
      - {name: a, command: echo a}
      - {name: b, command: echo b}
      - {name: c, command: echo c}
      - {name: d, command: echo d}
      - {name: e, command: echo e}
"""
EVERYTHING = """
    name: everything
    description: all that there is
    maxActiveSteps: 2
    timeoutSec: 60
    params: "one N=3"
    env:
      - TOKEN: "`echo x`"
      - WHERE: "${N}-${UNDECLARED}"
    steps:
      - name: a
        command: echo '${J["k"]}' $((N + 1))
        env: [{J: '{"k": 1}'}]
        output: A
        retryPolicy: {limit: 2, intervalSec: 1, backoff: 2, exitCode: [3]}
        timeoutSec: 5
        continueOn: {exitCode: [4], output: [oops, "re:^o+$"], markSuccess: true}
      - name: b/c
        script: |
          #!/bin/sh
          bash -c 'echo ${A}'
        dir: .
        preconditions:
          - condition: "${A}"
            expected: "re:^[0-9]"
          - condition: "${A}"
            expected: "4"
          - test -n "$A"
      - name: d
        command: [echo, '${A}', '$<len(A) + 1>']
        depends: [a]
        continueOn: {failure: true}
      - name: e
        shell: sh
        command: echo ${a.exitCode} "${a.stdout}" ${DAG_RUN_ID}
    handlerOn:
      success: {command: 'echo "${DAG_RUN_STATUS}"'}
      failure: {command: "true"}
      cancel: {command: "true"}
      exit: {command: "true"}
"""
CALLS = """
    name: calls
    maxActiveRuns: 2
    queue: q
    delaySec: 1
    schedule: "0 1 * * *"
    secrets: [{name: S, provider: env, key: KEY}, {name: F, provider: file, key: f}]
    params: [{P: "a b"}, {WHICH: kid}]
    steps:
      - {name: one, run: kid, params: "A=${P} B=`echo x`", output: R, timeoutSec: 9}
      - {name: many, parallel: "${P}", run: kid, queue: db, output: M}
      - name: items
        parallel: {items: [{k: 1}, "${P}", "x"], maxConcurrent: "$<len(P)>"}
        command: echo "${ITEM.k:-}" "$<ITEM == 'x'>" "${many.output}"
        preconditions: ['test -n "$ITEM"', 'test -n "$P"']
        retryPolicy: {limit: 1, intervalSec: 0}
        continueOn: {failure: true}
        output: I
      - {name: dynamic, run: "${WHICH}", candidates: [kid, other], output: D}
      - {name: use, command: "echo '${R.outputs.K}' ${one.output} ${one.exitCode}"}
    handlerOn:
      success: {run: other}
      exit: {parallel: x y, command: 'echo "$ITEM" $DAG_RUN_STATUS'}
    ---
    name: kid
    maxActiveSteps: 1
    timeoutSec: 30
    delaySec: 1
    secrets: [{name: S, provider: env, key: KEY}]
    params: [{A: x}, {B: "`echo y`"}]
    env: [{C: "${A}"}]
    steps:
      - {name: k, command: 'echo "$A$C$S"', output: K}
    handlerOn:
      failure: {command: 'echo "${DAG_RUN_STATUS}"'}
    ---
    name: other
    steps:
      - {name: o, run: last}
    ---
    name: last
    steps:
      - {name: o, command: echo o, output: O}
"""
# small ones: each leaves out much of the run time
SMALL = {
    "plain": PLAIN,
    "everything": EVERYTHING,
    "calls": CALLS,
    "a call": "steps: [{name: a, run: b}]\n---\nname: b\nsteps: [{name: c, command: x}]",
    "items": "steps: [{name: a, parallel: x y, command: x}]",
    "items and output": "steps: [{name: a, parallel: x y, command: x, output: X}]",
    "a handler": "steps: [{name: a, parallel: x y, command: x}]\nhandlerOn: {exit: {command: x}}",
    "a queue": "steps: [{name: a, queue: q, command: x}]",
    "a delay": "delaySec: 1\nsteps: [{name: a, command: x}]",
    "runs": "maxActiveRuns: 1\nsteps: [{name: a, command: x}]",
    "runs and handler": "maxActiveRuns: 1\nsteps: [{name: a, command: x}]\nhandlerOn: {exit: {command: x}}",
    "a schedule": "schedule: '0 1 * * *'\nsteps: [{name: a, command: x}]",
    "a secret": "secrets: [{name: S, provider: env, key: K}]\nsteps: [{name: a, command: x $S}]",
    "a limit": "steps: [{name: a, run: b}]\n---\nname: b\nmaxActiveSteps: 1\nsteps: [{name: c, command: x}]",
    "a call's time": "steps: [{name: a, run: b, timeoutSec: 1}]\n---\nname: b\nsteps: [{name: c, command: x}]",
    "a callee's time": "steps: [{name: a, run: b}]\n---\nname: b\ntimeoutSec: 1\nsteps: [{name: c, command: x}]",
    "items that are calls": "steps: [{name: a, parallel: [{k: v}], run: b}]\n---\nname: b\nparams: [{k: x}]\nsteps: [{name: c, command: x}]",
}
SMALL |= {
    "preconditions": "preconditions: ['true', {condition: $HOME, expected: 're:x'}]\nsteps: [{name: a, command: x}]",
    "init": "steps: [{name: a, command: x}]\nhandlerOn: {init: {command: x}}",
    "a callee's preconditions": "steps: [{name: a, run: b}]\n---\nname: b\npreconditions: ['true']\nsteps: [{name: c, command: x}]\nhandlerOn: {init: {command: x}}",
    "repetition": "steps: [{name: a, command: x, repeatPolicy: {repeat: true, limit: 2}}]",
    "a repetition's condition": "steps: [{name: a, command: x, output: X, repeatPolicy: {condition: '$X', expected: y}}]",
    "numbers by value": "params: [{N: 1}]\nsteps: [{name: a, command: x, retryPolicy: {limit: '${N}', intervalSec: 0}}]",
    "a repetition of calls": "params: [{N: 1}]\nsteps: [{name: a, run: b, repeatPolicy: {condition: 'true', limit: '${N}'}}]\n---\nname: b\nsteps: [{name: c, command: x}]",
    "files of steps": "steps: [{name: a, command: x, stdout: o, stderr: e}]",
    "dotenv": "dotenv: x\nsteps: [{name: a, command: 'x $HOME'}]",
    "a callee's folder": "steps: [{name: a, run: b}]\n---\nname: b\nworkingDir: x\ndotenv: x\npreconditions: ['true']\nsteps: [{name: c, command: x}]",
    "a folder": "workingDir: x\nsteps: [{name: a, command: x}]",
    "sizes": "maxOutputSize: 5\nsteps: [{name: a, command: x, output: X}]",
    "signals": "maxCleanUpTimeSec: 1\nsteps: [{name: a, command: x, signalOnStop: SIGINT, timeoutSec: 3}]",
    "times until KILL": "maxCleanUpTimeSec: 1\nsteps: [{name: a, run: b, timeoutSec: 3}]\n---\nname: b\nmaxCleanUpTimeSec: 2\nsteps: [{name: c, command: x}]",
    "logs and old runs": "logDir: x\nhistRetentionDays: 3\nhistRetentionRuns: 3\nsteps: [{name: a, command: x}]",
    "jq": "steps: [{name: a, executor: jq, command: '.a', script: '{}'}]",
    "http": "steps: [{name: a, executor: {type: http, config: {headers: {A: $HOME}, query: {q: $HOME}, body: x, json: true}}, command: 'POST http://x/'}]",
    "docker": "steps: [{name: a, executor: {type: docker, config: {image: x, autoRemove: true, container: {env: ['A=b', 'PATH=x']}}}, command: x, timeoutSec: 9}]",
    "ssh": "params: [{A: b}]\nsteps: [{name: a, executor: {type: ssh, config: {user: u, host: h, key: ~/k, port: 1}}, command: 'x $A'}]",
    "mail": "smtp: {host: h, port: 25, username: u, password: p}\nsteps: [{name: a, type: mail, with: {from: a@b, to: b@c, subject: $HOME, message: x, attachments: [x]}}]",
    "a schema": "params: [{name: A, type: integer, default: '${B}'}, {B: 1}]\nsteps: [{name: a, command: 'x $<A + 1> $C'}]",
    "a callee's schema": "steps: [{name: a, run: b}]\n---\nname: b\nparams: [{name: A, type: array, default: [1]}]\nsteps: [{name: c, command: 'x ${A[0]}'}]",
    "names of logs": "steps: [{name: a, command: [x, '${DAG_RUN_STEP_STDOUT_FILE}']}]",
}
# a part of the run time, a word of it, a workflow that uses it
PARTS = [
    ("retries", "retry", "retryPolicy: {limit: 1, intervalSec: 0}"),
    ("timeouts", "124", "timeoutSec: 3"),
    ("continuing", "wfc_soft", "continueOn: {failure: true}"),
    ("outputs", "wfc_capture", "output: X"),
    ("conditions", "wfc_test", "preconditions: ['true']"),
    ("lines", "wfc_is_line", "preconditions: [{condition: '$HOME', expected: a}]"),
    ("patterns", "wfc_fits", "preconditions: [{condition: '$HOME', expected: 're:a'}]"),
    ("folders", "wfc_in()", "dir: /"),
    ("own env", "wfc_own", "env: [{X: y}]"),
    ("backticks", "wfc_backtick", "env: [{X: '`true`'}]"),
    ("repetition", "wfc_repeats", "repeatPolicy: {repeat: true}"),
    ("files of steps", "wfc_to()", "stdout: x"),
    ("signals", "wfc_how", "signalOnStop: INT"),
    ("jq", "jq", "env: [{X: '$<len(DAG_RUN_ID)>'}, {Y: '${X.a:-}'}]"),
]


@pytest.mark.parametrize("workflow", SMALL.values(), ids=list(SMALL))
def test_tools_accept_it(workflow: str, tmp_path: Path, shellcheck: Path) -> None:
    script = tmp_path / "w.sh"
    script.write_text(text_of(workflow), "utf-8")
    for tool in (["bash", "-n"], [str(shellcheck), "--norc"]):
        found = subprocess.run([*tool, str(script)], capture_output=True, text=True)
        assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(("part", "word", "key"), PARTS, ids=[it[0] for it in PARTS])
def test_a_part_is_there_only_when_it_is_used(part: str, word: str, key: str) -> None:
    used = f"steps:\n  - name: a\n    command: echo x\n    {key}\n"
    assert word in text_of(used)
    assert word not in text_of(PLAIN)


def test_handlers_and_params_are_there_only_when_they_are_used() -> None:
    plain = text_of(PLAIN)
    for word in (
        "wfc_handle()",
        "param()",
        "variable()",
        "--params-json",
        "wfc_deadline",
    ):
        assert word in text_of(EVERYTHING)
        assert word not in plain


@pytest.mark.parametrize(
    "word",
    ["\nflow() {", "wfc_frame", "wfc_take", "wfc_mask", "wfc_item", "wfc_schedule"],
)
def test_what_calls_others_is_there_only_when_it_is_used(word: str) -> None:
    assert word in text_of(CALLS)
    assert word not in text_of(EVERYTHING)


def test_a_short_workflow_is_a_short_script() -> None:
    assert len(text_of(PLAIN).splitlines()) <= 345


@pytest.mark.parametrize("workflow", SMALL.values(), ids=list(SMALL))
def test_nothing_is_newer_than_bash_3_2(workflow: str) -> None:
    assert newer(code_of(text_of(workflow))) == []
    assert bare_patterns(text_of(workflow)) == []


def test_layout() -> None:
    text = text_of("steps:\n  - name: a\n    command: |\n      echo a\n      echo b\n")
    assert "\necho a\necho b\nSH\n" in text
    for line in ('  wfc_event start "$1"', '  wfc_started "$wfc_k"'):
        assert f"\n{line}\n" in text
    for workflow in SMALL.values():
        run_time = text_of(workflow).partition("# ==== The run time")[2]
        blank = [
            following
            for line, following in pairwise(run_time.splitlines())
            if line == "" and not following.startswith("# ")
        ]
        assert blank == []


def test_header() -> None:
    lines = text_of(PLAIN, "some/folder/five.yaml").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert lines[1] == (
        "# Made by wfc from some/folder/five.yaml. "
        "Make it again: wfc compile some/folder/five.yaml --target shell -o ."
    )
    assert re.fullmatch("# source-sha256: [0-9a-f]{16}", lines[2])


def test_same_text_each_time() -> None:
    for workflow in (EVERYTHING, CALLS):
        assert text_of(workflow) == text_of(workflow)


def test_comments_name_the_file_of_a_callee() -> None:
    text = text_of(CALLS, "some/folder/calls.yaml")
    for line in ("flow kid ", "call one ", "fan_out many ", "each ", "each_call "):
        found = [it for it in text.splitlines() if it.startswith(line)]
        assert found
        assert all(re.search(r"  # calls\.yaml:\d+$", it) for it in found)


def test_helps_with_the_params_of_the_entry_only() -> None:
    help = text_of(CALLS).partition("wfc_help() {")[2].partition("\n}")[0]
    assert "P=a b" in help
    assert "A=x" not in help
    assert "--schedule" in help


def test_a_text_may_hold_the_delimiter() -> None:
    text = text_of("steps:\n  - name: a\n    command: |\n      echo 1\n      SH\n")
    assert "<<'WFC_SH'" in text
