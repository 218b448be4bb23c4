"""What starts a service's program: words, standard input and files, values left open.

A plan is the same for every target. Each `Hole` says in which form its value is put in:
a target that runs without us writes the same forms in its own language.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, TypeAlias

from compiler.ir import Template

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass

Form = Literal[
    "text",  # the value itself
    "json",  # a JSON text, or several: not empty
    "word",  # a name on a command line: not empty, no option, no white space
    "part",  # of a volume or a port: no `:`
    "part_below",  # both
    "below",  # a piece of a path, which does not lead out of what stands before it
    "ssh_path",  # a path for ssh, which would expand `%` and `${`
    "port",  # 1 to 65535
    "line",  # one line of a file of variables
    # The rest stands in a configuration file of curl, mostly between double quotes.
    "quoted",
    "header",  # one line
    "empty_header",  # what stands before the value: `;` if it is empty
    "url",
    "url_with_query",  # with what stands before the first pair of a query
    "encoded",  # percent-encoded
    "method",  # whole lines that choose the method of a request without a body
    "method_with_body",
    "mail_host",
    "mail_scheme",  # of the port
    "mail_tls",  # a whole line, by the host: a password never goes in the clear
    "user",  # a name before `:`
    "address",  # of a mail, without the name of its owner
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A value in the form `form`; `what` is how messages call it."""

    template: Template
    form: Form
    what: str


@dataclass(frozen=True, slots=True)
class PathOf:
    """The path of the plan's file `name`, in the form `form`."""

    name: str
    form: Form = "text"


@dataclass(frozen=True, slots=True)
class ProgramOf:
    """The path of the program `name`, as PATH has it."""

    name: str


@dataclass(frozen=True, slots=True)
class ContentOf:
    """What the program has written into the plan's file `name`."""

    name: str


Piece: TypeAlias = str | Hole | PathOf | ProgramOf | ContentOf
Text: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`words` are the argv, `stdin` is what the program reads. `files` are made for each
    attempt, for this user's eyes only, and are gone after it; of those without a text
    there is the path alone. `environment` is beside that of the step. `undo` are the words
    that end what a program which was ended has started elsewhere; nothing if a file that
    they need is not there.
    """

    words: tuple[Text, ...]
    stdin: Text = ()
    files: tuple[tuple[str, Text | None], ...] = ()
    environment: tuple[tuple[str, Template], ...] = ()
    undo: tuple[Text, ...] = ()


def pieces(template: Template, first: Form, below: Form, what: str) -> Iterator[Piece]:
    """`template` with each of its values on its own: in the form `first` where a path
    begins with it, else in the form `below`."""
    form = first
    for part in template.parts:
        if isinstance(part, str):
            yield part
            form = first if part.endswith(":") else below
        else:
            alone = Template(parts=(part,), span=template.span)
            yield Hole(template=alone, form=form, what=what)
            form = below
