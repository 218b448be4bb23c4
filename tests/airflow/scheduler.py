"""Airflow as it runs in earnest, on this machine: its scheduler, its API and LocalExecutor,
with SQLite -> the rows that runs leave."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from backends.airflow.remains import Left
from backends.airflow.server import rows_of

_Found = TypeVar("_Found")
_START, _RUNS = 180, 400  # seconds, however busy the machine is
_SETTINGS = """\
[core]
dags_folder = {home}/dags
load_examples = False
dags_are_paused_at_creation = False
executor = LocalExecutor
parallelism = 6
fernet_key =
execution_api_server_url = {url}/execution/
simple_auth_manager_all_admins = True
dagbag_import_timeout = 300
[dag_processor]
dag_file_processor_timeout = 300
[database]
sql_alchemy_conn = sqlite:///{home}/airflow.db
[logging]
base_log_folder = {home}/logs
worker_log_server_port = 0
[api]
host = 127.0.0.1
port = {port}
base_url = {url}
workers = 1
[api_auth]
jwt_secret = a-secret-that-nobody-else-has-to-know
[scheduler]
scheduler_idle_sleep_time = 0.2
scheduler_heartbeat_sec = 1
enable_health_check = False
task_instance_heartbeat_timeout = 600
[usage_data_collection]
enabled = False
"""


class Scheduler:
    """One that runs, in the folder `home`; its DAGs are in `dags` there."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self._url = url
        self._token = ""

    def ready(self, dags: int) -> None:
        """Waits until it has read so many DAGs."""
        token = _until(_START, "the API", lambda: self._ask("/auth/token"))
        self._token = token["access_token"]

        def known() -> bool:
            errors = self._ask("/api/v2/importErrors")["import_errors"]
            assert not errors, errors
            return len(self._ask("/api/v2/dags?limit=100")["dags"]) == dags

        _until(_START, "the DAGs", known)

    def pool(self, name: str, slots: int) -> None:
        self._ask("/api/v2/pools", {"name": name, "slots": slots})

    def start(self, dag: str, conf: Mapping[str, str]) -> str:
        """Triggers a run: its id."""
        body = {"logical_date": None, "conf": dict(conf)}
        run: str = self._ask(f"/api/v2/dags/{dag}/dagRuns", body)["dag_run_id"]
        return run

    def left(self, dag: str, run: str) -> Left:
        """What the run has left, as soon as it is over."""

        def state() -> str | None:
            form = self._ask(f"/api/v2/dags/{dag}/dagRuns/{run}")
            return form["state"] if form["state"] in ("success", "failed") else None

        found = _until(_RUNS, f"the end of {dag}", state)
        rows = rows_of(self.home / "airflow.db", dag, run)
        return Left(state=found, **rows)  # type: ignore[typeddict-item]

    def _ask(self, path: str, body: object = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            form: dict[str, Any] = json.load(answer)
            return form


def _until(seconds: float, what: str, found: Callable[[], _Found | None]) -> _Found:
    """What `found` gives, as soon as it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(urllib.error.URLError, OSError):
            value = found()
            if value:
                return value
        time.sleep(0.3)
    raise TimeoutError(what)


@contextmanager
def scheduler(
    home: Path, python: Path, environment: Mapping[str, str]
) -> Iterator[Scheduler]:
    """Starts one in the folder `home`, whose `dags` are there, and ends it again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    settings = _SETTINGS.format(home=home, url=url, port=port)
    (home / "airflow.cfg").write_text(settings)
    surroundings = {**environment, "AIRFLOW_HOME": str(home), "NO_PROXY": "127.0.0.1"}
    template = python.parent.parent / "wfc-template.db"
    if template.exists():
        shutil.copyfile(template, home / "airflow.db")
    else:
        _run(python, ["db", "migrate"], home, surroundings).wait()
    processes = [
        _run(python, [name], home, surroundings)
        for name in ("api-server", "dag-processor", "scheduler")
    ]
    try:
        yield Scheduler(home, url)
    finally:
        _end(processes)


def _run(
    python: Path, words: Sequence[str], home: Path, environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    with (home / f"{words[0]}.log").open("wb") as log:
        return subprocess.Popen(
            [python.with_name("airflow"), *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _end(processes: "Sequence[subprocess.Popen[bytes]]") -> None:
    for number, patience in ((signal.SIGTERM, 15), (signal.SIGKILL, 15)):
        for process in processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience)
