"""The text of a workflow file into the IR, and everything that is wrong with its shape."""

from compiler.reader.encoding import decode
from compiler.reader.workflow import read

__all__ = ["decode", "read"]
