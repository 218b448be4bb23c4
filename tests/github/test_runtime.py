"""The run time of GitHub workflows: its commands as processes, without a runner."""

import json
import signal
import sys
import time
from pathlib import Path

import pytest
from runtime_job import Job


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_captured_output_and_status(job: Job) -> None:
    assert job.run("step", "a", "capture()", text="printf ' x y \\n'") == 0
    assert job.ended("a") == ("succeeded", 1, 0, "x y")
    assert job.outputs == {"status": "succeeded"}
    assert job.record("a")["start"] <= job.record("a")["end"]  # type: ignore[operator]


def test_output_of_another_step_is_in_the_environment(job: Job) -> None:
    hostile = "a\n'b' \"c\" $(id) `id` {{ x }} ${{ y }} \\ é"
    job.run("step", "a", "capture()", text=f"cat <<'END'\n{hostile}\nEND")
    job.run("step", "b", 'A=record("a")', "capture()", text='printf %s "$A"')
    assert job.record("b")["output"] == hostile


def test_what_is_printed_is_no_command(job: Job) -> None:
    job.run("step", "a", text="echo '::error::x'; echo '::set-env name=A::b' >&2")
    lines = [line for line in job.log.splitlines() if line]
    assert lines[0].startswith("::stop-commands::")
    token = lines[0].removeprefix("::stop-commands::")
    assert lines[-1] == f"::{token}::"
    assert set(lines[1:-1]) == {"::error::x", "::set-env name=A::b"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("exit 3", 3),
        ("no-such-program", 127),
        ("echo x > f; ./f", 126),
        ("kill -9 $$", 137),
        ("false; echo on", 1),
    ],
)
def test_exit_codes(job: Job, text: str, code: int) -> None:
    assert job.run("step", "a", text=text) == 1
    assert job.ended("a") == ("failed", 1, code, None)
    assert "::error title=a::failed with exit" in job.log


def test_soft_failure_is_a_warning(job: Job) -> None:
    assert job.run("step", "a", "soft()", text="exit 3") == 0
    assert job.outputs == {"status": "failed"}
    assert "::warning title=a::failed with exit 3" in job.log


# ---- attempts


def test_retry_until_it_succeeds(job: Job) -> None:
    text = 'echo x >> tries; [ "$(wc -l < tries)" -ge 3 ] || exit 7; echo ok'
    job.run("step", "a", "retry(3, 0, on=[7])", "capture()", text=text)
    assert job.ended("a") == ("succeeded", 3, 0, "ok")


def test_retry_only_after_the_listed_codes(job: Job) -> None:
    job.run("step", "a", "retry(3, 0, on=[7])", text="exit 8")
    assert job.ended("a") == ("failed", 1, 8, None)


def test_number_of_a_policy_is_a_text(job: Job) -> None:
    job.run("begin", "", 'N="2"')
    words = 'lazily(lambda: [retry(whole("retryPolicy.limit", param("N")), 0)])'
    job.run("step", "a", words, text="exit 1")
    assert job.ended("a") == ("failed", 3, 1, None)
    job.run("step", "b", words.replace('param("N")', '"x"'), text="echo never > never")
    assert job.ended("b") == ("failed", 1, 1, None)
    assert "`retryPolicy.limit` must be a whole number" in job.log
    assert not (job.work / "never").exists()


def test_timeout_ends_the_group(job: Job) -> None:
    began = time.monotonic()
    job.run("step", "a", "timeout(1)", "retry(2, 0)", "grace(1)", text="sleep 60 | cat")
    assert job.ended("a") == ("failed", 1, 124, None)
    assert time.monotonic() - began < 20


def test_repeat_while_and_until(job: Job) -> None:
    text = "echo x >> a; wc -l < a"
    condition = 'line(lambda: record("a"), "3")'
    job.run("step", "a", f'repeat("until", {condition})', "capture()", text=text)
    assert job.ended("a") == ("succeeded", 3, 0, "3")
    job.run("step", "b", 'repeat("while", None, limit=4)', text="true")
    assert job.ended("b") == ("succeeded", 4, 0, None)
    job.run("step", "c", 'repeat("until", None, limit=4, on=[0])', text="true")
    assert job.ended("c") == ("succeeded", 1, 0, None)


