"""A fan-out -> its items, which legs run, and its record (F4)."""

import json
import re

from backends.github.runtime.commands import Words, conclude
from backends.github.runtime.records import (
    AT,
    Record,
    enter,
    give,
    store,
    stored,
)
from backends.python.lean import used
from backends.python.runtime.attempts import HERE, Launch, Part, Result, complain, same
from compiler.functions import trim
from compiler.ir import Json
from compiler.json_text import Failure, parse_json, to_json_text, to_text

MOST_LEGS = 256  # jobs of a matrix
LARGEST_RECORD = 16 * 1_048_576  # bytes


def items(path: str, words: Words) -> int:
    """Finds the items of a fan-out, and how many legs they have."""
    enter(path)

    def body(_: Launch) -> Result:
        found = split_items(words.value("items"))
        width = to_text(words.value("width"))
        if not re.fullmatch("[1-9][0-9]*", width):
            wanted = "`maxConcurrent` must be a whole number of at least 1"
            raise Failure(f"{wanted}, but is `{width[:40]}`")
        legs = min(len(found), MOST_LEGS)
        store(f"{path}.items", {"items": found, "slices": legs, "start": HERE.began})
        AT.began = True
        slices = json.dumps([*range(legs)])
        give(status="succeeded", slices=slices, width=width[:9])
        return Result()

    return conclude(path, words, body)


def split_items(value: Json) -> list[Json]:
    """The items in a value: those of a list or of the text of a JSON list, else the lines
    of a text, or the words of one that has a single line."""
    if isinstance(value, list):
        return value
    text = trim(to_text(value))
    if text.startswith("["):
        try:
            listed = parse_json(text)
        except Failure:
            listed = None
        if isinstance(listed, list):
            return listed
    lines: list[Json] = [line for line in map(trim, text.split("\n")) if line]
    if len(lines) > 1:
        return lines
    return [word for word in re.split(r"[ \t\n\r\v\f]+", text) if word]


def gather(path: str, words: Words) -> int:
    """Ends a fan-out: one result for each item, in the order of the items."""
    enter(path)
    settled = stored(path)
    if settled is not None:
        give(status=settled["status"])
        return 0
    captured, rest = without_capture(words)
    listed = stored(f"{path}.items")
    found = [] if listed is None else listed["items"]
    legs = [stored(f"{path}.{number}") or {} for number in range(len(found))]
    also: Record = {}
    if used("of_calls") and any(it.get("partial") for it in legs):
        also["partial"] = True
    stops = [it for it in legs if "by" in it]
    if stops:
        also |= {"by": stops[0]["by"], "signal": stops[0]["signal"]}

    def body(launch: Launch) -> Result:
        if listed is None:
            return Result(None, ending="aborted")
        HERE.began = listed["start"]
        ends = [leg.get("status", "aborted") for leg in legs]
        failed = sum(end not in ("succeeded", "skipped") for end in ends)
        if failed:
            items = "item" if len(ends) == 1 else "items"
            complain(f"{failed} of {len(ends)} {items} failed", launch)
        output = fan_out_record(found, legs, AT.calls) if captured else None
        if stops:
            return Result(None, output, ending="aborted")
        return Result(1 if failed else 0, output)

    return conclude(path, rest, body, also)


def without_capture(words: Words) -> tuple[bool, Words]:
    """Whether there is a capture, and the rest: what is made here, no process prints."""
    rest = Words([])
    rest.values = words.values
    rest.sources = [it for it in words.sources if not it.startswith("capture(")]
    return len(rest.sources) < len(words.sources), rest


def of_calls() -> Part:
    """The items are calls."""
    AT.calls = True
    return same


def fan_out_record(items: list[Json], legs: list[Record], calls: bool) -> str:
    key = "outputs" if calls else "output"
    results: list[dict[str, Json]] = []
    for value, leg in zip(items, legs, strict=True):
        status = leg.get("status", "aborted")
        shown = "failed" if status == "continued" else status
        result: dict[str, Json] = {"item": value, "status": shown}
        if status != "skipped":
            result[key] = leg.get("output") or ""
            if used("of_calls") and calls:
                result[key] = json.loads(leg.get("output") or "{}").get("outputs", {})
        results.append(result)
    ends = [result["status"] for result in results]
    kinds = ("succeeded", "failed", "skipped")
    summary: dict[str, Json] = {"total": len(ends)}
    summary |= {kind: ends.count(kind) for kind in kinds}
    outputs = [it[key] for it in results if it["status"] == "succeeded"]
    return record_text({"summary": summary, "results": [*results], "outputs": outputs})


def record_text(value: Json) -> str:
    text = to_json_text(value)
    if len(text.encode()) > LARGEST_RECORD:
        raise Failure("the record is larger than 16 MiB")
    return text
