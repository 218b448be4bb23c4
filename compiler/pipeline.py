"""A file's text -> a checked, simplified program -> the files of a target."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from compiler.diagnostics import Diagnostic, has_errors
from compiler.ir import Program
from compiler.reader import read
from compiler.resolve import resolve
from compiler.source import Source
from compiler.validate import check
from compiler.walk import calls_of

if TYPE_CHECKING:
    from dataclasses import dataclass

    from compiler.backend import Backend, File
    from compiler.link import Loader
else:
    from compiler.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the front end makes of a file.

    `program` is None when a diagnostic is an error. `sources` are the files that it is
    made from and that diagnostics name, the entry's first. Diagnostics are in the order of
    the files and of their places there.
    """

    program: Program | None
    sources: Mapping[str, Source]
    diagnostics: tuple[Diagnostic, ...]


class _NoFiles:
    """A file system without files."""

    def read(self, path: str) -> None:
        return None

    def holds(self, path: str, word: str) -> bool:
        return False

    def below(self, folder: str) -> list[str]:
        return []

    def exists(self, path: str) -> bool:
        return False


NO_FILES = _NoFiles()


def front_end(
    source: Source, loader: "Loader" = NO_FILES, search: Sequence[str] = ()
) -> Checked:
    """read -> link -> resolve -> check: the program of `source`, and all that is to say
    of it. What it calls comes from `loader`, also from the folders `search`."""
    workflows, in_file = read(source, loader.read)
    if not workflows:
        return _checked(None, {source.name: source}, in_file)
    if not any(call for it in workflows for call in calls_of(it)):  # as in most files
        keys = tuple(workflow.key for workflow in workflows)
        program = Program(workflows=workflows, entry=keys[0], entries=keys)
        program, found = _resolved(program, loader)
        return _checked(program, {source.name: source}, (*in_file, *found))
    from compiler.link import broken_calls, broken_files, link, without_remarks

    # An error that resolve or check finds in another file makes it no candidate, which
    # can take candidates from further calls: so again, until no file is new.
    broken: dict[str, Diagnostic] = {}
    while True:
        linked, sources, in_calls = link(workflows, source, loader, search, broken)
        program, in_names = _resolved(linked, loader)
        found = (*in_file, *in_calls, *in_names)
        further = broken_files(linked, found)
        if further.keys() <= broken.keys():
            found = (*found, *broken_calls(linked, found))
            return _checked(program, sources, without_remarks(linked, found))
        broken |= further


def _resolved(
    program: Program, loader: "Loader"
) -> tuple[Program, tuple[Diagnostic, ...]]:
    program, found = resolve(program)
    return program, (*found, *check(program, loader.exists))


def _checked(
    program: Program | None,
    sources: Mapping[str, Source],
    found: Iterable[Diagnostic],
) -> Checked:
    order = {name: number for number, name in enumerate(sources)}

    def place(each: Diagnostic) -> tuple[int, str, int, int, str]:
        span = each.span
        number = order.get(span.file, len(order))
        return number, span.file, span.line, span.column, each.code

    found = tuple(sorted(dict.fromkeys(found), key=place))
    if has_errors(found):
        program = None
    return Checked(program=program, sources=sources, diagnostics=found)


def back_end(
    program: Program,
    sources: Mapping[str, Source],
    backend: "Backend",
    extra: str | None = None,
    jobs: str | None = None,
) -> tuple[tuple["File", ...], tuple[Diagnostic, ...]]:
    """optimize -> unsupported -> emit: the files of a checked program, and what is lost.

    `sources` has all of its files by the names of spans. No file when the target refuses
    something. `extra` is one of the backend's extras, `jobs` one of its jobs.
    """
    from compiler.backend import oversized, unsupported
    from compiler.optimize import optimize

    names = dict.fromkeys(workflow.span.file for workflow in program.workflows)
    names = {program.main.span.file: None, **names}
    program = optimize(program)
    found = tuple(unsupported(program, backend))
    if has_errors(found):
        return (), found
    emit = backend.emit if extra is None else backend.extras[extra]
    emit = emit if jobs is None else backend.jobs[jobs]
    files = tuple(emit(program, {it: sources[it] for it in names}))
    refused = tuple(oversized(program, files, backend))
    return (() if refused else files), (*refused, *found)
