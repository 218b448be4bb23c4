"""Items of a fan-out: what they are, and how they are carried out."""

import io
import json
from pathlib import Path

import pytest
from resolved import AT, command, execute, from_yaml, template

from compiler.evaluate import Failure
from compiler.interpreter import Report, report_json, summary
from compiler.interpreter.items import items_of, split_items, width_of
from compiler.interpreter.values import Known, Scope
from compiler.ir import Item, Json, Map, Template

SCOPE = Scope(known=Known(process={}, special={}), special={})


def fan_out(items: Template | tuple[Item, ...] = (), width: str | int = 10) -> Map:
    wide = width if isinstance(width, int) else template(width)
    return Map(items=items, body=command("true"), width=wide, span=AT)


@pytest.mark.parametrize(
    ("value", "items"),
    [
        pytest.param("", [], id="empty"),
        pytest.param(" \n\t\n", [], id="white-space"),
        pytest.param("a", ["a"], id="word"),
        pytest.param("  a b\tc \n", ["a", "b", "c"], id="words"),
        pytest.param("a b\n\n c \r\n", ["a b", "c"], id="lines"),
        pytest.param("a\u00a0b c", ["a\u00a0b", "c"], id="ascii-white-space-only"),
        pytest.param('["a b", "c"]', ["a b", "c"], id="json"),
        pytest.param('\n ["a",\n "b"]\n', ["a", "b"], id="json-in-lines"),
        pytest.param("[1, 1.0, null, true, [2], {\"k\": 3}]",
                     [1, 1.0, None, True, [2], {"k": 3}], id="json-types"),
        pytest.param("[]", [], id="empty-json"),
        pytest.param("[a] [b]", ["[a]", "[b]"], id="no-json"),
        pytest.param("[a\n[b", ["[a", "[b"], id="no-json-in-lines"),
        pytest.param('{"a": [1]}', ['{"a":', "[1]}"], id="an-object-is-text"),
        pytest.param(["a b", "c\nd"], ["a b", "c\nd"], id="list"),
        pytest.param(12, ["12"], id="number"),
        pytest.param(None, ["null"], id="null"),
    ],
)  # fmt: skip
def test_the_items_of_a_value(value: Json, items: list[Json]) -> None:
    assert list(split_items(value)) == items


@pytest.mark.parametrize(
    ("item", "value", "text"),
    [
        pytest.param(Item(value=template("1.10")), "1.10", "1.10", id="as-written"),
        pytest.param(Item(value=template("")), "", "", id="empty"),
        pytest.param(Item(value=template("[1]")), "[1]", "[1]", id="text"),
        pytest.param(
            Item(value=template('{"a": 1.0}'), structured=True),
            {"a": 1.0}, '{"a":1}', id="object",
        ),
    ],
)  # fmt: skip
def test_the_items_of_a_list(item: Item, value: Json, text: str) -> None:
    (found,) = items_of(fan_out((item,)), SCOPE)
    assert (found.value, found.text) == (value, text)


@pytest.mark.parametrize(
    ("text", "width"),
    [("1", 1), ("12", 12), ("9" * 5000, 999_999_999)],
    ids=["one", "more", "huge"],
)
def test_width(text: str, width: int) -> None:
    assert width_of(fan_out(width=text), SCOPE) == width


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "two", "01", " 1", "1\n", "١"])
def test_what_is_no_width(text: str) -> None:
    with pytest.raises(Failure, match="must be a whole number of at least 1"):
        width_of(fan_out(width=text), SCOPE)


# ---- runs


def statuses(report: Report) -> dict[str, str]:
    return {path: step.status for path, step in report.outcome.steps.items()}


def test_paths_folders_and_lines(tmp_path: Path) -> None:
    stream = io.StringIO()
    report = execute(
        from_yaml("""
            name: flow
            steps:
              - name: a map
                parallel: {items: [x, y], maxConcurrent: 1}
                run: kid
                params: P=${ITEM}
                retryPolicy: {limit: 1, intervalSec: 0}
                preconditions: '[ "$ITEM" != z ]'
                continueOn: {failure: true}
              - name: single
                parallel: [x]
                command: 'false'
            ---
            name: kid
            params: [P: ""]
            steps:
              - name: each
                parallel: [1, 2]
                command: '[ "$P$ITEM" != x2 ]'
            """),
        tmp_path,
        stream=stream,
    )
    outcome = report.outcome
    assert [
        path for path, status in statuses(report).items() if status == "failed"
    ] == [
        "a map",
        "a map[0]",
        "a map[0]/each",
        "a map[0]/each[1]",
        "single",
        "single[0]",
    ]
    assert outcome.steps["a map[0]"].attempts == 2
    assert outcome.steps["a map"].attempts == 1
    folder = Path(report.steps["a map"].log).name
    steps = report.folder / "steps"
    assert (steps / f"{folder}[0]/each[1]/1.rc").read_text() == "1\n"
    assert report.steps["a map[0]/each[1]"].log == f"{steps}/{folder}[0].2/each[1]"
    assert (steps / f"{folder}/1.err").read_text() == "wfc: 1 of 2 items failed\n"
    assert (steps / "single/1.err").read_text() == "wfc: 1 of 1 item failed\n"
    lines = stream.getvalue().splitlines()
    assert lines[:4] == [
        "a map: started",
        "a map[0]: started",
        "a map[0]/each: started",
        "a map[0]/each[0]: started",
    ]
    assert "a map[0]: exit 1, try 2 of 2 in 0 s" in lines
    rows = [line.split("  ")[0] for line in summary(report).splitlines()]
    assert rows[1:7] == [
        "a map",
        "a map[0]",
        "a map[0]/each",
        "a map[0]/each[1]",
        "single",
        "single[0]",
    ]


