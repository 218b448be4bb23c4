"""What the tests of the command line share: small workflows, and ways to call wfc."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent

GOOD = """\
steps:
  - name: hello
    command: echo hello
"""
PARAMS = """\
params:
  - NAME: world
  - COUNT: 2
env:
  - GREETING: hello ${NAME}
steps:
  - name: greet
    command: echo "$GREETING $COUNT"
    output: SAID
"""
POSITIONAL = """\
params: one two
steps:
  - name: words
    command: echo "$1 $2"
    output: SAID
"""
TYPO = """\
steps:
  - name: hello
    comand: echo hello
"""
CYCLE = """\
type: graph
steps:
  - name: a
    command: "true"
    depends: b
  - name: b
    command: "true"
    depends: a
"""
NOTED = """\
steps:
  - name: hello
    command: echo hello
    dir: ${UNDECLARED}
"""
FAILING = """\
steps:
  - name: broken
    command: exit 3
"""


class Result(NamedTuple):
    code: int
    out: str
    err: str


Wfc = Callable[..., Result]


def write(path: str, text: str) -> Path:
    """Writes a file below the current folder, which is the test's own."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a wfc that is a process of its own, and its runs in `folder`."""
    home = str(folder / "wfc-home")
    return {**os.environ, "PYTHONPATH": str(ROOT), "WFC_HOME": home}


def process(
    words: Sequence[str], folder: Path, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs `python -m wfc` for real, with `folder` as its current folder."""
    return subprocess.run(
        [sys.executable, "-m", "wfc", *words],
        cwd=folder,
        env=surroundings(folder),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
