"""The journal of a run that was broken off -> records and frames as they were then.

What had ended well is put back with its values, and nothing of it runs again; in a call
or a fan-out that had not, the same holds for each step or item. All else runs.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from compiler.evaluate import Failure
from compiler.interpreter.attempts import publish
from compiler.interpreter.cuts import Lost
from compiler.interpreter.folder import RunFolder, make_folder
from compiler.interpreter.frames import Frame, Given, below, call_frame, recall
from compiler.interpreter.items import item_records, items_kept
from compiler.interpreter.journal import Journal, Line, Was, text_in, whole_in
from compiler.interpreter.records import Record
from compiler.interpreter.results import fan_out_record, record_of, result_of
from compiler.interpreter.schedule import ending_of
from compiler.interpreter.values import LARGEST_OUTPUT, read_output, some_line_holds
from compiler.interpreter.watch import end_details
from compiler.ir import Call, Callee, Ending, Json, Map, Workflow
from compiler.outcome import RunStatus

_ENDINGS: dict[str | None, Ending] = {
    "succeeded": "succeeded",
    "continued": "continued",
    "failed": "failed",
    "skipped": "skipped",
    "aborted": "aborted",
    "not_started": "not_started",
}
_STATUSES: dict[str | None, RunStatus] = {
    "succeeded": "succeeded",
    "partially_succeeded": "partially_succeeded",
    "failed": "failed",
    "aborted": "aborted",
}
STAYS: tuple[Ending, ...] = ("succeeded", "continued", "skipped")


def stays(record: Record, frame: Frame) -> bool:
    """Whether nothing of a step, an item or a handler runs: it is as it was before, or it
    is none of those that were chosen."""
    if record.handler and record.item is None:
        return _put_back_handler(record, frame)
    if not is_left(record, frame):
        return put_back(record, frame)
    if not put_back(record, frame, tuple(_ENDINGS.values())):
        record.ending, record.restored, record.left_out = "succeeded", True, True
        frame.known.left_out.add(record.step.name)
    return True


def is_left(record: Record, frame: Frame) -> bool:
    """Whether --step or --from leave a step of the run itself out."""
    chosen = frame.run.chosen
    if chosen is None or frame.path or record.item:
        return False
    return record.step.name not in chosen


def put_back(record: Record, frame: Frame, endings: Sequence[Ending] = STAYS) -> bool:
    """Fills in a record that had ended in one of `endings`, with all below it. Else False;
    a call or a fan-out that had begun then goes on within its last attempt."""
    was = record.was
    if was is None:
        return False
    if was.ending is None:
        _ask_files(record, frame, was)
    if _ENDINGS.get(was.ending) in endings:
        try:
            _put_back_all(record, frame)
            record.restored = True
            return True
        except (Failure, Lost):
            record.ending, record.output, record.items = None, None, ()
            record.frame, record.partial = None, False
    body, attempts = record.step.body, record.attempts
    if isinstance(body, Map):
        record.resumes = was.items is not None
    elif isinstance(body, Call) and was.call is not None:
        record.resumes = whole_in(was.call, "attempts") == attempts
        if record.resumes:
            record.attempts = record.before = attempts - 1
    return False


def _put_back_handler(record: Record, frame: Frame) -> bool:
    """The same of a handler, as long as nothing has run since it ended; and what `init`
    made ready for the steps may be gone once another handler has begun."""
    journal, was = frame.run.journal, record.was
    if journal is None or was is None or was.at < journal.anew:
        return False
    steps = frame.records.values()
    if record.step.name != "init":
        untouched = not any(step.started is not None for step in steps)
        return untouched and put_back(record, frame)
    over = all(it.was is not None and it.was.ending in STAYS for it in steps)
    if not over:
        for handler in frame.workflow.handlers:
            other = journal.handlers.get(below(frame.path, handler.name))
            if other is not None and other.at > was.at:
                return False
    return put_back(record, frame)


def _put_back_all(first: Record, frame: Frame) -> None:
    """Calls can be deep: no recursion. Raises Lost, Failure."""
    waiting = [(first, frame)]
    done: list[tuple[Record, Frame]] = []
    while waiting:
        record, around = waiting.pop()
        _fill(record, around)
        done.append((record, around))
        waiting += [(item, around) for item in record.items]
        child = record.frame
        if child is not None:
            records = (*child.records.values(), *child.handlers.values())
            waiting += [(each, child) for each in records]
    for record, around in reversed(done):
        _conclude(record, around)


def _fill(record: Record, frame: Frame) -> None:
    """What the journal tells of one record. Raises Lost."""
    was = record.was
    if was is None or was.end is None:
        record.ending = record.ending or "aborted"
        return
    if "lost" in was.end:
        raise Lost
    record.ending = _ENDINGS.get(was.ending, "aborted")
    record.attempts, record.code, record.seconds = was.attempts, was.code, was.seconds
    record.partial = was.end.get("partial") is True
    if isinstance(record.step.body, Map):
        if was.items is not None:
            record.items = recorded_items(record, frame)[0]
    elif isinstance(record.step.body, Call):
        if was.call is not None and "run" in was.end:
            child = record.frame = recorded_call(record, frame)
            for secret in child.workflow.secrets:  # which nothing reads any more
                frame.run.masks.hide(frame.run.folder.cuts.value(secret))
            if record.ending == "skipped":  # its own precondition was not met
                for each in child.records.values():
                    each.ending = "skipped"
            child.status = _STATUSES.get(text_in(was.end, "run"), "failed")
            if was.inputs is not None:
                recall_inputs(child, was.inputs)
            _recall_handlers(child, was)
    elif "output" in was.end:
        record.output = frame.run.folder.restored(was.end["output"])


def _conclude(record: Record, frame: Frame) -> None:
    """The values that follow from those of what is below. Raises Failure."""
    made, child = None, record.frame
    if not record.attempts:
        return
    if record.step.captured and child is not None and record.ending != "skipped":
        made, record.output = record_of(child), result_of(child)
    if isinstance(record.step.body, Call | Map):
        if record.step.captured and isinstance(record.step.body, Map):
            record.output = fan_out_record(record)
        publish(record, frame, made)
        return
    out, err = (f"{record.files}{suffix}" for suffix in (".out", ".err"))
    publish(record, frame, stdout=out, stderr=err)


def _recall_handlers(child: Frame, was: Was) -> None:
    """The handlers of a callee that has ended were those that the journal names."""
    journal = child.run.journal
    assert journal is not None
    for handler in child.workflow.handlers:
        path = f"{child.path}/{handler.name}"
        if path in journal.handlers and journal.handlers[path].at > was.call_at:
            child.handler(handler)


def remember(frame: Frame, since: int) -> None:
    """The journal tells of `frame` behind its line `since`."""
    frame.since = since
    recall(frame.run, frame.records.values(), since)


def has_begun(frame: Frame) -> bool:
    """Whether steps of it had run before: then its preconditions were met."""
    return any(record.before for record in frame.records.values())


def remember_entry(frame: Frame, journal: Journal) -> None:
    """The journal tells of the run's own frame, but that chosen steps run anew."""
    remember(frame, -1)
    frame.inputs = journal.inputs
    frame.run.watch.events += journal.events
    for name in frame.run.chosen or ():
        frame.records[name].was = None


