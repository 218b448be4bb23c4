"""Real runs: each decision about steps, values, retries, handlers and files."""

import errno
import io
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from events import wrong_order
from resolved import (
    AT,
    argv,
    backtick,
    command,
    continues,
    execute,
    export,
    from_yaml,
    handler,
    holds,
    matches,
    param,
    pattern,
    program,
    ref,
    script,
    step,
    template,
    variable,
)

from compiler.interpreter import CannotStart, Report, report_json, summary
from compiler.interpreter.folder import RunFolder
from compiler.ir import Command, Export, Origin, Program, Retry, Step
from compiler.outcome import Outcome, from_json, to_json
from compiler.shelltext import parse


def statuses(report: Report) -> dict[str, str]:
    return {name: it.status for name, it in report.outcome.steps.items()}


def stderr_of(report: Report, name: str, attempt: int = 1) -> str:
    return (Path(report.steps[name].log) / f"{attempt}.err").read_text()


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.strip().startswith("Z")


def outputs(report: Report) -> dict[str, str]:
    return dict(report.outcome.outputs)


# ---- endings


@pytest.mark.parametrize(
    ("steps", "expected", "status"),
    [
        pytest.param(
            [step("a", "true"), step("b", "true", after=["a"])],
            {"a": "succeeded", "b": "succeeded"},
            "succeeded",
            id="success",
        ),
        pytest.param(
            [
                step("a", "exit 3"),
                step("b", "true", after=["a"]),
                step("c", "true", after=["b"]),
                step("d", "true"),
            ],
            {"a": "failed", "b": "aborted", "c": "aborted", "d": "succeeded"},
            "failed",
            id="failure-aborts-dependants",
        ),
        pytest.param(
            [
                step("a", "true", conditions=[holds("false")]),
                step("b", "true", after=["a"]),
                step("c", "true", after=["a"], tolerates=["a"]),
            ],
            {"a": "skipped", "b": "skipped", "c": "succeeded"},
            "succeeded",
            id="skips",
        ),
        pytest.param(
            [
                step("a", "exit 3", continue_on=continues(failure=True)),
                step("b", "true", after=["a"]),
            ],
            {"a": "failed", "b": "succeeded"},
            "partially_succeeded",
            id="continued-failure",
        ),
        pytest.param(
            [step("a", "exit 3", continue_on=continues(failure=True))],
            {"a": "failed"},
            "failed",
            id="lone-continued-failure",
        ),
        pytest.param(
            [
                step(
                    "a",
                    "exit 3",
                    continue_on=continues(exit_codes=(3,), mark_success=True),
                )
            ],
            {"a": "succeeded"},
            "succeeded",
            id="mark-success",
        ),
        pytest.param(
            [
                step(
                    "a",
                    "echo one; echo 'it is warm'; exit 3",
                    continue_on=continues(output=(pattern("is w"),)),
                ),
                step(
                    "b",
                    "echo x12; exit 3",
                    continue_on=continues(output=(pattern("x[0-9]+$", regex=True),)),
                ),
                step(
                    "c",
                    "echo 'is w' >&2; exit 3",
                    continue_on=continues(output=(pattern("is w"),)),
                ),
                step("d", "true", after=["a", "b"]),
                step("e", "true", after=["c"]),
            ],
            {"a": "failed", "b": "failed", "c": "failed", "d": "succeeded", "e": "aborted"},
            "failed",
            id="continue-on-output",
        ),
    ],
)  # fmt: skip
def test_endings(
    steps: list[Step], expected: dict[str, str], status: str, tmp_path: Path
) -> None:
    executed = program(*steps)
    report = execute(executed, tmp_path)
    assert statuses(report) == expected
    assert report.outcome.status == status
    assert report.outcome.exit_code == (1 if status == "failed" else 0)
    assert [*wrong_order(report.outcome, executed)] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param("exit 7", 7, id="own"),
        pytest.param("no-such-program", 127, id="not-found-in-shell"),
        pytest.param("kill -9 $$", 137, id="signal"),
        pytest.param("false; true", 1, id="bash-e"),
        pytest.param(command("false; true", ["bash"]), 0, id="shell-without-e"),
        pytest.param(argv("no-such-program"), 127, id="not-found"),
        pytest.param(argv("/etc/passwd"), 126, id="not-executable"),
        pytest.param(argv("/tmp"), 126, id="folder"),
        pytest.param(argv(""), 127, id="empty-word"),
        pytest.param(argv("sh", "-c", 'exit "$1"', "x", "9"), 9, id="argv"),
        pytest.param(script("import sys; sys.exit(5)", "python3"), 5, id="script"),
        pytest.param(script("#!/bin/sh\nexit 6\n"), 6, id="shebang"),
        pytest.param(script("#!/no/such/thing\nexit 6\n"), 127, id="no-interpreter"),
        pytest.param(script("exit 4", "/usr/bin/env", "bash"), 4, id="env"),
        pytest.param("cat; exit $?", 0, id="stdin-is-empty"),
    ],
)
def test_exit_codes(body: object, code: int, tmp_path: Path) -> None:
    report = execute(program(step("a", body)), tmp_path)  # type: ignore[arg-type]
    assert report.outcome.steps["a"].exit_code == code
    assert (Path(report.steps["a"].log) / "1.rc").read_text() == f"{code}\n"


