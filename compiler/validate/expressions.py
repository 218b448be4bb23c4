"""Checks on expressions."""

from collections.abc import Iterator

from compiler.diagnostics import Diagnostic
from compiler.ir import (
    Constant,
    Expression,
    Map,
    Program,
    Reference,
    ShellText,
    Step,
    Template,
)
from compiler.walk import children, template_texts, texts


def expression_type(program: Program) -> Iterator[Diagnostic]:
    """An operator or function over values of a type that it does not take (R3)."""
    for expression, item_is_text in _expressions(program):
        if _has_operator(expression):
            from compiler.validate.types import type_errors  # few files have operators

            yield from type_errors(expression, item_is_text=item_is_text)


def _has_operator(expression: Expression) -> bool:
    if isinstance(expression, Constant | Reference | Template):
        return any(map(_has_operator, children(expression)))
    return True


def _expressions(program: Program) -> Iterator[tuple[Expression, bool]]:
    """Every expression, and whether ITEM is known to be a text where it stands."""
    for text, item_is_text in _texts(program):
        if isinstance(text, Template):
            yield text, item_is_text
        else:
            for reference in text.references:
                if not reference.plain:
                    yield reference.expression, item_is_text


def _texts(program: Program) -> Iterator[tuple[Template | ShellText, bool]]:
    for workflow in program.workflows:
        for param in workflow.params:
            if param.default is not None:
                yield from ((it, False) for it in template_texts(param.default))
        for variable in workflow.env:
            yield from ((it, False) for it in template_texts(variable.value))
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