# ---- a call, a fan-out, params and env


def keep_call(record: Record, frame: Frame, callee: Callee, given: Given) -> None:
    """Tells the journal what an attempt of a call runs."""
    details: Line = {"attempts": record.attempts, "workflow": callee.names[0]}
    with contextlib.suppress(Lost):
        details |= given_details(frame.run.folder, given)
        frame.run.watch.keep("call", record, **details)


def call_again(record: Record, frame: Frame) -> Frame | None:
    """The frame of a call that goes on in its last attempt; None where that cannot be."""
    record.resumes = False
    try:
        child = recorded_call(record, frame)
        make_folder(child.base)
    except Lost:
        return None
    return child


def keep_inputs(frame: Frame) -> None:
    """Tells the journal the values of params and env, where there are any."""
    if not frame.workflow.order:
        return
    in_handler: Line = {"in_handler": True} if frame.in_handler else {}
    with contextlib.suppress(Lost):
        details = inputs_details(frame)
        frame.run.folder.event("inputs", frame.path, **details, **in_handler)


def has_inputs(frame: Frame) -> bool:
    """Whether params and env have the values that they had before."""
    if frame.inputs is None:
        return False
    try:
        recall_inputs(frame, frame.inputs)
    except Lost:
        return False
    return True


def recorded_call(record: Record, frame: Frame) -> Frame:
    """The frame of a call as it was in its last attempt. Raises Lost."""
    was, call = record.was, record.step.body
    assert was is not None
    assert was.call is not None
    assert isinstance(call, Call)
    name = text_in(was.call, "workflow")
    found = [it.workflow for it in call.callees if it.names[0] == name]
    if not found:
        raise Lost
    given = recorded_given(frame.run.folder, was.call)
    workflow: Workflow = frame.run.workflows[found[0]]
    child = call_frame(record, frame, workflow, given)
    remember(child, was.call_at)
    child.inputs = was.inputs
    return child


