"""Rewrites of values that are the same in every run."""

from collections.abc import Callable
from dataclasses import replace

from compiler.evaluate import Failure, evaluate, fits, to_text, whole_number
from compiler.expressions.reading import merge
from compiler.ir import (
    Condition,
    Constant,
    Expression,
    Json,
    Map,
    Match,
    Origin,
    Program,
    Reference,
    ShellReference,
    ShellText,
    Step,
    Template,
    Workflow,
)
from compiler.schemas.checking import types_of
from compiler.schemas.typed import typed
from compiler.walk import (
    call_of,
    children,
    map_definitions,
    map_step,
    map_surroundings,
    map_template,
    rebuild,
)


class _Bound:
    """The evaluator's environment at compile time: bound params and nothing else."""

    lenient = False

    def __init__(self, workflow: Workflow) -> None:
        self._values = {
            param.name: param.default.parts
            for param in workflow.params
            if param.bound and param.default is not None
        }
        self._types = types_of(workflow)

    def knows(self, origins: tuple[Origin, ...]) -> bool:
        return bool(origins) and (
            origins[0].kind == "param" and origins[0].name in self._values
        )

    def value(self, origin: Origin) -> Json:
        parts = self._values[origin.name]
        text = "".join(part for part in parts if isinstance(part, str))
        return typed(text, self._types.get(origin.name)) if text else text

    def substitute(self, command: ShellText) -> str:
        raise Failure("not known before the run")


def fold_constants(program: Program) -> Program:
    """Values expressions over literals and bound params, by the run's own evaluator.

    `$<len('abc') + 1>` -> `4`; `${ENV}` with `--bind ENV=prod` -> `prod`.

    Sound because an expression is pure. One that fails stays: it fails when it is needed.
    A plain `$X` in a shell text stays too, since the shell reads it, and so does what
    chooses the workflow of a call: an outcome shows the steps of a call that never ran
    only if the file says which workflow it is. The items of a fan-out keep their types.
    """
    return replace(program, workflows=tuple(map(_fold_workflow, program.workflows)))


def _fold_workflow(workflow: Workflow) -> Workflow:
    known = _Bound(workflow)

    def template(each: Template) -> Template:
        return _joined(value(each))

    def value(each: Template) -> Template:
        return map_template(each, lambda part: _fold(part, known), shell_text)

    def shell_text(text: ShellText) -> ShellText:
        if all(reference.plain for reference in text.references):
            return text
        folded = tuple(_fold_reference(each, known) for each in text.references)
        return replace(text, references=folded)

    def step(each: Step) -> Step:
        folded = map_step(each, template, shell_text)
        body = each.body
        if isinstance(body, Map) and isinstance(folded.body, Map):
            folded = replace(folded, body=_fold_items(folded.body, body, value))
        return _with_name_of(each, _with_numbers(folded))

    return replace(
        map_surroundings(map_definitions(workflow, template), template, shell_text),
        steps=tuple(map(step, workflow.steps)),
        handlers=tuple(map(step, workflow.handlers)),
    )


def _fold_items(folded: Map, before: Map, value: Callable[[Template], Template]) -> Map:
    """`folded`, whose list keeps the types of its items, and whose width is a number where
    it is the text of one."""
    if isinstance(before.items, Template):
        items = value(before.items)
        if len(items.parts) == 1 and isinstance(items.parts[0], Constant):
            is_text = isinstance(items.parts[0].value, str)
            folded = folded if is_text else replace(folded, items=items)
    width = _as_number(folded.width)
    return replace(folded, width=width) if width else folded


def _with_numbers(step: Step) -> Step:
    """`step` with numbers in its policies where they are the texts of numbers."""
    retry, repeat = step.retry, step.repeat
    if retry is not None:
        retry = replace(
            retry, limit=_as_number(retry.limit), interval=_as_number(retry.interval)
        )
    if repeat is not None:
        limit = repeat.limit
        if limit is not None:
            limit = _as_number(limit) or None
        repeat = replace(repeat, limit=limit, interval=_as_number(repeat.interval))
    if retry == step.retry and repeat == step.repeat:
        return step
    return replace(step, retry=retry, repeat=repeat)


def _as_number(count: int | Template) -> int | Template:
    """`count` as the number that its text is; as it was where that is open, or none."""
    if isinstance(count, int):
        return count
    text = "".join(part if isinstance(part, str) else "?" for part in count.parts)
    found = whole_number(text)
    return count if found is None else found


def _with_name_of(before: Step, step: Step) -> Step:
    """`step` with the name of its call as it is in `before`."""
    call, named = call_of(step), call_of(before)
    if call is None or named is None or call.name == named.name:
        return step
    call = replace(call, name=named.name)
    body = replace(step.body, body=call) if isinstance(step.body, Map) else call
    return replace(step, body=body)


def _fold_reference(reference: ShellReference, known: _Bound) -> ShellReference:
    if reference.plain:
        return reference
    return replace(reference, expression=_fold(reference.expression, known))


def _fold(expression: Expression, known: _Bound) -> Expression:
    folded = rebuild(expression, lambda part: _fold(part, known))
    match folded:
        case Constant():
            return folded
        case Reference(origins=origins) if not known.knows(origins):
            return folded
        case Template(parts=parts) if any(
            not isinstance(part, str | Constant) for part in parts
        ):
            return folded
    if not isinstance(folded, Reference) and any(
        not isinstance(part, Constant) for part in children(folded)
    ):
        return folded
    try:
        return Constant(value=evaluate(folded, known), span=folded.span)
    except Failure:
        return folded


def _joined(template: Template) -> Template:
    """`template` with constants as text and neighbouring texts as one."""
    if not any(isinstance(part, Constant) for part in template.parts):
        return template
    return replace(
        template,
        parts=merge(
            tuple(
                to_text(part.value) if isinstance(part, Constant) else part
                for part in template.parts
            )
        ),
    )


def drop_met_conditions(program: Program) -> Program:
    """Takes out the conditions, of steps and of whole workflows, that hold in every run.

    `{condition: prod, expected: prod}` -> nothing

    Sound because such a condition compares literals, as `fold_constants` leaves them. One
    that never holds stays: the step is skipped, and the outcome says so. What a repetition
    waits for stays, too: met or not, it says how often the step runs.
    """
    return replace(
        program,
        workflows=tuple(
            replace(
                workflow,
                conditions=_not_always_met(workflow.conditions),
                steps=tuple(map(_drop_met, workflow.steps)),
                handlers=tuple(map(_drop_met, workflow.handlers)),
            )
            for workflow in program.workflows
        ),
    )


def _drop_met(step: Step) -> Step:
    left = _not_always_met(step.conditions)
    if left != step.conditions:
        step = replace(step, conditions=left)
    if isinstance(step.body, Map):
        left = _not_always_met(step.body.conditions)
        if left != step.body.conditions:
            step = replace(step, body=replace(step.body, conditions=left))
    return step


def _not_always_met(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return tuple(each for each in conditions if not _always_met(each))


def _always_met(condition: Condition) -> bool:
    if not isinstance(condition, Match):
        return False
    parts = condition.value.parts
    if not all(isinstance(part, str) for part in parts):
        return False
    value = "".join(part for part in parts if isinstance(part, str))
    return fits(condition.expected, value) != condition.negate
