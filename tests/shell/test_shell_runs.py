"""Scripts on the real bash: values, files, the command line."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from shell.scripts import run, start, written

from compiler.backend import CannotRun
from compiler.outcome import Outcome, StepOutcome, from_json

HOSTILE = {
    "quotes": '"; touch pwned; "',
    "substitution": "$(touch pwned)",
    "backticks": "`touch pwned`",
    "newlines": "a\nb\n\n",
    "arithmetic": "a[$(touch pwned)0]",
    "templates": "{{ x }} {% y %} ${{ z }}",
    "backslashes": "\\ \\n \\",
    "single": "it's '",
    "letters": "é\u2028\U0001f600",
    "control": "\x01\x02\x1b\x7f",
    "spaces": "  a  *  ?  ",
    "empty": "",
    "dashes": "-n",
    "ampersand": "a & b",
}
PASSING = """
    name: passing
    params: [{P: default}]
    env: [{E: "<${P}>"}]
    steps:
      - name: text
        command: printf '[%s][%s][%s]' "$P" '${P}' "$E"
        output: A
      - name: list
        command: [printf, "[%s]", "${P}"]
        output: B
      - name: own
        env: [{O: "${A}|${P}"}]
        command: printf '%s' "$O"
        output: C
      - name: test
        preconditions:
          - condition: "x${P}"
            expected: "re:^x"
          - test "x$P" = 'x${P}'
        command: printf met
        output: D
    handlerOn:
      exit: {command: "printf '[%s]' '${P}'"}
