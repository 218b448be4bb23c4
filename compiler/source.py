"""A file's text and the places in it: what every diagnostic points to."""

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A place in a file. `line` and `column` count from 1, `length` counts characters.

    A span lies in one line: what is longer is cut at the line's end.
    """

    file: str
    line: int
    column: int
    length: int = 1


@dataclass(frozen=True)
class Source:
    """A file as read: `name` is how the user named it, `text` has `\\n` line ends."""

    name: str
    text: str

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset of the first character of each line."""
        starts = [0]
        position = self.text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = self.text.find("\n", position + 1)
        return starts

    def line(self, number: int) -> str:
        """The text of line `number` (from 1) without its line end; "" behind the last."""
        if not 1 <= number <= len(self.line_starts):
            return ""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]

    def span(self, start: int, end: int) -> Span:
        """The span of the characters `start` to `end` (offsets), cut at the line's end."""
        starts = self.line_starts
        line = bisect_right(starts, start)
        line_end = starts[line] - 1 if line < len(starts) else len(self.text)
        length = (end if end < line_end else line_end) - start
        return Span(
            file=self.name,
            line=line,
            column=start - starts[line - 1] + 1,
            length=length if length > 1 else 1,
        )
