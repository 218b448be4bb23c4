"""A reference that nothing answers -> the finding: what is wrong, what was meant."""

from collections.abc import Iterable, Iterator, Sequence

from compiler.diagnostics import Diagnostic, did_you_mean
from compiler.ir import BASH_NAMES, ITEM, SPECIAL_VARIABLES, Call, Map, Reference, Step
from compiler.resolve.calls import Calls, fields_of
from compiler.resolve.scopes import IN_STEPS, Scope


def no_such_param(reference: Reference, name: str, scope: Scope) -> Diagnostic:
    return Diagnostic(
        code="WFC204",
        message=f"`{reference.text}`: there is no param `{name}`",
        span=reference.span,
        help=did_you_mean(name, sorted(scope.names.params), "declare it in `params`"),
    )


def no_such_field(reference: Reference, step: Step, calls: Calls) -> Diagnostic:
    """The finding for a `${step...}` that asks for what the step does not have."""
    path = reference.path
    if path[:1] == ("outputs",) and len(path) > 1:
        return no_such_output(reference, step, calls)
    fields, keys = fields_of(step)
    known = [*fields, *keys]
    if step.output and not keys:
        known.append(f"outputs.{step.output}")
    wanted = str(path[0]) if path else ""
    return Diagnostic(
        code="WFC204",
        message=f"`{reference.text}`: "
        + (
            f"step `{step.name}` has no `{wanted}`"
            if wanted
            else f"`{step.name}` is a step; say which value of it"
        ),
        span=reference.span,
        label="no such value" if wanted else "a step, not a value",
        help=did_you_mean(
            wanted,
            known,
            f"{_kind(step)} has " + ", ".join(f"`.{each}`" for each in known),
        ),
    )


def _kind(step: Step) -> str:
    if isinstance(step.body, Call):
        return "a call"
    return "a fan-out" if isinstance(step.body, Map) else "a step"


def no_such_output(reference: Reference, step: Step, calls: Calls) -> Diagnostic:
    """The finding for `outputs.K` of a step that never gives a K (R2, S4)."""
    name = str(reference.path[1])
    if isinstance(step.body, Call):
        known = calls.outputs_of(step.body)
        first, *more = step.body.callees
        lacks = (
            f"no workflow that `{step.name}` can run has an output `{name}`"
            if more
            else f"workflow `{first.names[0]}` has no output `{name}`"
        )
        hint = "give a step of it an `output:`" if not more and not known else ""
    else:
        known = [step.output] if step.output else []
        lacks = f"step `{step.name}` has no output `{name}`"
        hint = "give the step an `output:`"
    if not hint and len(known) > 12:
        hint = "`outputs` has what the steps of a workflow name with `output:`"
    return Diagnostic(
        code="WFC204",
        message=f"`{reference.text}`: {lacks}",
        span=reference.span,
        help=did_you_mean(name, known, hint),
    )


def too_early(reference: Reference, step: Step, scope: Scope) -> Diagnostic:
    here = "params and env are valued"
    if scope.where == "init":
        here = "`init` runs"
    elif scope.where == "workflow":
        here = "what stands here is valued"
    return Diagnostic(
        code="WFC205",
        message=f"`{reference.text}` comes from step `{step.name}`, but {here} before "
        "the first step",
        span=reference.span,
        help="use it in the step that needs it, or in that step's own `env`",
        others=((step.span, "the step"),),
    )


def not_upstream(
    reference: Reference, places: Sequence[int], scope: Scope
) -> Diagnostic:
    producers = [scope.names.step(place) for place in places]
    named = " or ".join(f"`{step.name}`" for step in producers)
    if scope.step is not None and scope.step in places:
        return Diagnostic(
            code="WFC205",
            message=f"`{reference.text}` is what this very step gives; it has no value "
            "before the step ran",
            span=reference.span,
            help="a step sees what the steps it depends on give",
        )
    here = "" if scope.step is None else f" `{scope.names.step(scope.step).name}`"
    hint = f"add `{producers[0].name}` to the `depends` of{here}"
    if scope.step is not None and all(
        scope.names.graph.ancestors.holds(place, scope.step) for place in places
    ):
        hint = f"{named} itself waits for{here}; take this reference out"
    return Diagnostic(
        code="WFC205",
        message=f"`{reference.text}` comes from step {named}, which does not run before"
        f" step{here}",
        span=reference.span,
        label="has no value here",
        help=hint,
        others=tuple((step.span, "the value's step") for step in producers),
    )


def unknown(reference: Reference, scope: Scope) -> Diagnostic:
    """The finding for a reference whose head means nothing here."""
    if reference.name == ITEM:
        return _no_item(reference, scope)
    if reference.name in SPECIAL_VARIABLES:
        when = "a step" if reference.name in IN_STEPS else "a handler"
        return Diagnostic(
            code="WFC204",
            message=f"`{reference.name}` has a value only while {when} runs",
            span=reference.span,
            help=f"use it in {when}",
        )
    if reference.name in BASH_NAMES:
        return Diagnostic(
            code="WFC204",
            message=f"`{reference.name}` is bash's own: only a shell text can read it",
            span=reference.span,
            help=f"use `${reference.name}` in a `command` or `script`",
        )
    return Diagnostic(
        code="WFC204",
        message=f"`{reference.text}`: nothing is called `{reference.name}`",
        span=reference.span,
        label="unknown name",
        help=did_you_mean(
            reference.name,
            _known(reference, scope),
            "it is no param, env variable, secret, output, id or step name",
        ),
    )


def _no_item(reference: Reference, scope: Scope) -> Diagnostic:
    step = None if scope.step is None else scope.names.step(scope.step)
    if step is not None and isinstance(step.body, Map):
        hint = "the list of items and `maxConcurrent` are valued before there is one"
    elif scope.names.gets_items:
        hint = 'where this workflow is called, pass it: `params: "NAME=${ITEM}"`'
    else:
        hint = "it is the item of a step that has `parallel:`"
    return Diagnostic(
        code="WFC204",
        message=f"`{reference.text}`: there is no item here",
        span=reference.span,
        label="unknown name",
        help=hint,
    )


def _known(reference: Reference, scope: Scope) -> Iterable[str]:
    """The names that could stand where `reference` stands, steps first before a dot."""
    names = scope.names
    variables = [
        *scope.own,
        *([ITEM] if scope.item else []),
        *names.params,
        *names.producers,
        *names.secrets,
        *names.env,
    ]
    steps: Iterator[str] = iter(names.graph.places)
    ordered = [*steps, *variables] if reference.path else [*variables]
    return dict.fromkeys(ordered)
