"""`wfc verify`: what it runs, what it compares, what it says, and what it leaves alone."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from commands import FAILING, GOOD, PARAMS, POSITIONAL, TYPO, Wfc, surroundings, write

from backends.shell.engine import ENGINE
from compiler.backend import CannotRun
from compiler.cli import copies, verify
from compiler.cli.backends import backend
from compiler.ir import Program
from compiler.outcome import Outcome, StepOutcome

TWO = """\
name: two
steps:
  - command: echo first
    name: one
    output: ONE

  - name: second
    command: |
      echo "$ONE"
      # not the end
      exit 3
    continueOn: {failure: true}
handlerOn:
  exit:
    command: echo bye
"""
VERDICT = "two: equal by the interpreter and on bash: partially_succeeded, 2 steps"
CALLS = """\
name: top
steps:
  - name: each
    run: kid
    parallel: [x, y, "a b"]
    params: {WHAT: "${ITEM}"}
    output: RECORD
  - name: call
    run: kid
    depends: each
    params: {WHAT: once}
  - name: report
    depends: call
    command: echo '${RECORD.summary.succeeded}' "${call.output}"
---
name: kid
params: [WHAT: nothing]
steps:
  - name: say
    command: echo "it is $WHAT"
    output: SAID
handlerOn:
  exit: {command: echo out}
"""
SECRET = """\
secrets:
  - {name: KEY, provider: env, key: THE_KEY}
steps:
  - name: a
    command: echo "key $KEY"
    output: A
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary ones: what verify makes is there, and nothing stays."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


Change = Callable[[Outcome], Outcome]


@pytest.fixture
def engine_that(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Lets the target's engine come to what `change` makes of its outcome."""

    def patch(change: Change) -> None:
        def run(
            file: Path,
            *,
            program: Program,
            words: Sequence[str],
            work_dir: Path,
            environment: Mapping[str, str] | None,
            seconds: float | None,
        ) -> Outcome:
            return change(
                ENGINE.run(
                    file,
                    program=program,
                    words=words,
                    work_dir=work_dir,
                    environment=environment,
                    seconds=seconds,
                )
            )

        changed = replace(ENGINE, run=run)
        monkeypatch.setattr(verify, "engine", lambda _: changed)

    return patch


def changed(path: str, **fields: object) -> Change:
    def change(outcome: Outcome) -> Outcome:
        step = replace(outcome.steps[path], **fields)  # type: ignore[arg-type]
        return replace(outcome, steps={**outcome.steps, path: step})

    return change


# ---- equal


def test_equal(wfc: Wfc, temporary: Path) -> None:
    write("two.yaml", TWO)
    result = wfc("verify", "two.yaml", "--target", "shell")
    assert result.code == 0, result.out
    rows = [line.split() for line in result.out.splitlines()]
    assert rows == [
        ["STEP", "STATUS", "ATTEMPTS", "EXIT", "OUTPUT"],
        ["one", "succeeded", "1", "0", "first"],
        ["second", "failed", "1", "3", "-"],
        ["handler", "exit", "succeeded", "1", "0", "bye"],
        [],
        [*VERDICT.split()],
    ]
    assert result.err == "two: runs by the interpreter\ntwo: runs on bash\n"
    assert [*temporary.iterdir()] == []
    assert not Path("wfc-home").exists()


def test_quiet(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    result = wfc("verify", "-q", "good.yaml", "-t", "shell")
    assert (result.code, result.err) == (0, "")


def test_equal_where_both_fail(wfc: Wfc) -> None:
    write("bad.yaml", FAILING)
    result = wfc("verify", "bad.yaml", "-t", "shell")
    assert result.code == 0
    assert "bad: equal by the interpreter and on bash: failed, 1 step\n" in result.out


def test_calls_and_fan_outs(wfc: Wfc) -> None:
    write("top.yaml", CALLS)
    result = wfc("verify", "top.yaml", "-t", "shell")
    assert result.code == 0, result.out
    assert ": succeeded, 10 steps\n" in result.out
    paths = [line.split("  ")[0] for line in result.out.splitlines()]
    assert paths[1:5] == ["each", "call", "call/say", "report"]
    assert "handler call/exit" in paths


def test_a_place_that_is_printed_is_the_same(wfc: Wfc) -> None:
    text = "steps:\n  - {name: a, command: 'pwd; echo \"$WFC_HOME\"', output: A}\n"
    write("here.yaml", text)
    assert wfc("verify", "here.yaml", "-t", "shell").code == 0


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (PARAMS, (), "hello world 2"),
        (PARAMS, ("NAME=x y", "COUNT=$(id)"), "hello x y $(id)"),
        (PARAMS, ("--params-json", "params.json", "COUNT=5"), "hello json 5"),
        (POSITIONAL, ("uno",), "uno two"),
        (POSITIONAL, ("--", "-x", "--strange"), "-x --strange"),
    ],
    ids=str,
)
def test_params(wfc: Wfc, text: str, words: tuple[str, ...], said: str) -> None:
    write("flow.yaml", text)
    write("params.json", '{"NAME": "json", "COUNT": 1}')
    result = wfc("verify", "flow.yaml", "-t", "shell", "--format", "json", "-q", *words)
    assert result.code == 0, result.out
    form = json.loads(result.out)
    assert form["equal"] is True
    for name in ("interpreter", "shell"):
        assert form["outcomes"][name]["outputs"] == {"SAID": said}


