"""`repeatPolicy`: how often a step runs, with which pauses, and how it ends."""

import io
import time
from pathlib import Path

import pytest
from resolved import execute, from_yaml

from compiler.interpreter import Report
from compiler.interpreter.schedule import pause_before_repetition
from compiler.ir import Repeat
from compiler.outcome import StepOutcome
from compiler.source import Span

AT = Span(file="test.yaml", line=1, column=1)
# Each run of it adds a line to `n` and prints how many there are.
COUNTS = "echo x >> n; wc -l < n | tr -d ' '"


def ran(report: Report, path: str = "poll") -> tuple[str, int, int | None, str | None]:
    it = report.outcome.steps[path]
    return (it.status, it.attempts, it.exit_code, it.output)


@pytest.mark.parametrize(
    ("policy", "command", "expected"),
    [
        ("{repeat: true, limit: 3}", COUNTS, ("succeeded", 3, 0, "3")),
        (
            "{repeat: true, limit: 9}",
            f"{COUNTS}; test $(wc -l < n) -lt 2",
            ("failed", 2, 1, "2"),
        ),
        (
            '{condition: "${N}", expected: "3"}',
            COUNTS,
            ("succeeded", 3, 0, "3"),
        ),
        (
            '{repeat: while, condition: "${N}", expected: "re:^[12]$"}',
            COUNTS,
            ("succeeded", 3, 0, "3"),
        ),
        (
            '{repeat: until, condition: "${poll.output}", expected: "2"}',
            COUNTS,
            ("succeeded", 2, 0, "2"),
        ),
        ("{condition: test $N -lt 3}", COUNTS, ("succeeded", 3, 0, "3")),
        ("{repeat: until, condition: test $N -ge 3}", COUNTS, ("succeeded", 3, 0, "3")),
        (
            "{exitCode: [0], limit: 4}",
            f"{COUNTS}; test $(wc -l < n) -lt 3",
            ("failed", 3, 1, "3"),
        ),
        (
            "{repeat: until, exitCode: [0]}",
            f"{COUNTS}; test $(wc -l < n) -ge 3",
            ("succeeded", 3, 0, "3"),
        ),
        (
            "{repeat: until, exitCode: [7]}",
            f"{COUNTS}; test $(wc -l < n) -lt 2 || exit 7",
            ("failed", 2, 7, "2"),
        ),
        (
            '{repeat: until, condition: "${poll.exitCode}", expected: "4"}',
            f"{COUNTS}; exit $((2 + $(wc -l < n)))",
            ("failed", 2, 4, "2"),
        ),
        (
            '{repeat: while, condition: "${poll.status}", expected: failed, limit: 5}',
            f"{COUNTS}; test $(wc -l < n) -ge 3",
            ("succeeded", 3, 0, "3"),
        ),
        ("{repeat: true, limit: 1}", COUNTS, ("succeeded", 1, 0, "1")),
        # A condition that cannot be valued is not met.
        (
            '{repeat: while, condition: "`exit 3`", expected: "re:"}',
            COUNTS,
            ("succeeded", 1, 0, "1"),
        ),
        (
            '{repeat: until, condition: "`exit 3`", expected: "re:", limit: 2}',
            COUNTS,
            ("succeeded", 2, 0, "2"),
        ),
        (
            '{repeat: while, condition: "${N.no}", expected: "re:", limit: 5}',
            COUNTS,
            ("succeeded", 1, 0, "1"),
        ),
    ],
)
def test_how_often(
    tmp_path: Path,
    policy: str,
    command: str,
    expected: tuple[str, int, int | None, str | None],
) -> None:
    report = execute(
        from_yaml(f"""
            name: flow
            steps:
              - name: poll
                command: {command!r}
                output: N
                repeatPolicy: {policy}
            """),
        tmp_path,
    )
    assert ran(report) == expected
    assert report.outcome.status == expected[0]
    assert report.outcome.outputs == {"N": expected[3]}


