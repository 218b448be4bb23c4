"""Turns the tree that lark reads with `grammar/expression.lark` into an expression."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from compiler.diagnostics import Diagnostic, did_you_mean
from compiler.expressions.reading import (
    Diagnostics,
    Part,
    Reading,
    merge,
    short,
    too_large,
)
from compiler.expressions.references import (
    BRACED,
    ESCAPE,
    LITERALS,
    WHOLE_REFERENCE,
    to_reference,
    unescaped,
)
from compiler.expressions.signatures import FUNCTIONS, SIGNATURES
from compiler.expressions.syntax_errors import syntax_error
from compiler.ir import (
    Binary,
    Conditional,
    Constant,
    Expression,
    FunctionCall,
    ListOf,
    Reference,
    Template,
    Unary,
)
from compiler.walk import children

# Later passes walk expressions by recursion, so their depth has a bound.
MAX_DEPTH = 200


@cache
def _grammar() -> Lark:
    return Lark(
        files("grammar").joinpath("expression.lark").read_text("utf-8"),
        parser="lalr",
        lexer="contextual",
        propagate_positions=True,
        maybe_placeholders=False,
    )


def read(reading: Reading, more_follows: bool) -> tuple[Expression | None, Diagnostics]:
    """The `${...}` or `$<...>` that is the whole text of `reading`, and what is wrong.

    `more_follows`: behind it stands one more `>` in the line.
    """
    try:
        tree = _grammar().parse(reading.text)
    except UnexpectedInput as error:
        return None, (syntax_error(reading, error, more_follows),)
    found: list[Diagnostic] = []
    built: dict[int, Expression | tuple[Part, ...]] = {}
    # Children come before their parents, without recursion: texts may nest at will.
    for subtree in tree.iter_subtrees():
        built[id(subtree)] = _built(reading, subtree, built, found)
    expression = built[id(tree)]
    assert not isinstance(expression, tuple)
    if _depth(expression) > MAX_DEPTH:
        found.append(too_large(reading, 0, len(reading.text)))
    return (None if found else expression), tuple(found)


def _built(
    reading: Reading,
    tree: Tree[Token],
    built: dict[int, Expression | tuple[Part, ...]],
    found: list[Diagnostic],
) -> Expression | tuple[Part, ...]:
    """The node of `tree`; for a default or a part of one, its parts."""
    start, end = getattr(tree.meta, "start_pos", 0), getattr(tree.meta, "end_pos", 0)
    nodes = [built.get(id(child)) for child in tree.children]
    operands = cast("list[Expression]", [node for node in nodes if node is not None])
    first = tree.children[0] if tree.children else ""
    word = str(first) if isinstance(first, str) else ""
    span = reading.locate(start, end)
    match tree.data:
        case "default":
            return tuple(part for node in nodes for part in _as_parts(node))
        case "braces":
            return ("{", *_as_parts(nodes[0]), "}")
        case "text":
            return (word,)
        case "escaped":
            return (word[1:],)
        case "named":
            return (Reference(text=word, name=word[1:], span=span),)
        case "braced" | "defaulted" | "path":
            return _built_reference(reading, tree, nodes)
        case "angled":
            inner = operands[0]
            if isinstance(inner, Reference) and inner.default is None:
                inner = replace(inner, text=reading.text[start:end], span=span)
            return inner
        case "number" | "string":
            return _constant(reading, word, start, end, found)
        case "word":
            return Constant(value=LITERALS[word], span=span)
        case "unary":
            sign = cast(Literal["!", "-"], word)
            return Unary(operator=sign, operand=operands[0], span=span)
        case "binary":
            operator = cast(Literal["=="], str(tree.children[1]))
            left, right = operands
            return Binary(operator=operator, left=left, right=right, span=span)
        case "conditional":
            test, then, otherwise = operands
            return Conditional(test=test, then=then, otherwise=otherwise, span=span)
        case "list":
            return ListOf(items=tuple(operands), span=span)
        case _:
            found.extend(_wrong_call(reading, word, len(operands), start, end))
            return FunctionCall(name=word, arguments=tuple(operands), span=span)


def _as_parts(node: Expression | tuple[Part, ...] | None) -> tuple[Part, ...]:
    if node is None:
        return ()
    return node if isinstance(node, tuple) else (node,)


def _built_reference(
    reading: Reading,
    tree: Tree[Token],
    nodes: list[Expression | tuple[Part, ...] | None],
) -> Reference:
    token = cast(Token, tree.children[0])
    start, end = tree.meta.start_pos, tree.meta.end_pos
    match = BRACED.match(token) or WHOLE_REFERENCE.match(token)
    assert match is not None
    if tree.data != "defaulted":
        return to_reference(reading, match, start, end)
    begin = start + len(token)
    span = reading.locate(begin, end - 1)
    default = Template(parts=merge(_as_parts(nodes[1])), span=span)
    return to_reference(reading, match, start, end, default)


def _constant(
    reading: Reading, word: str, start: int, end: int, found: list[Diagnostic]
) -> Constant:
    """A number or a quoted text."""

    def refuse(message: str, help: str, at: int = start, to: int = end) -> None:
        found.append(reading.problem("WFC301", message, at, to, help=help))

    value: str | int | float = ""
    if word[0] not in "\"'":
        if re.match(r"0[0-9]", word):
            refuse("a number has no leading zero", "leave the zeros out, or quote it")
        elif word.isdigit() and len(word) <= 4000:
            value = int(word)
        elif word.isdigit() or (value := float(word)) == float("inf"):
            refuse(f"`{short(word)}` is too large a number", "quote it as a text")
    else:
        for escape in re.finditer(r"\\([\s\S])", word):
            if not re.match(ESCAPE, word[escape.start() :]):
                refuse(
                    f"`{short(escape[0])}` is not an escape",
                    "escapes are those of JSON and `\\'`; a backslash is `\\\\`",
                    start + escape.start(),
                    start + escape.end(),
                )
        value = "" if found else unescaped(word[1:-1])
        if re.search("[\0\ud800-\udfff]", value):
            refuse(
                "this text cannot be a value",
                "a value holds neither NUL nor half of a surrogate pair",
            )
    return Constant(value=value, span=reading.locate(start, end))


def _wrong_call(
    reading: Reading, name: str, count: int, start: int, end: int
) -> Iterator[Diagnostic]:
    """What is wrong with a call of `name` with `count` arguments."""
    wanted = FUNCTIONS.get(name)
    if wanted is None:
        yield reading.problem(
            "WFC301",
            f"there is no function `{short(name)}`",
            start,
            start + len(name),
            "unknown function",
            did_you_mean(name, FUNCTIONS),
        )
    elif wanted != count:
        plural = "argument" if wanted == 1 else "arguments"
        yield reading.problem(
            "WFC301",
            f"`{name}` takes {wanted} {plural}, not {count}",
            start,
            end,
            help=f"write `{SIGNATURES.get(name, f'{name}(value)')}`",
        )


def _depth(expression: Expression) -> int:
    """How many nodes lie on the longest way down, counted without recursion."""
    deepest, left = 0, [(expression, 1)]
    while left:
        node, depth = left.pop()
        deepest = max(deepest, depth)
        left.extend((child, depth + 1) for child in children(node))
    return deepest
