"""Runs an emitted script on the real bash -> the outcome that it wrote."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from compiler.outcome import Outcome, from_json


def run(
    script: Path,
    *,
    words: Sequence[str] = (),
    work_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
    bash: str = "bash",
    seconds: float = 300,
) -> Outcome:
    """The outcome of a run of `script` with the command line `words`.

    `environment` is that of the caller, None for this process's; `WFC_HOME` in it is the
    home of the run folders. Raises subprocess.TimeoutExpired after `seconds`, and
    RuntimeError with what the script said when it wrote no outcome.
    """
    options = [] if work_dir is None else ["--work-dir", str(work_dir)]
    done = subprocess.run(
        [bash, str(script), *options, "--", *words],
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        # What starts us in the background may have INT ignored for good.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    stdout = os.fsdecode(done.stdout)
    _, found, folder = stdout.rpartition("run folder: ")
    path = Path(folder.rstrip("\n")) / "outcome.json"
    if not found or not path.is_file():
        raise RuntimeError(stdout + os.fsdecode(done.stderr))
    return from_json(json.loads(path.read_text("utf-8")))
