"""Checks on the paths of steps: `call/step`, `load[0]`."""

import re
from collections.abc import Iterator

from compiler.diagnostics import Diagnostic
from compiler.ir import Call, Map, Program, Step, Workflow
from compiler.walk import call_of, calls_of

_ITEM = re.compile(r"(.*)\[(?:0|[1-9][0-9]*)\]", re.DOTALL)


def shared_path(program: Program) -> Iterator[Diagnostic]:
    """A step whose name is the path of an item or of a callee's step: an outcome would
    have room for one of the two."""
    for workflow in program.workflows:
        odd = [step for step in workflow.steps if "/" in step.name or "[" in step.name]
        if odd:
            others = {it.name: it for it in workflow.steps if _has_paths(it)}
            for step in odd:
                owner = others.get(_owner(step.name, others))
                if owner is not None and owner is not step:
                    yield _shared(step, owner, f"a path within `{owner.name}`")
    for workflow in _below_handlers(program):
        handlers = {handler.name: handler for handler in workflow.handlers}
        for step in workflow.steps:
            if step.name in handlers:
                handler = handlers[step.name]
                yield _shared(
                    step, handler, "the path of a handler in a handler's call"
                )


def _has_paths(step: Step) -> bool:
    return isinstance(step.body, Call | Map)


def _owner(name: str, owners: dict[str, Step]) -> str:
    """The one of `owners` below which `name` is a path; "" if there is none.

    >>> _owner("a/b[3]", {})
    ''
    """
    ends = [place for place, letter in enumerate(name) if letter == "/"]
    for head in (*(name[:end] for end in ends), name):
        item = _ITEM.fullmatch(head)
        if item is not None and isinstance(_body(owners, item[1]), Map):
            return item[1]
        if head != name and _calls(owners, head):
            return head
    return ""


def _body(owners: dict[str, Step], name: str) -> object:
    return owners[name].body if name in owners else None


def _calls(owners: dict[str, Step], name: str) -> bool:
    return isinstance(_body(owners, name), Call)


def _below_handlers(program: Program) -> Iterator[Workflow]:
    """The workflows that handlers call, and what these call."""
    by_key = {workflow.key: workflow for workflow in program.workflows}
    starts = [
        call
        for workflow in program.workflows
        for call in map(call_of, workflow.handlers)
        if call is not None
    ]
    keys = [callee.workflow for call in starts for callee in call.callees]
    found = dict.fromkeys(key for key in keys if key in by_key)
    waiting = list(found)
    while waiting:
        workflow = by_key[waiting.pop()]
        yield workflow
        for call in calls_of(workflow):
            for callee in call.callees:
                if callee.workflow not in found and callee.workflow in by_key:
                    found[callee.workflow] = None
                    waiting.append(callee.workflow)


def _shared(step: Step, other: Step, what: str) -> Diagnostic:
    return Diagnostic(
        code="WFC203",
        message=f"the name of step `{step.name}` is also {what}",
        span=step.span,
        label="an outcome could not tell the two apart",
        help="give the step another name",
        others=((other.span, "the other one"),),
    )
