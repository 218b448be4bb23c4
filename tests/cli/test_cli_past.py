"""`wfc run --resume`, `--step`, `--from`, `--dry-run`; `wfc runs`, `wfc show`."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from commands import Wfc, surroundings, write

FLOW = """\
name: flow
params: [WHO: world]
steps:
  - name: a
    command: echo "hello $WHO" | tee -a log
    output: A
  - name: call
    run: kid
  - name: last
    command: echo "last $A" >> log
---
name: kid
steps:
  - name: fails
    command: |
      echo so far
      if [ -e mended ]; then exit; fi
      echo "no such thing" >&2
      exit 7
"""


def run_id(workflow: str = "flow") -> str:
    return max(path.name for path in Path(f"wfc-home/runs/{workflow}").iterdir())


# ---- wfc run --resume


def test_a_failed_run_names_the_command_that_goes_on(wfc: Wfc) -> None:
    write("flow.yaml", FLOW)
    failed = wfc("run", "flow.yaml", "WHO=moon")
    assert failed.code == 1
    assert failed.err.endswith(f"to go on with it: wfc run --resume {run_id()}\n")
    assert "--resume" not in failed.out
    write("mended", "")
    went_on = wfc("run", "--resume", run_id()[:20])
    assert went_on.code == 0, went_on.err
    assert "a: started" not in went_on.err
    assert Path("log").read_text() == "hello moon\nlast hello moon\n"
    over = wfc("run", "--resume", run_id())
    assert (over.code, over.out) == (0, "")
    assert over.err == f"the run {run_id()} has succeeded: there is nothing to do\n"
    assert len(list(Path("wfc-home/runs/flow").iterdir())) == 1


def test_a_run_goes_on_from_another_folder(
    wfc: Wfc, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("flow.yaml", FLOW)
    folder = f"wfc-home/runs/flow/{wfc('run', '-q', 'flow.yaml') and run_id()}"
    write("mended", "")
    write("elsewhere/x", "")
    monkeypatch.chdir("elsewhere")
    assert wfc("run", "-q", "--resume", f"../{folder}").code == 0
    assert Path("../log").read_text().endswith("last hello world\n")


def test_a_workflow_that_has_changed_needs_force(wfc: Wfc) -> None:
    write("flow.yaml", FLOW)
    wfc("run", "flow.yaml")
    write("flow.yaml", FLOW.replace("exit 7", "exit 0"))
    refused = wfc("run", "--resume", run_id())
    assert refused.code == 2
    assert "has changed since" in refused.err
    assert "--force" in refused.err
    assert wfc("run", "--resume", run_id(), "--force").code == 0


def test_a_run_from_stdin_needs_its_file(wfc: Wfc) -> None:
    wfc("run", "-", stdin=FLOW)
    write("mended", "")
    refused = wfc("run", "--resume", run_id())
    assert refused.code == 2
    assert "came from stdin: name its FILE" in refused.err
    write("flow.yaml", FLOW)
    assert wfc("run", "--resume", run_id(), "flow.yaml").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--resume", "2026"], "there is no run `2026`; `wfc runs` lists them"),
        (["--resume", "./nowhere"], "`./nowhere` is no folder of a run"),
        (["--resume", "2026", "A=1"], "a run that goes on has its params"),
        (["--resume", "2026", "f.yaml", "A=1"], "a run that goes on has its params"),
        (
            ["--resume", "2026", "--params-json", "x"],
            "a run that goes on has its params",
        ),
        (["--resume", "2026", "--work-dir", "x"], "no --work-dir beside --resume"),
        (["--resume", "2026", "--dry-run"], "not beside --resume"),
        (["--force", "flow.yaml"], "--force goes with --resume"),
        ([], "the following arguments are required: FILE"),
        (["flow.yaml", "--step", "a", "--from", "a"], "not allowed with argument"),
        (
            ["flow.yaml", "--max-active-steps", "0"],
            "`0` is no whole number from 1 to 999999999",
        ),
        (
            ["flow.yaml", "--step", "lst"],
            "no step `lst` in `flow`: did you mean `last`?",
        ),
        (["flow.yaml", "--step", "call/fails"], "it runs with all of `call`"),
        (["flow.yaml", "--step", ""], "there is no step `` in `flow`"),
        (["flow.yaml", "--from", ""], "there is no step `` in `flow`"),
    ],
)
def test_words_that_are_off(words: list[str], said: str, wfc: Wfc) -> None:
    write("flow.yaml", FLOW)
    result = wfc("run", *words)
    assert result.code == 2
    assert said in result.err
    assert not Path("wfc-home/runs").exists()


def test_several_runs_begin_alike(wfc: Wfc) -> None:
    write("flow.yaml", FLOW)
    wfc("run", "flow.yaml")
    wfc("run", "flow.yaml")
    result = wfc("run", "--resume", "20")
    assert result.code == 2
    assert "several runs begin with `20`: 20" in result.err


def test_parts_of_a_workflow(wfc: Wfc) -> None:
    write("flow.yaml", FLOW)
    write("mended", "")
    result = wfc("run", "--from", "call", "flow.yaml")
    assert result.code == 1
    assert "no value for `$A`: `a` was left out" in result.err
    assert [line.split()[:2] for line in result.out.splitlines()[1:5]] == [
        ["a", "not_started"],
        ["call", "succeeded"],
        ["call/fails", "succeeded"],
        ["last", "failed"],
    ]
    assert wfc("run", "--step", "a", "flow.yaml").code == 0


def test_a_limit_of_its_own(wfc: Wfc) -> None:
    steps = "".join(
        f"  - {{name: s{at}, command: 'mkdir one && sleep 0.1 && rmdir one'}}\n"
        for at in range(3)
    )
    write("flow.yaml", f"type: graph\nsteps:\n{steps}")
    assert wfc("run", "--max-active-steps", "1", "flow.yaml").code == 0


# ---- --dry-run


def test_a_dry_run_runs_nothing(wfc: Wfc) -> None:
    write(
        "flow.yaml",
        """\
