"""Turns a field with references, or one reference in a text, into expressions.

The two hold each other: a field has references, and the default of one is such a field.
"""

import re
from dataclasses import replace

from compiler.diagnostics import Diagnostic
from compiler.expressions.ends import (
    BACKTICKS,
    PARENTHESISE,
    closed_early,
    end_of_angled,
    end_of_default,
    more_follows,
)
from compiler.expressions.reading import (
    Diagnostics,
    Locate,
    Parsed,
    Part,
    Reading,
    merge,
    short,
    too_large,
)
from compiler.expressions.references import (
    ANGLED,
    ASCII_NAMES,
    BRACED,
    LITERALS,
    NAME,
    PLAIN,
    UNDECLARED,
    numbered,
    to_reference,
)
from compiler.ir import CommandSubstitution, Expression, Reference, Template

MAX_LENGTH = 20_000

_SPECIAL = re.compile(r"[\\$`]")


def parse_at(text: str, start: int, locate: Locate) -> Parsed | None:
    """Reads the `${...}` or `$<...>` that begins at `start` of a shell text (R1).

    None: a `${` that the shell reads (`${X#p}`, `${#X}`, `${X:+a}`, `${1}`). What is
    wrong is WFC301 or WFC305; after an unclosed one `end` may be the end of the text.
    """
    return _read(Reading(text, locate), start)


def _read(reading: Reading, start: int) -> Parsed | None:
    if reading.text.startswith("$<", start):
        return _read_angled(reading, start)
    return _read_braced(reading, start)


def _read_braced(reading: Reading, start: int) -> Parsed | None:
    text = reading.text
    match = BRACED.match(text, start) or numbered(reading, start)
    if match is None:
        return None
    behind = match.end()
    if text.startswith("}", behind):
        return Parsed(to_reference(reading, match, start, behind + 1), behind + 1)
    if not text.startswith(":-", behind):
        return _not_a_reference(reading, match)
    end = end_of_default(reading, start, 0)
    if isinstance(end, Diagnostic):
        return Parsed(None, len(text), (end,))
    # A default that the shell reads itself may hold what only the shell understands.
    ours = reading.strict or bool(match[2]) or "-" in match[1]
    inner = replace(reading, strict=ours)
    parts, diagnostics = _parts(inner, behind + 2, end, default=True)
    default = Template(parts=parts, span=reading.locate(behind + 2, end))
    reference = to_reference(reading, match, start, end + 1, default)
    return Parsed(reference, end + 1, diagnostics)


def _not_a_reference(reading: Reading, match: re.Match[str]) -> Parsed | None:
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
                    f"`{short(match[0])}` is never closed",
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
                f"`{follows}` cannot follow `{short(match[0])}`",
                behind,
                behind + 1,
                "expected `}` or `:-` and a default",
                _behind_a_path(follows),
            ),
        ),
    )


def _behind_a_path(follows: str) -> str:
    """What to do about `follows`, which ends a path in braces too early."""
    if follows in "#%/:^,@=?+-":
        return "a shell's operators work on plain names only"
    if follows == ".":
        return "a key follows its `.` directly: `${a.b}`"
    if follows == "[":
        return "in `[…]` stands a number, or a key in quotes"
    return "`:-` is the only operator here" if follows.isascii() else ASCII_NAMES


def _read_angled(reading: Reading, start: int) -> Parsed:
    text = reading.text
    bare = ANGLED.match(text, start)
    if bare and (bare[1] not in LITERALS or bare[2]):
        end = bare.end()
        expression: Expression | None = to_reference(reading, bare, start, end)
        diagnostics: Diagnostics = ()
    else:
        closing = end_of_angled(reading, start, 0)
        if isinstance(closing, Diagnostic):
            return Parsed(None, len(text), (closing,))
        end = closing + 1
        if end - start > MAX_LENGTH:
            return Parsed(None, end, (too_large(reading, start, start + 2),))
        expression, diagnostics = by_grammar(reading.text, start, end, reading.locate)
    if not diagnostics and closed_early(text, start, end):
        problem = reading.problem(
            "WFC301",
            "this `>` closes `$<`, but more of the expression seems to follow",
            end - 1,
            end,
            "`$<` ends here",
            PARENTHESISE,
        )
        return Parsed(None, end, (problem,))
    return Parsed(expression, end, diagnostics)


