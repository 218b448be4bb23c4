"""A whole file into a `Workflow`."""

import re
from collections.abc import Iterator
from typing import Literal

from compiler.diagnostics import Diagnostic, did_you_mean
from compiler.ir import Param, Schema, Step, Workflow
from compiler.reader.events import parse
from compiler.reader.keys import HANDLER_ON, SURROUNDINGS, WORKFLOW
from compiler.reader.nodes import MapNode, Node, ScalarNode
from compiler.reader.shape import (
    MAX_NAME,
    Field,
    Fields,
    Load,
    Reading,
    described,
    description,
    fields,
    integer,
    no_file,
    note_length,
    scalar,
    text,
    wrong_type,
)
from compiler.reader.step import handler
from compiler.reader.steps import steps
from compiler.reader.values import env
from compiler.source import Source

_NAME = re.compile(rf"[A-Za-z0-9_.-]{{1,{MAX_NAME}}}")
# The keys whose values in the IR do not say where they stand.
_WITHOUT_SPANS = (
    "description",
    "maxActiveSteps",
    "maxActiveRuns",
    "queue",
    "timeoutSec",
    "delaySec",
    "workspace",
    "group",
    "skipIfSuccessful",
    "restartWaitSec",
    "mailOn",
    "histRetentionDays",
    "histRetentionRuns",
    "maxOutputSize",
    "maxCleanUpTimeSec",
)
_HANDLERS = ("init", "success", "failure", "cancel", "exit")


def read(
    source: Source, load: Load = no_file
) -> tuple[tuple[Workflow, ...], tuple[Diagnostic, ...]]:
    """The workflows of a file, one a document, and everything that is wrong with the
    file's shape. What it names beside workflows comes from `load`.

    With an error among the findings the workflows hold what could be read, so that later
    checks find theirs too. A document that is no map gives none, nor does one with the
    name of another.
    """
    roots, findings = parse(source)
    if not roots and not findings:
        _no_workflow(Reading(source, findings), None, 1, 1)
    found: dict[str, Workflow] = {}
    for number, root in enumerate(roots, 1):
        reading = Reading(source, findings, load)
        if not isinstance(root, MapNode) or not root.entries:
            _no_workflow(reading, root, number, len(roots))
            continue
        workflow = _workflow(reading, root, number)
        if workflow.name in found:
            _again(reading, workflow, found[workflow.name])
        found.setdefault(workflow.name, workflow)
    return tuple(found.values()), tuple(findings)


def _no_workflow(reading: Reading, root: Node | None, number: int, count: int) -> None:
    label = "nothing to read" if root is None else described(root)
    where = f"document {number} of " if count > 1 else ""
    reading.report(
        "WFC110",
        f"no workflow in {where}`{reading.source.name}`",
        reading.source.span(0, 1) if root is None else root,
        "an empty map" if isinstance(root, MapNode) else label,
        "a workflow is a map with `steps`",
    )


def _again(reading: Reading, again: Workflow, first: Workflow) -> None:
    reading.report(
        "WFC220",
        f"two documents are named `{again.name}`",
        again.span,
        "once more",
        "give each document a `name` of its own",
        ((first.span, "first here"),),
    )


def _workflow(reading: Reading, root: MapNode, number: int) -> Workflow:
    """The workflow of document `number`, which counts from 1."""
    known = fields(reading, root, WORKFLOW)
    name = known.get("name")
    declared, schema = _params(reading, known.get("params"))
    first, _ = next(iter(root.entries.values()))
    if name is None and number > 1 and known.complete:
        _unnamed(reading, first, number)
    named = _name(reading, name, number)
    shell = known.get("shell")
    if shell is not None:
        from compiler.reader.shells import default_shell

        reading.shell = default_shell(reading, shell)
    order = _type(reading, known.get("type"))
    built = Workflow(
        name=named,
        key=f"{reading.source.name}#{named}",
        description=description(reading, known.get("description")),
        tags=tuple(_tags(reading, known.get("tags"))),
        type=order,
        params=declared,
        schema=schema,
        env=env(reading, known.get("env")),
        steps=_steps(reading, known.get("steps"), order),
        handlers=tuple(_handlers(reading, known.get("handlerOn"))),
        max_active_steps=_number(reading, known.get("maxActiveSteps")),
        timeout=_number(reading, known.get("timeoutSec")),
        delay=_number(reading, known.get("delaySec")),
        span=reading.span(first if name is None else name.value),
        spans=known.spans(reading, _WITHOUT_SPANS),
    )
    return _with_surroundings(reading, known, built)


