"""`wfc run`: its words, what it prints and what it leaves."""

import json
import os
import stat
from pathlib import Path

import pytest
from commands import FAILING, GOOD, PARAMS, POSITIONAL, TYPO, Wfc, write


def outputs(report: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(Path(report).read_text())["outcome"]["outputs"]
    return found


def test_run(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    result = wfc("run", "good.yaml")
    assert result.code == 0
    assert "hello: started" in result.err
    assert "hello: succeeded in " in result.err
    table, verdict, folder = (
        result.out.splitlines()[0],
        result.out.splitlines()[-2],
        result.out.splitlines()[-1],
    )
    assert table.split() == ["STEP", "STATUS", "ATTEMPTS", "EXIT", "SECONDS"]
    assert verdict.startswith("good: succeeded in ")
    assert folder.startswith("run folder: ")
    run_folder = Path(folder.removeprefix("run folder: "))
    assert run_folder.is_relative_to(Path("wfc-home/runs/good").absolute())
    assert (run_folder / "outcome.json").is_file()


def test_run_quiet(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    result = wfc("run", "-q", "good.yaml")
    assert (result.code, result.err) == (0, "")


def test_run_that_fails(wfc: Wfc) -> None:
    write("bad.yaml", FAILING)
    result = wfc("run", "bad.yaml")
    assert result.code == 1
    assert "broken: failed with exit 3 in " in result.err
    assert "bad: failed in " in result.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "hello world 2"),
        (("NAME=you",), "hello you 2"),
        (("COUNT=a=b", "NAME=x y"), "hello x y a=b"),
        (("NAME=one", "NAME=two"), "hello two 2"),
        (("NAME=$(id) `id` ${COUNT}",), "hello $(id) `id` ${COUNT} 2"),
        (("--", "NAME=you"), "hello you 2"),
        (("NAME=",), "hello  2"),
    ],
    ids=str,
)
def test_run_with_params(wfc: Wfc, words: tuple[str, ...], said: str) -> None:
    write("hi.yaml", PARAMS)
    result = wfc("run", "hi.yaml", "--report", "report.json", *words)
    assert result.code == 0, result.err
    assert outputs("report.json") == {"SAID": said}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "one two"),
        (("uno",), "uno two"),
        (("uno", "due words"), "uno due words"),
        (("--", "-x", "--strange"), "-x --strange"),
    ],
    ids=str,
)
def test_run_with_positional_words(wfc: Wfc, words: tuple[str, ...], said: str) -> None:
    write("words.yaml", POSITIONAL)
    result = wfc("run", "words.yaml", "--report", "report.json", *words)
    assert result.code == 0, result.err
    assert outputs("report.json") == {"SAID": said}


def test_run_with_an_unknown_param(wfc: Wfc) -> None:
    write("hi.yaml", PARAMS)
    result = wfc("run", "hi.yaml", "NMAE=x", "Q=1")
    assert (result.code, result.out) == (2, "")
    assert "unknown param `NMAE`: did you mean `NAME`?" in result.err
    assert "unknown param `Q`" in result.err
    assert "Traceback" not in result.err
    assert not Path("wfc-home").exists()


def test_run_of_a_file_with_errors(wfc: Wfc) -> None:
    write("typo.yaml", TYPO)
    result = wfc("run", "typo.yaml")
    assert (result.code, result.out) == (2, "")
    assert "error[WFC103]" in result.err
    assert not Path("wfc-home").exists()


def test_run_of_stdin(wfc: Wfc) -> None:
    result = wfc("run", "-", "--report", "report.json", "NAME=pipe", stdin=PARAMS)
    assert result.code == 0, result.err
    assert outputs("report.json") == {"SAID": "hello pipe 2"}