def by_grammar(
    text: str, start: int, end: int, locate: Locate
) -> tuple[Expression | None, Diagnostics]:
    """The `${...}` or `$<...>` from `start` to `end`, read by lark."""
    # Lark takes longer to start than a whole lint, and few workflows need it.
    from compiler.expressions import grammar

    inner = Reading(
        text[start:end], lambda one, other: locate(start + one, start + other)
    )
    return grammar.read(inner, more_follows(text, end))


def parse_template(
    text: str, locate: Locate, *, backticks: bool, positional: int = 0
) -> tuple[Template, Diagnostics]:
    """Reads a field that is no shell text: references `${...}`, `$NAME`, `$<...>` and
    `$1` to `positional`; with `backticks` also commands. `$${` and `$$<` are literal.

    What is wrong stays as text beside its diagnostic.
    """
    reading = Reading(text, locate, True, backticks, positional)
    parts, diagnostics = _parts(reading, 0, len(text), default=False)
    return Template(parts=parts, span=locate(0, len(text))), diagnostics


def _parts(
    reading: Reading, start: int, end: int, *, default: bool
) -> tuple[tuple[Part, ...], Diagnostics]:
    """The parts of the text from `start` to `end`; `default`: it is one behind `:-`."""
    text = reading.text
    parts: list[Part] = []
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
    return merge(tuple(parts)), tuple(diagnostics)


def _backslash(text: str, at: int, end: int, default: bool) -> tuple[str, int]:
    behind = min(at + 2, end)
    escapes = ("\\{", "\\}", "\\$") if default else ()
    if text[at:behind] in escapes:
        return text[at + 1], behind
    if text[at:behind] == "\\`":
        return text[at:behind], behind
    return "\\", at + 1


def _dollar(reading: Reading, at: int, end: int) -> tuple[Part, int, Diagnostics]:
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
        if not reading.strict or UNDECLARED.match(text, at):
            return "$", at + 1, ()
        problems = (_foreign(reading, at),)
        return "$", at + 1, problems
    if following[:1] == "(":
        return "$", at + 1, (_literal_command(reading, at),) if reading.strict else ()
    name = PLAIN.match(text, at, end)
    if name is not None:
        word, behind = name[1], name.end()
    elif "1" <= following[:1] <= "9" and int(following[0]) <= reading.positional:
        word, behind = following[0], at + 2
    else:
        return "$", at + 1, ()
    span = reading.locate(at, behind)
    return Reference(text=text[at:behind], name=word, span=span), behind, ()


_SHELLS = re.compile(
    rf"\$\{{[#!]?({NAME})|\$\{{[ \t]+({NAME})[ \t]*\}}|\$\{{[#!]?[0-9@*]"
)


def _foreign(reading: Reading, at: int) -> Diagnostic:
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
        help = ASCII_NAMES
    elif named is not None:
        help = "a shell's operators work in `command` and `script` only; here there are paths and `:-`"
    else:
        help = "for a literal `${` write `$${`"
    return reading.problem(
        "WFC301", f"`{short(shown)}` is not a reference", at, end, help=help
    )


def _literal_command(reading: Reading, at: int) -> Diagnostic:
    return reading.problem(
        "WFC307",
        "`$(` runs nothing here, it stays as text",
        at,
        at + 2,
        help="write the command in backticks" if reading.backticks else "",
    )


def _backtick(reading: Reading, at: int, end: int) -> tuple[Part, int, Diagnostics]:
    match = BACKTICKS.match(reading.text, at, end) if reading.backticks else None
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