def test_the_table_has_the_items_that_did_not_succeed(tmp_path: Path) -> None:
    report = execute(
        from_yaml(
            """
            name: flow
            steps:
              - name: many
                parallel: $<split('1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25', ',')>
                command: '[ "$ITEM" -le 2 ]'
                continueOn: {failure: true}
              - {name: none, parallel: [], command: echo}
              - {name: one, parallel: [x], command: echo}
            """
        ),
        tmp_path,
    )  # fmt: skip
    lines = summary(report).splitlines()
    assert len(lines) == 1 + 1 + 20 + 1 + 2 + 2
    assert lines[1].startswith("many ")
    assert lines[1].endswith("  25 items")
    assert lines[2].startswith("many[2] ")
    assert lines[22] == "… and 3 more"
    assert lines[23].endswith("  0 items")
    assert lines[24].endswith("  1 item")
    assert len(report_json(report)["steps"]) == 3 + 25 + 1  # type: ignore[arg-type]


def test_an_empty_list(tmp_path: Path) -> None:
    report = execute(
        from_yaml("steps: [{name: a, parallel: [], command: echo, output: A}]"),
        tmp_path,
    )
    empty = {"total": 0, "succeeded": 0, "failed": 0, "skipped": 0}
    record = json.loads(report.outcome.outputs["A"])
    assert record == {"summary": empty, "results": [], "outputs": []}
    assert statuses(report) == {"a": "succeeded"}


@pytest.mark.parametrize(
    ("parallel", "message"),
    [
        pytest.param(
            "{items: [a], maxConcurrent: '${N}'}",
            "`maxConcurrent` must be a whole number of at least 1, but is `none`",
            id="width",
        ),
        pytest.param("'$<fromJSON(N)>'", "not JSON", id="items"),
    ],
)
def test_what_cannot_be_fanned_out_is_one_failed_attempt(
    parallel: str, message: str, tmp_path: Path
) -> None:
    report = execute(
        from_yaml(f"""
            params: [N: none]
            steps:
              - name: a
                parallel: {parallel}
                command: echo
                retryPolicy: {{limit: 3, intervalSec: 60}}
                output: A
            """),
        tmp_path,
    )
    a = report.outcome.steps["a"]
    assert (a.status, a.attempts, a.exit_code) == ("failed", 1, 1)
    assert list(report.outcome.steps) == ["a"]
    assert report.outcome.outputs == {}
    assert message in (Path(report.steps["a"].log) / "1.err").read_text()


@pytest.mark.parametrize(
    ("value", "expected", "kept"),
    [
        pytest.param("$<ITEM == 2>", "true", ["2"], id="number"),
        pytest.param("$<ITEM == '2'>", "true", ["2"], id="text"),
        pytest.param("$<ITEM == null>", "true", ["null"], id="null"),
        pytest.param("${ITEM:-none}", "none", ["null"], id="default-of-null"),
        pytest.param("${ITEM[0]:-none}", "7", ["[7]"], id="path"),
        pytest.param("$ITEM", "2", ["2", "2"], id="as-text"),
    ],
)
def test_an_item_has_the_type_that_it_has_in_json(
    value: str, expected: str, kept: list[str], tmp_path: Path
) -> None:
    report = execute(
        from_yaml(f"""
            params: [LIST: '[1, 2, "2", null, "x", [7]]']
            steps:
              - name: a
                parallel: ${{LIST}}
                command: printf %s "$ITEM"
                preconditions: [{{condition: "{value}", expected: "{expected}"}}]
                output: A
            """),
        tmp_path,
    )
    assert json.loads(report.outcome.outputs["A"])["outputs"] == kept


def test_at_most_so_many_at_a_time_in_their_order(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            steps:
              - name: a
                parallel: {items: 5 1 1 3 1 1, maxConcurrent: 2}
                command: sleep 0.$ITEM
            """),
        tmp_path,
    )
    running = most = 0
    for what, path in report.outcome.events:
        if path != "a":
            running += 1 if what == "start" else -1
            most = max(most, running)
    assert most == 2
    starts = [path for what, path in report.outcome.events if what == "start"]
    assert starts == ["a", *(f"a[{place}]" for place in range(6))]


def test_a_thousand_items(tmp_path: Path) -> None:
    report = execute(
        from_yaml("""
            params: [LIST: ""]
            steps: [{name: a, parallel: "${LIST}", command: "true", output: A}]
            """),
        tmp_path,
        values={"LIST": " ".join(map(str, range(1000)))},
    )
    assert report.outcome.status == "succeeded"
    assert len(report.outcome.steps) == 1001
    assert len(summary(report).splitlines()) == 4
    assert json.loads(report.outcome.outputs["A"])["summary"]["succeeded"] == 1000
