"""One step, call, fan-out or item of a run: what has become of it so far."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.interpreter.journal import Was
from compiler.interpreter.values import Item
from compiler.ir import Ending, Step

if TYPE_CHECKING:
    from compiler.interpreter.frames import Frame


@dataclass(slots=True, eq=False, kw_only=True)
class Record:
    """What has become of one step so far. `folder` holds its files, `path` is its name in
    the outcome. `code` and `output` are those of the last attempt, `output` of a call is
    the result and of a fan-out the record (S4, F4); `partial`: a call or a fan-out whose
    success is not whole. `frame` is the run of a call's last attempt, `items` are those
    of a fan-out, as soon as there are any.

    `handler`: it is one, or an item of one. `in_handler`: it is one or belongs to one, so
    that it stands with the handlers and has no events.

    In a run that goes on, `was` is what the journal tells of it, and `before` the number
    of its earlier attempts. `restored`: it is as it was, and nothing of it runs again;
    `resumes`: its last attempt, a call's or a fan-out's, goes on. `left_out`: the run is
    to be without it, and those that depend on it run.
    """

    step: Step
    path: str
    folder: str
    handler: bool = False
    in_handler: bool = False
    item: Item | None = None
    attempts: int = 0
    code: int | None = None
    output: str | None = None
    ending: Ending | None = None
    partial: bool = False
    started: float | None = None
    seconds: float = 0.0
    frame: "Frame | None" = None
    items: "tuple[Record, ...]" = ()
    was: Was | None = None
    before: int = 0
    restored: bool = False
    left_out: bool = False
    resumes: bool = False

    @property
    def label(self) -> str:
        """Its name in lines for people."""
        return f"handler {self.path}" if self.in_handler else self.path

    @property
    def files(self) -> str:
        """The path of the files of the last attempt, but for the suffix: a text, since
        each step needs it some ten times."""
        return f"{self.folder}/{self.attempts}"
