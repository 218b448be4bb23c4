"""The runs that there were -> their JSON form, and the options of a run that goes on."""

import argparse
import os
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from compiler.interpreter.history import PastRun
from compiler.interpreter.journal import strings_in, text_in
from compiler.ir import Json, Program
from compiler.source import Source

NO_HOME = "there is no home folder for runs: set WFC_HOME"


def home_folder() -> Path | None:
    """The folder for runs: $WFC_HOME, else wfc below the user's state folder."""
    if os.environ.get("WFC_HOME"):
        return Path(os.environ["WFC_HOME"]).absolute()
    state = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):  # which its specification says to ignore
        state = os.path.expanduser("~/.local/state")
    return Path(state) / "wfc" if os.path.isabs(state) else None


def form_of(past: PastRun) -> dict[str, Json]:
    """The JSON form of `past` as a whole: `started` in UTC, `seconds` rounded; null where
    nothing tells it."""
    started, seconds = past.started, past.seconds
    form = "%Y-%m-%dT%H:%M:%SZ"
    return {
        "run_id": past.run_id,
        "workflow": past.workflow,
        "status": past.standing,
        "started": (
            None if started is None else time.strftime(form, time.gmtime(started))
        ),
        "seconds": None if seconds is None else round(seconds, 3),
        "folder": str(past.path),
    }


def origin_of(
    options: argparse.Namespace, program: Program, sources: Mapping[str, Source]
) -> dict[str, Json]:
    """What a run keeps of where its program came from, so that it can go on."""
    return {
        "workflow": program.main.name,
        "file": options.file if options.file == "-" else os.path.abspath(options.file),
        "document": options.workflow,
        "search": [os.path.abspath(folder) for folder in options.search],
        "sources": _digest(sources),
    }


def _digest(sources: Mapping[str, Source]) -> str:
    """One for the texts of all files, whatever they are called."""
    texts = sorted(source.text for source in sources.values())
    parts = [sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
    return sha256(b"".join(parts)).hexdigest()


def resumed_options(options: argparse.Namespace, past: PastRun) -> str | None:
    """Fills in what `past` was started with; what is wrong, if it cannot go on."""
    if past.lives():
        return f"the run {past.run_id} still goes on"
    header = past.header
    if header is None:
        if past.journal.steps:
            return (
                f"the run {past.run_id} is that of a script, which keeps too little to "
                "go on: start it again"
            )
        if past.outcome is not None:
            return f"the journal of the run {past.run_id} is damaged: start it again"
        return f"nothing of the run {past.run_id} had begun: start it again"
    if options.file is None:
        options.file = text_in(header, "file")
        if options.file in (None, "-"):
            return f"the workflow of {past.run_id} came from stdin: name its FILE"
        if not os.path.isfile(options.file):
            return f"there is no `{options.file}` any more: name its FILE"
    options.workflow = options.workflow or text_in(header, "document")
    options.search = options.search or [
        each for each in strings_in(header, "search") if os.path.isdir(each)
    ]
    return None


def source_changed(past: PastRun, sources: Mapping[str, Source]) -> bool:
    """Whether the workflow is another than `past` was started with."""
    header = past.header
    return header is None or text_in(header, "sources") != _digest(sources)
