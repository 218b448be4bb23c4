"""Shell texts: where a reference stands in them, and how they reach a shell (R4)."""

from compiler.shelltext.commands import Use, use
from compiler.shelltext.misplaced import in_program, misplaced
from compiler.shelltext.parse import as_inner_program, as_shell_default, parse, words
from compiler.shelltext.render import Binding, Rendered, load_files, render

__all__ = [
    "Binding",
    "Rendered",
    "Use",
    "as_inner_program",
    "as_shell_default",
    "in_program",
    "load_files",
    "misplaced",
    "parse",
    "render",
    "use",
    "words",
]
