"""Checks on the names that a workflow defines."""

from collections.abc import Iterator

from compiler.diagnostics import Diagnostic
from compiler.ir import ITEM, Map, Program, Workflow
from compiler.source import Span


def duplicate_definition(program: Program) -> Iterator[Diagnostic]:
    """A param, a secret or an env variable that is defined twice."""
    for workflow in program.workflows:
        yield from _twice(
            "param", [(it.name, it.span) for it in workflow.params if it.default]
        )
        yield from _twice("secret", [(it.name, it.span) for it in workflow.secrets])
        yield from _twice("env variable", [(it.name, it.span) for it in workflow.env])
        for step in (*workflow.steps, *workflow.handlers):
            yield from _twice("env variable", [(it.name, it.span) for it in step.env])


def _twice(what: str, definitions: list[tuple[str, Span]]) -> Iterator[Diagnostic]:
    first: dict[str, Span] = {}
    for name, span in definitions:
        if name in first:
            yield Diagnostic(
                code="WFC213",
                message=f"{what} `{name}` is defined twice",
                span=span,
                help="keep one of the two",
                others=((first[name], "the first one"),),
            )
        else:
            first[name] = span


def name_clash(program: Program) -> Iterator[Diagnostic]:
    """A name that is two of these: the item of a fan-out, a param, an output, a secret, an
    env variable of the workflow (R9)."""
    for workflow in program.workflows:
        for name, places in _definitions(workflow).items():
            if len(places) > 1:
                (winner, winning), (loser, losing), *_ = places
                yield Diagnostic(
                    code="WFC206",
                    message=f"`{name}` is a {winner} and a {loser}; the {winner} wins",
                    span=losing,
                    help="give one of them another name",
                    others=((winning, f"the {winner}"),),
                )


def _definitions(workflow: Workflow) -> dict[str, list[tuple[str, Span]]]:
    """Each name with what it is, the strongest first, one place for each kind."""
    places: dict[str, list[tuple[str, Span]]] = {}
    steps = (*workflow.steps, *workflow.handlers)
    items = [(ITEM, it.body.span) for it in steps if isinstance(it.body, Map)]
    kinds: list[tuple[str, list[tuple[str, Span]]]] = [
        ("fan-out's item", items),
        ("param", [(it.name, it.span) for it in workflow.params if it.default]),
        ("step's output", [(it.output, it.span) for it in workflow.steps if it.output]),
        ("secret", [(it.name, it.span) for it in workflow.secrets]),
        ("variable of `env`", [(it.name, it.span) for it in workflow.env]),
    ]
    for kind, definitions in kinds:
        for name, span in definitions:
            known = places.setdefault(name, [])
            if all(kind != other for other, _ in known):
                known.append((kind, span))
    return places
