"""The text of a workflow file into the IR, and everything that is wrong with its shape."""

from compiler.reader.encoding import ENCODINGS, decode
from compiler.reader.workflow import read

__all__ = ["ENCODINGS", "decode", "read"]
