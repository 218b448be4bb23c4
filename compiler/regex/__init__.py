"""Turns the text of a pattern into a tree, and the tree into what finds it (R10).

The language is what RE2, Python and bash read alike; everything else is refused, so that
a pattern finds the same lines on every target.
"""

from compiler.regex.engines import to_ere, to_jq
from compiler.regex.matching import search, search_lines
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
]
