"""Turns expressions, templates and texts into Python source for one line of a file.

The meaning is that of `compiler.evaluate`, whose functions the source calls, beside those
of `backends.python.runtime.values`: `MODULES` has their definitions for `assemble`.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

import compiler.functions
import compiler.ir.expressions
import compiler.json_text
import compiler.paths
import compiler.regex.matching
import compiler.regex.syntax
from backends.python.runtime import values
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
    Reference,
    Template,
    Unary,
)
from compiler.regex.engines import is_tame, to_python
from compiler.regex.syntax import Problem, parse
from compiler.shelltext.render import render

# What the source may call, in an order in which it can be executed.
MODULES = (
    compiler.ir.expressions,
    compiler.json_text,
    compiler.paths,
    compiler.regex.syntax,
    compiler.regex.matching,
    compiler.functions,
    values,
)

# The definition that a function of R3 is.
_FUNCTIONS = {
    "toJSON": "to_json_text",
    "len": "length",
    "join": "join",
    "split": "split",
    "contains": "contains",
    "fromJSON": "from_json",
    "startsWith": "starts_with",
    "endsWith": "ends_with",
    "matches": "matches",
    "lower": "lower",
    "upper": "upper",
    "trim": "trimmed",
    "basename": "basename",
    "dirname": "dirname",
}
_BOOLEAN = frozenset(("contains", "startsWith", "endsWith", "matches"))
_PLAIN = re.compile(r"\$(\{[A-Za-z0-9_]+\}|[A-Za-z0-9_]+)")

# How tightly a piece of source binds.
_CONDITIONAL, _OR, _AND, _NOT, _SIGN, _ATOM = range(6)
_LONG = 20  # operands of a sum
_DEEP = (
    150  # brackets within each other; Python's reader takes 199, words are put in some
)


def source(
    expression: Expression, origin: Callable[[Origin], str], lenient: bool = False
) -> str:
    """Python source with the value of `expression`; it raises Failure without one.

    `origin` gives the source of an origin's value, which is None where it has none.
    `lenient` (handlers): what has no value is empty. A command in backticks is
    `backtick("text", WFC_1=value ..., integers=["N"], inner=["X"])`, the text and the
    rest as `compiler.shelltext.render` says: its stdout.
    """
    return _shallow(_Lowering(origin, lenient).of(expression))


def template_source(
    template: Template, origin: Callable[[Origin], str], lenient: bool = False
) -> str:
    """Python source with the text of `template`; otherwise as `source`."""
    return _shallow(_Lowering(origin, lenient).text(template))


def literal(text: str) -> str:
    """`text` as a literal of Python and of JSON.

    Shells in single quotes, the expressions of GitHub and jinja find nothing in it, and
    it is one line of printable characters.

    >>> print(literal("it's ${{ x }}, {% y %}"))
    "it\\u0027s $\\u007b{ x }}, \\u007b% y %}"
    """
    written = json.dumps(text, ensure_ascii=False)
    return _HOSTILE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


# Quotes of shells, braces that begin something, and what is not printable.
_HOSTILE = re.compile(
    r"'|\{(?=[{%#])|[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ud800-\udfff\ufeff\ufff0-\uffff]"
)


def constant(value: Json) -> str:
    """`value` as a literal of Python."""
    match value:
        case str():
            return literal(value)
        case list():
            return f"[{', '.join(map(constant, value))}]"
        case dict():
            pairs = (f"{literal(key)}: {constant(it)}" for key, it in value.items())
            return f"{{{', '.join(pairs)}}}"
        case _:
            return repr(value)


def _shallow(written: str) -> str:
    depth = deepest = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|[()\[\]{}]', written):
        if found[0] in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif found[0] in ")]}":
            depth -= 1
    return written if deepest <= _DEEP else "too_deep()"


@dataclass(frozen=True, slots=True)
class _Lowering:
    origin: Callable[[Origin], str]
    lenient: bool

    def of(self, expression: Expression) -> str:
        return self._lowered(expression)[0]

    def text(self, template: Template) -> str:
        parts = template.parts
        texts = [part for part in parts if isinstance(part, str)]
        whole = "".join(texts)
        # What no file holds is left to the run time, which refuses it.
        if len(texts) == len(parts) and not re.search("[\0\ud800-\udfff]", whole):
            return literal(whole)
        if len(parts) == 1:
            return f"to_text({self._template(parts)})"
        return self._template(parts)

    def _lowered(self, expression: Expression) -> tuple[str, int]:
        """The source of `expression`, and how tightly it binds."""
        match expression:
            case Constant(value=value):
                return constant(value), _ATOM
            case Reference():
                return self._reference(expression), _ATOM
            case Template(parts=parts):
                return self._template(parts), _ATOM
            case Unary():
                return self._unary(expression)
            case Binary():
                return self._binary(expression)
            case Conditional(test=test, then=then, otherwise=otherwise):
                tested = self._truth(test, "?", _OR)
                chosen = self._within(then, _OR)
                return f"{chosen} if {tested} else {self.of(otherwise)}", _CONDITIONAL
            case FunctionCall():
                return self._call(expression), _ATOM
            case ListOf(items=items):
                return f"[{', '.join(map(self.of, items))}]", _ATOM
            case _:
                assert_never(expression)

    def _within(self, expression: Expression, least: int) -> str:
        written, binding = self._lowered(expression)
        return written if binding >= least else f"({written})"

    def _truth(self, expression: Expression, operator: str, least: int) -> str:
        """The source of an operand of `operator` that has to be true or false."""
        if _is_boolean(expression):
            return self._within(expression, least)
        return f"boolean({self.of(expression)}, {literal(operator)})"

    # ---- parts

    def _template(
        self, parts: tuple[str | Expression | CommandSubstitution, ...]
    ) -> str:
        pieces = [self._part(part) for part in parts]
        return pieces[0] if len(pieces) == 1 else f"concat({', '.join(pieces)})"

    def _part(self, part: str | Expression | CommandSubstitution) -> str:
        if isinstance(part, str):
            return literal(part)
        if not isinstance(part, CommandSubstitution):
            return self.of(part)
        rendered = render(part.command)
        words = [literal(rendered.text)]
        for binding in rendered.bindings:
            bound = Template(parts=(binding.expression,), span=part.span)
            words.append(f"{binding.name}={self.text(bound)}")
        if rendered.integers:
            words.append(f"integers={constant(list(rendered.integers))}")
        if rendered.exported:
            words.append(f"inner={constant(list(rendered.exported))}")
        return f"trim(backtick({', '.join(words)}))"

    def _reference(self, reference: Reference) -> str:
        origins = reference.origins
        if origins and origins[0].kind == "item":  # it always has a value: also null
            held = self.origin(origins[0])
            if not reference.path and reference.default is None:
                return held
        else:
            held = f"first({', '.join(map(self.origin, origins))})"
        keys = ", ".join(constant(key) for key in reference.path)
        found = f"path({held}, {keys})" if keys else held
        if reference.default is not None:
            return f"default({found}, lambda: {self.of(reference.default)})"
        if self.lenient or _PLAIN.fullmatch(reference.text):
            return f"or_empty({found})"
        written = literal(reference.text)
        if not keys or not origins:
            return f"need({found}, {written})"
        return f"reach({held}, {written}, {literal(_spelled(reference))}, {keys})"

    def _unary(self, expression: Unary) -> tuple[str, int]:
        """Of several in a row only their number matters."""
        operator, odd = expression.operator, False
        inner: Expression = expression
        while isinstance(inner, Unary) and inner.operator == operator:
            inner, odd = inner.operand, not odd
        if operator == "-":
            written = f'number({self.of(inner)}, "-")'
            return (f"-{written}", _SIGN) if odd else (written, _ATOM)
        written = self._truth(inner, "!", _NOT)
        return (f"not {written}" if odd else written), _NOT

    def _binary(self, expression: Binary) -> tuple[str, int]:
        operator = expression.operator
        match operator:
            case "&&" | "||":
                binding = _AND if operator == "&&" else _OR
                left = self._truth(expression.left, operator, binding)
                right = self._truth(expression.right, operator, binding + 1)
                return f"{left} {'and' if operator == '&&' else 'or'} {right}", binding
            case "+":
                return self._sum(expression), _ATOM
        left, right = self.of(expression.left), self.of(expression.right)
        match operator:
            case "==":
                return f"equal({left}, {right})", _ATOM
            case "!=":
                return f"not equal({left}, {right})", _NOT
            case "in":
                return f'contains(item={left}, whole={right}, operator="in")', _ATOM
            case "<" | "<=" | ">" | ">=":
                return f"compare({left}, {literal(operator)}, {right})", _ATOM
            case _:
                assert_never(operator)

    def _sum(self, expression: Binary) -> str:
        operands: list[Expression] = []
        rest: Expression = expression
        while isinstance(rest, Binary) and rest.operator == "+":
            operands.append(rest.right)
            rest = rest.left
        written, *others = map(self.of, (rest, *reversed(operands)))
        if len(others) >= _LONG:
            return f"sum_of({', '.join([written, *others])})"
        for other in others:
            written = f"add({written}, {other})"
        return written

    def _call(self, call: FunctionCall) -> str:
        arguments = [self.of(each) for each in call.arguments]
        if call.name == "matches":
            pattern = call.arguments[-1]
            if isinstance(pattern, Constant) and isinstance(pattern.value, str):
                node = parse(pattern.value)
                if not isinstance(node, Problem) and is_tame(node):
                    return f"found_in({arguments[0]}, {literal(to_python(node))})"
        return f"{_FUNCTIONS[call.name]}({', '.join(arguments)})"


def _is_boolean(expression: Expression) -> bool:
    """Whether its value is true or false, whatever the values in it are."""
    match expression:
        case Constant(value=value):
            return isinstance(value, bool)
        case Unary(operator=operator):
            return operator == "!"
        case Binary(operator=operator):
            return operator != "+"
        case FunctionCall(name=name):
            return name in _BOOLEAN
        case _:
            return False


def _spelled(reference: Reference) -> str:
    """The part of `reference` that stands before the path."""
    first = reference.origins[0]
    if first.kind == "field":
        return f"{reference.name}.{first.name}"
    return first.name or reference.name
