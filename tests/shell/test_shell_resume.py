"""Scripts that are killed and go on: what had ended well stays, all else runs again."""

import json
import random
import signal
import subprocess
import textwrap
import time
from pathlib import Path

import pytest
from shell.scripts import start, text_of

from backends.shell import BACKEND
from compiler.ir import Json
from compiler.pipeline import back_end, front_end
from compiler.source import Source

WORKFLOW = """
    type: graph
    maxActiveSteps: 2
    params: [{P: "`echo v >>valued; echo pv`"}]
    env: [{E: "${P}-e"}]
    steps:
      - {name: a, command: "echo a >>log; echo $E", output: A}
      - {name: b, depends: [a], command: "echo b >>log; sleep 0.2; echo $A b", output: B}
      - {name: c, depends: [b], run: kid, params: "X=${B}", output: C}
      - {name: m, depends: [a], parallel: {items: [1, 2, 3], maxConcurrent: 2}, run: kid, params: "X=${ITEM}", output: M}
      - {name: n, depends: [m], parallel: "${A} x y", command: "sleep 0.1; echo n$ITEM", output: N}
      - {name: s, depends: [a], command: "true", preconditions: ["false"]}
      - {name: f, depends: [a], command: "exit 4", continueOn: {failure: true}}
      - {name: z, depends: [c, n, f], command: "echo z >>log; echo '${C.outputs.K2}' '${M}'", output: Z}
    handlerOn:
      exit: {command: "echo $DAG_RUN_STATUS; sleep 0.1", output: H}
    ---
    name: kid
    params: [{X: x}]
    env: [{Y: "`echo $X`"}]
    steps:
      - {name: k, command: 'sleep 0.1; echo "$Y"', output: K}
      - {name: k2, command: 'sleep 0.1; echo "$K$X"', output: K2}
    handlerOn:
      success: {command: "true"}
"""
PLAIN = """
    params: [{P: one}]
    steps:
      - {name: a, command: "echo a >>log; echo $P", output: A}
      - {name: b, command: "echo b >>log; test -e go; echo $A", output: B}
      - {name: c, command: "echo c >>log; echo $B", output: C}
    handlerOn:
      exit: {command: "echo exit >>log"}
"""


def written(workflow: str, folder: Path) -> Path:
    """The script of `workflow`, with the options for resuming, in the folder `folder`."""
    checked = front_end(Source("w.yaml", textwrap.dedent(workflow)))
    assert checked.program is not None, checked.diagnostics
    (file,) = back_end(checked.program, checked.sources, BACKEND, "resume")[0]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "w.sh"
    path.write_text(file.text, "utf-8")
    return path


def _ends(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, (out + err).decode()


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)  # its pipes are closed when all has ended


def _outcome(home: Path) -> dict[str, Json]:
    (path,) = home.glob("runs/*/*/outcome.json")
    found: dict[str, Json] = json.loads(path.read_text("utf-8"))
    return found


def _compared(home: Path) -> dict[str, Json]:
    """The outcome without what a run that was killed has otherwise."""
    outcome = _outcome(home)
    for part in ("steps", "handlers"):
        rows = outcome[part]
        assert isinstance(rows, dict)
        for row in rows.values():
            assert isinstance(row, dict)
            del row["attempts"]
    del outcome["events"]
    return outcome


def _wait_for(path: Path, lines: int) -> None:
    until = time.monotonic() + 30
    while not path.exists() or len(path.read_text().splitlines()) < lines:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert _ends(start(written(WORKFLOW, folder), home=folder / "home"))[0] == 0
    return _compared(folder / "home")


@pytest.mark.parametrize("seed", range(8))
def test_killed_at_any_time(
    seed: int, undisturbed: dict[str, Json], tmp_path: Path
) -> None:
    moments = random.Random(seed)
    script, home = written(WORKFLOW, tmp_path), tmp_path / "home"
    words: list[str] = []
    for _ in range(2):
        process = start(script, *words, home=home)
        time.sleep(moments.uniform(0.05, 1.5))
        _kill(process)
        words = [f"--resume={home}"]
        runs = [it.parent for it in home.glob("runs/w/*/given")]
        words = ["--resume", runs[0].name] if runs else []
        if not runs:
            for each in home.glob("runs/w/*"):
                each.rename(tmp_path / f"nothing-{each.name}")
    code, said = _ends(start(script, *words, home=home))
    assert code == 0, said
    assert _compared(home) == undisturbed


def test_what_had_ended_stays(tmp_path: Path) -> None:
    script, home = written(PLAIN, tmp_path), tmp_path / "home"
    assert _ends(start(script, "P=two", home=home))[0] == 1
    (run,) = home.glob("runs/w/*")
    (tmp_path / "go").touch()
    assert _ends(start(script, "--resume", str(run), home=home))[0] == 0
    log = (tmp_path / "log").read_text().split()
    assert log == ["a", "b", "exit", "b", "c", "exit"]
    steps = _outcome(home)["steps"]
    assert isinstance(steps, dict)
    assert {name: row["attempts"] for name, row in steps.items()} == {  # type: ignore[index,call-overload]
        "a": 1,
        "b": 2,
        "c": 1,
    }
    assert _outcome(home)["outputs"] == {"A": "two", "B": "two", "C": "two"}
    code, said = _ends(start(script, "--resume", run.name[:12], home=home))
    assert code == 0
    assert "nothing to do" in said


