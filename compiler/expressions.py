"""Turns the text of `${...}`, `$<...>` and of fields with references into expressions.

The grammar is `grammar/expression.lark`. Names, paths and defaults are nearly all there
is and are read by hand, because lark takes longer to start than a whole lint: it comes
in with the first operator, function or literal.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from compiler.diagnostics import Diagnostic, did_you_mean
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
from compiler.source import Span

if TYPE_CHECKING:
    from lark import Lark, Token, Tree
    from lark.exceptions import UnexpectedInput

Locate = Callable[[int, int], Span]
"""Offsets in the text that is read, to the place in the file."""

# The pure functions of R3 and how many arguments each takes.
FUNCTIONS = {
    "fromJSON": 1,
    "toJSON": 1,
    "len": 1,
    "join": 2,
    "split": 2,
    "contains": 2,
    "startsWith": 2,
    "endsWith": 2,
    "matches": 2,
    "lower": 1,
    "upper": 1,
    "trim": 1,
    "basename": 1,
    "dirname": 1,
}

# Later passes walk expressions by recursion, so their depth has a bound.
MAX_DEPTH = 200
MAX_LENGTH = 20_000
MAX_NESTED_BRACKETS = 100
MAX_NESTED_REFERENCES = 20

_Part: TypeAlias = str | Expression | CommandSubstitution
_Diagnostics: TypeAlias = tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was read, up to `end` (behind the closing bracket).

    Without an expression it was ours but is wrong, and `diagnostics` says how.
    """

    expression: Expression | None
    end: int
    diagnostics: _Diagnostics = ()


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text and how it is read. `strict`: a `${` that is not ours is an error, else it
    is the shell's. `backticks`: they are commands. `$1` to `positional` are names."""

    text: str
    locate: Locate
    strict: bool = False
    backticks: bool = False
    positional: int = 0

    def problem(
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        label: str = "",
        help: str = "",
        others: tuple[tuple[Span, str], ...] = (),
    ) -> Diagnostic:
        return Diagnostic(
            code=code,
            message=message,
            span=self.locate(start, end),
            label=label,
            help=help,
            others=others,
        )


# ---- names and paths; the same patterns as in the grammar

_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_ESCAPE = r"""\\["'\\/bfnrt]|\\u[0-9A-Fa-f]{4}"""
_KEY = (
    r"\.[A-Za-z0-9_][A-Za-z0-9_-]*"
    r"|\[[0-9]{1,9}\]"
    rf'|\["(?:{_ESCAPE}|[^"\\])*"\]'
    rf"|\['(?:{_ESCAPE}|[^'\\])*'\]"
)
_REFERENCE = rf"({_NAME})((?:{_KEY})*)"
_BRACED = re.compile(rf"\$\{{{_REFERENCE}")
_ANGLED = re.compile(rf"\$<[ \t\r\n]*{_REFERENCE}[ \t\r\n]*>")
_UNDECLARED = re.compile(r"\$\{[0-9]+(?=\}|:-)")
_NUMBERED = re.compile(r"\$\{([1-9][0-9]{0,3})()(?=\}|:-)")
_WHOLE_REFERENCE = re.compile(_REFERENCE)
_EACH_KEY = re.compile(_KEY)
_PLAIN = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_QUOTED = re.compile(r""""(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'""")
_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _unescaped(text: str) -> str:
    """The text that JSON's escapes in `text` stand for, pairs of surrogates joined."""

    def character(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) > 1:
            return chr(int(escape[1:], 16))
        return _ESCAPED.get(escape, escape)

    if "\\" not in text:
        return text
    plain = re.sub(r"\\(u[0-9A-Fa-f]{4}|[\s\S])", character, text)
    units = plain.encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "surrogatepass")


