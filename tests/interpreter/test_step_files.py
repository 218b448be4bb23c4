"""`stdout` and `stderr` of a step: files to which the text of each attempt is added."""

import json
import os
from pathlib import Path

import pytest
from resolved import execute, from_yaml

from compiler.interpreter import Report
from compiler.outcome import StepOutcome


def flow(more: str, command: str = "echo out; echo err >&2") -> str:
    return f"""
name: flow
params: [P: "", N: x]
steps:
  - name: a
    command: {json.dumps(command)}
    output: A
{more}
"""


def text(folder: Path, name: str) -> str:
    return (folder / "work" / name).read_text()


def failed(report: Report) -> str:
    """What a step that failed before its process says."""
    assert report.outcome.steps["a"] == StepOutcome(
        status="failed", attempts=1, exit_code=1, output=""
    )
    return (report.folder / "steps" / "a" / "1.err").read_text()


def test_both(tmp_path: Path) -> None:
    report = execute(
        from_yaml(flow("    stdout: out.txt\n    stderr: '${N}.txt'")), tmp_path
    )
    assert (text(tmp_path, "out.txt"), text(tmp_path, "x.txt")) == ("out\n", "err\n")
    assert report.outcome.outputs == {"A": "out"}
    assert (report.folder / "steps" / "a" / "1.out").read_text() == "out\n"


def test_the_text_is_added(tmp_path: Path) -> None:
    program = from_yaml(flow("    stdout: log\n    stderr: log"))
    execute(program, tmp_path)
    execute(program, tmp_path)
    assert text(tmp_path, "log") == "out\nerr\nout\nerr\n"


def test_a_path_that_is_empty(tmp_path: Path) -> None:
    report = execute(from_yaml(flow("    stderr: '${P}'")), tmp_path)
    assert failed(report) == "wfc: the path of `stderr` is empty\n"


def test_each_attempt_adds_its_text(tmp_path: Path) -> None:
    command = 'echo x >> n; echo "try $(wc -l < n)"; exit 1'
    more = "    stdout: log\n    retryPolicy: {limit: 2, intervalSec: 0}"
    execute(from_yaml(flow(more, command)), tmp_path)
    assert text(tmp_path, "log") == "try 1\ntry 2\ntry 3\n"


def test_of_what_was_over_its_time(tmp_path: Path) -> None:
    more = "    stdout: log\n    timeoutSec: 1"
    execute(from_yaml(flow(more, "echo begun; sleep 60")), tmp_path)
    assert text(tmp_path, "log") == "begun\n"


def test_relative_to_the_folder_of_the_step(tmp_path: Path) -> None:
    (tmp_path / "work" / "sub").mkdir(parents=True)
    more = f"    dir: sub\n    stdout: here\n    stderr: {tmp_path}/far"
    execute(from_yaml(flow(more)), tmp_path)
    assert text(tmp_path, "sub/here") == "out\n"
    assert (tmp_path / "far").read_text() == "err\n"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing/log", "no such file or directory `{work}/missing/log`"),
        ("folder", "is a directory `{work}/folder`"),
        ("pipe", "no such device or address `{work}/pipe`"),
        ("loop", "too many levels of symbolic links `{work}/loop`"),
    ],
)
def test_one_that_cannot_be_opened(tmp_path: Path, path: str, said: str) -> None:
    work = tmp_path / "work"
    (work / "folder").mkdir(parents=True)
    os.mkfifo(work / "pipe")
    (work / "loop").symlink_to("loop")
    report = execute(from_yaml(flow(f"    stderr: '{path}'", "touch ran")), tmp_path)
    assert failed(report) == f"wfc: {said.format(work=work)}\n"
    assert not (work / "ran").exists()