def test_killed_while_a_step_works(tmp_path: Path) -> None:
    workflow = """
        steps:
          - {name: a, command: "echo a >>log"}
          - {name: b, command: "echo b >>log; test -e go || sleep 300", retryPolicy: {limit: 1, intervalSec: 0}, preconditions: ["echo if >>log"]}
    """
    script, home = written(workflow, tmp_path), tmp_path / "home"
    process = start(script, home=home)
    _wait_for(tmp_path / "log", 3)
    (run,) = home.glob("runs/w/*")
    code, said = _ends(start(script, "--resume", str(run), home=home))
    assert code == 2
    assert "still going on" in said
    _kill(process)
    (tmp_path / "go").touch()
    assert _ends(start(script, "--resume", run.name, home=home))[0] == 0
    assert (tmp_path / "log").read_text().split() == ["a", "if", "b", "if", "b"]
    assert '"b": {"status": "succeeded", "attempts": 2' in (
        run / "outcome.json"
    ).read_text("utf-8")


def test_values_stay_and_secrets_do_not(tmp_path: Path) -> None:
    workflow = """
        secrets: [{name: S, provider: env, key: KEY}]
        params: [{P: "`echo p >>log; echo v`"}]
        steps:
          - {name: a, command: "echo a >>log; echo $P", output: A}
          - {name: b, command: "echo b >>log; test -e go || sleep 300; echo $S | wc -c", output: B}
    """
    script, home = written(workflow, tmp_path), tmp_path / "home"
    key = {"KEY": "hush-hush-hush"}
    process = start(script, home=home, environment=key)
    _wait_for(tmp_path / "log", 3)
    _kill(process)
    (run,) = home.glob("runs/w/*")
    (tmp_path / "go").touch()
    until = time.monotonic() + 10
    while (run / "steps/.secrets").exists() and time.monotonic() < until:
        time.sleep(0.05)
    files = [it for it in run.rglob("*") if it.is_file() and it.parts[-2] != ".lock"]
    kept = [it for it in files if not it.name.startswith((".hidden", ".lines"))]
    assert not [it for it in kept if b"hush-hush" in it.read_bytes()]
    process = start(script, "--resume", run.name, home=home, environment=key)
    assert _ends(process)[0] == 0
    assert (tmp_path / "log").read_text().split() == ["p", "a", "b", "b"]
    assert _outcome(home)["outputs"] == {"A": "v", "B": "15"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--resume", "x"], "there is no run `x`"),
        (["--resume", "x", "P=1"], "none beside --resume"),
        (["--resume", "x", "--work-dir", "."], "no --work-dir beside"),
        (["--resume", "x", "--dry-run"], "not beside --resume"),
        (["--step", "x"], "there is no step `x`"),
        (["--step", "a", "--from", "b"], "one of --step and --from"),
        (["--force"], "there is no --force"),
        (["--max-active-steps", "x"], "takes a whole number"),
    ],
)
def test_refused(words: list[str], said: str, tmp_path: Path) -> None:
    process = start(written(PLAIN, tmp_path), *words, home=tmp_path / "home")
    code, all_said = _ends(process)
    assert code == 2
    assert said in all_said


def test_a_script_that_was_not_made_for_it_says_so(tmp_path: Path) -> None:
    script = tmp_path / "w.sh"
    script.write_text(text_of(PLAIN), "utf-8")
    code, said = _ends(start(script, "--resume", "x", home=tmp_path / "home"))
    assert code == 2
    assert "--with resume" in said


def test_another_version_is_refused(tmp_path: Path) -> None:
    script, home = written(PLAIN, tmp_path), tmp_path / "home"
    _ends(start(script, home=home))
    (run,) = home.glob("runs/w/*")
    changed = written(PLAIN.replace("one", "three"), tmp_path)
    code, said = _ends(start(changed, "--resume", run.name, home=home))
    assert code == 2
    assert "has changed" in said


@pytest.mark.parametrize(
    ("words", "ran"), [(["--step", "b"], "b exit"), (["--from", "b"], "b c exit")]
)
def test_some_steps(words: list[str], ran: str, tmp_path: Path) -> None:
    workflow = PLAIN.replace("echo $A", "echo ${A:-none}").replace("test -e go; ", "")
    script, home = written(workflow, tmp_path), tmp_path / "home"
    code, said = _ends(start(script, *words, home=home))
    assert code == 0, said
    assert (tmp_path / "log").read_text().split() == ran.split()
    assert '"a": {"status": "not_started", "attempts": 0' in (
        next(home.glob("runs/w/*/outcome.json")).read_text("utf-8")
    )


def test_lists_and_plans_without_running(tmp_path: Path) -> None:
    script, home = written(PLAIN, tmp_path), tmp_path / "home"
    assert _ends(start(script, "--list", home=home)) == (0, "a\nb: a\nc: b\n")
    code, said = _ends(start(script, "--dry-run", home=home))
    assert code == 0
    assert said.startswith("w: nothing runs; ")
    assert "values are not put into them" in said.splitlines()[0]
    assert "    echo b >>log; test -e go; echo $A\n" in said
    assert not home.exists()
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("workflow", [WORKFLOW, PLAIN], ids=["calls", "plain"])
def test_tools_accept_it(workflow: str, tmp_path: Path, shellcheck: Path) -> None:
    script = written(workflow, tmp_path)
    done = subprocess.run(
        [str(shellcheck), "--norc", str(script)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_a_value_of_a_step_that_was_left_out(tmp_path: Path) -> None:
    workflow = PLAIN.replace("test -e go; ", "")
    script, home = written(workflow, tmp_path), tmp_path / "home"
    code, said = _ends(start(script, "--from", "b", home=home))
    assert code == 1
    assert "of `a`: the step was left out" in said
    (run,) = home.glob("runs/w/*")
    assert _ends(start(script, "--resume", run.name, home=home))[0] == 0
    assert _outcome(home)["outputs"] == {"A": "one", "B": "one", "C": "one"}
