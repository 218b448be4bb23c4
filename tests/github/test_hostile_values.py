"""Values that look like something to GitHub, to bash or to YAML arrive as they are: each
workflow comes to the same on act as by the interpreter, and nothing of it is evaluated.
"""

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from backends.github import BACKEND
from backends.github.engine import ENGINE
from compiler import interpreter
from compiler.diagnostics import has_errors
from compiler.outcome import Outcome, differences
from compiler.pipeline import back_end, front_end
from compiler.source import Source

pytestmark = pytest.mark.usefixtures("act")

VALUES = {
    "expression": "${{ secrets.TOKEN }} ${{ github.actor }}",
    "unclosed-expression": "${{ '",
    "closed-before": "}} ${{ '}}' }}",
    "command": "::set-output name=status::failed",
    "commands": "::error::no\n::stop-commands::x\n##[error]no\n::add-mask::a",
    "environment-file": "status=failed\nstatus<<TEXT\nfailed\nTEXT",
    "end-of-text": "a\nTEXT\nWFC\nEOF\ntouch pwned\n",
    "double-quote": '"; touch pwned; "',
    "single-quote": "'; touch pwned; '",
    "substitution": "$(touch pwned) `touch pwned` $((1)) $",
    "lines": "one\n\n  two\r\n\tthree \n\n",
    "escapes": "%0A%25 \\n \\ \\\\ \\' \\\"",
    "yaml": "a: [b, {c: d}] # no\n--- |\n- *x",
    "python": "'''\"\"\" \\u0027 __import__('os') {x} %s",
    "letters": "é ß \u2028 \U0001f600 \ufeff",
    "blanks": "  a  b  * ? [a-z] ~ ",
    "options": "-n --help -",
    "json": '{"a": "b\\n\\u0000"}',
    "empty": "",
    "number": "0123",
    "true": "true",
}


def both(
    text: str, tmp_path: Path, words: list[str], env: Mapping[str, str] | None = None
) -> Outcome:
    """The outcome on act, which is that of the interpreter."""
    checked = front_end(Source("hostile.yaml", text))
    assert checked.program is not None, checked.diagnostics
    files, found = back_end(checked.program, checked.sources, BACKEND)
    assert not has_errors(found), found
    values = dict(word.split("=", 1) for word in words)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        **(env or {}),
    }
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    here = interpreter.run(
        checked.program,
        values=values,
        arguments=[],
        work_dir=tmp_path / "here",
        home=tmp_path / "home",
        progress=interpreter.Quiet(io.StringIO()),
        environment=environment,
    ).outcome
    file = tmp_path / "emitted.yml"
    file.write_text(files[0].text, "utf-8")
    there = ENGINE.run(
        file,
        program=checked.program,
        words=words,
        work_dir=tmp_path / "there",
        environment=environment,
        seconds=120,
    )
    assert differences(here, there) == []
    assert not [*tmp_path.rglob("pwned")]
    return there


GIVEN = """\
name: given
params: [P: nothing]
env: [E: "<${P}>"]
steps:
  - name: says
    command: printf '%s' "${P}${E}"
    output: SAID
  - name: lists
    command: |
      jq -cn --arg v "$P" '[$v, {v: $v}, "plain"]'
    output: LIST
  - name: each
    parallel: "${LIST}"
    command: printf '%s' "$ITEM"
    env: [OWN: "${SAID}"]
    output: EACH
  - name: only
    command: printf '%s' '${EACH.outputs[0]}' "${SAID}"
    preconditions: [{condition: "${P}", expected: "${EXPECTED}"}]
  - name: calls
    run: kid
    params: {Q: "${SAID}"}
    output: CALL
    depends: each
  - name: shows
    command: printf '%s' "${CALL.outputs.R}"
    output: SHOWN
handlerOn:
  exit:
    command: printf '%s' "$SHOWN"
---
name: kid
params: [Q: ""]
steps:
  - {name: k, command: 'printf "%s" "$Q"; exit 4', continueOn: {failure: true}, output: R}
  - {name: l, command: 'printf "%s" "${R}"'}
"""


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.usefixtures("jq")
def test_given(value: str, tmp_path: Path) -> None:
    text = GIVEN.replace(
        '    preconditions: [{condition: "${P}", expected: "${EXPECTED}"}]\n', ""
    )
    outcome = both(text, tmp_path, [f"P={value}"])
    said = f"{value}<{value}>".strip(" \t\n\v\f\r")
    assert outcome.outputs["SAID"] == outcome.outputs["SHOWN"] == said
    assert outcome.status == "partially_succeeded"


