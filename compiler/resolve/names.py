"""A reference and the place where it stands -> where its value can come from.

Order of one name (R9): step env, special variable, param, output, workflow env, process
environment.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from compiler.diagnostics import Diagnostic, did_you_mean
from compiler.ir import (
    BASH_NAMES,
    SPECIAL_VARIABLES,
    STEP_FIELDS,
    Expression,
    Origin,
    Reference,
    Step,
    Workflow,
    is_reserved,
)
from compiler.resolve.graph import Graph
from compiler.source import Span
from compiler.walk import rebuild

# Dagu's other spelling of a field, accepted as an alias.
_FIELD_ALIASES = {"exit_code": "exitCode"}
# Special variables that exist only while a step, or only while a handler runs.
_IN_STEPS = frozenset({"DAG_RUN_STEP_NAME"})
_IN_HANDLERS = frozenset({"DAG_RUN_STATUS"})
_EVERYWHERE = frozenset(SPECIAL_VARIABLES) - _IN_STEPS - _IN_HANDLERS
_SPECIALS = {
    "param": _EVERYWHERE,
    "env": _EVERYWHERE,
    "step": _EVERYWHERE | _IN_STEPS,
    "handler": _EVERYWHERE | _IN_STEPS | _IN_HANDLERS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a workflow defines: the names that every place in it can see, and outputs."""

    params: frozenset[str]
    positional: int
    env: frozenset[str]
    producers: dict[str, list[int]]
    steps: Sequence[Step]
    graph: Graph

    def step(self, place: int) -> Step:
        return self.steps[place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A place in a workflow: what it sees.

    `where` "param" and "env" are the values of a workflow's params and env. `step` is the
    place of a step, None elsewhere. `visible` is the bit set of steps whose outputs are
    seen (R7). `own` are the names of the step's own env. `valuing` is the param or env
    variable whose value this is, "" elsewhere.
    """

    names: Names
    where: Literal["param", "env", "step", "handler"]
    step: int | None = None
    visible: int = 0
    own: frozenset[str] = frozenset()
    valuing: str = ""

    @property
    def in_definition(self) -> bool:
        return self.where in ("param", "env")

    @property
    def specials(self) -> frozenset[str]:
        return _SPECIALS[self.where]

    def sees(self, place: int) -> bool:
        return bool(self.visible >> place & 1)


@dataclass(slots=True)
class Findings:
    """What resolving came upon: diagnostics, and undeclared names with their places."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    undeclared: dict[str, Span] = field(default_factory=dict)


def names_of(workflow: Workflow, graph: Graph) -> Names:
    producers: dict[str, list[int]] = {}
    for place, step in enumerate(workflow.steps):
        if step.output is not None:
            producers.setdefault(step.output, []).append(place)
    return Names(
        params=frozenset(p.name for p in workflow.params if not p.positional),
        positional=sum(param.positional for param in workflow.params),
        env=frozenset(variable.name for variable in workflow.env),
        producers=producers,
        steps=workflow.steps,
        graph=graph,
    )


def output_origins(name: str, scope: Scope) -> tuple[Origin, ...]:
    """The visible steps that give an output `name`, best first (R8)."""
    seen = [place for place in scope.names.producers.get(name, ()) if scope.sees(place)]
    if scope.step is not None:
        seen = scope.names.graph.nearest_first(scope.step, seen)
    else:  # a handler: the later step in the file first, as in the run's own outputs
        seen.reverse()
    return tuple(Origin("output", name, scope.names.step(place).name) for place in seen)


def variable_origins(name: str, scope: Scope) -> tuple[Origin, ...]:
    """Where the plain `name` comes from here; empty when it is none of ours.

    A step's env, a param and a special variable always have a value, so nothing follows
    them; an output or a workflow's env is followed by what lies below it (R9). In the
    value of a name, that name is what it is outside: at last the process environment.
    """
    itself = name == scope.valuing
    if name in scope.own:
        return (Origin("step_env", name),)
    if name in scope.specials:
        return (Origin("special", name),)
    if name in scope.names.params and not (itself and scope.where == "param"):
        return (Origin("param", name),)
    if name.isdigit() and 0 < int(name) <= scope.names.positional:
        return (Origin("positional", name),)
    origins = output_origins(name, scope)
    if name in scope.names.env and not (itself and scope.in_definition):
        origins += (Origin("env", name),)
    return (*origins, Origin("process", name)) if origins or itself else ()


def is_hidden_output(name: str, scope: Scope) -> bool:
    """Is `name` an output, but of no step that runs before?"""
    return name in scope.names.producers and not variable_origins(name, scope)


def resolve_expression(
    expression: Expression, scope: Scope, findings: Findings
) -> Expression:
    """`expression`, outside shell text, with all its references resolved."""
    if isinstance(expression, Reference):
        resolved = resolve_reference(expression, scope, findings)
        expression = expression if resolved is None else resolved
    return rebuild(expression, lambda part: resolve_expression(part, scope, findings))


def resolve_reference(
    reference: Reference, scope: Scope, findings: Findings
) -> Reference | None:
    """`reference` with its origins, None when it means nothing here (reported).

    Undeclared plain names become optional params, but not in `$<...>` (R1).
    """
    found = look_up(reference, scope)
    if isinstance(found, Reference):
        return found
    if found is not None:
        findings.diagnostics.append(found)
        return None
    if not reference.path and _may_be_undeclared(reference):
        findings.undeclared.setdefault(reference.name, reference.span)
        return replace(reference, origins=(Origin("param", reference.name),))
    findings.diagnostics.append(unknown(reference, scope))
    return None


def _may_be_undeclared(reference: Reference) -> bool:
    """May it be a param that nobody declared? What `env` and `params` may not define, a
    run cannot set either."""
    name = reference.name
    in_braces = reference.text.startswith("$") and not reference.text.startswith("$<")
    is_name = re.fullmatch(r"[A-Za-z_]\w*", name) is not None
    return in_braces and is_name and not is_reserved(name)


def look_up(reference: Reference, scope: Scope) -> Reference | Diagnostic | None:
    """`reference` resolved, what is wrong with it, or None when its head is unknown.

    A dotted name is a variable, then an id, then a step name (R2); `params.` and `env.`
    say which variable.
    """
    name, path = reference.name, reference.path
    origins = variable_origins(name, scope)
    if origins:
        return replace(reference, origins=origins)
    if name in scope.names.producers:
        return _missing_edge(reference, scope)
    if name in ("params", "env") and path and isinstance(path[0], str):
        return _qualified(reference, path[0], scope)
    place = scope.names.graph.places.get(name)
    if place is not None and (path or "-" in name):
        return _of_step(reference, place, scope)
    return None


def _qualified(reference: Reference, key: str, scope: Scope) -> Reference | Diagnostic:
    rest = reference.path[1:]
    if reference.name == "params":
        if key in scope.names.params:
            return replace(reference, origins=(Origin("param", key),), path=rest)
        return Diagnostic(
            code="WFC204",
            message=f"`{reference.text}`: there is no param `{key}`",
            span=reference.span,
            help=did_you_mean(
                key, sorted(scope.names.params), "declare it in `params`"
            ),
        )
    if key in scope.own:
        origins = (Origin("step_env", key),)
    elif key in scope.names.env and key != scope.valuing:
        origins = (Origin("env", key),)
    else:
        origins = (Origin("process", key),)
    return replace(reference, origins=origins, path=rest)


def _of_step(reference: Reference, place: int, scope: Scope) -> Reference | Diagnostic:
    step = scope.names.step(place)
    path = reference.path
    key = path[0] if path else ""
    key = _FIELD_ALIASES.get(key, key) if isinstance(key, str) else key
    if key == "outputs" and len(path) > 1 and path[1] == step.output:
        origin, rest = Origin("output", step.output or "", step.name), path[2:]
    elif key in STEP_FIELDS:
        origin, rest = Origin("field", str(key), step.name), path[1:]
    else:
        return _no_such_field(reference, step)
    if scope.in_definition:
        return _too_early(reference, step)
    if not scope.sees(place):
        return _not_upstream(reference, [place], scope)
    return replace(reference, origins=(origin,), path=rest)


def _no_such_field(reference: Reference, step: Step) -> Diagnostic:
    path = reference.path
    if path[:1] == ("outputs",) and len(path) > 1:
        known = [step.output] if step.output else []
        return Diagnostic(
            code="WFC204",
            message=f"`{reference.text}`: step `{step.name}` has no output `{path[1]}`",
            span=reference.span,
            help=did_you_mean(str(path[1]), known, "give the step an `output:`"),
        )
    fields = [*STEP_FIELDS, *([f"outputs.{step.output}"] if step.output else [])]
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
            wanted, fields, "a step has " + ", ".join(f"`.{each}`" for each in fields)
        ),
    )


