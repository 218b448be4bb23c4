"""The patterns that the language was made from, each alone in its file: what wfc says.

`tests/seeds/` has them as they were given, byte for byte, without what they call. With
it, and as runs, they are golden cases.
"""

from pathlib import Path

import pytest
from cases import GOLDEN, TESTS

from compiler.diagnostics import CODES
from compiler.pipeline import front_end
from compiler.source import Source

SEEDS = sorted((TESTS / "seeds").glob("*.yaml"))
# Line and code of each finding, by the number of the pattern.
FINDINGS: dict[str, list[tuple[int, str]]] = {
    "01": [(5, "WFC215"), (9, "WFC215"), (14, "WFC215")],
    "02": [(9, "WFC215"), (14, "WFC215")],
    "03": [(4, "WFC215"), (15, "WFC102")],
    "04": [(16, "WFC218")],
    "05": [(10, "WFC215")],
    "06": [(10, "WFC215")],
    "07": [(15, "WFC224")],
    "08": [(7, "WFC215")],
    "09": [(3, "WFC209"), (18, "WFC207")],
    "10": [],
    "11": [(28, "WFC224")],
    "12": [],
    "13": [],
    "14": [(29, "WFC211")],
    "15": [(16, "WFC224")],
    "16": [],
    "17": [],
    "18": [],
    "19": [(39, "WFC215"), (62, "WFC215")],
}


def test_all_are_there() -> None:
    assert [path.name[:2] for path in SEEDS] == list(FINDINGS)


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_findings(path: Path) -> None:
    found = front_end(Source(path.name, path.read_bytes().decode()))
    said = [(each.span.line, each.code) for each in found.diagnostics]
    expected = FINDINGS[path.name[:2]]
    assert said == expected
    errors = [code for _, code in expected if CODES[code][1] == "error"]
    assert (found.program is None) == bool(errors)


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_is_a_golden_case(path: Path) -> None:
    assert (GOLDEN / f"seed-{path.stem}" / "workflow.yaml").is_file()


def test_a_key_that_stands_twice_is_named() -> None:
    path = next(path for path in SEEDS if path.name.startswith("03"))
    found = front_end(Source(path.name, path.read_bytes().decode()))
    twice = [each.message for each in found.diagnostics if each.code == "WFC102"]
    assert twice == ["`steps` stands here twice"]
