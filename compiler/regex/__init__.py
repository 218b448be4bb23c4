"""Turns the text of a pattern into a tree, and the tree into what each engine reads (R10).

The language is what RE2, Python and bash read alike; everything else is refused, so that
a pattern finds the same lines on every target.
"""

from compiler.regex.engines import search, search_lines, to_ere, to_jq, to_python
from compiler.regex.syntax import (
    Anchor,
    Character,
    Choice,
    Class,
    Dot,
    Group,
    Node,
    Problem,
    Repeat,
    Sequence,
    parse,
)

__all__ = [
    "Anchor",
    "Character",
    "Choice",
    "Class",
    "Dot",
    "Group",
    "Node",
    "Problem",
    "Repeat",
    "Sequence",
    "parse",
    "search",
    "search_lines",
    "to_ere",
    "to_jq",
    "to_python",
]
