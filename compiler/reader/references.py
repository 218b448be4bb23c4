"""Scalars into texts with references, or surely without them."""

import re
from collections.abc import Iterable
from dataclasses import replace

from compiler import expressions, shelltext
from compiler.diagnostics import Diagnostic
from compiler.ir import ShellText, Template
from compiler.reader.nodes import Locate, ScalarNode, locator, part
from compiler.reader.scalars import old_reading
from compiler.reader.shape import QUOTE_EXPRESSION, Field, Reading, scalar
from compiler.source import Span

_CLOSED = re.compile(r"[^\n>]*>")
_BACKTICKS = re.compile(r"(?<!\\)`(?:[^`\\]|\\.)+`", re.DOTALL)
# A `${` or `$<` that may begin a reference, unless it is escaped; the same as in a program.
_REFERENCE = re.compile(
    r"""\$\$[{<]|\\?(\$\{(?=[A-Za-z_])|\$<(?=[^\n>$]*[\w)\]"'}]\s*>))"""
)


def note_old_reading(reading: Reading, scalar: ScalarNode) -> None:
    """WFC112 where the value is text here and something else to a YAML 1.1 reader."""
    seen = old_reading(scalar)
    if seen is not None:
        reading.report(
            "WFC112",
            f"`{scalar.text}` is text here",
            scalar,
            f"a YAML 1.1 reader sees {seen}",
            "quotes make it text for every reader",
        )


def template(reading: Reading, scalar: ScalarNode, backticks: bool = False) -> Template:
    """The references in a scalar that is no shell text."""
    note_old_reading(reading, scalar)
    locate = locator(reading.source, scalar)
    parsed, findings = expressions.parse_template(
        scalar.text, locate, backticks=backticks, positional=reading.positional
    )
    add_findings(reading, findings, scalar)
    return parsed


def template_without_commands(reading: Reading, scalar: ScalarNode) -> Template:
    """The same where backticks are plain text: WFC307 says so, as it does of `$(`."""
    parsed = template(reading, scalar)
    literal = "".join(part for part in parsed.parts if isinstance(part, str))
    found = _BACKTICKS.search(scalar.text) if _BACKTICKS.search(literal) else None
    if found is not None:
        reading.report(
            "WFC307",
            "backticks run nothing here, they stay as text",
            locator(reading.source, scalar)(*found.span()),
            help="let a variable of `env` have the command, and refer to that",
        )
    return parsed


def path(reading: Reading, field: Field) -> Template | None:
    """A path, in which references are replaced."""
    found = scalar(reading, field.value, field.key.text, "a path", False)
    return None if found is None else template_without_commands(reading, found)


def template_part(
    reading: Reading, text: str, locate: Locate, offsets: list[int], backticks: bool
) -> Template:
    """The same for a piece of a scalar: its character n is character `offsets[n]` there."""
    parsed, findings = expressions.parse_template(
        text,
        part(locate, offsets),
        backticks=backticks,
        positional=reading.positional,
    )
    reading.findings.extend(findings)
    return parsed


def shell_text(reading: Reading, scalar: ScalarNode) -> ShellText:
    """The references in a text for a shell (R4)."""
    parsed, findings = shelltext.parse(scalar.text, locator(reading.source, scalar))
    add_findings(reading, findings, scalar)
    return parsed


def add_findings(
    reading: Reading, findings: Iterable[Diagnostic], scalar: ScalarNode
) -> None:
    """Findings of a text; where YAML cut a `$<…>` without quotes short, it says so."""
    text, end = reading.source.text, scalar.end
    cut = not scalar.style and "$<" in scalar.text and _CLOSED.match(text, end)
    for finding in findings:
        if finding.code == "WFC305" and cut:
            finding = replace(finding, help=QUOTE_EXPRESSION)
        reading.findings.append(finding)


def first_reference(
    reading: Reading, node: ScalarNode, escaped: bool = False
) -> Span | None:
    """The place of the first `${...}` or `$<...>` in a text that is taken as written;
    `escaped`: a backslash in front makes it none."""
    if "$" not in node.text:
        return None
    locate = locator(reading.source, node)
    for found in _REFERENCE.finditer(node.text):
        start = found.start(1)
        if found[1] is None or (escaped and found[0].startswith("\\")):
            continue
        parsed = expressions.parse_at(node.text, start, locate)
        if parsed is not None and parsed.expression is not None:
            return locate(start, parsed.end)
    return None


def is_fixed(reading: Reading, node: ScalarNode, name: str) -> bool:
    """Whether `node` has no reference, where what it says must be known beforehand."""
    span = first_reference(reading, node)
    if span is not None:
        reading.report(
            "WFC107",
            f"`{name}` takes no references",
            span,
            "a fixed text only",
            "write the text itself",
        )
    return span is None