def _too_early(reference: Reference, step: Step) -> Diagnostic:
    return Diagnostic(
        code="WFC205",
        message=f"`{reference.text}` comes from step `{step.name}`, but params and env "
        "are valued before the first step",
        span=reference.span,
        help="use it in the step that needs it, or in that step's own `env`",
        others=((step.span, "the step"),),
    )


def _missing_edge(reference: Reference, scope: Scope) -> Diagnostic:
    places = scope.names.producers[reference.name]
    if scope.in_definition:
        return _too_early(reference, scope.names.step(places[0]))
    return _not_upstream(reference, places, scope)


def _not_upstream(
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
        scope.names.graph.upstream[place] >> scope.step & 1 for place in places
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
    if reference.name in SPECIAL_VARIABLES:
        when = "a step" if reference.name in _IN_STEPS else "a handler"
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
            "it is no param, env variable, output, id or step name",
        ),
    )


def _known(reference: Reference, scope: Scope) -> Iterable[str]:
    """The names that could stand where `reference` stands, steps first before a dot."""
    names = scope.names
    variables = [*scope.own, *names.params, *names.env, *names.producers]
    steps: Iterator[str] = iter(names.graph.places)
    ordered = [*steps, *variables] if reference.path else [*variables]
    return dict.fromkeys(ordered)
