"""Secrets: where they come from, and that nobody sees them."""

import io
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from resolved import execute, from_yaml

from compiler.interpreter import report_json, summary
from compiler.interpreter.masks import Masks


def masks(*secrets: str) -> Masks:
    made = Masks()
    for secret in secrets:
        made.hide(secret)
    return made


@pytest.mark.parametrize(
    ("secrets", "text", "masked"),
    [
        pytest.param(["abc"], "xabcx abc", "x***x ***", id="everywhere"),
        pytest.param([""], "text", "text", id="empty"),
        pytest.param([], "text", "text", id="none"),
        pytest.param(["ab", "abcd"], "abcdab", "******", id="longest-first"),
        pytest.param(["a.c"], "abc a.c", "abc ***", id="no-pattern"),
        pytest.param(["one line\nno\n"], "one line, no", "***, no", id="lines"),
        pytest.param(["  long line \r\nx"], "long line\r\n\tlong line", "***\r\n\t***",
                     id="lines-without-white-space"),
        pytest.param(["{\n    }\n"], "    }", "    }", id="white-space-is-no-line"),
        pytest.param(["a\nb"], '"a\\nb" a\nb', '"***" ***', id="json-line-end"),
        pytest.param(["é💥<\a/"], r'"\u00e9\ud83d\uDCA5\u003C\u0007\/"', '"***"',
                     id="json-in-ascii"),
        pytest.param(
            ['a<éé💥"\\/b'],
            r'"a\u003c\u00e9\u00E9\ud83d\uDCA5\"\\\/b" "a<éé💥\u0022\u005c/b"',
            '"***" "***"',
            id="json-of-others",
        ),
        pytest.param(['a"b'], '{"k":"a\\"b"}', '{"k":"***"}', id="json"),
        pytest.param(['a"b\\c'], '"{\\"k\\":\\"a\\\\\\"b\\\\\\\\c\\"}"', '"{\\"k\\":\\"***\\"}"',
                     id="json-in-json"),
        pytest.param(["*"], "a*b", "a***b", id="the-mask-itself"),
        pytest.param(["é€"], "é€é", "***é", id="not-ascii"),
    ],
)  # fmt: skip
def test_masked_text(
    secrets: list[str], text: str, masked: str, tmp_path: Path
) -> None:
    hidden = masks(*secrets)
    assert hidden.text(text) == masked
    file = tmp_path / "file"
    file.write_bytes(b"\xff" + text.encode() + b"\0")
    hidden.file(file)
    assert file.read_bytes() == b"\xff" + masked.encode() + b"\0"


