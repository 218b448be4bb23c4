"""Runs an emitted script on the real bash -> the outcome that it wrote."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from compiler.backend import CannotRun, Engine, File
from compiler.ir import Program
from compiler.outcome import Outcome, from_json

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_LONGEST = 100_000  # bytes of a word: the system takes 128 KiB, and some 2 MB in all
_PATIENCE = 30  # seconds that a script which is told to end has for that


def run(
    file: Path,
    *,
    program: Program | None = None,  # a script writes its outcome itself
    words: Sequence[str] = (),
    work_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
    bash: str = "bash",
    seconds: float | None = 300,
) -> Outcome:
    """The outcome of a run of the script `file`, as `compiler.backend.Run` has it."""
    with _by_file(words) as shorter:
        return _run(file, shorter, work_dir, environment, bash, seconds)


@contextlib.contextmanager
def _by_file(words: Sequence[str]) -> Iterator[list[str]]:
    """`words` for a command line, those K=V that are too long for one in a file."""
    many = sum(map(len, words)) > 10 * _LONGEST
    longest = _LONGEST // 100 if many else _LONGEST
    large = {
        name: value
        for name, is_value, value in (word.partition("=") for word in words)
        if is_value and len(value.encode("utf-8", "surrogateescape")) > longest
    }
    if not large:
        yield ["--", *words]
        return
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(large, file)
        file.flush()
        others = [word for word in words if word.partition("=")[0] not in large]
        yield ["--params-json", file.name, "--", *others]


def _run(
    file: Path,
    words: Sequence[str],
    work_dir: Path | None,
    environment: Mapping[str, str] | None,
    bash: str,
    seconds: float | None,
) -> Outcome:
    options = [] if work_dir is None else ["--work-dir", str(work_dir)]
    command = [bash, str(file), *options, *words]
    # A signal for us must not come between the start of the script and what ends it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        process = _start(command, environment, before)
    except BaseException as error:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if isinstance(error, OSError):  # words that are too long, no bash
            raise CannotRun(f"cannot start `{bash}`: {error.strerror}") from None
        raise
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        stdout, stderr = process.communicate(timeout=seconds)
    except BaseException:
        _end(process)
        raise
    _, found, folder = os.fsdecode(stdout).rpartition("run folder: ")
    path = Path(folder.rstrip("\n")) / "outcome.json"
    if not found or not path.is_file():
        raise CannotRun(os.fsdecode(stderr or stdout).strip())
    return from_json(json.loads(path.read_text("utf-8")))


def _start(
    command: Sequence[str],
    environment: Mapping[str, str] | None,
    mask: set[int | signal.Signals],
) -> "subprocess.Popen[bytes]":
    def prepare() -> None:
        # What starts us in the background may have INT ignored for good.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    return subprocess.Popen(
        command,
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,  # else Ctrl-C would reach it twice, and the second one kills
        preexec_fn=prepare,
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends the script, and so its steps; the handlers for that run. What is not over in
    time gets the second signal, which kills at once."""
    for _ in range(2):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.terminate()
            process.communicate(timeout=_PATIENCE)
            return
    process.kill()
    process.communicate()


def missing(environment: Mapping[str, str]) -> str:
    """How to get bash, where `environment` has none."""
    if shutil.which("bash", path=environment.get("PATH", os.defpath)):
        return ""
    return (
        "`bash` is not in PATH; the packages of the system have it "
        "(apt-get install bash, brew install bash)"
    )


def lacks(files: Sequence[File], environment: Mapping[str, str]) -> str:
    """How to get jq, where the script would say that it needs it."""
    needed = any("needs jq: " in file.text for file in files)
    if not needed or shutil.which("jq", path=environment.get("PATH", os.defpath)):
        return ""
    return (
        "the script needs `jq`, which is not in PATH; the packages of the system have it "
        "(apt-get install jq, brew install jq)"
    )


ENGINE = Engine(name="bash", missing=missing, run=run, lacks=lacks)
