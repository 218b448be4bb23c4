"""Checks on expressions."""

from collections.abc import Iterator

from compiler.diagnostics import Diagnostic
from compiler.ir import Program, ShellText, Template
from compiler.validate.types import type_errors
from compiler.walk import template_texts, texts


def expression_type(program: Program) -> Iterator[Diagnostic]:
    """An operator or function over values of a type that it does not take (R3)."""
    for text in _texts(program):
        if isinstance(text, Template):
            yield from type_errors(text)
        else:
            for reference in text.references:
                if not reference.plain:
                    yield from type_errors(reference.expression)


def _texts(program: Program) -> Iterator[Template | ShellText]:
    for workflow in program.workflows:
        for param in workflow.params:
            if param.default is not None:
                yield from template_texts(param.default)
        for variable in workflow.env:
            yield from template_texts(variable.value)
        for step in (*workflow.steps, *workflow.handlers):
            yield from texts(step)
