"""The folders that jobs have left, and act's log -> what is known of the run, and its files."""

import contextlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from backends.github.scratch import Scratch
from backends.outcomes import Record, Remains
from compiler.backend import folders
from compiler.ir import Program
from compiler.outcome import RunStatus


def read(
    jobs: Path, log: Sequence[str], program: Program, *, green: bool
) -> Remains | None:
    """What the run has left in `jobs`, a folder for each job that ran, and in `log`. None
    where no job ran."""
    said = [*_said(log)]
    if not any("jobResult" in each for each in said):
        return None
    kept = [*_kept(jobs)]
    records = {path: _record(form) for path, form in kept if not _is_special(path)}
    if not any(jobs.glob("*/out")):
        records = _plain(said, program, jobs)
    return Remains(
        records=records,
        items={
            path.removesuffix(".items"): len(form["items"])
            for path, form in kept
            if path.endswith(".items")
        },
        frames=frozenset(_frames(kept, records)),
        unmet=frozenset(
            path.removesuffix("@frame")
            for path, form in kept
            if path.endswith("@frame") and "unmet" in form
        ),
        status=_status(kept),
        green=green,
    )


def _said(log: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for line in log:
        if line.startswith("{"):
            yield json.loads(line)


def _kept(jobs: Path) -> Iterator[tuple[str, Any]]:
    """Each JSON file that a job has left, with its path."""
    for steps in jobs.glob("*/out/steps"):
        for file in steps.rglob("*.json"):
            path = file.relative_to(steps).as_posix().removesuffix(".json")
            yield path, json.loads(file.read_text("utf-8"))


def _is_special(path: str) -> bool:
    """Is it about a frame, the run, items or a choice, not about a step?"""
    name = path.rpartition("/")[2]
    return name.startswith("@") or name.endswith((".items", ".callee"))


def _record(form: Mapping[str, Any]) -> Record:
    known = Record.__dataclass_fields__
    return Record(**{name: value for name, value in form.items() if name in known})


def _status(kept: Sequence[tuple[str, Any]]) -> RunStatus | None:
    return next((form["status"] for path, form in kept if path == "@run"), None)


def _frames(
    kept: Sequence[tuple[str, Any]], records: Mapping[str, Record]
) -> Iterator[str]:
    """What the paths in each frame that began start with."""
    mark = "@frame"
    yield from (path.removesuffix(mark) for path, _ in kept if path.endswith(mark))
    for path in records:
        yield from (path[: at + 1] for at, each in enumerate(path) if each == "/")


def _plain(
    said: Sequence[Mapping[str, Any]], program: Program, jobs: Path
) -> dict[str, Record]:
    """The records of plain steps, which leave none: each has the name of its step."""
    names = folders(program.main).steps
    found: dict[str, Record] = {}
    starts: dict[str, int] = {}
    for place, line in enumerate(said):
        folder = names.get(line.get("step", ""))
        if folder is None or line.get("stage") != "Main":
            continue
        starts.setdefault(folder, place)
        match line.get("stepResult"):
            case "success" | "failure" as result:
                code = 0 if result == "success" else _code(said[place:], line)
                found[folder] = Record(
                    status="failed" if code else "succeeded",
                    attempts=1,
                    exit_code=code,
                    output=_output(said[place:], line, jobs),
                    start=starts[folder],
                    end=place,
                )
    return found


def _output(
    said: Sequence[Mapping[str, Any]], ended: Mapping[str, Any], jobs: Path
) -> str | None:
    """What the step of the line `ended` gave: a later line tells, or a file where it is
    too large for an environment."""
    output = None
    for line in said:
        if line.get("step") == ended["step"] and line.get("command") == "set-output":
            output = line["arg"]
    if output is not None:
        return str(output)
    large = (
        65_536  # bytes; up to that, a step without an output has failed in giving it
    )
    for file in jobs.glob(f"*/output-{ended['stepID'][0]}"):
        if large < file.stat().st_size <= 1_048_576:
            with contextlib.suppress(UnicodeDecodeError):
                return file.read_bytes().decode()
    return None


def _code(said: Sequence[Mapping[str, Any]], failed: Mapping[str, Any]) -> int:
    """The exit code of the step of the line `failed`, which a later line tells."""
    for line in said:
        told = line.get("level") == "error" and line.get("step") == failed["step"]
        code = re.fullmatch(r"exit status (\d+)", line["msg"].strip())
        if told and code:
            return int(code[1])
    return 1


# ---- files


def fold_back(jobs: Path, copy: Scratch, work: Path) -> None:
    """Gives the working folder the files that the jobs have left: all of the only job;
    of several what each has changed, in the order of the jobs."""
    for kept in (it for job in copy.jobs for it in sorted(jobs.glob(f"{job}.*"))):
        if (kept / "folder").is_dir():
            if copy.checks_out:
                _empty(work)
            shutil.copytree(kept / "folder", work, symlinks=True, dirs_exist_ok=True)
            continue
        for tar in sorted((kept / "out").glob("*.tar")):
            subprocess.run(["tar", "-xf", str(tar), "-C", str(work)], check=True)


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()
