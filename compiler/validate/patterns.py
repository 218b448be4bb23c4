"""Checks on regular expressions behind `re:`."""

from collections.abc import Iterator

from compiler.diagnostics import Diagnostic
from compiler.ir import Match, Pattern, Program, Step
from compiler.regex import Problem, parse


def pattern_syntax(program: Program) -> Iterator[Diagnostic]:
    """A pattern outside what every target's engine reads alike (R10)."""
    for workflow in program.workflows:
        for step in (*workflow.steps, *workflow.handlers):
            for pattern in _patterns(step):
                problem = parse(pattern.text) if pattern.regex else None
                if isinstance(problem, Problem):
                    yield Diagnostic(
                        code="WFC306",
                        message=f"`re:{pattern.text}`: {problem.message}",
                        span=pattern.span,
                        help="patterns take literals, `.`, classes, \\d \\w \\s, "
                        "`* + ? {m,n}`, groups, `|`, `^` and `$`",
                    )


def _patterns(step: Step) -> Iterator[Pattern]:
    for condition in step.conditions:
        if isinstance(condition, Match):
            yield condition.expected
    if step.continue_on is not None:
        yield from step.continue_on.output
