"""What can be wrong with a call -> the finding that says so."""

from collections.abc import Iterable, Sequence

from compiler.diagnostics import Diagnostic, did_you_mean, nearest
from compiler.ir import Argument, Call, Workflow
from compiler.source import Span


def unknown_workflow(
    name: str, span: Span, known: Sequence[str], places: Sequence[str]
) -> Diagnostic:
    """`places` are the paths where it was looked for, beside the documents of the file."""
    close = nearest(name, known)
    hint = f"did you mean `{close}`? " if close else ""
    shown = ", ".join(f"`{place}`" for place in places)
    return Diagnostic(
        code="WFC215",
        message=f"there is no workflow `{name}`",
        span=span,
        label="found nowhere",
        help=f"{hint}looked for a document of that name in this file, and for {shown}",
    )


def cycle(path: Sequence[Workflow], span: Span) -> Diagnostic:
    """`path` leads from a workflow back to itself, which stands at both ends of it."""
    arrows = " → ".join(each.name for each in _shortened(path))
    return Diagnostic(
        code="WFC216",
        message=f"workflows call each other in a circle: {arrows}",
        span=span,
        label="this call closes it",
        help="what repeats is a fan-out (`parallel`); a workflow cannot call itself",
    )


_SHOWN = 12


def _shortened(path: Sequence[Workflow]) -> Iterable[Workflow]:
    return path if len(path) <= _SHOWN else (*path[: _SHOWN - 1], path[-1])


def broken(name: str, span: Span, error: Diagnostic) -> Diagnostic:
    """`error` is the first one of the file that `name` leads to."""
    what = "cannot be read" if error.code == "WFC111" else "has errors"
    return Diagnostic(
        code="WFC217",
        message=f"the workflow `{name}` {what}",
        span=span,
        label="is called here",
        help="mend it first",
        others=((error.span, error.message),),
    )


def no_candidates(call: Call, reason: str) -> Diagnostic:
    """`call` names no workflow, and nothing was found that it could run."""
    return Diagnostic(
        code="WFC218",
        message=f"no workflow is known that this call could run: {reason}",
        span=call.name.span,
        label="its value decides",
        help="list the workflows in `candidates`",
    )


_NAMED = 3


def left_out(call: Call, broken: Sequence[tuple[str, Diagnostic]]) -> Diagnostic:
    """`broken` are the names of candidates, each with its first error."""
    broken = sorted(broken, key=lambda it: it[0])
    shown = broken if len(broken) <= _NAMED + 1 else broken[:_NAMED]
    names = [f"`{name}`" for name, _ in shown]
    if len(shown) < len(broken):
        names.append(f"{len(broken) - len(shown)} more")
    *first, last = names
    return Diagnostic(
        code="WFC219",
        message=(
            f"{', '.join(first)} and {last} have errors and are no candidates of this call"
            if first
            else f"{last} has errors and is no candidate of this call"
        ),
        span=call.name.span,
        help="mend "
        f"{'them' if first else 'it'}, or list the workflows that are meant in `candidates`",
        others=tuple((error.span, error.message) for _, error in shown),
    )


def unknown_argument(argument: Argument, callees: Sequence[Workflow]) -> Diagnostic:
    """None of `callees` declares `argument`."""
    known = dict.fromkeys(
        param.name
        for callee in callees
        for param in callee.params
        if not param.positional
    )
    name = callees[0].name
    who = f"`{name}` has" if len(callees) == 1 else "no candidate has"
    negated = "no param" if len(callees) == 1 else "a param"
    return Diagnostic(
        code="WFC214",
        message=f"{who} {negated} `{argument.name}`",
        span=argument.span,
        label="is passed on nevertheless",
        help=did_you_mean(argument.name, known, "declare it in its `params`"),
    )