# ---- retries and timeouts


def counting(code: str) -> str:
    return f"echo x >> n; n=$(wc -l < n); {code}"


def test_a_retry_until_it_succeeds(tmp_path: Path) -> None:
    body = counting('echo "try $n"; [ "$n" -eq 3 ]')
    report = execute(
        program(step("a", body, retry=Retry(limit=5, interval=0), output="A")), tmp_path
    )
    a = report.outcome.steps["a"]
    assert (a.status, a.attempts, a.exit_code, a.output) == ("succeeded", 3, 0, "try 3")
    log = Path(report.steps["a"].log)
    assert [(log / f"{at}.rc").read_text() for at in (1, 2, 3)] == ["1\n", "1\n", "0\n"]


def test_only_listed_exit_codes_are_retried(tmp_path: Path) -> None:
    body = counting("exit $((6 + n))")
    report = execute(
        program(step("a", body, retry=Retry(limit=9, interval=0, exit_codes=(7, 8)))),
        tmp_path,
    )
    a = report.outcome.steps["a"]
    assert (a.status, a.attempts, a.exit_code) == ("failed", 3, 9)


def test_pauses_grow_and_hold_no_slot(tmp_path: Path) -> None:
    stream = io.StringIO()
    retry = Retry(limit=2, interval=1, backoff=0.5)
    report = execute(
        program(step("a", "exit 7", retry=retry), step("b", "true"), most=1),
        tmp_path,
        stream=stream,
    )
    assert 1.5 <= report.seconds < 2.5
    lines = stream.getvalue().splitlines()
    assert lines[:5] == [
        "a: started",
        "a: exit 7, try 2 of 3 in 1 s",
        "b: started",
        lines[3],
        "a: exit 7, try 3 of 3 in 0.5 s",
    ]
    assert lines[3].startswith("b: succeeded in 0.")


def test_a_step_timeout_is_124_and_not_retried(tmp_path: Path) -> None:
    body = "trap 'exit 3' TERM; sleep 60 & wait"
    report = execute(
        program(step("a", body, timeout=1, retry=Retry(limit=2, interval=0))), tmp_path
    )
    a = report.outcome.steps["a"]
    assert (a.status, a.attempts, a.exit_code) == ("failed", 1, 124)
    assert report.seconds < 3


def test_a_step_timeout_is_retried_where_124_is_listed(tmp_path: Path) -> None:
    retry = Retry(limit=1, interval=0, exit_codes=(124,))
    report = execute(program(step("a", "sleep 60", timeout=1, retry=retry)), tmp_path)
    assert report.outcome.steps["a"].attempts == 2


def test_a_child_that_ignores_term_is_killed(tmp_path: Path) -> None:
    # The leader ends on TERM; its child must not outlive the attempt.
    body = "(trap '' TERM; echo $BASHPID > child; while :; do sleep 0.1; done) & wait"
    report = execute(program(step("a", body, timeout=1)), tmp_path)
    assert report.outcome.steps["a"].exit_code == 124
    assert 5.5 < report.seconds < 8
    child = int((tmp_path / "work/child").read_text())
    assert not lives(child)


