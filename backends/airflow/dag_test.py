"""Runs an emitted DAG file with `dag.test()` in Airflow's own Python -> its outcome."""

import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from backends.airflow.remains import Left, read
from backends.outcomes import outcome_of
from compiler.backend import CannotRun, Engine
from compiler.ir import Json, Program
from compiler.json_text import Failure, parse_json
from compiler.outcome import Outcome
from compiler.parameters import split_words

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_START = 300  # seconds in which Airflow is imported, however busy the machine is
_PATIENCE = 30  # seconds in which a server ends what it runs


def run(
    file: Path,
    *,
    program: Program,
    words: Sequence[str] = (),
    work_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = 300,
) -> Outcome:
    """The outcome of a run of the DAG `file`, as `compiler.backend.Run` has it. The steps
    work in the working folder itself; what they left is in the home of runs."""
    surroundings = os.environ if environment is None else environment
    with _folder() as folder:
        shutil.copytree(file.parent, folder / "dags", ignore=_only(file))
        (folder / "empty").mkdir()
        work = folder / "empty" if work_dir is None else work_dir
        own = {"WFC_WORK": str(folder / "runs"), "WFC_WORK_DIR": str(work)}
        request = {
            "folder": str(folder),
            "conf": _conf(program, words),
            "environment": {**surroundings, **own},
            "seconds": seconds,
        }
        answer = _server().ask(request)
        if "WFC_HOME" in surroundings:
            _keep(folder, Path(surroundings["WFC_HOME"], "runs", program.main.name))
        if answer.get("late"):
            raise subprocess.TimeoutExpired(["dag.test()"], seconds or 0)
        result = folder / "result.json"
        if not result.exists():
            log = (folder / "log").read_text("utf-8", "replace")
            raise CannotRun(
                "\n".join([answer.get("problem", "no result"), *log.splitlines()[-20:]])
            )
        found = json.loads(result.read_text("utf-8"))
    if "problem" in found:
        raise CannotRun(found["problem"])
    left: Left = found
    return outcome_of(program, read(left, program))


def _only(file: Path) -> Any:
    """Of what lies beside `file`, what is no DAG."""

    def ignored(folder: str, names: list[str]) -> list[str]:
        inside = Path(folder) == file.parent
        return [it for it in names if inside and it.endswith(".py") and it != file.name]

    return ignored


def _conf(program: Program, words: Sequence[str]) -> dict[str, Json]:
    """What a run is triggered with: values of the types that the params have."""
    given = split_words(words)
    places = {f"arg_{place}": each for place, each in enumerate(given.positional, 1)}
    types = {it.name: it.type for it in program.main.params}
    found: dict[str, Json] = {}
    for name, text in {**given.values, **places}.items():
        found[name] = text
        if types.get(name) not in (None, "string"):
            with contextlib.suppress(Failure):
                found[name] = parse_json(text)
    return found


def _keep(folder: Path, runs: Path) -> None:
    """Leaves what Airflow said, and the logs of all steps, below the folder for runs."""
    kept = runs / folder.name
    kept.mkdir(parents=True)
    if (folder / "log").exists():
        shutil.copyfile(folder / "log", kept / "log")
    for steps in (folder / "runs").glob("*/*/steps"):
        shutil.copytree(steps, kept / "steps")


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder for one run: its database, its DAG, what it says and leaves."""
    folder = Path(tempfile.mkdtemp(prefix="wfc-airflow-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ---- the process that has imported Airflow


class _Server:
    """`server.py`, which runs one DAG file after another."""

    def __init__(self, python: str) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="wfc-airflow-")).resolve()
        server = str(Path(__file__).with_name("server.py"))
        command = [python, server, str(_template(python)), str(self._home)]
        # A signal for us must not come between the start of it and what ends it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        try:
            self._process = self._start(command, before)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._receive(_START)

    def _start(
        self, command: Sequence[str], mask: set[int | signal.Signals]
    ) -> "subprocess.Popen[bytes]":
        def prepare() -> None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

        environment = {it: value for it, value in os.environ.items() if _known(it)}
        with (self._home / "log").open("wb") as log:
            return subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                process_group=0,
                preexec_fn=prepare,
            )

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Has it run something: its answer."""
        seconds = request["seconds"]
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            return self._receive(None if seconds is None else seconds + 2 * _PATIENCE)
        except BaseException as error:
            self.end()
            if isinstance(error, BrokenPipeError):
                raise CannotRun("the process that runs DAGs has ended") from None
            raise

    def _receive(self, seconds: float | None) -> dict[str, Any]:
        """Its next line. Raises CannotRun when it has ended or says nothing."""
        assert self._process.stdout is not None
        end = None if seconds is None else time.monotonic() + seconds
        data = b""
        while not data.endswith(b"\n"):
            left = None if end is None else max(0.0, end - time.monotonic())
            ready, _, _ = select.select([self._process.stdout], [], [], left)
            more = os.read(self._process.stdout.fileno(), 65536) if ready else b""
            if not more:
                log = (self._home / "log").read_text("utf-8", "replace")
                raise CannotRun("\n".join(["Airflow:", *log.splitlines()[-20:]]))
            data += more
        answer: dict[str, Any] = json.loads(data)
        return answer

    def end(self) -> None:
        """Ends it with all that it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.terminate()
            self._process.wait(_PATIENCE)
        self._process.kill()
        self._process.communicate()
        shutil.rmtree(self._home, ignore_errors=True)


def _known(name: str) -> bool:
    """Is a variable of our environment for the server, too? Its settings are its own."""
    return not name.startswith(("AIRFLOW", "PYTHON"))


_servers: list[_Server] = []  # the one that lives


def _server() -> _Server:
    """The server of this process; it lives as long, for what is run next."""
    if _servers and not _servers[-1].lives:
        _servers.pop().end()
    if not _servers:
        server = _Server(_python())
        atexit.register(server.end)
        _servers.append(server)
    return _servers[-1]


# ---- Airflow


def _python() -> str:
    """The Python that has Airflow, "" where there is none."""
    engines = os.environ.get("WFC_ENGINES") or Path.home() / ".cache" / "wfc-engines"
    folders = [Path(engines) / "airflow" / "bin"]
    if program := shutil.which("airflow"):
        folders.append(Path(program).resolve().parent)
    for folder in folders:
        if os.access(folder / "airflow", os.X_OK):
            return str(folder / "python")
    return ""


def _template(python: str) -> Path:
    """A migrated database, which takes long to make: one for each installation."""
    beside = Path(python).parent.parent
    if os.access(beside, os.W_OK):
        return beside / "wfc-template.db"
    return Path(tempfile.gettempdir()) / f"wfc-airflow-{os.getuid()}.db"


def missing(environment: Mapping[str, str]) -> str:
    """How to get Airflow, where there is none."""
    if not _python():
        return (
            "`airflow` is not in PATH; "
            "`pip install apache-airflow apache-airflow-providers-standard` into a "
            "virtual environment has it"
        )
    if not shutil.which("bash", path=environment.get("PATH", os.defpath)):
        return "`bash` is not in PATH, where the steps need it"
    return ""


ENGINE = Engine(name="dag.test()", missing=missing, run=run)