# In the file itself: a value of YAML is written as it is, but for what is wfc's own.
def written(value: str) -> str:
    for mark in ("${", "$<"):
        value = value.replace(mark, f"${mark}")
    return value.replace("`", "'")


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_written(value: str, tmp_path: Path) -> None:
    constant = written(value)
    name = " ".join(value.replace("\ufeff", "").split())[:40] or "empty"
    document = {
        "name": "written",
        "description": value,
        "params": [{"P": constant}],
        "env": [{"E": constant}],
        "type": "graph",
        "steps": [
            {
                "name": f"a {name}",
                "id": "a",
                "description": value,
                "command": ["printf", "%s", constant],
                "output": "A",
            },
            {
                "name": "b",
                "command": 'printf "%s" "$E$P$OWN$1"',
                "env": [{"OWN": constant}],
                "preconditions": [
                    {"condition": "${P}", "expected": value.split("\n")[0]},
                ],
                "output": "B",
            },
            {
                "name": "c",
                "command": 'printf "%s" "$ITEM"',
                "parallel": [constant, "x"],
                "output": "C",
            },
            {
                "name": "d",
                "depends": [f"a {name}", "c"],
                "script": "#!/usr/bin/env python3\nprint(" + repr(name) + ")\n",
                "continueOn": {"output": [value.split("\n")[0] or "x"]},
                "output": "D",
            },
        ],
    }
    assert both(json.dumps(document), tmp_path, []).status == "succeeded"


def test_in_shell_text(tmp_path: Path) -> None:
    text = """\
steps:
  - name: a
    output: A
    command: |
      echo "\\${{ github.actor }} \\${{ secrets.TOKEN }}"
      cat <<'TEXT'
      ::set-output name=status::failed
      $(touch pwned)
      TEXT
      echo '::error::no' "it's"
      printf 'status=failed\\n' >>"${GITHUB_OUTPUT:-/dev/null}"
  - name: b
    command: printf '%s' "$A"
    output: B
"""
    outcome = both(text, tmp_path, [])
    assert outcome.outputs["B"].startswith("${{ github.actor }} ${{ secrets.TOKEN }}")


@pytest.mark.parametrize(
    "value", ["k", "a'b\"c", "two\nlines", "${{ 1 }}", "::error::"]
)
def test_secrets(value: str, tmp_path: Path) -> None:
    text = """\
secrets: [{name: KEY, provider: env, key: THE_KEY}]
type: graph
steps:
  - {name: a, command: 'printf "<%s>" "$KEY"', output: A}
  - {name: b, command: 'printf "%s" "$A" "$KEY" >kept', depends: a}
  - {name: c, command: cat kept, depends: b, output: C}
"""
    outcome = both(text, tmp_path, [], {"THE_KEY": value})
    assert outcome.outputs == {"A": "<***>", "C": "<***>***"}


BIG = """\
params: [P: ""]
type: graph
steps:
  - name: a
    command: head -c {size} /dev/zero | tr '\\0' x
    output: A
  - name: b
    command: printf '%s' "$A" | wc -c | tr -d ' '
    output: B
    depends: a
  - name: c
    command: printf '["%s","%s",1]' "$A" "$P"
    output: C
    depends: b
  - name: d
    parallel: "${C}"
    command: printf '%s' "$ITEM" | wc -c | tr -d ' '
    output: D
    depends: c
  - name: e
    command: printf '%s' "$P"
    output: E
"""


@pytest.mark.parametrize("size", [60_000, 130_000])
def test_big(size: int, tmp_path: Path) -> None:
    param = "p" * 59_990 + "${{ 1 }}"
    outcome = both(BIG.replace("{size}", str(size)), tmp_path, [f"P={param}"])
    assert outcome.outputs["B"] == str(size)
    assert outcome.outputs["E"] == param
    counts = json.loads(outcome.outputs["D"])["outputs"]
    assert counts == [str(size), str(len(param)), "1"]
