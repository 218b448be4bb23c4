"""Params with a schema in a script: the same as in the interpreter, in the same words."""

import json
import shutil
import textwrap
from pathlib import Path

import pytest
from shell.scripts import SURROUNDINGS, both, run, start, text_of, written

from backends.shell import BACKEND
from compiler.pipeline import back_end, front_end
from compiler.schemas.checking import problems_of_start
from compiler.source import Source

SCHEMA = """
name: w
params:
  type: object
  properties:
    N: {type: integer, minimum: 1, exclusiveMaximum: 100, multipleOf: 3, default: 3}
    R: {type: number, maximum: 2.5, exclusiveMinimum: -1, default: 1.0}
    B: {type: boolean, default: false}
    S: {type: string, minLength: 2, maxLength: 4, pattern: "^[a-z.]+[ä€]?$", default: ab}
    E: {enum: [small, large], default: small}
    C: {const: 5, default: 5}
    L:
      type: array
      minItems: 1
      maxItems: 3
      uniqueItems: true
      prefixItems: [{type: string}]
      items: {$ref: "#/$defs/size"}
      contains: {const: 2}
      default: [x, 2]
    O:
      type: object
      properties: {a: {type: integer}, b: {$ref: "#/$defs/tree"}}
      required: [a]
      additionalProperties: false
      default: {a: 1}
    P:
      type: object
      minProperties: 1
      maxProperties: 2
      propertyNames: {pattern: "^[a-z]+$"}
      additionalProperties: {type: [integer, "null"]}
      dependentRequired: {x: [y]}
      default: {k: 1}
    X: {type: integer, anyOf: [{maximum: 3}, {minimum: 10}], default: 3}
    Y: {type: integer, oneOf: [{maximum: 5}, {minimum: 4}], default: 1}
    Z: {type: integer, not: {const: 4}, allOf: [{minimum: 2}], default: 2}
    I: {type: integer, if: {minimum: 5}, then: {maximum: 7}, else: {minimum: 2}, default: 2}
    F: {type: string}
  $defs:
    size: {type: integer, minimum: 1}
    tree: {type: object, properties: {b: {$ref: "#/$defs/tree"}, v: {type: string}}}
steps:
  - name: a
    command: echo "$N $R $B $S $E $C $L $O $P $X $Y $Z $I [$F] $<N + R> $<[B, L, O.a, C]>"
    output: A
"""
FITS = [
    {},
    {"N": "99", "R": "-5e-1", "B": "true", "S": "..ä"},
    {"N": "3.0", "R": "1.50", "E": "large", "C": "5.0", "F": "text"},
    {"L": '[ "a b", 2, 1 ]', "O": '{ "a": 7, "b": {"b": {"v": "x"}} }'},
    {"P": '{"x": null, "y": 2}', "X": "10", "Y": "6", "Z": "9", "I": "7"},
]
FAULTS = [
    *({"N": it} for it in ("0", "100", "4", "x", "1.5", "", "true", '"3"', "01")),
    *({"R": it} for it in ("2.6", "-1", "[]", "1.", "nan")),
    *({"B": it} for it in ("yes", "1", "null")),
    *({"S": it} for it in ("a", "abcde", "aB", "äa", "")),
    *({"E": it} for it in ("medium", "", "Small")),
    *({"C": it} for it in ("6", "five")),
    *(
        {"L": it}
        for it in ("[]", "{}", '["x"]', "[1, 2]", '["x", 2, 2]', '["x", 2, 0]',
                   '["x", 2, "y"]', '["x", 2, 1, 3]', "[2")
    ),
    *(
        {"O": it}
        for it in ("{}", '{"a": 1.5}', '{"a": 1, "c": 2, "d": 3}',
                   '{"a": 1, "b": {"b": {"v": 1}}}', "[]")
    ),
    *(
        {"P": it}
        for it in ("{}", '{"a": 1, "b": 2, "c": 3}', '{"A": 1}', '{"a": "x"}', '{"x": 1}')
    ),
    {"X": "5"}, {"Y": "4"}, {"Z": "4"}, {"Z": "1"}, {"I": "8"}, {"I": "1"},
    {"N": "0", "R": "x", "S": "A", "O": "{}", "F": "text"},
    {"S": "it's \"$(x)\" `y` \\n " + 70 * "x"},
]  # fmt: skip