def recorded_given(folder: RunFolder, line: Line) -> Given:
    """What a run of a workflow was started with. Raises Lost."""
    if "lost" in line:
        raise Lost
    restored = folder.restored
    return Given(
        values={key: restored(each) for key, each in _object(line, "values").items()},
        positional=[restored(each) for each in _list(line, "positional")],
    )


def given_details(folder: RunFolder, given: Given) -> Line:
    """What the journal keeps of it. Raises Lost."""
    kept = folder.kept
    return {
        "values": {name: kept(value) for name, value in given.values.items()},
        "positional": [kept(value) for value in given.positional],
    }


def recorded_items(record: Record, frame: Frame) -> tuple[tuple[Record, ...], int]:
    """The items of a fan-out and its width, as they were. Raises Lost."""
    was, body = record.was, record.step.body
    assert was is not None
    assert was.items is not None
    assert isinstance(body, Map)
    listed = items_kept(was.items, frame.run.folder)
    items = item_records(record, body, listed)
    recall(frame.run, items, was.items_at)
    return items, whole_in(was.items, "width") or 1


def recall_inputs(frame: Frame, line: Line) -> None:
    """Params and env as they were valued. Raises Lost."""
    if "lost" in line:
        raise Lost
    restored, known = frame.run.folder.restored, frame.known
    params = {key: restored(each) for key, each in _object(line, "params").items()}
    env = {key: restored(each) for key, each in _object(line, "env").items()}
    positional = [restored(each) for each in _list(line, "positional")]
    known.params.update(params)
    known.env.update(env)
    known.positional[:] = positional


def inputs_details(frame: Frame) -> Line:
    """What the journal keeps of params and env. Raises Lost."""
    kept, known = frame.run.folder.kept, frame.known
    return {
        "params": {name: kept(value) for name, value in known.params.items()},
        "env": {name: kept(value) for name, value in known.env.items()},
        "positional": [kept(value) for value in known.positional],
    }


def _object(line: Line, key: str) -> dict[str, Json]:
    value = line.get(key)
    return value if isinstance(value, dict) else {}


def _list(line: Line, key: str) -> list[Json]:
    value = line.get(key)
    return value if isinstance(value, list) else []


# ---- a process that had ended when this one was killed


def _ask_files(record: Record, frame: Frame, was: Was) -> None:
    """An attempt writes its exit code before the journal tells of its end: one that ended
    well is told of now."""
    step = record.step
    if isinstance(step.body, Call | Map) or step.repeat or not was.attempts:
        return
    out = Path(f"{record.files}.out")
    try:
        code = int(Path(f"{record.files}.rc").read_text())
        largest = frame.workflow.max_output or LARGEST_OUTPUT
        output = read_output(out, largest) if step.captured else None
    except (OSError, ValueError, Failure):
        return
    if code and step.retry is not None:
        return
    masked = output is not None and "***" in output and frame.run.masks.any
    ending = ending_of(code, step.continue_on, lambda each: some_line_holds(out, each))
    if masked or ending not in STAYS:
        return
    record.code, record.output, record.ending = code, output, ending
    was.end = end_details(record, frame.run.folder)
    record.ending = None
    if record.in_handler:
        frame.run.folder.event("handler_end", record.path, **was.end)
    else:
        frame.run.watch.events.append(("end", record.path))
        frame.run.folder.event("end", record.path, **was.end)
