"""What a call or a fan-out came to -> its result and its record (S4, F4)."""

from compiler.evaluate import Failure, to_json_text
from compiler.interpreter.frames import Frame
from compiler.interpreter.records import Record
from compiler.interpreter.values import LARGEST_OUTPUT
from compiler.interpreter.watch import STATUS
from compiler.ir import Call, Json, Map

# In bytes. Records in records grow with each level, since their texts are quoted again.
LARGEST_RECORD = 16 * LARGEST_OUTPUT


def outputs_of(frame: Frame) -> dict[str, str]:
    """The outputs of the steps of a workflow: where a name occurs twice, that of the
    later step in the file that has one."""
    named = (step for step in frame.workflow.steps if step.output is not None)
    return {
        step.output or "": value
        for step in named
        if (value := frame.known.output(step.name)) is not None
    }


def result_of(frame: Frame) -> str | None:
    """The result of a workflow: what its only leaf gave, or by name what its leaves gave.
    Raises Failure."""
    values: dict[str, Json] = {
        name: frame.known.captured[name]
        for name in frame.workflow.leaves
        if name in frame.known.captured
    }
    if len(frame.workflow.leaves) == 1:
        return next((str(value) for value in values.values()), None)
    return to_json_text(values)


def record_of(frame: Frame) -> str:
    """The record of a call that ran `frame`. Raises Failure."""
    outputs: dict[str, Json] = dict(outputs_of(frame))
    return _record(
        {
            "name": frame.workflow.name,
            "params": _params(frame),
            "status": frame.status,
            "outputs": outputs,
        }
    )


def _params(frame: Frame) -> dict[str, Json]:
    """The params that are declared, in that order; more positional ones; and those that
    were given without being declared."""
    known, given = frame.known, frame.given.values
    found: dict[str, Json] = {}
    declared = [param for param in frame.workflow.params if param.default is not None]
    for param in declared:
        if param.positional:
            found[param.name] = known.positional[int(param.name) - 1]
        elif param.name in known.params:
            found[param.name] = known.params[param.name]
    for place, value in enumerate(known.positional, 1):
        found.setdefault(str(place), value)
    for param in frame.workflow.params:
        if param.default is None and param.name in given:
            found[param.name] = given[param.name]
    return found


def fan_out_record(fan_out: Record) -> str:
    """The record of a fan-out, its items in their order. Raises Failure."""
    items = fan_out.items
    statuses = [STATUS[item.ending or "aborted"] for item in items]
    results = [_result(item) for item in items]
    assert isinstance(fan_out.step.body, Map)
    key = "outputs" if isinstance(fan_out.step.body.body, Call) else "output"
    outputs = [
        result[key]
        for result, status in zip(results, statuses, strict=True)
        if status == "succeeded"
    ]
    return _record(
        {
            "summary": {
                "total": len(items),
                "succeeded": statuses.count("succeeded"),
                "failed": statuses.count("failed"),
                "skipped": statuses.count("skipped"),
            },
            "results": list(results),
            "outputs": outputs,
        }
    )


def _result(item: Record) -> dict[str, Json]:
    assert item.item is not None
    status = STATUS[item.ending or "aborted"]
    result: dict[str, Json] = {"item": item.item.value, "status": status}
    if status == "skipped":
        return result
    if isinstance(item.step.body, Call):
        outputs = {} if item.frame is None else outputs_of(item.frame)
        return {**result, "outputs": dict(outputs)}
    return {**result, "output": item.output or ""}


def _record(value: Json) -> str:
    text = to_json_text(value)
    if len(text) > LARGEST_RECORD or len(text.encode()) > LARGEST_RECORD:
        raise Failure("the record is larger than 16 MiB")
    return text
