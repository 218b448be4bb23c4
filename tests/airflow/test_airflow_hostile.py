"""Values that look like something to Jinja, to Airflow, to Python or to bash arrive as
they are: each workflow comes to the same in Airflow as by the interpreter, and nothing of
it is evaluated.
"""

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from backends.airflow import BACKEND
from backends.airflow.dag_test import ENGINE
from compiler import interpreter
from compiler.diagnostics import has_errors
from compiler.outcome import Outcome, differences
from compiler.pipeline import back_end, front_end
from compiler.source import Source

pytestmark = pytest.mark.usefixtures("airflow", "jq")

VALUES = {
    "jinja": "{{ 1/0 }} {{ params.P }} {{ '{{' }}",
    "jinja-block": "{% raw %} {% for x in y %} {%- endraw -%}",
    "jinja-comment": "${#a[@]} {# gone #} n=${#a[@]} #} tail",
    "template-file": "./run.sh",
    "class": '{"__classname__": "os.system", "__version__": 1, "__data__": "touch pwned"}',
    "type": '{"__type": "datetime", "__var": 1}',
    "hidden": "\x1asecret:P\x1a \\u001asecret:P\\u001a",
    "format": "%s %(x)d {0} {x!r} {} \\N{DASH}",
    "triple": '\'\'\'""" \\""" ""',
    "ends-with-quotes": '\n"""\n""',
    "ends-with-a-backslash": "a\nb\\",
    "python": "\\u0027 \\x41 __import__('os').system('touch pwned')",
    "double-quote": '"; touch pwned; "',
    "single-quote": "'; touch pwned; '",
    "substitution": "$(touch pwned) `touch pwned` $((1)) $",
    "lines": "one\n\n  two\r\n\tthree \n\n",
    "yaml": "a: [b, {c: d}] # no\n--- |\n- *x",
    "letters": "é ß \u2028 \x85 \U0001f600 \ufeff",
    "controls": "a\x01\x1b[31m\x7f\x0c",
    "options": "-n --help -",
    "json": '{"a": "b\\n\\u0000"}',
    "empty": "",
    "number": "0123",
    "none": "None",
}


def both(
    text: str, tmp_path: Path, words: list[str], env: Mapping[str, str] | None = None
) -> Outcome:
    """The outcome in Airflow, which is that of the interpreter."""
    checked = front_end(Source("hostile.yaml", text))
    assert checked.program is not None, checked.diagnostics
    files, found = back_end(checked.program, checked.sources, BACKEND)
    assert not has_errors(found), found
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **(env or {})}
    for name in ("dags", "here", "there"):
        (tmp_path / name).mkdir()
    here = interpreter.run(
        checked.program,
        values=dict(word.split("=", 1) for word in words),
        arguments=[],
        work_dir=tmp_path / "here",
        home=tmp_path / "home",
        progress=interpreter.Quiet(io.StringIO()),
        environment=environment,
    ).outcome
    file = tmp_path / "dags" / files[0].path
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
    preconditions: [{condition: "${P}x", expected: "re:x$"}]
    output: ONLY
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
def test_given(value: str, tmp_path: Path) -> None:
    outcome = both(GIVEN, tmp_path, [f"P={value}"])
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
    printable = "".join(it for it in value if it.isprintable())
    name = " ".join(printable.split())[:40] or "empty"
    line = value.split("\n")[0]
    quoted = "'" + written(value.replace("$", "")).replace("'", "'\\''") + "'"
    document = {
        "name": "written",
        "description": value,
        "tags": [name],
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
                "command": f'printf "%s" "$E$P$OWN$1" {quoted}',
                "env": [{"OWN": constant}],
                "preconditions": [{"condition": "${P}", "expected": line}],
                "output": "B",
            },
            {
                "name": "c",
                "command": 'printf "%s" "$ITEM"',
                "parallel": [constant, "x"],
                "retryPolicy": {"limit": 1, "intervalSec": 0},
                "output": "C",
            },
            {
                "name": "d",
                "depends": [f"a {name}", "c"],
                "script": "#!/usr/bin/env python3\nprint(" + repr(name) + ")\n",
                "continueOn": {"output": [line or "x"]},
                "output": "D",
            },
        ],
        "handlerOn": {"exit": {"command": f"printf '%s' {quoted}"}},
    }
    assert both(json.dumps(document), tmp_path, []).status == "succeeded"


@pytest.mark.parametrize(
    "value", ["k", "a'b\"c", "two\nlines", "{{ 1/0 }}", "a\\b", "é"]
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


@pytest.mark.parametrize("size", [60_000, 130_000, 1_000_000])
def test_big(size: int, tmp_path: Path) -> None:
    param = "p" * 200_000 + "{{ 1/0 }}"
    outcome = both(BIG.replace("{size}", str(size)), tmp_path, [f"P={param}"])
    assert outcome.outputs["B"] == str(size)
    assert outcome.outputs["E"] == param
    if size < 1_000_000:  # else the list is above what an output may hold
        counts = json.loads(outcome.outputs["D"])["outputs"]
        assert counts == [str(size), str(len(param)), "1"]
