"""Shell texts: where a reference stands in them, and how they reach a shell (R4)."""

from compiler.shelltext.commands import Use
from compiler.shelltext.launching import use
from compiler.shelltext.misplaced import in_program, misplaced
from compiler.shelltext.parse import as_inner_program, as_shell_default, parse, words

__all__ = [
    "Use",
    "as_inner_program",
    "as_shell_default",
    "in_program",
    "misplaced",
    "parse",
    "use",
    "words",
]