def _path(keys: str) -> tuple[str | int, ...]:
    """`.a[0]["k"]` as `("a", 0, "k")`."""
    return tuple(
        (
            key[1:]
            if key[0] == "."
            else int(key[1:-1]) if key[1].isdigit() else _unescaped(key[2:-2])
        )
        for key in _EACH_KEY.findall(keys)
    )


def _reference(
    reading: _Reading,
    match: re.Match[str],
    start: int,
    end: int,
    default: Expression | None = None,
) -> Reference:
    return Reference(
        text=reading.text[start:end],
        name=match[1],
        path=_path(match[2]),
        default=default,
        span=reading.locate(start, end),
    )


# ---- where something that nests ends


def _end_of_default(reading: _Reading, start: int, depth: int) -> int | Diagnostic:
    """The offset of the `}` that closes the `${X:-` at `start`."""
    text = reading.text
    opening = _BRACED.match(text, start) or _NUMBERED.match(text, start)
    position = (opening.end() if opening else start) + 2
    if depth > MAX_NESTED_REFERENCES:
        return _too_large(reading, start, position)
    braces = 0
    special = re.compile(r"[\\${}`]")
    while found := special.search(text, position):
        position = found.end()
        match found[0]:
            case "\\":
                position += text[position : position + 1] in ("{", "}", "$")
            case "{":
                braces += 1
            case "}" if braces == 0:
                return found.start()
            case "}":
                braces -= 1
            case "`" if reading.backticks:
                command = _BACKTICKS.match(text, found.start())
                position = command.end() if command else position
            case "$":
                behind = _behind_dollar(reading, found.start(), depth)
                if isinstance(behind, Diagnostic):
                    return behind
                position = behind
    return reading.problem(
        "WFC305",
        f"`{_short(text[start : opening.end() if opening else start + 2])}` is never closed",
        start,
        opening.end() if opening else start + 2,
        "begins here",
        "close it with `}`; a single brace in a default is written `\\{` or `\\}`",
    )


def _behind_dollar(reading: _Reading, start: int, depth: int) -> int | Diagnostic:
    """The offset behind the reference or the escape that begins at `start`, in a default."""
    text = reading.text
    if text.startswith("$$<", start):
        return start + 3
    if text.startswith("$${", start):
        return start + 2
    if text.startswith("$<", start):
        end = _end_of_angled(reading, start, depth + 1)
    else:
        match = _BRACED.match(text, start) or _numbered(reading, start)
        if match is not None and text.startswith("}", match.end()):
            return match.end() + 1
        if match is None or not text.startswith(":-", match.end()):
            return start + 1
        end = _end_of_default(reading, start, depth + 1)
    return end if isinstance(end, Diagnostic) else end + 1


def _end_of_angled(reading: _Reading, start: int, depth: int) -> int | Diagnostic:
    """The offset of the `>` that closes the `$<` at `start`: the first one outside of
    quotes and brackets (R3)."""
    text, position = reading.text, start + 2
    if depth > MAX_NESTED_REFERENCES:
        return _too_large(reading, start, position)
    brackets: list[int] = []
    special = re.compile(r"""["'()\[\]{}>$]""")
    while found := special.search(text, position):
        position = found.end()
        match found[0]:
            case '"' | "'":
                quoted = _QUOTED.match(text, found.start())
                if quoted is None:
                    return _unclosed(reading, start, found.start(), "this quote")
                position = quoted.end()
            case "(" | "[" | "{":
                brackets.append(found.start())
                if len(brackets) > MAX_NESTED_BRACKETS:
                    return _too_large(reading, found.start(), found.end())
            case ")" | "]" | "}":
                del brackets[-1:]
            case "$":
                match = _BRACED.match(text, found.start())
                if match and text.startswith(":-", match.end()):
                    end = _end_of_default(reading, found.start(), depth + 1)
                    if isinstance(end, Diagnostic):
                        return end
                    position = end + 1
            case ">" if not brackets:
                return found.start()
    return _unclosed(reading, start, brackets[-1] if brackets else None, "this bracket")


