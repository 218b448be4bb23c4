"""A picture -> a tree for a terminal, in the order of running."""

from collections.abc import Iterator, Sequence

from compiler.graph.picture import Box, Picture
from compiler.report import visible, width

# Room that a line has however deep its tree is.
_LEAST = 30
_MOST_NAMES = 10
_ASCII = str.maketrans("├└│┬─×·…", "|`|+-x-~")


def text(
    drawn: Picture, columns: int | None = None, *, ascii_only: bool = False
) -> str:
    """One line a step; steps that can be at work at once share a branch.

    A step that waits for others than all those of the branch before names them. A line
    goes on below where it has more than `columns` columns.
    """
    lines = "".join(f"{line}\n" for line in _lines(drawn, columns))
    if not ascii_only:
        return lines
    return lines.translate(_ASCII).encode("ascii", "backslashreplace").decode()


def _lines(drawn: Picture, columns: int | None) -> Iterator[str]:
    # What stands before the first line of a box, and before all others.
    stack = [(drawn.root, drawn.root.notes, "", "")]
    while stack:
        box, notes, first, rest = stack.pop()
        below = f"{rest}{'│' if box.levels else ' '}    "
        yield from _wrapped(box.title, notes, first, below, columns)
        stack.extend(reversed(list(_inside(box, rest))))
    if drawn.remark:
        yield from _wrapped(drawn.remark, (), "", "", columns)


def _inside(box: Box, before: str) -> Iterator[tuple[Box, list[str], str, str]]:
    """The boxes in `box`, with their notes and what stands before their lines."""
    done: Sequence[Box] = ()
    for number, level in enumerate(box.levels, 1):
        first, rest = ("├─ ", "│  ") if number < len(box.levels) else ("└─ ", "   ")
        for place, inner in enumerate(level):
            notes = [*_after(inner, done), *inner.notes]
            if len(level) == 1:
                yield inner, notes, before + first, before + rest
                continue
            last = place == len(level) - 1
            branch = "┬ " if place == 0 else "└ " if last else "├ "
            stem = before + (first if place == 0 else rest)
            yield inner, notes, stem + branch, before + rest + ("  " if last else "│ ")
        done = level


def _after(box: Box, before: Sequence[Box]) -> list[str]:
    """What a step waits for; nothing when its place says it."""
    waits = [it for it in box.waits if it.kind != "unseen"]
    as_placed = len(waits) == len(before) and {it.box for it in waits} == set(before)
    if not waits or (as_placed and all(it.kind == "strict" for it in waits)):
        return []
    names = [
        f"{it.box.title}{' (also if skipped)' if it.kind == 'tolerant' else ''}"
        for it in waits[:_MOST_NAMES]
    ]
    if len(waits) > _MOST_NAMES:
        names.append(f"{len(waits) - _MOST_NAMES} more")
    return [f"after {', '.join(names)}"]


def _wrapped(
    title: str, notes: Sequence[str], first: str, below: str, columns: int | None
) -> Iterator[str]:
    """A line of `title` and `notes`, and further ones where it has no room."""
    line, gap = first + visible(title), "  "
    for note in map(visible, notes):
        if columns is not None and width(line + gap + note) > columns:
            yield _cut(line, first, columns)
            line, gap, first = below + note, " · ", below
        else:
            line, gap = line + gap + note, " · "
    yield _cut(line, first, columns)


def _cut(line: str, tree: str, columns: int | None) -> str:
    """`line` in `columns` columns, or in a little more where `tree` takes them all."""
    if columns is None:
        return line
    room = max(columns, width(tree) + _LEAST)
    if width(line) <= room:
        return line
    line = line[:room]
    while width(line) >= room:
        line = line[:-1]
    return line + "…"
