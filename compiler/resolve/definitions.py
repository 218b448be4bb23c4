"""Params and env as read -> resolved, and the order in which they are valued (R6)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from compiler.diagnostics import Diagnostic, did_you_mean
from compiler.ir import Param, Reference, Variable, Workflow
from compiler.resolve.scopes import Findings, Names, Scope
from compiler.resolve.texts import resolve_template
from compiler.walk import template_texts, text_references

Definition = Param | Variable


def resolve_definitions(
    workflow: Workflow, names: Names, findings: Findings
) -> Workflow:
    """`workflow` with the values of its params and env resolved."""

    def resolved_param(param: Param) -> Param:
        if param.default is None:
            return param
        scope = Scope(names=names, where="param", valuing=param.name)
        return replace(param, default=resolve_template(param.default, scope, findings))

    def resolved_variable(variable: Variable) -> Variable:
        scope = Scope(names=names, where="env", valuing=variable.name)
        return replace(
            variable, value=resolve_template(variable.value, scope, findings)
        )

    return replace(
        workflow,
        params=tuple(map(resolved_param, workflow.params)),
        env=tuple(map(resolved_variable, workflow.env)),
    )


def declare(workflow: Workflow, names: Names, findings: Findings) -> Workflow:
    """`workflow` with the undeclared names as optional params, each with a note (R1)."""
    undeclared = findings.undeclared
    for name, span in undeclared.items():
        findings.diagnostics.append(
            Diagnostic(
                code="WFC207",
                message=f"`{name}` is not declared; it is an optional param, by default "
                "from the environment, else empty",
                span=span,
                help=_meant(name, names),
            )
        )
    implicit = tuple(
        Param(name=name, default=None, span=span) for name, span in undeclared.items()
    )
    return replace(workflow, params=workflow.params + implicit)


def _meant(name: str, names: Names) -> str:
    """What an undeclared name is likely to be."""
    if name in names.graph.places:
        return f"the output of step `{name}` is `${{{name}.output}}`"
    return did_you_mean(
        name,
        [*names.params, *names.env, *names.producers, *names.secrets],
        "declare it in `params` to give it a default",
    )


def order_definitions(workflow: Workflow, findings: Findings) -> Workflow:
    """`workflow` with the order in which params and env are valued: what a value refers
    to comes before it, else as in the file, params first. A cycle is reported.

    A param hides the env variable of its name, which is valued nevertheless.
    """
    definitions: list[Definition] = [*workflow.params, *workflow.env]
    by_kind: dict[tuple[str, str], Definition] = {
        ("param" if isinstance(it, Param) else "env", it.name): it for it in definitions
    }
    ordered: dict[int, Definition] = {}
    for definition in definitions:
        _visit(definition, by_kind, ordered, findings)
    return replace(workflow, order=tuple(ordered.values()))


def _visit(
    start: Definition,
    by_kind: Mapping[tuple[str, str], Definition],
    ordered: dict[int, Definition],
    findings: Findings,
) -> None:
    """Adds `start` and what it refers to, depth first; without recursion, since a chain
    of definitions may be long."""
    trail: list[tuple[Definition, Iterator[Reference]]] = [
        (start, iter(_references(start)))
    ]
    on_trail = {id(start)}
    while trail:
        definition, references = trail[-1]
        if id(definition) in ordered:
            trail.pop()
            continue
        for reference in references:
            needed = _definition_of(reference, by_kind)
            if needed is None or id(needed) in ordered:
                continue
            if id(needed) in on_trail:
                before = [it for it, _ in trail]
                findings.diagnostics.append(_cycle(needed, before, reference))
                continue
            trail.append((needed, iter(_references(needed))))
            on_trail.add(id(needed))
            break
        else:
            ordered[id(definition)] = definition
            trail.pop()


def _definition_of(
    reference: Reference, by_kind: Mapping[tuple[str, str], Definition]
) -> Definition | None:
    if not reference.origins:
        return None
    origin = reference.origins[0]
    kind = "param" if origin.kind == "positional" else origin.kind
    return by_kind.get((kind, origin.name))


def _references(definition: Definition) -> list[Reference]:
    value = definition.default if isinstance(definition, Param) else definition.value
    if value is None:
        return []
    return [
        reference
        for text in template_texts(value)
        for reference in text_references(text)
    ]


def _cycle(
    needed: Definition, trail: Sequence[Definition], reference: Reference
) -> Diagnostic:
    start = next(place for place, it in enumerate(trail) if it is needed)
    names = [it.name for it in trail[start:]] + [needed.name]
    path = " → ".join(f"`{name}`" for name in names)
    return Diagnostic(
        code="WFC208",
        message=f"values refer to each other: {path}",
        span=reference.span,
        label="this reference closes the circle",
        help="give one of them a value of its own",
    )
