"""One entry of `steps` or of `handlerOn` into a `Step`."""

import re

from compiler.ir import Call, Dependency, Map, Step
from compiler.reader.body import body
from compiler.reader.conditions import conditions
from compiler.reader.keys import HANDLER, RARE, STEP
from compiler.reader.nodes import MapNode, Node, ScalarNode
from compiler.reader.policies import continue_on, retry
from compiler.reader.references import path
from compiler.reader.shape import (
    MAX_NAME,
    Field,
    Fields,
    Reading,
    checked_name,
    control_character,
    description,
    fields,
    integer,
    is_one_line,
    note_length,
    scalar,
    texts,
    wrong_type,
)
from compiler.reader.values import env
from compiler.source import Span

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
# The keys whose values in the IR do not say where they stand.
_WITHOUT_SPANS = (
    *("exec", "retryPolicy", "timeoutSec", "queue", "signalOnStop", "mailOnError"),
)
_NO_IDS = ("env", "params", "args", "stdout", "stderr", "output", "outputs")


def step(reading: Reading, node: MapNode, otherwise: str = "") -> Step:
    """A step of a list; without a `name` it is called `otherwise`."""
    known = fields(reading, node, STEP)
    field = known.get("name")
    if field is None:
        return _built(reading, known, otherwise, reading.span(node))
    span = reading.span(field.value)
    found = scalar(reading, field.value, "name", empty=False)
    name = None if found is None else _step_name(reading, found.text, span)
    return _built(reading, known, name or f"the step in line {span.line}", span)


def text_step(reading: Reading, node: ScalarNode, name: str) -> Step:
    """A step of a list that is a text: its command."""
    entries = {"command": Field(node, node)}
    known = Fields(entries, True, {}, entries.get)
    return _built(reading, known, name, reading.span(node))


def named_step(reading: Reading, key: ScalarNode, node: Node) -> Step | None:
    """An entry of the map `steps`: its key is the name."""
    if not isinstance(node, MapNode):
        help = f"write `{key.text}: {{command: TEXT}}`"
        wrong_type(reading, node, "steps", "a map of maps", help)
        return None
    known = fields(reading, node, STEP)
    again = known.get("name")
    span = reading.span(key)
    if again is not None:
        reading.report(
            "WFC113",
            "the step has a name already",
            again.key,
            "a second name",
            "take it out, or write `steps` as a list",
            ((span, "the first one"),),
        )
    name = _step_name(reading, key.text, span)
    return _built(reading, known, name or key.text, span)


def handler(reading: Reading, kind: str, key: ScalarNode, node: Node) -> Step | None:
    """An entry of `handlerOn`, named by its kind."""
    if not isinstance(node, MapNode):
        wrong_type(reading, node, key.text, "a step", "write `command: TEXT` below it")
        return None
    known = fields(reading, node, HANDLER)
    return _built(reading, known, kind, reading.span(key))


def _step_name(reading: Reading, name: str, span: Span) -> str | None:
    if not is_one_line(name):
        bad = control_character(name)
        reading.report(
            "WFC107",
            "this text cannot be the name of a step",
            span,
            "it holds a line end or a control character" if bad else "its length",
            f"a name is one line of 1 to {MAX_NAME} characters",
        )
        return None
    note_length(reading, name, span)
    return name


def _built(reading: Reading, known: Fields, name: str, span: Span) -> Step:
    """The step `name`, which stands at `span`, out of its keys."""
    output, folder = known.get("output"), known.get("dir")
    timeout, waits = known.get("timeoutSec"), known.get("queue")
    seconds = None
    if timeout is not None:
        seconds = integer(reading, timeout.value, timeout.key.text)
    built = Step(
        name=name,
        id=_id(reading, known.get("id")),
        description=description(reading, known.get("description")),
        body=body(reading, known, span),
        depends=_depends(reading, known.get("depends")),
        conditions=conditions(reading, known.get("preconditions")),
        retry=retry(reading, known.get("retryPolicy")),
        continue_on=continue_on(reading, known.get("continueOn")),
        output=None if output is None else _output(reading, output),
        env=env(reading, known.get("env")),
        directory=None if folder is None else path(reading, folder),
        timeout=seconds or None,
        queue=None if waits is None else _queue(reading, waits),
        span=span,
        spans=known.spans(reading, _WITHOUT_SPANS),
    )
    if not RARE.isdisjoint(known.by_name):
        from compiler.reader.rare import with_rare_keys

        built = with_rare_keys(reading, known, built)
    if isinstance(built.body, Call | Map):
        from compiler.reader.composite import fitted

        return fitted(reading, known, built)
    return built


def _queue(reading: Reading, field: Field) -> str | None:
    from compiler.reader.limits import queue  # which few steps need

    return queue(reading, field)


def _id(reading: Reading, field: Field | None) -> str | None:
    found = None if field is None else scalar(reading, field.value, "id")
    if found is None:
        return None
    if not _ID.fullmatch(found.text):
        reading.report(
            "WFC107",
            f"`{found.text}` is no id",
            found,
            "not an id",
            "an id has letters, digits, `_` and `-`, and a letter in front",
        )
        return None
    if found.text in _NO_IDS:
        reading.report(
            "WFC210",
            f"the id `{found.text}` is reserved",
            found,
            "it means something else in `${…}`",
            "choose another id",
        )
        return None
    return found.text


def _depends(reading: Reading, field: Field | None) -> tuple[Dependency, ...] | None:
    if field is None:
        return None
    node = field.value
    if isinstance(node, ScalarNode) and not node.text.strip():
        reading.report(
            "WFC107",
            "`depends` is empty",
            node,
            "no text",
            "write `depends: []` to wait for nothing",
        )
        return ()
    found: dict[str, Dependency] = {}
    for each in texts(reading, node, "depends"):
        dependency = Dependency(step=each.text, span=reading.span(each))
        if each.text in found:
            _note_again(reading, dependency, found[each.text])
        found.setdefault(each.text, dependency)
    return tuple(found.values())


def _note_again(reading: Reading, again: Dependency, first: Dependency) -> None:
    reading.report(
        "WFC115",
        f"`{again.step}` stands in `depends` twice",
        again.span,
        "once more",
        "take one of them out",
        ((first.span, "first here"),),
    )


def _output(reading: Reading, field: Field) -> str | None:
    if isinstance(field.value, MapNode):
        from compiler.reader.rare import output_name  # which few steps write so

        named = output_name(reading, field.key, field.value)
        if named is None:
            return None
        field = named
    found = scalar(reading, field.value, "output", "a name")
    if found is None:
        return None
    name, span = found.text.removeprefix("$"), reading.span(found)
    return checked_name(reading, name, span, "an output")
