"""`parallel` around each body: items, width, and whose conditions are whose."""

from typing import Any

import pytest
from forms import findings, said, shown, step, workflow, written

from compiler import ir
from compiler.ir import Arguments, Call, Command, Map, Script, Template


def fan_out(keys: str) -> Map:
    body = step(keys).body
    assert isinstance(body, Map)
    return body


def items(found: Map) -> list[tuple[str | None, bool]]:
    """The items of a list: each as text, and whether it is JSON."""
    assert not isinstance(found.items, Template)
    return [(written(each.value), each.structured) for each in found.items]


LISTS = {
    "empty": ("[]", []),
    "texts": ("[a, b c, '']", [("a", False), ("b c", False), ("", False)]),
    "as written": (
        "[1.10, 0755, true, ~x, 2024-01-01]",
        [(each, False) for each in ("1.10", "0755", "true", "~x", "2024-01-01")],
    ),
    "twice the same": ("[a, a]", [("a", False), ("a", False)]),
    "null": (
        "[null, ~, 'null', !!str null]",
        [("null", False), ("~", False), ("null", False), ("null", False)],
    ),
    "references": (
        "['${X}', 'x $Y', '$<len(X)>']",
        [("«${X}»", False), ("x «$Y»", False), ("len(«X»)", False)],
    ),
    "escape": ("['$${X}']", [("${X}", False)]),
    "maps": ("[{a: 1.0, b: [x]}, {}]", [('{"a":1,"b":["x"]}', True), ("{}", True)]),
    "lists": ("[[1, 'a', null]]", [('[1,"a",null]', True)]),
    "reference in a map": (
        "[{a: 'x${Y}', b: '${Z}'}]",
        [('{"a":toJSON(x«${Y}»),"b":toJSON(«${Z}»)}', True)],
    ),
    "backticks": ("['`date`', ['`date`']]", [("`date`", False), ('["`date`"]', True)]),
}


@pytest.mark.parametrize("form", ["{}", "{{items: {}}}"], ids=["list", "map"])
@pytest.mark.parametrize(("written_as", "expected"), LISTS.values(), ids=LISTS)
def test_lists(written_as: str, expected: list[tuple[str, bool]], form: str) -> None:
    found = fan_out(f"command: b, parallel: {form.format(written_as)}")
    assert items(found) == expected
    assert found.width == 10


TEXTS = {
    "reference": ("'${FILES}'", "«${FILES}»"),
    "words": ("a b", "a b"),
    "JSON": ("'[1, \"a\"]'", '[1, "a"]'),
    "expression": ("'$<[1, 2]>'", "[1, 2]"),
    "with a default": ("'${X:-a b}'", "«${X:-a b}»"),
    "number": ("3", "3"),
}


@pytest.mark.parametrize("form", ["{}", "{{items: {}}}"], ids=["text", "map"])
@pytest.mark.parametrize(("text", "expected"), TEXTS.values(), ids=TEXTS)
def test_texts(text: str, expected: str, form: str) -> None:
    found = fan_out(f"command: b, parallel: {form.format(text)}")
    assert isinstance(found.items, Template)
    assert written(found.items) == expected


def test_lines() -> None:
    found = workflow(
        "steps:\n  - name: a\n    command: b\n    parallel: |\n      c d\n      $E\n"
    ).steps[0]
    assert isinstance(found.body, Map)
    assert isinstance(found.body.items, Template)
    assert written(found.body.items) == "c d\n«$E»\n"


WIDTHS = {
    "number": ("maxConcurrent: 3", 3),
    "text of digits": ("maxConcurrent: '3'", 3),
    "hexadecimal": ("maxConcurrent: 0x10", 16),
    "later spelling": ("max_concurrent: 1", 1),
    "most": ("maxConcurrent: 999999999", 999999999),
    "nothing": ("maxConcurrent: ", 10),
    "reference": ("maxConcurrent: $N", "«$N»"),
    "braced reference": ("maxConcurrent: '${N:-3}'", "«${N:-3}»"),
    "expression": ("maxConcurrent: '$<len(X)>'", "len(«X»)"),
    "text around a reference": ("maxConcurrent: 1$N", "1«$N»"),
}


@pytest.mark.parametrize(("key", "expected"), WIDTHS.values(), ids=WIDTHS)
def test_width(key: str, expected: int | str) -> None:
    width = fan_out(f"command: b, parallel: {{items: [a], {key}}}").width
    assert (written(width) if isinstance(width, Template) else width) == expected


