"""A task of Airflow -> what its step sees: params, variables, what other tasks gave.

Values reach a step by XComs and by the environment of its process, never by Jinja or as
a part of a command. Every XCom is a text, a number or a list of texts.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from backends.python.runtime.attempts import HERE, Here, Value
from compiler.ir import Json
from compiler.json_text import to_text

Given: TypeAlias = "Json | Value"  # a value, or what gives it


class Frame:
    """The run of one workflow: what its steps see of params and env."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.given: dict[str, str] = {}
        self.params: dict[str, str] = {}
        self.env: dict[str, str] = {}
        self.args: list[str] = []
        self.dotenv: dict[str, str] = {}
        self.unmet = False
        self.problem = ""

    def text(self) -> str:
        """All of it as a text for an XCom, without secrets."""
        values = vars(self) | {"folder": str(self.folder)}
        return AT.hidden(json.dumps(values, ensure_ascii=False))


def frame_in(text: str) -> Frame:
    found = Frame("", Path())
    vars(found).update(json.loads(AT.known(text)))
    found.folder = Path(found.folder)
    return found


class At:
    """Where in the run the step is. `pull` finds what another step gave: its XCom of a
    key. `more` are the XComs of this one, `below` the records of steps within it."""

    def __init__(self) -> None:
        self.context: Mapping[str, Any] = {}
        self.ti: Any = None
        self.path = ""
        self.frame = Frame("", Path())
        self.pull: Callable[[str, str], Any] = pulled
        self.inputs: Mapping[str, Any] = {}
        self.secrets: dict[str, str] = {}
        self.name = ""
        self.mine: Mapping[str, Any] = {}  # what this step gave so far
        self.has_item = False
        self.item: Json = None
        self.again = False
        self.more: dict[str, Any] = {}
        self.below: dict[str, dict[str, Any]] = {}
        # Texts go to XComs without their secrets, and come back with them.
        self.hidden: Callable[[str], str] = str
        self.known: Callable[[str], str] = str


def pulled(task_id: str, key: str) -> Any:
    return AT.ti.xcom_pull(task_ids=task_id, key=key)


AT = At()


def run_folder() -> Path:
    """The folder of this run, on a volume that all workers share."""
    root = os.environ.get("WFC_WORK") or os.path.join(tempfile.gettempdir(), "wfc")
    return Path(root, AT.context["dag"].dag_id, AT.context["run_id"])


def work_folder() -> Path:
    """In which the steps work."""
    folder = Path(os.environ.get("WFC_WORK_DIR") or run_folder() / "work")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def enter(task: Any, context: Mapping[str, Any]) -> None:
    """Makes the step of a task the one that runs."""
    vars(HERE).update(vars(Here()))
    vars(AT).update(vars(At()))
    AT.context, AT.ti = context, context["ti"]
    tries, most = AT.ti.try_number, AT.ti.max_tries
    AT.again = most - tries < (task.retries or 0) - 1
    index = AT.ti.map_index
    AT.path = task.task_id if index < 0 else f"{task.task_id}[{index}]"
    AT.name = task.task_id
    AT.inputs = task.inputs
    HERE.attempts = tries - 1
    into(frame_in(task.frame) if task.frame else plain_frame(task))
    step(task.step or task.task_id.rpartition(".")[2])


def plain_frame(task: Any) -> Frame:
    """That of a workflow without a task that values it."""
    frame = Frame(AT.context["dag"].dag_id, work_folder())
    params = {name: it for name, it in AT.context["params"].items() if it is not None}
    frame.params = {name: to_text(it) for name, it in params.items()}
    frame.env = dict(task.variables)
    while (value := frame.params.pop(f"arg_{len(frame.args) + 1}", None)) is not None:
        frame.args.append(value)
    return frame


def into(frame: Frame) -> None:
    """Makes `frame` the one whose values are seen."""
    AT.frame = frame
    HERE.arguments = frame.args
    HERE.folder = frame.folder
    outer = {k: v for k, v in os.environ.items() if not k.startswith("WFC_")}
    HERE.process = outer | frame.dotenv
    HERE.visible = visible
    HERE.special = specials


