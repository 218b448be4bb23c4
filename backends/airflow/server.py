"""Runs DAG files with `dag.test()`, one after another: what Airflow's own Python executes.

    python server.py TEMPLATE HOME

Requests are lines of JSON on stdin, answers lines of JSON on stdout. Importing Airflow
takes seconds, so each run is a fork of one process that has done it: it has a database, an
environment and a log of its own, and can be ended whatever it does. `TEMPLATE` is the file
of a migrated database, which is made if it is not there; `HOME` is an empty folder.
"""

import contextlib
import ctypes
import gc
import json
import os
import select
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

_PATIENCE = 5  # seconds that processes which are told to end have for that
_SETTINGS = """\
[core]
dags_folder = {home}/dags
load_examples = False
fernet_key =
dagbag_import_timeout = 300
[database]
sql_alchemy_conn = sqlite:///{home}/airflow.db
[logging]
base_log_folder = {home}/logs
logging_level = INFO
colored_console_log = False
[api_auth]
jwt_secret = a-secret-that-nobody-else-has-to-know
[usage_data_collection]
enabled = False
"""
_FIRST = """\
from airflow.sdk import DAG, BaseOperator


class First(BaseOperator):
    template_fields = ("value",)

    def __init__(self, *, value, **kwargs):
        super().__init__(**kwargs)
        self.value = value

    def execute(self, context):
        ti = context["ti"]
        ti.xcom_push("key", "value")
        ti.get_task_states(dag_id="first", task_ids=["a"], run_ids=[context["run_id"]])
        if self.value == 1:
            raise ValueError("this is meant")
        return [self.value]


with DAG("first", schedule=None):
    a = First(task_id="a", value=0)
    b = First.partial(task_id="b", max_active_tis_per_dagrun=1).expand(value=a.output)
    First(task_id="c", value=b.output) >> First(task_id="d", value=1)
"""


def main(template: Path, home: Path) -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what Airflow prints is no answer
    (home / "airflow.cfg").write_text(_SETTINGS.format(home=home), "utf-8")
    os.environ |= {"AIRFLOW_HOME": str(home), "PYTHONWARNINGS": "ignore"}
    signal.signal(signal.SIGTERM, _stop)
    _adopt()
    try:
        _import(template, home)
        _answer(answers, {"ready": True})
        for line in iter(sys.stdin.readline, ""):
            _answer(answers, _run(json.loads(line), template))
    finally:
        _end_all()


def _answer(answers: TextIO, form: dict[str, Any]) -> None:
    answers.write(json.dumps(form) + "\n")
    answers.flush()


def _stop(*_: object) -> None:
    raise SystemExit(143)


# ---- before the first run


def _import(template: Path, home: Path) -> None:
    """Imports what runs need, and makes the database that they get a copy of."""
    import airflow.sdk.execution_time.supervisor as supervisor
    from airflow import settings

    if not template.exists():
        _make(template, home / "airflow.db")
    (home / "dags").mkdir()
    (home / "dags" / "first.py").write_text(_FIRST, "utf-8")
    # Much of it is imported by the first task that runs, and by one that fails.
    _test({"conf": {}}, home, template)
    # Each run has a thread for the requests of its tasks: a fork has not that of its parent.
    del supervisor.in_process_api_server().transport
    settings.dispose_orm()
    gc.freeze()


def _make(template: Path, database: Path) -> None:
    from airflow.utils.db import initdb

    initdb()
    temporary = template.with_name(f"{template.name}.{os.getpid()}")
    with contextlib.closing(sqlite3.connect(database)) as connection:
        # Its last changes are in a file beside it.
        connection.execute("vacuum into ?", (str(temporary),))
    temporary.replace(template)


# ---- a run


def _run(request: dict[str, Any], template: Path) -> dict[str, Any]:
    folder = Path(request["folder"])
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            _become(request, folder)
            _write(folder, _test(request, folder, template))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    ended = _wait(pid, request["seconds"])
    if ended is None:
        _end_all()
        return {"late": True}
    if ended:
        return {"problem": f"the process of the run ended with {ended}"}
    return {"late": False}