@pytest.mark.parametrize(
    ("part", "status"),
    [
        ("continue_on(failure=True)", "continued"),
        ("continue_on(codes=[3])", "continued"),
        ("continue_on(codes=[4])", "failed"),
        ('continue_on(output=[line_has("lo wo")])', "continued"),
        ('continue_on(output=[line_matches("^hel+o")])', "continued"),
        ('continue_on(output=[line_matches("^world")])', "failed"),
        ("continue_on(codes=[3], mark_success=True)", "succeeded"),
    ],
)
def test_continue_on(job: Job, part: str, status: str) -> None:
    code = job.run("step", "a", part, text="echo hello world; exit 3")
    assert job.ended("a")[:3] == (status, 1, 3)
    assert code == int(status == "failed")


@pytest.mark.parametrize(
    ("output", "words", "message"),
    [
        (r"printf 'a\0b'", "capture()", "holds a NUL byte"),
        (r"printf '\377'", "capture()", "is not UTF-8 text"),
        ("echo 12345678901", "capture(most=10)", "is larger than 10 bytes"),
        ("head -c 1048577 /dev/zero | tr '\\0' x", "capture()", "larger than 1 MiB"),
    ],
)
def test_output_that_is_no_value(
    job: Job, output: str, words: str, message: str
) -> None:
    job.run("step", "a", words, text=output)
    assert job.ended("a") == ("failed", 1, 1, None)
    assert message in job.log


def test_largest_output(job: Job) -> None:
    job.run("step", "a", "capture(most=10)", text="printf '   1234567890 \\n \\n'")
    assert job.record("a")["output"] == "1234567890"


def test_large_value_goes_by_file(job: Job) -> None:
    job.run("step", "a", "capture()", text="head -c 100000 /dev/zero | tr '\\0' y")
    text = 'printf %s "${#A}"; [ -f "$A_FILE" ]; bash -c \'printf " %s" "${A-unset}"\''
    job.run("step", "b", 'A=record("a")', "capture()", text=text)
    assert job.record("b")["output"] == "100000 unset"
    job.run("step", "c", 'A=record("a")', 'inner("A")', text="true")
    assert job.ended("c") == ("failed", 1, 1, None)
    assert "too large for an inner shell" in job.log


def test_own_env_bindings_and_integers(job: Job) -> None:
    words = ['own.A="1"', 'own.B=concat(own("A"), "2")', 'WFC_1=concat(own("B"), "x")']
    job.run("step", "a", *words, "capture()", text='echo "$A $B $WFC_1 $WFC"')
    assert job.record("a")["output"] == "1 12 12x"
    job.run("step", "b", 'own.N="1 + x"', 'integers("N")', text="echo $((N))")
    assert job.ended("b") == ("failed", 1, 1, None)
    assert "`N` is used in arithmetic and must be a whole number" in job.log


def test_missing_value_is_a_failed_attempt(job: Job) -> None:
    word = 'WFC_1=reach(first(record("x")), "${x.y}", "x", "y")'
    job.run("step", "a", word, "retry(1, 0)", "continue_on(codes=[1])", text="true")
    assert job.ended("a") == ("continued", 2, 1, None)
    assert "no value for ${x.y}" in job.log


def test_special_variables(job: Job) -> None:
    text = 'echo "$DAG_NAME $DAG_RUN_ID $DAG_RUN_STEP_NAME"'
    text += '; [ -s "$DAG_RUN_STEP_STDOUT_FILE" ]'
    job.run("step", "a", 'named("a b")', "capture()", text=text)
    assert job.ended("a") == ("succeeded", 1, 0, "nightly 7-1 a b")


# ---- bodies and files


def test_bodies(job: Job) -> None:
    job.run("begin", "", '1="p q"')
    job.run("step", "a", "capture()", 'shell("sh")', text='false; echo "$0 $1"')
    assert job.record("a")["output"] == "a p q"
    word = 'arguments("printf", "%s|", lambda: positional(1), "*")'
    job.run("step", "b", "capture()", word)
    assert job.record("b")["output"] == "p q|*|"
    text = "import sys; print(sys.argv[1:])"
    job.run("step", "c", "capture()", f'script("{sys.executable}")', text=text)
    assert job.record("c")["output"] == "['p q']"
    text = '#!/bin/sh\necho "$1"'
    job.run("step", "d", "capture()", "script(reads=True)", text=text)
    assert job.record("d")["output"] == "p q"
    job.run("step", "e", 'source("echo \\"\\u0027\\"")', "capture()")
    assert job.record("e")["output"] == "'"
    job.run("step", "f", "capture()", text="echo " + "x" * 130_000)
    assert job.record("f")["output"] == "x" * 130_000


