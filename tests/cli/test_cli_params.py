"""Params with a schema, as `wfc run` and `wfc compile` set them."""

import json
from pathlib import Path

import pytest
from commands import Wfc, write

TYPED = """\
params:
  type: object
  properties:
    N: {type: integer, minimum: 1, default: 3}
    MODE: {enum: [fast, slow], default: fast}
    TO: {type: string, pattern: "^[a-z]+$"}
    CFG: {type: object, properties: {port: {maximum: 9}}, default: {port: 1}}
    RATE: {type: number}
  required: [RATE]
steps:
  - name: say
    command: echo "$<N + 1> $N $MODE [$TO] ${CFG.port} $CFG $<RATE + 1>"
    output: SAID
"""


def said(report: str = "report.json") -> str:
    outcome = json.loads(Path(report).read_text())["outcome"]
    return str(outcome["outputs"]["SAID"])


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (("RATE=1",), '4 3 fast [] 1 {"port":1} 2'),
        (("RATE=0.50", "N=2.0"), '3 2 fast [] 1 {"port":1} 1.5'),
        (("RATE=1", "TO=me", "MODE=slow"), '4 3 slow [me] 1 {"port":1} 2'),
        (
            ("RATE=1", 'CFG={"port": 2, "b": "x y"}'),
            '4 3 fast [] 2 {"port":2,"b":"x y"} 2',
        ),
    ],
    ids=str,
)
def test_values_that_fit(wfc: Wfc, words: tuple[str, ...], printed: str) -> None:
    write("typed.yaml", TYPED)
    result = wfc("run", "typed.yaml", "--report", "report.json", *words)
    assert result.code == 0, result.err
    assert said() == printed


def test_all_that_does_not_fit_is_told_at_once(wfc: Wfc) -> None:
    write("typed.yaml", TYPED)
    words = ("N=0", "MODE=quick", "TO=A1", 'CFG={"port": 10}', "NN=1")
    result = wfc("run", "typed.yaml", *words)
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [
        "wfc: error[WFC212]: unknown param `NN`: did you mean `N`?",
        "wfc: error[WFC223]: param `N` is `0`, but must be at least 1 (typed.yaml:4:5)",
        "wfc: error[WFC223]: param `MODE` is `quick`, but must be one of `fast`, `slow` "
        "(typed.yaml:5:5)",
        "wfc: error[WFC223]: param `TO` is `A1`, but must match `^[a-z]+$` "
        "(typed.yaml:6:5)",
        'wfc: error[WFC223]: param `CFG` is `{"port": 10}`, but `CFG.port` must be at '
        "most 9 (typed.yaml:7:5)",
        "wfc: error[WFC223]: param `RATE` has no value, but must be a number "
        "(typed.yaml:8:5)",
    ]
    assert not Path("wfc-home").exists()


def test_params_from_json(wfc: Wfc) -> None:
    write("typed.yaml", TYPED)
    write("p.json", '{"N": 7, "RATE": 1.5, "CFG": {"port": 2}, "TO": "you"}')
    words = ("--params-json", "p.json", "--report", "report.json")
    assert wfc("run", "typed.yaml", *words).code == 0
    assert said() == '8 7 fast [you] 2 {"port":2} 2.5'
    result = wfc("run", "typed.yaml", *words, "N=x")
    assert result.code == 2
    assert "param `N` is `x`, but must be a whole number" in result.err
    write("p.json", '{"N": [7], "RATE": null}')
    result = wfc("run", "typed.yaml", *words)
    assert result.code == 2
    assert "param `N` is `[7]`" in result.err
    assert "param `RATE` is `null`" in result.err


def test_a_schema_in_a_file(wfc: Wfc) -> None:
    write("flows/params/n.json", '{"properties": {"N": {"type": "integer"}}}')
    text = "params: {schema: params/n.json, values: {N: 1}}\n"
    steps = "steps:\n  - name: say\n    command: echo $<N + 1>\n    output: SAID\n"
    write("flows/w.yaml", text + steps)
    result = wfc("run", "flows/w.yaml", "--report", "report.json", "N=4")
    assert result.code == 0, result.err
    assert said() == "5"
    result = wfc("run", "flows/w.yaml", "N=a")
    assert result.code == 2
    assert "(flows/w.yaml:1:42)" in result.err  # its default
    write("flows/caller.yaml", "steps: [{name: a, run: w, params: {N: b}}]\n")
    result = wfc("lint", "flows/caller.yaml")
    assert "error[WFC223]: param `N` is `b`" in result.out + result.err
    Path("flows/params/n.json").unlink()
    result = wfc("lint", "flows/w.yaml")
    assert result.code == 1
    assert (
        "error[WFC111]: there is no file `flows/params/n.json`"
        in result.out + result.err
    )


def test_a_schema_beside_stdin(wfc: Wfc) -> None:
    write("n.yaml", "properties: {N: {type: integer}}\n")
    text = "params: {schema: n.yaml}\nsteps: []\n"
    result = wfc("run", "-", "N=a", stdin=text)
    assert result.code == 2
    assert "param `N` is `a`, but must be a whole number (<stdin>:1:18)" in result.err


@pytest.mark.parametrize("option", ["-p", "--bind"])
def test_a_compilation_sets_values_that_fit(wfc: Wfc, option: str) -> None:
    write("typed.yaml", TYPED)
    given = (option, "N=0", option, "RATE=x", option, "MODE=slow")
    result = wfc("compile", "typed.yaml", "-t", "shell", *given)
    assert result.code == 2
    assert result.err.splitlines() == [
        "wfc: error[WFC223]: param `N` is `0`, but must be at least 1 (typed.yaml:4:5)",
        "wfc: error[WFC223]: param `RATE` is `x`, but must be a number (typed.yaml:8:5)",
    ]
    result = wfc("compile", "typed.yaml", "-t", "shell", option, "N=2")
    assert "WFC223" not in result.err


def test_a_value_that_is_known_in_the_run_only(wfc: Wfc) -> None:
    """It is checked when it is there, and no step begins."""
    write(
        "late.yaml",
        """\
params:
  - {name: N, type: integer, default: "`echo 0`", minimum: 1}
  - {name: M, type: integer, default: "${N}", minimum: 2}
steps:
  - {name: a, command: touch began}
handlerOn:
  failure: {command: touch told}
""",
    )
    result = wfc("run", "late.yaml")
    assert result.code == 1
    for words in (
        "`N` is `0`, but must be at least 1",
        "`M` is `0`, but must be at least 2",
    ):
        assert words in result.err
    assert not Path("began").exists()
    assert Path("told").exists()
    assert wfc("run", "late.yaml", "N=2").code == 0
