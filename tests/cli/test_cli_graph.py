"""`wfc graph`: which workflow is drawn, how, and where what is to say about it goes."""

import os
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from commands import CYCLE, GOOD, NOTED, TYPO, Wfc, process, surroundings, write

CALLS = """\
name: parent
steps:
  - {name: call, run: child}
---
name: child
steps:
  - {name: inner, command: "true"}
---
name: apart
steps:
  - {name: lonely, command: "true"}
"""


def test_text_is_the_default(wfc: Wfc) -> None:
    write("calls.yaml", CALLS)
    text = "parent\n└─ call  run child\n   └─ inner\n"
    assert wfc("graph", "calls.yaml") == (0, text, "")
    assert wfc("graph", "calls.yaml", "--format", "text") == (0, text, "")
    assert wfc("graph", "-", stdin=CALLS) == (0, text, "")


@pytest.mark.parametrize(
    ("name", "text"),
    [("apart", "apart\n└─ lonely\n"), ("child", "child\n└─ inner\n")],
)
def test_workflow_by_its_name(wfc: Wfc, name: str, text: str) -> None:
    write("calls.yaml", CALLS)
    assert wfc("graph", "calls.yaml", "--workflow", name) == (0, text, "")


def test_workflow_that_is_not_there(wfc: Wfc) -> None:
    write("calls.yaml", CALLS)
    result = wfc("graph", "calls.yaml", "--workflow", "chidl")
    assert (result.code, result.out) == (2, "")
    assert "did you mean `child`?" in result.err


def test_search(wfc: Wfc) -> None:
    write("lib/hello.yaml", GOOD)
    write("caller.yaml", "steps:\n  - {name: call, run: hello}\n")
    assert wfc("graph", "caller.yaml").code == 2
    result = wfc("graph", "caller.yaml", "--search", "lib")
    assert result == (
        0,
        "caller\n└─ call  run hello\n   └─ hello\n",
        "",
    )


def test_mermaid(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    text = '---\ntitle: "good"\n---\nflowchart TD\n  n1["hello"]\n'
    assert wfc("graph", "good.yaml", "--format", "mermaid") == (0, text, "")


def test_dot(wfc: Wfc) -> None:
    write("good.yaml", GOOD)
    result = wfc("graph", "good.yaml", "--format", "dot")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith('digraph "good" {\n')
    assert '  n1 [label="hello"];\n' in result.out
    assert result.out.endswith("\n}\n")


def test_flowchart_that_pages_do_not_show(wfc: Wfc) -> None:
    steps = "".join(f"  - {{name: s{n}, command: x}}\n" for n in range(600))
    write("many.yaml", f"steps:\n{steps}")
    result = wfc("graph", "many.yaml", "--format", "mermaid")
    assert result.code == 0
    assert "`maxEdges`" in result.err
    assert wfc("graph", "many.yaml", "--format", "mermaid", "--quiet").err == ""
    assert wfc("graph", "many.yaml").err == ""


@pytest.mark.parametrize("text", [TYPO, CYCLE], ids=["typo", "cycle"])
def test_broken_file(wfc: Wfc, text: str) -> None:
    write("broken.yaml", text)
    result = wfc("graph", "broken.yaml")
    assert (result.code, result.out) == (2, "")
    assert "error[WFC" in result.err


def test_notes_are_for_lint(wfc: Wfc) -> None:
    write("noted.yaml", NOTED)
    assert wfc("graph", "noted.yaml") == (0, "noted\n└─ hello\n", "")


@pytest.mark.parametrize("words", [["--format", "svg"], ["--target", "shell"], []])
def test_usage(wfc: Wfc, words: list[str]) -> None:
    assert wfc("graph", *words).code == 2


def test_same_bytes_in_every_locale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "calls.yaml").write_text(CALLS)
    made = set()
    for name in ("C", "C.UTF-8", "en_US.ISO-8859-1"):
        monkeypatch.setenv("LC_ALL", name)
        monkeypatch.setenv("COLUMNS", "10")
        made.add(process(["graph", "calls.yaml"], tmp_path).stdout)
    assert made == {"parent\n└─ call  run child\n   └─ inner\n"}


WIDE = """\
name: wide
steps:
  - name: a-step
    command: "true"
    timeoutSec: 5
    preconditions: ["test -f something"]
"""


def on_terminal(folder: Path, columns: int, **variables: str) -> str:
    """What `wfc graph wide.yaml` shows on a terminal of so many columns."""
    (folder / "wide.yaml").write_text(WIDE)
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    environment = surroundings(folder)
    environment.pop("COLUMNS", None)
    with subprocess.Popen(
        [sys.executable, "-m", "wfc", "graph", "wide.yaml"],
        cwd=folder,
        env={**environment, **variables},
        stdout=theirs,
    ) as process:
        assert process.wait(timeout=60) == 0
    os.close(theirs)
    shown = os.read(ours, 10_000).decode().replace("\r\n", "\n")
    os.close(ours)
    return shown


BROAD = "wide\n└─ a-step  if `test -f something` · timeout 5 s\n"
NARROW = "wide\n└─ a-step  if `test -f something`\n        timeout 5 s\n"


@pytest.mark.parametrize(
    ("columns", "variables", "shown"),
    [
        (80, {}, BROAD),
        (40, {}, NARROW),
        (0, {}, BROAD),
        (80, {"COLUMNS": "40"}, NARROW),
        (40, {"COLUMNS": "80"}, BROAD),
        (40, {"COLUMNS": "0"}, NARROW),
        (40, {"COLUMNS": "x"}, NARROW),
    ],
    ids=str,
)
def test_width_of_the_terminal(
    tmp_path: Path, columns: int, variables: dict[str, str], shown: str
) -> None:
    assert on_terminal(tmp_path, columns, LC_ALL="C.UTF-8", **variables) == shown


def test_terminal_without_utf8(tmp_path: Path) -> None:
    assert on_terminal(tmp_path, 80, LC_ALL="C") == (
        "wide\n`- a-step  if `test -f something` - timeout 5 s\n"
    )
