"""A run of a case -> its working folder and environment; what it left there that is wrong."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from cases import Case, Expected, Run


def lay_out(case: Case, run: Run, folder: Path) -> Path:
    """Makes the working folder of `run` below `folder`."""
    work = folder / "work"
    if (case.folder / "files").is_dir():
        shutil.copytree(case.folder / "files", work)
    work.mkdir(exist_ok=True)
    for name, content in run.files.items():
        file = work / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode())
        file.chmod(0o755 if content.startswith("#!") else 0o644)
    return work


def environment(run: Run, folder: Path, work: Path) -> dict[str, str]:
    """The environment of `run`: small, so that it is the same everywhere."""
    for name in ("home", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    # `python`, of the running interpreter, behind what this system has.
    path = [os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)]
    if (work / "bin").is_dir():
        path.insert(0, str(work / "bin"))
    return {
        "PATH": os.pathsep.join(path),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "WFC_HOME": str(folder / "wfc"),
        **run.env,
    }


def wrong_files(folder: Path, expect: Expected) -> Iterator[str]:
    """What the working folder `folder` has that it should not have, or lacks."""
    for name, content in expect.files.items():
        file = folder / name
        found = file.read_text("utf-8") if file.is_file() else None
        if found != content:
            yield f"{name}: {found!r} != {content!r}"
    for name in expect.present:
        if not (folder / name).exists():
            yield f"{name}: is not there"
    for name in expect.absent:
        if (folder / name).exists():
            yield f"{name}: is there"
    for file in folder.iterdir():
        if file.name.lower().startswith((".", "wfc")):
            yield f"{file.name}: left there by the run, not by a step"


def not_hidden(folder: Path, expect: Expected) -> Iterator[str]:
    """Where the files in `folder` tell of what a run should hide."""
    for file in folder.rglob("*"):
        # What act itself says shows the texts of `::add-mask::`, which GitHub hides.
        if not file.is_file() or file.name == "act.log":
            continue
        text = file.read_text("utf-8", "replace")
        for each in expect.hidden:
            if each in text or json.dumps(each)[1:-1] in text:
                yield f"{file.relative_to(folder)}: has {each!r}"