def test_stdin(wfc: Wfc) -> None:
    assert wfc("verify", "-", "-t", "shell", "NAME=pipe", stdin=PARAMS).code == 0


def test_a_document(wfc: Wfc) -> None:
    write("top.yaml", CALLS)
    result = wfc("verify", "top.yaml", "-t", "shell", "--workflow", "kid")
    assert result.code == 0
    assert "\nkid: equal " in result.out


def test_a_folder_of_callees(wfc: Wfc) -> None:
    top, _, kid = CALLS.partition("---\n")
    write("top.yaml", top)
    write("others/kid.yaml", kid)
    assert wfc("verify", "top.yaml", "-t", "shell").code == 2
    assert wfc("verify", "top.yaml", "-t", "shell", "--search", "others").code == 0


# ---- different


@pytest.mark.parametrize(
    ("change", "row", "said"),
    [
        (
            changed("second", exit_code=4),
            "second  failed  1  3 / 4  -",
            "second: exit code differs\n  the interpreter  3\n  bash             4\n",
        ),
        (
            changed("second", status="skipped", attempts=0, exit_code=None),
            "second  failed / skipped  1 / 0  3 / -  -",
            "second: attempts differs\n  the interpreter  1\n  bash             0\n",
        ),
        (
            changed("second", output="new\nlines"),
            "second  failed  1  3  - / new\\nlines",
            "  the interpreter  none\n  bash             `new\\nlines`\n",
        ),
        (
            lambda it: replace(it, steps={"one": it.steps["one"]}),
            "second  failed / -  1 / -  3 / -  - / -",
            "second: the interpreter has it, bash has it not\n",
        ),
        (
            lambda it: replace(it, events=tuple(reversed(it.events))),
            "second  failed  1  3  -",
            "order of events on bash: second started before one ended\n",
        ),
    ],
    ids=["exit-code", "status", "output", "missing", "order"],
)
def test_a_step_differs(
    wfc: Wfc,
    engine_that: Callable[[Change], None],
    temporary: Path,
    change: Change,
    row: str,
    said: str,
) -> None:
    write("two.yaml", TWO)
    engine_that(change)
    result = wfc("verify", "two.yaml", "-t", "shell")
    assert result.code == 1
    assert row.split() in [line.split() for line in result.out.splitlines()]
    excerpt = """\
two.yaml:7
 7 |   - name: second
 8 |     command: |
 9 |       echo "$ONE"
10 |       # not the end
11 |       exit 3
12 |     continueOn: {failure: true}

"""
    assert said in result.out
    assert excerpt in result.out
    assert result.out.splitlines()[-1].startswith("two: ")
    assert "difference" in result.out.splitlines()[-1]
    assert [*temporary.iterdir()] == []


