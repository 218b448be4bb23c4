"""Secrets in scripts: steps see them, what is left behind does not."""

from pathlib import Path

import pytest
from shell.scripts import run, start, written

WORKFLOW = """
    secrets:
      - {name: TOKEN, provider: env, key: APP_TOKEN}
      - {name: CERT, provider: file, key: cert.pem}
    params: [{URL: "x/${TOKEN}"}, {HASH: "`printf %s \\"$TOKEN\\" | wc -c`"}]
    steps:
      - name: a
        command: |
          printf 'a\\0%s\\0b' "$TOKEN"; echo "err $TOKEN" >&2
          printf '%s' "$URL|$HASH" > seen
      - {name: b, command: 'printf "%s" "$CERT" | tee cert.seen', output: B}
      - {name: c, run: kid, params: {P: "${TOKEN}"}, output: C}
      - {name: d, parallel: ["${TOKEN}", plain], command: 'echo "$ITEM" | tee -a items.seen', output: D}
      - {name: e, preconditions: ['echo "$TOKEN"; false'], command: "true"}
      - {name: f, command: 'echo "$TOKEN"; exit 3', depends: d}
    ---
    name: kid
    params: [{P: ""}]
    steps:
      - {name: k, command: 'printf "%s" "<$P>"', output: K}
"""
TOKEN = 'to"ken \\ é*$x'
CERT = "-----BEGIN-----\nab\nline & one\n"


def _left(folder: Path, needle: str) -> list[str]:
    return [
        str(it.relative_to(folder))
        for it in folder.rglob("*")
        if it.is_file() and needle.encode() in it.read_bytes()
    ]


def test_no_file_holds_a_secret(tmp_path: Path, jq: Path) -> None:
    (tmp_path / "cert.pem").write_text(CERT)
    script, home = written(WORKFLOW, tmp_path), tmp_path / "home"
    report = tmp_path / "report.json"
    process = start(
        script,
        "--report",
        str(report),
        home=home,
        environment={"APP_TOKEN": TOKEN},
    )
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    length = len(TOKEN.encode())
    assert (tmp_path / "seen").read_text() == f"x/{TOKEN}|{length}"
    assert (tmp_path / "cert.seen").read_text() == CERT.rstrip("\n")
    assert (tmp_path / "items.seen").read_text() == f"{TOKEN}\nplain\n"
    for needle in (TOKEN, "ken \\\\ é*$x", "BEGIN", "line & one"):
        assert _left(home, needle) == []
        for text in (out, err, report.read_bytes()):
            assert needle.encode() not in text
    (folder,) = home.glob("runs/*/*")
    assert (folder / "steps/a/1.out").read_bytes() == b"a\0***\0b"
    assert (folder / "steps/a/1.err").read_text() == "err ***\n"
    assert list(folder.rglob(".secrets")) == []
    text = (folder / "outcome.json").read_text()
    assert '"B": "***"' in text
    assert "<***>" in text


def test_a_secret_that_is_not_there(tmp_path: Path) -> None:
    outcome, folder = run(WORKFLOW, tmp_path)
    assert outcome.status == "failed"
    assert {it.status for it in outcome.steps.values()} == {"aborted"}
    said = (folder / "inputs.err").read_text()
    assert (
        said == "wfc: secret `TOKEN`: the environment variable `APP_TOKEN` is not set\n"
    )


@pytest.mark.parametrize("content", [b"a\0b", b"\xff", None])
def test_a_file_that_is_no_secret(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "cert.pem").write_bytes(content)
    _, folder = run(WORKFLOW, tmp_path, environment={"APP_TOKEN": "token"})
    said = (folder / "inputs.err").read_text()
    reason = "no such file or directory" if content is None else "is no text"
    assert said.startswith("wfc: secret `CERT`: ")
    assert reason in said
