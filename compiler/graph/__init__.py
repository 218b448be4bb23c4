"""A program in, its picture out: for a terminal, for mermaid, for Graphviz."""

from compiler.graph.dot import dot
from compiler.graph.mermaid import beyond_mermaid, mermaid
from compiler.graph.picture import Picture, picture
from compiler.graph.text import text

__all__ = ["Picture", "beyond_mermaid", "dot", "mermaid", "picture", "text"]