def test_a_value_differs(wfc: Wfc, engine_that: Callable[[Change], None]) -> None:
    write("two.yaml", TWO)
    long = "x" * 300

    def change(outcome: Outcome) -> Outcome:
        other = changed("one", output=f"{long}b")(outcome)
        return replace(other, outputs={"ONE": f"{long}b"})

    engine_that(change)
    result = wfc("verify", "two.yaml", "-t", "shell")
    assert result.code == 1
    # Told once, and where the item begins, whatever its first key is.
    assert result.out.count("`first`") == 1
    assert "3 |   - command: echo first\n4 |     name: one\n" in result.out
    assert "two: 1 difference between the interpreter and bash" in result.out


def test_what_is_not_a_step_differs(
    wfc: Wfc, engine_that: Callable[[Change], None]
) -> None:
    write("two.yaml", TWO)
    bye = StepOutcome(status="failed", attempts=1, exit_code=1, output="bye")
    engine_that(
        lambda it: replace(
            it,
            status="failed",
            exit_code=1,
            handlers={"exit": bye},
            outputs={"ONE": "uno"},
        )
    )
    result = wfc("verify", "two.yaml", "-t", "shell")
    assert result.code == 1
    assert "the run: status differs\n" in result.out
    assert "handler exit: exit code differs\n" in result.out
    assert "14 |   exit:\n15 |     command: echo bye\n" in result.out
    assert "output ONE: value differs\n" in result.out
    assert "two: 5 differences between" in result.out


def test_a_step_of_a_callee_differs(
    wfc: Wfc, engine_that: Callable[[Change], None]
) -> None:
    write("top.yaml", CALLS)
    engine_that(changed("each[1]/say", exit_code=9))
    result = wfc("verify", "top.yaml", "-t", "shell")
    assert result.code == 1
    assert "each[1]/say" in result.out.partition("\n\n")[0]
    assert "each[0]/say" not in result.out
    assert "top.yaml:19\n19 |   - name: say\n" in result.out


def test_json(wfc: Wfc, engine_that: Callable[[Change], None]) -> None:
    write("two.yaml", TWO)
    engine_that(changed("second", exit_code=4))
    result = wfc("verify", "two.yaml", "-t", "shell", "--format", "json")
    assert result.code == 1
    form = json.loads(result.out)
    assert form["equal"] is False
    assert (form["version"], form["workflow"], form["target"]) == (1, "two", "shell")
    assert form["folder"] is None
    assert form["differences"] == [
        {
            "kind": "step",
            "name": "second",
            "field": "exit_code",
            "values": {"interpreter": 3, "shell": 4},
            "file": "two.yaml",
            "line": 7,
        }
    ]
    assert form["outcomes"]["shell"]["steps"]["second"]["exit_code"] == 4


def test_secrets_stay_masked(
    wfc: Wfc,
    monkeypatch: pytest.MonkeyPatch,
    engine_that: Callable[[Change], None],
) -> None:
    monkeypatch.setenv("THE_KEY", "hunter2-hunter2")
    write("flow.yaml", SECRET)
    assert wfc("verify", "flow.yaml", "-t", "shell").code == 0
    engine_that(changed("a", status="failed", exit_code=1))
    for format_ in ("text", "json"):
        result = wfc("verify", "flow.yaml", "-t", "shell", "--format", format_)
        assert result.code == 1
        assert "key ***" in result.out
        assert "hunter2" not in result.out + result.err


# ---- what cannot be compared


