"""Steps and handlers as read -> with edges, environment and resolved texts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from compiler.ir import (
    ITEM,
    Body,
    Condition,
    Edge,
    Ending,
    Export,
    Map,
    Origin,
    Reference,
    Repeat,
    Retry,
    ShellText,
    Step,
    Template,
    Variable,
    Workflow,
)
from compiler.resolve.graph import Graph
from compiler.resolve.scopes import Findings, Names, Scope, output_origins
from compiler.resolve.texts import resolve_shell_text, resolve_template
from compiler.shelltext import words
from compiler.source import Span
from compiler.walk import (
    map_body,
    map_condition,
    map_each_item,
    map_items,
    map_repeat,
    map_retry,
    map_surroundings,
    text_references,
    texts,
)

_RAN: frozenset[Ending] = frozenset({"succeeded", "continued"})
_RAN_OR_SKIPPED: frozenset[Ending] = _RAN | {"skipped"}


def resolve_steps(workflow: Workflow, names: Names, findings: Findings) -> Workflow:
    """`workflow` with its steps and handlers resolved; its params and env are already."""
    scopes = [_step_scope(place, names) for place in range(len(workflow.steps))]
    at_the_end = Scope(names=names, where="handler")
    before = Scope(names=names, where="init")
    handler_scopes = [
        before if it.name == "init" else at_the_end for it in workflow.handlers
    ]
    of_steps = [
        _resolve_texts(step, scope, findings)
        for step, scope in zip(workflow.steps, scopes, strict=True)
    ]
    of_handlers = [
        _resolve_texts(step, scope, findings)
        for step, scope in zip(workflow.handlers, handler_scopes, strict=True)
    ]
    read = _steps_read([*of_steps, *of_handlers])
    workflow = _resolve_surroundings(workflow, names, findings)
    base = _base_exports(workflow, findings.undeclared)
    awaited = {parent for parents in names.graph.parents for parent in parents}
    return replace(
        workflow,
        exports=base if workflow.conditions else (),
        steps=tuple(
            _resolved(
                step,
                found,
                edges=_edges(place, found, workflow.steps, names.graph),
                exports=_exports(step, scopes[place], base),
                captured=step.output is not None or step.name in read,
            )
            for place, (step, found) in enumerate(
                zip(workflow.steps, of_steps, strict=True)
            )
        ),
        handlers=tuple(
            _resolved(step, found, (), _exports(step, scope, base), True)
            for step, found, scope in zip(
                workflow.handlers, of_handlers, handler_scopes, strict=True
            )
        ),
        leaves=tuple(
            step.name
            for place, step in enumerate(workflow.steps)
            if place not in awaited
        ),
    )


def _resolve_surroundings(
    workflow: Workflow, names: Names, findings: Findings
) -> Workflow:
    """`workflow` with its conditions, folders and mails resolved: they see no outputs."""
    scope = Scope(names=names, where="workflow")
    return map_surroundings(
        workflow,
        lambda it: resolve_template(it, scope, findings),
        lambda it: resolve_shell_text(it, scope, findings),
    )


class _Texts(NamedTuple):
    """The fields of a step that hold texts, resolved, and the references in them."""

    body: Body
    conditions: tuple[Condition, ...]
    env: tuple[Variable, ...]
    directory: Template | None
    stdout: Template | None
    stderr: Template | None
    retry: Retry | None
    repeat: Repeat | None
    references: list[Reference]


def _resolved(
    step: Step,
    found: _Texts,
    edges: tuple[Edge, ...],
    exports: tuple[Export, ...],
    captured: bool,
) -> Step:
    return replace(
        step,
        body=found.body,
        conditions=found.conditions,
        env=found.env,
        directory=found.directory,
        stdout=found.stdout,
        stderr=found.stderr,
        retry=found.retry,
        repeat=found.repeat,
        edges=edges,
        exports=exports,
        captured=captured,
    )


def _step_scope(place: int, names: Names) -> Scope:
    return Scope(names=names, where="step", step=place)


def _resolve_texts(step: Step, scope: Scope, findings: Findings) -> _Texts:
    """The texts of `step`, resolved. Of a fan-out the items, the width and the step's own
    conditions are outside: they see neither ITEM nor the step's env (F4)."""
    fans_out = isinstance(step.body, Map)
    inside, env = scope, step.env
    if fans_out or env:
        env = tuple(_resolve_env(env, replace(scope, item=fans_out), findings))
        own = frozenset(variable.name for variable in env)
        inside = replace(scope, own=own, item=fans_out)
    outside = scope if fans_out else inside

    def template(it: Template) -> Template:
        return resolve_template(it, inside, findings)

    def shell_text(it: ShellText) -> ShellText:
        return resolve_shell_text(it, inside, findings)

    def outer_template(it: Template) -> Template:
        return resolve_template(it, outside, findings)

    def outer_shell_text(it: ShellText) -> ShellText:
        return resolve_shell_text(it, outside, findings)

    body = step.body
    resolved = _Texts(
        body=(
            map_each_item(map_items(body, outer_template), template, shell_text)
            if isinstance(body, Map)
            else map_body(body, template, shell_text)
        ),
        conditions=tuple(
            map_condition(each, outer_template, outer_shell_text)
            for each in step.conditions
        ),
        env=env,
        directory=None if step.directory is None else template(step.directory),
        stdout=None if step.stdout is None else template(step.stdout),
        stderr=None if step.stderr is None else template(step.stderr),
        retry=None if step.retry is None else map_retry(step.retry, outer_template),
        repeat=_resolve_repeat(step, outside, findings),
        references=[],
    )
    for text in texts(resolved):
        resolved.references.extend(text_references(text))
    return resolved


