"""`repeatPolicy` of a step into a `Repeat`."""

from typing import Literal

from compiler.diagnostics import did_you_mean
from compiler.ir import Condition, Repeat
from compiler.reader.conditions import condition_of
from compiler.reader.keys import REPEAT
from compiler.reader.nodes import MapNode, ScalarNode
from compiler.reader.policies import backoff, count, max_interval, note_ineffective
from compiler.reader.scalars import kind_of
from compiler.reader.shape import (
    Field,
    Fields,
    Reading,
    exit_codes,
    fields,
    wrong_type,
)

_Mode = Literal["while", "until"]


def repeat(reading: Reading, field: Field) -> Repeat | None:
    """The policy; None where it says that the step runs once, or cannot be read."""
    if not isinstance(field.value, MapNode):
        help = "write `repeat: true`, or `condition: COMMAND`, below it"
        wrong_type(reading, field.value, field.key.text, "a map", help)
        return None
    known = fields(reading, field.value, REPEAT)
    written = _written_mode(reading, known.get("repeat"))
    condition = _condition(reading, known)
    codes = known.get("exitCode")
    listed = () if codes is None else exit_codes(reading, codes.value, codes.key.text)
    limit, interval = known.get("limit"), known.get("intervalSec")
    most = None if limit is None else count(reading, limit)
    pause = None if interval is None else count(reading, interval)
    found = Repeat(
        mode=written or _implied_mode(known),
        condition=condition,
        exit_codes=listed,
        limit=most or None,
        interval=pause or 0,
        backoff=backoff(reading, known.get("backoff")),
        max_interval=max_interval(reading, known.get("maxIntervalSec"), pause),
        span=reading.span(field.key),
    )
    if not known.complete or _refused(reading, field, known):
        return None
    return None if _is_once(reading, field, known) else found


def _written_mode(reading: Reading, field: Field | None) -> _Mode | None:
    """What `repeat` says: `true` is `while`."""
    if field is None:
        return None
    node, wanted = field.value, "`true`, `false`, `while` or `until`"
    if not isinstance(node, ScalarNode) or kind_of(node) not in ("boolean", "text"):
        help = "write `repeat: true`; how often, `limit` says"
        if isinstance(node, ScalarNode) and kind_of(node) == "integer":
            help = f"write `repeat: true` and `limit: {node.text}`"
        wrong_type(reading, node, field.key.text, wanted, help)
        return None
    match node.text:
        case "while" | "until" as mode:
            return mode
        case text if kind_of(node) == "boolean":
            return "while" if text.lower() == "true" else None
        case text:
            known = ("while", "until")
            help = did_you_mean(text, known, f"it takes {wanted}")
            reading.report("WFC107", "not a way to repeat", node, "unknown", help)
            return None


def _implied_mode(known: Fields) -> _Mode:
    """Without `repeat`, a value to compare is what the step is repeated for; all else is
    what it is repeated at (Dagu)."""
    return "until" if known.get("expected") is not None else "while"


def _condition(reading: Reading, known: Fields) -> Condition | None:
    tested, expected = known.get("condition"), known.get("expected")
    for name in ("condition", "expected"):
        if name in known.empty and known.complete:
            reading.report(
                "WFC105",
                f"`{name}` has no value",
                known.empty[name],
                "nothing follows",
                'write `""` for an empty text',
            )
            return None
    return None if tested is None else condition_of(reading, tested, expected)


def _refused(reading: Reading, field: Field, known: Fields) -> bool:
    """Whether the keys contradict each other, or one lacks another; says so."""
    tested, codes = known.get("condition"), known.get("exitCode")
    expected, mode = known.get("expected"), known.get("repeat")
    if "condition" in known.empty or "expected" in known.empty:
        return True
    if expected is not None and tested is None:
        reading.report(
            "WFC106",
            "`expected` without `condition`",
            expected.key,
            "what is to be compared?",
            "write `condition: TEXT` beside it",
        )
        return True
    if tested is not None and codes is not None:
        reading.report(
            "WFC113",
            f"`condition` and `{codes.key.text}` in one `{field.key.text}`",
            codes.key,
            "both say when to repeat",
            "take one of them out",
            ((reading.span(tested.key), "and this"),),
        )
        return True
    if mode is None or not isinstance(mode.value, ScalarNode):
        return False
    if kind_of(mode.value) == "text" and tested is None and codes is None:
        reading.report(
            "WFC106",
            f"`repeat: {mode.value.text}` without `condition` or `exitCode`",
            mode.key,
            f"{mode.value.text} what?",
            "write `condition: COMMAND`, or `repeat: true` to repeat while it succeeds",
        )
        return True
    other = tested or codes
    if _is_false(mode) and other is not None:
        reading.report(
            "WFC113",
            f"`repeat: false` beside `{other.key.text}`",
            mode.key,
            "the step runs once",
            "take one of them out",
            ((reading.span(other.key), "and this repeats it"),),
        )
        return True
    return False


def _is_false(mode: Field) -> bool:
    node = mode.value
    return (
        isinstance(node, ScalarNode)
        and kind_of(node) == "boolean"
        and node.text.lower() == "false"
    )


def _is_once(reading: Reading, field: Field, known: Fields) -> bool:
    """Whether nothing says that the step runs again, which WFC115 notes."""
    mode = known.get("repeat")
    if known.get("condition") or known.get("exitCode"):
        return False
    if mode is not None and not _is_false(mode):
        return False
    note_ineffective(
        reading,
        field.key,
        f"`{field.key.text}` has no effect: nothing says that the step is repeated",
        "the step runs once",
        "write `repeat: true`, or `condition: COMMAND`; or take it out",
    )
    return True
