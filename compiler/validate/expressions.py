"""Checks on expressions."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from compiler.diagnostics import Diagnostic
from compiler.ir import (
    Constant,
    Expression,
    Map,
    ParamType,
    Program,
    Reference,
    ShellText,
    Step,
    Template,
    Workflow,
)
from compiler.walk import children, surrounding_texts, template_texts, texts

if TYPE_CHECKING:
    from compiler.validate.types import Type


def expression_type(program: Program) -> Iterator[Diagnostic]:
    """An operator or function over values of a type that it does not take (R3)."""
    for workflow in program.workflows:
        types = _param_types(workflow)
        for expression, item_is_text in _expressions(workflow):
            if _has_operator(expression):
                from compiler.validate.types import type_errors  # few files have any

                yield from type_errors(
                    expression, item_is_text=item_is_text, params=types
                )


# What a value of each type is in an expression.
_TYPES: dict[ParamType, "Type"] = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "object": "object",
    "array": "list",
}


def _param_types(workflow: Workflow) -> "dict[str, Type]":
    """The types of params; one that can be without a value is an empty text then."""
    return {
        param.name: (
            _TYPES[param.type]
            if param.required or (param.default and param.default.parts)
            else "unknown"
        )
        for param in workflow.params
        if param.type is not None and param.type != "string"
    }


def _has_operator(expression: Expression) -> bool:
    if isinstance(expression, Constant | Reference | Template):
        return any(map(_has_operator, children(expression)))
    return True


def _expressions(workflow: Workflow) -> Iterator[tuple[Expression, bool]]:
    """Every expression, and whether ITEM is known to be a text where it stands."""
    for text, item_is_text in _texts(workflow):
        if isinstance(text, Template):
            yield text, item_is_text
        else:
            for reference in text.references:
                if not reference.plain:
                    yield reference.expression, item_is_text


def _texts(workflow: Workflow) -> Iterator[tuple[Template | ShellText, bool]]:
    for param in workflow.params:
        if param.default is not None:
            yield from ((it, False) for it in template_texts(param.default))
    for variable in workflow.env:
        yield from ((it, False) for it in template_texts(variable.value))
    yield from ((it, False) for it in surrounding_texts(workflow))
    for step in (*workflow.steps, *workflow.handlers):
        item_is_text = _has_text_items(step)
        yield from ((it, item_is_text) for it in texts(step))


def _has_text_items(step: Step) -> bool:
    """Is each item a text? So it is in a list of the file without maps and lists (F4)."""
    return (
        isinstance(step.body, Map)
        and not isinstance(step.body.items, Template)
        and not any(item.structured for item in step.body.items)
    )
