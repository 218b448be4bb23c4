"""What is emitted for Airflow is clean: Airflow reads the files of cases, black leaves
them alone, ruff finds nothing that Airflow has given up, and they are Python 3.10."""

import ast
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import black
import pytest
from cases import CONFORMANCE, GOLDEN, Case, cases_on, emitted, entries, run_id

from backends.airflow import BACKEND

# All of conformance takes minutes: `WFC_AIRFLOW=all` has it.
EVERY = 1 if os.environ.get("WFC_AIRFLOW") == "all" else 8
CASES = [
    *(case for case, _ in cases_on(["airflow"], GOLDEN)),
    *(case for case, _ in cases_on(["airflow"], CONFORMANCE)[::EVERY]),
]
# AIR is what Airflow 3 has given up; F is unused or undefined.
_RULES = "AIR,F,E9"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Path, str]:
    """The emitted files of all cases, and the names of the cases."""
    root = tmp_path_factory.mktemp("emitted")
    found = {}
    for case in CASES:
        for number, entry in enumerate(entries(case)):
            for each in emitted(case, BACKEND, entry):
                file = root / case.name / str(number) / each.path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(each.text, "utf-8")
                found[file] = case.name
    return found


@pytest.fixture(scope="module")
def said(files: Mapping[Path, str], airflow: Path) -> Mapping[str, list[str]]:
    """What is said of the files, by the name of the case: programs take longer to start
    than to look at a file."""
    lines: dict[str, list[str]] = {}
    for tool in (_black, _ruff, _old_python):
        for file, line in tool([*files]):
            lines.setdefault(files[file], []).append(line)
    for file, line in parsed([*files], airflow):
        lines.setdefault(files[file], []).append(line)
    return lines


def _black(files: list[Path]) -> list[tuple[Path, str]]:
    """Of most files only what differs from file to file: black takes its time."""
    found = []
    for file in files:
        text = file.read_text("utf-8")
        golden = (GOLDEN / file.parents[1].name).is_dir()
        begin = -1 if golden else text.find("# \u2500\u2500 The workflow")
        text = text[max(begin, 0) :]
        try:
            if black.format_str(text, mode=black.Mode()) != text:
                found.append((file, "black would change it"))
        except black.InvalidInput as error:
            found.append((file, f"black: {error}"))
    return found


def _ruff(files: list[Path]) -> list[tuple[Path, str]]:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache"]
    command += ["--select", _RULES, "--target-version", "py310", "--quiet"]
    done = subprocess.run(
        [*command, "--output-format", "json", *files], capture_output=True, text=True
    )
    return [
        (
            Path(each["filename"]),
            f"{each['location']['row']}: {each['code']} {each['message']}",
        )
        for each in json.loads(done.stdout)
    ]


def _old_python(files: list[Path]) -> list[tuple[Path, str]]:
    found = []
    for file in files:
        try:
            ast.parse(file.read_text("utf-8"), feature_version=(3, 10))
        except SyntaxError as error:
            found.append((file, str(error)))
    return found


def parsed(files: list[Path], airflow: Path) -> list[tuple[Path, str]]:
    """What Airflow says of files that it cannot import."""
    script = Path(__file__).with_name("parse.py")
    done = subprocess.run([airflow, script, *files], stdout=subprocess.PIPE, text=True)
    forms = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(forms) == len(files)
    return [(Path(it["file"]), it["problem"]) for it in forms if it["problem"]]


@pytest.mark.parametrize("case", CASES, ids=run_id)
def test_nothing_is_found(case: Case, said: Mapping[str, list[str]]) -> None:
    assert not said.get(case.name), "\n".join(said[case.name])


BAD = """\
from airflow import DAG
import os
dag = DAG("bad", schedule_interval = None)
if True:
    undefined()
"""


def test_each_finds_something(tmp_path: Path, airflow: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text(BAD)
    assert _black([file])
    assert {line.split()[1][:1] for _, line in _ruff([file])} == {"A", "F"}
    assert parsed([file], airflow)
    file.write_text("match 1:\n    case _:\n        pass\ntype X = int\n")
    assert _old_python([file])


def test_ruff_is_there() -> None:
    assert importlib.util.find_spec("ruff")