def test_the_step_ends_with_its_own_process(tmp_path: Path) -> None:
    report = execute(program(step("a", "sleep 3 & echo out", output="A")), tmp_path)
    assert report.seconds < 2
    assert outputs(report) == {"A": "out"}


def test_a_run_timeout_aborts_and_fails(tmp_path: Path) -> None:
    report = execute(
        program(
            step("a", "echo part; sleep 60", output="A"),
            step("b", "true", after=["a"]),
            step("c", "exit 1", retry=Retry(limit=3, interval=60)),
            timeout=1,
            handlers=[
                handler("failure", "sleep 1; echo $DAG_RUN_STATUS"),
                handler("cancel", "echo no"),
                handler("exit", "echo bye"),
            ],
        ),
        tmp_path,
    )
    outcome = report.outcome
    assert statuses(report) == {"a": "aborted", "b": "aborted", "c": "aborted"}
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert [it.exit_code for it in outcome.steps.values()] == [143, None, 1]
    assert {name: it.output for name, it in outcome.handlers.items()} == {
        "failure": "failed",
        "exit": "bye",
    }
    assert report.seconds < 4


def test_a_run_timeout_ends_the_background_of_earlier_steps(tmp_path: Path) -> None:
    report = execute(
        program(
            step("a", "sleep 60 & echo $! > child"),
            step("b", "sleep 60", after=["a"]),
            timeout=1,
        ),
        tmp_path,
    )
    assert statuses(report) == {"a": "succeeded", "b": "aborted"}
    child = int((tmp_path / "work/child").read_text())
    assert not lives(child)


# ---- output


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        pytest.param(
            "printf ' \\t\\n a \\r\\n b \\n\\n'", "a \r\n b", "", id="trimmed"
        ),
        pytest.param("true", "", "", id="empty"),
        pytest.param("printf '\\302\\240x'", "\u00a0x", "", id="ascii-space-only"),
        pytest.param("printf 'a\\0b'", None, "NUL", id="nul"),
        pytest.param("printf 'a\\377b'", None, "UTF-8", id="not-utf-8"),
        pytest.param(
            "head -c 1048576 /dev/zero | tr '\\0' x", "x" * 1048576, "", id="1-mib"
        ),
        pytest.param(
            "echo; head -c 1048576 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero | tr '\\0' ' '",
            "x" * 1048576,
            "",
            id="1-mib-and-white-space",
        ),
        pytest.param(
            "head -c 1048577 /dev/zero | tr '\\0' x", None, "1 MiB", id="1-mib-and-1"
        ),
        pytest.param(
            "printf x; head -c 1048576 /dev/zero | tr '\\0' ' '; echo x",
            None,
            "1 MiB",
            id="far-apart",
        ),
    ],
)
def test_captured_output(
    text: str, value: str | None, message: str, tmp_path: Path
) -> None:
    report = execute(program(step("a", text, output="A")), tmp_path)
    a = report.outcome.steps["a"]
    assert a.output == value
    assert a.exit_code == (0 if value is not None else 1)
    assert message in stderr_of(report, "a")


def test_output_is_captured_on_failure_too(tmp_path: Path) -> None:
    report = execute(program(step("a", "echo x; exit 4", output="A")), tmp_path)
    assert outputs(report) == {"A": "x"}


def test_a_bad_output_keeps_the_exit_code(tmp_path: Path) -> None:
    report = execute(program(step("a", "printf '\\377'; exit 4", output="A")), tmp_path)
    assert report.outcome.steps["a"].exit_code == 4
    assert outputs(report) == {}


def test_the_later_step_of_one_output_name_counts(tmp_path: Path) -> None:
    report = execute(
        program(
            step("a", "sleep 0.3; echo a", output="X"),
            step("b", "echo b", output="X"),
            step("c", "echo c", output="X", conditions=[holds("false")]),
        ),
        tmp_path,
    )
    assert outputs(report) == {"X": "b"}


# ---- values


