"""Checks on regular expressions behind `re:`, and what `matches` says of its own."""

from collections.abc import Iterable, Iterator

from compiler.diagnostics import Diagnostic
from compiler.ir import Condition, Map, Match, Pattern, Program, Step
from compiler.source import Span


def pattern_syntax(program: Program) -> Iterator[Diagnostic]:
    """A pattern outside what every target's engine reads alike (R10)."""
    for workflow in program.workflows:
        found = [*_expected(workflow.conditions)]
        for step in (*workflow.steps, *workflow.handlers):
            found += _patterns(step)
        for pattern in found:
            if pattern.regex:
                yield from refused_pattern(
                    pattern.text, f"re:{pattern.text}", pattern.span
                )


def refused_pattern(text: str, written: str, span: Span) -> Iterator[Diagnostic]:
    """WFC306 if the pattern `text` is refused; it stands at `span` as `written`."""
    from compiler.regex.syntax import Problem, parse  # few files have a pattern

    problem = parse(text)
    if isinstance(problem, Problem):
        yield Diagnostic(
            code="WFC306",
            message=f"`{written}`: {problem.message}",
            span=span,
            help="patterns take literals, `.`, classes, `\\d \\w \\s`, "
            "`* + ? {m,n}`, groups, `|`, `^` and `$`",
        )


def _expected(conditions: Iterable[Condition]) -> Iterator[Pattern]:
    return (each.expected for each in conditions if isinstance(each, Match))


def _patterns(step: Step) -> Iterator[Pattern]:
    yield from _expected(step.conditions)
    if isinstance(step.body, Map):
        yield from _expected(step.body.conditions)
    if step.repeat is not None and step.repeat.condition is not None:
        yield from _expected((step.repeat.condition,))
    if step.continue_on is not None:
        yield from step.continue_on.output
