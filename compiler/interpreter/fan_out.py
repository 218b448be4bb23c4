"""One fan-out -> its items, carried out at most so many at a time (F4)."""

import contextlib
from collections import deque
from collections.abc import Mapping
from dataclasses import replace

from compiler.evaluate import Failure
from compiler.interpreter.attempts import hide, publish, say_why
from compiler.interpreter.cuts import Lost
from compiler.interpreter.folder import make_folder
from compiler.interpreter.frames import Frame
from compiler.interpreter.items import (
    item_records,
    items_details,
    items_of,
    width_of,
)
from compiler.interpreter.phases import Begin
from compiler.interpreter.policies import has_texts, value_policies
from compiler.interpreter.records import Record
from compiler.interpreter.report import counted
from compiler.interpreter.results import fan_out_record
from compiler.interpreter.resume import recorded_items
from compiler.interpreter.schedule import ending_of
from compiler.interpreter.steps import beside, conditions_hold, wait_to_start
from compiler.interpreter.tasks import Give, Spawn, Stopped, Take, Work, next_end
from compiler.interpreter.texts import said
from compiler.ir import Map


def fan_out(
    record: Record, frame: Frame, special: Mapping[str, str], begin: Begin
) -> Work[None]:
    """Carries a fan-out out; `begin` gives the work of an item."""
    step, limits = record.step, frame.limits
    # Of the step's env only the items know.
    own = replace(step, env=())
    try:
        yield Take(limits)
        open_ = own.conditions and not record.resumes
        if open_ and not (yield from conditions_hold(own, record, frame, special)):
            record.ending = "skipped"
            return
        yield from wait_to_start(record, frame)
        record.attempts = 1
        frame.run.watch.attempt(record)
        width = yield from _prepare(record, frame, special)
        yield Give(limits)
        if width is not None:
            yield from _run_items(record, frame, special, begin, width)
            _conclude(record, frame)
        hide(record, frame)
        publish(record, frame)
        code = record.code or 0
        record.ending = ending_of(code, step.continue_on, lambda _: False)
    except Stopped:
        if record.items:
            _conclude(record, frame)
        record.code = None
        hide(record, frame)
        publish(record, frame)
        record.ending = "aborted"


def _prepare(
    record: Record, frame: Frame, special: Mapping[str, str]
) -> Work[int | None]:
    """Makes the items, and says how many may be unfinished at a time; None when that is
    not to be known, and the only attempt has failed. Raises Stopped."""
    body = record.step.body
    assert isinstance(body, Map)
    if record.resumes:
        with contextlib.suppress(Lost):
            record.items, width = recorded_items(record, frame)
            frame.run.watch.expect(len(record.items))
            return width
    shell = beside(record, frame, special, "policies", record.step.exports)
    try:
        items = items_of(body, shell.scope)
        width = width_of(body, shell.scope)
        if has_texts(record.step):  # once for all items
            make_folder(record.folder)
            record.step = yield from value_policies(record.step, shell)
    except (Failure, OSError) as error:
        _fail(record, frame, said(error))
        return None
    record.items = item_records(record, body, items)
    with contextlib.suppress(Lost, Failure):
        details = items_details(items, frame.run.folder)
        frame.run.watch.keep("items", record, width=width, **details)
    frame.run.watch.expect(len(items))
    return width


def _run_items(
    record: Record,
    frame: Frame,
    special: Mapping[str, str],
    begin: Begin,
    width: int,
) -> Work[None]:
    """Carries the items out in their order. Raises Stopped, when the last has ended."""
    waiting = deque(record.items)
    unfinished = 0
    try:
        while waiting or unfinished:
            while waiting and unfinished < width:
                item = waiting.popleft()
                unfinished += 1
                yield Spawn(item, begin(item, frame, special))
            _decided(frame, (yield from next_end()))
            unfinished -= 1
    except Stopped:
        for item in waiting:
            frame.run.watch.decided(item, "aborted")
        for _ in range(unfinished):
            _decided(frame, (yield from next_end(patient=True)))
        raise


def _decided(frame: Frame, item: object) -> None:
    assert isinstance(item, Record)
    frame.run.watch.decided(item, item.ending or "aborted")


def _conclude(record: Record, frame: Frame) -> None:
    """Makes the record of the items, and the exit code that follows from them."""
    items = record.items
    record.partial = any(item.partial for item in items)
    failed = sum(item.ending not in ("succeeded", "skipped") for item in items)
    record.code = 1 if failed else 0
    if failed:
        say_why(record, frame, f"{failed} of {counted(len(items), 'item')} failed")
    if record.step.captured:
        try:
            record.output = fan_out_record(record)
        except Failure as failure:
            _fail(record, frame, said(failure))


def _fail(record: Record, frame: Frame, reason: str) -> None:
    record.code = 1
    say_why(record, frame, reason)
