"""Random workflows come to the same outcome in the interpreter and as every target."""

import importlib
import io
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running import BACKENDS

from compiler import interpreter
from compiler.outcome import differences, misordered
from compiler.pipeline import back_end, front_end
from compiler.source import Source

VALUES = st.one_of(
    st.sampled_from(
        ["", "a", "a b", "*", "$(touch pwned)", "`id`", "it's", '"', "{{ x }}"]
    ),
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
    ),
)
COMMANDS = [
    "true",
    "exit 3",
    'echo "$P"',
    "printf '%s' '${P}'; exit 7",
    "echo one; echo two",
    "echo '$<(len(P) > 2)>'",
    "echo $<upper(P)> | cat",
]


@st.composite
def steps(draw: st.DrawFn, place: int) -> dict[str, object]:
    """A step named s<place> that depends on some of the earlier ones."""
    before = draw(st.sets(st.integers(0, place - 1), max_size=3)) if place else set()
    commands = list(COMMANDS)
    for other in before:
        commands += [
            f'echo "${{X{other}}}"',
            f'echo "<${{X{other}:-none}}>"',
            f"echo '${{s{other}.exitCode:-0}} ${{s{other}.output:-}}'",
        ]
    step: dict[str, object] = {
        "name": f"s{place}",
        "command": draw(st.sampled_from(commands)),
        "depends": [f"s{other}" for other in sorted(before)],
        "output": f"X{place}",
    }
    if draw(st.integers(0, 3)) == 0:
        step["preconditions"] = [
            {
                "condition": draw(
                    st.sampled_from(["${P}", *(f"${{X{it}:-}}" for it in before)])
                ),
                "expected": draw(st.sampled_from(["a", "re:^.*$", "re:two|<", ""])),
                "negate": draw(st.booleans()),
            }
        ]
    if draw(st.integers(0, 2)) == 0:
        step["continueOn"] = draw(
            st.sampled_from(
                [
                    {"failure": True},
                    {"skipped": True},
                    {"exitCode": [3]},
                    {"output": "one"},
                    {"failure": True, "markSuccess": True},
                ]
            )
        )
    if draw(st.integers(0, 4)) == 0:
        step["retryPolicy"] = {"limit": 1, "intervalSec": 0, "exitCode": [7]}
    return step


@st.composite
def workflows(draw: st.DrawFn) -> dict[str, object]:
    count = draw(st.integers(1, 6))
    workflow: dict[str, object] = {
        "name": "random",
        "type": "graph",
        "params": [{"P": draw(VALUES.filter(lambda it: not set(it) & set("$`")))}],
        "steps": [draw(steps(place)) for place in range(count)],
    }
    if draw(st.booleans()):
        workflow["maxActiveSteps"] = draw(st.integers(1, 3))
    kinds = draw(st.sets(st.sampled_from(["success", "failure", "exit"])))
    workflow["handlerOn"] = {
        kind: {"command": f'echo "{kind} $DAG_RUN_STATUS $X0"'} for kind in kinds
    }
    return workflow


@pytest.mark.parametrize("target", BACKENDS)
@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(workflow=workflows(), given_value=VALUES)
def test_same_outcome(
    target: str, workflow: dict[str, object], given_value: str
) -> None:
    source = Source("random.yaml", json.dumps(workflow))
    checked = front_end(source)
    assert checked.program is not None, (source.text, checked.diagnostics)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "here").mkdir()
        (root / "there").mkdir()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "WFC_HOME": f"{folder}/wfc",
        }
        expected = interpreter.run(
            checked.program,
            values={"P": given_value},
            arguments=[],
            work_dir=root / "here",
            home=root / "wfc",
            progress=interpreter.Quiet(io.StringIO()),
            environment=environment,
        ).outcome
        files, _ = back_end(checked.program, checked.sources, BACKENDS[target])
        script = root / files[0].path
        script.write_text(files[0].text, encoding="utf-8")
        got = importlib.import_module(f"backends.{target}.engine").run(
            script,
            words=[f"P={given_value}"],
            work_dir=root / "there",
            environment=environment,
            seconds=60,
        )
        assert differences(expected, got) == [], source.text
        edges = [
            (edge.step, step.name)
            for step in checked.program.main.steps
            for edge in step.edges
        ]
        assert misordered(expected, edges) == misordered(got, edges) == []
        assert not (root / "here" / "pwned").exists()
        assert not (root / "there" / "pwned").exists()
