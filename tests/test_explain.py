"""The pages of the codes and of the language, held to what the compiler does."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.cli.loader import MAX_FILES, FileLoader
from compiler.diagnostics import CODES
from compiler.evaluate import MAX_JSON_DEPTH
from compiler.expressions import FUNCTIONS, MAX_LENGTH
from compiler.interpreter.runs import MOST_RUNNING
from compiler.interpreter.values import LARGEST_EXPORT, LARGEST_OUTPUT
from compiler.link import Loader
from compiler.pipeline import NO_FILES, front_end
from compiler.reader import keys
from compiler.reader.events import MAX_ALIASED, MAX_DEPTH
from compiler.reader.refused import LEFT_OUT, REFUSED
from compiler.reader.shape import MAX_INTEGER, MAX_NAME
from compiler.source import Source

GRAMMAR = Path(__file__).parent.parent / "grammar"
PAGES = {page.stem: page for page in sorted((GRAMMAR / "errors").iterdir())}
REFERENCE = (GRAMMAR / "README.md").read_text("utf-8")

# What no text alone can cause: the file itself, the command line, the target, the disk.
WITHOUT_EXAMPLE = {"WFC111", "WFC212", "WFC401", "WFC402", "WFC403", "WFC404"}
WITH_EXAMPLE = sorted(set(CODES) - WITHOUT_EXAMPLE)

# An example: a workflow, and perhaps one more file that lies beside it.
_EXAMPLE = (
    r"```yaml\n(?P<{0}>[^`]*(?:`[^`]+)*?)```\n"
    r"(?:\nWith `(?P<{0}_name>[a-z.]+)`:\n\n```(?:yaml|sh)\n(?P<{0}_with>[^`]*)```\n)?"
)
_FORM = re.compile(
    r"# (?P<heading>WFC\d{3}: [a-z0-9.-]+)\n\n"
    r"(?P<meaning>(?:[^#`\n].*\n|`[^`].*\n)+)"
    rf"(?:\n## Fails\n\n{_EXAMPLE.format('fails')}"
    rf"\n## Mended\n\n{_EXAMPLE.format('mended')})?"
)


def parts_of(code: str) -> re.Match[str]:
    """The page of `code` in its fixed form: heading, meaning, and the two examples."""
    found = _FORM.fullmatch(PAGES[code].read_text("utf-8"))
    assert found is not None, f"{code}.md has not the form of a page"
    return found


def found_in(text: str, loader: Loader = NO_FILES) -> list[tuple[str, str]]:
    """The code and message of each finding in the workflow `text`."""
    return [
        (each.code, each.message)
        for each in front_end(Source("workflow.yaml", text), loader).diagnostics
        if each.span.file == "workflow.yaml"
    ]


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert list(PAGES) == sorted(CODES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_form(code: str) -> None:
    page = parts_of(code)
    assert page["heading"] == f"{code}: {CODES[code][0]}"
    meaning = page["meaning"].splitlines()
    assert 2 <= len(meaning) <= 5
    severity = CODES[code][1]
    opening = {"error": "", "warning": "A warning. ", "note": "A note. "}[severity]
    assert meaning[0].startswith(opening)
    assert opening or not re.match(r"A (warning|note)\.", meaning[0])
    assert (page["fails"] is None) == (code in WITHOUT_EXAMPLE)


def example(code: str, which: str, folder: Path) -> list[tuple[str, str]]:
    """The findings in the workflow of an example, laid out with its other file."""
    page = parts_of(code)
    if page[f"{which}_name"] is not None:
        (folder / page[f"{which}_name"]).write_text(page[f"{which}_with"], "utf-8")
    return found_in(page[which], FileLoader(folder))


@pytest.mark.parametrize("code", WITH_EXAMPLE)
def test_fails(code: str, tmp_path: Path) -> None:
    found = example(code, "fails", tmp_path)
    assert {each for each, _ in found} == {code}, found


@pytest.mark.parametrize("code", WITH_EXAMPLE)
def test_mended(code: str, tmp_path: Path) -> None:
    assert example(code, "mended", tmp_path) == []


@pytest.mark.parametrize("word", ["WFC201", "wfc201", "unknown-step"])
def test_explain_prints_the_page(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", word]) == 0
    assert capsys.readouterr().out == PAGES["WFC201"].read_text("utf-8")


@pytest.mark.parametrize(
    ("word", "nearest"), [("WFC2001", "`WFC201`"), ("unknown-stp", "`unknown-step`")]
)
def test_explain_an_unknown_code(
    word: str, nearest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", word]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"`{word}`" in printed.err
    assert nearest in printed.err


# ---- the language reference


def section(title: str) -> str:
    """What stands under the heading `title` of the reference, up to the next one."""
    found = re.search(
        rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)",
        REFERENCE,
        re.DOTALL | re.MULTILINE,
    )
    assert found is not None, f"no section `{title}`"
    return found[1]


def first_column(title: str) -> list[str]:
    """The keys that the tables of a section begin their rows with."""
    return re.findall(r"^\| `(\w+)`", section(title), re.MULTILINE)


EXAMPLES = [
    block
    for block in re.findall(r"^```yaml\n(.*?)^```", REFERENCE, re.DOTALL | re.MULTILINE)
    if re.search(r"^steps:", block, re.MULTILINE)
]


@pytest.mark.parametrize("block", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_workflows_of_the_reference_lint(block: str) -> None:
    depends_on_version = ("WFC224",)
    assert [it for it in found_in(block) if it[0] not in depends_on_version] == []


def test_the_reference_has_workflows() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("Workflow keys", keys.WORKFLOW),
        ("Step keys", keys.STEP),
        ("`handlerOn`", keys.HANDLER_ON),
        ("`preconditions`", keys.CONDITION),
        ("`continueOn`", keys.CONTINUE_ON),
        ("`retryPolicy`", keys.RETRY),
        ("`repeatPolicy`", keys.REPEAT),
        ("`parallel`", keys.PARALLEL),
        ("`schedule`", keys.SCHEDULE),
        ("`secrets`", keys.SECRET),
    ],
)
def test_each_key_has_its_row(title: str, known: keys.Keys) -> None:
    rows = first_column(title)
    assert sorted(rows) == sorted(set(known.spellings.values()))


@pytest.mark.parametrize(
    "known", [keys.WORKFLOW, keys.STEP, keys.HANDLER_ON, keys.SECRET]
)
def test_the_list_of_refused_keys_is_complete(known: keys.Keys) -> None:
    listed = set(re.findall(r"`(\w+)`", section("Refused for now")))
    assert {key for key in known.later if "_" not in key} <= listed


@pytest.mark.parametrize(
    ("title", "reasons"), [("Refused keys", REFUSED), ("Left out", LEFT_OUT)]
)
def test_each_key_that_is_not_translated_is_listed(
    title: str, reasons: Mapping[str, Mapping[str, object]]
) -> None:
    listed = set(re.findall(r"`(\w+)`", section(title)))
    assert {key for of_one in reasons.values() for key in of_one} <= listed


def test_each_function_has_its_row() -> None:
    rows = re.findall(r"^\| `(\w+)\(", section("Functions"), re.MULTILINE)
    assert sorted(rows) == sorted(FUNCTIONS)


@pytest.mark.parametrize(
    ("row", "limit"),
    [
        ("nesting of lists", MAX_DEPTH),
        ("what aliases", MAX_ALIASED),
        ("names of", MAX_NAME),
        ("numbers", MAX_INTEGER),
        ("nesting of a JSON", MAX_JSON_DEPTH),
        (r"one `\$<…>`", MAX_LENGTH),
        ("one output", LARGEST_OUTPUT),
        ("one value", LARGEST_EXPORT),
        ("steps that run", MOST_RUNNING),
        ("files that a `run`", MAX_FILES),
    ],
)
def test_limits(row: str, limit: int) -> None:
    assert re.search(rf"^\| {row}[^|]*\| {limit:,}\b", section("Limits"), re.MULTILINE)


def test_links_of_the_reference_lead_somewhere() -> None:
    targets = [
        each for each in re.findall(r"\]\(([^)]+)\)", REFERENCE) if "://" not in each
    ]
    headings = re.findall(r"^#+ (.*)$", REFERENCE, re.MULTILINE)
    anchors = {f"#{each.lower().replace(' ', '-')}" for each in headings}
    assert targets
    assert [
        each
        for each in targets
        if each not in anchors and not (GRAMMAR / each).exists()
    ] == []
