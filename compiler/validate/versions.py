"""Checks for what a file means in some versions of Dagu only.

wfc reads all of them as the language reference says; who brings a file from Dagu, or
takes it back, wants to know where the other side may do something else.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from posixpath import dirname, join
from typing import NamedTuple

from compiler.diagnostics import Diagnostic
from compiler.ir import (
    Arguments,
    Item,
    Map,
    Match,
    Program,
    Reference,
    Step,
    Template,
    Workflow,
)
from compiler.source import Span
from compiler.walk import references, template_texts


class _Change(NamedTuple):
    """`message` says what depends on the version, `help` how to write it for all."""

    message: str
    help: str


# The changes are those of Dagu's releases; the version is the first one with the change.
CHANGES = {
    "chain-edge": _Change(
        "Dagu 1.22 and later also make this step wait for the step before it",
        "write `type: graph` and every `depends`, which all versions read alike",
    ),
    "command-list": _Change(
        "Dagu 1.29 and later run each item of this list as a command of its own",
        "write the command as one text",
    ),
    "default": _Change(
        "Dagu before 1.23.4 reads `${…:-…}` as an empty text here",
        "give it the default where it is declared, or let a command test it: shells know `:-`",
    ),
    "dotenv-file": _Change(
        "Dagu 1.30 and later read `.env` beside the workflow unasked",
        "write `dotenv: .env` if its variables are meant",
    ),
    "dotenv-order": _Change(
        "Dagu 1.30 and later let `dotenv` win over `env`",
        "give no name in both",
    ),
    "handler-condition": _Change(
        "Dagu before 1.30 runs a handler whatever its preconditions say",
        "test it in the handler's command",
    ),
    "home-folder": _Change(
        "Dagu 1.30 and later read the `~` in front as the home folder",
        "write `${HOME}`, or put the `~` behind something else",
    ),
    "parallel-text": _Change(
        "Dagu 1.22 and later split this text at `,`, `;` and `|`, too",
        "write the items as a list",
    ),
}

_FEW = 1_000  # steps of which each may look through all


def version_dependent(
    program: Program, exists: Callable[[str], bool]
) -> Iterator[Diagnostic]:
    """What versions of Dagu take in different ways; `exists` is as for `check`."""
    yield from _notes(_places(program, exists))


def _places(
    program: Program, exists: Callable[[str], bool]
) -> Iterator[tuple[str, Span]]:
    for workflow in program.workflows:
        yield from _around_steps(workflow)
        for step in (*workflow.steps, *workflow.handlers):
            yield from _of_step(step)
        if workflow.type == "chain":
            yield from _chain_edges(workflow)
    folder = dirname(program.main.span.file)
    read = {join(folder, file.path) for file in program.main.dotenv}
    unread = join(folder, ".env")
    if unread not in read and exists(unread):
        yield "dotenv-file", program.main.span


def _around_steps(workflow: Workflow) -> Iterator[tuple[str, Span]]:
    for template in _definitions_and_conditions(workflow):
        for reference in _with_default(template):
            yield "default", reference.span
    for variable in workflow.env:
        first = variable.value.parts[0] if variable.value.parts else ""
        if isinstance(first, str) and (first == "~" or first.startswith("~/")):
            yield "home-folder", variable.value.span
    if workflow.dotenv and workflow.env:
        yield "dotenv-order", workflow.dotenv[0].span
    for handler in workflow.handlers:
        for condition in handler.conditions:
            yield "handler-condition", condition.span


def _of_step(step: Step) -> Iterator[tuple[str, Span]]:
    body = step.body
    if isinstance(body, Map):
        if _splits(body.items):
            yield "parallel-text", body.span
        body = body.body
    several = isinstance(body, Arguments) and len(body.words) > 1
    # `exec` is one command in all versions that have it.
    if several and isinstance(body, Arguments) and "exec" not in dict(step.spans):
        yield "command-list", body.words[0].span


def _chain_edges(workflow: Workflow) -> Iterator[tuple[str, Span]]:
    """The `depends` of a chain that do not lead to the step before them."""
    places: dict[str, int] = {}
    for place, step in enumerate(workflow.steps):
        places[step.name] = place
    parents = [[places[edge.step] for edge in step.edges] for step in workflow.steps]
    forward = any(
        parent > place for place, found in enumerate(parents) for parent in found
    )
    if forward and len(parents) > _FEW:
        return
    for place, step in enumerate(workflow.steps):
        unknown = len(step.edges) < len(step.depends or ())  # which is told
        # Those of a group of steps stand where the step does: nobody wrote them.
        written = step.depends and step.depends[0].span != step.span
        if place and step.depends and written and not unknown:
            # Without edges to later steps there is no way back to the one before.
            found = _behind(place, parents) if forward else parents[place]
            if place - 1 not in found:
                yield "chain-edge", step.depends[0].span


def _behind(place: int, parents: Sequence[Sequence[int]]) -> set[int]:
    """All that the step at `place` waits for."""
    seen, waiting = {place}, [place]
    while waiting:
        new = set(parents[waiting.pop()]) - seen
        seen |= new
        waiting += new
    return seen


def _splits(items: Template | tuple[Item, ...]) -> bool:
    """Whether `items` is a text, and no JSON, with what parts items in some versions."""
    if not isinstance(items, Template):
        return False
    texts = [part for part in items.parts if isinstance(part, str)]
    return not "".join(texts).lstrip().startswith("[") and any(
        mark in text for text in texts for mark in ",;|"
    )


def _definitions_and_conditions(workflow: Workflow) -> Iterator[Template]:
    for param in workflow.params:
        if param.default is not None:
            yield param.default
    for variable in workflow.env:
        yield variable.value
    of_steps = (step.conditions for step in (*workflow.steps, *workflow.handlers))
    for conditions in (workflow.conditions, *of_steps):
        for condition in conditions:
            if isinstance(condition, Match):
                yield condition.value


def _with_default(template: Template) -> Iterator[Reference]:
    """The `${X:-d}` in `template`; what a shell reads, in backticks, is no difference."""
    for part in template_texts(template):
        if isinstance(part, Template):
            for reference in references(part):
                if reference.default is not None and reference.text.startswith("${"):
                    yield reference


def _notes(places: Iterable[tuple[str, Span]]) -> Iterator[Diagnostic]:
    """WFC224 for each kind of change among `places`, a key of `CHANGES` and where it
    shows: at the first place of a file, with the number of the others there."""
    found: dict[tuple[str, str], list[Span]] = {}
    for kind, span in places:
        found.setdefault((kind, span.file), []).append(span)
    for (kind, _), spans in found.items():
        first = min(spans, key=lambda span: (span.line, span.column))
        more = f"; {len(spans) - 1} more of the kind" if len(spans) > 1 else ""
        yield Diagnostic(
            code="WFC224",
            message=CHANGES[kind].message,
            span=first,
            label=f"depends on the version{more}",
            help=CHANGES[kind].help,
        )