def test_a_file_with_errors(wfc: Wfc) -> None:
    write("typo.yaml", TYPO)
    result = wfc("verify", "typo.yaml", "-t", "shell")
    assert (result.code, result.out) == (2, "")
    assert "error[WFC103]" in result.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("NMAE=x",), "unknown param `NMAE`: did you mean `NAME`?"),
        (("--work-dir", "nowhere"), "`nowhere` is no folder"),
        (("--workflow", "other"), "there is no workflow `other`"),
        (("--params-json", "nowhere.json"), "cannot read `nowhere.json`"),
        (("--params-json", "nul.json"), "a value holds a NUL"),
        (("--params-json", "flow.yaml"), "not"),
        (("x" * 200_000,), "cannot start `bash`: "),
    ],
    ids=lambda it: str(it)[:30],
)
def test_a_wrong_command_line(
    wfc: Wfc, temporary: Path, words: tuple[str, ...], said: str
) -> None:
    write("flow.yaml", PARAMS)
    write("nul.json", '{"NAME": "a\\u0000b"}')
    result = wfc("verify", "flow.yaml", "-t", "shell", *words)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err
    assert [*temporary.iterdir()] == []


def test_a_target_is_needed(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    assert wfc("verify", "good.yaml").code == 2
    assert wfc("verify", "good.yaml", "--target", "abacus").code == 2


def test_a_refusal(wfc: Wfc, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = replace(backend("shell"), supports={})
    monkeypatch.setattr(verify, "backend", lambda _: lacking)
    write("flow.yaml", PARAMS)
    result = wfc("verify", "flow.yaml", "-t", "shell")
    assert (result.code, result.out) == (2, "")
    assert "flow.yaml:2:" in result.err
    assert "error[WFC401]" in result.err


def test_no_bash(wfc: Wfc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "temporary"))
    write("good.yaml", GOOD)
    result = wfc("verify", "good.yaml", "-t", "shell")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("wfc: nothing to compare with: `bash` is not in PATH")
    assert "apt-get install bash" in result.err


def test_an_engine_that_cannot_run_it(
    wfc: Wfc, engine_that: Callable[[Change], None], temporary: Path
) -> None:
    def refuse(_: Outcome) -> Outcome:
        raise CannotRun("flow.sh: needs jq\nflow.sh: and more")

    write("good.yaml", GOOD)
    engine_that(refuse)
    result = wfc("verify", "-q", "good.yaml", "-t", "shell")
    assert (result.code, result.out) == (2, "")
    assert result.err == "wfc: flow.sh: needs jq\nwfc: flow.sh: and more\n"
    assert [*temporary.iterdir()] == []


# ---- the user's folder


def _snapshot(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content: bytes | str = b""
        if path.is_symlink():
            content = os.readlink(path)
        elif path.is_file():
            content = path.read_bytes()
        found[str(path.relative_to(folder))] = mode, content
    return found


def test_the_folder_of_the_user_stays_as_it_is(wfc: Wfc, tmp_path: Path) -> None:
    home = tmp_path / "project"
    write("project/data/in.txt", "1\n")
    write("project/gone.txt", "here\n")
    write("project/tool", "#!/bin/sh\necho tool\n").chmod(0o755)
    (home / "near").symlink_to("data/in.txt")
    (home / "far").symlink_to(home / "data" / "in.txt")  # absolute, and yet within
    os.mkfifo(home / "pipe")
    write(
        "project/flow.yaml",
        """\
steps:
  - name: change
    command: |
      ./tool
      cat near far data/in.txt
      [ -p pipe ]
      echo 2 >>far
      echo 3 >>near
      rm gone.txt
      mkdir new
      echo new >new/file
      chmod 500 new
      cat data/in.txt
      ls | wc -l
    output: SEEN
""",
    )
    before = _snapshot(home)
    result = wfc("verify", "project/flow.yaml", "-t", "shell")
    assert result.code == 0, result.out + result.err
    assert "tool\\n1\\n1\\n1\\n1\\n2\\n3\\n7" in result.out
    assert _snapshot(home) == before
    assert [*(tmp_path / "temporary").iterdir()] == []


def test_a_large_folder(wfc: Wfc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_BYTES", 2_000_000)
    write("big/flow.yaml", GOOD)
    (Path("big") / "data").write_bytes(b"x" * 2_000_001)
    write("small/file", "")
    result = wfc("verify", "big/flow.yaml", "-t", "shell")
    assert (result.code, result.out) == (2, "")
    assert "has more than 2 MB or 20000 files" in result.err
    assert ": --work-dir D gives the steps another folder" in result.err
    words = ("verify", "big/flow.yaml", "-t", "shell", "--work-dir", "small")
    assert wfc(*words).code == 0


def test_many_files(wfc: Wfc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_FILES", 3)
    for number in range(3):
        write(f"big/{number}/file", "")
    write("big/flow.yaml", GOOD)
    assert wfc("verify", "big/flow.yaml", "-t", "shell").code == 2


def test_keep(wfc: Wfc, temporary: Path) -> None:
    write("flow.yaml", "steps:\n  - {name: a, command: touch made}\n")
    result = wfc("verify", "flow.yaml", "-t", "shell", "--keep")
    assert result.code == 0
    (folder,) = temporary.iterdir()
    assert result.out.splitlines()[-1] == f"folder: {folder}"
    for name in ("interpreter", "shell"):
        assert (folder / name / "work" / "made").is_file()
        assert len([*(folder / name / "wfc/runs/flow").glob("*/outcome.json")]) == 1
    assert (folder / "emitted" / "flow.sh").is_file()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


# ---- signals

# It ends at once the first time, where it is to end in the second run.
WAITING = """\
steps:
  - name: nap
    command: |
      if [ "$SECOND" ] && [ ! -e "$PLACE/first" ]; then : >"$PLACE/first"; exit; fi
      echo $$ >"$PLACE/pid.new"; mv "$PLACE/pid.new" "$PLACE/pid"
      sleep 300 & wait
handlerOn:
  cancel: {command: ': >"$PLACE/cancelled"'}
"""


@pytest.mark.parametrize("second", ["", "1"], ids=["interpreter", "bash"])
@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_a_signal_ends_both_runs(tmp_path: Path, name: str, second: str) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "flow.yaml").write_text(WAITING)
    place = tmp_path / "place"
    place.mkdir()
    environment = {
        **surroundings(tmp_path),
        "TMPDIR": str(tmp_path / "temporary"),
        "PLACE": str(place),
        "SECOND": second,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "wfc", "verify", "project/flow.yaml", "-t", "shell"],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as running:
        limit = time.monotonic() + 30
        while not (place / "pid").exists() and time.monotonic() < limit:
            time.sleep(0.02)
        group = int((place / "pid").read_text())
        number = getattr(signal, f"SIG{name}")
        os.killpg(running.pid, number)  # as a terminal does
        out, err = running.communicate(timeout=60)
    assert running.returncode == 128 + number, err
    assert (out, "Traceback" in err) == ("", False)
    assert (place / "cancelled").exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
    assert [*(tmp_path / "temporary").iterdir()] == []


def test_says_that_jq_is_missing_before_anything_runs(
    wfc: Wfc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """\
    params: [{J: '{"a": 1}'}]
    steps: [{name: a, command: "touch ran; echo ${J.a}"}]
    """
    write("w.yaml", textwrap.dedent(text))
    path = tmp_path / "bin"
    path.mkdir()
    for folder in os.get_exec_path():
        if (Path(folder) / "bash").exists() and not (path / "bash").exists():
            (path / "bash").symlink_to(Path(folder) / "bash")
    monkeypatch.setenv("PATH", str(path))
    result = wfc("verify", "w.yaml", "--target", "shell")
    assert result.code == 2
    assert "nothing to compare with: the script needs `jq`" in result.err
    assert "runs by" not in result.err


def test_params_that_no_command_line_takes(wfc: Wfc, tmp_path: Path, jq: Path) -> None:
    text = """\
    name: large
    params: [{A: ""}, {B: ""}]
    steps: [{name: a, command: 'echo ${#A} "$B"', output: N}]
    """
    write("w.yaml", textwrap.dedent(text))
    values = {"A": 200_000 * "ä=", "B": "b c"}
    (tmp_path / "values.json").write_text(json.dumps(values), "utf-8")
    result = wfc(
        *("verify", "w.yaml", "--target", "shell", "--params-json", "values.json")
    )
    assert result.code == 0, result.err
    assert "equal" in result.out
