"""Turns the place where something that nests begins into the place where it ends."""

import re

from compiler.diagnostics import Diagnostic
from compiler.expressions.reading import Reading, short, too_large
from compiler.expressions.references import BRACED, NUMBERED, numbered
from compiler.source import Span

MAX_NESTED_BRACKETS = 100
MAX_NESTED_REFERENCES = 20

QUOTED = re.compile(r""""(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'""")
BACKTICKS = re.compile(r"`((?:\\[\s\S]|[^`\\])*)`")
_MORE = re.compile(r"[^\n$>]*>")
# A bracket or quote, and a `>` in its line that may have been meant to close the `$<`.
_KEEPS = re.compile(r"""[(\[{][^\n>]*>|['"][^\n'">]*>""")

PARENTHESISE = (
    "the first `>` outside of brackets closes `$<`: to compare, write `$<(a > b)>`"
)


def end_of_default(reading: Reading, start: int, depth: int) -> int | Diagnostic:
    """The offset of the `}` that closes the `${X:-` at `start`."""
    text = reading.text
    opening = BRACED.match(text, start) or NUMBERED.match(text, start)
    position = (opening.end() if opening else start) + 2
    if depth > MAX_NESTED_REFERENCES:
        return too_large(reading, start, position)
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
                command = BACKTICKS.match(text, found.start())
                position = command.end() if command else position
            case "$":
                behind = behind_dollar(reading, found.start(), depth)
                if isinstance(behind, Diagnostic):
                    return behind
                position = behind
    return reading.problem(
        "WFC305",
        f"`{short(text[start : opening.end() if opening else start + 2])}` is never closed",
        start,
        opening.end() if opening else start + 2,
        "begins here",
        "close it with `}`; a single brace in a default is written `\\{` or `\\}`",
    )


def behind_dollar(reading: Reading, start: int, depth: int = 0) -> int | Diagnostic:
    """The offset behind the reference or the escape that begins at `start`: in a default,
    or in the text form of params."""
    text = reading.text
    if text.startswith("$$<", start):
        return start + 3
    if text.startswith("$${", start):
        return start + 2
    if text.startswith("$<", start):
        end = end_of_angled(reading, start, depth + 1)
    else:
        match = BRACED.match(text, start) or numbered(reading, start)
        if match is not None and text.startswith("}", match.end()):
            return match.end() + 1
        if match is None or not text.startswith(":-", match.end()):
            return start + 1
        end = end_of_default(reading, start, depth + 1)
    return end if isinstance(end, Diagnostic) else end + 1


def end_of_angled(reading: Reading, start: int, depth: int) -> int | Diagnostic:
    """The offset of the `>` that closes the `$<` at `start`: the first one outside of
    quotes and brackets (R3)."""
    text, position = reading.text, start + 2
    if depth > MAX_NESTED_REFERENCES:
        return too_large(reading, start, position)
    brackets: list[int] = []
    keeper = quote = -1  # the bracket around the last `>` that closed nothing; a quote
    special = re.compile(r"""["'()\[\]{}>$]""")
    while found := special.search(text, position):
        position = found.end()
        match found[0]:
            case '"' | "'":
                quoted = QUOTED.match(text, found.start())
                if quoted is None:
                    quote = found.start()
                    break
                position = quoted.end()
            case "(" | "[" | "{":
                brackets.append(found.start())
                if len(brackets) > MAX_NESTED_BRACKETS:
                    return too_large(reading, found.start(), found.end())
            case ")" | "]" | "}":
                del brackets[-1:]
            case "$":
                match = BRACED.match(text, found.start())
                if match and text.startswith(":-", match.end()):
                    end = end_of_default(reading, found.start(), depth + 1)
                    if isinstance(end, Diagnostic):
                        return end
                    position = end + 1
            case ">" if not brackets:
                return found.start()
            case ">":
                keeper = brackets[-1]
    inner = keeper if keeper in brackets else max([*brackets[-1:], quote])
    return _unclosed(reading, start, inner)


def _unclosed(reading: Reading, start: int, inner: int) -> Diagnostic:
    """WFC305 for the `$<` at `start`, or for the bracket or quote at `inner` (-1: there is
    none) that keeps a `>` in its line from closing it."""
    text, opened = reading.text, "$<"
    others: tuple[tuple[Span, str], ...] = ()
    help = "close it with `>`; `\\$<` in a shell text and `$$<` elsewhere are literal"
    if inner >= 0 and _KEEPS.match(text, inner):
        others = ((reading.locate(start, start + 2), "in this expression"),)
        start, opened = inner, text[inner]
        closing = {"(": ")", "[": "]", "{": "}"}.get(opened, opened)
        help = f"close it with `{closing}`"
    elif inner >= 0:
        others = ((reading.locate(inner, inner + 1), "not closed either"),)
    return reading.problem(
        "WFC305",
        f"`{opened}` is never closed",
        start,
        start + len(opened),
        "begins here",
        help,
        others,
    )


def closed_early(text: str, start: int, end: int) -> bool:
    """Whether what `$<... >` closed looks like the left side of `>` or `>=`: white space
    or `=` beside the `>`, and one more of them in the line."""
    lopsided = text[end - 2].isspace() and not text[start + 2].isspace()
    if not lopsided and not text.startswith("=", end):
        return False
    return more_follows(text, end)


def more_follows(text: str, end: int) -> bool:
    """Whether one more `>` stands in the line behind `end`."""
    return _MORE.match(text, end) is not None
