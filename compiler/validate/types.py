"""Turns an expression into the type errors that are known before it runs (R3)."""

import json
from collections.abc import Iterator
from typing import Literal, assert_never

from compiler.diagnostics import Diagnostic
from compiler.evaluate import type_name
from compiler.ir import (
    Binary,
    CommandSubstitution,
    Conditional,
    Constant,
    Expression,
    FunctionCall,
    ListOf,
    Reference,
    Template,
    Unary,
)
from compiler.regex import Problem, parse

Type = Literal["text", "number", "boolean", "null", "list", "unknown"]

_ANY: tuple[Type, ...] = ("text", "number", "boolean", "null", "list")
_TEXT: tuple[Type, ...] = ("text",)

# What each function takes and gives.
_SIGNATURES: dict[str, tuple[tuple[tuple[Type, ...], ...], Type]] = {
    "fromJSON": ((_TEXT,), "unknown"),
    "toJSON": ((_ANY,), "text"),
    "len": ((("text", "list"),), "number"),
    "join": ((("list",), _TEXT), "text"),
    "split": ((_TEXT, _TEXT), "list"),
    "contains": ((("list", "text"), _ANY), "boolean"),
    "startsWith": ((_TEXT, _TEXT), "boolean"),
    "endsWith": ((_TEXT, _TEXT), "boolean"),
    "matches": ((_TEXT, _TEXT), "boolean"),
    "lower": ((_TEXT,), "text"),
    "upper": ((_TEXT,), "text"),
    "trim": ((_TEXT,), "text"),
    "basename": ((_TEXT,), "text"),
    "dirname": ((_TEXT,), "text"),
}


def type_errors(expression: Expression) -> Iterator[Diagnostic]:
    """WFC302 for each operator and function over a type that it does not take, WFC306
    for a pattern of `matches` that is refused. Names are texts; what a path leads to is
    not known. Commands in backticks are left to those who walk shell texts.
    """
    found: list[Diagnostic] = []
    _type(expression, found)
    yield from found


def _type(expression: Expression, found: list[Diagnostic]) -> Type:
    match expression:
        case Constant(value=value):
            name = type_name(value)
            return next((each for each in _ANY if each == name), "unknown")
        case Reference(path=path, default=default):
            fallback = "text" if default is None else _type(default, found)
            return "text" if not path and fallback == "text" else "unknown"
        case Template(parts=parts):
            types = [_part_type(part, found) for part in parts]
            return types[0] if len(types) == 1 else "text"
        case Unary(operator=operator, operand=operand):
            wanted: Type = "boolean" if operator == "!" else "number"
            _expect(operand, (wanted,), f"`{operator}`", found)
            return wanted
        case Binary():
            return _binary(expression, found)
        case Conditional(test=test, then=then, otherwise=otherwise):
            _expect(test, ("boolean",), "`?`", found)
            one, other = _type(then, found), _type(otherwise, found)
            return one if one == other else "unknown"
        case FunctionCall():
            return _call(expression, found)
        case ListOf(items=items):
            for item in items:
                _type(item, found)
            return "list"
        case _:
            assert_never(expression)


def _part_type(
    part: str | Expression | CommandSubstitution, found: list[Diagnostic]
) -> Type:
    if isinstance(part, str | CommandSubstitution):
        return "text"
    return _type(part, found)


def _binary(expression: Binary, found: list[Diagnostic]) -> Type:
    operator, left, right = expression.operator, expression.left, expression.right
    if operator in ("&&", "||"):
        _expect(left, ("boolean",), f"`{operator}`", found)
        _expect(right, ("boolean",), f"`{operator}`", found)
        return "boolean"
    one, other = _type(left, found), _type(right, found)
    fits = True
    if operator in ("==", "!="):
        fits = one == other or "null" in (one, other) or "unknown" in (one, other)
    elif operator == "in":
        fits = _can_hold(other, one)
    else:
        fits = {one, other} <= {"text", "unknown"} or {one, other} <= {
            "number",
            "unknown",
        }
    if not fits:
        found.append(_mismatch(expression, one, other))
    if operator != "+":
        return "boolean"
    if not fits:
        return "unknown"
    return one if one != "unknown" else other


