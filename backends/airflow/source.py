"""Turns parts of Python source into text that black leaves as it is."""

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

_WIDTH = 88


@dataclass(frozen=True, slots=True)
class Text:
    """A text as a literal; one of several lines stands between triple quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """`name(...)`, its arguments with their names or ""; `open`: always one a line. `then`
    follows it."""

    name: str
    arguments: "Sequence[tuple[str, Node]]"
    open: bool = False
    then: str = ""


@dataclass(frozen=True, slots=True)
class Dict:
    entries: "Sequence[tuple[str, Node]]"


@dataclass(frozen=True, slots=True)
class List:
    items: "Sequence[Node]"


@dataclass(frozen=True, slots=True)
class Later:
    """`lambda: value`."""

    value: "Node"


@dataclass(frozen=True, slots=True)
class Terms:
    """`source`, which is operands with `word` between them: "and" or "or"."""

    source: str
    word: str
    operands: "Sequence[Node]"


@dataclass(frozen=True, slots=True)
class Choice:
    """`source`, which is `lines[0] if lines[1] else lines[2]`."""

    source: str
    lines: Sequence[str]


# A text that is Python source stands as it is, on one line.
Node: TypeAlias = str | Text | Call | Dict | List | Later | Terms | Choice


def statement(node: Node, indent: int = 0, target: str = "") -> str:
    """`target = node` or `node` alone, with a line end."""
    margin = " " * indent
    before = f"{margin}{target} = " if target else margin
    return f"{before}{_laid(node, indent, len(before), 0)}\n"


def _laid(node: Node, indent: int, before: int, after: int) -> str:
    """`node` where `before` characters stand before it on its line, `after` behind it."""
    if not _is_open(node):
        line = inline(node)
        if before + len(line) + after <= _WIDTH:
            return line
    match node:
        case Call(name=name, arguments=arguments) if arguments:
            pairs = [(f"{key}=" if key else "", value) for key, value in arguments]
            return f"{name}({_listed(pairs, indent)}){node.then}"
        case Dict(entries=entries) if entries:
            pairs = [(f"{literal(key)}: ", value) for key, value in entries]
            return f"{{{_listed(pairs, indent)}}}"
        case List(items=items) if items:
            return f"[{_listed([('', it) for it in items], indent)}]"
        case Later(value=value):
            return f"lambda: {_laid(value, indent, before + 8, after)}"
        case Terms(word=word, operands=operands):
            first, *rest = operands
            margin = f"\n{' ' * indent}{word} "
            lines = [_laid(it, indent, len(margin) - 1, after) for it in rest]
            return margin.join([_laid(first, indent, before, 0), *lines])
        case Choice(lines=lines):
            margin = f"\n{' ' * (indent + 4)}"
            spelled = zip(("", "if ", "else "), map(inline, lines), strict=True)
            kept = "".join(f"{margin}{word}{line}" for word, line in spelled)
            return f"({kept}\n{' ' * indent})"
        case str():
            tree = parsed(node)
            return (
                inline(node)
                if isinstance(tree, str)
                else _laid(tree, indent, before, after)
            )
        case _:
            return inline(node)


def _listed(pairs: Sequence[tuple[str, Node]], indent: int) -> str:
    margin = " " * (indent + 4)
    lines = [
        f"{margin}{key}{_laid(value, indent + 4, indent + 4 + len(key), 1)},\n"
        for key, value in pairs
    ]
    return f"\n{''.join(lines)}{' ' * indent}"


def _is_open(node: Node) -> bool:
    match node:
        case Text(text=text):
            return _is_block(text)
        case Call(arguments=pairs, open=open):
            return open or any(_is_open(value) for _, value in pairs)
        case Dict(entries=pairs):
            return any(_is_open(value) for _, value in pairs)
        case List(items=items):
            return any(map(_is_open, items))
        case Later(value=value):
            return _is_open(value)
        case _:
            return False


def inline(node: Node) -> str:
    """`node` on one line, but for a text of several."""
    match node:
        case Text(text=text):
            return block(text) if _is_block(text) else literal(text)
        case Call(name=name, arguments=arguments):
            words = [
                f"{key}={inline(it)}" if key else inline(it) for key, it in arguments
            ]
            return f"{name}({', '.join(words)}){node.then}"
        case Dict(entries=entries):
            pairs = [f"{literal(key)}: {inline(it)}" for key, it in entries]
            return f"{{{', '.join(pairs)}}}"
        case List(items=items):
            return f"[{', '.join(map(inline, items))}]"
        case Later(value=value):
            return f"lambda: {inline(value)}"
        case Terms(source=source) | Choice(source=source):
            return inline(source)
        case _:
            return _STRING.sub(lambda it: literal(json.loads(it[0])), node)


# A text in Python that was made for others, too.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def parsed(source: str) -> Node:
    """The parts of an expression that is too long for a line."""
    return _parts(ast.parse(source, mode="eval").body, source)


def _parts(node: ast.expr, source: str) -> Node:
    match node:
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            pairs = [("", _parts(it, source)) for it in args]
            pairs += [(it.arg or "", _parts(it.value, source)) for it in keywords]
            return Call(name, pairs)
        case ast.List(elts=elements):
            return List([_parts(it, source) for it in elements])
        case ast.Dict(keys=keys, values=values):
            named = [it.value for it in keys if isinstance(it, ast.Constant)]
            return Dict(
                [
                    (str(key), _parts(it, source))
                    for key, it in zip(named, values, strict=True)
                ]
            )
        case ast.Lambda(args=ast.arguments(args=[]), body=body):
            return Later(_parts(body, source))
        case ast.BoolOp(op=op, values=values):
            word = "and" if isinstance(op, ast.And) else "or"
            return Terms(_of(node, source), word, [_parts(it, source) for it in values])
        case ast.IfExp(test=test, body=body, orelse=other):
            lines = [_of(it, source) for it in (body, test, other)]
            return Choice(_of(node, source), lines)
        case _:
            return _of(node, source)


def _of(node: ast.expr, source: str) -> str:
    return ast.get_source_segment(source, node) or source


# ---- literals


def _is_block(text: str) -> bool:
    return "\n" in text.removesuffix("\n")


def literal(text: str) -> str:
    """A literal of one line, in the quotes that black would choose."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return f"{quote}{''.join(_escaped(it, quote) for it in text)}{quote}"


_SHORT = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escaped(character: str, quote: str) -> str:
    if character == quote:
        return f"\\{quote}"
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable():
        return character
    point = ord(character)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def block(text: str) -> str:
    """A text between triple quotes, its lines as they are."""
    kept = "".join("\n" if it == "\n" else _escaped(it, "\n") for it in text)
    kept = kept.replace('"""', '\\"\\"\\"')
    if (len(text) - len(text.rstrip('"'))) % 3:
        kept = f'{kept[:-1]}\\"'
    return f'"""\\\n{kept}"""'
