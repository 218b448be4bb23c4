"""What a step can be: a process, a call, a fan-out."""

from typing import TYPE_CHECKING, TypeAlias

from compiler.ir.conditions import Condition
from compiler.ir.expressions import DEFAULT_SHELL, ShellText, Template
from compiler.ir.services import Service
from compiler.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`command:` as text: `SHELL -c TEXT`, with the positional params as `$1` ..."""

    text: ShellText
    shell: tuple[str, ...] = DEFAULT_SHELL


# A word that is a program of its own (`[bash, -c, TEXT]`) is a shell text.
ListWord: TypeAlias = Template | ShellText


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """`command:` as a list: one argv, never split again."""

    words: tuple[ListWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """`script:`: a file. `interpreter` gets it and, behind it, the positional params.

    Empty `interpreter`: the text's own shebang line decides. The text of a program that
    is no shell has no references (R4).
    """

    text: ShellText
    interpreter: tuple[Template, ...]


# What a process runs.
LeafBody: TypeAlias = Command | Arguments | Script | Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One param of a call; positional ones are named "1", "2" ... (F2)."""

    name: str
    value: Template
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One entry of `candidates`, as written."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Callee:
    """A workflow that a call can run: its key in the program, and every spelling of it
    that `run` may come to (F1). The first of `names` is the one for messages."""

    names: tuple[str, ...]
    workflow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`run:` another workflow, in the caller's working folder.

    `name` is what was written; without references it has one callee, else the closed set
    of its candidates, of which the value of `name` chooses one when the step runs.
    `arguments` None: a fan-out without `params`, whose item is the argument (an object:
    its entries by name; anything else: the first positional one). `callees` come from
    `link`, in the order in which messages list them.
    """

    name: Template
    arguments: tuple[Argument, ...] | None = ()
    candidates: tuple[Candidate, ...] | None = None
    callees: tuple[Callee, ...] = ()
    span: Span

    @property
    def dynamic(self) -> bool:
        return any(not isinstance(part, str) for part in self.name.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of a list in the file. `structured`: an object or a list, whose value is
    JSON text; else it is a text, as written."""

    value: Template
    structured: bool = False


DEFAULT_WIDTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """`parallel:`: `body` once for each item, at most `width` at a time (F4).

    `items` is a list of the file or a value: a list, a text of a JSON list, or a text of
    lines or words. `conditions` are those of the step's that name ITEM; they hold for
    each item, as do the step's `retry`, `timeout`, `env` and `directory`.
    """

    items: "Template | tuple[Item, ...]"
    body: LeafBody | Call
    width: int | Template = DEFAULT_WIDTH
    conditions: "tuple[Condition, ...]" = ()
    span: Span


# What a step can be. A new kind of body is a new member here; the type checker then
# names every place that has to know it.
Body: TypeAlias = LeafBody | Call | Map
