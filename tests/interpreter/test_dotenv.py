"""The files of `dotenv`: how their lines are read, and where their variables stand."""

import io
import os
import re
from pathlib import Path

import pytest
from resolved import execute, from_yaml

from compiler.interpreter.dotenv import variables


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A=1", "1"),
        ("  A=1  ", "1"),
        ("A=", ""),
        ("A= ", ""),
        ("A= a  b ", "a  b"),
        ("export A=1", "1"),
        ("export\t A=1", "1"),
        ("A=1\r", "1"),
        ("A=a=b", "a=b"),
        ("A=a # said", "a"),
        ("A=a\t# said", "a"),
        ("A=a#b", "a#b"),
        ("A=#b", "#b"),
        ("A= #b", ""),
        ("A=it's", "it's"),
        ('A=a "b" c', 'a "b" c'),
        ("A=$HOME ${X} `id` $(id)", "$HOME ${X} `id` $(id)"),
        ("A=\\n\\\\", "\\n\\\\"),
        ("A='a # b'", "a # b"),
        ("A='a'  # said", "a"),
        ("A='a'#said", "a"),
        ("A='\\n $X \"'", '\\n $X "'),
        ("A=''", ""),
        ('A="a # b" # said', "a # b"),
        ('A="a\\nb"', "a\nb"),
        ('A="\\"\\\\\\$X"', '"\\$X'),
        ('A="\\\\n"', "\\n"),
        ('A="\\t\\`$X\'"', "\\t\\`$X'"),
        ('A=""', ""),
        ("A=ü", "ü"),
    ],
)
def test_a_line(line: str, expected: str) -> None:
    assert list(variables(line)) == [("A", expected)]


@pytest.mark.parametrize("line", ["", "  ", "\t\r", "#", "# A=1", "  #A=1"])
def test_a_line_without_a_variable(line: str) -> None:
    assert list(variables(line)) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("A", "it is no `NAME=value`"),
        ("A =1", "it is no `NAME=value`"),
        ("=1", "it is no `NAME=value`"),
        ("1A=1", "it is no `NAME=value`"),
        ("A-B=1", "it is no `NAME=value`"),
        ("Ä=1", "it is no `NAME=value`"),
        ("export A", "it is no `NAME=value`"),
        ("exportA B=1", "it is no `NAME=value`"),
        ("A: 1", "it is no `NAME=value`"),
        ("A='a", "a quote `'` is not closed"),
        ('A="a', 'a quote `"` is not closed'),
        ('A="a\\"', 'a quote `"` is not closed'),
        ("A='", "a quote `'` is not closed"),
        ("A='a' b", "something follows the closing quote"),
        ("A='a'b", "something follows the closing quote"),
        ('A="a" "b"', "something follows the closing quote"),
        ("A=" + "x" * 65_537, "the value of `A` is above 64 KiB"),
    ],
)
def test_a_bad_line(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        list(variables(line))


FLOW = """
name: flow
dotenv: {files}
env: [E: env, D: "<${{A}}>"]
params: [P: "${{A:-none}}"]
steps:
  - {{name: a, command: 'echo "$A|$B|$E|$D|$P"', output: OUT}}
"""


def out(folder: Path, files: dict[str, str], listed: str = "[one, two]") -> str:
    work = folder / "work"
    work.mkdir(exist_ok=True)
    for name, text in files.items():
        (work / name).write_text(text, newline="")
    report = execute(
        from_yaml(FLOW.format(files=listed)),
        folder,
        environment={"A": "caller", "B": "caller"},
    )
    assert report.outcome.status == "succeeded"
    return report.outcome.outputs["OUT"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "caller|caller|env|<caller>|caller"),
        ({"one": ""}, "caller|caller|env|<caller>|caller"),
        ({"one": "A=1\nB=2\n"}, "1|2|env|<1>|1"),
        ({"one": "A=1\nB=2\n", "two": "A=3\n"}, "3|2|env|<3>|3"),
        ({"two": "A=3\r\nE=4\r\n"}, "3|caller|env|<3>|3"),
        ({"one": "\ufeffA=1"}, "1|caller|env|<1>|1"),
        ({"one": "A=1\nA=2"}, "2|caller|env|<2>|2"),
        ({"one": "A=\n"}, "|caller|env|<>|none"),
        ({"one": "P=file\n"}, "caller|caller|env|<caller>|caller"),
    ],
)
def test_where_its_variables_stand(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    assert out(tmp_path, files) == expected


def test_one_file_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "work" / "sub").mkdir(parents=True)
    assert out(tmp_path, {"sub/.env": "A=x"}, "sub/.env").startswith("x|")


