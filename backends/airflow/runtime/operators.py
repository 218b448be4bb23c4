"""Steps -> operators of Airflow: what carries a step out, and what it says of it."""

import fcntl
import json
import signal
import time
from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
)

from backends.airflow.runtime.here import (
    AT,
    Given,
    enter,
    later,
    run_folder,
    special,
    states,
)
from backends.python.runtime.attempts import (
    HERE,
    Inside,
    Launch,
    Part,
    Result,
    Run,
    Stopped,
    carried_out,
    default_body,
    log_file,
)

Told: TypeAlias = dict[str, Any]  # what others hear of a step, by the keys of XComs


class Leaf:
    """A step without a task of its own; its parameters are those of `Shell`.

    :param after: the steps that it waits for, and how these may end
    :param on: of a handler, when it is due
    """

    def __init__(
        self,
        command: str = "",
        *,
        step: str = "",
        on: str = "",
        after: "Mapping[str, str] | None" = None,
        inputs: "Mapping[str, Given] | None" = None,
        env: "Mapping[str, Given] | None" = None,
        values: "Mapping[str, Given] | None" = None,
        rules: "Collection[Part | Inside]" = (),
        once_more: "Part | None" = None,
    ) -> None:
        self.command = command
        self.step = step
        self.on = on
        self.after = after or {}
        self.inputs = inputs or {}
        self.env = env or {}
        self.values = values or {}
        self.rules = rules
        self.once_more = once_more

    def __repr__(self) -> str:
        return f"Leaf({self.command!r})"  # the same whenever Airflow reads the file


