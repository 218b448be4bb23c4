"""Conditions, and the patterns in them, into the IR."""

from compiler.ir import Condition, Match, Pattern, Test
from compiler.reader.keys import CONDITION
from compiler.reader.nodes import MapNode, Node, ScalarNode
from compiler.reader.references import (
    first_reference,
    note_old_reading,
    shell_text,
    template,
)
from compiler.reader.shape import (
    Field,
    Fields,
    Reading,
    fields,
    is_lost,
    is_null,
    is_true,
    one_or_many,
    scalar,
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
    negate = is_true(reading, negated)
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
    if expected is None and not known.complete:
        scalar(reading, tested.value, tested.key.text, empty=False)
        return None
    return condition_of(reading, tested, expected, negate)


def condition_of(
    reading: Reading, tested: Field, expected: Field | None, negate: bool = False
) -> Condition | None:
    """What compares `tested` with `expected`, or, without that, runs it."""
    if expected is None:
        run = scalar(reading, tested.value, tested.key.text, empty=False)
        if run is None:
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
        expected=pattern_of(reading, pattern, "expected"),
        negate=negate,
        span=reading.span(compared),
    )


def pattern_of(reading: Reading, node: ScalarNode, name: str) -> Pattern:
    """The text or, behind `re:`, the regular expression in `node`, the value of `name`."""
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