def _resolve_repeat(step: Step, scope: Scope, findings: Findings) -> Repeat | None:
    """The `repeat` of `step`, which sees the step's own output, too (R7)."""
    if step.repeat is None:
        return None
    itself = replace(scope, itself=True)

    def template(it: Template) -> Template:
        return resolve_template(it, itself, findings)

    def shell_text(it: ShellText) -> ShellText:
        return resolve_shell_text(it, itself, findings)

    return map_repeat(step.repeat, template, shell_text)


def _resolve_env(
    env: Sequence[Variable], scope: Scope, findings: Findings
) -> Iterator[Variable]:
    """Each entry sees the earlier ones; itself it sees as it is outside."""
    earlier: frozenset[str] = frozenset()
    for variable in env:
        inside = replace(scope, own=earlier, valuing=variable.name)
        value = resolve_template(variable.value, inside, findings)
        yield replace(variable, value=value)
        earlier |= {variable.name}


def _steps_read(of_steps: Iterable[_Texts]) -> set[str]:
    """The steps of which some reference reads the output or, of a call, the record."""
    return {
        origin.step
        for found in of_steps
        for reference in found.references
        for origin in reference.origins
        if origin.kind == "output"
        or (origin.kind == "field" and origin.name == "output")
    }


def _edges(
    place: int, found: _Texts, steps: Sequence[Step], graph: Graph
) -> tuple[Edge, ...]:
    """The edges to what the step at `place` waits for, and the endings that they hold for
    (S5, S6)."""
    dependencies = graph.dependencies[place]
    if not dependencies:
        return ()
    tolerated = _tolerated(found)
    return tuple(
        Edge(
            step=(name := steps[parent].name),
            accepts=(
                _RAN_OR_SKIPPED
                if name in tolerated or _continues_skipped(steps[parent])
                else _RAN
            ),
            span=dependency.span,
        )
        for parent, dependency in zip(graph.parents[place], dependencies, strict=True)
    )


def _continues_skipped(step: Step) -> bool:
    return step.continue_on is not None and step.continue_on.skipped


def _tolerated(found: _Texts) -> set[str]:
    """The steps whose skip a step tolerates: it reads of them with a default (S5)."""
    return {
        origin.step
        for reference in found.references
        if reference.default is not None
        for origin in reference.origins
        if origin.kind in ("output", "field")
    }


# ---- the environment of a step's processes (R4)


def _base_exports(
    workflow: Workflow, undeclared: dict[str, Span]
) -> tuple[Export, ...]:
    """What every step gets: params, then secrets, then workflow env."""
    base: dict[str, tuple[Origin, ...]] = {
        name: (Origin("param", name),)
        for name in [
            *(p.name for p in workflow.params if not p.positional),
            *undeclared,
        ]
    }
    for secret in workflow.secrets:
        base.setdefault(secret.name, (Origin("secret", secret.name),))
    for variable in workflow.env:
        base.setdefault(variable.name, (Origin("env", variable.name),))
    return tuple(Export(name=name, origins=origins) for name, origins in base.items())


def _exports(step: Step, scope: Scope, base: tuple[Export, ...]) -> tuple[Export, ...]:
    """`base` and what the step has besides, as it was read: outputs, ITEM, its own env.

    What is added comes first. What the name is in `base` stays behind it where that can
    have no value: an output, and ITEM and the own env of a fan-out outside its items.
    """
    outputs = _exported_outputs(step, scope)
    fans_out = isinstance(step.body, Map)
    if not (outputs or fans_out or step.env):
        return base
    exports = {export.name: export for export in base}

    def add(name: str, origins: tuple[Origin, ...], keep: bool) -> None:
        known = exports.get(name) if keep else None
        if known is not None:
            origins += known.origins
        exports[name] = Export(name=name, origins=origins)

    for name, origins in outputs.items():
        known = exports.get(name)
        if known is None or known.origins[0].kind != "param":
            add(name, origins, keep=True)
    if fans_out:
        add(ITEM, (Origin("item", ITEM),), keep=True)
    for variable in step.env:
        add(variable.name, (Origin("step_env", variable.name),), keep=fans_out)
    return tuple(exports.values())


def _exported_outputs(step: Step, scope: Scope) -> dict[str, tuple[Origin, ...]]:
    """The outputs in the environment: of direct dependencies, and those that the step's
    texts name, as NAME or NAME_FILE."""
    found: dict[str, tuple[Origin, ...]] = {}
    names = scope.names
    if not names.producers:
        return found
    if scope.step is not None:
        for parent in names.graph.parents[scope.step]:
            output = names.step(parent).output
            if output is not None:
                found[output] = output_origins(output, scope)
    for text in texts(step):
        for part in (text.source,) if isinstance(text, ShellText) else text.parts:
            if isinstance(part, str):
                for name in _named_outputs(part, names):
                    origins = found.get(name) or output_origins(name, scope)
                    if origins:
                        found[name] = origins
    return found


def _named_outputs(text: str, names: Names) -> list[str]:
    named = words(text)
    if "_FILE" in text:
        named |= {word.removesuffix("_FILE") for word in named}
    return sorted(named & names.producers.keys())
