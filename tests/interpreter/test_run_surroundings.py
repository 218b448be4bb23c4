"""`workingDir`, `maxOutputSize`, `maxCleanUpTimeSec` and `signalOnStop` of runs."""

import time
from pathlib import Path

import pytest
from resolved import execute, from_yaml

from compiler.outcome import StepOutcome

# ---- workingDir


def test_where_everything_works(tmp_path: Path) -> None:
    sub = tmp_path / "work" / "sub"
    (sub / "deep").mkdir(parents=True)
    report = execute(
        from_yaml("""
            name: flow
            workingDir: "${WHERE}"
            params: [WHERE: "`basename $PWD | sed s/work/sub/`", P: "`pwd`"]
            preconditions: '[ "$(basename "$PWD")" = sub ]'
            steps:
              - {name: a, command: 'pwd; echo "$PWD"', output: A, stdout: log}
              - {name: b, command: pwd, dir: deep, output: B, preconditions: test -d deep}
              - {name: c, run: kid, output: C}
              - {name: d, command: echo "$P", output: D}
            handlerOn:
              init: {command: pwd}
            ---
            name: kid
            workingDir: deep
            dotenv: kid.env
            params: [Q: "`pwd`"]
            steps: [{name: x, command: 'pwd; echo $Q', output: X}]
            """),
        tmp_path,
    )
    assert report.outcome.status == "succeeded"
    assert report.outcome.outputs["A"] == f"{sub}\n{sub}"
    assert report.outcome.outputs["B"] == f"{sub}/deep"
    assert report.outcome.steps["c/x"].output == f"{sub}/deep\n{sub}"
    assert report.outcome.outputs["D"] == f"{tmp_path}/work"
    assert report.outcome.handlers["init"].output == str(sub)
    assert (sub / "log").exists()


@pytest.mark.parametrize(
    "where", ["missing", "file", "file/x", "a\nb", "$(touch pwned)"]
)
def test_a_folder_that_is_none(tmp_path: Path, where: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "file").touch()
    report = execute(
        from_yaml("""
            name: flow
            workingDir: "${W}"
            params: [W: ""]
            preconditions: 'false'
            steps: [{name: a, command: touch ran}]
            handlerOn: {failure: {command: 'true'}, exit: {command: pwd}}
            """),
        tmp_path,
        values={"W": where},
    )
    assert (report.outcome.status, report.outcome.exit_code) == ("failed", 1)
    assert report.outcome.steps == {"a": StepOutcome(status="aborted")}
    assert report.outcome.handlers["exit"].output == str(work)
    said = (report.folder / "inputs.err").read_text()
    assert said == f"wfc: `workingDir`: no folder `{work}/{where}`\n"
    assert list(work.iterdir()) == [work / "file"]


