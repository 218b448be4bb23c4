"""Shell texts: where a reference stands in them, and how they reach a shell (R4)."""

from compiler.shelltext.parse import as_shell_default, misplaced, parse, words
from compiler.shelltext.render import Binding, Rendered, load_files, render

__all__ = [
    "Binding",
    "Rendered",
    "as_shell_default",
    "load_files",
    "misplaced",
    "parse",
    "render",
    "words",
]
