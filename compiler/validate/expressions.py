"""Checks on expressions."""

from collections.abc import Iterator

from compiler.diagnostics import Diagnostic
from compiler.ir import Constant, Expression, Program, Reference, ShellText, Template
from compiler.walk import children, template_texts, texts


def expression_type(program: Program) -> Iterator[Diagnostic]:
    """An operator or function over values of a type that it does not take (R3)."""
    for expression in _expressions(program):
        if _has_operator(expression):
            from compiler.validate.types import type_errors  # few files have operators

            yield from type_errors(expression)


def _has_operator(expression: Expression) -> bool:
    if isinstance(expression, Constant | Reference | Template):
        return any(map(_has_operator, children(expression)))
    return True


def _expressions(program: Program) -> Iterator[Expression]:
    for text in _texts(program):
        if isinstance(text, Template):
            yield text
        else:
            for reference in text.references:
                if not reference.plain:
                    yield reference.expression


def _texts(program: Program) -> Iterator[Template | ShellText]:
    for workflow in program.workflows:
        for param in workflow.params:
            if param.default is not None:
                yield from template_texts(param.default)
        for variable in workflow.env:
            yield from template_texts(variable.value)
        for step in (*workflow.steps, *workflow.handlers):
            yield from texts(step)
