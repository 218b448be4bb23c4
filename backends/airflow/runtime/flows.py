"""A called workflow or a fan-out that runs within one task -> what its steps came to.

That is what a call comes to where Airflow has no tasks for it: in an item of a fan-out,
with a time of its own, or when it is tried again.
"""

import time
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple, TypeAlias

from backends.airflow.runtime.fan_out import gathered
from backends.airflow.runtime.frames import Opening, frame_of, valued_texts
from backends.airflow.runtime.here import AT, Frame, Given, into, later, special, step
from backends.airflow.runtime.operators import Leaf, Told, publish, told
from backends.python.runtime.attempts import (
    HERE,
    Here,
    Inside,
    Launch,
    Result,
    Stopped,
    as_text,
    carried_out,
    complain,
    default_body,
)
from backends.python.runtime.bodies import body
from backends.python.runtime.items import record_text, split_items, width_of
from compiler.ir import Json
from compiler.json_text import Failure, to_json_text, to_text


class Flow:
    """A workflow that runs within one task.

    :param steps: in an order in which each is behind those that it waits for
    :param handlers: in their order; `on` says when each of them is due
    :param leaves: the steps whose outputs are its result, by their names
    :param outputs: the steps that give the outputs of these names
    """

    def __init__(
        self,
        name: str,
        *,
        opening: Collection[Opening] = (),
        steps: "Mapping[str, Leaf] | None" = None,
        handlers: "Mapping[str, Leaf] | None" = None,
        leaves: "Mapping[str, str] | None" = None,
        outputs: Collection[tuple[str, str]] = (),
        params: Collection[str] = (),
        passed: Collection[str] = (),
        timeout: "float | None" = None,
    ) -> None:
        self.name = name
        self.opening = opening
        self.steps = steps or {}
        self.handlers = handlers or {}
        self.leaves = leaves or {}
        self.outputs = outputs
        self.params = params
        self.passed = passed
        self.timeout = timeout


class Ended(NamedTuple):
    """How a flow ended. `by`: what had no more time."""

    status: str
    frame: Frame
    records: Mapping[str, Told]
    by: Collection[str]


# What a call gives to a workflow.
Arguments: TypeAlias = "Mapping[str, Given] | Callable[[Flow], dict[str, str]]"


def calls(flow: Flow, given: "Arguments", captured: bool = False) -> Inside:
    """Runs a workflow; `captured`: its record and its result are values."""
    return body(lambda launch: called(flow, texts_of(flow, given), launch, captured))


def texts_of(flow: Flow, given: "Arguments") -> dict[str, str]:
    return given(flow) if callable(given) else valued_texts(given)


def item_given(flow: Flow) -> dict[str, str]:
    """The item is what a call without `params` gives: the entries of an object, or the
    first positional argument."""
    if not isinstance(AT.item, dict):
        return {"1": as_text(to_text(AT.item))}
    return {name: to_text(it) for name, it in AT.item.items() if name in flow.params}


def called(flow: Flow, given: dict[str, str], launch: Launch, captured: bool) -> Result:
    path = AT.path
    for name in [it for it in AT.below if it.startswith(f"{path}/")]:
        del AT.below[name]
    mine = [path, "call"]
    until = HERE.until
    if launch.timeout is not None:
        sooner(launch.timeout, mine)
    try:
        ended = run_flow(flow, given, path, launch)
    finally:
        HERE.until = until
    if ended.status == "partially_succeeded":
        AT.more["partial"] = True
    if ended.status == "aborted" and not ended.by:
        return Result(None, ending="skipped")
    AT.more["callee"] = flow.name
    found = Result(0)
    if ended.by and [*ended.by] != [path, "run"]:
        if [*ended.by] != mine:
            raise Stopped(None, ended.by)
        found = Result(124, late=True)
    elif ended.status == "failed":
        complain(f"workflow `{flow.name}`: {ended.frame.problem or 'failed'}", launch)
        found = Result(1)
    if not captured:
        return found
    try:
        AT.more["result"] = result_text(flow, ended.records)
        return found._replace(output=call_record(flow, ended))
    except Failure as failure:
        complain(str(failure), launch)
        return found._replace(code=found.code or 1)


