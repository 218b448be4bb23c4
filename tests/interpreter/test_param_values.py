"""Params with types as steps and calls see them."""

from pathlib import Path

import pytest
from resolved import execute, from_yaml

TYPES = """
params:
  - {name: N, type: integer, default: 1.0}
  - {name: F, type: number, default: 1e3}
  - {name: B, type: boolean, default: true}
  - {name: S, default: 1.0, minLength: 1}
  - {name: L, type: array, default: [b, "a b", 3]}
  - {name: C, type: object, default: {n: 5, inner: {x: [1, 2]}}}
  - {name: O, type: integer}
  - {name: SUM, type: integer, default: "$<N + 1>"}
env:
  - TOTAL: $<N + F>
steps:
"""


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("$N $F $B $S $SUM $TOTAL", "1 1000 true 1.0 2 1001"),
        ("'${L}' '${C}'", '["b","a b",3] {"n":5,"inner":{"x":[1,2]}}'),
        ("$<N + F>", "1001"),
        ("$<(B ? 'yes' : 'no')>", "yes"),
        ("$<S + '0'>", "1.00"),
        ("${C.n} $<C.n + 1> ${C.inner.x[1]} ${L[2]}", "5 6 2 3"),
        ("$<len(L)> $<('a b' in L)>", "3 true"),
        ("$<(O == '')> [${O:-none}]", "true [none]"),
        ("$((N + SUM))", "3"),
    ],
)
def test_what_a_step_sees(tmp_path: Path, text: str, printed: str) -> None:
    step = f"  - name: a\n    output: OUT\n    script: |\n      echo {text}\n"
    report = execute(from_yaml(TYPES + step), tmp_path)
    assert report.outcome.steps["a"].status == "succeeded"
    assert report.outcome.outputs == {"OUT": printed}


def test_a_list_is_what_a_fan_out_goes_over(tmp_path: Path) -> None:
    step = """\
  - name: a
    parallel: ${L}
    command: echo "<$ITEM>"
    output: OUT
"""
    report = execute(from_yaml(TYPES + step), tmp_path)
    assert '"outputs":["<b>","<a b>","<3>"]' in report.outcome.outputs["OUT"]


def test_a_reference_in_a_map_keeps_the_type(tmp_path: Path) -> None:
    text = """
params:
  - {name: N, type: integer, default: 5}
  - {name: C, type: object, properties: {n: {type: integer}}, default: {n: "${N}"}}
steps:
  - {name: a, command: "echo '${C}'", output: A}
  - {name: b, parallel: [{n: "${N}"}], command: "echo $<ITEM.n + 1>", output: B}
"""
    outputs = execute(from_yaml(text), tmp_path).outcome.outputs
    assert outputs["A"] == '{"n":5}'
    assert '"outputs":["6"]' in outputs["B"]


CALL = """
params:
  - GIVEN: x
steps:
  - name: call
    run: child
    params: {PARAMS}
    output: R
---
name: child
params:
  - {name: N, type: integer, minimum: 1, required: true}
  - {name: M, type: integer, default: 2, maximum: 3}
steps:
  - {name: a, command: "echo $<N + M>", output: SUM}
"""


def test_a_call_passes_texts(tmp_path: Path) -> None:
    text = CALL.replace("{PARAMS}", "{N: '${GIVEN}'}").replace("GIVEN: x", "GIVEN: 4.0")
    report = execute(from_yaml(text), tmp_path)
    assert report.outcome.outputs["R"] == (
        '{"name":"child","params":{"N":"4","M":"2"},"status":"succeeded",'
        '"outputs":{"SUM":"6"}}'
    )


@pytest.mark.parametrize(
    ("params", "reasons"),
    [
        ("{N: '${GIVEN}'}", ["param `N` is `x`, but must be a whole number"]),
        (
            "{N: '0${GIVEN}', M: '4${EMPTY}'}",
            [
                "param `N` is `0x`, but must be a whole number",
                "param `M` is `4`, but must be at most 3",
            ],
        ),
    ],
)
def test_a_call_with_values_that_do_not_fit(
    tmp_path: Path, params: str, reasons: list[str]
) -> None:
    report = execute(from_yaml(CALL.replace("{PARAMS}", params)), tmp_path)
    steps = report.outcome.steps
    assert (steps["call"].status, steps["call"].exit_code) == ("failed", 1)
    assert steps["call/a"].status == "aborted"
    told = (Path(report.steps["call"].log) / "1.err").read_text()
    for reason in reasons:
        assert reason in told


def test_an_item_that_does_not_fit(tmp_path: Path) -> None:
    text = """
steps:
  - name: each
    parallel: [{N: 1}, {N: x}, {M: 1}]
    run: child
    output: R
---
name: child
params: [{name: N, type: integer, required: true}]
steps: [{name: a, command: "echo $<N + 1>", output: SUM}]
"""
    report = execute(from_yaml(text), tmp_path)
    assert report.outcome.steps["each"].status == "failed"
    assert '"succeeded":1,"failed":2' in report.outcome.outputs["R"]
    assert '"outputs":[{"SUM":"2"}]' in report.outcome.outputs["R"]


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    text = """
secrets: [{name: KEY, provider: env, key: KEY}]
steps: [{name: call, run: child, params: {N: "${KEY}"}}]
---
name: child
params: [{name: N, type: integer}]
steps: []
"""
    secret = "a-long-secret-" * 10
    report = execute(from_yaml(text), tmp_path, environment={"KEY": secret})
    assert report.outcome.steps["call"].status == "failed"
    for path in report.folder.rglob("*"):
        if path.is_file():
            assert "a-long-secret" not in path.read_text(), path
    assert "`***`" in (Path(report.steps["call"].log) / "1.err").read_text()