def test_without_a_value_it_is_the_outer_one(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            workingDir: "${W:-}"
            params: [W: ""]
            steps: [{name: a, command: pwd, output: A}]
            """),
        tmp_path,
    )
    assert report.outcome.outputs == {"A": f"{tmp_path}/work"}


def test_of_a_callee_alone(tmp_path: Path) -> None:
    (tmp_path / "work" / "sub").mkdir(parents=True)
    report = execute(
        from_yaml("""
            name: flow
            steps:
              - {name: each, parallel: [sub, "."], run: kid, params: W=$ITEM}
              - {name: after, command: pwd, output: A}
            ---
            name: kid
            params: [W: ""]
            workingDir: $W
            steps: [{name: x, command: pwd, output: X}]
            """),
        tmp_path,
    )
    steps = report.outcome.steps
    assert steps["each[0]/x"].output == f"{tmp_path}/work/sub"
    assert steps["each[1]/x"].output == f"{tmp_path}/work"
    assert report.outcome.outputs == {"A": f"{tmp_path}/work"}


# ---- maxOutputSize


@pytest.mark.parametrize(
    ("size", "printed", "output"),
    [
        (5, "12345", "12345"),
        (5, "  12345\\n\\n", "12345"),
        (5, "123456", None),
        (5, "ü ü", "ü ü"),
        (5, "üüü", None),
        (1, "", ""),
        (1, "1", "1"),
        (1, "12", None),
    ],
)
def test_the_largest_output(
    tmp_path: Path, size: int, printed: str, output: str | None
) -> None:
    report = execute(
        from_yaml(f"""
            name: flow
            maxOutputSize: {size}
            steps: [{{name: a, command: printf '{printed}', output: A}}]
            """),
        tmp_path,
    )
    status, code = ("failed", 1) if output is None else ("succeeded", 0)
    assert report.outcome.steps["a"] == StepOutcome(
        status=status, attempts=1, exit_code=code, output=output  # type: ignore[arg-type]
    )
    if output is None:
        said = (report.folder / "steps" / "a" / "1.err").read_text()
        unit = "byte" if size == 1 else "bytes"
        assert said == f"wfc: the output is larger than {size} {unit}\n"


def test_a_larger_one_than_elsewhere(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            maxOutputSize: 3000000
            steps:
              - {name: a, command: "head -c 3000000 /dev/zero | tr '\\\\0' x", output: A}
              - {name: b, command: 'wc -c < "$A_FILE" | tr -d " "', output: B}
              - {name: c, run: kid, continueOn: failed}
            ---
            name: kid
            steps:
              - {name: x, command: "head -c 1048577 /dev/zero | tr '\\\\0' x", output: X}
            """),
        tmp_path,
    )
    assert report.outcome.outputs["B"] == "3000000"
    assert report.outcome.steps["c/x"].status == "failed"


def test_what_is_not_captured_has_no_limit(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            maxOutputSize: 2
            params: [P: "`echo 12345`"]
            steps: [{name: a, command: echo "$P"}]
            """),
        tmp_path,
    )
    assert report.outcome.status == "succeeded"


# ---- maxCleanUpTimeSec, signalOnStop

STUBBORN = "trap '' TERM INT; touch begun; while :; do sleep 0.1; done"


@pytest.mark.parametrize(
    ("entry", "callee", "path"),
    [
        ("maxCleanUpTimeSec: 0", "", "a"),
        ("maxCleanUpTimeSec: 0", "", "call/x"),
        ("maxCleanUpTimeSec: 60", "maxCleanUpTimeSec: 0", "call/x"),
    ],
)
def test_the_time_from_term_to_kill(
    tmp_path: Path, entry: str, callee: str, path: str
) -> None:
    body = f"command: {STUBBORN!r}" if path == "a" else "run: kid"
    began = time.monotonic()
    report = execute(
        from_yaml(f"""
            name: flow
            {entry}
            steps:
              - name: {path.split("/")[0]}
                {body.replace(chr(92) + "'", "''")}
                timeoutSec: 1
            ---
            name: kid
            {callee}
            steps: [{{name: x, command: "{STUBBORN}"}}]
            """),
        tmp_path,
    )
    assert time.monotonic() - began < 4
    assert report.outcome.steps[path].exit_code == (124 if path == "a" else 137)


def test_longer_than_usual(tmp_path: Path) -> None:
    began = time.monotonic()
    report = execute(
        from_yaml("""
            name: flow
            maxCleanUpTimeSec: 60
            steps:
              - name: a
                command: trap 'sleep 6; echo ended; exit 3' TERM; sleep 100 & wait
                timeoutSec: 1
                output: A
            """),
        tmp_path,
    )
    assert 6 < time.monotonic() - began < 30
    assert report.outcome.steps["a"].output == "ended"


@pytest.mark.parametrize("name", ["SIGINT", "INT", "SIGUSR1", "HUP", "SIGQUIT"])
def test_the_signal_that_ends_a_step(tmp_path: Path, name: str) -> None:
    short = name.removeprefix("SIG")
    report = execute(
        from_yaml(f"""
            name: flow
            steps:
              - name: a
                command: |
                  trap 'echo told; exit 0' {short}; trap '' TERM
                  for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & wait; done
                timeoutSec: 1
                signalOnStop: {name}
                output: A
            """),
        tmp_path,
    )
    assert report.outcome.steps["a"] == StepOutcome(
        status="failed", attempts=1, exit_code=124, output="told"
    )
