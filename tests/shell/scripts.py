"""A workflow's text -> its script on the disk, and runs of it."""

import io
import json
import os
import signal
import subprocess
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from backends.shell import BACKEND
from compiler.interpreter import Quiet
from compiler.interpreter import run as interpret
from compiler.link import entered
from compiler.outcome import Outcome, from_json
from compiler.pipeline import back_end, front_end
from compiler.source import Source

SURROUNDINGS = {"PATH": os.environ["PATH"], "LANG": os.environ.get("LANG", "C")}


def text_of(workflow: str, name: str = "w.yaml") -> str:
    """The script of `workflow`, which must be without errors."""
    source = Source(name, textwrap.dedent(workflow))
    checked = front_end(source)
    assert checked.program is not None, checked.diagnostics
    program = entered(checked.program, checked.program.entry)
    (file,) = back_end(program, checked.sources, BACKEND)[0]
    assert file.executable
    return file.text


def written(workflow: str, folder: Path) -> Path:
    """The script of `workflow` in the new folder `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "w.sh"
    path.write_text(text_of(workflow), "utf-8")
    path.chmod(0o755)
    return path


def start(
    script: Path,
    *words: str,
    home: Path,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """The script as a process with the default signals, whatever those of the tests."""
    return subprocess.Popen(
        ["bash", str(script), *words],
        env={**SURROUNDINGS, "WFC_HOME": str(home), **(environment or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: [
            signal.signal(each, signal.SIG_DFL)
            for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
        ]
        and None,
    )


def run(
    workflow: str,
    folder: Path,
    *words: str,
    environment: Mapping[str, str] | None = None,
) -> tuple[Outcome, Path]:
    """The outcome of a run below `folder`, and its run folder."""
    process = start(
        written(workflow, folder),
        *words,
        home=folder / "home",
        environment=environment,
    )
    out, err = process.communicate(timeout=60)
    runs = sorted((folder / "home/runs").glob("*/*"))
    assert runs, out + err
    outcome = from_json(json.loads((runs[-1] / "outcome.json").read_text("utf-8")))
    assert process.returncode == outcome.exit_code
    return outcome, runs[-1]


def both(
    workflow: str,
    folder: Path,
    params: Mapping[str, str],
    files: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Outcome, Outcome]:
    """The outcomes of the script and of the interpreter, without their events."""
    checked = front_end(Source("w.yaml", textwrap.dedent(workflow)))
    assert checked.program is not None, checked.diagnostics
    for name in ("script", "interpreter"):
        for path, text in (files or {}).items():
            file = folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        (folder / name).mkdir(exist_ok=True)
    words = [f"{name}={value}" for name, value in params.items()]
    script, _ = run(workflow, folder / "script", *words, environment=environment)
    other = interpret(
        checked.program,
        values=params,
        arguments=(),
        work_dir=folder / "interpreter",
        home=folder / "interpreter/home",
        progress=Quiet(io.StringIO()),
        environment={**SURROUNDINGS, **(environment or {})},
    ).outcome
    return replace(script, events=()), replace(other, events=())