def test_directory_and_files(job: Job) -> None:
    job.environment()
    (job.work / "sub").mkdir()
    words = ['directory("sub")', 'to_file("out", "o")', 'to_file("err", "e")']
    for number in (1, 2):
        job.run("step", "a", *words, "capture()", text=f"pwd; echo {number} >&2")
    assert job.record("a")["output"] == str(job.work / "sub")
    assert (job.work / "sub" / "o").read_text() == f"{job.work}/sub\n" * 2
    assert (job.work / "sub" / "e").read_text() == "1\n2\n"
    job.run("step", "b", 'directory("none")', text="true")
    assert job.ended("b") == ("failed", 1, 1, None)
    job.run("step", "c", 'to_file("out", "none/o")', text="echo x > never")
    assert job.ended("c") == ("failed", 1, 1, None)
    assert not (job.work / "never").exists()


def test_log_of_another_step(job: Job) -> None:
    job.run("step", "a", "keep_log()", text="echo hello")
    job.run("step", "b", 'F=log("a", "out")', "capture()", text='cat "$F"')
    assert job.record("b")["output"] == "hello"


# ---- conditions and edges


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        ('line(lambda: "a\\nb", "b")', True),
        ('line(lambda: "a\\nb", "a\\nb")', False),
        ('not_(line(lambda: "a", "b"))', True),
        ('matching(lambda: "abc\\nd", "^d$")', True),
        ('test("[ \\"$X\\" = 1 ]", X=lambda: "1")', True),
        ('test("false; true")', True),
        ('test("exit 1")', False),
        ('not_(test("exit 1"))', True),
        ('line(lambda: trim(backtick("echo b")), "b")', True),
        ('line(lambda: trim(backtick("exit 1")), "")', False),
        ('not_(line(lambda: trim(backtick("exit 1")), "x"))', False),
        ('test("true", N=lambda: "x", integers=["N"])', False),
    ],
)
def test_conditions(job: Job, condition: str, runs: bool) -> None:
    assert job.run("step", "a", f"when({condition})", text="true") == 0
    ended = ("succeeded", 1, 0, None) if runs else ("skipped", 0, None, None)
    assert job.ended("a") == ended
    assert job.outputs == {"status": ended[0]}


def test_edges(job: Job) -> None:
    job.run("step", "ok", text="true")
    job.run("step", "no", "soft()", text="false")
    job.run("step", "skip", 'when(line(lambda: "a", "b"))', text="true")
    for name, accepts, ending in [
        ("a", {"ok": "succeeded"}, "succeeded"),
        ("b", {"ok": "succeeded", "skip": "succeeded"}, "skipped"),
        ("c", {"no": "succeeded", "skip": "succeeded"}, "aborted"),
        ("d", {"skip": "succeeded skipped"}, "succeeded"),
    ]:
        assert job.run("step", name, f"after({json.dumps(accepts)})", text="true") == 0
        assert job.ended(name)[0] == ending


def test_cancel_ends_the_group(job: Job) -> None:
    job.environment()
    text = "trap 'echo bye > bye; exit 9' TERM; echo up > up; sleep 60 & wait"
    process = job.start("step", "a", "capture()", text=text)
    while not (job.work / "up").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert process.stdout is not None
    process.stdout.close()
    assert (job.work / "bye").exists()
    assert job.ended("a") == ("aborted", 1, 9, "")
    job.run("verdict", "", 'steps=["a"]')
    assert job.outputs == {"status": "aborted"}


def test_time_of_the_run(job: Job) -> None:
    job.run("begin", "")
    job.run("step", "a", 'within("", 1)', "retry(5, 0)", text="sleep 60")
    assert job.ended("a") == ("aborted", 1, 143, None)
    assert job.run("verdict", "", 'steps=["a"]') == 1
    assert job.outputs == {"status": "failed"}
    job.run("step", "b", 'within("", 1)', text="true")
    assert job.ended("b") == ("aborted", 0, None, None)