def test_files_that_need_no_mask(tmp_path: Path) -> None:
    hidden = masks("secret")
    hidden.file(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (tmp_path / "empty").write_bytes(b"")
    hidden.file(tmp_path / "empty")
    (tmp_path / "plain").write_bytes(b"text")
    before = (tmp_path / "plain").stat().st_mtime_ns
    hidden.file(tmp_path / "plain")
    assert (tmp_path / "plain").stat().st_mtime_ns == before


@given(
    secret=st.text(min_size=1),
    other=st.text(min_size=1),
    depth=st.integers(0, 3),
    ascii_only=st.booleans(),
)
def test_a_secret_is_found_at_any_depth_of_json(
    secret: str, other: str, depth: int, ascii_only: bool
) -> None:
    text = secret
    for _ in range(depth):
        text = json.dumps(text, ensure_ascii=ascii_only)
    masked = masks(secret, other, secret + other).text(text)
    assert "***" in masked
    assert len(secret) < 4 or secret.strip('"*\\') == "" or secret not in masked


def test_a_secret_of_many_lines_takes_no_time(tmp_path: Path) -> None:
    lines = [f"this is line {number} of it" for number in range(2_000)]
    hidden = masks("\n".join([*lines, "and another one"]))
    file = tmp_path / "file"
    file.write_text("this is line 99999\n" * 400_000)
    began = time.monotonic()
    hidden.file(file)
    assert (
        time.monotonic() - began < 5
    )  # a minute, if each line were tried at each place
    assert hidden.text(f"x{lines[1234]}x") == "x***x"


# ---- runs

READS = """
name: flow
secrets:
  - {name: TOKEN, provider: env, key: MY_TOKEN}
  - {name: KEY, provider: file, key: keys/key}
env: [BOTH: "${TOKEN}+${KEY}"]
steps:
  - name: a
    command: |
      echo "$TOKEN $KEY"; echo "err $TOKEN" >&2; exit 3
    output: A
    continueOn: {output: "tok"}
  - name: b
    command: 'printf %s "$BOTH $A" > seen; head -c 70000 /dev/zero | tr "\\0" x; echo "$TOKEN"'
    output: B
    preconditions: 'echo "cond $TOKEN"; true'
  - name: c
    parallel: "${A}"
    command: '[ "${#B}" -gt 70000 ] && echo "$((ITEM))"'
    depends: b
"""


def test_secrets_are_read_and_shown_nowhere(tmp_path: Path) -> None:
    stream = io.StringIO()
    keys = tmp_path / "work/keys"
    keys.mkdir(parents=True)
    (keys / "key").write_text("line one\nline two\n\n")
    report = execute(
        from_yaml(READS),
        tmp_path,
        environment={"MY_TOKEN": "tok-123"},
        stream=stream,
    )
    statuses = [step.status for step in report.outcome.steps.values()]
    assert statuses[:3] == ["failed", "succeeded", "failed"]
    both = "tok-123+line one\nline two"
    seen = (tmp_path / "work/seen").read_text()
    assert seen == f"{both} tok-123 line one\nline two"
    assert report.outcome.outputs["A"] == "*** ***"
    texts = {
        "stderr": stream.getvalue(),
        "table": summary(report),
        "report": json.dumps(report_json(report)),
        **{
            str(path): path.read_text()
            for path in report.folder.rglob("*")
            if path.is_file()
        },
    }
    assert len(texts) > 15
    for name, text in texts.items():
        for secret in ("tok-123", "line one", "line two"):
            assert secret not in text, name
    assert "  | err ***" in stream.getvalue()


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        pytest.param(
            "{name: S, provider: env, key: NONE}",
            "secret `S`: the environment variable `NONE` is not set",
            id="env",
        ),
        pytest.param(
            "{name: S, provider: file, key: none}",
            "secret `S`: no such file or directory `{}/none`",
            id="file",
        ),
        pytest.param(
            "{name: S, provider: file, key: binary}",
            "secret `S`: `{}/binary` is no text",
            id="binary",
        ),
        pytest.param(
            "{name: S, provider: file, key: nul}",
            "secret `S`: `{}/nul` is no text",
            id="nul",
        ),
        pytest.param(
            "{name: S, provider: file, key: pipe}",
            "secret `S`: `{}/pipe` is no file",
            id="pipe",
        ),
    ],
)
def test_a_secret_that_cannot_be_read(
    secret: str, message: str, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "binary").write_bytes(b"\xff")
    (work / "nul").write_bytes(b"a\0b")
    os.mkfifo(work / "pipe")  # to read it would take for ever
    message = message.format(work)
    handlers = "handlerOn: {failure: {command: echo}, exit: {command: echo}}"
    text = f"secrets: [{secret}]\nsteps: [{{name: a, command: echo}}]\n{handlers}\n"
    stream = io.StringIO()
    report = execute(from_yaml(f"name: flow\n{text}"), tmp_path, stream=stream)
    assert (report.outcome.status, report.outcome.exit_code) == ("failed", 1)
    assert report.outcome.steps["a"].status == "aborted"
    assert list(report.outcome.handlers) == ["failure", "exit"]
    assert f"  | wfc: {message}" in stream.getvalue().splitlines()
    # And in a call.
    calls = f"name: flow\nsteps: [{{name: c, run: kid}}]\n---\nname: kid\n{text}"
    report = execute(from_yaml(calls), tmp_path)
    assert report.outcome.steps["c"].exit_code == 1
    err = (report.folder / "steps/c/1.err").read_text()
    assert err == f"wfc: workflow `kid`: {message}\n"


def test_what_is_printed_too_late_or_too_early_is_masked(tmp_path: Path) -> None:
    text = """
        name: flow
        steps:
          - {name: early, command: echo "$THE_TOKEN"}
          - {name: late, command: '(sleep 0.2; echo "late $THE_TOKEN") & echo'}
          - {name: call, run: kid}
        ---
        name: kid
        secrets: [{name: TOKEN, provider: env, key: THE_TOKEN}]
        steps: [{name: wait, command: sleep 0.5}]
    """
    flow = from_yaml(text)
    report = execute(flow, tmp_path, environment={"THE_TOKEN": "tok-123"})
    steps = report.folder / "steps"
    assert (steps / "early/1.out").read_text() == "***\n"
    assert (steps / "late/1.out").read_text() == "\nlate ***\n"