def _with_surroundings(reading: Reading, known: Fields, workflow: Workflow) -> Workflow:
    """`workflow` with its conditions, times, folders, mails: few have them."""
    if SURROUNDINGS.isdisjoint(known.by_name):
        return workflow
    from compiler.reader.surroundings import with_surroundings

    return with_surroundings(reading, known, workflow)


def _unnamed(reading: Reading, first: ScalarNode, number: int) -> None:
    reading.report(
        "WFC106",
        f"document {number} has no `name`",
        first,
        "the document begins here",
        "give it a `name` of its own: `run` finds it by that",
    )


def _params(
    reading: Reading, field: Field | None
) -> tuple[tuple[Param, ...], Schema | None]:
    if field is None:
        return (), None
    from compiler.reader.params import params

    return params(reading, field)


def _number(reading: Reading, field: Field | None) -> int | None:
    """A limit; 0 is none."""
    if field is None:
        return None
    return integer(reading, field.value, field.key.text) or None


def _name(reading: Reading, field: Field | None, number: int) -> str:
    """The name; else the first document has the file's without its ending."""
    found = None if field is None else scalar(reading, field.value, "name")
    if found is not None:
        if _NAME.fullmatch(found.text) and found.text not in (".", ".."):
            note_length(reading, found.text, reading.span(found))
            return found.text
        reading.report(
            "WFC107",
            "this text cannot be the name of a workflow",
            found,
            "not a name",
            f"a name has letters, digits, `_`, `.` and `-`, at most {MAX_NAME}",
        )
    return file_stem(reading.source.name) if number == 1 else f"document-{number}"


def file_stem(path: str) -> str:
    """The name of a workflow that has none: its file's.

    >>> file_stem("jobs/night run.yaml"), file_stem("-")
    ('night-run', 'workflow')
    """
    base = re.split(r"[/\\]", path)[-1]
    stem = base.rpartition(".")[0] or base
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-.")[:MAX_NAME] or "workflow"


def _tags(reading: Reading, field: Field | None) -> Iterator[str]:
    """`a, b`, a list or a map; in lower case, as Dagu has them."""
    if field is None:
        return
    name, node = field.key.text, field.value
    if isinstance(node, ScalarNode):
        tags = node.text.split(",")
    elif isinstance(node, MapNode):
        tags = list(_labels(reading, node, name))
    else:
        found = (text(reading, each, name, "texts") for each in node.items)
        tags = [each for each in found if each is not None]
    yield from (tag.strip().lower() for tag in tags if tag.strip())


def _labels(reading: Reading, node: MapNode, name: str) -> Iterator[str]:
    """The entries of a map as `key=value`."""
    for key, value in node.entries.values():
        found = text(reading, value, name, "texts")
        if found is not None:
            yield f"{key.text}={found}"


def _type(reading: Reading, field: Field | None) -> Literal["chain", "graph"]:
    found = None if field is None else scalar(reading, field.value, "type")
    if found is None or found.text == "chain":
        return "chain"
    if found.text == "graph":
        return "graph"
    if found.text == "agent":
        reading.report(
            "WFC116",
            "`type: agent` is not translated: wfc drives no agents",
            found,
            "reserved in Dagu",
            "write the agent's command as a step",
        )
        return "chain"
    reading.report(
        "WFC107",
        f"there is no type `{found.text}`",
        found,
        "not a type",
        did_you_mean(found.text, ("chain", "graph")),
    )
    return "chain"


def _steps(
    reading: Reading, field: Field | None, order: Literal["chain", "graph"]
) -> tuple[Step, ...]:
    return () if field is None else tuple(steps(reading, field, order))


def _handlers(reading: Reading, field: Field | None) -> Iterator[Step]:
    if field is None:
        return
    if not isinstance(field.value, MapNode):
        wrong_type(reading, field.value, field.key.text, "a map of handlers")
        return
    known: Fields = fields(reading, field.value, HANDLER_ON)
    for kind in _HANDLERS:
        entry = known.get(kind)
        if entry is not None:
            found = handler(reading, kind, entry.key, entry.value)
            if found is not None:
                yield found
