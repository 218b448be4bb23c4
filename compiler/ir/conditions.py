"""When a step runs, when it is tried again, and how it may end."""

from typing import TYPE_CHECKING, Literal, TypeAlias

from compiler.ir.expressions import ShellText, Template
from compiler.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A text, or behind `re:` a regular expression (R10). A condition wants a line that
    equals the text, `continueOn.output` a line that holds it; both a line where the
    expression is found."""

    text: str
    regex: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A condition that compares: some line of the value fits `expected`."""

    value: Template
    expected: Pattern
    negate: bool = False
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A condition that runs: `bash -c TEXT` in the working folder ends with 0."""

    command: ShellText
    negate: bool = False
    span: Span


Condition: TypeAlias = Match | Test


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Up to `limit` further tries (S6). Before further try k (from 0) the step waits
    `interval * backoff**k` seconds, at most `max_interval`; with `exit_codes` only after
    one of these. A `limit` or `interval` with references is valued when the step starts.
    """

    limit: int | Template
    interval: int | Template
    backoff: float = 1.0
    max_interval: int | None = None
    exit_codes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """What makes a step run again after it has run (S6): `while` something holds, or
    `until` it does. That is `condition`, which sees the step's own output, else that the
    exit code is one of `exit_codes`, else that the step succeeded.

    Before repetition k (from 1) the step waits `interval * backoff**k` seconds, at most
    `max_interval`. It runs at most `limit` times; None: without end.
    """

    mode: Literal["while", "until"]
    condition: Condition | None = None
    exit_codes: tuple[int, ...] = ()
    limit: int | Template | None = None
    interval: int | Template = 0
    backoff: float = 1.0
    max_interval: int | None = None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueOn:
    """When dependants run although this step did not succeed (S6)."""

    failure: bool = False
    skipped: bool = False
    exit_codes: tuple[int, ...] = ()
    output: tuple[Pattern, ...] = ()
    mark_success: bool = False
    span: Span


# How a step can end, seen by those that depend on it. `continued`: failed, and its
# `continueOn` allows it; `not_started`: its turn never came.
Ending = Literal[
    "succeeded", "continued", "failed", "skipped", "aborted", "not_started"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`step` ends before; the dependant runs if it ended in one of `accepts`."""

    step: str
    accepts: frozenset[Ending]
    span: Span
