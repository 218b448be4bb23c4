"""Turns an expression of `$<...>`, or a path, into a program for jq (1.6 or newer).

The meaning is that of `compiler.evaluate`. Each reference reads a variable `$v1`, `$v2`
...: the value as text, or null when there is none.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from compiler.evaluate import to_json_text
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
from compiler.regex.engines import to_jq
from compiler.regex.syntax import Problem, parse

# name -> (definition, the names it needs). Only those in use reach a script.
PRELUDE: dict[str, tuple[str, tuple[str, ...]]] = {
    "num": (
        """def num: tojson as $t | if $t == "-0" then "0" elif ($t | test("^-?[0-9]+$")) then $t else
    (. + 0 | tojson | capture("^(?<s>-?)(?<i>[0-9]+)(\\\\.(?<f>[0-9]+))?([eE](?<e>[-+]?[0-9]+))?$")) as $c
    | ($c.i + ($c.f // "")) as $a | ($a | sub("^0+"; "")) as $b | ($b | sub("0+$"; "")) as $d | ($d | length) as $k
    | (($c.i | length) + (($c.e // "0") | ltrimstr("+") | tonumber) - ($a | length) + ($b | length)) as $n
    | if $k == 0 then "0" elif $k <= $n and $n <= 21 then $c.s + $d + "0" * ($n - $k)
      elif 0 < $n and $n <= 21 then $c.s + $d[:$n] + "." + $d[$n:]
      elif -6 < $n and $n <= 0 then $c.s + "0." + (if $n == 0 then "" else "0" * (-$n) end) + $d
      else $c.s + $d[:1] + (if $k > 1 then "." + $d[1:] else "" end) + "e" + (if $n > 0 then "+" else "" end) + ($n - 1 | tostring) end end;""",
        (),
    ),
    "str": (
        r"""def str: if . == "" then "\"\"" else "\"" + (split("\u007f") | map(tojson[1:-1]) | join("\u007f")) + "\"" end;""",
        (),
    ),
    "json": (
        """def json: if type == "object" then . as $o | "{" + ([keys_unsorted[] as $k | ($k | str) + ":" + ($o[$k] | json)] | join(",")) + "}"
    elif type == "array" then "[" + (map(json) | join(",")) + "]" elif type == "number" then num
    elif type == "string" then str else tojson end;""",
        ("num", "str"),
    ),
    "text": (
        """def text: if type != "string" then json elif explode | index(0) then error("a value holds a NUL character") else . end;""",
        ("json",),
    ),
    "kind": (
        """def kind: {"string": "a text", "array": "a list", "object": "an object", "null": "null"}[type] // "a " + type;""",
        (),
    ),
    "parsed": (  # jq itself takes `01`, `1.` and `nan`
        r"""def parsed: if . == "" then error("not JSON: an empty text")
    elif test("\\A(?>(?:[^\"0-9.+-]+|\"(?:[^\"\\\\]+|\\\\.)*\"|-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9.eE+-]))*)\\z") then fromjson
    else error("not JSON: a text or a number that is none") end
    | if any(.. | numbers; isnan or isinfinite) then error("not JSON: a number that is none") else . end;""",
        (),
    ),
    "lost": (  # without [...] jq 1.6 catches what comes behind, too
        """def lost($value; $name): if ($value | type) != "string" then "" else [$value | try (parsed | "") catch (": the value of `" + $name + "` is not JSON")] | .[0] end;""",
        ("parsed",),
    ),
    "pattern": (  # `^` and `$` are the ends of lines in jq, `\\d` and its like go beyond ASCII
        r"""def pattern: {"d": "0-9", "w": "0-9A-Za-z_", "s": " \t\n\f\r\u000b"} as $class
    | gsub("(?<c>\\[\\^?\\]?(?:\\\\.|[^\\]\\\\])*\\])|(?:\\\\(?<x>.))|(?<b>\\^)|(?<e>[$])";
      if .c then .c | gsub("\\\\(?<x>.)"; $class[.x] // "\\" + .x) elif .x then ($class[.x] // null) as $of | if $of then "[" + $of + "]" else "\\" + .x end
      elif .b then "\\A" else "\\z" end);""",
        (),
    ),
    "into": (
        """def into($k): if type == "string" then (try parsed catch empty) | into($k)
    elif type == "object" and ($k | type) == "string" then if has($k) then .[$k] else empty end
    elif type == "array" and ($k | type) == "number" and $k < length then .[$k] else empty end;""",
        ("parsed",),
    ),
    "boolean": (
        """def boolean($of): if type == "boolean" then . else error("`" + $of + "` takes true or false, not " + kind) end;""",
        ("kind",),
    ),
    "number": (
        """def number($of): if type == "number" then . else error("`" + $of + "` takes a number, not " + kind) end;""",
        ("kind",),
    ),
    "string": (
        """def string($of): if type == "string" then . else error("`" + $of + "` takes a text, not " + kind) end;""",
        ("kind",),
    ),
    "alike": (
        """def alike($of; $a; $b): if ($a | type) == ($b | type) and ($a | type == "string" or type == "number") then .
    elif $of == "+" then error("`+` cannot add " + ($a | kind) + " and " + ($b | kind))
    else error("`" + $of + "` cannot compare " + ($a | kind) + " with " + ($b | kind)) end;""",
        ("kind",),
    ),
    "sum": (
        """def sum($a; $b): alike("+"; $a; $b) | $a + $b
    | if type == "number" and isinfinite then error("the result of `+` is too large") else . end;""",
        ("alike",),
    ),
    "holds": (
        """def holds($of; $whole; $item): if ($whole | type) == "array" then any($whole[]; . == $item)
    elif ($whole | type) == "string" and ($item | type) == "string" then ($whole | contains($item))
    elif ($whole | type) == "string" then error("`" + $of + "` cannot look for " + ($item | kind) + " in a text")
    else error("`" + $of + "` looks in a text or a list, not in " + ($whole | kind)) end;""",
        ("kind",),
    ),
    "len": (
        """def len: if type == "string" or type == "array" or type == "object" then length
    else error("`len` takes a text, a list or an object, not " + kind) end;""",
        ("kind",),
    ),
    "joined": (
        """def joined($separator): if type == "array" then map(text) | join($separator | string("join"))
    else error("`join` takes a list, not " + kind) end;""",
        ("text", "string"),
    ),
    "parts": (
        """def parts($separator): string("split") | if ($separator | string("split")) == "" then error("`split` takes a separator that is not empty")
    elif . == "" then [""] else split($separator) end;""",
        ("string",),
    ),
    "trim": (
        r"""def trimmed: string("trim") | sub("\\A[ \\t\\r\\n\\f\\x0b]+"; "") | sub("[ \\t\\r\\n\\f\\x0b]+\\z"; "");""",
        ("string",),
    ),
    "basename": (
        r"""def basename: string("basename") | if test("\\A/+\\z") then "/" else sub("/+\\z"; "") | split("/") | last // "" end;""",
        ("string",),
    ),
    "dirname": (
        r"""def dirname: string("dirname") | if test("\\A/+\\z") then "/" else sub("/+\\z"; "")
    | if contains("/") | not then "." else sub("/[^/]*\\z"; "") | sub("/+\\z"; "") | if . == "" then "/" else . end end end;""",
        ("string",),
    ),
}

_PLAIN = re.compile(r"\$(\{[A-Za-z0-9_]+\}|[A-Za-z0-9_]+)")


def plain(reference: Reference) -> bool:
    """Whether a reference without a value is empty, not an error (decision: `${X}`)."""
    return _PLAIN.fullmatch(reference.text) is not None


@dataclass
class Query:
    """A program for jq while it is made: `origins` are those of `$v1` ..., `used` the
    names of the prelude. `substituted` gives the variable of a command in backticks."""

    lenient: bool
    substituted: Callable[[CommandSubstitution], str]
    special: Callable[[Origin], str | None]
    origins: list[tuple[Origin, ...]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def program(self, expression: Expression) -> str:
        """The program that prints `expression` as text."""
        return f"{self.of(expression)} | {self._use('text')}"

    def of(self, expression: Expression) -> str:
        match expression:
            case Constant(value=value):
                return f"({_literal(value)})" if _negative(value) else _literal(value)
            case Reference():
                return self._reference(expression)
            case Template(parts=parts):
                return self._template(parts)
            case Unary(operator="!", operand=operand):
                return f"({self.of(operand)} | {self._use('boolean')}(\"!\") | not)"
            case Unary(operand=operand):
                return f"({self.of(operand)} | -{self._use('number')}(\"-\"))"
            case Binary():
                return self._binary(expression)
            case Conditional(test=test, then=then, otherwise=otherwise):
                tested = f"({self.of(test)} | {self._use('boolean')}(\"?\"))"
                return (
                    f"(if {tested} then {self.of(then)} else {self.of(otherwise)} end)"
                )
            case FunctionCall(name=name, arguments=arguments):
                return f"({self._call(name, arguments)})"
            case ListOf(items=items):
                return f"[{', '.join(f'({self.of(item)})' for item in items)}]"
            case _:
                assert_never(expression)

    def _use(self, name: str) -> str:
        if name not in self.used:
            self.used.add(name)
            for needed in PRELUDE[name][1]:
                self._use(needed)
        return name

    def _template(
        self, parts: tuple[str | Expression | CommandSubstitution, ...]
    ) -> str:
        pieces = [
            (
                _literal(part)
                if isinstance(part, str)
                else (
                    self.substituted(part)
                    if isinstance(part, CommandSubstitution)
                    else self.of(part)
                )
            )
            for part in parts
        ]
        if len(pieces) == 1:
            return pieces[0]
        text = self._use("text")
        return (
            f"({' + '.join(f'({piece} | {text})' for piece in pieces) or _literal('')})"
        )

    def _reference(self, reference: Reference) -> str:
        constant = next(
            (
                self.special(it)
                for it in reference.origins
                if self.special(it) is not None
            ),
            None,
        )
        if constant is not None and len(reference.origins) == 1:
            start = _literal(constant)
        else:
            start = self.variable(reference.origins)
        steps = "".join(
            f" | {self._use('into')}({_literal(key)})" for key in reference.path
        )
        typed = bool(reference.origins) and reference.origins[0].kind == "item"
        there = "" if typed else " | select(. != null)"  # an item can be null
        found = f"[{start}{there}{steps}]"
        if reference.default is not None:
            default = self.of(reference.default)
            return f'({found} | if .[0] == null or .[0] == "" then {default} else .[0] end)'
        if self.lenient or plain(reference):
            return f'({found} | if length == 0 then "" else .[0] end)'
        lost = _literal(f"no value for {reference.text}")
        if reference.path and reference.origins:
            name = _literal(_spelled(reference))
            lost += f" + {self._use('lost')}({start}; {name})"
        return f"({found} | if length == 0 then error({lost}) else .[0] end)"

    def variable(self, origins: tuple[Origin, ...]) -> str:
        if origins not in self.origins:
            self.origins.append(origins)
        return f"$v{self.origins.index(origins) + 1}"

    def _binary(self, expression: Binary) -> str:
        left, right = self.of(expression.left), self.of(expression.right)
        operator = expression.operator
        match operator:
            case "&&" | "||":
                boolean = self._use("boolean")
                spelled = "and" if operator == "&&" else "or"
                named = _literal(operator)
                return f"(({left} | {boolean}({named})) {spelled} ({right} | {boolean}({named})))"
            case "==" | "!=":
                return f"({left} {operator} {right})"
            case "in":
                return f"({self._use('holds')}(\"in\"; {right}; {left}))"
            case "+":
                return f"({self._use('sum')}({left}; {right}))"
            case "<" | "<=" | ">" | ">=":
                alike = self._use("alike")
                named = _literal(operator)
                return f"({left} as $a | {right} as $b | {alike}({named}; $a; $b) | $a {operator} $b)"
            case _:
                assert_never(operator)

    def _call(self, name: str, arguments: tuple[Expression, ...]) -> str:
        values = [self.of(each) for each in arguments]
        match name, values:
            case "toJSON", [value]:
                return f"{value} | {self._use('json')}"
            case "len", [value]:
                return f"{value} | {self._use('len')}"
            case "join", [items, separator]:
                return f"{items} | {self._use('joined')}({separator})"
            case "contains", [whole, item]:
                return f"{self._use('holds')}(\"contains\"; {whole}; {item})"
            case "split", [value, separator]:
                return f"{value} | {self._use('parts')}({separator})"
            case "basename" | "dirname", [value]:
                return f"{value} | {self._use(name)}"
            case "trim", [value]:
                return f"{value} | {self._use('trim') and 'trimmed'}"
            case _:
                return self._text_call(name, arguments, values)

    def _text_call(
        self, name: str, arguments: tuple[Expression, ...], values: list[str]
    ) -> str:
        string = f"{self._use('string')}({_literal(name)})"
        text = f"({values[0]} | {string})"
        match name, values:
            case "fromJSON", _:
                return f"{text} | {self._use('parsed')}"
            case "lower", _:
                return f"{text} | ascii_downcase"
            case "upper", _:
                return f"{text} | ascii_upcase"
            case "startsWith" | "endsWith", [_, other]:
                return f"{text} | {name.lower()}({other} | {string})"
            case "matches", [_, other]:
                pattern = arguments[1]
                if isinstance(pattern, Constant) and isinstance(pattern.value, str):
                    node = parse(pattern.value)
                    if not isinstance(node, Problem):
                        return f"{text} | test({_literal(to_jq(node))})"
                return f"{text} | test({other} | {string} | {self._use('pattern')})"
            case _:
                return f"error({_literal(f'there is no function {name}')})"


def _spelled(reference: Reference) -> str:
    """The part of `reference` that stands before the path."""
    first = reference.origins[0]
    return f"{reference.name}.{first.name}" if first.kind == "field" else first.name


def prelude(used: set[str]) -> str:
    """The definitions of the names in `used`, in an order in which jq reads them."""
    order = [
        "num",
        "str",
        "json",
        "kind",
        "text",
        *(
            name
            for name in PRELUDE
            if name not in ("num", "str", "json", "kind", "text")
        ),
    ]
    return "\n  ".join(PRELUDE[name][0] for name in order if name in used)


def _negative(value: Json) -> bool:
    return isinstance(value, int | float) and value < 0


def _literal(value: Json) -> str:
    """`value` as jq reads it; a backslash is always escaped, so `\\(` cannot occur."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return to_json_text(value)