def test_values_reach_the_environment(tmp_path: Path) -> None:
    report = execute(
        program(
            step("a", "echo from a", output="A"),
            step(
                "b",
                'echo "$P|$E|$A|$DAG_NAME|$DAG_RUN_STEP_NAME|$1|$0"; test -f "$DAG_RUN_LOG_FILE"',
                after=["a"],
                output="B",
                exports=[export("P"), export("E", "env"), export("A", "output", "a")],
            ),
            order=[param("P", "default"), variable("E", "env"), param("1", "one")],
        ),
        tmp_path,
        values={"P": "$(echo x) `y` ${E}"},
    )
    assert outputs(report)["B"] == "$(echo x) `y` ${E}|env|from a|flow|b|one|b"


def test_an_export_without_value_leaves_the_environment(tmp_path: Path) -> None:
    report = execute(
        program(
            step("a", "echo x", output="A", conditions=[holds("false")]),
            step(
                "b",
                "echo $A",
                after=["a"],
                tolerates=["a"],
                output="B",
                exports=[export("A", "output", "a")],
            ),
        ),
        tmp_path,
        environment={"A": "outside"},
    )
    assert outputs(report) == {"B": "outside"}


def test_positional_words(tmp_path: Path) -> None:
    report = execute(
        program(
            step("a", 'echo "$#:$1:$2:$3"', output="A"),
            step("b", script('printf "%s:" "$@"', "bash"), output="B"),
            order=[param("1", "one"), param("2", "two")],
        ),
        tmp_path,
        arguments=["x y"],
    )
    assert outputs(report) == {"A": "2:x y:two:", "B": "x y:two:"}


def test_more_words_than_declared(tmp_path: Path) -> None:
    report = execute(
        program(step("a", 'echo "$#:$3"', output="A"), order=[param("1", "one")]),
        tmp_path,
        arguments=["x", "y", "z"],
    )
    assert outputs(report) == {"A": "3:z"}


def test_definitions_see_each_other_in_backticks(tmp_path: Path) -> None:
    report = execute(
        program(
            step("a", 'echo "$Q"', output="A", exports=[export("Q")]),
            order=[
                param("P", "p"),
                variable("E", backtick("echo $P-$OUT; pwd >&2")),
                param("Q", backtick("printf ' %s! \\n' $E")),
            ],
        ),
        tmp_path,
        environment={"OUT": "side"},
    )
    assert outputs(report) == {"A": "p-side!"}
    assert (report.folder / "inputs.err").read_text() == f"{tmp_path}/work\n"


def test_undeclared_params_come_from_the_environment(tmp_path: Path) -> None:
    report = execute(
        program(
            step("a", 'echo "$P|$Q"', output="A", exports=[export("P"), export("Q")]),
            order=[param("P"), param("Q")],
        ),
        tmp_path,
        environment={"P": "outside"},
    )
    assert outputs(report) == {"A": "outside|"}


def test_a_failing_backtick_of_a_param_aborts_all(tmp_path: Path) -> None:
    stream = io.StringIO()
    report = execute(
        program(
            step("a", "true"),
            order=[param("P", backtick("echo why >&2; exit 3"))],
            handlers=[
                handler("failure", "echo f"),
                handler("success", "echo s"),
                handler("exit", "echo e"),
            ],
        ),
        tmp_path,
        stream=stream,
    )
    assert statuses(report) == {"a": "aborted"}
    assert (report.outcome.status, report.outcome.exit_code) == ("failed", 1)
    assert list(report.outcome.handlers) == ["failure", "exit"]
    assert "why" in stream.getvalue()
    assert "ended with exit 3" in stream.getvalue()


def test_step_env_entries_see_earlier_ones(tmp_path: Path) -> None:
    own = Export(name="B", origins=(Origin("step_env", "B"), Origin("param", "B")))
    report = execute(
        program(
            step(
                "a",
                "echo $B",
                output="A",
                env=[
                    variable("A", "1"),
                    variable(
                        "B",
                        template(
                            ref("${A}", ("step_env", "A", "")),
                            "-",
                            ref("${B}", ("step_env", "B", ""), ("param", "B", "")),
                        ),
                    ),
                ],
                exports=[export("A", "step_env"), own],
            ),
            order=[param("B", "outer")],
        ),
        tmp_path,
    )
    assert outputs(report) == {"A": "1-outer"}