def step(name: str) -> None:
    HERE.name = name
    HERE.scratch = run_folder() / "steps" / AT.path
    run_folder().mkdir(parents=True, exist_ok=True)
    with (run_folder() / "run.log").open("a") as file:
        print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), AT.path, file=file)


def later(values: "Mapping[str, Given]") -> dict[str, Value]:
    """Each value as what gives it."""
    return {name: it if callable(it) else constantly(it) for name, it in values.items()}


def constantly(value: Json) -> Value:
    return lambda: value


def visible() -> dict[str, Json]:
    """What the environment of a process shows beside the step's own env."""
    values: dict[str, Json] = {**AT.frame.env, **AT.secrets, **AT.frame.params}
    if AT.has_item:
        values["ITEM"] = to_text(AT.item)
    for name, it in AT.inputs.items():
        value = given(it)
        if value is not None:
            values[name] = value
    return values


def given(value: Any) -> Json:
    """The first value there is of one or several tasks."""
    if callable(value):
        value = value()
    if isinstance(value, (list, tuple)):
        value = next((each for each in value if each is not None), None)
    return None if value is None else AT.known(to_text(value))


def specials() -> dict[str, str]:
    log = f"{HERE.scratch}/{max(HERE.attempts, 1)}"
    return {
        "DAG_NAME": AT.frame.name,
        "DAG_RUN_ID": AT.context["run_id"],
        "DAG_RUN_LOG_FILE": str(run_folder() / "run.log"),
        "DAG_RUN_STEP_NAME": HERE.name,
        "DAG_RUN_STEP_STDOUT_FILE": f"{log}.out",
        "DAG_RUN_STEP_STDERR_FILE": f"{log}.err",
    }


# ---- where values come from: None where there is none


def found(step: str, key: str) -> Any:
    return AT.mine.get(key) if step == AT.name else AT.pull(step, key)


def output(step: str) -> str | None:
    """What a step printed; of a call or a fan-out, its record."""
    value = found(step, "return_value")
    return None if value is None else AT.known(to_text(value))


def result(step: str) -> str | None:
    """What the workflow of a call came to."""
    value = found(step, "result")
    return None if value is None else AT.known(to_text(value))


def code(step: str) -> str | None:
    value = found(step, "exit_code")
    return None if value is None else str(value)


def status_word(step: str) -> str:
    told = str(found(step, "status") or ending_in(step))
    words = {"continued": "failed", "partially_succeeded": "succeeded"}
    return words.get(told, told)


def log(step: str, kind: str) -> str | None:
    """The file of what a step printed: "stdout" or "stderr"."""
    path: str | None = found(step, kind)
    return path


def ending_in(step: str) -> str:
    """How a task has ended, by its state."""
    return ENDINGS.get(states([step]).get(step, ""), "aborted")


ENDINGS = {"success": "succeeded", "failed": "failed", "skipped": "skipped"}


def states(task_ids: Collection[str]) -> dict[str, str]:
    """The states of these tasks in this run."""
    run_id = AT.context["run_id"]
    found = AT.ti.get_task_states(
        dag_id=AT.context["dag"].dag_id, task_ids=[*task_ids], run_ids=[run_id]
    )
    return {name: str(state) for name, state in found.get(run_id, {}).items()}


def param(name: str) -> str | None:
    return AT.frame.params.get(name)


def variable(name: str) -> str | None:
    return AT.frame.env.get(name)


def positional(number: int) -> str | None:
    return AT.frame.args[number - 1] if number <= len(AT.frame.args) else None


def secret(name: str) -> str | None:
    return AT.secrets.get(name)


def special(name: str) -> str | None:
    if name in AT.inputs:
        return to_text(given(AT.inputs[name]))
    return specials().get(name)


def process(name: str) -> str | None:
    return HERE.process.get(name)


def item() -> Json:
    return AT.item


def present(*values: Json) -> Json:
    """The first value that there is."""
    return next((value for value in values if value is not None), None)
