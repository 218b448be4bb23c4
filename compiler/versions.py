"""Places where versions of Dagu differ -> one note for each way in which they do.

wfc reads all of them as the language reference says; who brings a file from Dagu, or
takes it back, wants to know where the other side may do something else.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from compiler.diagnostics import Diagnostic
from compiler.source import Span


class _Change(NamedTuple):
    """`message` says what depends on the version, `help` how to write it for all."""

    message: str
    help: str


# The changes are those of Dagu's releases; the version is the first one with the change.
CHANGES = {
    "chain-edge": _Change(
        "Dagu 1.22 and later also make this step wait for the step before it",
        "write `type: graph` and every `depends`, which all versions read alike",
    ),
    "command-list": _Change(
        "Dagu 1.29 and later run each item of this list as a command of its own",
        "write the command as one text",
    ),
    "default": _Change(
        "Dagu before 1.23.4 reads `${…:-…}` as an empty text here",
        "give it the default where it is declared, or let a command test it: shells know `:-`",
    ),
    "dotenv-file": _Change(
        "Dagu 1.30 and later read `.env` beside the workflow unasked",
        "write `dotenv: .env` if its variables are meant",
    ),
    "dotenv-order": _Change(
        "Dagu 1.30 and later let `dotenv` win over `env`",
        "give no name in both",
    ),
    "handler-condition": _Change(
        "Dagu before 1.30 runs a handler whatever its preconditions say",
        "test it in the handler's command",
    ),
    "home-folder": _Change(
        "Dagu 1.30 and later read the `~` in front as the home folder",
        "write `${HOME}`, or put the `~` behind something else",
    ),
    "parallel-text": _Change(
        "Dagu 1.22 and later split this text at `,`, `;` and `|`, too",
        "write the items as a list",
    ),
}


def notes(places: Iterable[tuple[str, Span]]) -> Iterator[Diagnostic]:
    """WFC224 for each kind of change among `places`, a key of `CHANGES` and where it
    shows: at the first place of a file, with the number of the others there."""
    found: dict[tuple[str, str], list[Span]] = {}
    for kind, span in places:
        found.setdefault((kind, span.file), []).append(span)
    for (kind, _), spans in found.items():
        first = min(spans, key=lambda span: (span.line, span.column))
        more = f"; {len(spans) - 1} more of the kind" if len(spans) > 1 else ""
        yield Diagnostic(
            code="WFC224",
            message=CHANGES[kind].message,
            span=first,
            label=f"depends on the version{more}",
            help=CHANGES[kind].help,
        )
