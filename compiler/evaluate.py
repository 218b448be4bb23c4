"""Turns an expression and an environment into a value: the one evaluator (R3, R5)."""

import re
from typing import Protocol, assert_never, cast

from compiler.functions import (
    add,
    boolean,
    call,
    compare,
    contains,
    equal,
    number,
    trim,
    type_name,
)
from compiler.ir import (
    Binary,
    CommandSubstitution,
    Conditional,
    Constant,
    Expression,
    FunctionCall,
    Json,
    ListOf,
    Origin,
    Pattern,
    Reference,
    ShellText,
    Template,
    Unary,
)
from compiler.json_text import (
    MAX_JSON_DEPTH,
    Failure,
    parse_json,
    to_json_text,
    to_text,
)
from compiler.paths import MISSING, Missing, no_way_into, step_into
from compiler.regex.matching import search_lines

__all__ = [
    "MAX_JSON_DEPTH",
    "Environment",
    "Failure",
    "evaluate",
    "fits",
    "parse_json",
    "text_of",
    "to_json_text",
    "to_text",
    "trim",
    "type_name",
    "whole_number",
]

_WHOLE_NUMBER = re.compile("0|[1-9][0-9]{0,8}", re.ASCII)


class Environment(Protocol):
    """What an expression sees. `lenient` (handlers): what has no value is empty."""

    @property
    def lenient(self) -> bool: ...

    def value(self, origin: Origin) -> Json:
        """The value that `origin` has now, None without one. All are texts but a param
        with a type, and an item, which always has one: its None is JSON's null."""

    def substitute(self, command: ShellText) -> str:
        """The stdout of a command in backticks; may raise Failure."""


def evaluate(expression: Expression, environment: Environment) -> Json:
    """The value of `expression`. Raises Failure when it has none."""
    try:
        return _value(expression, environment)
    except RecursionError:
        raise Failure("a value or an expression is nested too deeply") from None


def text_of(template: Template, environment: Environment) -> str:
    """The value of `template` as text. Raises Failure."""
    return to_text(evaluate(template, environment))


def _value(expression: Expression, environment: Environment) -> Json:
    match expression:
        case Constant(value=value):
            return value
        case Reference():
            return _referred(expression, environment)
        case Template(parts=parts):
            return _template(parts, environment)
        case Unary(operator="!", operand=operand):
            return not boolean(_value(operand, environment), "!")
        case Unary(operand=operand):
            return -number(_value(operand, environment), "-")
        case Binary():
            return _binary(expression, environment)
        case Conditional(test=test, then=then, otherwise=otherwise):
            chosen = then if boolean(_value(test, environment), "?") else otherwise
            return _value(chosen, environment)
        case FunctionCall(name=name, arguments=arguments):
            return call(name, [_value(each, environment) for each in arguments])
        case ListOf(items=items):
            return [_value(item, environment) for item in items]
        case _:
            assert_never(expression)


def _template(
    parts: tuple[str | Expression | CommandSubstitution, ...], environment: Environment
) -> Json:
    values: list[Json] = []
    for part in parts:
        if isinstance(part, str):
            values.append(part)
        elif isinstance(part, CommandSubstitution):
            values.append(trim(environment.substitute(part.command)))
        else:
            values.append(_value(part, environment))
    return values[0] if len(values) == 1 else "".join(map(to_text, values))


# ---- references

_PLAIN = re.compile(r"\$(\{[A-Za-z0-9_]+\}|[A-Za-z0-9_]+)")


def _referred(reference: Reference, environment: Environment) -> Json:
    held = ((origin, environment.value(origin)) for origin in reference.origins)
    there = (it for it in held if it[1] is not None or it[0].kind == "item")
    origin, value = next(there, (None, None))
    found: Json | Missing = MISSING if origin is None else value
    for key in reference.path:
        found = step_into(found, key)
    if reference.default is not None:
        empty = found is None or found == "" or isinstance(found, Missing)
        return _value(reference.default, environment) if empty else cast(Json, found)
    if not isinstance(found, Missing):
        return found
    if environment.lenient or _PLAIN.fullmatch(reference.text):
        return ""
    lost = f"no value for {reference.text}"
    if origin is not None and isinstance(value, str) and reference.path:
        lost += no_way_into(value, _spelled(reference, origin))
    raise Failure(lost)


def _spelled(reference: Reference, origin: Origin) -> str:
    """The part of `reference` that names `origin`: what stands before the path into it."""
    if origin.kind == "field":
        return f"{reference.name}.{origin.name}"
    return origin.name or reference.name


# ---- operators


def _binary(expression: Binary, environment: Environment) -> Json:
    operator = expression.operator
    left = _value(expression.left, environment)
    if operator in ("&&", "||"):
        if boolean(left, operator) is (operator == "||"):
            return left
        return boolean(_value(expression.right, environment), operator)
    right = _value(expression.right, environment)
    match operator:
        case "==":
            return equal(left, right)
        case "!=":
            return not equal(left, right)
        case "in":
            return contains(right, left, "in")
        case "+":
            return add(left, right)
        case _:
            return compare(left, operator, right)


def whole_number(text: str) -> int | None:
    """The number that `text` is, as the limits of policies have to be (S6): up to
    999,999,999, of digits alone, without a zero in front. None for any other text."""
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None


def fits(expected: Pattern, value: str) -> bool:
    """Does some line of `value` equal `expected`, or hold a match of its pattern?"""
    if expected.regex:
        return search_lines(expected.text, value)
    return expected.text in value.split("\n")