def _unclosed(
    reading: _Reading, start: int, inner: int | None, what: str
) -> Diagnostic:
    others = () if inner is None else ((reading.locate(inner, inner + 1), what),)
    help = "close it with `>`; `\\$<` in a shell text and `$$<` elsewhere are literal"
    if inner is not None:
        help = f"{what} is not closed either"
    return reading.problem(
        "WFC305", "`$<` is never closed", start, start + 2, "begins here", help, others
    )


def _too_large(reading: _Reading, start: int, end: int) -> Diagnostic:
    return reading.problem(
        "WFC301",
        "this expression is too long or nested too deeply",
        start,
        end,
        help="split it: let a step or a variable hold a part of it",
    )


def _short(text: str) -> str:
    """`text` as a message shows it."""
    line = text.split("\n", 1)[0]
    return line if len(line) <= 40 else line[:39] + "…"


# ---- one reference or expression


def parse_at(text: str, start: int, locate: Locate) -> Parsed | None:
    """Reads the `${...}` or `$<...>` that begins at `start` of a shell text (R1).

    None: a `${` that the shell reads (`${X#p}`, `${#X}`, `${X:+a}`, `${1}`). What is
    wrong is WFC301 or WFC305; after an unclosed one `end` may be the end of the text.
    """
    return _read(_Reading(text, locate), start)


def _read(reading: _Reading, start: int) -> Parsed | None:
    if reading.text.startswith("$<", start):
        return _read_angled(reading, start)
    return _read_braced(reading, start)


def _numbered(reading: _Reading, start: int) -> re.Match[str] | None:
    match = _NUMBERED.match(reading.text, start)
    return match if match and int(match[1]) <= reading.positional else None


def _read_braced(reading: _Reading, start: int) -> Parsed | None:
    text = reading.text
    match = _BRACED.match(text, start) or _numbered(reading, start)
    if match is None:
        return None
    behind = match.end()
    if text.startswith("}", behind):
        return Parsed(_reference(reading, match, start, behind + 1), behind + 1)
    if not text.startswith(":-", behind):
        return _not_a_reference(reading, match)
    end = _end_of_default(reading, start, 0)
    if isinstance(end, Diagnostic):
        return Parsed(None, len(text), (end,))
    # A default that the shell reads itself may hold what only the shell understands.
    ours = reading.strict or bool(match[2]) or "-" in match[1]
    inner = replace(reading, strict=ours)
    parts, diagnostics = _parts(inner, behind + 2, end, default=True)
    default = Template(parts=parts, span=reading.locate(behind + 2, end))
    reference = _reference(reading, match, start, end + 1, default)
    return Parsed(reference, end + 1, diagnostics)


def _not_a_reference(reading: _Reading, match: re.Match[str]) -> Parsed | None:
    """`${X` and something else than `}` or `:-`: the shell's, unclosed, or a slip."""
    start, behind = match.span()
    follows = reading.text[behind : behind + 1]
    if "-" in match[1]:  # `${X-default}` is the shell's
        return None
    if follows in ("", *" \t\r\n\"';)&|<>`\\$"):
        return Parsed(
            None,
            behind,
            (
                reading.problem(
                    "WFC305",
                    f"`{_short(match[0])}` is never closed",
                    start,
                    behind,
                    "begins here",
                    "close it with `}`",
                ),
            ),
        )
    if "." not in match[2] + follows:  # also `${array[0]#p}`
        return None
    return Parsed(
        None,
        behind,
        (
            reading.problem(
                "WFC301",
                f"`{follows}` cannot follow `{_short(match[0])}`",
                behind,
                behind + 1,
                "expected `}` or `:-` and a default",
                "a shell's operators work on plain names only",
            ),
        ),
    )