def test_retries_count_anew_in_each_repetition(tmp_path: Path) -> None:
    """Each odd run fails: three executions of two attempts each."""
    report = execute(
        from_yaml(f"""
            name: flow
            steps:
              - name: poll
                command: {COUNTS}; exit $(( $(wc -l < n) % 2 ))
                output: N
                retryPolicy: {{limit: 1, intervalSec: 0}}
                repeatPolicy: {{repeat: true, limit: 3}}
            """),
        tmp_path,
    )
    assert ran(report) == ("succeeded", 6, 0, "6")


def test_the_last_execution_decides_with_continue_on(tmp_path: Path) -> None:
    report = execute(
        from_yaml(f"""
            name: flow
            steps:
              - name: poll
                command: {COUNTS}; test $(wc -l < n) -lt 2 || exit 5
                output: N
                repeatPolicy: {{repeat: true}}
                continueOn: {{exitCode: 5}}
              - name: after
                command: echo "$N"
                output: M
            """),
        tmp_path,
    )
    assert ran(report) == ("failed", 2, 5, "2")
    assert ran(report, "after") == ("succeeded", 1, 0, "2")
    assert report.outcome.status == "partially_succeeded"


@pytest.mark.parametrize(
    ("policy", "attempts"),
    [
        ("{repeat: until, exitCode: [0], limit: 3}", 1),
        ("{repeat: until, condition: exit 1, limit: 3}", 1),
        ("{exitCode: [124], limit: 2}", 2),
    ],
)
def test_over_its_time_is_no_reason_to_repeat(
    tmp_path: Path, policy: str, attempts: int
) -> None:
    report = execute(
        from_yaml(f"""
            name: flow
            steps:
              - name: poll
                command: sleep 60
                timeoutSec: 1
                repeatPolicy: {policy}
            """),
        tmp_path,
    )
    assert ran(report) == ("failed", attempts, 124, None)


def test_pauses_grow_up_to_the_longest() -> None:
    rule = Repeat(mode="while", interval=2, backoff=3.0, max_interval=50, span=AT)
    assert [pause_before_repetition(rule, ran) for ran in (1, 2, 3, 4)] == [
        6.0,
        18.0,
        50,
        50,
    ]
    rule = Repeat(mode="while", interval=2, limit=2, span=AT)
    assert [pause_before_repetition(rule, ran) for ran in (1, 2, 3)] == [2, None, None]
    rule = Repeat(mode="while", interval=2, backoff=1e300, span=AT)
    pauses = [pause_before_repetition(rule, ran) for ran in (1, 2, 50)]
    assert all(pause is not None and pause <= 4e8 for pause in pauses)


def test_it_waits_between_and_says_so(tmp_path: Path) -> None:
    stream = io.StringIO()
    began = time.monotonic()
    execute(
        from_yaml("""
            name: flow
            steps:
              - name: poll
                command: exit 3
                repeatPolicy: {repeat: until, exitCode: 0, intervalSec: 1, limit: 2}
            """),
        tmp_path,
        stream=stream,
    )
    assert time.monotonic() - began >= 1
    assert "poll: exit 3, again in 1 s\n" in stream.getvalue()
    assert stream.getvalue().count("started") == 1


def test_others_run_in_the_pause(tmp_path: Path) -> None:
    """A repetition holds no slot while it waits."""
    report = execute(
        from_yaml("""
            name: flow
            type: graph
            maxActiveSteps: 1
            steps:
              - name: poll
                command: 'true'
                repeatPolicy: {condition: test ! -e there, intervalSec: 1, limit: 20}
              - name: makes
                command: touch there
            """),
        tmp_path,
    )
    assert report.outcome.status == "succeeded"
    assert report.outcome.steps["poll"].attempts == 2


