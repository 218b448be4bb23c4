"""Turns an expression into the type errors that are known before it runs (R3)."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, assert_never

from compiler.diagnostics import Diagnostic
from compiler.evaluate import Failure, parse_json, type_name
from compiler.functions import mismatch_of_types, with_article
from compiler.ir import (
    Binary,
    CommandSubstitution,
    Conditional,
    Constant,
    Expression,
    FunctionCall,
    ListOf,
    Origin,
    Reference,
    Template,
    Unary,
)
from compiler.validate.patterns import refused_pattern

Type = Literal["text", "number", "boolean", "null", "list", "object", "unknown"]

_ANY: tuple[Type, ...] = ("text", "number", "boolean", "null", "list", "object")
_TEXT: tuple[Type, ...] = ("text",)

# What each function takes and gives.
_SIGNATURES: dict[str, tuple[tuple[tuple[Type, ...], ...], Type]] = {
    "fromJSON": ((_TEXT,), "unknown"),
    "toJSON": ((_ANY,), "text"),
    "len": ((("text", "list", "object"),), "number"),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checking:
    """The findings so far, the type of ITEM, and those of params that are no texts."""

    item: Type
    params: Mapping[str, Type]
    found: list[Diagnostic] = field(default_factory=list)


def type_errors(
    expression: Expression,
    *,
    item_is_text: bool = False,
    params: Mapping[str, Type] = MappingProxyType({}),
) -> Iterator[Diagnostic]:
    """WFC302 for each operator and function over a type that it does not take, WFC306
    for a pattern of `matches` that is refused. Names are texts, but `params` have the types
    given there, and ITEM is one only where `item_is_text`; what a path leads to is not
    known. Commands in backticks are left to those who walk shell texts.
    """
    checking = _Checking(item="text" if item_is_text else "unknown", params=params)
    _type(expression, checking)
    yield from checking.found


def _type(expression: Expression, checking: _Checking) -> Type:
    match expression:
        case Constant(value=value):
            name = type_name(value)
            return next((each for each in _ANY if each == name), "unknown")
        case Reference(path=path, default=default, origins=origins):
            own = _named_type(origins, checking)
            fallback = own if default is None else _type(default, checking)
            return own if not path and own == fallback else "unknown"
        case Template(parts=parts):
            types = [_part_type(part, checking) for part in parts]
            return types[0] if len(types) == 1 else "text"
        case Unary(operator=operator, operand=operand):
            wanted: Type = "boolean" if operator == "!" else "number"
            _expect(operand, (wanted,), f"`{operator}`", checking)
            return wanted
        case Binary():
            return _binary(expression, checking)
        case Conditional(test=test, then=then, otherwise=otherwise):
            _expect(test, ("boolean",), "`?`", checking)
            one, other = _type(then, checking), _type(otherwise, checking)
            return one if one == other else "unknown"
        case FunctionCall():
            return _call(expression, checking)
        case ListOf(items=items):
            for item in items:
                _type(item, checking)
            return "list"
        case _:
            assert_never(expression)


def _named_type(origins: tuple[Origin, ...], checking: _Checking) -> Type:
    """The type of what a name stands for, whichever of `origins` has the value."""
    types = {_origin_type(origin, checking) for origin in origins} or {"text"}
    return types.pop() if len(types) == 1 else "unknown"


def _origin_type(origin: Origin, checking: _Checking) -> Type:
    match origin.kind:
        case "item":
            return checking.item
        case "param":
            return checking.params.get(origin.name, "text")
        case _:
            return "text"


def _part_type(
    part: str | Expression | CommandSubstitution, checking: _Checking
) -> Type:
    if isinstance(part, str | CommandSubstitution):
        return "text"
    return _type(part, checking)


def _binary(expression: Binary, checking: _Checking) -> Type:
    operator, left, right = expression.operator, expression.left, expression.right
    if operator in ("&&", "||"):
        _expect(left, ("boolean",), f"`{operator}`", checking)
        _expect(right, ("boolean",), f"`{operator}`", checking)
        return "boolean"
    one, other = _type(left, checking), _type(right, checking)
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
        checking.found.append(_mismatch(expression, one, other))
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
    return Diagnostic(
        code="WFC302",
        message=mismatch_of_types(expression.operator, one, other),
        span=expression.span,
        label=f"{with_article(one)} and {with_article(other)}",
        help=_how_to_match(expression, one, other),
    )


def _how_to_match(expression: Binary, one: Type, other: Type) -> str:
    """The operation with one of its sides made what the other is."""
    if one == other:
        return ""
    operator = expression.operator
    sides = {one: expression.left, other: expression.right}
    written = {kind: _written(side) for kind, side in sides.items()}
    help = "write"
    if operator == "in":
        if other != "text" or one not in ("number", "boolean"):
            return ""
        written[one] = _as_text(sides[one])
    elif sides.keys() == {"text", "number"}:
        # The text is most likely a name: what is captured or passed is always text.
        if number := _as_number(sides["text"]):
            written["text"] = number
        elif operator == "+":
            written["number"] = _as_text(sides["number"])
        else:
            return ""
    elif sides.keys() == {"text", "boolean"} and operator in ("==", "!="):
        literal = isinstance(sides["boolean"], Constant)
        if isinstance(sides["text"], Constant) or not literal:
            return ""
        written["boolean"] = _as_text(sides["boolean"])
        help = "a name is a text: write"
    else:
        return ""
    return f"{help} `{written[one]} {operator} {written[other]}`"


def _call(call: FunctionCall, checking: _Checking) -> Type:
    takes, gives = _SIGNATURES.get(call.name, ((), "unknown"))
    types: list[Type] = []
    for wanted, argument in zip(takes, call.arguments, strict=False):
        if call.name == "fromJSON" and _is_typed_param(argument, checking):
            _refuse_typed(argument, checking)
            return _type(argument, checking)
        types.append(_expect(argument, wanted, f"`{call.name}`", checking))
    if call.name == "contains" and types[:1] == ["text"] and not _can_hold(*types):
        _refuse(call.arguments[1], types[1], _TEXT, "`contains` in a text", checking)
    pattern = call.arguments[1] if call.name == "matches" and len(types) == 2 else None
    if isinstance(pattern, Constant) and isinstance(pattern.value, str):
        checking.found.extend(
            refused_pattern(pattern.value, pattern.value, pattern.span)
        )
    return gives


def _is_typed_param(argument: Expression, checking: _Checking) -> bool:
    return isinstance(argument, Reference) and _type(argument, checking) not in (
        "text",
        "unknown",
    )


def _refuse_typed(argument: Expression, checking: _Checking) -> None:
    """`fromJSON(N)` of a param that has been read as JSON."""
    type = with_article(_type(argument, checking))
    checking.found.append(
        Diagnostic(
            code="WFC302",
            message=f"`fromJSON` takes a text, not {type}",
            span=argument.span,
            label=f"the schema of the params makes it {type}",
            help=f"write `{_written(argument)}` alone",
        )
    )


def _expect(
    expression: Expression,
    wanted: tuple[Type, ...],
    taker: str,
    checking: _Checking,
) -> Type:
    """The type of `expression`; a finding if it is known and none of `wanted`."""
    actual = _type(expression, checking)
    if actual != "unknown" and actual not in wanted:
        _refuse(expression, actual, wanted, taker, checking)
    return actual


def _refuse(
    expression: Expression,
    actual: Type,
    wanted: tuple[Type, ...],
    taker: str,
    checking: _Checking,
) -> None:
    checking.found.append(
        Diagnostic(
            code="WFC302",
            message=f"{taker} takes {_either(wanted)}, not {with_article(actual)}",
            span=expression.span,
            label=with_article(actual),
            help=_how_to_fit(expression, actual, wanted),
        )
    )


def _either(types: tuple[Type, ...]) -> str:
    if types == ("boolean",):
        return "true or false"
    *most, last = map(with_article, types)
    return f"{', '.join(most)} or {last}" if most else last


def _how_to_fit(expression: Expression, actual: Type, wanted: tuple[Type, ...]) -> str:
    """What to write for `expression`, which is `actual`, where `wanted` is taken."""
    literal = isinstance(expression, Constant)
    written = _written(expression)
    match actual, wanted:
        case _, ("text",):
            return f"write `{_as_text(expression)}`"
        case "text", ("number",):
            number = _as_number(expression)
            return f"write `{number}`" if number else ""
        case "text", ("boolean",) if not literal:
            return f"a name is a text: write `{written} == 'true'`"
        case "number", ("boolean",) if not literal:
            return f"compare it, in parentheses: `({written} > 0)`"
        case "text", _ if not literal:
            return f"write `fromJSON({written})`"
        case _:
            return ""


def _as_text(expression: Expression) -> str:
    """The text of what `expression` stands for, as one would write it."""
    written = _written(expression)
    return f"'{written}'" if isinstance(expression, Constant) else f"toJSON({written})"


def _as_number(expression: Expression) -> str:
    """The number in the text `expression`, as one would write it; empty without one."""
    if not isinstance(expression, Constant):
        return f"fromJSON({_written(expression)})"
    try:
        value = parse_json(str(expression.value))
    except Failure:
        return ""
    return json.dumps(value) if type_name(value) == "number" else ""


def _written(expression: Expression) -> str:
    """`expression` as one would write it inside of `$<...>`, for a hint."""
    match expression:
        case Constant(value=str() as value):
            quoted = json.dumps(value, ensure_ascii=False)
            return quoted if re.search(r"[\\'\"]", quoted[1:-1]) else f"'{value}'"
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
