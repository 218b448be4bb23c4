"""Scripts that call workflows and fan out: what the cases of all engines do not show."""

import json
import os
import shutil
from pathlib import Path

import pytest
from shell.scripts import both, run, start, text_of, written

from compiler.outcome import from_json


def test_a_step_may_depend_on_a_later_one(tmp_path: Path) -> None:
    workflow = """
        type: graph
        steps:
          - {name: a, depends: [b], command: 'echo "$B!"', output: A}
          - {name: b, command: "sleep 0.2; echo b", output: B}
    """
    outcome, _ = run(workflow, tmp_path)
    assert outcome.outputs == {"A": "b!", "B": "b"}


def test_a_workflow_is_in_the_script_once(tmp_path: Path) -> None:
    lines = ["name: w0", "steps:"]
    levels = 12
    for level in range(1, levels + 1):  # two calls a level: 4,096 runs of the last
        lines += [f"  - {{name: {name}, run: w{level}}}" for name in "ab"]
        lines += ["---", f"name: w{level}", "steps:"]
    text = text_of("\n".join([*lines, "  - {name: a, command: 'true'}"]))
    calls = [line for line in text.splitlines() if line.startswith("call ")]
    assert len(calls) == 2 * levels


def test_a_ladder_of_calls(tmp_path: Path) -> None:
    name = "a" * 90  # all names together are longer than the system takes
    lines = ["name: w0", "steps:"]
    for level in range(1, 51):
        lines += [f"  - {{name: {name}, run: w{level}}}", "---"]
        lines += [f"name: w{level}", "steps:"]
    lines += ["  - {name: last, command: pwd, output: P}"]
    outcome, _ = run("\n".join(lines), tmp_path)
    assert outcome.status == "succeeded"
    assert outcome.steps[f"{name}/" * 50 + "last"].output == str(tmp_path)
    assert len(outcome.steps) == 51


NAMES = """
    steps:
      - name: "a [1] *"
        parallel: ["[x]", "*", "a b", "$(touch pwned)"]
        run: kid
        params: {P: "${ITEM}"}
        output: R
    ---
    name: kid
    params: [{P: ""}]
    steps:
      - {name: output, command: 'printf %s "$P"', output: X}
      - {name: "item?", command: 'printf %s "${X}"', output: Y}
"""


def test_names_that_look_like_patterns(tmp_path: Path) -> None:
    outcome, folder = run(NAMES, tmp_path)
    items = ["[x]", "*", "a b", "$(touch pwned)"]
    for place, item in enumerate(items):
        assert outcome.steps[f"a [1] *[{place}]/output"].output == item
        assert outcome.steps[f"a [1] *[{place}]/item?"].output == item
    record = json.loads(outcome.outputs["R"])
    assert [it["item"] for it in record["results"]] == items
    assert record["outputs"] == [{"X": item, "Y": item} for item in items]
    assert not (tmp_path / "pwned").exists()
    assert [it.name for it in sorted(folder.glob("steps/*[[]0[]]/output/1.out"))]


def test_one_jq_for_all_items(tmp_path: Path, jq: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "jq").write_text(f'#!/bin/sh\necho x >>"$COUNT"\nexec {jq} "$@"\n')
    (tools / "jq").chmod(0o755)
    workflow = """
        steps:
          - name: list
            command: echo '[1, {"a":"b"}, [2], "x y", null]'
            output: LIST
          - {name: each, parallel: "${LIST}", command: 'echo "$ITEM"', output: R}
    """
    surroundings = {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "COUNT": str(tmp_path / "count"),
    }
    outcome, _ = run(workflow, tmp_path, environment=surroundings)
    record = json.loads(outcome.outputs["R"])
    assert record["outputs"] == ["1", '{"a":"b"}', "[2]", "x y", "null"]
    calls = (tmp_path / "count").read_text().count("x")
    assert calls == 2  # and one that asks for its version


def test_large_values_for_callees_and_items(tmp_path: Path) -> None:
    workflow = """
        steps:
          - name: big
            command: head -c 200000 /dev/zero | tr '\\0' x; echo "'\\"$(id -u)"
            output: BIG
          - {name: call, run: kid, params: {P: "${BIG}"}, output: R}
          - name: each
            parallel: ["${BIG}", "${BIG}+"]
            command: printf '%s' "${#ITEM}" '|' "${ITEM_FILE:+file}"
            output: LENGTHS
          - name: use
            command: x='${R.outputs.SAME}'; [ "$x" = "$BIG" ] && echo same
            output: SAME
        ---
        name: kid
        params: [{P: ""}]
        steps:
          - {name: a, command: 'printf "%s" "$P"', output: SAME}
    """
    outcome, _ = run(workflow, tmp_path)
    assert outcome.outputs["SAME"] == "same"
    length = len(outcome.outputs["BIG"])
    record = json.loads(outcome.outputs["LENGTHS"])
    assert record["outputs"] == [f"{length}|file", f"{length + 1}|file"]


