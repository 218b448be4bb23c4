"""The examples: nothing is found in them, and they end as their page says."""

import json
import re
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.pipeline import front_end
from compiler.source import Source

EXAMPLES = Path(__file__).parent.parent / "examples"
FILES = sorted(EXAMPLES.glob("*.yaml"))
PAGE = (EXAMPLES / "README.md").read_text("utf-8")
# The rows of the page's table: file name -> status.
STATED = dict(re.findall(r"^\| \[(\S+)\]\(\1\) \|.*\| (\w+) \|$", PAGE, re.MULTILINE))

each_example = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WFC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def run(file: Path, folder: Path, *words: str) -> dict[str, str]:
    """Runs an example in the empty folder `folder/work`: its outputs, and its status as
    "status". It leaves no file there."""
    work = folder / "work"
    work.mkdir()
    report = folder / "report.json"
    options = ["--work-dir", str(work), "--report", str(report), "--quiet"]
    code = main(["run", str(file), *words, *options])
    outcome = json.loads(report.read_text("utf-8"))["outcome"]
    assert code == outcome["exit_code"]
    assert list(work.iterdir()) == []
    return {**outcome["outputs"], "status": outcome["status"]}


@each_example
def test_lints_without_findings(file: Path) -> None:
    source = Source(file.name, file.read_text("utf-8"))
    found = front_end(source).diagnostics
    # That versions of Dagu differ is no fault of an example's.
    assert [each for each in found if each.code != "WFC224"] == []


@each_example
def test_ends_as_stated(file: Path, home: Path) -> None:
    assert run(file, home)["status"] == STATED[file.name]


@each_example
def test_says_on_top_what_it_shows_and_how_to_run_it(file: Path) -> None:
    head = re.match(r"(#.*\n)+", file.read_text("utf-8"))
    assert head is not None
    commands = re.findall(r"^#   (wfc run .*)$", head[0], re.MULTILINE)
    assert commands
    assert all(each.startswith(f"wfc run examples/{file.name}") for each in commands)
    assert any(each in PAGE for each in commands)


# ---- what the examples show, in their outputs


@pytest.mark.parametrize(
    ("words", "report"),
    [
        ([], "total 94, range 4 to 42\n4  ====\n8  ========"),
        (["READINGS=3 1 2"], "total 6, range 1 to 3\n1  =\n2  ==\n3  ==="),
    ],
    ids=["defaults", "three-readings"],
)
def test_fork_join(words: list[str], report: str, home: Path) -> None:
    outputs = run(EXAMPLES / "fork-join.yaml", home, *words)
    assert outputs["REPORT"].startswith(report)


@pytest.mark.parametrize(
    ("words", "alert", "title"),
    [
        ([], "north and south sold 215", "Sales in north, south, west"),
        (['REGIONS=["north"]', "ALERT_ABOVE=1000"], None, "Sales in north"),
    ],
    ids=["alert", "no-alert"],
)
def test_nightly_report(
    words: list[str], alert: str | None, title: str, home: Path
) -> None:
    outputs = run(EXAMPLES / "nightly-report.yaml", home, *words)
    assert outputs.get("ALERT") == alert
    assert outputs["REPORT"] == f"{title}\nwest: 143\nforecast: none"
    assert not Path(outputs["SCRATCH"]).exists()


@pytest.mark.parametrize(
    ("mode", "published"),
    [
        ("fast", "found about 40"),
        ("thorough", "found exactly 41"),
        ("neither", "found nothing"),
    ],
)
def test_either_or(mode: str, published: str, home: Path) -> None:
    outputs = run(EXAMPLES / "either-or.yaml", home, f"MODE={mode}")
    assert outputs["PUBLISHED"] == published


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "'; touch pwned; '",
        '"$(touch pwned)" `touch pwned` ${NAME} $NAME $<NAME>',
        "two\nlines \\ * ~ {{ x }} ${{ y }} %s !! #",
    ],
    ids=["plain", "quotes", "substitutions", "other"],
)
def test_values_are_data(name: str, home: Path) -> None:
    outputs = run(EXAMPLES / "values-are-data.yaml", home, f"NAME={name}")
    del outputs["status"]
    assert outputs == dict.fromkeys(outputs, name)
    assert len(outputs) == 7