@pytest.mark.parametrize("params", FITS, ids=json.dumps)
def test_what_fits(params: dict[str, str], tmp_path: Path, jq: Path) -> None:
    script, other = both(SCHEMA, tmp_path, params)
    assert script == other
    assert script.status == "succeeded"


def test_all_that_does_not_fit(tmp_path: Path, jq: Path) -> None:
    _refused(SCHEMA, FAULTS, tmp_path)


def _refused(workflow: str, faults: list[dict[str, str]], tmp_path: Path) -> None:
    """Each of `faults` is refused, in the words of the interpreter."""
    checked = front_end(Source("w.yaml", workflow))
    assert checked.program is not None, checked.diagnostics
    script = written(workflow, tmp_path)
    for params in faults:
        problems = problems_of_start(checked.program.main, params)
        assert problems, params
        words = [f"{name}={value}" for name, value in params.items()]
        process = start(script, *words, home=tmp_path / "home")
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (2, b""), params
        said = "".join(f"w.sh: {it.message}\n" for it in problems)
        assert err.decode() == said, params
    assert not (tmp_path / "home").exists()


PLAIN = r"""
name: w
params:
  type: object
  properties:
    N: {type: integer, minimum: 1, exclusiveMaximum: 100, default: 3}
    R: {type: number, maximum: 2.5, exclusiveMinimum: -1, default: 1.0}
    B: {type: boolean, default: false}
    S: {type: string, minLength: 2, maxLength: 4, pattern: "^[a-z.]+[ä€]?$", default: ab}
    E: {enum: [small, large], default: small}
    C: {type: integer, const: 5, default: 5}
    H: {type: integer, minimum: -123456789012345678901, enum: [0, -123456789012345678901, 1.0e+22, 7.5], default: 0}
    D: {type: number, enum: [0.1, 2], default: 2}
    M: {type: string, pattern: "a.b$|^-?\\d{2}x*", default: acb}
    F: {type: string, title: of all kinds}
  additionalProperties: false
steps:
  - name: a
    command: echo "$N $R $B $S $E $C $H $D $M [$F]"
    output: A
"""
PLAIN_FITS = [
    {},
    {"N": " 99\n", "R": "-5e-1", "B": " true", "S": "..ä", "F": "x\ny"},
    {"N": "3.0", "R": "1.50", "E": "large", "C": "5.0", "F": "text"},
    {"N": "1e1", "R": "0.000001", "C": "50e-1", "H": "1e22", "D": "1e-1"},
    {"R": "-0", "H": "-123456789012345678901", "D": "2.00", "M": "-12"},
    {"R": "1.5e-9", "H": "-0", "D": "0.1000", "M": "q\nacb"},
    {"R": "-0.99999999999", "N": "5e0"},
    {"R": "0.30000000000000004"},
    {"R": "123456789012345e-14"},
]
PLAIN_FAULTS = [
    *({"N": it} for it in ("0", "100", "x", "1.5", "", "true", '"3"', "01", "-1", "1e400",
                           "99999999999999999999", "-99999999999999999999", "+1", "1 2")),
    *({"R": it} for it in ("2.6", "-1", "[]", "1.", "nan", "2.5000001", "1e9", "1e999")),
    *({"B": it} for it in ("yes", "1", "null", "True", "")),
    *({"S": it} for it in ("a", "abcde", "aB", "äa", "", "abc\n")),
    *({"E": it} for it in ("medium", "", "Small", "small\n")),
    *({"C": it} for it in ("6", "five")),
    *({"H": it} for it in ("-123456789012345678902", "7", "7.5")),
    *({"D": it} for it in ("0.10001", "3")),
    *({"M": it} for it in ("a\nb", "x12", "")),
    {"N": "0", "R": "x", "S": "A", "F": "text"},
    {"S": "it's \"$(x)\" `y` \\n ä" + 70 * "€"},
]  # fmt: skip


@pytest.mark.parametrize("params", PLAIN_FITS, ids=json.dumps)
def test_plain_types_that_fit(params: dict[str, str], tmp_path: Path) -> None:
    script, other = both(PLAIN, tmp_path, params)
    assert script == other
    assert script.status == "succeeded"


def test_plain_types_need_no_jq(tmp_path: Path) -> None:
    assert "needs jq:" not in text_of(PLAIN)
    _refused(PLAIN, PLAIN_FAULTS, tmp_path)


