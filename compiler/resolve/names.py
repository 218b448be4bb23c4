"""A reference and the place where it stands -> where its value can come from."""

import re
from dataclasses import replace

from compiler.diagnostics import Diagnostic
from compiler.ir import ITEM, Expression, Origin, Reference, is_reserved
from compiler.resolve.calls import fields_of, lacks_output
from compiler.resolve.scopes import Findings, Scope, variable_origins
from compiler.resolve.unknown import (
    no_such_field,
    no_such_output,
    no_such_param,
    not_upstream,
    too_early,
    unknown,
)
from compiler.walk import rebuild

# Dagu's other spelling of a field, accepted as an alias.
_FIELD_ALIASES = {"exit_code": "exitCode"}


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
    return in_braces and is_name and not is_reserved(name) and name != ITEM


def look_up(reference: Reference, scope: Scope) -> Reference | Diagnostic | None:
    """`reference` resolved, what is wrong with it, or None when its head is unknown.

    A dotted name is a variable, else the name or id of a step (R2); `params.` and `env.`
    say which variable.
    """
    name, path = reference.name, reference.path
    origins = variable_origins(name, scope)
    if origins:
        return _of_variable(reference, origins, scope)
    if name in scope.names.producers:
        return _missing_edge(reference, scope)
    if name in ("params", "env") and path and isinstance(path[0], str):
        return _qualified(reference, path[0], scope)
    place = scope.names.graph.places.get(name)
    if place is not None and (path or "-" in name):
        return _of_step(reference, place, scope)
    return None


def _of_variable(
    reference: Reference, origins: tuple[Origin, ...], scope: Scope
) -> Reference | Diagnostic:
    """`reference` to `origins`; a finding if it asks the one step that they come from for
    an output that no workflow gives (S4)."""
    if reference.path and [it.kind for it in origins] == ["output", "process"]:
        step = scope.names.step(scope.names.graph.places[origins[0].step])
        if lacks_output(step, reference.path, scope.names.calls):
            return no_such_output(reference, step, scope.names.calls)
    return replace(reference, origins=origins)


def _qualified(reference: Reference, key: str, scope: Scope) -> Reference | Diagnostic:
    rest = reference.path[1:]
    if reference.name == "params":
        if key in scope.names.params:
            return replace(reference, origins=(Origin("param", key),), path=rest)
        return no_such_param(reference, key, scope)
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
    fields, keys = fields_of(step)
    if key in fields:
        origin, rest = Origin("field", str(key), step.name), path[1:]
    elif key in keys and not lacks_output(step, path, scope.names.calls):
        origin, rest = Origin("output", step.output or "", step.name), path
    elif key == "outputs" and len(path) > 1 and path[1] == step.output and not keys:
        origin, rest = Origin("output", step.output or "", step.name), path[2:]
    else:
        return no_such_field(reference, step, scope.names.calls)
    if scope.before_steps:
        return too_early(reference, step, scope)
    if not scope.sees(place):
        return not_upstream(reference, [place], scope)
    return replace(reference, origins=(origin,), path=rest)


def _missing_edge(reference: Reference, scope: Scope) -> Diagnostic:
    places = scope.names.producers[reference.name]
    if scope.before_steps:
        return too_early(reference, scope.names.step(places[0]), scope)
    return not_upstream(reference, places, scope)
