"""A picture -> a flowchart of mermaid.

Mermaid shows a label as HTML that it makes of Markdown, and cuts the whole text with
patterns before it reads it. Only letters and digits are safe from all of that; the rest is
written as the numbers of characters, which mermaid puts in at the very end.
https://mermaid.js.org/syntax/flowchart.html
"""

import re
from collections.abc import Iterator

from compiler.graph.picture import Box, Picture, walk
from compiler.report import visible, width

# Mermaid's own limits, which a page can raise, but not a flowchart.
_MAX_EDGES = 500
_MAX_CHARACTERS = 50_000

# Within a word a hyphen, a dot and a line mean nothing, but `www.` begins a link.
# `direction LR` is a statement wherever it stands. Of blanks only the first one counts.
_UNSAFE = re.compile(
    r"(?<![A-Za-z0-9])[-_.]|[-_.](?![A-Za-z0-9])|(?<=www)\."
    r"|^ | $|(?<= ) |(?<=direction) |[^\w .,/×·…-]"
)
# Titles of clusters are laid over what is in these, unless there is room: for lines of so
# many characters, so many pixels each.
_TITLE_CHARACTERS = 24
_TITLE_LINE = 24
_ARROWS = {"strict": "-->", "tolerant": "-.->", "unseen": "~~~"}


def mermaid(drawn: Picture) -> str:
    """The flowchart as a text of its own, as in a file `.mmd`."""
    return "".join(f"{line}\n" for line in _lines(drawn))


def beyond_mermaid(drawn: Picture, flowchart: str) -> str:
    """What a page has to allow to show `flowchart`; "" when it need not be asked."""
    edges = sum(len(box.waits) for box, begins in walk(drawn.root) if begins)
    if edges <= _MAX_EDGES and len(flowchart) <= _MAX_CHARACTERS:
        return ""
    return (
        f"{edges} edges, {len(flowchart)} characters: pages show {_MAX_EDGES} and "
        f"{_MAX_CHARACTERS} unless `maxEdges` and `maxTextSize` allow more"
    )


def _lines(drawn: Picture) -> Iterator[str]:
    yield from ("---", f'title: "{drawn.root.title}"')
    if room := _room_for_titles(drawn.root):
        margin = f"{{top: 0, bottom: {room}}}"
        yield f"config: {{flowchart: {{subGraphTitleMargin: {margin}}}}}"
    yield from ("---", "flowchart TD")
    if drawn.remark:
        yield f"  %% {drawn.remark}"
    names: dict[Box, str] = {}
    depth = 1
    for box, begins in walk(drawn.root):
        if not begins:
            depth -= 1
            yield f"{'  ' * depth}end"
            continue
        names[box] = f"n{len(names) + 1}"
        head = f"{'  ' * depth}{'subgraph ' if box.levels else ''}{names[box]}"
        before, after = _shape(box)
        yield f'{head}{before}"{_label(box)}"{after}'
        depth += bool(box.levels)
    for box, name in names.items():
        for wait in box.waits:
            yield f"  {names[wait.box]} {_ARROWS[wait.kind]} {name}"


def _room_for_titles(root: Box) -> int:
    """How many pixels the longest title of a cluster needs beyond its first line."""
    lines = [
        sum(-(-width(line) // _TITLE_CHARACTERS) for line in (box.title, *box.notes))
        for box, begins in walk(root)
        if begins and box.levels
    ]
    return (max(lines, default=1) - 1) * _TITLE_LINE


def _shape(box: Box) -> tuple[str, str]:
    if box.kind == "cut":
        return "[[", "]]"
    return ("(", ")") if box.kind == "handler" and not box.levels else ("[", "]")


def _label(box: Box) -> str:
    # Where there is a tag, some versions read the numbers of characters as Markdown.
    return "\n".join(escaped(line) for line in (box.title, *box.notes))


def escaped(text: str) -> str:
    """`text` as a line of a label between double quotes.

    >>> escaped('load "a-b" [1]')
    'load #34;a-b#34; #91;1#93;'
    """

    def number(found: re.Match[str]) -> str:
        return f"#{160 if found[0] == ' ' else ord(found[0])};"

    return _UNSAFE.sub(number, visible(text))
