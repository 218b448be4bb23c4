"""The words `K=V` of a command line -> the params of a program, at its three times.

`-p K=V` of a compilation changes a default, `--bind K=V` freezes a param and takes it
out of the interface, `K=V` of a run sets it for that run. A value that is given so is
text as it stands, never expanded (R6).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compiler.diagnostics import did_you_mean
from compiler.evaluate import Failure, parse_json, to_text
from compiler.ir import Param, Program, Template, Variable, Workflow

if TYPE_CHECKING:
    from compiler.schemas.checking import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words behind a file name: `values` by name, the others in their order."""

    values: Mapping[str, str]
    positional: tuple[str, ...]


def split_words(words: Iterable[str]) -> Words:
    """`K=V` words set params, the later one wins; the others are positional.

    >>> split_words(["A=1", "two words", "A=x=y"])
    Words(values={'A': 'x=y'}, positional=('two words',))
    """
    values: dict[str, str] = {}
    positional: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            values[name] = value
        else:
            positional.append(word)
    return Words(values=values, positional=tuple(positional))


def values_from_json(text: str) -> dict[str, str]:
    """The params in a JSON object: texts as they are, other values as compact JSON.

    Raises Failure, with the reason, when `text` is no JSON object.
    """
    value = parse_json(text)
    if not isinstance(value, dict):
        raise Failure("not a JSON object")
    return {name: to_text(each) for name, each in value.items()}


def unknown_params(workflows: Sequence[Workflow], names: Iterable[str]) -> list[str]:
    """What is wrong with `names` as params that a run or a compilation of `workflows` may
    set: a name is known when one of them has it."""
    settable = [name for workflow in workflows for name in settable_params(workflow)]

    def hint(name: str) -> str:
        if name.isdigit():
            return "positional params are words without `=`"
        return did_you_mean(name, settable, "" if settable else "the workflow has none")

    return [
        f"error[WFC212]: unknown param `{name}`: {hint(name)}"
        for name in names
        if name not in settable
    ]


def bad_params(workflow: Workflow, values: Mapping[str, str]) -> list[str]:
    """What the schema of `workflow` has against a run that is started with `values`."""
    if workflow.schema is None:
        return []
    from compiler.schemas.checking import problems_of_start

    settable = settable_params(workflow)
    known = {name: value for name, value in values.items() if name in settable}
    return _told(workflow, problems_of_start(workflow, known))


def bad_defaults(workflow: Workflow, names: Collection[str]) -> list[str]:
    """What the schema of `workflow` has against the defaults of the params `names`."""
    if workflow.schema is None:
        return []
    from compiler.schemas.checking import problems_of_defaults

    found = problems_of_defaults(workflow)
    return _told(workflow, [each for each in found if each.name in names])


def _told(workflow: Workflow, problems: "Iterable[Problem]") -> list[str]:
    """`problems` for the command line, with the place where the file says so."""
    assert workflow.schema is not None
    places = {param.name: param.span for param in workflow.params}
    found = [(it.message, places.get(it.name, workflow.schema.span)) for it in problems]
    return [
        f"error[WFC223]: {message} ({at.file}:{at.line}:{at.column})"
        for message, at in found
    ]


def settable_params(workflow: Workflow) -> list[str]:
    """The names that K=V may set, in the order of their declaration."""
    return [
        param.name
        for param in workflow.params
        if not param.positional and not param.bound
    ]


def with_values(program: Program, values: Mapping[str, str], *, bound: bool) -> Program:
    """`program` with `values` as the defaults of its params; `bound` ones are frozen."""

    def changed(each: Param | Variable) -> Param | Variable:
        if isinstance(each, Variable) or each.name not in values:
            return each
        default = Template(parts=(values[each.name],), span=each.span)
        bound_now = bound or each.bound
        return replace(each, default=default, bound=bound_now, required=False)

    def in_workflow(workflow: Workflow) -> Workflow:
        params = tuple(map(changed, workflow.params))
        return replace(
            workflow,
            params=tuple(it for it in params if isinstance(it, Param)),
            order=tuple(map(changed, workflow.order)),
        )

    return replace(
        program,
        workflows=tuple(
            in_workflow(it) if it.key == program.entry else it
            for it in program.workflows
        ),
    )