def test_a_pipe_that_is_read_is_no_file(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    os.mkfifo(work / "pipe")
    reader = os.open(work / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        report = execute(from_yaml(flow("    stdout: pipe", "touch ran")), tmp_path)
    finally:
        os.close(reader)
    assert failed(report) == f"wfc: `{work}/pipe` is no file\n"


def test_a_device(tmp_path: Path) -> None:
    report = execute(from_yaml(flow("    stdout: /dev/null")), tmp_path)
    assert report.outcome.outputs == {"A": "out"}


@pytest.mark.parametrize(
    "name",
    ["$(touch pwned)", "`touch pwned`", "; touch pwned", "a b\n'\"", "*", "-rf", "ü"],
)
def test_hostile_names(tmp_path: Path, name: str) -> None:
    report = execute(
        from_yaml(flow("    stdout: 'f${P}'")), tmp_path, values={"P": name}
    )
    assert report.outcome.status == "succeeded"
    assert text(tmp_path, f"f{name}") == "out\n"
    assert len(list((tmp_path / "work").iterdir())) == 1


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_names_that_no_file_has(tmp_path: Path, name: str) -> None:
    report = execute(
        from_yaml(flow("    stdout: 'f${P}'")), tmp_path, values={"P": name}
    )
    assert failed(report).startswith("wfc: a value holds ")


def test_secrets_are_hidden(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            secrets: [{name: S, provider: env}]
            steps:
              - {name: a, command: 'echo "<$S>"; echo "$S" >&2', stdout: out, stderr: err, output: A}
              - {name: b, command: test "$A" = "<hidden>"}
            """),
        tmp_path,
        environment={"S": "hidden"},
    )
    assert report.outcome.status == "succeeded"
    assert (text(tmp_path, "out"), text(tmp_path, "err")) == ("<***>\n", "***\n")


def test_items_add_theirs(tmp_path: Path) -> None:
    execute(
        from_yaml("""
            name: flow
            steps:
              - name: each
                parallel: {items: [a, b, c], maxConcurrent: 1}
                command: echo "$ITEM"
                stdout: all
                stderr: "err-${ITEM}"
            """),
        tmp_path,
    )
    assert text(tmp_path, "all") == "a\nb\nc\n"
    assert (tmp_path / "work" / "err-b").exists()


def test_why_an_attempt_failed_is_added_too(tmp_path: Path) -> None:
    report = execute(
        from_yaml(flow("    stderr: err", "echo $<P + 'x'>; head -c 9 /dev/zero")),
        tmp_path,
    )
    assert report.outcome.status == "failed"
    assert text(tmp_path, "err") == "wfc: the output holds a NUL byte\n"


def test_a_handler_has_them(tmp_path: Path) -> None:
    execute(
        from_yaml("""
            name: flow
            steps: [{name: a, command: 'true'}]
            handlerOn: {exit: {command: echo bye, stdout: "${DAG_RUN_STATUS}.log"}}
            """),
        tmp_path,
    )
    assert text(tmp_path, "succeeded.log") == "bye\n"


def test_a_large_text(tmp_path: Path) -> None:
    command = "head -c 3000000 /dev/zero | tr '\\0' x"
    execute(
        from_yaml(f"""
            name: flow
            steps: [{{name: a, command: {command!r}, stdout: out}}]
            """),
        tmp_path,
    )
    assert (tmp_path / "work" / "out").stat().st_size == 3_000_000


# ---- the log files


def test_the_log_files_of_an_attempt(tmp_path: Path) -> None:
    command = (
        'echo x >> n; echo "o$(wc -l < n)"; cat "$DAG_RUN_STEP_STDOUT_FILE" >> seen;'
        " echo err >&2; cat '${DAG_RUN_STEP_STDERR_FILE}' >> seen; test $(wc -l < n) -gt 1"
    )
    report = execute(
        from_yaml(flow("    retryPolicy: {limit: 1, intervalSec: 0}", command)),
        tmp_path,
    )
    assert report.outcome.steps["a"].attempts == 2
    assert text(tmp_path, "seen") == "o1\nerr\no2\nerr\n"


def test_the_log_files_in_conditions_and_handlers(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            steps:
              - name: a
                command: echo a
                preconditions:
                  - condition: "${DAG_RUN_STEP_STDOUT_FILE}"
                    expected: "re:/steps/a/1.out$"
                repeatPolicy:
                  condition: test "$(wc -l < "$DAG_RUN_STEP_STDOUT_FILE")" -gt 1
              - name: each
                parallel: [x, y]
                command: echo "${DAG_RUN_STEP_STDERR_FILE##*/steps/}"
                output: R
              - name: told
                command: echo '${R.outputs}'
                output: T
            handlerOn:
              exit: {command: 'test -e "$DAG_RUN_STEP_STDOUT_FILE" && echo "${DAG_RUN_STEP_STDOUT_FILE##*/steps/}"'}
            """),
        tmp_path,
    )
    assert report.outcome.status == "succeeded"
    assert report.outcome.outputs["T"] == '["each[0]/1.err","each[1]/1.err"]'
    assert report.outcome.handlers["exit"].output == "handler-exit/1.out"
