"""`preconditions`, `continueOn` and `retryPolicy` into the IR."""

from compiler.ir import (
    Condition,
    ContinueOn,
    Match,
    Pattern,
    Retry,
    Test,
)
from compiler.reader.keys import CONDITION, CONTINUE_ON, RETRY
from compiler.reader.nodes import ListNode, MapNode, Node, ScalarNode
from compiler.reader.references import (
    first_reference,
    note_old_reading,
    shell_text,
    template,
)
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
    is_lost,
    is_null,
    one_or_many,
    scalar,
    texts,
    wrong_type,
)
from compiler.source import Span


def conditions(reading: Reading, field: Field | None) -> tuple[Condition, ...]:
    """One condition or a list of them, each a text or a map."""
    if field is None:
        return ()
    found = [
        _condition(reading, each, field.key.text) for each in one_or_many(field.value)
    ]
    return tuple(each for each in found if each is not None)


def _condition(reading: Reading, node: Node, name: str) -> Condition | None:
    if not isinstance(node, MapNode):
        command = scalar(reading, node, name, "conditions as texts or maps", False)
        if command is None:
            return None
        return Test(command=shell_text(reading, command), span=reading.span(command))
    for key, value in node.entries.values():
        if is_lost(value):
            return None
        if is_null(value):
            help = 'write `""` for an empty text' if key.text != "negate" else ""
            reading.report(
                "WFC105", f"`{key.text}` has no value", key, "nothing follows", help
            )
            return None
    return _condition_map(reading, node, fields(reading, node, CONDITION))


def _condition_map(reading: Reading, node: MapNode, known: Fields) -> Condition | None:
    value, command = known.get("condition"), known.get("command")
    expected, negated = known.get("expected"), known.get("negate")
    negate = negated is not None and boolean(reading, negated.value, "negate")
    if command is not None and (value is not None or expected is not None):
        other = value or expected
        assert other is not None
        reading.report(
            "WFC113",
            f"`command` and `{other.key.text}` in one condition",
            command.key,
            "a command is met by its exit code",
            "`condition` with `expected` compares, `command` alone runs",
            ((reading.span(other.key), "and this"),),
        )
        return None
    tested = command or value
    if tested is None:
        if known.complete:
            reading.report(
                "WFC106",
                "a condition without `condition`",
                node,
                "what is to be tested?",
                "write `condition: TEXT` with `expected: TEXT`, or `command: TEXT`",
            )
        return None
    if expected is None:
        run = scalar(reading, tested.value, tested.key.text, empty=False)
        if run is None or not known.complete:
            return None
        text = shell_text(reading, run)
        return Test(command=text, negate=negate, span=reading.span(run))
    compared = scalar(reading, tested.value, "condition")
    pattern = scalar(reading, expected.value, "expected")
    if compared is None or pattern is None:
        return None
    note_old_reading(reading, pattern)
    return Match(
        value=template(reading, compared, backticks=True),
        expected=_pattern(reading, pattern, "expected"),
        negate=negate,
        span=reading.span(compared),
    )


def _pattern(reading: Reading, node: ScalarNode, name: str) -> Pattern:
    regex = node.text.startswith("re:")
    text = node.text.removeprefix("re:")
    _refuse_references(reading, node, name, regex)
    return Pattern(text=text, regex=regex, span=reading.span(node))


def _refuse_references(
    reading: Reading, node: ScalarNode, name: str, regex: bool
) -> None:
    """A pattern with a reference would never be found: it is compared as written (R1)."""
    span = first_reference(reading, node, escaped=regex)
    if span is None:
        return
    written = f"`{name}` is compared as it is written"
    help = f"{written}; put the reference into `condition`"
    if name != "expected":
        help = f"{written}; let a `preconditions` of a later step compare"
    reading.report(
        "WFC107", f"`{name}` takes no references", span, "stays as text", help
    )


def continue_on(reading: Reading, field: Field | None) -> ContinueOn | None:
    """A map, or one of the words `failed`, `failure` and `skipped`."""
    if field is None:
        return None
    span = reading.span(field.key)
    name, node = field.key.text, field.value
    if isinstance(node, ScalarNode):
        if node.text not in ("failed", "failure", "skipped"):
            wanted = "a map, `failed` or `skipped`"
            wrong_type(reading, node, name, wanted)
            return None
        skipped = node.text == "skipped"
        return ContinueOn(failure=not skipped, skipped=skipped, span=span)
    if not isinstance(node, MapNode):
        wrong_type(reading, node, name, "a map, `failed` or `skipped`")
        return None
    known = fields(reading, node, CONTINUE_ON)
    codes, output = known.get("exitCode"), known.get("output")
    failure, marks = _flag(reading, known.get("failure")), known.get("markSuccess")
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
        skipped=_flag(reading, known.get("skipped")),
        exit_codes=() if codes is None else _codes(reading, codes),
        output=() if output is None else _patterns(reading, output),
        mark_success=_flag(reading, marks),
        span=span,
    )


def note_ineffective(
    reading: Reading, place: Node | Span, message: str, label: str, help: str
) -> None:
    """WFC115 for what is written but changes nothing."""
    reading.report("WFC115", message, place, label, help)


def _flag(reading: Reading, field: Field | None) -> bool:
    return field is not None and boolean(reading, field.value, field.key.text)


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
    return tuple(_pattern(reading, each, field.key.text) for each in found)


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
    most, codes = known.get("maxIntervalSec"), known.get("exitCode")
    longest = None if most is None else integer(reading, most.value, most.key.text)
    if limit == 0:
        _note_without_tries(reading, known)
    elif most is not None and longest and interval and longest < interval:
        note_ineffective(
            reading,
            most.value,
            f"`{most.key.text}` is below the first pause",
            f"each pause is {longest} s; `intervalSec` has no effect",
            "make it longer than `intervalSec`",
        )
    return Retry(
        limit=limit or 0,
        interval=interval or 0,
        backoff=_backoff(reading, known.get("backoff")),
        max_interval=longest or None,
        exit_codes=() if codes is None else _codes(reading, codes),
    )


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


def _needed(reading: Reading, field: Field, known: Fields, name: str) -> int | None:
    found = known.get(name)
    if found is not None:
        return integer(reading, found.value, found.key.text)
    if known.complete:
        reading.report(
            "WFC106",
            f"`{field.key.text}` has no `{name}`",
            field.key,
            f"`{name}` is missing",
            "both `limit` and `intervalSec` are needed",
        )
    return None


def _backoff(reading: Reading, field: Field | None) -> float:
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
