"""What the scanner finds: a reference and everything about the place where it stands."""

from dataclasses import dataclass

from compiler.ir import Expression, HereDocument, Place, Quoting
from compiler.shelltext.embedded import Embedded


@dataclass(slots=True, eq=False, repr=False)
class Site:
    """A reference at `start:end` of the text that holds it: the source itself, or the
    innermost of `through` (which lead outwards, to the source).

    `end` is 0 and `expression` None while the scanner is within it. What a command does
    with its words is known at its end, so `place` and `program` change until then;
    `owner` is the command or the here-document whose words these are.
    """

    start: int
    end: int
    expression: Expression | None
    plain: bool
    quoting: Quoting
    place: Place = "text"
    program: str = ""
    here: HereDocument | None = None
    owner: object = None
    ansi: bool = False
    checkable: bool = True  # in arithmetic, its content would be evaluated
    text: str = ""  # of the text that holds it, "" for the source
    through: tuple[Embedded, ...] = ()
    inner: Quoting = "bare"
    nested: bool = False  # in the word of `${X:-word}`

    def outer(self) -> tuple[int, int]:
        """Its place in the text that `through` leads to."""
        return self.lifted(self.start, self.end)

    def lifted(self, start: int, end: int) -> tuple[int, int]:
        """`start:end` beside it, as a place in that text."""
        for embedded in self.through:
            start, end = embedded.outer(start, end)
        return start, end
