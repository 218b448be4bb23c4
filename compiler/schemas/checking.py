"""The texts of params -> what the schema of their workflow has against them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from compiler.ir import Json, Param, ParamType, Template, Workflow
from compiler.json_text import Failure
from compiler.schemas.documents import library_for
from compiler.schemas.typed import WANTED, typed
from compiler.schemas.wording import shown, spelled, wanted

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

# Where the library says so of some values, no other value makes up for it.
_FOR_GOOD = ("properties", "additionalProperties")


class Problem(NamedTuple):
    """What is wrong with the value of the param `name`; "": with all of them together."""

    name: str
    message: str


def types_of(workflow: Workflow) -> dict[str, ParamType]:
    """The types of those params that have one."""
    return {it.name: it.type for it in workflow.params if it.type is not None}


def constant(template: Template) -> str | None:
    """The text of a value without references; None where it has some."""
    texts = [part for part in template.parts if isinstance(part, str)]
    return "".join(texts) if len(texts) == len(template.parts) else None


def problems_of_defaults(workflow: Workflow) -> list[Problem]:
    """What is wrong with the defaults that are known before a run."""
    if workflow.schema is None:
        return []
    values = dict(_defaults(workflow.params, {}))
    known = {name: text for name, text in values.items() if text is not None}
    return _in_order(workflow, _problems(workflow, known, False, str))


def problems_of_start(
    workflow: Workflow,
    given: Mapping[str, str],
    later: Collection[str] = (),
    mask: Callable[[str], str] = str,
) -> list[Problem]:
    """What is wrong with `given`, the values that a run of `workflow` is started with.
    `later` are names that have a value then, which is not known yet. Values are shown as
    `mask` leaves them."""
    if workflow.schema is None:
        return []
    there = {**dict.fromkeys(later), **given}
    missing = [
        Problem(it.name, f"param `{it.name}` has no value, but must be {_type(it)}")
        for it in workflow.params
        if it.required and it.name not in there
    ]
    values = {**dict(_defaults(workflow.params, there)), **there}
    known = {name: text for name, text in values.items() if text is not None}
    whole = not missing and len(known) == len(values)
    return _in_order(workflow, [*missing, *_problems(workflow, known, whole, mask)])


def problems_of_values(
    workflow: Workflow, values: Mapping[str, str], mask: Callable[[str], str]
) -> list[Problem]:
    """What is wrong with `values`, those of all params of a run. One that has no default
    and is not set is empty, and is left out of account."""
    if workflow.schema is None:
        return []
    empty = {it.name for it in workflow.params if not (it.default and it.default.parts)}
    known = {name: text for name, text in values.items() if text or name not in empty}
    return _in_order(workflow, _problems(workflow, known, True, mask))


def _in_order(workflow: Workflow, problems: Iterable[Problem]) -> list[Problem]:
    """`problems` in the order of the params, those of all together behind."""
    order = {param.name: place for place, param in enumerate(workflow.params)}
    return sorted(problems, key=lambda it: order.get(it.name, len(order)))


def _defaults(
    params: Iterable[Param], given: Collection[str]
) -> Iterator[tuple[str, str | None]]:
    """The defaults that count beside `given`: None where one is not known yet."""
    for param in params:
        default = param.default
        if default is None or param.positional or param.name in given:
            continue
        if default.parts:
            yield param.name, constant(default)


def _type(param: Param) -> str:
    return WANTED[param.type or "string"]


def _problems(
    workflow: Workflow,
    texts: Mapping[str, str],
    whole: bool,
    mask: Callable[[str], str],
) -> Iterator[Problem]:
    """`whole`: no other param has a value. Else only that counts which none mends."""
    assert workflow.schema is not None
    types = types_of(workflow)
    values: dict[str, Json] = {}
    for name, text in texts.items():
        try:
            values[name] = typed(text, types.get(name))
        except Failure as failure:
            whole = False
            yield Problem(
                name, f"param `{name}` is `{shown(mask(text))}`, but {failure}"
            )
    try:
        errors = list(_validator(workflow.schema.document).iter_errors(values))
    except (RecursionError, ArithmeticError):
        yield Problem(
            "", "the params cannot be held against their schema: it is too deep"
        )
        return
    found = [
        _problem(error, texts, mask)
        for error in errors
        if whole or next(iter(error.absolute_schema_path), "") in _FOR_GOOD
    ]
    yield from dict.fromkeys(found)


def _problem(
    error: "ValidationError", texts: Mapping[str, str], mask: Callable[[str], str]
) -> Problem:
    path = list(error.absolute_path)
    if not path:
        return Problem("", f"the params {wanted(error)}")
    name = str(path[0])
    inner = f" `{spelled(path)}`" if len(path) > 1 else ""
    value = shown(mask(texts.get(name, "")))
    return Problem(name, f"param `{name}` is `{value}`, but{inner} {wanted(error)}")


def _validator(document: Json) -> "Validator":
    """What holds values against `document`: it fetches nothing, and takes no more time
    for a pattern than the text is long."""
    from referencing import Registry

    assert isinstance(document, dict)
    known = library_for(document)
    assert known is not None  # else it had been refused
    return _with_patterns(known)(document, registry=Registry())


@lru_cache
def _with_patterns(library: "type[Validator]") -> "type[Validator]":
    """`library` with patterns as R10 has them."""
    from jsonschema.validators import extend

    extended: type[Validator] = extend(  # type: ignore[no-untyped-call]
        library, {"pattern": _pattern}
    )
    return extended


def _pattern(
    validator: object, pattern: str, instance: object, schema: object
) -> "Iterator[ValidationError]":
    from jsonschema.exceptions import ValidationError

    from compiler.regex.matching import search

    if isinstance(instance, str) and not search(pattern, instance):
        yield ValidationError(pattern)
