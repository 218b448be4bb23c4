"""The value of a fan-out -> its items, and what these came to -> its record (F4)."""

import json
import re
from collections.abc import Collection, Mapping

from compiler.functions import trim
from compiler.ir import Json
from compiler.json_text import Failure, parse_json, to_json_text, to_text

LARGEST_RECORD = 16 * 1_048_576  # bytes


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


def width_of(value: Json) -> int:
    width = to_text(value)
    if not re.fullmatch("[1-9][0-9]*", width):
        raise Failure(
            "`maxConcurrent` must be a whole number of at least 1, "
            f"but is `{width[:40]}`"
        )
    return int(width)


def fan_out_record(
    items: Collection[Json], legs: Collection[Mapping[str, Json]], calls: bool
) -> str:
    """The record of a fan-out: one result for each item, in the order of the items."""
    key = "outputs" if calls else "output"
    results: list[dict[str, Json]] = []
    for value, leg in zip(items, legs, strict=True):
        status = to_text(leg.get("status", "aborted"))
        result: dict[str, Json] = {"item": value, "status": status}
        if status == "continued":
            result["status"] = "failed"
        if status != "skipped":
            output = to_text(leg.get("return_value") or "")
            result[key] = (
                json.loads(output or "{}").get("outputs", {}) if calls else output
            )
        results.append(result)
    ends = [result["status"] for result in results]
    kinds = ("succeeded", "failed", "skipped")
    summary: dict[str, Json] = {"total": len(ends)}
    summary |= {kind: ends.count(kind) for kind in kinds}
    return record_text(
        {
            "summary": summary,
            "results": [*results],
            "outputs": [it[key] for it in results if it["status"] == "succeeded"],
        }
    )


def record_text(value: Json) -> str:
    text = to_json_text(value)
    if len(text.encode("utf-8", "surrogateescape")) > LARGEST_RECORD:
        raise Failure("the record is larger than 16 MiB")
    return text
