"""What all readers of expressions take and give: a text, what was read, what is wrong."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from compiler.diagnostics import Diagnostic
from compiler.ir import CommandSubstitution, Expression
from compiler.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass

Locate = Callable[[int, int], Span]
"""Offsets in the text that is read, to the place in the file."""

Part: TypeAlias = str | Expression | CommandSubstitution
Diagnostics: TypeAlias = tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was read, up to `end` (behind the closing bracket).

    Without an expression it was ours but is wrong, and `diagnostics` says how.
    """

    expression: Expression | None
    end: int
    diagnostics: Diagnostics = ()


@dataclass(frozen=True, slots=True)
class Reading:
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


def too_large(reading: Reading, start: int, end: int) -> Diagnostic:
    """WFC301 for what is beyond a bound of length or depth."""
    return reading.problem(
        "WFC301",
        "this expression is too long or nested too deeply",
        start,
        end,
        help="split it: let a step or a variable hold a part of it",
    )


def short(text: str) -> str:
    """`text` as a message shows it."""
    line = text.split("\n", 1)[0]
    return line if len(line) <= 40 else line[:39] + "…"


def merge(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """`parts` with neighbouring texts joined and empty ones left out."""
    merged: list[Part] = []
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
