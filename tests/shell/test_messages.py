"""What a script and the interpreter say where a value cannot be had: the same."""

import json
import sys
import textwrap
from pathlib import Path

import pytest
from shell.scripts import SURROUNDINGS, run

from compiler.interpreter import Lines
from compiler.interpreter import run as interpret
from compiler.pipeline import front_end
from compiler.source import Source

FAILURES = {
    "a path": ("${J.nope}", "no value for ${J.nope}"),
    "no JSON": ("${T.x}", "no value for ${T.x}: the value of `T` is not JSON"),
    "zeros": (
        "${ZEROS.x}",
        "no value for ${ZEROS.x}: the value of `ZEROS` is not JSON",
    ),
    "a field": (
        "${make.output.x}",
        "no value for ${make.output.x}: the value of `make.output` is not JSON",
    ),
    "a sum": ("$<T + fromJSON(ONE)>", "`+` cannot add a text and a number"),
    "lists": ("$<fromJSON(L) + fromJSON(L)>", "`+` cannot add a list and a list"),
    "an order": (
        "$<fromJSON(J) < fromJSON(NULL)>",
        "`<` cannot compare an object with null",
    ),
    "a boolean": ("$<!fromJSON(J)>", "`!` takes true or false, not an object"),
    "a number": ("$<-fromJSON(NULL)>", "`-` takes a number, not null"),
    "a text": ("$<lower(fromJSON(L))>", "`lower` takes a text, not a list"),
    "in a text": ("$<fromJSON(L) in T>", "`in` cannot look for a list in a text"),
    "in an object": (
        "$<T in fromJSON(J)>",
        "`in` looks in a text or a list, not in an object",
    ),
    "a length": (
        "$<len(fromJSON(NULL))>",
        "`len` takes a text, a list or an object, not null",
    ),
    "a list": ("$<join(fromJSON(J), T)>", "`join` takes a list, not an object"),
    "a separator": (
        "$<split(T, EMPTY)>",
        "`split` takes a separator that is not empty",
    ),
    "leading zeros": ("$<fromJSON('01')>", "not JSON"),
    "no fraction": ("$<fromJSON(POINT)>", "not JSON"),
}
VALUES = {
    "no line ends": ("$<matches(LINES, HEAD)>", "false"),
    "ends": ("$<matches(T, ENDS)>", "true"),
    "a class": ("$<matches(T, CLASS)>", "true"),
    "digits": ("$<matches('٣', DIGITS)>", "false"),
    "no escapes": ("$<matches('^$', ESCAPED)>", "true"),
    "a text of digits": (
        "$<fromJSON('[10, -0.5, 1e2, \"01 1.\"]')>",
        '[10,-0.5,100,"01 1."]',
    ),
}
PARAMS = {
    "J": '{"a": 1}',
    "L": "[1]",
    "T": "text",
    "NULL": "null",
    "EMPTY": "",
    "ONE": "1",
    "ZEROS": '{"x": 01}',
    "POINT": "[1.]",
    "LINES": "a\nb",
    "HEAD": "^b",
    "ENDS": "^t.*t$",
    "CLASS": "[^$]",
    "DIGITS": "[\\d]|\\d",
    "ESCAPED": "^\\^\\$$",
}


def _workflow() -> str:
    steps = [
        {"name": f"s{at}", "depends": "make", "env": [{"X": text}], "command": "true"}
        for at, (text, _) in enumerate(FAILURES.values())
    ]
    steps += [
        {
            "name": f"v{at}",
            "depends": "make",
            "command": ["printf", "%s", text],
            "output": f"V{at}",
        }
        for at, (text, _) in enumerate(VALUES.values())
    ]
    steps.append({"name": "number", "depends": "make", "command": "echo $((T + 1))"})
    made = {"name": "make", "command": "echo made", "output": "MADE"}
    form = {
        "name": "w",
        "type": "graph",
        "params": [{name: value} for name, value in PARAMS.items()],
        "steps": [made, *steps],
    }
    return json.dumps(form)


@pytest.fixture(scope="module", params=["script", "interpreter"])
def folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, jq: Path
) -> Path:
    """The folder of a run of all of them."""
    base = tmp_path_factory.mktemp(str(request.param))
    if request.param == "script":
        return run(_workflow(), base)[1]
    checked = front_end(Source("w.yaml", textwrap.dedent(_workflow())))
    assert checked.program is not None, checked.diagnostics
    report = interpret(
        checked.program,
        values={},
        arguments=(),
        work_dir=base,
        home=base / "home",
        progress=Lines(sys.stderr),
        environment=SURROUNDINGS,
    )
    return report.folder


@pytest.mark.parametrize("at", range(len(FAILURES)), ids=list(FAILURES))
def test_a_failure(at: int, folder: Path) -> None:
    said = (folder / f"steps/s{at}/1.err").read_text("utf-8")
    assert list(FAILURES.values())[at][1] in said


def test_arithmetic(folder: Path) -> None:
    said = (folder / "steps/number/1.err").read_text("utf-8")
    assert said.endswith(
        "`T` is used in arithmetic and must be a whole number, but is `text`\n"
    )


@pytest.mark.parametrize("at", range(len(VALUES)), ids=list(VALUES))
def test_a_value(at: int, folder: Path) -> None:
    outcome = json.loads((folder / "outcome.json").read_text("utf-8"))
    value = list(VALUES.values())[at][1]
    err = (folder / f"steps/v{at}/1.err").read_text("utf-8")
    assert outcome["outputs"].get(f"V{at}") == value, err