def _wait(pid: int, seconds: float | None) -> int | None:
    """The exit code of a process, None when `seconds` have passed before."""
    end = None if seconds is None else time.monotonic() + seconds
    pause = 0.005
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if end is not None and time.monotonic() > end:
            return None
        # Who asked may have gone: stdin is at its end then.
        if select.select([sys.stdin.fileno()], [], [], pause)[0]:
            raise SystemExit(143)
        pause = min(pause * 1.5, 0.05)


def _become(request: dict[str, Any], folder: Path) -> None:
    """Makes this process that of one run."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(number, target)
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = None
    os.chdir(folder)


def _test(request: dict[str, Any], folder: Path, template: Path) -> dict[str, Any]:
    shutil.copyfile(template, folder / "airflow.db")
    _configure(folder)
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(folder / "dags"))
    if bag.import_errors or not bag.dags:
        return {"problem": "\n".join(bag.import_errors.values()) or "no DAG"}
    dag = next(iter(bag.dags.values()))
    try:
        run = dag.test(run_conf=request["conf"])
    except Exception as error:  # of params that are not valid
        traceback.print_exc()
        return {"problem": f"{type(error).__name__}: {error}"}
    return {
        "state": str(run.state.value),
        **rows_of(folder / "airflow.db", dag.dag_id, run.run_id),
    }


def _configure(folder: Path) -> None:
    """Gives Airflow the database, the DAGs and the logs of this run."""
    from airflow import settings
    from airflow.configuration import conf as core
    from airflow.sdk.configuration import conf as sdk

    for conf in (core, sdk):
        for section, name, value in (
            ("core", "dags_folder", f"{folder}/dags"),
            ("database", "sql_alchemy_conn", f"sqlite:///{folder}/airflow.db"),
            ("logging", "base_log_folder", f"{folder}/logs"),
        ):
            conf.set(section, name, value)
    sys.path.append(f"{folder}/dags")
    settings.dispose_orm()
    settings.configure_vars()
    settings.configure_orm()


def rows_of(file: Path, dag_id: str, run_id: str) -> dict[str, list[dict[str, Any]]]:
    """What a run has left in a database: instances of tasks, and XComs."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.row_factory = sqlite3.Row
        where = "where dag_id = ? and run_id = ?", (dag_id, run_id)

        def rows(what: str, table: str) -> list[dict[str, Any]]:
            found = database.execute(f"select {what} from {table} {where[0]}", where[1])
            return [dict(row) for row in found]

        instance = "task_id, map_index, state, try_number, start_date, end_date"
        return {
            "tasks": rows(instance, "task_instance"),
            "tries": rows("task_id, map_index, start_date", "task_instance_history"),
            "xcoms": rows("task_id, map_index, key, value", "xcom"),
        }


def _write(folder: Path, form: dict[str, Any]) -> None:
    (folder / "result.json").write_text(json.dumps(form), "utf-8")


# ---- ending what runs


def _adopt() -> None:
    """Lets processes whose parent has ended be children of this one, where that can be."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _end_all() -> None:
    """Ends all processes below this one: first so that they can end what is theirs, then
    for good."""
    number, until = signal.SIGTERM, time.monotonic() + _PATIENCE
    while found := [*_below(os.getpid())]:
        for each in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, number)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if time.monotonic() > until:
            number = signal.SIGKILL
        time.sleep(0.05)


def _below(pid: int) -> Iterator[int]:
    """The processes that a process has started, and those that they have."""
    children: dict[int, list[int]] = {}
    for each, parent in _processes():
        children.setdefault(parent, []).append(each)
    waiting = [*children.get(pid, ())]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += children.get(each, ())


def _processes() -> Iterator[tuple[int, int]]:
    """Each process that runs, and its parent."""
    if not Path("/proc/self/stat").exists():
        with os.popen("ps -axo pid=,ppid=") as lines:
            yield from (
                (int(pid), int(parent)) for pid, parent in map(str.split, lines)
            )
        return
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = (
                file.read_text("utf-8", "replace").rpartition(")")[2].split()[:2]
            )
            if state != "Z":
                yield int(file.parent.name), int(parent)


if __name__ == "__main__":
    del sys.path[0]  # the folder of this file, whose modules are not meant here
    main(Path(sys.argv[1]), Path(sys.argv[2]))
