"""A picture -> a graph in the language of Graphviz.

https://graphviz.org/doc/info/lang.html
"""

from collections.abc import Iterator

from compiler.graph.picture import Box, Picture, inside, walk
from compiler.report import visible


def dot(drawn: Picture) -> str:
    """The graph as a text of its own, as in a file `.dot`."""
    return "".join(f"{line}\n" for line in _lines(drawn))


def _lines(drawn: Picture) -> Iterator[str]:
    yield f"digraph {_quoted(drawn.root.title)} {{"
    yield f"  label={_label(drawn.root)}; labelloc=t; compound=true;"
    yield '  graph [fontname="sans-serif"];'
    yield '  node [fontname="sans-serif", shape=box];'
    if drawn.remark:
        yield f"  // {drawn.remark}"
    names: dict[Box, str] = {}
    depth = 1
    for box, begins in walk(drawn.root):
        if not begins:
            depth -= 1
            yield f"{'  ' * depth}}}"
            continue
        names[box] = f"n{len(names) + 1}"
        indent = "  " * depth
        if box.levels:
            yield f"{indent}subgraph cluster_{names[box]} {{"
            yield f"{indent}  label={_label(box)};"
            depth += 1
        else:
            yield f"{indent}{names[box]} [label={_label(box)}{_style(box)}];"
    for box in names:
        for wait in box.waits:
            yield f"  {_edge(wait.box, box, names, wait.kind)};"
    yield "}"


def _style(box: Box) -> str:
    if box.kind == "cut":
        return ", peripheries=2"
    return ", style=rounded" if box.kind == "handler" else ""


def _edge(source: Box, target: Box, names: dict[Box, str], kind: str) -> str:
    """An edge joins nodes alone; `ltail` and `lhead` end it where a cluster does."""
    attributes = []
    if source.levels:
        attributes.append(f"ltail=cluster_{names[source]}")
    if target.levels:
        attributes.append(f"lhead=cluster_{names[target]}")
    if kind != "strict":
        attributes.append(f"style={'dashed' if kind == 'tolerant' else 'invis'}")
    listed = f" [{', '.join(attributes)}]" if attributes else ""
    return f"{names[_last(source)]} -> {names[_first(target)]}{listed}"


def _first(box: Box) -> Box:
    """The node in `box` that is at work first."""
    while box.levels:
        box = box.levels[0][0]
    return box


def _last(box: Box) -> Box:
    """The node in `box` that is at work last, handlers aside."""
    while box.levels:
        *_, level = [it for it in box.levels if it[0].kind != "handlers"] or box.levels
        candidates = inside(box) if level[0].kind == "workflow" else level
        box = max(candidates, key=lambda it: len(it.levels))
    return box


def _label(box: Box) -> str:
    return _quoted("\n".join((box.title, *box.notes)))


def _quoted(text: str) -> str:
    """`text` between double quotes; of a label Graphviz reads entities, too."""
    lines = [visible(line) for line in text.split("\n")]
    escaped = [
        line.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
        for line in lines
    ]
    return '"' + "\\n".join(escaped) + '"'
