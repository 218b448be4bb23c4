"""The end of a call or a run -> its status, its record, and a table for people."""

import os
from collections.abc import Iterable

from backends.github.runtime.commands import NotDue, Words, conclude
from backends.github.runtime.fan_out import record_text, without_capture
from backends.github.runtime.records import (
    AT,
    Record,
    after_handlers,
    enter,
    give,
    root,
    store,
    stored,
)
from backends.python.lean import used
from backends.python.runtime.attempts import (
    HERE,
    Launch,
    Result,
    complain,
    composed,
    said,
)
from compiler.ir import Json
from compiler.json_text import Failure, to_json_text


def verdict(path: str, words: Words) -> int:
    """How a run or a call has ended, for its handlers."""
    enter(path)
    frame = f"{path}/" if path else ""
    if used("chosen"):
        AT.inside = frame
        try:
            composed(words.parts(), lambda _: Result())(Launch())
        except NotDue:
            return 0
    status = status_of(frame, words.value("steps"))
    unmet = "unmet" in (stored(f"{frame}@frame") or {})
    store(f"{frame}@verdict", {"status": status, "unmet": unmet})
    give(status=status)
    if used("call/") and path:
        return 0
    store("@run", {"status": status})
    return int(status == "failed")


def status_of(frame: str, steps: Iterable[str]) -> str:
    """The status of a frame from how its steps ended."""
    values = stored(f"{frame}@frame") or {}
    if "problem" in values:
        return "failed"
    if used("meets") and "unmet" in values:
        return "aborted"
    records = [stored(frame + step) or {} for step in steps]
    ends = {each.get("status") for each in records}
    if used("handler-init"):
        init = stored(f"{frame}handler-init") or {"status": "succeeded"}
        records.insert(0, init)
        if init["status"] not in ("succeeded", "skipped"):
            ends = {"failed"}
    for each in records:
        if "by" in each:
            return "failed" if each["by"] == [frame, "run"] else "aborted"
    if "failed" in ends or ("continued" in ends and "succeeded" not in ends):
        return "failed"
    results = os.environ.get("WFC_RESULTS", "").split() if not frame else []
    if "cancelled" in results:
        return "aborted"
    if "failure" in results:  # the machine of a job was lost
        return "failed"
    if used("continue_on"):
        partly = any(each.get("partial") for each in records)
        if partly or "continued" in ends:
            return "partially_succeeded"
    return "succeeded"


def last_status(frame: str, words: Words) -> str:
    """The status of a frame whose handlers have run: one that fails makes it failed."""
    status = status_of(frame, words.value("steps"))
    if used("handler-"):
        known = stored(f"{frame}@verdict")
        status = known["status"] if known else status
        unmet = "unmet" in (stored(f"{frame}@frame") or {})
        handlers = words.value("handlers") or []
        status = after_handlers(frame, status, unmet, handlers)
    return status


def result(path: str, words: Words) -> int:
    """Ends a call: what it came to, for those who asked."""
    enter(path)
    AT.inside = frame = f"{path}/"
    settled = stored(path)
    if settled is not None:
        give(status=settled["status"])
        return 0
    captured, rest = without_capture(words)
    values = stored(f"{frame}@frame") or {}
    status = last_status(frame, words)
    by = stop_of(frame, words) if status == "aborted" else {}
    also: Record = {**by}
    if used("continue_on") and status == "partially_succeeded":
        also["partial"] = True
    if used("choose"):
        also |= stored(f"{path}.callee") or {}

    def body(launch: Launch) -> Result:
        HERE.began = values.get("start")
        found = result_of(status, "unmet" in values, by, frame)
        if found.code:
            why = values.get("problem", status)
            complain(f"workflow `{words.value('callee')}`: {why}", launch)
        if not captured or found.ending == "skipped":
            return found
        try:
            also["result"] = result_text(frame, words)
            text = call_record(frame, words, values, status)
            return found._replace(output=text)
        except Failure as failure:
            complain(said(failure), launch)
            return found._replace(code=found.code or 1)

    if used("within") and by.get("by") == [frame, "call"]:
        del also["by"], also["signal"]
    return conclude(path, rest, body, also)


def result_of(status: str, unmet: bool, by: Record, frame: str) -> Result:
    if used("meets") and unmet and status == "aborted":
        return Result(None, ending="skipped")
    if used("within") and by.get("by") == [frame, "call"]:
        return Result(124, late=True)
    if status == "aborted":
        return Result(None, ending="aborted")
    return Result(1 if status == "failed" else 0)


def stop_of(frame: str, words: Words) -> Record:
    """What ended a frame before its time."""
    handlers = [*(words.value("handlers") or []), "handler-init"]
    for name in [*handlers, *words.value("steps")]:
        found = stored(frame + name) or {}
        if "by" in found:
            return {"by": found["by"], "signal": found["signal"]}
    return {}


def result_text(frame: str, words: Words) -> str | None:
    """What the only leaf of a workflow gave, or by name what its leaves gave."""
    found: dict[str, Json] = {}
    for name, step in words.value("leaves").items():
        leaf = stored(frame + step) or {}
        value = leaf.get("result", leaf.get("output"))
        if value is not None:
            found[name] = value
    if len(words.value("leaves")) == 1:
        return next((str(value) for value in found.values()), None)
    return to_json_text(found)


def call_record(frame: str, words: Words, values: Record, status: str) -> str:
    record: dict[str, Json] = {"name": words.value("callee")}
    record |= {"params": call_params(words, values), "status": status}
    named = words.value("outputs") or []
    outputs = {name: (stored(frame + step) or {}).get("output") for name, step in named}
    record["outputs"] = {name: it for name, it in outputs.items() if it is not None}
    return record_text(record)


def call_params(words: Words, values: Record) -> dict[str, Json]:
    """The declared params in their order, more positional ones, and those that were given
    without being declared."""
    known, found = values.get("params", {}), {}
    for name in words.value("params") or []:
        if used("1=") and name.isdigit():
            found[name] = "".join(values["args"][int(name) - 1 : int(name)])
        if name in known:
            found[name] = known[name]
    if used("1="):
        for number, value in enumerate(values["args"], 1):
            found.setdefault(str(number), value)
    passed, given = words.value("passed") or [], values.get("given", {})
    return found | {name: given[name] for name in passed if name in given}


def again(path: str, _: Words) -> int:
    """The status of a step that another command has ended."""
    give(status=(stored(path) or {}).get("status", ""))
    return 0


def summary(path: str, words: Words) -> int:
    """Ends a run: its status, and a table of its steps."""
    status = last_status(path, words)
    store("@run", {"status": status})
    give(status=status)
    rows = ["| step | status | attempts | exit code |", "| --- | --- | --- | --- |"]
    for name, record in every_record():
        code = "-" if record["exit_code"] is None else record["exit_code"]
        rows.append(f"| {name} | {record['status']} | {record['attempts']} | {code} |")
    with open(os.environ["GITHUB_STEP_SUMMARY"], "a") as file:
        print(f"**{status}**\n", *rows, sep="\n", file=file)
    return int(status == "failed")


def every_record() -> list[tuple[str, Record]]:
    """The records of all steps, in the order in which they ended."""
    found: dict[str, Record] = {}
    for folder in ("in", "out"):
        steps = root() / folder / "steps"
        for path in steps.rglob("*.json"):
            name = path.relative_to(steps).with_suffix("").as_posix()
            if "@" not in name and not name.endswith((".items", ".callee")):
                found[name] = stored(name) or {}
    return sorted(found.items(), key=lambda it: (it[1].get("end", 0), it[0]))
