"""What is emitted for GitHub is clean: actionlint, GitHub's own parser and zizmor find
nothing in the files of all cases."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from cases import CONFORMANCE, GOLDEN, Case, cases_on, emitted, entries, run_id
from linters import findings

from backends.github import BACKEND

CASES = [
    case for root in (GOLDEN, CONFORMANCE) for case, _ in cases_on(["github"], root)
]


@pytest.fixture(scope="module")
def found(
    linters_of_github: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, list[str]]:
    """What is found in the files of all cases, by the name of the case: the linters take
    longer to start than to look at a file."""
    root = tmp_path_factory.mktemp("emitted")
    files = []
    for case in CASES:
        for number, entry in enumerate(entries(case)):
            for each in emitted(case, BACKEND, entry):
                file = root / case.name / str(number) / each.path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(each.text, "utf-8")
                files.append(file)
    lines: dict[str, list[str]] = {}
    for file, said in findings(files, linters_of_github).items():
        case_name = file.relative_to(root).parts[0]
        lines.setdefault(case_name, []).extend(f"{file.name}: {it}" for it in said)
    return lines


@pytest.mark.parametrize("case", CASES, ids=run_id)
def test_nothing_is_found(case: Case, found: Mapping[str, list[str]]) -> None:
    assert not found.get(case.name), "\n".join(found[case.name])


BAD = """\
on: {push: {}}
jobs:
  one:
    runs-on: ubuntu-latest
    bogus: 1
    steps:
      - run: echo ${{ github.event.issue.title }} ${{ nope.x }}
"""


def test_each_linter_finds_something(linters_of_github: Path, tmp_path: Path) -> None:
    file = tmp_path / ".github/workflows/bad.yml"
    file.parent.mkdir(parents=True)
    file.write_text(BAD)
    said = findings([file], linters_of_github)[file]
    assert {each.partition(":")[0] for each in said} == {
        "actionlint",
        "parser",
        "zizmor",
    }