def sooner(seconds: float, by: Collection[str]) -> None:
    """From now on there are only so many seconds, if there were more."""
    end = time.monotonic() + seconds
    if HERE.until is None or end < HERE.until[0]:
        HERE.until = end, by


def run_flow(flow: Flow, given: dict[str, str], path: str, launch: Launch) -> Ended:
    outer = vars(HERE).copy(), vars(AT).copy()
    try:
        until = HERE.until
        frame = frame_of(flow.name, flow.opening, given, launch)
        AT.below[f"{path}/"] = {"status": "failed" if frame.problem else "begun"}
        if frame.unmet:
            AT.below[f"{path}/"] = {"status": "unmet"}
            for name in flow.steps:
                AT.below[f"{path}/{name}"] = {"status": "skipped", "attempts": 0}
        records: dict[str, Told] = {}
        AT.pull = lambda name, key: records.get(name, {}).get(key)
        if flow.timeout is not None:
            sooner(flow.timeout, [path, "run"])
        status = "aborted"
        by: Collection[str] = ()
        if not frame.unmet:
            by = run_steps(flow, frame, path, records, bool(frame.problem))
            status = flow_status(flow, frame, records, by, path)
        HERE.until = until if not by else None
        status = run_handlers(flow, frame, path, records, status)
        return Ended(status, frame, records, by)
    finally:
        vars(HERE).update(outer[0])
        vars(AT).update(outer[1])


def run_steps(
    flow: Flow, frame: Frame, path: str, records: dict[str, Told], lost: bool
) -> Collection[str]:
    """Runs the steps of a flow, one after another; what ended them before their time."""
    by: Collection[str] = ()
    steps = {name: it for name, it in flow.handlers.items() if it.on == "init"}
    for name, leaf in {**steps, **flow.steps}.items():
        ending = "aborted" if by or lost else verdict(leaf.after, records)
        if ending:
            records[name] = {"status": ending, "attempts": 0}
        else:
            status = {"DAG_RUN_STATUS": "running"} if leaf.on == "init" else {}
            records[name] = leaf_told(leaf, frame, name, f"{path}/{name}", status)
            by = by or records[name].get("stopped", ())
        AT.below[f"{path}/{name}"] = records[name]
        lost = lost or (leaf.on == "init" and not well(records[name]))
    return by


def verdict(after: Mapping[str, str], records: Mapping[str, Told]) -> str:
    """Why a step does not run: failed beats skipped."""
    refused = {
        records[name]["status"]
        for name, accepted in after.items()
        if records[name]["status"] not in accepted.split()
    }
    if not refused:
        return ""
    return "skipped" if refused == {"skipped"} else "aborted"


def well(record: Told) -> bool:
    return record["status"] in ("succeeded", "skipped")


def leaf_told(
    leaf: Leaf, frame: Frame, name: str, path: str, more: Mapping[str, str]
) -> Told:
    """Runs a step within this task. `stopped` in what is told: it had no more time."""
    until, mask = HERE.until, HERE.mask
    vars(HERE).update(vars(Here()))
    HERE.until, HERE.mask = until, mask
    AT.path, AT.more, AT.again = path, {}, False
    AT.name, AT.mine = name, {}
    AT.inputs = {**leaf.inputs, **more}
    into(frame)
    step(leaf.step or leaf.on or name)
    HERE.text = lambda: leaf.command
    HERE.own, HERE.bindings = later(leaf.env), later(leaf.values)
    HERE.publish = publish
    began = time.time()
    try:
        result = carried_out(leaf.rules, default_body)(Launch())
    except Stopped as stopped:
        AT.more["stopped"] = stopped.by
        result = Result(HERE.code, HERE.output, ending="aborted")
    return {**told(result), "start": began, "end": time.time()}


def flow_status(
    flow: Flow,
    frame: Frame,
    records: Mapping[str, Told],
    by: Collection[str],
    path: str,
) -> str:
    if by:
        return "failed" if [*by] == [path, "run"] else "aborted"
    init = [name for name, leaf in flow.handlers.items() if leaf.on == "init"]
    if frame.problem or not all(well(records[name]) for name in init):
        return "failed"
    ends = {records[name]["status"] for name in flow.steps}
    if "failed" in ends or ("continued" in ends and "succeeded" not in ends):
        return "failed"
    if "continued" in ends or any(it.get("partial") for it in records.values()):
        return "partially_succeeded"
    return "succeeded"


