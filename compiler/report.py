"""Diagnostics -> what a person or a program reads: text with source lines, or JSON."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compiler.diagnostics import Diagnostic, Severity
from compiler.source import Source, Span

_COLORS: dict[Severity, str] = {"error": "31", "warning": "33", "note": "36"}


def to_text(
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, Source],
    *,
    color: bool = False,
) -> str:
    """The findings, each with its source line and hint; "" when there are none.

    `sources` finds a file's text by the name that spans carry.
    """
    blocks = ("\n".join(_block(each, sources, color)) for each in diagnostics)
    return "".join(f"{block}\n\n" for block in blocks)


def _block(
    diagnostic: Diagnostic, sources: Mapping[str, Source], color: bool
) -> Iterator[str]:
    span = diagnostic.span
    head = f"{diagnostic.severity}[{diagnostic.code}]"
    yield (
        f"{visible(span.file)}:{span.line}:{span.column}: "
        f"{_paint(head, _COLORS[diagnostic.severity], color)}: "
        f"{_paint(visible(diagnostic.message), '1', color)}"
    )
    tint = _COLORS[diagnostic.severity]
    places = [(span, diagnostic.label, tint)]
    places += [(other, what, "34") for other, what in diagnostic.others]
    gutter = max(len(str(place.line)) for place, _, _ in places)
    shown = Span(file=span.file, line=0, column=0)
    for place, what, tint in sorted(places, key=lambda it: _order(it[0], span)):
        if place.file != shown.file:
            yield f"{' ' * gutter}--> {visible(place.file)}:{place.line}:{place.column}"
        again = (place.file, place.line) == (shown.file, shown.line)
        excerpt = _excerpt(place, what, sources, gutter, tint, color)
        yield from list(excerpt)[1 if again else 0 :]
        shown = place
    if diagnostic.help:
        yield f"{' ' * gutter} = help: {visible(diagnostic.help)}"


def _order(place: Span, primary: Span) -> tuple[bool, str, int, int]:
    """Places of the primary file first, as they follow each other there."""
    return place.file != primary.file, place.file, place.line, place.column


def _excerpt(
    span: Span,
    what: str,
    sources: Mapping[str, Source],
    gutter: int,
    tint: str,
    color: bool,
) -> Iterator[str]:
    """The line of `span` and, below it, the place underlined."""
    source = sources.get(span.file)
    if source is None or not source.line(span.line):
        return
    line, start, length = _window(source.line(span.line), span)
    before, place = line[: start - 1], line[start - 1 : start - 1 + length]
    yield f"{span.line:>{gutter}} | {visible(line)}"
    mark = "^" * max(1, width(visible(place)))
    yield (
        f"{' ' * gutter} | {' ' * width(visible(before))}"
        + _paint(f"{mark} {visible(what)}".rstrip(), tint, color)
    )


_LINE_LENGTH = 160


def _window(line: str, span: Span) -> tuple[str, int, int]:
    """Of a long line the part around `span`, the column and the length in that part."""
    if len(line) <= _LINE_LENGTH:
        return line, span.column, span.length
    first = max(0, span.column - 1 - _LINE_LENGTH // 3)
    part = line[first : first + _LINE_LENGTH]
    head = "…" if first else ""
    tail = "…" if first + _LINE_LENGTH < len(line) else ""
    column = span.column - first + len(head)
    return head + part + tail, column, min(span.length, _LINE_LENGTH - column + 2)


def visible(text: str) -> str:
    """`text` with what a terminal would act on made harmless; a tab is four blanks."""
    if text.isprintable():
        return text
    return "".join(
        "    " if char == "\t" else char if char.isprintable() else "�" for char in text
    )


def width(text: str) -> int:
    """The number of terminal columns of `text`."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    marks = sum(unicodedata.combining(char) > 0 for char in text)
    return len(text) + wide - marks


def _paint(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text


def to_json(diagnostics: Sequence[Diagnostic]) -> str:
    """The findings as one JSON object: `{"version": 1, "diagnostics": [...]}`."""
    import json  # text is what is asked for most

    form = {"version": 1, "diagnostics": [_to_json(each) for each in diagnostics]}
    return json.dumps(form, ensure_ascii=False, indent=1) + "\n"


def _to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        **_span_to_json(diagnostic.span),
        "label": diagnostic.label,
        "help": diagnostic.help,
        "others": [
            {**_span_to_json(span), "label": label} for span, label in diagnostic.others
        ],
    }


def _span_to_json(span: Span) -> dict[str, Any]:
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "length": span.length,
    }


def tally(diagnostics: Sequence[Diagnostic]) -> str:
    """How many of each severity: `2 errors, 1 note`; "" when there are none."""
    kinds: tuple[Severity, ...] = ("error", "warning", "note")
    counts = [
        (kind, sum(each.severity == kind for each in diagnostics)) for kind in kinds
    ]
    return ", ".join(
        f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counts if count
    )