def _read_angled(reading: _Reading, start: int) -> Parsed:
    text = reading.text
    bare = _ANGLED.match(text, start)
    if bare and (bare[1] not in _LITERALS or bare[2]):
        end = bare.end()
        expression: Expression | None = _reference(reading, bare, start, end)
        diagnostics: _Diagnostics = ()
    else:
        closing = _end_of_angled(reading, start, 0)
        if isinstance(closing, Diagnostic):
            return Parsed(None, len(text), (closing,))
        end = closing + 1
        if end - start > MAX_LENGTH:
            return Parsed(None, end, (_too_large(reading, start, start + 2),))
        expression, diagnostics = by_grammar(reading.text, start, end, reading.locate)
    if not diagnostics and _closed_early(text, start, end):
        problem = reading.problem(
            "WFC301",
            "this `>` closes `$<`, but more of the expression seems to follow",
            end - 1,
            end,
            "`$<` ends here",
            _PARENTHESISE,
        )
        return Parsed(None, end, (problem,))
    return Parsed(expression, end, diagnostics)


_PARENTHESISE = (
    "the first `>` outside of brackets closes `$<`: to compare, write `$<(a > b)>`"
)
_MORE = re.compile(r"[^\n$>]*>")


def _closed_early(text: str, start: int, end: int) -> bool:
    """Whether what `$<... >` closed looks like the left side of `>` or `>=`: white space
    or `=` beside the `>`, and one more of them in the line."""
    lopsided = text[end - 2].isspace() and not text[start + 2].isspace()
    if not lopsided and not text.startswith("=", end):
        return False
    return _MORE.match(text, end) is not None


# ---- what only the grammar reads


@cache
def _grammar() -> "Lark":
    from importlib.resources import files

    from lark import Lark

    return Lark(
        files("grammar").joinpath("expression.lark").read_text("utf-8"),
        parser="lalr",
        lexer="contextual",
        propagate_positions=True,
        maybe_placeholders=False,
    )


def by_grammar(
    text: str, start: int, end: int, locate: Locate
) -> tuple[Expression | None, _Diagnostics]:
    """The `${...}` or `$<...>` from `start` to `end`, read by lark."""
    from lark.exceptions import UnexpectedInput

    reading = _Reading(text, lambda one, other: locate(start + one, start + other))
    reading = replace(reading, text=text[start:end])
    try:
        tree = _grammar().parse(reading.text)
    except UnexpectedInput as error:
        return None, (_syntax_error(reading, error, _MORE.match(text, end)),)
    found: list[Diagnostic] = []
    built: dict[int, Expression | tuple[_Part, ...]] = {}
    # Children come before their parents, without recursion: texts may nest at will.
    for subtree in tree.iter_subtrees():
        built[id(subtree)] = _built(reading, subtree, built, found)
    expression = built[id(tree)]
    assert not isinstance(expression, tuple)
    if _depth(expression) > MAX_DEPTH:
        found.append(_too_large(reading, 0, len(reading.text)))
    return (None if found else expression), tuple(found)


def _built(
    reading: _Reading,
    tree: "Tree[Token]",
    built: dict[int, Expression | tuple[_Part, ...]],
    found: list[Diagnostic],
) -> Expression | tuple[_Part, ...]:
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
            return Constant(value=_LITERALS[word], span=span)
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


def _as_parts(node: Expression | tuple[_Part, ...] | None) -> tuple[_Part, ...]:
    if node is None:
        return ()
    return node if isinstance(node, tuple) else (node,)


def _merged(parts: tuple[_Part, ...]) -> tuple[_Part, ...]:
    """`parts` with neighbouring texts joined and empty ones left out."""
    merged: list[_Part] = []
    texts: list[str] = []
    for part in (*parts, None):
        if isinstance(part, str):
            texts.append(part)
            continue
        if any(texts):
            merged.append("".join(texts))
        texts = []
        if part is not None:
            merged.append(part)
    return tuple(merged)


