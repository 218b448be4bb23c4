"""`run`, `params` and `candidates` of a step into a `Call`."""

from compiler.ir import Argument, Call, Candidate, Template
from compiler.reader.nodes import ListNode, ScalarNode
from compiler.reader.params import arguments
from compiler.reader.policies import note_ineffective
from compiler.reader.references import is_fixed, template_without_commands
from compiler.reader.shape import (
    Field,
    Fields,
    Reading,
    scalar,
    texts,
)

_SPACE = " \t\r\n"


def call(reading: Reading, run: Field, known: Fields) -> Call | None:
    """The call of a step that has `run`; None where its name cannot be read.

    Without `params` it has no arguments; in a fan-out the item takes their place.
    """
    found = scalar(reading, run.value, run.key.text, "the name of a workflow", False)
    name = None if found is None else _name(reading, found)
    given, listed = known.get("params"), known.get("candidates")
    passed: tuple[Argument, ...] | None = ()
    if given is not None:
        passed = arguments(reading, given)
    elif known.get("parallel") is not None:
        passed = None
    candidates = None if listed is None else _candidates(reading, listed)
    if name is None:
        return None
    result = Call(name=name, arguments=passed, candidates=candidates, span=name.span)
    if result.dynamic or listed is None:
        return result
    note_ineffective(
        reading,
        listed.key,
        f"`{listed.key.text}` has no effect: `{run.key.text}` names one workflow",
        "nothing to choose from",
        f"take it out, or put a reference into `{run.key.text}`",
    )
    return Call(name=name, arguments=passed, span=name.span)


def _name(reading: Reading, node: ScalarNode) -> Template:
    """The name as a template, without white space around it."""
    read = template_without_commands(reading, node)
    parts = list(read.parts)
    if isinstance(parts[0], str):
        parts[0] = parts[0].lstrip(_SPACE)
    if isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip(_SPACE)
    return Template(parts=tuple(part for part in parts if part), span=read.span)


def _candidates(reading: Reading, field: Field) -> tuple[Candidate, ...]:
    name, node = field.key.text, field.value
    if isinstance(node, ListNode) and not node.items:
        reading.report(
            "WFC107",
            f"`{name}` is empty",
            node,
            "no workflow to choose",
            "list the workflows that may run, or take it out",
        )
    found: dict[str, Candidate] = {}
    for each in texts(reading, node, name):
        candidate = Candidate(name=each.text.strip(_SPACE), span=reading.span(each))
        if not is_fixed(reading, each, name):
            continue
        if candidate.name in found:
            note_ineffective(
                reading,
                each,
                f"`{candidate.name}` stands in `{name}` twice",
                "once more",
                "take one of them out",
            )
        else:
            found[candidate.name] = candidate
    return tuple(found.values())
