"""Numbers of policies that are known only when a step starts."""

import io
from pathlib import Path

import pytest
from resolved import execute, from_yaml

from compiler.outcome import StepOutcome

COUNTS = "echo x >> n; wc -l < n | tr -d ' '"


@pytest.mark.parametrize(
    ("limit", "values", "attempts"),
    [
        ("${LIMIT}", {"LIMIT": "2"}, 3),
        ("${LIMIT}", {"LIMIT": "0"}, 1),
        ("$LIMIT", {}, 2),
        ("${LIMIT:-9}", {"LIMIT": ""}, 10),
        ("`expr $LIMIT + 1`", {}, 3),
        ("$<len(split(LIMIT, ','))>", {"LIMIT": "a,b,c"}, 4),
        ("${OWN}", {}, 3),
        ("${OUT}", {}, 4),
    ],
)
def test_tries(
    tmp_path: Path, limit: str, values: dict[str, str], attempts: int
) -> None:
    stream = io.StringIO()
    report = execute(
        from_yaml(f"""
            name: flow
            params: [LIMIT: "1"]
            steps:
              - {{name: before, command: echo 3, output: OUT}}
              - name: a
                command: exit 7
                env: [OWN: "2"]
                retryPolicy: {{limit: "{limit}", intervalSec: "${{NONE:-0}}"}}
            """),
        tmp_path,
        values=values,
        stream=stream,
    )
    assert report.outcome.steps["a"] == StepOutcome(
        status="failed", attempts=attempts, exit_code=7
    )
    if attempts > 1:
        assert f"a: exit 7, try 2 of {attempts} in 0 s\n" in stream.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "x", "-1", "1.5", "1e3", "+1", " 1", "1 ", "007", "٣", "0x1"),
        *("1000000000", "9" * 5000, "1\n", "$(touch pwned)", "`touch pwned`", "a[b]"),
    ],
)
@pytest.mark.parametrize("policy", ["limit", "intervalSec"])
def test_what_is_no_number_fails_the_step(
    tmp_path: Path, value: str, policy: str
) -> None:
    other = "intervalSec: 0" if policy == "limit" else "limit: 1"
    report = execute(
        from_yaml(f"""
            name: flow
            params: [N: ""]
            steps:
              - name: a
                command: touch ran
                output: A
                retryPolicy: {{{policy}: "${{N}}", {other}}}
                continueOn: {{exitCode: 1}}
              - {{name: b, command: "echo '${{a.exitCode}}'", output: B}}
            """),
        tmp_path,
        values={"N": value},
    )
    assert report.outcome.steps["a"] == StepOutcome(
        status="failed", attempts=1, exit_code=1
    )
    assert report.outcome.outputs == {"B": "1"}
    said = (report.folder / "steps" / "a" / "1.err").read_text()
    assert said == (
        f"wfc: `retryPolicy.{policy}` must be a whole number up to 999999999, "
        f"but is `{value[:40]}`\n"
    )
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("policy", ["limit", "intervalSec"])
def test_of_repetitions(tmp_path: Path, policy: str) -> None:
    more = "limit: 1" if policy == "intervalSec" else "intervalSec: 0"
    report = execute(
        from_yaml(f"""
            name: flow
            params: [N: x]
            steps:
              - name: a
                command: touch ran
                repeatPolicy: {{repeat: true, {policy}: "${{N}}", {more}}}
            """),
        tmp_path,
    )
    assert report.outcome.steps["a"] == StepOutcome(
        status="failed", attempts=1, exit_code=1
    )
    said = (report.folder / "steps" / "a" / "1.err").read_text()
    assert said.startswith(f"wfc: `repeatPolicy.{policy}` must be a whole number")


@pytest.mark.parametrize(("limit", "attempts"), [("3", 3), ("1", 1)])
def test_so_often(tmp_path: Path, limit: str, attempts: int) -> None:
    report = execute(
        from_yaml(f"""
            name: flow
            params: [N: ""]
            steps:
              - name: a
                command: {COUNTS}
                repeatPolicy: {{repeat: true, limit: "${{N}}", intervalSec: "`echo 0`"}}
            """),
        tmp_path,
        values={"N": limit},
    )
    assert report.outcome.steps["a"].attempts == attempts


def test_a_limit_of_0_is_none(tmp_path: Path) -> None:
    report = execute(
        from_yaml(f"""
            name: flow
            params: [N: "0"]
            steps:
              - name: a
                command: {COUNTS}
                repeatPolicy: {{condition: test $(wc -l < n) -lt 4, limit: "${{N}}"}}
            """),
        tmp_path,
    )
    assert report.outcome.steps["a"].attempts == 4


def test_of_a_fan_out_they_are_valued_once(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            steps:
              - name: each
                parallel: [a, b]
                command: exit 5
                retryPolicy: {limit: "`echo x >> n; echo 2`", intervalSec: "`echo 0`"}
            """),
        tmp_path,
    )
    assert report.outcome.steps["each[0]"].attempts == 3
    assert report.outcome.steps["each[1]"].attempts == 3
    assert (tmp_path / "work" / "n").read_text() == "x\n"


def test_of_a_fan_out_one_that_is_none_fails_the_step(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            params: [N: x]
            steps:
              - name: each
                parallel: [a, b]
                command: touch ran
                retryPolicy: {limit: "${N}", intervalSec: 0}
            """),
        tmp_path,
    )
    assert report.outcome.steps == {
        "each": StepOutcome(status="failed", attempts=1, exit_code=1)
    }
    assert not (tmp_path / "work" / "ran").exists()


def test_of_a_call(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            params: [N: "1"]
            steps:
              - {name: call, run: kid, retryPolicy: {limit: "${N}", intervalSec: "$N"}}
            ---
            name: kid
            steps: [{name: a, command: exit 2}]
            """),
        tmp_path,
    )
    assert report.outcome.steps["call"].attempts == 2


def test_a_secret_in_one_is_hidden(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            secrets: [{name: S, provider: env}]
            steps:
              - name: a
                command: 'true'
                retryPolicy: {limit: "`echo $S >&2; echo $S`", intervalSec: 0}
            """),
        tmp_path,
        environment={"S": "hidden"},
    )
    folder = report.folder / "steps" / "a"
    assert (folder / "1.err").read_text().endswith("but is `***`\n")
    assert (folder / "policies.err").read_text() == "***\n"
