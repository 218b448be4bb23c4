"""What a run has left in Airflow's database -> what is known of its steps."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict, get_args

from backends.airflow.names import end_ids, is_group
from backends.outcomes import Record, Remains
from compiler.backend import folders
from compiler.ir import Call, Ending, Map, Program, Workflow
from compiler.outcome import RunStatus

_Told = Mapping[str, Any]  # what is told of a step, by the keys of its XComs


class Left(TypedDict):
    """Rows of the tables of instances, of their earlier tries and of XComs; the state of
    the run."""

    state: str
    tasks: list[dict[str, Any]]
    tries: list[dict[str, Any]]
    xcoms: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Instance:
    """One task, or one of those that a mapped one has."""

    state: str
    tries: int
    start: float | None
    end: float | None
    xcoms: _Told


_Instances = Mapping[tuple[str, int], _Instance]


def read(left: Left, program: Program) -> Remains:
    """What is known of a run of `program`."""
    instances = _instances(left)
    told: dict[str, _Told] = {}
    items: dict[str, int] = {}
    names = folders(program.main)
    ends = end_ids(program.main, names.steps)
    for step in program.main.steps:
        place = names.steps[step.name]
        instance = instances.get((ends[step.name], -1))
        if instance is not None:
            told |= _told(place, instance)
        if is_group(step):
            items[place], more = _items(place, instances)
            told |= more
            told |= _begun(place, told.get(place), instances)
    for place in names.handlers.values():
        if (place, -1) in instances:
            told |= _told(place, instances[place, -1])
    frames = {place for place in told if place.endswith("/")}
    records = {place: each for place, each in told.items() if place not in frames}
    for place in records:
        if found := re.fullmatch(r"(.+)\.(\d+)", place):
            items[found[1]] = max(items.get(found[1], 0), int(found[2]) + 1)
    return Remains(
        records={
            place: _record(each, _number(program, records, place, each))
            for place, each in records.items()
        },
        items=items,
        frames=frozenset({"", *frames}),
        status=_status(instances, {*ends.values(), *names.handlers.values()}),
        green=left["state"] == "success",
    )


def _instances(left: Left) -> _Instances:
    xcoms: dict[tuple[str, int], dict[str, Any]] = {}
    for row in left["xcoms"]:
        key = row["task_id"], row["map_index"]
        value = row["value"]
        xcoms.setdefault(key, {})[row["key"]] = (
            json.loads(value) if isinstance(value, str) else value
        )
    first: dict[tuple[str, int], float] = {}
    for row in [*left["tries"], *left["tasks"]]:
        key, start = (row["task_id"], row["map_index"]), _seconds(row["start_date"])
        if start is not None:
            first[key] = min(start, first.get(key, start))
    return {
        key: _Instance(
            state=row["state"] or "",
            tries=row["try_number"] or 0,
            start=first.get(key),
            end=_seconds(row["end_date"]),
            xcoms=xcoms.get(key, {}),
        )
        for row in left["tasks"]
        for key in [(row["task_id"], row["map_index"])]
    }


def _seconds(date: str | None) -> float | None:
    if date is None:
        return None
    return datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()


# ---- what is told of steps


def _told(place: str, instance: _Instance) -> dict[str, _Told]:
    """What is told of the step at `place` and of those within its task; nothing where
    nothing ran."""
    status = instance.xcoms.get("status")
    match instance.state:
        case "success":
            ending = status or "succeeded"
        case "failed":
            ending = status or "failed"
        case "skipped" if status == "skipped":
            ending = status
        case _:
            return {}
    if ending == "aborted" and not instance.xcoms.keys() & {"exit_code", "stopped"}:
        return {}
    times = {"start": instance.start, "end": instance.end}
    own = {"attempts": instance.tries, **times, **instance.xcoms, "status": ending}
    return {place: own, **_below(place, own.get("below"))}


def _below(place: str, below: Any) -> dict[str, _Told]:
    """The records of steps within the task of the step at `place`."""
    known = json.loads(below) if isinstance(below, str) else below or {}
    found = {}
    for path, record in known.items():
        # `task.id`, or `task.id[leg]`, `task.id[leg].number` for an item of a fan-out.
        inside = re.sub(r"^[^/\[]*(?<=\.item)\[\d+\](\.\d+)?|^[^/\[]*", "", path)
        found[place + re.sub(r"\[(\d+)\]", r".\1", inside)] = record
    return found


def _items(place: str, instances: _Instances) -> tuple[int, dict[str, _Told]]:
    """The number of items of a fan-out with tasks for them, and what is told of each."""
    dealt = instances.get((f"{place}.items", -1))
    legs = (
        [json.loads(leg) for leg in dealt.xcoms.get("return_value") or []]
        if dealt
        else []
    )
    told: dict[str, _Told] = {}
    for (task, number), instance in instances.items():
        text = instance.xcoms.get("return_value")
        if task != f"{place}.item" or number < 0 or text is None:
            continue
        for turn, record in enumerate(json.loads(text)["records"]):
            item = f"{place}.{number + turn * len(legs)}"
            times = {"start": instance.start, "end": instance.end}
            told[item] = {**times, **record}
            told |= _below(item, record.get("below"))
    return sum(map(len, legs)), told


def _begun(place: str, told: _Told | None, instances: _Instances) -> dict[str, _Told]:
    """What is told of a fan-out with tasks for its items: it begins with the first one."""
    first = instances.get((f"{place}.items", -1))
    if told is None or first is None:
        return {}
    return {place: {**told, "start": first.start}}


def _record(told: _Told, callee: int | None) -> Record:
    status = told.get("status") or "aborted"
    if status == "partially_succeeded":
        status = "succeeded"
    ending: Ending = next(it for it in get_args(Ending) if it == status)
    return Record(
        status=ending,
        attempts=told.get("attempts") or 0,
        exit_code=told.get("exit_code"),
        output=told.get("return_value"),
        result=told.get("result"),
        callee=callee,
        start=told.get("start"),
        end=told.get("end"),
    )


def _status(instances: _Instances, steps: set[str]) -> RunStatus | None:
    """What the run says that it came to; tasks that stand for no step have a name of
    their own, and more behind it where a step has the same."""
    others = {task: it for (task, _), it in instances.items() if task not in steps}
    for task, instance in others.items():
        if task.partition("-")[0] == "begin" and instance.state != "success":
            unmet = instance.xcoms.get("status") == "not_started"
            if not any(it.partition("-")[0] == "status" for it in others):
                return "aborted" if unmet else "failed"
    for task, instance in others.items():
        if task.partition("-")[0] == "status":
            said = instance.xcoms.get("return_value")
            return next((it for it in get_args(RunStatus) if it == said), None)
    return None


# ---- which workflow was chosen


def _number(
    program: Program, records: Mapping[str, _Told], place: str, told: _Told
) -> int | None:
    """Which of its candidates the call at `place` has chosen."""
    word = told.get("chosen")
    call = None if word is None else _call(program, records, place)
    if call is None:
        return None
    return next(at for at, it in enumerate(call.callees) if word in it.names)


def _call(program: Program, records: Mapping[str, _Told], place: str) -> Call | None:
    """The call at `place`."""
    workflow, path, call = program.main, "", None
    for part in place.split("/"):
        call = _call_in(workflow, part.partition(".")[0])
        path = f"{path}/{part}".lstrip("/")
        if call is None:
            return None
        word = records.get(path, {}).get("chosen")
        callee = next((it for it in call.callees if word in it.names), call.callees[0])
        workflow = program.workflow(callee.workflow)
    return call


def _call_in(workflow: Workflow, folder: str) -> Call | None:
    names = folders(workflow)
    for step in (*workflow.steps, *workflow.handlers):
        if folder in (names.steps.get(step.name), names.handlers.get(step.name)):
            body = step.body.body if isinstance(step.body, Map) else step.body
            return body if isinstance(body, Call) else None
    return None
