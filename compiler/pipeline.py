"""A file's text -> a checked, simplified program -> the files of a target."""

from typing import TYPE_CHECKING

from compiler.diagnostics import Diagnostic, has_errors
from compiler.ir import Program
from compiler.reader import read
from compiler.resolve import resolve
from compiler.source import Source
from compiler.validate import check

if TYPE_CHECKING:
    from dataclasses import dataclass

    from compiler.backend import Backend, File
else:
    from compiler.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the front end makes of a file.

    `program` is None when a diagnostic is an error. Diagnostics are in the order of
    their places.
    """

    program: Program | None
    diagnostics: tuple[Diagnostic, ...]


def front_end(source: Source) -> Checked:
    """read -> resolve -> check: the program of `source`, and all that is to say of it."""
    workflows, found = read(source)
    program = None
    if workflows:
        program = Program(workflows=workflows, entry=workflows[0].key)
        program, in_names = resolve(program)
        found += in_names
        found += tuple(check(program))
    found = tuple(sorted(dict.fromkeys(found), key=_place))
    return Checked(program=None if has_errors(found) else program, diagnostics=found)


def _place(diagnostic: Diagnostic) -> tuple[int, int, str]:
    return diagnostic.span.line, diagnostic.span.column, diagnostic.code


def back_end(
    program: Program, source: Source, backend: "Backend"
) -> tuple[tuple["File", ...], tuple[Diagnostic, ...]]:
    """optimize -> unsupported -> emit: the files of a checked program, and what is lost.

    No file when the target refuses something.
    """
    from compiler.backend import unsupported
    from compiler.optimize import optimize

    program = optimize(program)
    found = tuple(unsupported(program, backend))
    if has_errors(found):
        return (), found
    return tuple(backend.emit(program, source)), found
