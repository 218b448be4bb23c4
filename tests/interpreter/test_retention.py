"""`histRetentionDays` and `histRetentionRuns`: which runs go when another starts."""

import fcntl
import io
import os
import time
from pathlib import Path

import pytest
from resolved import execute, from_yaml

DAY = 86_400


def flow(more: str) -> str:
    return f"name: flow\n{more}\nsteps: [{{name: a, command: 'true'}}]\n"


def runs(folder: Path) -> Path:
    return folder / "home" / "runs" / "flow"


def make(folder: Path, number: int, days: float = 0, ended: bool = True) -> Path:
    """A run that ended so many days ago; a higher number is a later start."""
    path = runs(folder) / f"20200101T0000{number:02}-1-abc{number}"
    (path / "steps" / "a").mkdir(parents=True)
    (path / "events.jsonl").touch()
    if ended:
        outcome = path / "outcome.json"
        outcome.touch()
        when = time.time() - days * DAY
        os.utime(outcome, (when, when))
    return path


def start(folder: Path, more: str) -> tuple[list[str], str]:
    """The older runs that are there after another one, and what it said."""
    stream = io.StringIO()
    report = execute(from_yaml(flow(more)), folder, stream=stream)
    assert report.outcome.status == "succeeded"
    names = {path.name for path in runs(folder).iterdir()}
    assert report.run_id in names
    numbers = sorted(name.partition("abc")[2] for name in names - {report.run_id})
    return numbers, stream.getvalue()


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ("", ["1", "2", "3", "4"]),
        ("histRetentionDays: 7", ["3", "4"]),
        ("histRetentionDays: 100", ["1", "2", "3", "4"]),
        ("histRetentionDays: 0", []),
        ("histRetentionDays: -1", ["1", "2", "3", "4"]),
        ("histRetentionRuns: 1", ["4"]),
        ("histRetentionRuns: 3", ["2", "3", "4"]),
        ("histRetentionRuns: 9", ["1", "2", "3", "4"]),
        ("histRetentionRuns: 3\nhistRetentionDays: 7", ["3", "4"]),
        ("histRetentionRuns: 1\nhistRetentionDays: 7", ["4"]),
    ],
)
def test_what_is_kept(tmp_path: Path, more: str, kept: list[str]) -> None:
    for number, days in ((1, 30), (2, 8), (3, 6), (4, 1)):
        make(tmp_path, number, days)
    assert start(tmp_path, more)[0] == kept


def test_what_has_no_outcome_stays(tmp_path: Path) -> None:
    make(tmp_path, 1, ended=False)
    make(tmp_path, 2, days=9)
    make(tmp_path, 3, ended=False)
    assert start(tmp_path, "histRetentionDays: 1")[0] == ["1", "3"]


def test_what_goes_on_again_stays(tmp_path: Path) -> None:
    path = make(tmp_path, 1, days=9)
    with (path / "events.jsonl").open("a") as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)
        kept, said = start(tmp_path, "histRetentionDays: 1")
        assert kept == ["1"]
        assert said.startswith("a: started\n")
    assert start(tmp_path, "histRetentionDays: 1")[0] == [""]


def test_other_workflows_and_files_stay(tmp_path: Path) -> None:
    other = make(tmp_path, 1, days=9)
    other.rename(tmp_path / "elsewhere")
    (runs(tmp_path).parent / "other").mkdir()
    (tmp_path / "elsewhere").rename(runs(tmp_path).parent / "other" / other.name)
    notes = runs(tmp_path) / "notes"
    notes.mkdir()
    (notes / "outcome.json").touch()
    execute(from_yaml(flow("histRetentionRuns: 1")), tmp_path)
    assert notes.exists()
    assert (runs(tmp_path).parent / "other" / other.name).exists()


def test_logs_elsewhere_go_with_it(tmp_path: Path) -> None:
    """Only where the folder has the name that nothing else has."""
    path, strange = make(tmp_path, 1, days=9), make(tmp_path, 2, days=9)
    logs = tmp_path / "logs" / "flow" / path.name
    (logs / "a").mkdir(parents=True)
    precious = tmp_path / "precious"
    (precious / "a").mkdir(parents=True)
    for run, target in ((path, logs), (strange, precious)):
        (run / "steps" / "a").rmdir()
        (run / "steps").rmdir()
        (run / "steps").symlink_to(target)
    assert start(tmp_path, "histRetentionDays: 1")[0] == []
    assert logs.parent.exists()
    assert not logs.exists()
    assert (precious / "a").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    path = make(tmp_path, 1, days=9)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    (path / "link").symlink_to(precious)
    assert start(tmp_path, "histRetentionDays: 1")[0] == []
    assert (precious / "file").exists()


def test_what_was_left_half_removed_goes(tmp_path: Path) -> None:
    path = make(tmp_path, 1, days=9)
    path.rename(path.with_name(f".removed-{path.name}"))
    kept, said = start(tmp_path, "histRetentionRuns: 5")
    assert kept == []
    assert said.startswith("a: started\n")


@pytest.fixture
def fixed(tmp_path: Path) -> Path:
    """A run whose journal cannot be read, also for root."""
    path = make(tmp_path, 1, days=9)
    (path / "events.jsonl").unlink()
    (path / "events.jsonl").symlink_to("events.jsonl")
    return path


def test_what_cannot_be_removed_is_told(tmp_path: Path, fixed: Path) -> None:
    make(tmp_path, 2, days=9)
    kept, said = start(tmp_path, "histRetentionDays: 1")
    assert kept == ["1"]
    lines = said.splitlines()
    assert lines[0] == (
        "cannot remove an old run: too many levels of symbolic links "
        f"`{fixed}/events.jsonl`"
    )
    assert lines[1] == "a: started"