def test_fields_of_a_step(tmp_path: Path) -> None:
    def value(field: str, name: str = "a") -> object:
        return ref(f"${{{name}.{field}}}", ("field", field, name))

    def env(field: str) -> object:
        return variable(field.upper(), template(value(field)))  # type: ignore[arg-type]

    fields = ("exitCode", "status", "stdout", "output")
    report = execute(
        program(
            step("a", "echo hi; exit 3", captured=True, continue_on=continues(failure=True)),
            step(
                "b",
                'echo "$EXITCODE $STATUS $OUTPUT $(cat "$STDOUT")"',
                after=["a"],
                output="B",
                env=[env(field) for field in fields],  # type: ignore[misc]
                exports=[export(field.upper(), "step_env") for field in fields],
            ),
        ),
        tmp_path,
    )  # fmt: skip
    assert outputs(report) == {"B": "3 failed hi hi"}


def test_no_value_fails_the_attempt_and_says_so(tmp_path: Path) -> None:
    missing = ref("${a.output}", ("field", "output", "a"))
    report = execute(
        program(
            step("a", "true", conditions=[holds("false")]),
            step(
                "b",
                "true",
                after=["a"],
                tolerates=["a"],
                env=[variable("X", template(missing))],
                retry=Retry(limit=1, interval=0),
            ),
            handlers=[
                handler(
                    "exit",
                    'echo "[$X]"',
                    env=[variable("X", template(missing))],
                    exports=[export("X", "step_env")],
                )
            ],
        ),
        tmp_path,
    )
    b = report.outcome.steps["b"]
    assert (b.status, b.attempts, b.exit_code) == ("failed", 2, 1)
    assert "no value for" in stderr_of(report, "b", 2)
    assert "${a.output}" in stderr_of(report, "b", 2)
    assert report.outcome.handlers["exit"].output == "[]"


@pytest.mark.parametrize("value", ["4.5", "a b", ""])
def test_no_whole_number_in_arithmetic_says_so(value: str, tmp_path: Path) -> None:
    text, _ = parse("echo $((N + 1))", lambda start, end: AT)
    only = step("a", Command(text=text), exports=[export("N")])
    report = execute(program(only, order=[param("N", value)]), tmp_path)
    assert report.outcome.steps["a"].exit_code == 1
    wanted = f"`N` is used in arithmetic and must be a whole number, but is `{value}`"
    assert wanted in stderr_of(report, "a")


@pytest.mark.parametrize("size", [65536, 65537, 200_000])
def test_large_values(size: int, tmp_path: Path) -> None:
    python = "import os; print(len(os.environ.get('A') or open(os.environ['A_FILE']).read()))"
    exports = [export("A", "output", "a")]
    options = {"after": ["a"], "exports": exports}
    report = execute(
        program(
            step("a", f"head -c {size} /dev/zero | tr '\\0' x", output="A"),
            step("b", "echo ${#A} ${A_FILE:+file}", output="B", **options),  # type: ignore[arg-type]
            step("c", script(python, "python3"), output="C", **options),  # type: ignore[arg-type]
            step("d", script("#!/bin/sh\necho ${#A}"), output="D", **options),  # type: ignore[arg-type]
            step("e", argv("python3", "-c", python), output="E", **options),  # type: ignore[arg-type]
        ),
        tmp_path,
    )
    found = outputs(report)
    assert found["B"] == (f"{size}" if size <= 65536 else f"{size} file")
    assert [found[name] for name in "CDE"] == [str(size)] * 3


def test_a_long_command_runs_as_a_file(tmp_path: Path) -> None:
    filler = "# " + "x" * 200_000
    report = execute(
        program(step("a", f"{filler}\necho $1", output="A"), order=[param("1", "one")]),
        tmp_path,
    )
    assert outputs(report) == {"A": "one"}


def test_a_nul_in_a_value_fails_the_step(tmp_path: Path) -> None:
    report = execute(
        program(step("a", "true", exports=[export("P")]), order=[param("P", "")]),
        tmp_path,
        values={"P": "a\0b"},
    )
    assert report.outcome.steps["a"].exit_code == 1
    assert "NUL" in stderr_of(report, "a")