name: flow
params: [WHO: world, MORE: "${WHO}!", DAY: "`touch ran; date`"]
secrets: [{name: TOKEN, provider: env, key: HOME}]
maxActiveSteps: 2
steps:
  - name: a
    command: echo "${MORE}" '${WHO}' "$TOKEN" "${DAY}" $<len(WHO)>
    output: A
  - {name: c, command: [printf, "%s", "${A} ${WHO}"], precondition: 'test -n "${A}"'}
  - {name: each, depends: a, parallel: [x, "${WHO}"], command: echo $ITEM}
handlerOn: {exit: {command: touch ran}}
""",
    )
    result = wfc("run", "--dry-run", "flow.yaml", "WHO=my moon")
    assert result.code == 0, result.err
    assert result.out == ("""\
flow: 3 steps, at most 2 at a time
  param WHO=my moon
  param MORE=my moon!
  param DAY=`touch ran; date`
  secret TOKEN=***
1. a
     echo "my moon!" 'my moon' "***" "${DAY}" 7
2. c  after a
     if `test -n "${A}"`
     printf %s ${A} my moon
2. each  after a
     for each of x, my moon, at most 10 at a time
     echo $ITEM
handler exit
     touch ran
""")
    assert sorted(path.name for path in Path().iterdir()) == ["flow.yaml"]
    assert wfc("run", "--dry-run", "flow.yaml", "WO=1").code == 2


def test_a_dry_run_knows_types_and_dotenv(wfc: Wfc) -> None:
    write("vars.env", "HOST=example.org\n")
    write(
        "flow.yaml",
        """\
