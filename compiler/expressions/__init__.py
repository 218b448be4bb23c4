"""Turns the text of `${...}`, `$<...>` and of fields with references into expressions.

The grammar is `grammar/expression.lark`. Names, paths and defaults are nearly all there
is and are read by hand, because lark takes longer to start than a whole lint: it comes
in with the first operator, function or literal.
"""

from compiler.expressions.reading import Locate, Parsed
from compiler.expressions.signatures import FUNCTIONS
from compiler.expressions.templates import (
    MAX_LENGTH,
    by_grammar,
    parse_at,
    parse_template,
)

__all__ = [
    "FUNCTIONS",
    "MAX_LENGTH",
    "Locate",
    "Parsed",
    "by_grammar",
    "parse_at",
    "parse_template",
]