"""


def _outputs(outcome: Outcome) -> dict[str, str]:
    assert outcome.status == "succeeded", outcome
    return dict(outcome.outputs)


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_a_value_is_never_code(value: str, tmp_path: Path) -> None:
    outcome, _ = run(PASSING, tmp_path, f"P={value}")
    first = f"[{value}][{value}][<{value}>]"
    assert _outputs(outcome) == {
        "A": first,
        "B": f"[{value}]",
        "C": f"{first}|{value}".strip(" \t\n\v\f\r"),
        "D": "met",
    }
    assert outcome.handlers["exit"].output == f"[{value}]"
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("name", ["..", "a/b", "done", "\U0001f600", "a'b\"c", "-x"])
def test_a_name_is_a_name(name: str, tmp_path: Path) -> None:
    workflow = f"""
        steps:
          - name: {json.dumps(name, ensure_ascii=False)}
            command: printf '%s' "$DAG_RUN_STEP_NAME"
            output: X
          - name: other
            depends: [{json.dumps(name, ensure_ascii=False)}]
            command: echo "$X"
            output: Y
    """
    outcome, folder = run(workflow, tmp_path)
    assert outcome.outputs == {"X": name.strip(), "Y": name.strip()}
    events = [
        json.loads(it) for it in (folder / "events.jsonl").read_text().splitlines()
    ]
    assert [it["step"] for it in events] == [name, name, "other", "other"]


LIMITS = {
    "at the limit": ("head -c 1048576 /dev/zero | tr '\\0' x", 0),
    "above the limit": ("head -c 1048577 /dev/zero | tr '\\0' x", 1),
    "white space is trimmed": (
        "printf x; head -c 1500000 /dev/zero | tr '\\0' ' '; printf 'y\\n\\n'",
        1,
    ),
    "white space around": (
        "head -c 1500000 /dev/zero | tr '\\0' ' '; printf y; head -c 90000 /dev/zero | tr '\\0' '\\n'",
        0,
    ),
    "a NUL byte": ("printf 'a\\0b'", 1),
    "a NUL byte at the end": ("printf 'ab\\0'", 1),
    "not UTF-8": ("printf '\\377'", 1),
    "UTF-8": ("printf '\\303\\251'", 0),
    "half a letter": ("printf '\\303'", 1),
    "a failure stays": ("printf '\\377'; exit 7", 7),
}


@pytest.mark.parametrize(("command", "code"), LIMITS.values(), ids=LIMITS)
def test_limits_of_an_output(command: str, code: int, tmp_path: Path) -> None:
    workflow = f"""
        steps:
          - name: a
            command: {json.dumps(command)}
            output: A
    """
    outcome, folder = run(workflow, tmp_path)
    assert outcome.steps["a"].exit_code == code
    assert (outcome.steps["a"].output is not None) == (code == 0)
    said = (folder / "steps/a/1.err").read_text("utf-8")
    assert ("wfc: the output" in said) == (code != 0)


def test_large_values(tmp_path: Path) -> None:
    workflow = """
        steps:
          - name: big
            command: head -c 200000 /dev/zero | tr '\\0' x; echo "'\\"\\$(id)"
            output: BIG
          - name: use
            command: printf '%s' "${#BIG}" '|' "${BIG:200000}" '|' "${BIG_FILE:+file}"
            output: USED
          - name: dotted
            command: x='${big.output}'; printf '%s' "${#x}"
            output: DOTTED
          - name: program
            script: |
              #!/usr/bin/env python3
              import os
              print(len(open(os.environ["BIG_FILE"]).read()), "BIG" in os.environ)
            output: PYTHON
          - name: again
            env: [{COPY: "${BIG}+"}]
            command: printf '%s' "${#COPY}"
            output: COPIED
    """
    outcome, _ = run(workflow, tmp_path)
    values = _outputs(outcome)
    del values["BIG"]
    assert values == {
        "USED": "200007|'\"$(id)|file",
        "DOTTED": "200007",
        "PYTHON": "200007 False",
        "COPIED": "200008",
    }


def test_many_values(tmp_path: Path) -> None:
    makers = "".join(
        f"  - {{name: s{n}, command: \"head -c 60000 /dev/zero | tr '\\\\0' x\", output: O{n}}}\n"
        for n in range(60)
    )
    names = ", ".join(f"s{n}" for n in range(60))
    user = (
        f"  - {{name: u, depends: [{names}], command: 'echo hi ${{#O59}}', output: U}}"
    )
    outcome, _ = run(f"type: graph\nsteps:\n{makers}{user}\n", tmp_path)
    assert outcome.outputs["U"] == "hi 60000"


def test_timeout(tmp_path: Path) -> None:
    workflow = """
        steps:
          - name: slow
            command: trap '' TERM; sleep 30 & sleep 30
            timeoutSec: 1
            retryPolicy: {limit: 3, intervalSec: 0}
          - name: after
            command: "true"
    """
    outcome, _ = run(workflow, tmp_path)
    assert outcome.steps["slow"] == StepOutcome(
        status="failed", attempts=1, exit_code=124
    )
    assert outcome.steps["after"].status == "aborted"


def test_two_at_once_and_a_home_with_spaces(tmp_path: Path) -> None:
    workflow = """
        params: [{P: ""}]
        steps:
          - {name: a, command: "sleep 0.3; printf '%s' \\"$P\\"", output: A}
    """
    script, home = written(workflow, tmp_path), tmp_path / "a home"
    both = [start(script, f"P={each}", home=home) for each in range(2)]
    assert [each.wait(30) for each in both] == [0, 0]
    found = [json.loads(it.read_text()) for it in home.glob("runs/*/*/outcome.json")]
    assert sorted(it["outputs"]["A"] for it in found) == ["0", "1"]


def test_works_in_its_own_folder(tmp_path: Path) -> None:
    workflow = "steps:\n  - {name: a, command: pwd, output: A}\n"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "work").mkdir()
    script = written(workflow, tmp_path / "own")
    for words, folder in (
        ((), "own"),
        (("--work-dir", str(tmp_path / "work")), "work"),
    ):
        report = tmp_path / "elsewhere/report.json"
        process = start(
            script,
            "--report",
            "report.json",
            *words,
            home=tmp_path / "home",
            cwd=tmp_path / "elsewhere",
        )
        assert process.wait(30) == 0
        form = json.loads(report.read_text())
        assert from_json(form["outcome"]).outputs == {"A": str(tmp_path / folder)}
        assert set(form) == {
            "outcome",
            "run_id",
            "started",
            "seconds",
            "steps",
            "handlers",
        }
        assert Path(form["steps"]["a"]["log"]).is_dir()


def test_a_path_that_is_no_text(tmp_path: Path) -> None:
    script = written("steps:\n  - {name: a, command: 'true'}\n", tmp_path)
    report = tmp_path / "report.json"
    process = start(script, "--report", str(report), home=tmp_path / "h\udcff")
    assert process.wait(30) == 0
    log = json.loads(report.read_bytes().decode())["steps"]["a"]["log"]
    assert log.startswith(f"{tmp_path}/h/runs/")


WORDS = """
    params: "first second NAME=x"
    steps:
      - {name: a, command: 'printf "%s|" "$NAME" "$@"', output: A}
