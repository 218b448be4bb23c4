"""tests/diagnostics: what the compiler says of a file, on the line that causes it.

A file holds several workflows, apart by `---`; each begins with a comment that names it.
`# error[WFC201]` at the end of a line (`warning`, `note`) is a finding expected there;
what is not expected anywhere is a failure, too.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import TESTS, text_of

from compiler.diagnostics import CODES
from compiler.pipeline import front_end
from compiler.source import Source

_EXPECTED = re.compile(r"(error|warning|note)\[(WFC\d+)\]")


def _documents() -> Iterator[tuple[str, Source]]:
    """Each workflow, with its name; its lines are numbered as they are in the file."""
    for file in sorted((TESTS / "diagnostics").glob("*.yaml")):
        before = 0
        for text in file.read_text("utf-8").split("\n---\n"):
            title = text.splitlines()[0].removeprefix("# ")
            yield f"{file.stem}: {title}", Source(
                file.name, "\n" * before + text + "\n"
            )
            before += text.count("\n") + 2


@pytest.mark.parametrize(
    "source", [pytest.param(source, id=name) for name, source in _documents()]
)
def test_says_this_and_no_more(source: Source) -> None:
    expected = Counter(
        (number, severity, code)
        for number, line in enumerate(source.text.splitlines(), 1)
        for severity, code in _EXPECTED.findall(line)
    )
    for _, severity, code in expected:
        assert CODES[code][1] == severity
    found = front_end(source)
    said = Counter(
        (each.span.line, each.severity, each.code) for each in found.diagnostics
    )
    assert said == expected, text_of(found)
    assert (found.program is None) == any(kind == "error" for _, kind, _ in expected)


def test_files_are_there() -> None:
    assert len(list(_documents())) > 30
    assert not list(Path(TESTS / "diagnostics").glob("*.yml"))
