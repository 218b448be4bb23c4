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
from compiler.reader.nodes import MapNode, Node, ScalarNode
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
    note_old_reading,
    one_or_many,
    scalar,
    shell_text,
    template,
    texts,
    wrong_type,
)


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
        expected=_pattern(reading, pattern),
        negate=negate,
        span=reading.span(compared),
    )


def _pattern(reading: Reading, node: ScalarNode) -> Pattern:
    regex = node.text.startswith("re:")
    text = node.text.removeprefix("re:")
    return Pattern(text=text, regex=regex, span=reading.span(node))


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
    return ContinueOn(
        failure=_flag(reading, known.get("failure")),
        skipped=_flag(reading, known.get("skipped")),
        exit_codes=() if codes is None else _codes(reading, codes),
        output=() if output is None else _patterns(reading, output),
        mark_success=_flag(reading, known.get("markSuccess")),
        span=span,
    )


def _flag(reading: Reading, field: Field | None) -> bool:
    return field is not None and boolean(reading, field.value, field.key.text)


def _codes(reading: Reading, field: Field) -> tuple[int, ...]:
    return exit_codes(reading, field.value, field.key.text)


def _patterns(reading: Reading, field: Field) -> tuple[Pattern, ...]:
    found = texts(reading, field.value, field.key.text)
    return tuple(_pattern(reading, each) for each in found)


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
    return Retry(
        limit=limit or 0,
        interval=interval or 0,
        backoff=_backoff(reading, known.get("backoff")),
        max_interval=longest or None,
        exit_codes=() if codes is None else _codes(reading, codes),
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
