"""Turns what lark could not read into plain words."""

import re

from lark.exceptions import UnexpectedInput

from compiler.diagnostics import Diagnostic
from compiler.expressions.ends import PARENTHESISE, QUOTED
from compiler.expressions.reading import Reading, short
from compiler.expressions.references import ASCII_NAMES, NAME, REFERENCE

_WORD = re.compile(
    rf"\$\{{{REFERENCE}\}}?|\$?{NAME}|{QUOTED.pattern}|[=!<>&|]{{1,2}}|[0-9.]+"
)
_OPERAND = re.compile(r"[A-Za-z0-9_'\"]")

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
    "[": "a path follows its name directly: `a.b[0]`",
}


def syntax_error(
    reading: Reading, error: UnexpectedInput, more_follows: bool
) -> Diagnostic:
    """WFC301 for what lark could not read. `more_follows`: behind it stands one
    more `>` in the line."""
    text = reading.text
    position = min(max(error.pos_in_stream or 0, 0), len(text) - 1)
    terminals = getattr(error, "expected", None) or getattr(error, "allowed", None)
    value = "STRING" in (terminals or ())
    shown = _WORD.match(text, position)
    word = shown[0] if shown else text[position]
    brackets = _open_brackets(text, position)
    closing = {"(": "`)`", "[": "`,` or `]`", "{": "`}`", "": "`>`"}[brackets[-1:]]
    expected = "a value" if value else f"an operator or {closing}"
    otherwise = terminals == {"COLON"}
    if otherwise:
        expected = "`:` and what holds otherwise"
    if value and position == len(text) - 1 and not brackets:
        message = (
            "an expression ends too early" if len(text) > 3 else "nothing is in `$<>`"
        )
    else:
        message = f"`{short(word)}` does not fit here"
    if more_follows and position == len(text) - 1:
        help = PARENTHESISE
    elif otherwise:
        help = "behind `? a` comes `: b`"
    else:
        help = _hint(word, value) or _WANTED[value]
    return reading.problem(
        "WFC301", message, position, position + len(word), f"expected {expected}", help
    )


# Whether a value was expected -> what to write.
_WANTED = {
    True: "write a name, a number, a text in quotes, or a function's call",
    False: "between two values stands an operator, as in `a == b`",
}


def _open_brackets(text: str, end: int) -> str:
    """The brackets of `text` up to `end` that are still open, as one text."""
    open_ = ""
    for found in re.finditer(rf"{QUOTED.pattern}|[()\[\]{{}}]", text[:end]):
        if found[0] in ("(", "[", "{"):
            open_ += found[0]
        elif found[0] in (")", "]", "}"):
            open_ = open_[:-1]
    return open_


def _hint(word: str, value: bool) -> str:
    """What to do about `word`, where `value` says that a value was expected."""
    if not word.isascii():
        return ASCII_NAMES
    if word.startswith("${"):
        return "inside `$<...>` a name stands alone: `X`, or with a default `${X:-d}`"
    if word.startswith("$") and len(word) > 1:
        return f"inside `$<...>` write `{word[1:]}`"
    if not value and word in ("==", "!=", "<", "<=", ">=", "in"):
        return "a comparison has two sides: join comparisons with `&&`"
    if word in _HINTS:
        return _HINTS[word]
    if not value and _OPERAND.match(word):
        return "a text needs quotes; two values are joined by `+`"
    return ""