def test_plain_types_of_a_callee(tmp_path: Path, jq: Path) -> None:
    kid = PLAIN.replace("name: w", "name: kid")
    for at, params in enumerate([*PLAIN_FITS[:4], {"N": "0", "R": "x"}, {"S": "B"}]):
        given = json.dumps({name: f"${{{name}}}" for name in params})
        names = json.dumps([{name: text} for name, text in params.items()])
        workflow = (
            f"params: {names}\nsteps:\n"
            f"  - {{name: a, run: kid, params: {given}, output: O}}\n---\n{kid}"
        )
        (tmp_path / str(at)).mkdir()
        script, other = both(workflow, tmp_path / str(at), {})
        assert script == other, params
        assert script.status == ("succeeded" if at < 4 else "failed")


def test_plain_types_that_a_run_has_to_set(tmp_path: Path) -> None:
    workflow = REQUIRED.replace("  maxProperties: 4\n", "").replace("$<A + C>", "$A")
    script = written(workflow, tmp_path)
    process = start(script, "C=x", home=tmp_path / "home")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.decode() == (
        "w.sh: param `A` has no value, but must be a whole number\n"
        "w.sh: param `B` has no value, but must be a text\n"
        "w.sh: param `C` is `x`, but must be a whole number\n"
    )
    outcome, _ = run(workflow, tmp_path, "A=2.0", "B=b")
    assert outcome.outputs == {"A1": "2 b"}


REQUIRED = """
name: w
params:
  type: object
  properties: {A: {type: integer}, B: {type: string}, C: {type: integer, default: 1}}
  required: [B, A]
  maxProperties: 4
steps: [{name: a, command: 'echo $<A + C> $B', output: A1}]
"""


def test_what_a_run_has_to_set(tmp_path: Path, jq: Path) -> None:
    script = written(REQUIRED, tmp_path)
    process = start(script, "C=x", home=tmp_path / "home")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.decode() == (
        "w.sh: param `A` has no value, but must be a whole number\n"
        "w.sh: param `B` has no value, but must be a text\n"
        "w.sh: param `C` is `x`, but must be a whole number\n"
    )
    outcome, _ = run(REQUIRED, tmp_path, "A=2", "B=b")
    assert outcome.outputs == {"A1": "3 b"}


def test_values_that_are_known_in_the_run(tmp_path: Path, jq: Path) -> None:
    workflow = """
        params:
          - {name: LEAST, type: integer, default: "`echo 5`"}
          - {name: COUNT, type: integer, maximum: 4, default: "${LEAST}"}
          - {name: NAME, type: string, pattern: "^a", default: "${LEAST}"}
        steps: [{name: a, command: "true"}]
    """
    script, other = both(workflow, tmp_path, {})
    assert script == other
    assert script.status == "failed"
    for engine in ("script", "interpreter"):
        (log,) = (tmp_path / engine).glob("home/runs/*/*/inputs.err")
        text = log.read_text("utf-8")
        assert "param `COUNT` is `5`, but must be at most 4" in text
        assert "param `NAME` is `5`, but must match `^a`" in text


def test_what_it_does_not_know_is_refused() -> None:
    text = textwrap.dedent("""
        params:
          type: object
          properties: {A: {type: object, unevaluatedProperties: false, default: {}}}
        steps: [{name: a, command: "true"}]
    """)
    checked = front_end(Source("w.yaml", text))
    assert checked.program is not None, checked.diagnostics
    files, found = back_end(checked.program, checked.sources, BACKEND)
    assert files == ()
    assert [it.code for it in found] == ["WFC401"]
    assert "params-schema-unevaluated" in found[0].message


def test_a_schema_is_there_only_when_it_is_used() -> None:
    text = text_of("params: [{A: 1}]\nsteps: [{name: a, command: echo}]")
    for word in ("needs jq:", "\nfits()", "\ntyped()", "wfc_unfit", "rules"):
        assert word not in text
        assert word in text_of(REQUIRED)


def test_says_that_jq_is_missing(tmp_path: Path) -> None:
    process = start(
        written(REQUIRED, tmp_path),
        home=tmp_path / "home",
        environment={**SURROUNDINGS, "PATH": _without_jq(tmp_path)},
    )
    _, err = process.communicate(timeout=60)
    assert (process.returncode, b"needs jq" in err) == (2, True)


def _without_jq(folder: Path) -> str:
    tools = folder / "tools"
    tools.mkdir()
    for tool in ("bash", "dirname", "cat", "env"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    return str(tools)