def test_what_is_told_of_calls_and_items(tmp_path: Path) -> None:
    workflow = """
        name: told
        steps:
          - {name: call, run: kid, continueOn: {failure: true}}
          - name: each
            parallel: {items: a b c, maxConcurrent: 1}
            command: if [ "$ITEM" = b ]; then echo oops >&2; exit 4; fi
        ---
        name: kid
        steps:
          - {name: a, command: exit 3}
        handlerOn:
          exit: {command: "true"}
    """
    process = start(written(workflow, tmp_path), home=tmp_path / "home")
    out, err = (it.decode() for it in process.communicate(timeout=30))
    said = err.splitlines()
    for line in (
        "call: started",
        "call/a: started",
        "handler call/exit: started",
        "  | wfc: workflow `kid`: failed",
        "each[0]: started",
        "  | oops",
        "  | wfc: 1 of 3 items failed",
    ):
        assert line in said
    rows = [line.split() for line in out.splitlines()]
    assert [row[:2] for row in rows[1:6]] == [
        ["call", "failed"],
        ["call/a", "failed"],
        ["each", "failed"],
        ["each[1]", "failed"],
        ["handler", "call/exit"],
    ]
    assert rows[3][-2:] == ["3", "items"]
    journal = next((tmp_path / "home").glob("runs/*/*/events.jsonl"))
    events = [json.loads(it) for it in journal.read_text().splitlines()]
    assert [it["step"] for it in events if it["event"] == "end"] == [
        *("call/a", "call", "each[0]", "each[1]", "each[2]", "each")
    ]


def test_a_table_says_little_of_many_items(tmp_path: Path) -> None:
    words = " ".join(map(str, range(30)))
    workflow = f"""
        steps:
          - {{name: each, parallel: {words}, command: exit 1}}
    """
    process = start(written(workflow, tmp_path), home=tmp_path / "home")
    out, _ = process.communicate(timeout=30)
    lines = out.decode().splitlines()
    assert lines[1].endswith("  30 items")
    assert lines[21].startswith("each[19] ")
    assert lines[22] == "… and 10 more"
    assert lines[23].startswith("w: failed in ")


@pytest.mark.parametrize("name", ["jq"])
def test_says_that_jq_is_missing(name: str, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bash", "dirname", "cat", "env"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    workflow = """
        params: [{L: "[1]"}]
        steps:
          - {name: a, parallel: "${L}", command: echo x}
    """
    process = start(
        written(workflow, tmp_path),
        home=tmp_path / "home",
        environment={"PATH": str(tools)},
    )
    assert b"needs jq" in process.communicate(timeout=30)[1]
    assert process.returncode == 2


def test_files_of_attempts(tmp_path: Path) -> None:
    workflow = """
        steps:
          - name: call
            run: kid
            retryPolicy: {limit: 1, intervalSec: 0}
        ---
        name: kid
        steps:
          - {name: a, command: "echo x >> tries; wc -l < tries; [ -s once ] || { echo x > once; exit 1; }"}
    """
    outcome, folder = run(workflow, tmp_path)
    assert outcome.steps["call"].attempts == 2
    assert (folder / "steps/call/a/1.out").read_text().strip() == "1"
    assert (folder / "steps/call.2/a/1.out").read_text().strip() == "2"
    assert (folder / "steps/call/1.rc").read_text() == "1\n"
    assert (folder / "steps/call/2.rc").read_text() == "0\n"
    outcome = from_json(json.loads((folder / "outcome.json").read_text()))
    assert set(outcome.steps) == {"call", "call/a"}


REASONS = """
    type: graph
    params: [{J: '{"a": 1}'}, {T: text}]
    steps:
      - {name: absent, command: 'echo ${J.b}', continueOn: failure}
      - {name: text, command: 'echo ${T.b}', continueOn: failure}
      - {name: adds, command: 'echo $<fromJSON(J) + 1>', continueOn: failure}
      - {name: words, command: [no-such-program], continueOn: failure}
      - {name: shell, command: echo, shell: no-such-shell, continueOn: failure}
      - {name: folder, command: echo, stdout: /tmp, continueOn: failure}
      - {name: value, run: kid, continueOn: failure}
      - {name: fits, run: number, params: {N: "${T}"}, continueOn: failure}
      - {name: unmet, run: gated, continueOn: skipped}
    ---
    name: kid
    env: [{FINE: "1"}, {BAD: "`exit 3`"}]
    steps: [{name: a, command: echo}]
    ---
    name: number
    params: [{name: N, type: integer, default: 1}]
    steps: [{name: a, command: echo}]
    ---
    name: gated
    preconditions: "false"
    steps: [{name: a, command: echo}]
"""


def test_reasons_are_those_of_the_interpreter(tmp_path: Path, jq: Path) -> None:
    script, other = both(REASONS, tmp_path, {})
    assert script == other
    said = [
        {
            path.parent.name: path.read_text("utf-8")
            for path in (tmp_path / engine).glob("home/runs/*/*/steps/*/1.err")
        }
        for engine in ("script", "interpreter")
    ]
    assert said[0] == said[1]
    assert all(said[0].values()), said[0]
