"""Turns an expression and an environment into a value: the one evaluator (R3, R5)."""

import math
import re
from typing import Protocol, assert_never, cast

from compiler.functions import (
    call,
    contains,
    equal,
    mismatch,
    trim,
    type_name,
    with_article,
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


class _Missing:
    """The value of a path that leads nowhere."""


_MISSING = _Missing()


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
            return not _boolean(_value(operand, environment), "!")
        case Unary(operand=operand):
            return -_number(_value(operand, environment), "-")
        case Binary():
            return _binary(expression, environment)
        case Conditional(test=test, then=then, otherwise=otherwise):
            chosen = then if _boolean(_value(test, environment), "?") else otherwise
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
    found: Json | _Missing = _MISSING if origin is None else value
    for key in reference.path:
        found = _step_into(found, key)
    if reference.default is not None:
        empty = found is None or found == "" or isinstance(found, _Missing)
        return _value(reference.default, environment) if empty else cast(Json, found)
    if not isinstance(found, _Missing):
        return found
    if environment.lenient or _PLAIN.fullmatch(reference.text):
        return ""
    lost = f"no value for {reference.text}"
    if origin is not None and isinstance(value, str) and reference.path:
        lost += _no_way_into(value, _spelled(reference, origin))
    raise Failure(lost)


def _spelled(reference: Reference, origin: Origin) -> str:
    """The part of `reference` that names `origin`: what stands before the path into it."""
    if origin.kind == "field":
        return f"{reference.name}.{origin.name}"
    return origin.name or reference.name


def _no_way_into(text: str, name: str) -> str:
    """Why no path leads into `text`, the value of `name`; empty where one could."""
    try:
        parse_json(text)
    except Failure as failure:
        kind = str(failure).partition(":")[0]  # without the place in the text
        return f": the value of `{name}` is {kind}"
    return ""


def _step_into(value: "Json | _Missing", key: str | int) -> "Json | _Missing":
    """What stands under `key`; a text that holds JSON is gone into (R5)."""
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except Failure:
            return _MISSING
        if isinstance(value, str):
            return _step_into(value, key) if value else _MISSING
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key, _MISSING)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return _MISSING


# ---- operators


def _binary(expression: Binary, environment: Environment) -> Json:
    operator = expression.operator
    left = _value(expression.left, environment)
    if operator in ("&&", "||"):
        if _boolean(left, operator) is (operator == "||"):
            return left
        return _boolean(_value(expression.right, environment), operator)
    right = _value(expression.right, environment)
    match operator:
        case "==":
            return equal(left, right)
        case "!=":
            return not equal(left, right)
        case "in":
            return contains(right, left, "in")
        case "+":
            return _sum(left, right)
        case _:
            return _compared(operator, left, right)


def _compared(operator: str, left: Json, right: Json) -> bool:
    """`<` and its like of two numbers, or of two texts by their code points."""
    if isinstance(left, str) and isinstance(right, str):
        order = (left > right) - (left < right)
    elif _is_number(left) and _is_number(right):
        one, other = _number(left, operator), _number(right, operator)
        order = (one > other) - (one < other)
    else:
        raise mismatch(operator, left, right)
    results = {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}
    return results[operator]


def _sum(left: Json, right: Json) -> Json:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if not (_is_number(left) and _is_number(right)):
        raise mismatch("+", left, right)
    try:
        result = _number(left, "+") + _number(right, "+")
    except OverflowError:  # an integer beyond every float, and a float
        result = math.inf
    if isinstance(result, float) and not math.isfinite(result):
        raise Failure("the result of `+` is too large")
    return result


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: Json, operator: str) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise Failure(f"`{operator}` takes a number, not {with_article(type_name(value))}")


def _boolean(value: Json, operator: str) -> bool:
    if isinstance(value, bool):
        return value
    raise Failure(
        f"`{operator}` takes true or false, not {with_article(type_name(value))}"
    )


def whole_number(text: str) -> int | None:
    """The number that `text` is, as the limits of policies have to be (S6): up to
    999,999,999, of digits alone, without a zero in front. None for any other text."""
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None


def fits(expected: Pattern, value: str) -> bool:
    """Does some line of `value` equal `expected`, or hold a match of its pattern?"""
    if expected.regex:
        return search_lines(expected.text, value)
    return expected.text in value.split("\n")
