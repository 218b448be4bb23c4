"""YAML text into nodes, from the parser's events: iterative, with limits, without aliases."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import yaml

from compiler.diagnostics import Diagnostic, did_you_mean
from compiler.reader.nodes import ListNode, MapNode, Node, ScalarNode, span_of
from compiler.reader.pairs import Pairs
from compiler.reader.scalars import tag_fits
from compiler.reader.syntax import bad_escape, syntax_error
from compiler.source import Source

MAX_DEPTH = 100
# Nodes that aliases may add: a 10,000-step file without aliases has about as many.
MAX_ALIASED = 100_000

_ALLOWED = "\t\n\r\x20-\x7e"
# Compiled where a text needs it: a class this wide takes longer than a small file.
_ALLOWED_WIDE = "\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_UNUSABLE = re.compile("[\0\ud800-\udfff]")
# Line ends in YAML 1.1, which libyaml reads, but not in YAML 1.2.
_OLD_BREAKS = "\x85\u2028\u2029"
_PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s|#.*)*)+")
_COLLECTION_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!")


class _Open:
    """A list or map whose end has not come yet."""

    __slots__ = ("anchor", "height", "is_map", "more", "nodes", "start", "whole")

    def __init__(self, is_map: bool, start: int, anchor: str | None) -> None:
        self.is_map = is_map
        self.start = start
        self.anchor = anchor
        self.nodes: list[Node] = []
        self.more = 0  # nodes in `nodes`, aliases expanded
        self.height = 0  # levels in them, aliases expanded
        self.whole = True  # as in MapNode


class _Stop(Exception):
    """Reading cannot go on; the reason is already among the findings."""


def parse(source: Source) -> tuple[list[Node], list[Diagnostic]]:
    """The documents of `source` that are not empty, and what is wrong with the YAML.

    None of them where the text cannot be read to its end. No document holds an alias, a
    merge key or a tag that is unknown any more.
    """
    text = source.text
    allowed = _ALLOWED if text.isascii() else _ALLOWED + _ALLOWED_WIDE
    bad = re.search(f"[^{allowed}]", text)
    if bad is not None:
        return [], [_forbidden(source, bad.start())]
    restored: dict[int, str] = {}
    if any(mark in text for mark in _OLD_BREAKS):
        text, restored = _hide_breaks(text)
    pairs = Pairs(text)
    text = pairs.joined(text)
    builder = _Builder(source, restored, pairs)
    try:
        builder.read(_events(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        if mark is not None and "nesting depth" in str(error.problem):
            # libyaml 0.2.6 looks ahead, and has a limit of its own beyond ours.
            return [], [*builder.findings, _too_deep(source, mark.index)]
        return [], [*builder.findings, syntax_error(source, error)]
    except (ValueError, OverflowError):
        # PyYAML without libyaml, for an escape beyond the last character.
        return [], [*builder.findings, bad_escape(source)]
    except _Stop:
        return [], builder.findings
    return builder.roots, builder.findings


def _events(text: str) -> Iterable[Any]:
    parser: Any = getattr(yaml, "CLoader", yaml.Loader)(text)
    return iter(parser.get_event, None)


def _hide_breaks(text: str) -> tuple[str, dict[int, str]]:
    """`text` with other characters for the old line ends, and the way back."""
    free = (chr(code) for code in range(0xE000, 0xF900) if chr(code) not in text)
    hidden = dict(zip(_OLD_BREAKS, free, strict=False))
    for mark, stand_in in hidden.items():
        text = text.replace(mark, stand_in)
    return text, {ord(stand_in): mark for mark, stand_in in hidden.items()}


def _forbidden(source: Source, index: int) -> Diagnostic:
    code = ord(source.text[index])
    escape = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return Diagnostic(
        code="WFC101",
        message=f"the character U+{code:04X} cannot stand in a YAML file",
        span=source.span(index, index + 1),
        label="here",
        help=f'in a text in double quotes it can be written as an escape: "{escape}"',
    )


def _too_deep(source: Source, index: int) -> Diagnostic:
    return Diagnostic(
        code="WFC108",
        message=f"more than {MAX_DEPTH} lists and maps in one another",
        span=source.span(index, index + 1),
        label="too deep",
        help="a workflow needs about ten levels",
    )


class _Builder:
    """What has been read so far."""

    def __init__(self, source: Source, restored: dict[int, str], pairs: Pairs) -> None:
        self.source = source
        self.restored = restored
        self.pairs = pairs
        self.findings: list[Diagnostic] = []
        self.roots: list[Node] = []
        self.stack: list[_Open] = []
        # anchor -> the node, its size and its height; None while it is open
        self.anchors: dict[str, tuple[Node, int, int] | None] = {}
        self.aliased = 0

    def report(
        self, code: str, message: str, node: Node, label: str, help: str
    ) -> None:
        self.findings.append(
            Diagnostic(
                code=code,
                message=message,
                span=span_of(self.source, node),
                label=label,
                help=help,
            )
        )

    def read(self, events: Iterable[Any]) -> None:
        take: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: lambda event: self.anchors.clear(),
        }
        # Nearly all events of a large file are scalars with nothing to restore or check.
        scalar, new, stack = yaml.ScalarEvent, tuple.__new__, self.stack
        nodes: list[Node] | None = None  # of the innermost list or map
        as_it_is = not (self.restored or self.pairs.spellings)
        styles = ("", "'", "|", ">") if as_it_is else ()
        for event in events:
            kind = type(event)
            if (
                kind is scalar
                and (style := event.style) in styles
                and (text := event.value).isascii()
                and event.anchor is None
                and event.tag is None
                and nodes is not None
            ):
                start, end = event.start_mark.index, event.end_mark.index
                nodes.append(new(ScalarNode, (text, start, end, style, "")))
            elif kind in take:
                take[kind](event)
                nodes = stack[-1].nodes if stack else None

    def _scalar(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        source = self.source.text
        if event.anchor or event.tag:
            properties = _PROPERTIES.match(source, start, end)
            start = properties.end() if properties is not None else start
        text = event.value
        if self.restored:
            text = text.translate(self.restored)
        style = event.style or ""
        text = self.pairs.restored(text, style)
        if "\0" in text or not text.isascii():
            text = self._usable(text, start, end)
        node = ScalarNode(text, start, end, "" if style == ":" else style)
        if event.tag:
            node = self._tagged(node, event.tag)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1, 1)
        self._add(node, 1, 1)

    def _usable(self, text: str, start: int, end: int) -> str:
        """`text` without what an escape may name but no process can be given."""
        bad = _UNUSABLE.search(text)
        if bad is None:
            return text
        self.report(
            "WFC107",
            f"a text cannot hold the character U+{ord(bad.group()):04X}",
            ScalarNode("", start, end),
            "here",
            "neither a command line nor an environment can carry it",
        )
        return _UNUSABLE.sub("", text)

    def _tagged(self, node: ScalarNode, tag: str) -> ScalarNode:
        if tag_fits(tag, node.text):
            return node._replace(tag=tag)
        self._bad_tag(node, tag)
        return node._replace(tag="tag:yaml.org,2002:str")

    def _bad_tag(self, node: Node, tag: str) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self.report(
            "WFC107",
            f"the tag `{shown}` cannot stand here",
            node,
            "what it belongs to",
            "leave it out; a text that begins with `!` needs quotes",
        )

    def _open(self, event: Any) -> None:
        start = event.start_mark.index
        if len(self.stack) >= MAX_DEPTH:
            self._too_deep(start)
        if event.tag and event.tag not in _COLLECTION_TAGS:
            self._bad_tag(ListNode([], start, start + 1), event.tag)
        if event.anchor:
            self.anchors[event.anchor] = None
        is_map = isinstance(event, yaml.MappingStartEvent)
        self.stack.append(_Open(is_map, start, event.anchor))

    def _too_deep(self, start: int) -> None:
        self.findings.append(_too_deep(self.source, start))
        raise _Stop

    def _close(self, event: Any) -> None:
        end = event.end_mark.index
        ended = self.stack.pop()
        node: Node
        if ended.is_map:
            node = self._map(ended, end)
        else:
            node = ListNode(ended.nodes, ended.start, end)
        size = 1 + len(ended.nodes) + ended.more
        height = 1 + max(ended.height, 1 if ended.nodes else 0)
        if ended.anchor:
            self.anchors[ended.anchor] = (node, size, height)
        self._add(node, size, height)

    def _alias(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        here = ScalarNode("", start, end, "*")
        name = event.anchor
        if name not in self.anchors:
            help = did_you_mean(
                name, self.anchors, "a text that begins with `*` needs quotes"
            )
            self.report(
                "WFC101", f"no anchor `&{name}` above", here, "unknown alias", help
            )
            return self._skip(here)
        known = self.anchors[name]
        if known is None:
            self.report(
                "WFC109",
                f"`*{name}` stands in what `&{name}` names",
                here,
                "it would contain itself",
                "a list or map cannot contain itself",
            )
            return self._skip(here)
        node, size, height = known
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            self.report(
                "WFC108",
                f"the aliases of this file stand for more than {MAX_ALIASED} nodes",
                here,
                "too many here",
                "write fewer aliases of aliases",
            )
            raise _Stop
        if len(self.stack) + height > MAX_DEPTH + 1:
            self._too_deep(start)
        self._add(node, size, height)

    def _add(self, node: Node, size: int, height: int) -> None:
        if self.stack:
            parent = self.stack[-1]
            parent.nodes.append(node)
            parent.more += size - 1
            if height > parent.height:
                parent.height = height
        elif not (isinstance(node, ScalarNode) and _empty(node)):
            self.roots.append(node)

    def _skip(self, here: ScalarNode) -> None:
        """Takes note that a value stands here which cannot be read."""
        self._add(here, 1, 1)
        for around in reversed(self.stack):
            around.whole = False
            if around.is_map:
                break

    def _map(self, ended: _Open, end: int) -> MapNode:
        own = _simple_entries(ended.nodes)
        if own is None:
            return self._unusual_map(ended, end)
        return MapNode(own, ended.start, end, ended.whole)

    def _unusual_map(self, ended: _Open, end: int) -> MapNode:
        own: dict[str, tuple[ScalarNode, Node]] = {}
        merged: list[Node] = []
        nodes = iter(ended.nodes)
        for key, value in zip(nodes, nodes, strict=True):
            if not isinstance(key, ScalarNode):
                self.report(
                    "WFC105",
                    "a key is a text",
                    key,
                    "a list or map",
                    "a text that begins with `{` or `[` needs quotes",
                )
            elif key.style == "*":
                continue
            elif key.text == "<<" and not key.style and not key.tag:
                merged.append(value)
            elif key.text in own:
                self._duplicate(key, own[key.text][0])
            else:
                own[key.text] = (key, value)
        whole = ended.whole
        if merged:
            brought, merged_whole = self._merged(merged)
            own, whole = {**brought, **own}, whole and merged_whole
        return MapNode(own, ended.start, end, whole)

    def _duplicate(self, key: ScalarNode, first: ScalarNode) -> None:
        self.findings.append(
            Diagnostic(
                code="WFC102",
                message=f"`{key.text}` stands here twice",
                span=span_of(self.source, key),
                label="once more",
                help="take one of them out",
                others=((span_of(self.source, first), "first here"),),
            )
        )

    def _merged(
        self, values: list[Node]
    ) -> tuple[dict[str, tuple[ScalarNode, Node]], bool]:
        """What `<<` brings in, and whether that is whole; of two maps with one key, the
        first one counts."""
        entries: dict[str, tuple[ScalarNode, Node]] = {}
        whole = True
        for value in values:
            for each in value.items if isinstance(value, ListNode) else [value]:
                if isinstance(each, MapNode):
                    whole = whole and each.whole
                    for name, entry in each.entries.items():
                        entries.setdefault(name, entry)
                elif not (isinstance(each, ScalarNode) and _empty(each)):
                    self.report(
                        "WFC105",
                        "`<<` takes a map or a list of maps",
                        each,
                        "this is neither",
                        "write `<<: *anchor` with the anchor of a map",
                    )
        return entries, whole


def _simple_entries(
    nodes: Sequence[Node],
) -> dict[str, tuple[ScalarNode, Node]] | None:
    """The entries of a map whose keys are texts, no two of them the same, and that
    merges nothing; None for any other."""
    entries = {
        key.text: (key, value)
        for key, value in zip(nodes[::2], nodes[1::2], strict=True)
        if type(key) is ScalarNode
    }
    if 2 * len(entries) < len(nodes) or "<<" in entries or "" in entries:
        return None
    return entries


def _empty(node: ScalarNode) -> bool:
    written = node.style not in ("", "*") or node.tag
    return not written and node.text in ("", "~", "null")