def _can_hold(whole: Type, item: Type) -> bool:
    """Whether `item in whole` can have a value."""
    if whole == "text":
        return item in ("text", "unknown")
    return whole in ("list", "unknown")


def _mismatch(expression: Binary, one: Type, other: Type) -> Diagnostic:
    left, right = _written(expression.left), _written(expression.right)
    help = ""
    if {one, other} == {"text", "number"} and expression.operator != "in":
        # The text is most likely a name: what is captured or passed is always text.
        if one == "text":
            left = f"fromJSON({left})"
        else:
            right = f"fromJSON({right})"
        help = f"write `{left} {expression.operator} {right}`"
    elif {one, other} == {"text", "boolean"} and expression.operator in ("==", "!="):
        if one == "boolean":
            left = f"'{left}'"
        else:
            right = f"'{right}'"
        help = f"a name is a text: write `{left} {expression.operator} {right}`"
    return Diagnostic(
        code="WFC302",
        message=f"`{expression.operator}` does not go between a {one} and a {other}",
        span=expression.span,
        label=f"a {one} and a {other}",
        help=help,
    )


def _call(call: FunctionCall, found: list[Diagnostic]) -> Type:
    takes, gives = _SIGNATURES.get(call.name, ((), "unknown"))
    types: list[Type] = []
    for wanted, argument in zip(takes, call.arguments, strict=False):
        types.append(_expect(argument, wanted, f"`{call.name}`", found))
    if call.name == "contains" and types[:1] == ["text"] and not _can_hold(*types):
        _refuse(call.arguments[1], types[1], _TEXT, "`contains` in a text", found)
    pattern = call.arguments[1] if call.name == "matches" and len(types) == 2 else None
    if isinstance(pattern, Constant) and isinstance(pattern.value, str):
        problem = parse(pattern.value)
        if isinstance(problem, Problem):
            found.append(
                Diagnostic(
                    code="WFC306",
                    message=f"`{pattern.value}`: {problem.message}",
                    span=pattern.span,
                )
            )
    return gives


def _expect(
    expression: Expression,
    wanted: tuple[Type, ...],
    taker: str,
    found: list[Diagnostic],
) -> Type:
    """The type of `expression`; a finding if it is known and none of `wanted`."""
    actual = _type(expression, found)
    if actual != "unknown" and actual not in wanted:
        _refuse(expression, actual, wanted, taker, found)
    return actual


def _refuse(
    expression: Expression,
    actual: Type,
    wanted: tuple[Type, ...],
    taker: str,
    found: list[Diagnostic],
) -> None:
    written = _written(expression)
    help = ""
    if actual == "text" and wanted == ("boolean",):
        help = f"a name is a text: write `{written} == 'true'`"
    elif actual == "text":
        help = f"write `fromJSON({written})`"
    elif wanted == _TEXT:
        help = f"write `toJSON({written})`"
    found.append(
        Diagnostic(
            code="WFC302",
            message=f"{taker} takes a {' or a '.join(wanted)}, not a {actual}",
            span=expression.span,
            label=f"a {actual}",
            help=help,
        )
    )


def _written(expression: Expression) -> str:
    """`expression` as one would write it inside of `$<...>`, for a hint."""
    match expression:
        case Constant(value=str() as value):
            return f"'{value}'"
        case Constant(value=value):
            return json.dumps(value)
        case Reference(text=text, default=None):
            return text.removeprefix("${").removesuffix("}")
        case Reference(text=text):
            return text
        case FunctionCall(name=name, arguments=arguments):
            return f"{name}({', '.join(map(_written, arguments))})"
        case ListOf(items=items):
            return f"[{', '.join(map(_written, items))}]"
        case Unary(operator=operator, operand=operand):
            return f"{operator}{_written(operand)}"
        case Binary(operator=operator, left=left, right=right):
            return f"({_written(left)} {operator} {_written(right)})"
        case Conditional(test=test, then=then, otherwise=otherwise):
            parts = (_written(test), _written(then), _written(otherwise))
            return "({} ? {} : {})".format(*parts)
        case Template(parts=parts):
            return "".join(it if isinstance(it, str) else "…" for it in parts)
        case _:
            assert_never(expression)