"""


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ([], "x|first|second|"),
        (["NAME=a=b", "1"], "a=b|1|second|"),
        (["1", "2", "3 4", ""], "x|1|2|3 4||"),
        (["--", "--help"], "x|--help|second|"),
        (["--", "NAME=y"], "y|first|second|"),
    ],
)
def test_words(words: list[str], value: str, tmp_path: Path) -> None:
    outcome, _ = run(WORDS, tmp_path, *words)
    assert outcome.outputs == {"A": value}


def test_params_json(tmp_path: Path, jq: Path) -> None:
    file = tmp_path / "params.json"
    file.write_text('{"NAME": "a\\nb\\"\\u007f\\u00e9", "1": 1}', "utf-8")
    script = written(WORDS, tmp_path)
    refused = start(script, "--params-json", str(file), home=tmp_path / "home")
    assert b"unknown param `1`" in refused.communicate(timeout=30)[1]
    assert refused.returncode == 2
    file.write_text('{"NAME": {"a": [1.0, "é", 1e21]}}', "utf-8")
    outcome, _ = run(WORDS, tmp_path, "--params-json", str(file))
    assert outcome.outputs == {"A": '{"a":[1,"é",1e+21]}|first|second|'}
    outcome, _ = run(WORDS, tmp_path, "--params-json", str(file), "NAME=wins")
    assert outcome.outputs == {"A": "wins|first|second|"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["NAM=x"], "unknown param `NAM`: did you mean `NAME`?"),
        (["NAMES=x"], "unknown param `NAMES`: did you mean `NAME`?"),
        (["NEME=x"], "unknown param `NEME`: did you mean `NAME`?"),
        (["na_me=x"], "unknown param `na_me`: did you mean `NAME`?"),
        (["OTHER=x"], "unknown param `OTHER`: known are: `NAME`"),
        (["--nope"], "unknown option --nope"),
        (["--work-dir"], "--work-dir needs a value"),
        (["--work-dir", "/no/such"], "`/no/such` is no folder"),
        (["--params-json", "/no/such"], "/no/such: not a JSON object"),
    ],
)
def test_a_wrong_command_line(words: list[str], said: str, tmp_path: Path) -> None:
    process = start(written(WORDS, tmp_path), *words, home=tmp_path / "home")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, b"")
    assert said in err.decode()


def test_help(tmp_path: Path) -> None:
    process = start(written(WORDS, tmp_path), "--help", home=tmp_path / "home")
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "NAME=x" in out.decode()
    assert not (tmp_path / "home").exists()


def test_says_that_jq_is_missing(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bash", "dirname", "cat", "env"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    script = written(
        "params: [{J: '{}'}]\nsteps:\n  - {name: a, command: 'echo ${J.a}'}\n", tmp_path
    )
    process = start(script, home=tmp_path / "home", environment={"PATH": str(tools)})
    assert b"needs jq" in process.communicate(timeout=30)[1]
    assert process.returncode == 2


def test_what_a_run_prints(tmp_path: Path) -> None:
    workflow = """
        name: told
        steps:
          - name: a
            command: printf oops >&2; exit 4 # its last line has no end
            retryPolicy: {limit: 1, intervalSec: 0}
          - {name: b, command: "true"}
          - {name: c, command: "true", depends: [], preconditions: ["false"]}
    """
    process = start(written(workflow, tmp_path), home=tmp_path / "home")
    out, err = (it.decode() for it in process.communicate(timeout=30))
    lines = err.splitlines()
    assert "a: started" in lines
    assert "a: exit 4, try 2 of 2 in 0 s" in lines
    assert "  | oops" in lines
    assert "b: aborted" in lines
    assert "c: skipped" in lines
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["STEP", "STATUS", "ATTEMPTS", "EXIT", "SECONDS"]
    assert rows[1][:4] == ["a", "failed", "2", "4"]
    assert rows[2][:4] == ["b", "aborted", "0", "-"]
    assert out.splitlines()[-2].startswith("told: failed in ")
    assert out.splitlines()[-1].startswith("run folder: ")


def test_a_step_gets_nothing_of_the_run_time(tmp_path: Path) -> None:
    workflow = """
        steps:
          - name: a
            command: env | grep -i wfc_ | grep -v WFC_HOME || ls /proc/self/fd | wc -l; trap
            output: A
    """
    outcome, _ = run(workflow, tmp_path)
    # 0, 1, 2 and the folder that ls reads
    assert outcome.outputs == {"A": "4"}


def test_a_thousand_steps(tmp_path: Path) -> None:
    steps = "".join(f"  - {{name: s{n}, command: 'true'}}\n" for n in range(300))
    outcome, _ = run(f"type: graph\nmaxActiveSteps: 4\nsteps:\n{steps}", tmp_path)
    assert {it.status for it in outcome.steps.values()} == {"succeeded"}


def test_engine(tmp_path: Path) -> None:
    from backends.shell import engine

    script = written(WORDS, tmp_path)
    (tmp_path / "work").mkdir()
    outcome = engine.run(
        script,
        words=["NAME=1"],
        work_dir=tmp_path / "work",
        environment={"PATH": "/usr/bin:/bin", "WFC_HOME": str(tmp_path / "home")},
    )
    assert outcome.outputs == {"A": "1|first|second|"}
    with pytest.raises(CannotRun, match="unknown param"):
        engine.run(script, words=["X=1"], environment={"PATH": "/usr/bin:/bin"})
    with pytest.raises(subprocess.TimeoutExpired):
        engine.run(
            written("steps:\n  - {name: a, command: sleep 2}\n", tmp_path),
            environment={"PATH": "/usr/bin:/bin", "WFC_HOME": str(tmp_path / "home")},
            seconds=0.2,
        )
