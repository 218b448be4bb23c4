"""A call or a fan-out as read -> the same step without what has no effect on it."""

from dataclasses import replace

from compiler.ir import ITEM, Condition, Map, Step
from compiler.reader.nodes import MapNode
from compiler.reader.policies import note_ineffective
from compiler.reader.shape import Fields, Reading
from compiler.walk import call_of, condition_texts, text_references


def fitted(reading: Reading, known: Fields, step: Step) -> Step:
    """`step` without what has no effect on a call or a fan-out, which WFC115 says; of a
    fan-out, the conditions that name ITEM are those of its items (F4)."""
    body = step.body
    if call_of(step) is not None:
        _note_without_process(reading, known)
        step = replace(step, directory=None, stdout=None, stderr=None, stop_signal=None)
    if step.continue_on is not None and step.continue_on.output:
        _note_output(reading, known)
        step = replace(step, continue_on=replace(step.continue_on, output=()))
    if isinstance(body, Map):
        if step.repeat is not None:
            _refuse_repeat(reading, known)
            step = replace(step, repeat=None)
        of_items = [each for each in step.conditions if _names_item(each)]
        of_step = [each for each in step.conditions if not _names_item(each)]
        step = replace(
            step,
            body=replace(body, conditions=tuple(of_items)),
            conditions=tuple(of_step),
        )
    return step


def _note_without_process(reading: Reading, known: Fields) -> None:
    for name, label in (
        ("shell", "no shell reads it"),
        ("dir", "the steps of the other workflow run in the working folder"),
        ("stdout", "a call prints nothing itself"),
        ("stderr", "a call prints nothing itself"),
        ("signalOnStop", "a call has no process of its own"),
    ):
        field = known.get(name)
        if field is not None:
            note_ineffective(
                reading,
                field.key,
                f"`{field.key.text}` has no effect beside `run`",
                label,
                "take it out, or put it into the steps of that workflow",
            )


def _refuse_repeat(reading: Reading, known: Fields) -> None:
    repeats, fans_out = known.by_name["repeatPolicy"], known.by_name["parallel"]
    reading.report(
        "WFC113",
        f"`{repeats.key.text}` beside `{fans_out.key.text}`",
        repeats.key,
        "is it each item, or all of them, that is repeated?",
        "put it into a step of another workflow, and call that with `run`",
        ((reading.span(fans_out.key), "and this"),),
    )


def _note_output(reading: Reading, known: Fields) -> None:
    field = known.get("continueOn")
    assert field is not None
    assert isinstance(field.value, MapNode)
    key, _ = field.value.entries["output"]
    note_ineffective(
        reading,
        key,
        "`output` has no effect: this step prints nothing itself",
        "looks at what one process printed",
        "take it out; `failure` and `exitCode` work here",
    )


def _names_item(condition: Condition) -> bool:
    return any(
        reference.name == ITEM
        for text in condition_texts(condition)
        for reference in text_references(text)
    )