def _built_reference(
    reading: _Reading,
    tree: "Tree[Token]",
    nodes: list[Expression | tuple[_Part, ...] | None],
) -> Reference:
    token = cast("Token", tree.children[0])
    start, end = tree.meta.start_pos, tree.meta.end_pos
    match = _BRACED.match(token) or _WHOLE_REFERENCE.match(token)
    assert match is not None
    if tree.data != "defaulted":
        return _reference(reading, match, start, end)
    begin = start + len(token)
    span = reading.locate(begin, end - 1)
    default = Template(parts=_merged(_as_parts(nodes[1])), span=span)
    return _reference(reading, match, start, end, default)


def _constant(
    reading: _Reading, word: str, start: int, end: int, found: list[Diagnostic]
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
            refuse(f"`{_short(word)}` is too large a number", "quote it as a text")
    else:
        for escape in re.finditer(r"\\([\s\S])", word):
            if not re.match(_ESCAPE, word[escape.start() :]):
                refuse(
                    f"`{_short(escape[0])}` is not an escape",
                    "escapes are those of JSON and `\\'`; a backslash is `\\\\`",
                    start + escape.start(),
                    start + escape.end(),
                )
        value = "" if found else _unescaped(word[1:-1])
        if re.search("[\0\ud800-\udfff]", value):
            refuse(
                "this text cannot be a value",
                "a value holds neither NUL nor half of a surrogate pair",
            )
    return Constant(value=value, span=reading.locate(start, end))


def _wrong_call(
    reading: _Reading, name: str, count: int, start: int, end: int
) -> Iterator[Diagnostic]:
    """What is wrong with a call of `name` with `count` arguments."""
    wanted = FUNCTIONS.get(name)
    if wanted is None:
        yield reading.problem(
            "WFC301",
            f"there is no function `{_short(name)}`",
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
            help=f"write `{_SIGNATURES.get(name, f'{name}(value)')}`",
        )


_SIGNATURES = {
    "fromJSON": "fromJSON(text)",
    "join": "join(list, separator)",
    "split": "split(text, separator)",
    "contains": "contains(list or text, item)",
    "startsWith": "startsWith(text, beginning)",
    "endsWith": "endsWith(text, ending)",
    "matches": "matches(text, pattern)",
}


def _depth(expression: Expression) -> int:
    """How many nodes lie on the longest way down, counted without recursion."""
    deepest, left = 0, [(expression, 1)]
    while left:
        node, depth = left.pop()
        deepest = max(deepest, depth)
        left.extend((child, depth + 1) for child in _children(node))
    return deepest


def _children(node: Expression) -> tuple[Expression, ...]:
    match node:
        case Reference(default=default):
            return () if default is None else (default,)
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Conditional(test=test, then=then, otherwise=otherwise):
            return (test, then, otherwise)
        case FunctionCall(arguments=items) | ListOf(items=items):
            return items
        case Template(parts=parts):
            return tuple(
                part
                for part in parts
                if not isinstance(part, str | CommandSubstitution)
            )
        case Constant():
            return ()


# ---- syntax errors in plain words


def _syntax_error(
    reading: _Reading, error: "UnexpectedInput", more: re.Match[str] | None
) -> Diagnostic:
    """WFC301 for what lark could not read. `more`: a further `>` follows in the line."""
    text = reading.text
    position = min(max(error.pos_in_stream or 0, 0), len(text) - 1)
    terminals = getattr(error, "expected", None) or getattr(error, "allowed", None)
    value = "STRING" in (terminals or ())
    shown = _WORD.match(text, position)
    word = shown[0] if shown else text[position]
    brackets = _open_brackets(text, position)
    closing = {"(": "`)`", "[": "`,` or `]`", "{": "`}`", "": "`>`"}[brackets[-1:]]
    expected = "a value" if value else f"an operator or {closing}"
    if terminals == {"COLON"}:
        expected = "`:` and what holds otherwise"
    if value and position == len(text) - 1 and not brackets:
        message = (
            "an expression ends too early" if len(text) > 3 else "nothing is in `$<>`"
        )
    else:
        message = f"`{_short(word)}` does not fit here"
    return reading.problem(
        "WFC301",
        message,
        position,
        position + len(word),
        f"expected {expected}",
        _hint(word, value, bool(more) and position == len(text) - 1),
    )


_WORD = re.compile(
    rf"\$\{{{_REFERENCE}\}}?|\$?{_NAME}|{_QUOTED.pattern}|[=!<>&|]{{1,2}}|[0-9.]+"
)


def _open_brackets(text: str, end: int) -> str:
    """The brackets of `text` up to `end` that are still open, as one text."""
    open_ = ""
    for found in re.finditer(rf"{_QUOTED.pattern}|[()\[\]{{}}]", text[:end]):
        if found[0] in ("(", "[", "{"):
            open_ += found[0]
        elif found[0] in (")", "]", "}"):
            open_ = open_[:-1]
    return open_


_ASCII_NAMES = "a name is made of the letters a to z, digits, `_` and `-`"

_HINTS = {
    "=": "to compare, write `==`",
    "===": "to compare, write `==`",
    "&": "write `&&`",
    "|": "write `||`",
    "and": "write `&&`",
    "or": "write `||`",
    "not": "write `!`",
    "-": "there is no subtraction; a hyphen between letters belongs to the name",
    "*": "of arithmetic there is `+` only: compute in a step",
    "/": "of arithmetic there is `+` only: compute in a step",
    "%": "of arithmetic there is `+` only: compute in a step",
    ".": "a path follows its name directly: `a.b[0]`",
}


def _hint(word: str, value: bool, closed_early: bool) -> str:
    if closed_early:
        return _PARENTHESISE
    if not word.isascii():
        return _ASCII_NAMES
    if word.startswith("${"):
        return "inside `$<...>` a name stands alone: `X`, or with a default `${X:-d}`"
    if word.startswith("$") and len(word) > 1:
        return f"inside `$<...>` write `{word[1:]}`"
    if not value and word in ("==", "!=", "<", "<=", ">=", "in"):
        return "a comparison has two sides: join comparisons with `&&`"
    return _HINTS.get(word, "")


# ---- fields with references

_BACKTICKS = re.compile(r"`((?:\\[\s\S]|[^`\\])*)`")
_SPECIAL = re.compile(r"[\\$`]")


def parse_template(
    text: str, locate: Locate, *, backticks: bool, positional: int = 0
) -> tuple[Template, _Diagnostics]:
    """Reads a field that is no shell text: references `${...}`, `$NAME`, `$<...>` and
    `$1` to `positional`; with `backticks` also commands. `$${` and `$$<` are literal.

    What is wrong stays as text beside its diagnostic.
    """
    reading = _Reading(text, locate, True, backticks, positional)
    parts, diagnostics = _parts(reading, 0, len(text), default=False)
    return Template(parts=parts, span=locate(0, len(text))), diagnostics


def _parts(
    reading: _Reading, start: int, end: int, *, default: bool
) -> tuple[tuple[_Part, ...], _Diagnostics]:
    """The parts of the text from `start` to `end`; `default`: it is one behind `:-`."""
    text = reading.text
    parts: list[_Part] = []
    diagnostics: list[Diagnostic] = []
    position = start
    while (found := _SPECIAL.search(text, position, end)) is not None:
        at = found.start()
        parts.append(text[position:at])
        if found[0] == "$":
            part, position, problems = _dollar(reading, at, end)
        elif found[0] == "`":
            part, position, problems = _backtick(reading, at, end)
        else:
            part, position = _backslash(text, at, end, default)
            problems = ()
        parts.append(part)
        diagnostics += problems
    parts.append(text[position:end])
    return _merged(tuple(parts)), tuple(diagnostics)


def _backslash(text: str, at: int, end: int, default: bool) -> tuple[str, int]:
    behind = min(at + 2, end)
    escapes = ("\\{", "\\}", "\\$") if default else ()
    if text[at:behind] in escapes:
        return text[at + 1], behind
    if text[at:behind] == "\\`":
        return text[at:behind], behind
    return "\\", at + 1


def _dollar(reading: _Reading, at: int, end: int) -> tuple[_Part, int, _Diagnostics]:
    """What the `$` at `at` begins: a part, the offset behind it, what is wrong with it."""
    text = reading.text
    following = text[at + 1 : min(at + 3, end)]
    if following in ("${", "$<"):
        return following, at + 3, ()
    if following[:1] in ("{", "<"):
        parsed = _read(reading, at)
        if parsed is not None and parsed.expression is not None:
            return parsed.expression, parsed.end, parsed.diagnostics
        if parsed is not None:
            return (
                text[at : min(parsed.end, end)],
                min(parsed.end, end),
                parsed.diagnostics,
            )
        if not reading.strict or _UNDECLARED.match(text, at):
            return "$", at + 1, ()
        problems = (_foreign(reading, at),)
        return "$", at + 1, problems
    if following[:1] == "(":
        return "$", at + 1, (_literal_command(reading, at),) if reading.strict else ()
    name = _PLAIN.match(text, at, end)
    if name is not None:
        word, behind = name[1], name.end()
    elif "1" <= following[:1] <= "9" and int(following[0]) <= reading.positional:
        word, behind = following[0], at + 2
    else:
        return "$", at + 1, ()
    span = reading.locate(at, behind)
    return Reference(text=text[at:behind], name=word, span=span), behind, ()


_SHELLS = re.compile(
    rf"\$\{{[#!]?({_NAME})|\$\{{[ \t]+({_NAME})[ \t]*\}}|\$\{{[#!]?[0-9@*]"
)


def _foreign(reading: _Reading, at: int) -> Diagnostic:
    """WFC301 for a `${` that only a shell, or nobody, can read."""
    text = reading.text
    closing = text.find("}", at, at + 200)
    line_end = text.find("\n", at, at + 200)
    end = at + 2 if closing < 0 or 0 <= line_end < closing else closing + 1
    shown = text[at:end]
    named = _SHELLS.match(text, at)
    if named is not None and named[2]:
        help = f"write `${{{named[2]}}}`"
    elif not shown.isascii():
        help = _ASCII_NAMES
    elif named is not None:
        help = "a shell's operators work in `command` and `script` only; here there are paths and `:-`"
    else:
        help = "for a literal `${` write `$${`"
    return reading.problem(
        "WFC301", f"`{_short(shown)}` is not a reference", at, end, help=help
    )


def _literal_command(reading: _Reading, at: int) -> Diagnostic:
    return reading.problem(
        "WFC307",
        "`$(` runs nothing here, it stays as text",
        at,
        at + 2,
        help="write the command in backticks" if reading.backticks else "",
    )


def _backtick(reading: _Reading, at: int, end: int) -> tuple[_Part, int, _Diagnostics]:
    match = _BACKTICKS.match(reading.text, at, end) if reading.backticks else None
    if match is None:
        return "`", at + 1, ()
    from compiler import shelltext  # which itself reads references with parse_at

    # The command has its own backticks without the backslash; `offsets` leads back.
    kept = [
        match.start(1) + offset
        for offset, character in enumerate(match[1])
        if not match[1].startswith("\\`", offset)
    ]
    offsets = [*kept, match.end(1)]
    command, diagnostics = shelltext.parse(
        "".join(reading.text[offset] for offset in kept),
        lambda one, other: reading.locate(offsets[one], offsets[other]),
    )
    span = reading.locate(*match.span())
    return CommandSubstitution(command=command, span=span), match.end(), diagnostics