class Shell(BaseOperator):
    """A step: a text for `bash -e`, in the folder that the steps of a run share.

    XComs: `return_value`, the trimmed stdout where it is captured, and `exit_code`, both
    also of a step that failed; `status` of one that was skipped by its own conditions, was
    aborted, or has failed and goes on ("continued").

    :param step: its name, where that is no task id
    :param inputs: variables from other tasks; that of a skipped task stays unset
    :param env: the step's own variables
    :param values: what the text refers to beyond plain names
    :param rules: what holds around and within its attempts
    :param frame: the params and variables of its workflow
    :param variables: the same, where they are constant
    :param retry_on: the exit codes after which `retries` apply (default: all)
    """

    template_fields: tuple[str, ...] = ("inputs", "frame")  # nothing here is Jinja

    def __init__(
        self,
        *,
        command: str = "",
        step: str = "",
        inputs: "Mapping[str, Any] | None" = None,
        env: "Mapping[str, Given] | None" = None,
        values: "Mapping[str, Given] | None" = None,
        rules: "Collection[Part | Inside]" = (),
        frame: Any = None,
        variables: "Mapping[str, str] | None" = None,
        retry_on: Collection[int] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.command = command
        self.step = step
        self.inputs = inputs or {}
        self.env = env or {}
        self.values = values or {}
        self.rules = rules
        self.frame = frame
        self.variables = variables or {}
        self.retry_on = retry_on

    def execute(self, context: Any) -> Any:
        enter(self, context)
        return concluded(self, self.performed(default_body))

    def performed(self, body: Run) -> Result:
        HERE.text = lambda: self.command
        HERE.own, HERE.bindings = later(self.env), later(self.values)
        HERE.publish = publish
        run = carried_out(self.rules, body)
        try:
            return run(Launch())
        except Stopped as stopped:
            AT.more["stopped"] = [*stopped.by]
            return Result(HERE.code, HERE.output, ending="aborted")

    def on_kill(self) -> None:
        raise Stopped(signal.SIGTERM)


def publish(result: Result) -> None:
    """Lets the step see its own output."""
    AT.mine = told(result)


def told(result: Result) -> Told:
    """What others hear of a step that has ended, by the keys of XComs."""
    found: Told = {"attempts": HERE.attempts, **AT.more}
    if result.code is not None:
        found["exit_code"] = result.code
    if result.output is not None:
        found["return_value"] = AT.hidden(result.output)
    found["status"] = result.ending or ("failed" if result.code else "succeeded")
    return found


def concluded(task: Any, result: Result) -> Any:
    """Tells Airflow how a step ended. XComs are pushed before anything is raised, so that
    a step that failed has them, too."""
    tries, found = tries_left(task, result), told(result)
    ending, output = found["status"], found.pop("return_value", None)
    if found["attempts"] == AT.ti.try_number:
        del found["attempts"]
    if tries or ending == "succeeded":
        found["status"] = "partially_succeeded" if found.pop("partial", False) else None
    if tries or ending not in ("succeeded", "continued"):
        found["return_value"] = output
    if AT.below:
        found["below"] = AT.hidden(json.dumps(AT.below, ensure_ascii=False))
    for key, value in found.items():
        if value is not None:
            AT.ti.xcom_push(key, value)
    if ending == "skipped":
        raise AirflowSkipException("a condition is not met")
    if tries:
        raise AirflowException(f"exit {result.code}")
    if ending in ("succeeded", "continued"):
        return output
    raise AirflowFailException(f"{ending}: exit {result.code}")


def tries_left(task: Any, result: Result) -> bool:
    """Whether Airflow tries the step again."""
    if not result.code or result.ending == "aborted":
        return False
    listed = result.code in task.retry_on
    due = listed if task.retry_on or result.late else True
    return due and bool(AT.ti.try_number <= AT.ti.max_tries)


# ---- rules


def first_time(rule: Part) -> Part:
    """A rule for the first try only."""
    return lambda run: lambda launch: (run if AT.again else rule(run))(launch)


def within(seconds: float) -> Part:
    """Only as long as the run has time."""

    def rule(run: Run) -> Run:
        def timed(launch: Launch) -> Result:
            left = run_began() + seconds - time.time()
            HERE.until = time.monotonic() + left, ["run"]
            if left <= 0:
                raise Stopped(None, ["run"])
            return run(launch)

        return timed

    return rule


def run_began() -> float:
    """When the first step of the run began, anew when the run is cleared."""
    file, start = run_folder() / "began", AT.context["dag_run"].start_date.timestamp()
    if file.exists() and (known := float(file.read_text() or 0)) >= start:
        return known
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(repr(now := time.time()))
    return now


def unless_skipped(*task_ids: str) -> Part:
    """Not when one of these was skipped."""

    def rule(run: Run) -> Run:
        def depending(launch: Launch) -> Result:
            if "skipped" in states(task_ids).values():
                raise AirflowSkipException("skipped with a step that it depends on")
            return run(launch)

        return depending

    return rule


def on(kind: str, *others: str) -> Part:
    """Only when the run has ended so: a handler. `others` are the tasks of handlers that
    come before it: one that fails makes the run failed."""
    kinds = {"aborted": "cancel", "failed": "failure"}

    def rule(run: Run) -> Run:
        def handling(launch: Launch) -> Result:
            status = special("DAG_RUN_STATUS") or ""
            if kind not in ("exit", kinds.get(status, "success")):
                raise AirflowSkipException("this is not how the run has ended")
            if others and "failed" in states(others).values():
                AT.inputs = {**AT.inputs, "DAG_RUN_STATUS": "failed"}
            return run(launch)

        return handling

    return rule


def keep_log() -> Inside:
    """Lets others read what the step printed."""

    def rule(run: Run) -> Run:
        def logged(launch: Launch) -> Result:
            try:
                return run(launch)
            finally:
                for kind in ("out", "err"):
                    path = log_file(launch.log, kind)
                    if HERE.mask is not None and path.exists():
                        path.write_bytes(HERE.mask(path.read_bytes()))
                    AT.more[f"std{kind}"] = str(path)

        return logged

    return Inside(rule)


def spaced(seconds: float) -> Part:
    """Only so many seconds after another step of the run has started."""

    def rule(run: Run) -> Run:
        def waiting(launch: Launch) -> Result:
            folder = run_folder()
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "started").open("a+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                before = float(file.read() or 0)
                time.sleep(max(0.0, before + seconds - time.time()))
                file.truncate(0)
                file.write(str(time.time()))
            return run(launch)

        return waiting

    return first_time(rule)
