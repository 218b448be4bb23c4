"""The beginning of a run or a call -> its params and variables, and whether it begins."""

import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from backends.airflow.runtime.here import (
    AT,
    Frame,
    Given,
    enter,
    into,
    later,
    work_folder,
)
from backends.airflow.runtime.operators import Shell, concluded
from backends.python.runtime.attempts import (
    HERE,
    Launch,
    Result,
    Value,
    as_text,
    complain,
    said,
    valued,
)
from backends.python.runtime.conditions import Condition, all_met
from backends.python.runtime.dotenv import variables_of
from compiler.json_text import Failure, to_text

Opening: TypeAlias = Callable[[Frame], None]  # one thing that is done at the beginning


class Begin(Shell):
    """Values the params and variables of a workflow, once for all of its steps.

    :param workflow: its name
    :param opening: what is done, in its order
    :param arguments: what a call gives, None of a run
    """

    def __init__(
        self,
        *,
        workflow: str = "",
        opening: Collection[Opening] = (),
        arguments: "Mapping[str, Given] | None" = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.workflow = workflow
        self.opening = opening
        self.arguments = arguments

    def execute(self, context: Any) -> Any:
        enter(self, context)
        known = params_given() if self.arguments is None else None
        frames: list[Frame] = []

        def body(launch: Launch) -> Result:
            values = known if known is not None else valued_texts(self.arguments or {})
            frames.append(frame_of(self.workflow, self.opening, values, launch))
            return Result()

        result = self.performed(body)
        if not frames:
            return concluded(self, result)
        return begun(frames[0], self.arguments is not None)


def begun(frame: Frame, called: bool) -> str:
    """Tells Airflow what came of the beginning."""
    text = frame.text()
    if frame.problem:
        AT.ti.xcom_push("return_value", text)
        raise AirflowFailException(frame.problem)
    if frame.unmet:
        AT.ti.xcom_push("return_value", text)
        AT.ti.xcom_push("status", "skipped" if called else "not_started")
        raise AirflowSkipException("a precondition of the workflow is not met")
    return text


def params_given() -> dict[str, str]:
    """The params of the run: those that have no default in the file may be left out."""
    params = AT.context["params"].items()
    return {
        name.removeprefix("arg_") if name.startswith("arg_") else name: to_text(value)
        for name, value in params
        if value is not None
    }


def valued_texts(values: Mapping[str, Given]) -> dict[str, str]:
    return {name: as_text(value()) for name, value in later(values).items()}


def frame_of(
    name: str, opening: Collection[Opening], values: dict[str, str], launch: Launch
) -> Frame:
    """The frame of a workflow that gets these values. It has a `problem` if something of
    it cannot be had."""
    frame = Frame(name, HERE.folder)
    frame.given = values
    into(frame)
    AT.inputs, AT.secrets, HERE.own, HERE.owned = {}, {}, {}, None
    AT.has_item = False
    HERE.name, HERE.arguments = "", ()
    try:
        for change in opening:
            change(frame)
    except (Failure, OSError) as error:
        frame.problem = said(error)
        complain(said(error), launch)
    HERE.name, HERE.arguments = name, frame.args
    return frame


# ---- what is done at the beginning


def define(values: Mapping[str, Given], *checks: Opening) -> Opening:
    """Values params and variables (`env.NAME`), in their order. What is given is never
    expanded. `checks` look at what is given, and at last at all."""

    def change(frame: Frame) -> None:
        for check in checks[:1]:
            check(frame)
        given = frame.given
        numbers = [int(name) for name in given if name.isdigit()]
        declared = [int(name) for name in values if name.isdigit()]
        frame.args += [""] * max([0, *numbers, *declared])
        for number in numbers:
            frame.args[number - 1] = given[str(number)]
        for name, value in later(values).items():
            try:
                define_one(frame, name, value)
            except (Failure, OSError) as error:
                shown = name.removeprefix("env.")
                raise Failure(f"`{shown}`: {said(error)}") from None
        for check in checks[1:]:
            check(frame)

    return change


def define_one(frame: Frame, name: str, value: Value) -> None:
    if name.startswith("env."):
        found = value()
        if found is not None:
            frame.env[name.removeprefix("env.")] = as_text(found)
    elif name.isdigit():
        if name not in frame.given:
            frame.args[int(name) - 1] = as_text(value())
    elif name in frame.given:
        frame.params[name] = frame.given[name]
    elif (found := value()) is not None:
        frame.params[name] = as_text(found)


def dotenv(*files: str) -> Opening:
    """The variables of these files, over those of the process."""

    def change(frame: Frame) -> None:
        frame.dotenv = variables_of(files, HERE.folder)
        HERE.process = {**HERE.process, **frame.dotenv}

    return change


def place(path: "str | Value") -> Opening:
    """The folder in which the workflow works."""

    def change(frame: Frame) -> None:
        folder = Path(HERE.folder, valued(path))
        if not folder.is_dir():
            raise Failure(f"`workingDir`: no folder `{folder}`")
        frame.folder = HERE.folder = folder

    return change


def meets(*conditions: Condition) -> Opening:
    """Nothing of the workflow runs unless all these are met."""

    def change(frame: Frame) -> None:
        HERE.name, HERE.arguments = frame.name, frame.args
        if not all_met(conditions):
            print("wfc: precondition not met: nothing ran", flush=True)
            frame.unmet = True

    return change


def files(*patterns: str) -> Opening:
    """Brings the files beside the DAG to where the steps work."""

    def change(_: Frame) -> None:
        source = Path(AT.context["dag"].fileloc).parent
        target = work_folder()
        for path in sorted({it for each in patterns for it in source.glob(each)}):
            if path.is_file():
                copy = target / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, copy)

    return change
