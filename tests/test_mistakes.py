"""tests/mistakes.md: what people get wrong, with the words that they then read."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from compiler.pipeline import front_end
from compiler.report import to_text
from compiler.source import Source

PAGE = Path(__file__).with_name("mistakes.md")
_FORM = re.compile(
    r"## (?P<title>.+)\n\n```yaml\n(?P<file>(?:(?!```).*\n)*)```\n\n"
    r"```text\n(?P<said>(?:(?!```).*\n)*)```\n"
)


class Mistake(NamedTuple):
    title: str
    file: str
    said: str


def mistakes() -> Iterator[Mistake]:
    for found in _FORM.finditer(PAGE.read_text("utf-8")):
        yield Mistake(found["title"], found["file"], found["said"])


MISTAKES = list(mistakes())


def said_of(text: str) -> str:
    """What `wfc lint workflow.yaml` says of a file with `text`."""
    source = Source("workflow.yaml", text)
    checked = front_end(source)
    return to_text(checked.diagnostics, checked.sources)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.title)
def test_what_is_said(mistake: Mistake, accept: bool) -> None:
    said = said_of(mistake.file)
    if accept:
        page = PAGE.read_text("utf-8")
        block = f"## {mistake.title}\n\n```yaml\n{mistake.file}```\n\n```text\n"
        before = f"{block}{mistake.said}```\n"
        assert before in page
        PAGE.write_text(page.replace(before, f"{block}{said}```\n"), "utf-8")
        return
    assert said == mistake.said


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.title)
def test_points_and_helps(mistake: Mistake) -> None:
    """Each finding names file, line and column, shows the line, and says what to do."""
    findings = front_end(Source("workflow.yaml", mistake.file)).diagnostics
    assert findings
    lines = mistake.file.split("\n")
    for each in findings:
        assert 1 <= each.span.line <= max(len(lines), 1)
        assert 1 <= each.span.column <= len(lines[each.span.line - 1]) + 1
        assert each.help, each


def test_the_page_is_read_whole() -> None:
    titles = re.findall(r"^## (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [each.title for each in MISTAKES] == titles
    assert len(set(titles)) == len(titles) >= 60