def test_a_call_is_repeated(tmp_path: Path) -> None:
    report = execute(
        from_yaml(f"""
            name: flow
            steps:
              - name: poll
                run: kid
                output: R
                repeatPolicy: {{condition: "${{R.outputs.N}}", expected: "3"}}
            ---
            name: kid
            steps:
              - name: count
                command: {COUNTS}
                output: N
            """),
        tmp_path,
    )
    assert ran(report)[:3] == ("succeeded", 3, 0)
    assert ran(report, "poll/count") == ("succeeded", 1, 0, "3")
    folders = {path.name for path in (report.folder / "steps").iterdir()}
    assert folders == {"poll", "poll.2", "poll.3"}
    assert report.outcome.events.count(("start", "poll")) == 1


def test_a_handler_is_repeated(tmp_path: Path) -> None:
    report = execute(
        from_yaml(f"""
            name: flow
            steps: [{{name: a, command: 'true'}}]
            handlerOn:
              exit:
                command: {COUNTS}
                repeatPolicy: {{condition: test $(wc -l < n) -lt 3}}
            """),
        tmp_path,
    )
    assert report.outcome.handlers["exit"] == StepOutcome(
        status="succeeded", attempts=3, exit_code=0, output="3"
    )


def test_what_the_condition_sees(tmp_path: Path) -> None:
    """Its own output before others of that name, its env, params, `$1` and its name."""
    report = execute(
        from_yaml("""
            name: flow
            params: one P=p
            env: [N: far]
            steps:
              - name: before
                command: echo old
                output: N
              - name: poll
                command: echo "$N$E"
                output: N
                env: [E: own]
                repeatPolicy:
                  repeat: until
                  condition: echo "$0 $1 $N $E $P" >> seen
                  limit: 5
            """),
        tmp_path,
    )
    assert ran(report) == ("succeeded", 1, 0, "oldown")
    seen = (tmp_path / "work" / "seen").read_text()
    assert seen == "poll one oldown own p\n"


def test_hostile_values_in_the_condition(tmp_path: Path) -> None:
    hostile = "$(touch pwned) `touch pwned`; touch pwned\n'\"${X}"
    report = execute(
        from_yaml("""
            name: flow
            params: [P: ""]
            steps:
              - name: poll
                command: printf '%s' "$P"
                output: N
                repeatPolicy: {repeat: while, condition: 'test "$N" != "$P"', limit: 3}
              - name: again
                command: printf '%s' "$P"
                output: M
                repeatPolicy: {repeat: until, condition: "<${M}>", expected: "<x>", limit: 2}
            """),
        tmp_path,
        values={"P": hostile},
    )
    assert ran(report) == ("succeeded", 1, 0, hostile)
    assert ran(report, "again") == ("succeeded", 2, 0, hostile)
    assert not (tmp_path / "work" / "pwned").exists()


def test_preparing_fails_again_and_again(tmp_path: Path) -> None:
    """Without a process in between the run still ends."""
    report = execute(
        from_yaml("""
            name: flow
            steps:
              - name: poll
                command: 'true'
                dir: missing
                repeatPolicy: {repeat: until, exitCode: 0, limit: 50}
            """),
        tmp_path,
    )
    assert ran(report) == ("failed", 50, 1, None)


def test_the_time_of_the_run_ends_a_pause(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            timeoutSec: 1
            steps:
              - name: poll
                command: echo out
                output: N
                repeatPolicy: {repeat: true, intervalSec: 60}
            handlerOn: {failure: {command: echo "$DAG_RUN_STATUS"}}
            """),
        tmp_path,
    )
    assert report.outcome.status == "failed"
    assert ran(report) == ("aborted", 1, 0, "out")
    assert report.outcome.handlers["failure"].output == "failed"


def test_the_time_of_a_call_holds_for_each_time(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            name: flow
            steps:
              - name: poll
                run: kid
                timeoutSec: 1
                repeatPolicy: {exitCode: [124], limit: 2}
            ---
            name: kid
            steps: [{name: x, command: sleep 60}]
            """),
        tmp_path,
    )
    assert ran(report) == ("failed", 2, 124, None)