# ---- folders


def test_dir_is_relative_to_the_work_folder(tmp_path: Path) -> None:
    (tmp_path / "work/sub").mkdir(parents=True)
    report = execute(
        program(
            step("a", "pwd", directory=template("sub"), output="A"),
            step("b", argv("pwd"), directory=template("sub"), output="B"),
            step("c", "pwd", directory=template("none")),
            step(
                "d",
                "true",
                directory=template("sub"),
                conditions=[holds(f'[ "$PWD" = "{tmp_path}/work" ]')],
            ),
        ),
        tmp_path,
    )
    assert outputs(report) == {"A": f"{tmp_path}/work/sub", "B": f"{tmp_path}/work/sub"}
    c = report.outcome.steps["c"]
    assert (c.status, c.attempts, c.exit_code) == ("failed", 1, 1)
    assert "no folder" in stderr_of(report, "c")
    assert report.outcome.steps["d"].status == "succeeded"


ODD_NAMES = [
    "..",
    ".",
    "a/b",
    "a b",
    "A b",
    "x" * 200,
    "a\nb",
    "🚀",
    "-n",
    "$(x)",
    "'\"",
]


def test_odd_step_names(tmp_path: Path) -> None:
    stream = io.StringIO()
    report = execute(
        program(*[step(name, 'printf %s "$0"', captured=True) for name in ODD_NAMES]),
        tmp_path,
        stream=stream,
    )
    assert {name: it.output for name, it in report.outcome.steps.items()} == {
        name: name for name in ODD_NAMES
    }
    logs = [Path(step.log) for step in report.steps.values()]
    assert len({str(log).lower() for log in logs}) == len(ODD_NAMES)
    assert all(log.parent == report.folder / "steps" for log in logs)
    assert len(stream.getvalue().splitlines()) == 2 * len(ODD_NAMES)
    assert len(summary(report).splitlines()) == len(ODD_NAMES) + 3


def test_a_path_that_is_no_text(tmp_path: Path) -> None:
    folder = tmp_path / "\udcff"
    folder.mkdir()
    report = execute(program(step("a", "true")), folder)
    text = json.dumps(report_json(report), ensure_ascii=False).encode()
    log = json.loads(text)["steps"]["a"]["log"]
    assert log == report.steps["a"].log.replace("\udcff", "\\udcff")


def test_the_run_folder(tmp_path: Path) -> None:
    report = execute(
        program(step("a", "echo out; echo err >&2"), step("b", "exit 1", after=["a"])),
        tmp_path,
    )
    assert report.folder.parent == tmp_path / "home/runs/flow"
    assert report.folder.name == report.run_id
    log = Path(report.steps["a"].log)
    assert sorted(path.name for path in log.iterdir()) == ["1.err", "1.out", "1.rc"]
    saved = json.loads((report.folder / "outcome.json").read_text())
    assert from_json(saved) == report.outcome
    journal = (report.folder / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in journal]
    told = [it for it in events if it["event"] in ("start", "end")]
    assert [(it["event"], it["step"]) for it in told] == list(report.outcome.events)
    assert told[-1]["exit_code"] == 1
    form = report_json(report)
    assert form["outcome"] == to_json(report.outcome)
    assert list(form) == [
        "outcome",
        "run_id",
        "started",
        "seconds",
        "steps",
        "handlers",
    ]


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(CannotStart, match="cannot make the run folder"):
        execute(program(step("a", "true")), tmp_path)


def test_a_deleted_run_folder_fails_steps_only(tmp_path: Path) -> None:
    report = execute(
        program(
            step("a", 'rm -rf "${DAG_RUN_LOG_FILE%/*}"'),
            step("b", "true"),
            step("c", "true", conditions=[holds("true")]),
            handlers=[handler("exit", "true")],
            most=1,
        ),
        tmp_path,
    )
    assert statuses(report) == {"a": "failed", "b": "failed", "c": "skipped"}
    assert report.outcome.status == "failed"


