"""An expression or a template -> what is in it, or the same with its parts replaced."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import assert_never

from compiler.ir import (
    Binary,
    CommandSubstitution,
    Conditional,
    Constant,
    Expression,
    FunctionCall,
    ListOf,
    Reference,
    ShellText,
    Template,
    Unary,
)

Rewrite = Callable[[Expression], Expression]


def references(expression: Expression) -> Iterator[Reference]:
    """Every reference in `expression`, defaults included, shell texts not."""
    match expression:
        case Constant():
            pass
        case Reference(default=default):
            yield expression
            if default is not None:
                yield from references(default)
        case _:
            for part in children(expression):
                yield from references(part)


def children(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly under `expression`."""
    match expression:
        case Constant():
            return ()
        case Reference(default=default):
            return () if default is None else (default,)
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Conditional(test=test, then=then, otherwise=otherwise):
            return (test, then, otherwise)
        case FunctionCall(arguments=arguments):
            return arguments
        case ListOf(items=items):
            return items
        case Template(parts=parts):
            return tuple(
                part
                for part in parts
                if not isinstance(part, str | CommandSubstitution)
            )
        case _:
            assert_never(expression)


def rebuild(expression: Expression, rewrite: Rewrite) -> Expression:
    """`expression` with `rewrite` applied to the expressions directly under it."""
    match expression:
        case Constant():
            return expression
        case Reference(default=None):
            return expression
        case Reference(default=default) if default is not None:
            return replace(expression, default=rewrite(default))
        case Unary(operand=operand):
            return replace(expression, operand=rewrite(operand))
        case Binary(left=left, right=right):
            return replace(expression, left=rewrite(left), right=rewrite(right))
        case Conditional(test=test, then=then, otherwise=otherwise):
            return replace(
                expression,
                test=rewrite(test),
                then=rewrite(then),
                otherwise=rewrite(otherwise),
            )
        case FunctionCall(arguments=arguments):
            return replace(expression, arguments=tuple(map(rewrite, arguments)))
        case ListOf(items=items):
            return replace(expression, items=tuple(map(rewrite, items)))
        case Template():
            return map_template(expression, rewrite, lambda text: text)
        case _:
            raise AssertionError(expression)  # a Reference is matched above


def map_template(
    template: Template, rewrite: Rewrite, in_shell: Callable[[ShellText], ShellText]
) -> Template:
    """`template` with its expressions and the texts of its backticks rewritten."""
    if all(isinstance(part, str) for part in template.parts):
        return template
    parts: list[str | Expression | CommandSubstitution] = []
    for part in template.parts:
        match part:
            case str():
                parts.append(part)
            case CommandSubstitution(command=command):
                parts.append(replace(part, command=in_shell(command)))
            case _:
                parts.append(rewrite(part))
    return replace(template, parts=tuple(parts))


Templates = Callable[[Template], Template]
ShellTexts = Callable[[ShellText], ShellText]


def template_texts(template: Template) -> Iterator[Template | ShellText]:
    """`template` and the shell texts of its backticks."""
    yield template
    for part in template.parts:
        if isinstance(part, CommandSubstitution):
            yield part.command


def text_references(text: Template | ShellText) -> Iterator[Reference]:
    """Every reference in `text`; not those of the backticks of a template."""
    if isinstance(text, Template):
        yield from references(text)
    else:
        for each in text.references:
            yield from references(each.expression)
