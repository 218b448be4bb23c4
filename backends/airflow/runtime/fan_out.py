"""A fan-out -> a task for each of its items, and the record of what they came to (F4)."""

import json
from collections.abc import Callable, Collection
from typing import Any

from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
)

from backends.airflow.runtime.here import AT, enter, states
from backends.airflow.runtime.operators import (
    Leaf,
    Shell,
    Told,
    concluded,
    told,
    tries_left,
)
from backends.python.runtime.attempts import (
    HERE,
    Launch,
    Result,
    complain,
    default_body,
)
from backends.python.runtime.items import fan_out_record, split_items
from compiler.ir import Json
from compiler.json_text import to_json_text

MOST_LEGS = 1024  # core.max_map_length, as it is if nobody changes it


class Items(Shell):
    """Finds the items of a fan-out: a list of JSON texts, each the items of one leg. There
    is one in each unless there are too many.

    :param items: the value that holds them
    """

    def __init__(self, *, items: Callable[[], Json], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.items = items

    def execute(self, context: Any) -> list[str]:
        enter(self, context)
        legs: list[str] = []

        def body(_: Launch) -> Result:
            found = split_items(self.items())
            many = min(len(found), MOST_LEGS)
            legs.extend(to_json_text(found[leg::many]) for leg in range(many))
            return Result()

        concluded(self, self.performed(body))
        return [AT.hidden(leg) for leg in legs]


class Item(Shell):
    """A step for the items of one leg, and its records: XCom `return_value`.

    :param leg: the items
    :param leaf: what is done for each of them
    """

    template_fields = (*Shell.template_fields, "leg")

    def __init__(
        self,
        *,
        leg: str,
        leaf: Leaf,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.leg = leg
        self.leaf = leaf

    def execute(self, context: Any) -> Any:
        leaf = self.leaf
        self.command, self.env, self.values = leaf.command, leaf.env, leaf.values
        self.rules, self.step = leaf.rules, leaf.step
        enter(self, context)
        items = json.loads(AT.known(self.leg))
        if len(items) == 1:
            return self.one(items[0])
        if leaf.once_more is not None:
            self.rules = [leaf.once_more, *leaf.rules]
        return self.several(context, items)

    def one(self, item: Json) -> Any:
        AT.item, AT.has_item = item, True
        result = self.performed(default_body)
        tries, record = tries_left(self, result), told(result)
        self.push([record])
        if tries:
            raise AirflowException(f"exit {result.code}")
        leg_ended([record["status"]])

    def several(self, context: Any, items: list[Json]) -> None:
        records = []
        for number, item in enumerate(items):
            enter(self, context)
            AT.item, AT.has_item = item, True
            AT.path = f"{AT.path}.{number}"
            HERE.scratch = HERE.scratch.with_name(f"{HERE.scratch.name}.{number}")
            records.append(told(self.performed(default_body)))
            records[-1]["below"] = AT.below
        self.push(records)
        leg_ended([record["status"] for record in records])

    def push(self, records: list[Told]) -> None:
        if AT.below and len(records) == 1:
            records[0]["below"] = AT.below
        number = AT.ti.map_index
        AT.ti.xcom_push("return_value", json.dumps({"leg": number, "records": records}))


def leg_ended(statuses: Collection[str]) -> None:
    """Tells Airflow how the items of a leg ended."""
    if {"failed", "aborted"} & {*statuses}:
        raise AirflowFailException("an item failed")
    if {*statuses} == {"skipped"}:
        raise AirflowSkipException("a condition is not met")


class Gather(Shell):
    """Ends a fan-out: one result for each item, in the order of the items.

    :param items: the task that found them
    :param item: the tasks of the items
    :param calls: the items are calls
    :param captured: its record is a value
    """

    def __init__(
        self,
        *,
        items: str,
        item: str,
        calls: bool = False,
        captured: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.items = items
        self.item = item
        self.calls = calls
        self.captured = captured

    def execute(self, context: Any) -> Any:
        enter(self, context)
        begun_as(self.items)
        legs = [
            json.loads(AT.known(leg))
            for leg in AT.pull(self.items, "return_value") or []
        ]
        count = sum(map(len, legs))
        items: list[Json] = [None] * count
        records: list[Told] = [{}] * count
        for number, leg in enumerate(legs):
            items[number :: len(legs)] = leg
        told = AT.pull(self.item, "return_value") or []
        for text in (
            [told] if isinstance(told, str) else told
        ):  # of one leg it is no list
            found = json.loads(text)
            for place, record in enumerate(found["records"]):
                records[found["leg"] + place * len(legs)] = known_record(record)

        def body(launch: Launch) -> Result:
            return gathered(items, records, launch, self.calls, self.captured)

        failed_before = states([self.items]).get(self.items) == "failed"
        return concluded(
            self, self.performed((lambda _: Result(1)) if failed_before else body)
        )


def known_record(record: Told) -> Told:
    output = record.get("return_value")
    return record | {"return_value": output and AT.known(output)}


def gathered(
    items: Collection[Json],
    records: Collection[Told],
    launch: Launch,
    with_calls: bool,
    captured: bool,
) -> Result:
    """The end of a fan-out whose items have these records."""
    ends = [record.get("status", "aborted") for record in records]
    failed = sum(end not in ("succeeded", "skipped") for end in ends)
    if any(record.get("partial") for record in records):
        AT.more["partial"] = True
    if failed:
        complain(f"{failed} of {len(ends)} items failed", launch)
    output = fan_out_record(items, records, with_calls) if captured else None
    stopped = next((it["stopped"] for it in records if "stopped" in it), None)
    if stopped is not None:
        AT.more["stopped"] = stopped
        return Result(None, output, ending="aborted")
    return Result(1 if failed else 0, output)


def begun_as(first: str) -> None:
    """Lets a group whose last task runs in any case share the fate of its first task."""
    state = states([first]).get(first)
    told = AT.pull(first, "status")
    if state == "skipped":
        if told:
            AT.ti.xcom_push("status", told)
            AT.ti.xcom_push("attempts", 0)
        raise AirflowSkipException("skipped with what it begins with")
    if state == "success" or (state == "failed" and told == "failed"):
        return
    AT.ti.xcom_push("status", "aborted")
    raise AirflowFailException("not run: a step before it did not go well")