def test_an_outcome_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    stream = io.StringIO()
    report = execute(
        program(step("a", 'mkdir -p "${DAG_RUN_LOG_FILE%/*}/outcome.json/x"')),
        tmp_path,
        stream=stream,
    )
    assert report.outcome.status == "succeeded"
    assert "cannot write" in stream.getvalue()
    assert not (report.folder / "outcome.json.part").exists()


def test_many_runs_leak_nothing(tmp_path: Path) -> None:
    def descriptors() -> int:
        return len(os.listdir("/dev/fd"))

    made = program(
        step("a", "exit 1", retry=Retry(limit=1, interval=0), output="A"),
        step("b", argv("no-such-program")),
        step("c", "true", directory=template("none")),
        step("d", "sleep 0", conditions=[holds("true")], timeout=50),
        order=[param("P", backtick("echo x"))],
    )
    execute(made, tmp_path)
    before = descriptors()
    for _ in range(5):
        execute(made, tmp_path)
    assert descriptors() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


# ---- conditions


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        pytest.param(holds("true"), True, id="test"),
        pytest.param(holds("false"), False, id="test-fails"),
        pytest.param(holds("false", negate=True), True, id="negated"),
        pytest.param(holds("false; true"), True, id="without-e"),
        pytest.param(holds('[ "$1" = one ]'), True, id="positional"),
        pytest.param(holds('[ "$OWN" = own ]'), True, id="own-env"),
        pytest.param(holds("no-such-program"), False, id="not-found"),
        pytest.param(matches("a", "a"), True, id="equal"),
        pytest.param(matches("a\nb", "b"), True, id="some-line"),
        pytest.param(matches("ab", "b"), False, id="no-substring"),
        pytest.param(matches("a\r\nb", "a"), False, id="carriage-return"),
        pytest.param(matches("", ""), True, id="empty"),
        pytest.param(matches("a", "", negate=True), True, id="negated-match"),
        pytest.param(matches("v12", "[0-9]+", regex=True), True, id="regex"),
        pytest.param(matches(backtick("echo $1"), "one"), True, id="backtick"),
        pytest.param(matches(backtick("exit 1"), ""), False, id="failing-backtick"),
        pytest.param(
            matches(backtick("exit 1"), "x", negate=True), False, id="failing-negated"
        ),
        pytest.param(
            matches(template(ref("${z.output}", ("field", "output", "z"))), ""),
            False,
            id="no-value",
        ),
    ],
)
def test_conditions(condition: object, met: bool, tmp_path: Path) -> None:
    tested = step(
        "a",
        "true",
        conditions=[condition],  # type: ignore[list-item]
        env=[variable("OWN", "own")],
        exports=[export("OWN", "step_env")],
    )
    report = execute(program(tested, order=[param("1", "one")]), tmp_path)
    a = report.outcome.steps["a"]
    assert (a.status, a.attempts) == (("succeeded", 1) if met else ("skipped", 0))
    assert report.outcome.events == ((("start", "a"), ("end", "a")) if met else ())


# ---- limits and handlers


def test_max_active_steps(tmp_path: Path) -> None:
    report = execute(
        program(*[step(it, "sleep 0.1") for it in "abcdef"], most=2), tmp_path
    )
    running = [0]
    for what, _ in report.outcome.events:
        running.append(running[-1] + (1 if what == "start" else -1))
    assert max(running) == 2
    assert report.seconds >= 0.3


def test_steps_run_at_the_same_time(tmp_path: Path) -> None:
    started = time.monotonic()
    execute(program(*[step(name, "sleep 1") for name in "abcdef"]), tmp_path)
    assert time.monotonic() - started < 2.5


