"""Turns an expression and an environment into a value: the one evaluator (R3, R5)."""

import json
import math
import re
from typing import Protocol, assert_never, cast

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
from compiler.regex import search, search_lines

MAX_JSON_DEPTH = 256  # what jq 1.6 reads

_WHITE = " \t\r\n\f\v"
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}


class Failure(Exception):
    """An evaluation that has no value; its text is for the step's .err."""


class Environment(Protocol):
    """What an expression sees. `lenient` (handlers): what has no value is empty."""

    @property
    def lenient(self) -> bool: ...

    def value(self, origin: Origin) -> str | None:
        """The value that `origin` has now, if any."""

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
            return _call(name, [_value(each, environment) for each in arguments])
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
    values = (environment.value(origin) for origin in reference.origins)
    found: Json | _Missing = next((it for it in values if it is not None), _MISSING)
    for key in reference.path:
        found = _step_into(found, key)
    if reference.default is not None:
        empty = found is None or found == "" or isinstance(found, _Missing)
        return _value(reference.default, environment) if empty else cast(Json, found)
    if not isinstance(found, _Missing):
        return found
    if environment.lenient or _PLAIN.fullmatch(reference.text):
        return ""
    raise Failure(f"no value for {reference.text}")


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
            return _equal(left, right)
        case "!=":
            return not _equal(left, right)
        case "in":
            return _contains(right, left, "in")
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
        raise _mismatch(operator, left, right)
    results = {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}
    return results[operator]


def _sum(left: Json, right: Json) -> Json:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if not (_is_number(left) and _is_number(right)):
        raise _mismatch("+", left, right)
    try:
        result = _number(left, "+") + _number(right, "+")
    except OverflowError:  # an integer beyond every float, and a float
        result = math.inf
    if isinstance(result, float) and not math.isfinite(result):
        raise Failure("the result of `+` is too large")
    return result


def _equal(left: Json, right: Json) -> bool:
    """Equality of JSON: unlike Python's, `true` is no number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        same_keys = left.keys() == right.keys()
        return same_keys and all(_equal(left[key], right[key]) for key in left)
    return left == right


def _contains(whole: Json, item: Json, operator: str) -> bool:
    if isinstance(whole, list):
        return any(_equal(each, item) for each in whole)
    if isinstance(whole, str) and isinstance(item, str):
        return item in whole
    raise _mismatch(operator, item, whole)


def type_name(value: Json) -> str:
    """The type of a value, as messages call it."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "object"


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: Json, operator: str) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise Failure(f"`{operator}` takes a number, not a {type_name(value)}")


def _boolean(value: Json, operator: str) -> bool:
    if isinstance(value, bool):
        return value
    raise Failure(f"`{operator}` takes true or false, not a {type_name(value)}")


def _text(value: Json, name: str) -> str:
    if isinstance(value, str):
        return value
    raise Failure(f"`{name}` takes a text, not a {type_name(value)}")


def _mismatch(operator: str, left: Json, right: Json) -> Failure:
    types = f"a {type_name(left)} and a {type_name(right)}"
    return Failure(f"`{operator}` does not go between {types}")


# ---- functions


def _call(name: str, arguments: list[Json]) -> Json:
    match name, arguments:
        case "toJSON", [value]:
            return to_json_text(value)
        case "len", [str() | list() | dict() as value]:
            return len(value)
        case "len", [value]:
            raise Failure(
                f"`len` takes a text, a list or an object, not a {type_name(value)}"
            )
        case "join", [list() as items, separator]:
            return _text(separator, name).join(map(to_text, items))
        case "join", [value, _]:
            raise Failure(f"`join` takes a list, not a {type_name(value)}")
        case "contains", [whole, item]:
            return _contains(whole, item, name)
        case _, [value]:
            return _of_text(name, _text(value, name))
        case _, [one, other]:
            return _of_two_texts(name, _text(one, name), _text(other, name))
        case _:
            raise Failure(
                f"there is no function `{name}` of {len(arguments)} arguments"
            )