def test_values_are_data(tmp_path: Path) -> None:
    hostile = "$(touch pwned) `touch pwned` ${A} $A; touch pwned"
    assert out(tmp_path, {"one": f"A={hostile}"}).startswith(f"{hostile}|")
    assert not (tmp_path / "work" / "pwned").exists()


@pytest.mark.parametrize(
    "name", ["PATH", "BASH_ENV", "UID", "IFS", "DAG_NAME", "WFC_1"]
)
def test_names_that_mean_something(tmp_path: Path, name: str) -> None:
    """wfc's own bash is still found, and its own variables win."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / ".env").write_text(f"{name}=/nowhere\n")
    report = execute(
        from_yaml("""
            name: flow
            params: [P: '{"a b": "x y"}']
            dotenv: .env
            steps:
              - {name: a, command: 'echo "$DAG_NAME" ${P["a b"]}', output: OUT}
            """),
        tmp_path,
    )
    assert report.outcome.outputs == {"OUT": "flow x y"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"A=1\n\nB\n", "dotenv `.env`, line 3: it is no `NAME=value`"),
        (b"A=\xff\n", "dotenv `.env`: `{path}` is not UTF-8 text"),
        (b"A=1 # \0\n", "dotenv `.env`: it holds a NUL character"),
        (b"A='x\n'", "dotenv `.env`, line 1: a quote `'` is not closed"),
    ],
)
def test_a_file_that_is_none_fails_the_run(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "work" / ".env"
    path.parent.mkdir()
    path.write_bytes(content)
    failed(tmp_path, said.format(path=path))


def failed(folder: Path, said: str) -> None:
    stream = io.StringIO()
    report = execute(
        from_yaml("""
            name: flow
            dotenv: [.env]
            steps: [{name: a, command: touch ran}]
            handlerOn: {failure: {command: 'true'}}
            """),
        folder,
        stream=stream,
    )
    assert (report.outcome.status, report.outcome.exit_code) == ("failed", 1)
    assert report.outcome.steps["a"].status == "aborted"
    assert list(report.outcome.handlers) == ["failure"]
    assert (report.folder / "inputs.err").read_text() == f"wfc: {said}\n"
    assert f"  | wfc: {said}\n" in stream.getvalue()


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "work" / ".env"
    path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    failed(tmp_path, f"dotenv `.env`: `{path}` is no file")


def test_a_callee_reads_its_own(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "one").write_text("A=one\nB=one\n")
    (tmp_path / "work" / "two").write_text("B=two\n")
    report = execute(
        from_yaml("""
            name: flow
            dotenv: one
            steps:
              - {name: a, run: kid, output: R}
              - {name: b, command: 'echo "$A $B ${R.outputs.X}"', output: Y}
            ---
            name: kid
            dotenv: two
            steps: [{name: x, command: 'echo "$A $B"', output: X}]
            """),
        tmp_path,
        environment={"A": "caller"},
    )
    assert report.outcome.outputs["Y"] == "one one caller two"


def test_a_secret_from_it(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / ".env").write_text("TOKEN=hidden\n")
    report = execute(
        from_yaml("""
            name: flow
            dotenv: .env
            secrets: [{name: S, provider: env, key: TOKEN}]
            steps: [{name: a, command: 'echo "$S $TOKEN"', output: X}]
            """),
        tmp_path,
    )
    assert report.outcome.outputs == {"X": "*** ***"}


def test_backticks_and_conditions_have_it(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / ".env").write_text("A=x\n")
    report = execute(
        from_yaml("""
            name: flow
            dotenv: .env
            params: [P: '`echo "<$A>"`']
            preconditions: test "$A" = x
            steps: [{name: a, command: 'echo "$P"', output: X, preconditions: test "$A" = x}]
            """),
        tmp_path,
    )
    assert report.outcome.outputs == {"X": "<x>"}
