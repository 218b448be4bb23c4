"""The text of a script: what it holds, what it leaves out, and that tools accept it."""

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
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
    ("jq", "jq", "env: [{X: '$<len(DAG_RUN_ID)>'}, {Y: '${X.a:-}'}]"),
]


@pytest.mark.parametrize("workflow", [PLAIN, EVERYTHING], ids=["plain", "everything"])
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


def test_a_short_workflow_is_a_short_script() -> None:
    assert len(text_of(PLAIN).splitlines()) < 370


# What bash 3.2 lacks. `read -t 0` stands behind a test of the version.
NEWER = re.compile(
    r"declare -[gAn]|local -[An]|wait -[np]|mapfile|readarray|coproc|&>>|\|&|;;&|;&"
    r"|\$\{[A-Za-z_0-9]+(\[[^]]*\])?(,|\^|@[A-Za-z])|%\([^)]*\)T|EPOCH|BASHPID"
    r"|read (-[a-z]+ )*-[Ni]|read [^|;]*-t 0?\.|printf -v \"?[a-z_]+\[|\[-1\]|globstar|\[\[ -v"
    r"|\bexec \{|\btimeout -|(^|[;&|(] *)timeout [0-9]|readlink -f|sed -i|date -d|stat -c|\bseq\b"
)


@pytest.mark.parametrize("workflow", [PLAIN, EVERYTHING], ids=["plain", "everything"])
def test_nothing_is_newer_than_bash_3_2(workflow: str) -> None:
    text = text_of(workflow)
    run_time = text[text.index("# ==== The run time") :]
    found = [line for line in run_time.splitlines() if NEWER.search(line)]
    assert found == []


def test_layout() -> None:
    text = text_of("steps:\n  - name: a\n    command: |\n      echo a\n      echo b\n")
    assert "\necho a\necho b\nSH\n" in text
    for line in ('    wfc_event start "$1"', '  wfc_started "$wfc_k"'):
        assert f"\n{line}\n" in text
    for workflow in (PLAIN, EVERYTHING):
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
    assert text_of(EVERYTHING) == text_of(EVERYTHING)


@pytest.mark.parametrize("shell", ["dash", "sh"])
def test_another_shell_is_refused(shell: str, tmp_path: Path) -> None:
    script = tmp_path / "w.sh"
    script.write_text(text_of(PLAIN), "utf-8")
    done = subprocess.run([shell, str(script)], capture_output=True, text=True)
    if "bash" in done.stderr or shell == "dash":
        assert done.returncode == 2
        assert "needs bash 3.2 or newer" in done.stderr


def test_an_older_bash_is_refused(tmp_path: Path) -> None:
    text = (
        text_of(PLAIN)
        .replace("BASH_VERSINFO[0]", "3")
        .replace("BASH_VERSINFO[1]", "1", 1)
    )
    script = tmp_path / "w.sh"
    script.write_text(text, "utf-8")
    done = subprocess.run(["bash", str(script)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_text_may_hold_the_delimiter() -> None:
    text = text_of("steps:\n  - name: a\n    command: |\n      echo 1\n      SH\n")
    assert "<<'WFC_SH'" in text