def _of_text(name: str, text: str) -> Json:
    match name:
        case "fromJSON":
            return parse_json(text)
        case "lower":
            return text.translate(_LOWER)
        case "upper":
            return text.translate(_UPPER)
        case "trim":
            return trim(text)
        case "basename":
            return _basename(text)
        case "dirname":
            return _dirname(text)
        case _:
            raise Failure(f"there is no function `{name}` of one argument")


def _of_two_texts(name: str, text: str, other: str) -> Json:
    match name:
        case "split":
            if not other:
                raise Failure("`split` takes a separator that is not empty")
            return list(text.split(other))
        case "startsWith":
            return text.startswith(other)
        case "endsWith":
            return text.endswith(other)
        case "matches":
            try:
                return search(other, text)
            except ValueError as error:
                raise Failure(f"`matches`: {error}") from None
        case _:
            raise Failure(f"there is no function `{name}` of two arguments")


def _basename(path: str) -> str:
    """As POSIX `basename PATH`; of "" it is ""."""
    if path and not path.strip("/"):
        return "/"
    return path.rstrip("/").rpartition("/")[2]


def _dirname(path: str) -> str:
    """As POSIX `dirname PATH`."""
    if path and not path.strip("/"):
        return "/"
    folder, slash, _ = path.rstrip("/").rpartition("/")
    return folder.rstrip("/") or ("/" if slash else ".")


def fits(expected: Pattern, value: str) -> bool:
    """Does some line of `value` equal `expected`, or hold a match of its pattern?"""
    if expected.regex:
        return search_lines(expected.text, value)
    return expected.text in value.split("\n")


def trim(text: str) -> str:
    """`text` without ASCII white space at its ends."""
    return text.strip(_WHITE)


# ---- JSON

_JSON_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


def parse_json(text: str) -> Json:
    """The value of a JSON text, with all digits of its integers (R5). Raises Failure."""
    _check_depth(text)
    try:
        value = json.loads(text, parse_constant=_refused, parse_float=_float)
    except RecursionError:
        raise Failure("JSON that is nested too deeply") from None
    except ValueError as error:
        raise Failure(f"not JSON: {_reason(error)}") from None
    return cast(Json, value)


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} at line {error.lineno}, column {error.colno}"
    return "a number with too many digits"


def _refused(word: str) -> float:
    raise Failure(f"not JSON: `{word}` is no JSON number")


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise Failure("JSON with a number that is too large")
    return number


def _check_depth(text: str) -> None:
    """Refuses what one Python reads and another does not, by a bound of our own."""
    if text.count("[") + text.count("{") <= MAX_JSON_DEPTH:
        return
    depth = 0
    for found in _JSON_BRACKETS.finditer(text):
        if found[0] in ("[", "{"):
            depth += 1
            if depth > MAX_JSON_DEPTH:
                raise Failure("JSON that is nested too deeply")
        elif found[0] in ("]", "}"):
            depth -= 1


def to_text(value: Json) -> str:
    """The text of `value`: a text is itself, everything else is compact JSON (R5).

    Raises Failure for a text that no environment and no file can hold.
    """
    if not isinstance(value, str):
        return to_json_text(value)
    if "\0" in value:
        raise Failure("a value holds a NUL character")
    return _encodable(value)


def to_json_text(value: Json) -> str:
    """`value` as compact JSON: keys in their order, raw non-ASCII, numbers as in RFC
    8785, but integers with all their digits. Raises Failure."""
    try:
        return _encodable(_json(value))
    except RecursionError:
        raise Failure("a value is nested too deeply") from None
    except ValueError:
        raise Failure("a number with too many digits") from None


def _encodable(text: str) -> str:
    if not text.isascii() and re.search("[\ud800-\udfff]", text):
        raise Failure("a value holds half of a surrogate pair")
    return text


def _json(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float_text(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return f"[{','.join([_json(item) for item in value])}]"
        case _:
            pairs = [f"{_json(key)}:{_json(item)}" for key, item in value.items()]
            return f"{{{','.join(pairs)}}}"


def _float_text(number: float) -> str:
    """ECMAScript's Number::toString, which RFC 8785 names: the shortest digits."""
    if not math.isfinite(number):
        raise Failure("a number that JSON cannot hold")
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    # The value is 0.DIGITS times ten to the power of `point`.
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = point - 1
    tail = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if power > 0 else '-'}{abs(power)}"