def test_params_from_json(wfc: Wfc) -> None:
    write("hi.yaml", PARAMS)
    write("params.json", '{"NAME": "json", "COUNT": [1, {"a": 2.0}]}')
    words = ("--params-json", "params.json", "--report", "report.json")
    assert wfc("run", "hi.yaml", *words).code == 0
    assert outputs("report.json") == {"SAID": 'hello json [1,{"a":2}]'}
    assert wfc("run", "hi.yaml", *words, "NAME=word").code == 0
    assert outputs("report.json") == {"SAID": 'hello word [1,{"a":2}]'}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[1]", "not a JSON object"),
        ("{", "params.json"),
        ('{"NMAE": 1}', "did you mean `NAME`?"),
        ("\xff", "params.json"),
    ],
)
def test_params_from_bad_json(wfc: Wfc, text: str, problem: str) -> None:
    write("hi.yaml", PARAMS)
    Path("params.json").write_bytes(text.encode("latin-1"))
    result = wfc("run", "hi.yaml", "--params-json", "params.json")
    assert (result.code, result.out) == (2, "")
    assert problem in result.err
    assert "Traceback" not in result.err


def test_params_from_a_missing_file(wfc: Wfc) -> None:
    write("hi.yaml", PARAMS)
    result = wfc("run", "hi.yaml", "--params-json", "gone.json")
    assert result.code == 2
    assert "cannot read `gone.json`" in result.err


def test_report(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    assert wfc("run", "good.yaml", "--report", "report.json").code == 0
    form = json.loads(Path("report.json").read_text())
    keys = ["outcome", "run_id", "started", "seconds", "steps", "handlers"]
    assert list(form) == keys
    assert form["outcome"]["status"] == "succeeded"
    assert form["outcome"]["events"] == [["start", "hello"], ["end", "hello"]]
    log = Path(form["steps"]["hello"]["log"])
    assert (log / "1.out").read_text() == "hello\n"


@pytest.mark.parametrize("report", ["taken/report.json", "gone/report.json"])
def test_report_without_a_folder(wfc: Wfc, report: str) -> None:
    """Said before the run, not when hours of it are over."""
    write("good.yaml", GOOD)
    write("taken", "something")
    result = wfc("run", "good.yaml", "--report", report)
    assert (result.code, result.out) == (2, "")
    assert f"cannot write `{report}`: its folder does not exist" in result.err
    assert not Path("wfc-home").exists()


def test_report_that_cannot_be_written(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    Path("folder").mkdir()
    result = wfc("run", "good.yaml", "--report", "folder")
    assert (result.code, result.out) == (2, "")
    assert "cannot write `folder`: it is a folder" in result.err


def test_report_into_a_pipe(wfc: Wfc) -> None:
    """What is no regular file is written to, not replaced."""
    write("good.yaml", GOOD)
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert wfc("run", "good.yaml", "--report", "pipe").code == 0
        assert stat.S_ISFIFO(os.stat("pipe").st_mode)
        assert json.loads(os.read(reader, 65536))["outcome"]["status"] == "succeeded"
    finally:
        os.close(reader)


@pytest.mark.parametrize("words", [("--", "-x", "y"), ("-x", "--", "y")])
def test_words_behind_two_dashes(wfc: Wfc, words: tuple[str, ...]) -> None:
    write("words.yaml", POSITIONAL)
    result = wfc("run", "words.yaml", *words, "--report", "r.json")
    if words[0] == "--":
        assert result.code == 0  # behind `--` all are words
        assert not Path("r.json").exists()
    else:
        assert result.code == 2
        assert "unknown option -x" in result.err
        assert result.err.startswith("usage: wfc run FILE")


def test_no_home(wfc: Wfc, monkeypatch: pytest.MonkeyPatch) -> None:
    write("good.yaml", GOOD)
    monkeypatch.delenv("WFC_HOME", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    result = wfc("run", "good.yaml")
    assert (result.code, result.out) == (2, "")
    assert "set WFC_HOME" in result.err


def test_steps_run_beside_the_file(wfc: Wfc) -> None:
    write("flows/where.yaml", "steps:\n  - name: a\n    command: pwd >here\n")
    assert wfc("run", "flows/where.yaml").code == 0
    assert Path("flows/here").read_text().rstrip() == str(Path("flows").resolve())


def test_work_dir(wfc: Wfc) -> None:
    write("where.yaml", "steps:\n  - name: a\n    command: pwd >here\n")
    Path("other").mkdir()
    assert wfc("run", "where.yaml", "--work-dir", "other").code == 0
    assert Path("other/here").read_text().rstrip() == str(Path("other").resolve())


def test_work_dir_that_is_missing(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    result = wfc("run", "good.yaml", "--work-dir", "gone")
    assert (result.code, result.out) == (2, "")
    assert "`gone` is no folder" in result.err
