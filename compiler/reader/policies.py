"""`continueOn` and `retryPolicy` into the IR."""

from compiler.diagnostics import did_you_mean
from compiler.ir import ContinueOn, Pattern, Retry, Template
from compiler.reader.conditions import pattern_of
from compiler.reader.keys import CONTINUE_ON, RETRY
from compiler.reader.nodes import ListNode, MapNode, Node, ScalarNode
from compiler.reader.scalars import kind_of, number
from compiler.reader.shape import (
    MAX_INTEGER,
    Field,
    Fields,
    Reading,
    boolean,
    exit_codes,
    fields,
    integer,
    is_true,
    one_or_many,
    texts,
    wrong_type,
)
from compiler.source import Span


def continue_on(reading: Reading, field: Field | None) -> ContinueOn | None:
    """A map, or one of the words `failed`, `failure` and `skipped`."""
    if field is None:
        return None
    span = reading.span(field.key)
    name, node = field.key.text, field.value
    if isinstance(node, ScalarNode):
        if node.text not in ("failed", "failure", "skipped"):
            wanted = "a map, `failed` or `skipped`"
            wrong_type(
                reading,
                node,
                name,
                wanted,
                did_you_mean(node.text, ("failed", "skipped")),
            )
            return None
        skipped = node.text == "skipped"
        return ContinueOn(failure=not skipped, skipped=skipped, span=span)
    if not isinstance(node, MapNode):
        wrong_type(reading, node, name, "a map, `failed` or `skipped`")
        return None
    known = fields(reading, node, CONTINUE_ON)
    codes, output = known.get("exitCode"), known.get("output")
    failure, marks = is_true(reading, known.get("failure")), known.get("markSuccess")
    if marks is not None and known.complete and not (failure or codes or output):
        note_ineffective(
            reading,
            marks.key,
            "`markSuccess` has no effect: no failure is allowed",
            "makes an allowed failure a success",
            "allow one with `failure: true`, `exitCode` or `output`",
        )
    return ContinueOn(
        failure=failure,
        skipped=is_true(reading, known.get("skipped")),
        exit_codes=() if codes is None else _codes(reading, codes),
        output=() if output is None else _patterns(reading, output),
        mark_success=is_true(reading, marks),
        span=span,
    )


def note_ineffective(
    reading: Reading, place: Node | Span, message: str, label: str, help: str
) -> None:
    """WFC115 for what is written but changes nothing."""
    reading.report("WFC115", message, place, label, help)


def _codes(reading: Reading, field: Field) -> tuple[int, ...]:
    """The codes of a failure; a failure has never the code 0."""
    _note_empty(reading, field)
    found = exit_codes(reading, field.value, field.key.text)
    if 0 in found:
        for each in one_or_many(field.value):
            if isinstance(each, ScalarNode) and _is_zero(each):
                note_ineffective(
                    reading,
                    each,
                    f"0 as `{field.key.text}` has no effect",
                    "a step with the exit code 0 has not failed",
                    "take it out",
                )
    return found


def _is_zero(node: ScalarNode) -> bool:
    if kind_of(node) == "integer":
        return number(node.text) == 0
    return node.text == "0"


def _note_empty(reading: Reading, field: Field) -> None:
    if isinstance(field.value, ListNode) and not field.value.items:
        note_ineffective(
            reading,
            field.key,
            f"`{field.key.text}` has no effect: its list is empty",
            "as if it were absent",
            "take it out, or list something",
        )


def _patterns(reading: Reading, field: Field) -> tuple[Pattern, ...]:
    _note_empty(reading, field)
    found = texts(reading, field.value, field.key.text)
    return tuple(pattern_of(reading, each, field.key.text) for each in found)


def retry(reading: Reading, field: Field | None) -> Retry | None:
    """`limit` and `intervalSec` must both be there."""
    if field is None:
        return None
    if not isinstance(field.value, MapNode):
        wrong_type(reading, field.value, field.key.text, "a map")
        return None
    known = fields(reading, field.value, RETRY)
    limit = _needed(reading, field, known, "limit")
    interval = _needed(reading, field, known, "intervalSec")
    codes = known.get("exitCode")
    if limit == 0:
        _note_without_tries(reading, known)
        interval = None
    return Retry(
        limit=limit or 0,
        interval=interval or 0,
        backoff=backoff(reading, known.get("backoff")),
        max_interval=max_interval(reading, known.get("maxIntervalSec"), interval),
        exit_codes=() if codes is None else _codes(reading, codes),
    )


def max_interval(
    reading: Reading, field: Field | None, first: int | Template | None
) -> int | None:
    """The longest pause, where the first one is as long as `first`; None: no limit."""
    if field is None:
        return None
    longest = integer(reading, field.value, field.key.text)
    if longest and isinstance(first, int) and longest < first:
        note_ineffective(
            reading,
            field.value,
            f"`{field.key.text}` is below the first pause",
            f"each pause is {longest} s; `intervalSec` has no effect",
            "make it longer than `intervalSec`",
        )
    return longest or None


def _note_without_tries(reading: Reading, known: Fields) -> None:
    for name in ("backoff", "maxIntervalSec", "exitCode"):
        field = known.get(name)
        if field is not None:
            note_ineffective(
                reading,
                field.key,
                f"`{field.key.text}` has no effect: `limit` is 0",
                "there is no further try",
                "raise `limit`, or take this out",
            )


def _needed(
    reading: Reading, field: Field, known: Fields, name: str
) -> int | Template | None:
    found = known.get(name)
    if found is not None:
        return count(reading, found)
    if known.complete:
        reading.report(
            "WFC106",
            f"`{field.key.text}` has no `{name}`",
            field.key,
            f"`{name}` is missing",
            "both `limit` and `intervalSec` are needed",
        )
    return None


def count(
    reading: Reading, field: Field, least: int = 0, backticks: bool = True
) -> int | Template | None:
    """A whole number from `least`, or a text with a reference or `backticks` to one."""
    node, name = field.value, field.key.text
    if isinstance(node, ScalarNode) and ("$" in node.text or "`" in node.text):
        from compiler.reader.references import template, template_without_commands

        if backticks:
            read = template(reading, node, backticks=True)
        else:
            read = template_without_commands(reading, node)
        if any(not isinstance(part, str) for part in read.parts):
            return read
    elif not _is_word(node) or name.lower().endswith("sec"):
        return integer(reading, node, name, least)
    wrong_type(
        reading,
        node,
        name,
        "a whole number, or a reference to one",
        "write it as in `3`, or as in `${N}`",
    )
    return None


def _is_word(node: Node) -> bool:
    """Is `node` a text that does not look like a number?"""
    if not isinstance(node, ScalarNode) or kind_of(node) != "text":
        return False
    return not (node.text.isascii() and node.text.isdigit())


def backoff(reading: Reading, field: Field | None) -> float:
    """`true` doubles the pause each time; a number is the factor."""
    if field is None:
        return 1.0
    node, wanted = field.value, "`true`, `false` or a number above 1"
    if isinstance(node, ScalarNode):
        kind = kind_of(node)
        if kind == "boolean":
            return 2.0 if boolean(reading, node, field.key.text) else 1.0
        if kind in ("integer", "float"):
            factor = number(node.text)
            if 1 < factor <= MAX_INTEGER:
                return float(factor)
            reading.report(
                "WFC107", f"`{field.key.text}` takes {wanted}", node, "out of range"
            )
            return 1.0
    wrong_type(reading, node, field.key.text, wanted)
    return 1.0