name: flow
dotenv: vars.env
params: [{name: N, type: integer, default: 2}]
env: [URL: "https://${HOST}/", SUM: "$<N + N>"]
steps: [{name: a, command: curl "$<URL>"}]
""",
    )
    result = wfc("run", "--dry-run", "flow.yaml", "N=3")
    assert "  env URL=https://example.org/\n  env SUM=6\n" in result.out
    assert 'curl "https://example.org/"' in result.out
    write("vars.env", "HOST='example.org\n")
    broken = wfc("run", "--dry-run", "flow.yaml")
    assert broken.code == 2
    assert "dotenv `vars.env`, line 1: a quote `'` is not closed" in broken.err


# ---- wfc runs, wfc show


def test_runs_are_listed_newest_first(wfc: Wfc) -> None:
    write("flow.yaml", FLOW)
    write("other.yaml", "steps: [{name: a, command: echo}]")
    none = wfc("runs")
    assert (none.code, none.out) == (0, "")
    assert "there are no runs" in none.err
    wfc("run", "flow.yaml")
    wfc("run", "other.yaml")
    lines = wfc("runs").out.splitlines()
    assert lines[0].split() == ["RUN", "WORKFLOW", "STARTED", "SECONDS", "STATUS"]
    assert {line.split()[1]: line.split()[-1] for line in lines[1:]} == {
        "other": "succeeded",
        "flow": "failed",
    }
    (form,) = json.loads(wfc("runs", "flow", "--format", "json").out)
    assert form["run_id"] == run_id()
    assert form["status"] == "failed"
    assert len(wfc("runs", "-n", "1").out.splitlines()) == 2


def test_a_failed_run_is_shown_with_its_reasons(wfc: Wfc) -> None:
    write("flow.yaml", FLOW)
    wfc("run", "flow.yaml")
    result = wfc("show")
    assert result.code == 0
    table, failure, command = result.out.split("\n\n")[-3:]
    assert [line.split()[:4] for line in table.splitlines()[1:]] == [
        ["a", "succeeded", "1", "0"],
        ["call", "failed", "1", "1"],
        ["call/fails", "failed", "1", "7"],
        ["last", "aborted", "0", "-"],
    ]
    assert failure.splitlines()[0] == "call/fails: failed with exit 7"
    assert failure.splitlines()[1].endswith("/steps/call/fails/1.err")
    assert failure.splitlines()[2:] == ["  | no such thing"]
    assert command == f"to go on with it: wfc run --resume {run_id()}\n"
    form = json.loads(wfc("show", run_id(), "--format", "json").out)
    assert form["steps"]["call/fails"]["exit_code"] == 7
    assert form["outputs"] == {"A": "hello world"}
    logs = wfc("show", "--step", "call/fails").out
    assert logs.startswith("call/fails: failed, exit 7\n")
    assert "---- attempt 1, stdout\nso far\n---- attempt 1, stderr\nno such" in logs
    unknown = wfc("show", "--step", "call/fail")
    assert unknown.code == 2
    assert "did you mean `call/fails`?" in unknown.err


def test_params_that_have_no_value_are_shown(wfc: Wfc) -> None:
    write("flow.yaml", 'params: [P: "`exit 3`"]\nsteps: [{name: a, command: echo}]\n')
    wfc("run", "flow.yaml")
    assert "params and env: failed\n  | wfc: `P`: `exit 3` ended" in wfc("show").out


def test_runs_of_scripts_are_shown_but_cannot_go_on(wfc: Wfc, tmp_path: Path) -> None:
    write("flow.yaml", FLOW.replace("name: call", "name: the call"))
    assert wfc("compile", "-t", "shell", "flow.yaml").code == 0
    subprocess.run(
        ["bash", "flow.sh"],
        env=surroundings(tmp_path),
        capture_output=True,
        check=False,
    )
    assert wfc("runs").out.splitlines()[1].split()[-1] == "failed"
    shown = wfc("show").out
    assert "the call/fails: failed with exit 7" in shown
    assert "  | no such thing" in shown
    assert "--resume" not in shown
    refused = wfc("run", "--resume", run_id())
    assert refused.code == 2
    assert "is that of a script" in refused.err


def test_a_run_that_had_not_begun_cannot_go_on(wfc: Wfc) -> None:
    write(
        "wfc-home/runs/flow/20260101T000000-99999999-abcdef01/events.jsonl", '{"t": 1'
    )
    assert wfc("runs").out.splitlines()[1].split()[-1] == "interrupted"
    refused = wfc("run", "--resume", "20260101")
    assert refused.code == 2
    assert "had begun: start it again" in refused.err


def test_a_script_lives_as_long_as_the_process_in_its_id(wfc: Wfc) -> None:
    now = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    # Long before this process began another one had its number.
    for clock in (now, "20000101T000000"):
        path = f"wfc-home/runs/flow/{clock}-{os.getpid()}-abcdef01/events.jsonl"
        write(path, '{"t": 1, "event": "start", "step": "a"}\n')
    rows = wfc("runs").out.splitlines()[1:]
    assert [row.split()[-1] for row in rows] == ["running", "interrupted"]


def test_an_empty_word_means_no_run(wfc: Wfc) -> None:
    """As of a variable that is not set."""
    write("flow.yaml", FLOW)
    wfc("run", "flow.yaml")
    for words in (["run", "--resume", ""], ["show", ""]):
        result = wfc(*words)
        assert (result.code, result.out) == (2, "")
        assert result.err == "wfc: there is no run ``; `wfc runs` lists them\n"


def test_a_step_left_out_stays_so_behind_one_that_failed(wfc: Wfc) -> None:
    write("flow.yaml", FLOW)
    wfc("run", "flow.yaml", "--step", "call", "--report", "report.json")
    steps = json.loads(Path("report.json").read_text())["outcome"]["steps"]
    statuses = {name: step["status"] for name, step in steps.items() if "/" not in name}
    assert statuses == {"a": "not_started", "call": "failed", "last": "not_started"}


def test_a_step_not_named_keeps_its_record_behind_one_that_fails_anew(wfc: Wfc) -> None:
    write("flow.yaml", "steps: [{name: a, command: test -e ok}, echo b]\n")
    write("ok", "")
    assert wfc("run", "flow.yaml").code == 0
    Path("ok").unlink()
    again = wfc("run", "--resume", run_id(), "--step", "a", "--report", "report.json")
    assert again.code == 1
    steps = json.loads(Path("report.json").read_text())["outcome"]["steps"]
    assert [steps[name]["status"] for name in ("a", "cmd_2")] == ["failed", "succeeded"]


def test_the_logs_of_a_step_as_json(wfc: Wfc) -> None:
    write("flow.yaml", FLOW)
    wfc("run", "flow.yaml")
    os.mkfifo(f"wfc-home/runs/flow/{run_id()}/steps/a/2.out")  # nobody reads a pipe
    told = json.loads(wfc("show", "--step", "a", "--format", "json").out)
    assert (told["step"], told["status"], told["exit_code"]) == ("a", "succeeded", 0)
    first = {"attempt": 1, "stdout": "hello world\n", "stderr": ""}
    assert told["logs"] == [first, {"attempt": 2, "stdout": "", "stderr": ""}]


def test_a_run_whose_journal_is_damaged_cannot_go_on(wfc: Wfc) -> None:
    write("flow.yaml", FLOW)
    wfc("run", "flow.yaml")
    write(f"wfc-home/runs/flow/{run_id()}/events.jsonl", "{")
    result = wfc("run", "--resume", run_id())
    assert result.code == 2
    assert f"the journal of the run {run_id()} is damaged" in result.err