def run_handlers(
    flow: Flow, frame: Frame, path: str, records: dict[str, Told], status: str
) -> str:
    """Runs the handlers that are due: one that fails makes the flow failed."""
    kind = {"aborted": "cancel", "failed": "failure"}.get(status, "success")
    for name, leaf in flow.handlers.items():
        if leaf.on in (kind, "exit"):
            place = f"{path}/{name}"
            more = {"DAG_RUN_STATUS": status}
            found = leaf_told(leaf, frame, name, place, more)
            records[name] = AT.below[place] = found
            if found["status"] in ("failed", "continued") and (
                status != "aborted" or frame.unmet
            ):
                status = "failed"
    return status


# ---- what a call came to


def result_text(flow: Flow, records: Mapping[str, Told]) -> str | None:
    """What the only leaf of a workflow gave, or by name what its leaves gave."""
    found: dict[str, Json] = {}
    for name, place in flow.leaves.items():
        leaf = records.get(place, {})
        value = leaf.get("result", leaf.get("return_value"))
        if value is not None:
            found[name] = AT.known(to_text(value))
    if len(flow.leaves) == 1:
        return next((str(value) for value in found.values()), None)
    return to_json_text(found)


def call_record(flow: Flow, ended: Ended) -> str:
    outputs: dict[str, Json] = {}
    for name, place in flow.outputs:
        value = ended.records.get(place, {}).get("return_value")
        if value is not None:
            outputs[name] = AT.known(to_text(value))
    params = call_params(flow, ended.frame)
    return record_text(
        {
            "name": flow.name,
            "params": params,
            "status": ended.status,
            "outputs": outputs,
        }
    )


def call_params(flow: Flow, frame: Frame) -> dict[str, Json]:
    """The declared params in their order, more positional ones, and those that were given
    without being declared."""
    found: dict[str, Json] = {}
    for name in flow.params:
        if name.isdigit():
            found[name] = frame.args[int(name) - 1]
        elif name in frame.params:
            found[name] = frame.params[name]
    for number, value in enumerate(frame.args, 1):
        found.setdefault(str(number), value)
    given = frame.given
    return found | {name: given[name] for name in flow.passed if name in given}


# ---- a call that chooses, a fan-out


def chooses(
    name: Callable[[], Json],
    flows: Mapping[str, Flow],
    shown: Collection[str],
    given: "Arguments",
    captured: bool = False,
) -> Inside:
    """Runs the workflow of this name."""

    def start(launch: Launch) -> Result:
        wanted = to_text(name())
        if wanted not in flows:
            known = ", ".join(shown)
            raise Failure(f"no workflow `{wanted}`; candidates are: {known}")
        AT.more["chosen"] = wanted
        flow = flows[wanted]
        return called(flow, texts_of(flow, given), launch, captured)

    return body(start)


def each(
    items: Callable[[], Json],
    leaf: Leaf,
    width: "Given" = 1,
    with_calls: bool = False,
    captured: bool = False,
) -> Inside:
    """Does `leaf` for each item, one after another; its record is the output."""

    def start(launch: Launch) -> Result:
        found = split_items(items())
        width_of(width() if callable(width) else width)
        path, frame, name = AT.path, AT.frame, HERE.name
        outer = vars(HERE).copy(), vars(AT).copy()
        status = special("DAG_RUN_STATUS")
        more = {} if status is None else {"DAG_RUN_STATUS": status}
        records, stopped = [], ()
        for number, item in enumerate(found):
            record: Told = {"status": "aborted", "attempts": 0}
            place = f"{path}[{number}]"
            if not stopped:
                AT.item, AT.has_item = item, True
                record = leaf_told(leaf, frame, name, place, more)
                stopped = record.get("stopped", ())
            AT.below[place] = record
            records.append(record)
        vars(HERE).update(outer[0])
        vars(AT).update(outer[1])
        return gathered(found, records, launch, with_calls, captured)

    return body(start)
