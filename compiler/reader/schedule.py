"""`schedule` into the times at which runs start, are stopped and are restarted."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from compiler.diagnostics import did_you_mean
from compiler.ir import Cron, Schedule
from compiler.reader.keys import SCHEDULE
from compiler.reader.nodes import ListNode, Locate, MapNode, Node, ScalarNode, locator
from compiler.reader.policies import note_ineffective
from compiler.reader.shape import Field, Reading, fields, texts

_FIELDS = "minute, hour, day, month, weekday"
_ZONE = re.compile(r"(?:CRON_)?TZ=(\S*)\s*")
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
_SHORT = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class _Range(NamedTuple):
    """What one of the five fields takes: numbers, and names that stand for them."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        words = f", {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"{self.least} to {self.most}{words}"


_MONTHS = (
    *("JAN", "FEB", "MAR", "APR", "MAY", "JUN"),
    *("JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
)
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_RANGES = (
    _Range("minute", 0, 59),
    _Range("hour", 0, 23),
    _Range("day", 1, 31),
    _Range("month", 1, 12, _MONTHS),
    _Range("weekday", 0, 7, _DAYS),
)


class _Text(NamedTuple):
    """The text of one time, in which places are offsets."""

    reading: Reading
    locate: Locate

    def refuse(
        self, place: tuple[int, int], message: str, label: str, help: str = ""
    ) -> None:
        span = self.locate(place[0], max(place[1], place[0] + 1))
        self.reading.report("WFC107", message, span, label, help)


def schedule(reading: Reading, field: Field) -> Schedule | None:
    """A text, a list of them, or a map of these; None where no time can be read."""
    name, node, span = field.key.text, field.value, reading.span(field.key)
    if not isinstance(node, MapNode):
        start = tuple(_crons(reading, field.key, node))
        return Schedule(start=start, span=span) if start else None
    known = fields(reading, node, SCHEDULE)
    if not known.by_name and known.complete:
        reading.report(
            "WFC106",
            f"`{name}` has no time",
            field.key,
            "nothing in it",
            "write `start: TEXT`, `stop: TEXT` or `restart: TEXT` below it",
        )
    found = {
        kind: tuple(_crons(reading, each.key, each.value))
        for kind, each in known.by_name.items()
    }
    if not any(found.values()):
        return None
    return Schedule(
        start=found.get("start", ()),
        stop=found.get("stop", ()),
        restart=found.get("restart", ()),
        span=span,
    )


def _crons(reading: Reading, key: ScalarNode, node: Node) -> Iterator[Cron]:
    if isinstance(node, ListNode) and not node.items:
        note_ineffective(
            reading,
            key,
            f"`{key.text}` has no effect: its list is empty",
            "as if it were absent",
            "take it out, or list a time",
        )
    for each in texts(reading, node, key.text):
        found = _cron(reading, each)
        if found is not None:
            yield found


def _cron(reading: Reading, node: ScalarNode) -> Cron | None:
    """A zone, which may be left out, and five fields."""
    text, begin = node.text, len(node.text) - len(node.text.lstrip())
    within = _Text(reading, locator(reading.source, node))
    prefix = _ZONE.match(text, begin)
    zone = None
    if prefix is not None:
        zone, begin = prefix[1], prefix.end()
        if not _ZONE_NAME.fullmatch(zone):
            within.refuse(
                prefix.span(1) if zone else prefix.span(),
                f"`{zone}` is no time zone",
                "not a zone",
                "a zone is written as in `CRON_TZ=Europe/Paris 0 6 * * *`",
            )
            return None
    words = list(re.compile(r"\S+").finditer(text, begin))
    if len(words) != len(_RANGES):
        first, last = (words[0], words[-1]) if words else (None, None)
        within.refuse(
            (first.start() if first else 0, last.end() if last else len(text)),
            "a schedule has five fields",
            "one field" if len(words) == 1 else f"{len(words) or 'no'} fields",
            _five(first.group() if first else "", len(words)),
        )
        return None
    read = [
        _field(within, word.group(), word.start(), each)
        for word, each in zip(words, _RANGES, strict=True)
    ]
    if any(field is None for field in read):
        return None
    written = " ".join(field for field in read if field is not None)
    return Cron(fields=written, zone=zone, span=reading.span(node))


def _five(first: str, count: int) -> str:
    """What to do about a schedule that has `count` fields, `first` among them."""
    if first.lower() in _SHORT:
        return f"write `{_SHORT[first.lower()]}`"
    if first.startswith("@every"):
        return "write how often as a step, as in `*/5 * * * *` for every 5 minutes"
    if first.startswith("@"):
        return f"there are no names of times; the fields are {_FIELDS}"
    if count == 6:
        return f"there are no seconds and no years; the fields are {_FIELDS}"
    return f"the fields are {_FIELDS}"


def _field(within: _Text, word: str, start: int, takes: _Range) -> str | None:
    """A field with its parts checked; None where one of them is wrong."""
    parts: list[str | None] = []
    for part in word.split(","):
        parts.append(_part(within, part, start, takes))
        start += len(part) + 1
    good = [part for part in parts if part is not None]
    return ",".join(good) if len(good) == len(parts) else None


def _part(within: _Text, part: str, start: int, takes: _Range) -> str | None:
    """`*`, `a` or `a-b`, each also with `/step`. `a/step` comes back as a range to the
    end, since not every reader of such texts knows the short form."""
    base, slash, step = part.partition("/")
    if slash and not (_is_number(step) and int(step) > 0):
        at = start + len(base) + 1
        within.refuse(
            (at, at + len(step)),
            f"`{step}` is no step of the {takes.name}",
            "a step is a number from 1 to 99",
            f"write `*/5` for every fifth {takes.name}",
        )
        return None
    if base == "*":
        return part
    first, dash, last = base.partition("-")
    least = _value(within, first, start, takes)
    if not dash:
        if least is None or not slash:
            return None if least is None else part
        end = 6 if takes.most == 7 and least < 7 else takes.most
        return f"{first}-{end}/{step}"
    most = _value(within, last, start + len(first) + 1, takes)
    if least is None or most is None:
        return None
    if most < least:
        within.refuse(
            (start, start + len(base)),
            f"the range `{base}` of the {takes.name} runs backwards",
            f"`{last}` comes before `{first}`",
            _forwards(first, last, most, takes),
        )
        return None
    return part


def _forwards(first: str, last: str, most: int, takes: _Range) -> str:
    """What a range backwards can be instead."""
    if takes.most == 7 and most == 0:
        return f"Sunday is also 7: write `{first}-7`"
    behind = f"{takes.least}-{last}" if most > takes.least else last
    return f"write two parts: `{first}-{takes.most},{behind}`"


def _value(within: _Text, word: str, start: int, takes: _Range) -> int | None:
    """The number that `word` is, or is a name for; None if the field takes no such."""
    if word.isascii() and word.upper() in takes.names:
        return takes.names.index(word.upper()) + takes.least
    if _is_number(word) and takes.least <= int(word) <= takes.most:
        return int(word)
    help = ""
    if word == "?":
        help = "write `*` for any"
    elif "$" in word or "`" in word:
        help = "a schedule takes no references: write the time itself"
    elif not word:
        help = "write a number or `*`"
    elif takes.names and not _is_number(word):
        help = did_you_mean(word.upper(), takes.names)
    else:
        help = f"the fields are {_FIELDS}"
    within.refuse(
        (start, start + len(word)),
        f"`{word}` is no {takes.name}" if word else f"the {takes.name} is incomplete",
        f"the {takes.name} is {takes.shown}",
        help,
    )
    return None


def _is_number(word: str) -> bool:
    return len(word) <= 2 and word.isascii() and word.isdigit()