@pytest.mark.parametrize(
    ("body", "handlers", "due", "status"),
    [
        pytest.param(
            "true",
            [handler("success", "echo $DAG_RUN_STATUS"), handler("exit", "true")],
            {"success": "succeeded", "exit": "succeeded"},
            "succeeded",
            id="success",
        ),
        pytest.param(
            "false",
            [handler("failure", "true"), handler("success", "true")],
            {"failure": "succeeded"},
            "failed",
            id="failure",
        ),
        pytest.param(
            "true",
            [handler("success", "false"), handler("exit", '[ "$DAG_RUN_STATUS" = failed ]')],
            {"success": "failed", "exit": "succeeded"},
            "failed",
            id="failing-handler",
        ),
        pytest.param(
            "true",
            [handler("exit", "false", retry=Retry(limit=1, interval=0))],
            {"exit": "failed"},
            "failed",
            id="failing-exit",
        ),
        pytest.param(
            "true",
            [handler("exit", "false", conditions=[holds("false")])],
            {"exit": "skipped"},
            "succeeded",
            id="skipped-handler",
        ),
    ],
)  # fmt: skip
def test_handlers(
    body: str, handlers: list[Step], due: dict[str, str], status: str, tmp_path: Path
) -> None:
    report = execute(program(step("a", body), handlers=handlers), tmp_path)
    outcome = report.outcome
    assert {name: it.status for name, it in outcome.handlers.items()} == due
    assert outcome.status == status
    assert outcome.events == (("start", "a"), ("end", "a"))


def test_lines_and_summary(tmp_path: Path) -> None:
    stream = io.StringIO()
    made: Program = program(
        step("a", "for i in $(seq 12); do echo line $i >&2; done; exit 4"),
        step("b", "true", conditions=[holds("false")]),
        step("c", "true", after=["a"]),
        handlers=[handler("exit", "true")],
        most=1,
    )
    report = execute(made, tmp_path, stream=stream)
    log = report.steps["a"].log
    assert stream.getvalue().splitlines() == [
        "a: started",
        f"a: failed with exit 4 in 0.0 s, log: {log}/1.err",
        *[f"  | line {at}" for at in range(3, 13)],
        "c: aborted",
        "b: skipped",
        "handler exit: started",
        "handler exit: succeeded in 0.0 s",
    ]
    assert summary(report).splitlines() == [
        "STEP          STATUS     ATTEMPTS  EXIT  SECONDS",
        "a             failed     1         4     0.0",
        "b             skipped    0         -     0.0",
        "c             aborted    0         -     0.0",
        "handler exit  succeeded  1         0     0.0",
        f"flow: failed in {report.seconds:.1f} s",
        f"run folder: {report.folder}",
    ]


def test_a_step_that_fails_for_want_of_its_folder_says_so(tmp_path: Path) -> None:
    stream = io.StringIO()
    away = 'rm -r "$(dirname "$DAG_RUN_LOG_FILE")/steps"'
    report = execute(
        from_yaml(f"steps: [{{name: a, command: '{away}'}}]"), tmp_path, stream=stream
    )
    assert report.outcome.steps["a"].status == "failed"
    log = report.folder / "steps/a/1.err"
    problem = f"cannot write `{log}`: No such file or directory"
    assert problem in stream.getvalue().splitlines()


def test_a_signal_when_all_is_over_costs_no_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = RunFolder.finish

    def late(folder: RunFolder, outcome: Outcome) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        finish(folder, outcome)

    monkeypatch.setattr(RunFolder, "finish", late)
    report = execute(from_yaml("steps: [{name: a, command: echo}]"), tmp_path)
    assert report.outcome.exit_code == 0
    assert (report.folder / "outcome.json").exists()


# ---- the files of exit codes


def run_folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, program(step("a", "true")).main)


def test_files_of_equal_codes_are_one(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    paths = [tmp_path / f"{place}.rc" for place in range(3)]
    for path, code in zip(paths, (0, 7, 0), strict=True):
        folder.keep_code(str(path), code)
    folder.close()
    assert [path.read_text() for path in paths] == ["0\n", "7\n", "0\n"]
    assert paths[0].samefile(paths[2])


@pytest.mark.parametrize("wrong", ["gone", "no-links", "already-there"])
def test_a_code_that_cannot_be_a_link_is_written(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run_folder(tmp_path)
    first, second, other = (tmp_path / name for name in ("1.rc", "2.rc", "other"))
    folder.keep_code(str(first), 0)
    match wrong:
        case "gone":
            first.unlink()
        case "no-links":
            monkeypatch.setattr(os, "link", refuse)
        case "already-there":
            other.write_text("x\n")
            os.link(other, second)
    folder.keep_code(str(second), 0)
    folder.close()
    assert second.read_text() == "0\n"
    assert wrong != "already-there" or other.read_text() == "x\n"


def refuse(*_: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))