BODIES: dict[str, tuple[str, type[Any]]] = {
    "command": ("command: b", Command),
    "words": ("command: [b, '${ITEM}']", Arguments),
    "script": ("script: b", Script),
    "script with an interpreter": ("script: b, command: python3", Script),
    "call": ("run: b", Call),
}


@pytest.mark.parametrize(("keys", "kind"), BODIES.values(), ids=BODIES)
def test_bodies(keys: str, kind: type[Any]) -> None:
    assert type(fan_out(f"{keys}, parallel: [a]").body) is kind


ARGUMENTS = {
    "without params": ("run: b", None),
    "with params": ("run: b, params: X=1", ["X"]),
    "with an empty text": ("run: b, params: ''", []),
    "with an empty map": ("run: b, params: {}", []),
    "with nothing": ("run: b, params: ", None),
}


@pytest.mark.parametrize(("keys", "names"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_the_item_is_the_argument_of_a_call_without_params(
    keys: str, names: list[str] | None
) -> None:
    body = fan_out(f"{keys}, parallel: [a]").body
    assert isinstance(body, Call)
    found = body.arguments
    assert (None if found is None else [each.name for each in found]) == names


# ---- conditions

OF_ITEMS = {
    "plain": "test $ITEM = a",
    "braced": "test ${ITEM} = a",
    "in double quotes": 'test "$ITEM"',
    "in single quotes": "test '${ITEM}'",
    "path": "test ${ITEM.key} = a",
    "index": "test ${ITEM[0]} = a",
    "default": "test ${ITEM:-x} = a",
    "within a default": "test ${X:-${ITEM}} = a",
    "behind a shell's operator": "test ${X:+$ITEM} = a",
    "shell's operator": "test ${ITEM#a} = b",
    "length": "test ${#ITEM} = 3",
    "expression": "test $<ITEM == 'x'> = true",
    "expression with a path": "test $<len(ITEM.list)> = 3",
    "arithmetic": "test $((ITEM + 1)) = 3",
    "inner shell": "sh -c 'test $ITEM = a'",
    "map": "{command: test $ITEM}",
    "negated": "{command: test $ITEM, negate: true}",
    "condition alone": "{condition: test $ITEM}",
    "value": "{condition: $ITEM, expected: a}",
    "value with a path": "{condition: 'x ${ITEM.key}', expected: a}",
    "value with a default": "{condition: '${X:-$ITEM}', expected: a}",
    "value of an expression": "{condition: '$<ITEM == 1>', expected: 'true'}",
    "backticks": "{condition: '`echo $ITEM`', expected: a}",
}
OF_THE_STEP = {
    "another name": "test $ITEMS = a",
    "longer name": "test ${MY_ITEM} = a",
    "a param's": "test ${params.ITEM} = a",
    "the word": "test -f ITEM",
    "escaped": "test \\${ITEM}",
    "in single quotes": "test '$ITEM'",
    "comment": "test a # $ITEM",
    "key": "test ${X.ITEM} = a",
    "value": "{condition: $X, expected: ITEM}",
    "escaped value": "{condition: '$${ITEM}', expected: a}",
    "text in an expression": "{condition: '$<X == \"ITEM\">', expected: 'true'}",
}


def in_block(condition: str) -> str:
    """A fan-out with this condition, which needs no quotes unless it is a map."""
    if not condition.startswith("{"):
        condition = f"|-\n        {condition}"
    return (
        "steps:\n  - name: a\n    command: b\n    parallel: [a]\n"
        f"    preconditions:\n      - {condition}\n"
    )


@pytest.mark.parametrize("condition", OF_ITEMS.values(), ids=OF_ITEMS)
def test_conditions_that_name_the_item(condition: str) -> None:
    found = workflow(in_block(condition)).steps[0]
    assert isinstance(found.body, Map)
    assert [len(found.conditions), len(found.body.conditions)] == [0, 1]


@pytest.mark.parametrize("condition", OF_THE_STEP.values(), ids=OF_THE_STEP)
def test_conditions_that_do_not(condition: str) -> None:
    found = workflow(in_block(condition)).steps[0]
    assert isinstance(found.body, Map)
    assert [len(found.conditions), len(found.body.conditions)] == [1, 0]


def test_conditions_keep_their_order() -> None:
    found = step(
        "command: b, parallel: [a], preconditions: [test 1, test $ITEM, test 2, "
        "{condition: $ITEM, expected: x}, test 3]"
    )
    assert isinstance(found.body, Map)
    of_items = found.body.conditions
    assert [type(each) for each in of_items] == [ir.Test, ir.Match]
    sources = [
        each.command.source for each in found.conditions if isinstance(each, ir.Test)
    ]
    assert sources == ["test 1", "test 2", "test 3"]


def test_without_parallel_all_conditions_are_the_steps() -> None:
    assert len(step("command: b, preconditions: [test $ITEM, test 1]").conditions) == 2


def test_what_holds_for_each_item_stays_with_the_step() -> None:
    found = step(
        "command: b, parallel: [a], env: {A: '${ITEM.x}'}, dir: d, timeoutSec: 3, "
        "retryPolicy: {limit: 1, intervalSec: 2}"
    )
    assert [each.name for each in found.env] == ["A"]
    assert written(found.directory) == "d"
    assert (found.timeout, found.retry is not None) == (3, True)


# ---- findings

FINDINGS = {
    "null": ("parallel: ", "WFC115", "parallel", "`parallel: []`"),
    "empty map": ("parallel: {}", "WFC106", "parallel", "has no `items`"),
    "null items": ("parallel: {items: }", "WFC106", "parallel", "has no `items`"),
    "unknown key": ("parallel: {items: x, foo: y}", "WFC103", "foo", "`parallel`"),
    "slip": ("parallel: {item: x}", "WFC103", "item", "did you mean `items`?"),
    "empty text": ("parallel: ''", "WFC107", "''", "`parallel` is empty"),
    "empty items": ("parallel: {items: ' '}", "WFC107", "' '", "`items` is empty"),
    "items as a map": (
        "parallel: {items: {a: b}}",
        "WFC105",
        "{a: b}",
        "list of items",
    ),
    "unknown anchor": ("parallel: [*a]", "WFC101", "*a", "unknown alias"),
    "width of 0": (
        "parallel: {items: a, maxConcurrent: 0}",
        "WFC107",
        "0",
        "write at least 1",
    ),
    "width below 0": (
        "parallel: {items: a, maxConcurrent: -1}",
        "WFC107",
        "-1",
        "from 1 to 999999999",
    ),
    "width beyond": (
        "parallel: {items: a, maxConcurrent: 1000000000}",
        "WFC107",
        "1000000000",
        "write at most 999999999",
    ),
    "width as a word": (
        "parallel: {items: a, max_concurrent: abc}",
        "WFC105",
        "abc",
        "`${N}`",
    ),
    "width with a zero": (
        "parallel: {items: a, maxConcurrent: 03}",
        "WFC105",
        "03",
        "no zero in front",
    ),
    "width of an escape": (
        "parallel: {items: a, maxConcurrent: '$${N}'}",
        "WFC105",
        "'$${N}'",
        "or a reference",
    ),
    "width as a list": (
        "parallel: {items: a, maxConcurrent: [1]}",
        "WFC105",
        "[1]",
        "a whole number",
    ),
    "broken reference": ("parallel: '${X'", "WFC305", "${X", "never closed"),
    "operator of a shell": (
        "parallel: '${X#a}'",
        "WFC301",
        "${X#a}",
        "not a reference",
    ),
    "backticks": ("parallel: ['`ls`']", "WFC307", "`ls`", "run nothing here"),
    "backticks in a map": ("parallel: [{a: '`ls`'}]", "WFC307", "`ls`", "run nothing"),
    "number without a form": (
        "parallel: [[.inf]]",
        "WFC107",
        ".inf",
        "no form in JSON",
    ),
    "pattern": (
        "parallel: [a], continueOn: {output: c}",
        "WFC115",
        "output",
        "prints nothing itself",
    ),
    "params": ("parallel: [a], params: b", "WFC113", "params", "without `run`"),
}


@pytest.mark.parametrize(
    ("keys", "code", "place", "words"), FINDINGS.values(), ids=FINDINGS
)
def test_findings(keys: str, code: str, place: str, words: str) -> None:
    text = f"steps: [{{name: a, command: b, {keys}}}]"
    found = findings(text)
    assert [each.code for each in found] == [code]
    assert shown(text, found[0]) == place
    assert words in said(found[0])


def test_an_item_without_a_value() -> None:
    (found,) = findings(
        "steps:\n- name: a\n  command: b\n  parallel:\n  - c\n  -\n  - d\n"
    )
    assert (found.code, found.span.line) == ("WFC105", 6)
    assert 'write `""`' in said(found)


def test_nothing_to_run_for_each_item() -> None:
    found = findings("steps: [{name: a, parallel: [b]}]")
    assert [each.code for each in found] == ["WFC106"]
