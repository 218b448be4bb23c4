"""Nodes into typed values, with a finding for each that does not fit."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from compiler.diagnostics import Diagnostic
from compiler.ir import BASH_NAMES, is_reserved
from compiler.reader import scalars
from compiler.reader.keys import Keys
from compiler.reader.nodes import (
    ListNode,
    MapNode,
    Node,
    ScalarNode,
)
from compiler.reader.scalars import kind_of, number
from compiler.source import Source, Span

MAX_INTEGER = 999_999_999
MAX_NAME = 200
_DAGU_NAME = 40  # longer names are refused there

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DIGITS = re.compile("0|[1-9][0-9]{0,8}")
_DURATION = re.compile(r"([0-9]{1,6}) ?([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
QUOTE_EXPRESSION = (
    "in YAML a `$<…>` that holds `: `, ` #` or brackets needs quotes: `'$<…>'`"
)


# A path -> the file; a finding where it cannot be read, None where there is none.
Load: TypeAlias = Callable[[str], Source | Diagnostic | None]


def no_file(path: str) -> None:
    """There are no other files."""


class DefaultShell(NamedTuple):
    """The shell of those steps of a workflow that name none."""

    words: list[str]
    span: Span


@dataclass(slots=True)
class Reading:
    """The file that is read, what was found in it, how many positional params it has, and
    the shell of its steps. `load` reads the files that it names beside workflows."""

    source: Source
    findings: list[Diagnostic]
    load: Load = no_file
    positional: int = 0
    shell: DefaultShell | None = None

    def span(self, node: Node) -> Span:
        return self.source.span(node.start, node.end)

    def report(
        self,
        code: str,
        message: str,
        place: Node | Span,
        label: str = "",
        help: str = "",
        others: tuple[tuple[Span, str], ...] = (),
    ) -> None:
        span = place if isinstance(place, Span) else self.span(place)
        self.findings.append(
            Diagnostic(
                code=code,
                message=message,
                span=span,
                label=label,
                help=help,
                others=others,
            )
        )


class Field(NamedTuple):
    """One entry of a map: its key and its value, which is not null."""

    key: ScalarNode
    value: Node


class Fields(NamedTuple):
    """The known entries of a map by name. `complete`: no other key stood there, and
    nothing that could not be read. `empty`: the keys without a value. `get`: that of
    `by_name`, as it is asked a dozen times for each step."""

    by_name: dict[str, Field]
    complete: bool
    empty: dict[str, ScalarNode]
    get: Callable[[str], Field | None]

    def spans(
        self, reading: "Reading", names: Iterable[str]
    ) -> tuple[tuple[str, Span], ...]:
        """The places of those of the keys `names` that are there."""
        there = self.by_name
        return tuple(
            (name, reading.span(there[name].key)) for name in names if name in there
        )


def fields(reading: Reading, node: MapNode, keys: Keys) -> Fields:
    """The entries of `node` under their one name; a key without a value is left out."""
    given: dict[str, Field] = {}
    empty: dict[str, ScalarNode] = {}
    complete = node.whole
    for text, (key, value) in node.entries.items():
        name = keys.spellings.get(text)
        if name is None:
            from compiler.reader.unknown_keys import is_left_out

            complete = is_left_out(reading, key, keys) and complete
        elif name in given:
            _conflict(reading, key, given[name].key)
        elif name in empty:
            _conflict(reading, key, empty[name])
        elif isinstance(value, ScalarNode) and scalars.is_null(value):
            empty[name] = key
        else:
            given[name] = Field(key, value)
    return Fields(given, complete, empty, given.get)


def _conflict(reading: Reading, key: ScalarNode, first: ScalarNode) -> None:
    reading.report(
        "WFC113",
        f"`{key.text}` says the same as `{first.text}`",
        key,
        "another spelling of one key",
        "take one of them out",
        ((reading.span(first), "first here"),),
    )


# ---- what a node is


def is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and scalars.is_null(node)


def is_lost(node: Node) -> bool:
    """Whether what stands there could not be read, which has been reported."""
    return isinstance(node, ScalarNode) and node.style == "*"


def described(node: Node) -> str:
    """What stands there, for messages."""
    if isinstance(node, ListNode):
        return "this is a list"
    if isinstance(node, MapNode):
        return "this is a map"
    match kind_of(node):
        case "null":
            return "there is no value"
        case "text":
            return "this is text"
        case "boolean":
            return "this is true or false"
        case "integer" | "float":
            return "this is a number"


def wrong_type(
    reading: Reading,
    node: Node,
    name: str,
    wanted: str,
    help: str = "",
    label: str = "",
) -> None:
    if not is_lost(node):
        reading.report(
            "WFC105", f"`{name}` takes {wanted}", node, label or described(node), help
        )


def one_or_many(node: Node) -> list[Node]:
    return node.items if isinstance(node, ListNode) else [node]


# ---- texts


def text(reading: Reading, node: Node, name: str, wanted: str = "a text") -> str | None:
    """The text of a scalar as written; None (and a finding) for anything else."""
    found = scalar(reading, node, name, wanted)
    return None if found is None else found.text


def description(reading: Reading, field: Field | None) -> str:
    """The `description` of a workflow or a step; "" where there is none."""
    if field is None:
        return ""
    return text(reading, field.value, "description") or ""


def scalar(
    reading: Reading, node: Node, name: str, wanted: str = "a text", empty: bool = True
) -> ScalarNode | None:
    """`node` if it is a scalar that is not null, nor, unless `empty`, without any text."""
    if not isinstance(node, ScalarNode) or scalars.is_null(node):
        wrong_type(reading, node, name, wanted, _quotes_for(reading, node))
        return None
    if not empty and not node.text.strip():
        help = f"write something, or take `{name}` out"
        reading.report("WFC107", f"`{name}` is empty", node, "no text", help)
        return None
    return node


def _quotes_for(reading: Reading, node: Node) -> str:
    """What to do about a list or map where a text belongs: often it was meant as one."""
    first = reading.source.text[node.start : node.start + 1]
    if not isinstance(node, ScalarNode) and first in ("[", "{"):
        return f"a text that begins with `{first}` needs quotes"
    if isinstance(node, MapNode):
        return "a text that holds `: ` needs quotes"
    return ""


def texts(reading: Reading, node: Node, name: str) -> list[ScalarNode]:
    """One text or a list of texts, none of them empty."""
    found: list[ScalarNode] = []
    for each in one_or_many(node):
        text = scalar(reading, each, name, "a text or a list of texts", empty=False)
        if text is not None:
            found.append(text)
    return found


def name_of(reading: Reading, scalar: ScalarNode, kind: str) -> str | None:
    """The name of a param, a variable or an output (WFC107, WFC210)."""
    return checked_name(reading, scalar.text, reading.span(scalar), kind)


def checked_name(reading: Reading, name: str, span: Span, kind: str) -> str | None:
    """`name`, which stands at `span`; None where it cannot be that of a `kind`."""
    if not NAME.fullmatch(name):
        reading.report(
            "WFC107",
            f"`{name}` is no name of {kind}",
            span,
            "not a name",
            "a name has letters, digits and `_`, and no digit in front",
        )
        return None
    if is_reserved(name):
        owner = "bash" if name in BASH_NAMES else "wfc"
        reading.report(
            "WFC210",
            f"the name `{name}` is reserved",
            span,
            f"a name of {owner}'s own",
            "choose another name",
        )
        return None
    return name


def control_character(name: str) -> bool:
    """Whether a line end or another control character stands in `name`."""
    return _CONTROL.search(name) is not None


def is_one_line(name: str) -> bool:
    """Whether `name` can be a name that people choose: of a step, of a queue."""
    return bool(name.strip()) and len(name) <= MAX_NAME and not control_character(name)


def note_length(reading: Reading, name: str, span: Span) -> None:
    """Notes a name that is longer than Dagu takes (WFC114)."""
    if len(name) > _DAGU_NAME:
        reading.report(
            "WFC114",
            f"this name has {len(name)} characters",
            span,
            f"longer than {_DAGU_NAME}",
            f"Dagu refuses names above {_DAGU_NAME} characters",
        )


# ---- numbers, true and false


def integer(
    reading: Reading, node: Node, name: str, least: int = 0, most: int = MAX_INTEGER
) -> int | None:
    """A whole number from `least` to `most`; a text of digits counts as one."""
    if isinstance(node, ScalarNode):
        kind = kind_of(node)
        if kind == "integer" or (kind == "text" and _DIGITS.fullmatch(node.text)):
            value = number(node.text)
            if least <= value <= most:
                return int(value)
            reading.report(
                "WFC107",
                f"`{name}` takes a whole number from {least} to {most}",
                node,
                "out of range",
                f"write at {f'least {least}' if value < least else f'most {most}'}",
            )
            return None
    label = ""
    if isinstance(node, ScalarNode) and re.fullmatch("0[0-9]+", node.text):
        help = "a number has no zero in front; octal is `0o17`"
    elif isinstance(node, ScalarNode) and ("$" in node.text or "`" in node.text):
        help = "it takes no reference: write the number itself"
    elif name.lower().endswith("sec"):
        help = _in_seconds(node)
    elif name.lower().endswith("size"):
        help = "write bytes, as in `1048576`"
    else:
        help = "write digits alone, as in `7`"
    if isinstance(node, ScalarNode) and kind_of(node) == "float":
        label = "this is no whole number"
    wrong_type(reading, node, name, "a whole number", help, label)
    return None


def _in_seconds(node: Node) -> str:
    found = _DURATION.fullmatch(node.text) if isinstance(node, ScalarNode) else None
    if found is None:
        return "write seconds, as in `60`"
    seconds = int(found[1]) * _SECONDS[found[2]]
    return f"write seconds: `{seconds}`"


def exit_codes(reading: Reading, node: Node, name: str) -> tuple[int, ...]:
    """One exit code or a list of them."""
    codes = (integer(reading, each, name, 0, 255) for each in one_or_many(node))
    return tuple(code for code in codes if code is not None)


def boolean(reading: Reading, node: Node, name: str) -> bool:
    """`true` or `false` as YAML 1.2 has them; False (and a finding) for anything else."""
    if isinstance(node, ScalarNode) and kind_of(node) == "boolean":
        return node.text.lower() == "true"
    help = ""
    if isinstance(node, ScalarNode):
        word = node.text.lower()
        if word in ("yes", "on", "y", "true"):
            help = f"write `true`: `{node.text}` is text in YAML 1.2"
        elif word in ("no", "off", "n", "false"):
            help = f"write `false`: `{node.text}` is text in YAML 1.2"
    wrong_type(reading, node, name, "`true` or `false`", help)
    return False


def is_true(reading: Reading, field: Field | None) -> bool:
    """Whether a key says `true`; False where it is absent."""
    return field is not None and boolean(reading, field.value, field.key.text)
