"""The name of a workflow -> its file: where it is looked for, and each file read once (F1)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from posixpath import dirname, isabs, join, normpath
from typing import Protocol

from compiler.diagnostics import Diagnostic
from compiler.ir import Template, Workflow
from compiler.reader import read
from compiler.source import Source

_ENDINGS = (".yaml", ".yml")
_NEAR = 1_000  # so many names are compared with one that leads nowhere
# The key at the top of a document, whatever is wrong with the rest of it.
_STEPS = re.compile(r"""^(?:steps|'steps'|"steps")[ \t]*:""", re.MULTILINE)


class Loader(Protocol):
    """What the front end may know of the file system. Paths are relative to its root."""

    def read(self, path: str) -> Source | Diagnostic | None:
        """The file; a finding (WFC111) when it cannot be read, None when there is none.

        A file that was read before, by whatever path, comes back under its first name.
        """

    def holds(self, path: str, word: str) -> bool:
        """Is there a file with `word` in its text?"""

    def below(self, folder: str) -> list[str] | None:
        """The paths of the .yaml and .yml files in `folder` and below it, in order, but
        not in hidden folders; None when there is too much to look through."""

    def exists(self, path: str) -> bool:
        """Is there a file?"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class File:
    """A file as read; `documents` are its workflows by name, in their order."""

    source: Source
    documents: dict[str, Workflow]
    findings: tuple[Diagnostic, ...]

    @property
    def folder(self) -> str:
        return dirname(self.source.name)

    @property
    def error(self) -> Diagnostic | None:
        """The first thing that is wrong with it."""
        errors = (it for it in self.findings if it.severity == "error")
        return next(errors, None)

    @property
    def first(self) -> Workflow | None:
        """The workflow that a call of the file runs."""
        return next(iter(self.documents.values()), None)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What a name leads to, with every spelling of it, the one for messages first.
    `workflow` is None where the file holds none."""

    names: tuple[str, ...]
    file: File
    workflow: Workflow | None


class Files:
    """The files of a program, found by name or by path."""

    def __init__(self, loader: Loader, search: Sequence[str], entry: File) -> None:
        self.by_name = {entry.source.name: entry}
        self._loader = loader
        self._search = search
        self._by_path: dict[str, File | Diagnostic | None]
        self._by_path = {normpath(entry.source.name): entry}
        self._below: dict[str, list[str] | None] = {}
        self._workflows: dict[str, list[Target] | None] = {}

    def at(self, path: str) -> File | Diagnostic | None:
        """The file at the normal path `path`."""
        if path not in self._by_path:
            self._by_path[path] = self._read(path)
        return self._by_path[path]

    def _read(self, path: str) -> File | Diagnostic | None:
        source = self._loader.read(path)
        if not isinstance(source, Source):
            return source
        if source.name not in self.by_name:
            self.by_name[source.name] = file_of(
                source, *read(source, self._loader.read)
            )
        return self.by_name[source.name]

    def find(self, caller: File, name: str) -> Target | Diagnostic | None:
        """What `name` leads to in a call of the file `caller`: a workflow or a file, a
        finding where that cannot be read, None where nothing is."""
        if name in caller.documents:
            return Target((name,), caller, caller.documents[name])
        unreadable = None
        for path, ending in self._paths(caller, name):
            match self.at(path):
                case File() as file:
                    return Target(_spellings(name, ending), file, file.first)
                case Diagnostic() as problem:
                    unreadable = unreadable or problem
                case None:
                    pass
        return unreadable

    def places(self, caller: File, name: str) -> list[str]:
        """The paths where `name` is looked for."""
        return [path for path, _ in self._paths(caller, name)]

    def _paths(self, caller: File, name: str) -> Iterator[tuple[str, str]]:
        endings = ("",) if name.endswith(_ENDINGS) else (*_ENDINGS, "")
        for folder in (caller.folder, *(() if isabs(name) else self._search)):
            for ending in endings:
                yield normpath(join(folder, name + ending)), ending

    def near(self, caller: File, name: str) -> list[str]:
        """The names that a call in `caller` could have meant by `name`."""
        found = list(caller.documents)
        for folder in (caller.folder, *self._search):
            found += [_within(path, folder) for path in self.below(folder) or ()]
        if not name.endswith(_ENDINGS):
            found = [_without_ending(each) for each in found]
        return found[:_NEAR]

    def below(self, folder: str) -> list[str] | None:
        """As the loader has it, asked once."""
        folder = normpath(folder)
        if folder not in self._below:
            self._below[folder] = self._loader.below(folder)
        return self._below[folder]

    def candidates(self, caller: File, name: Template) -> list[Target] | None:
        """What the value of `name` can be in a call of `caller` without `candidates`:
        documents, files that hold workflows, and files that are meant to. None when there
        is too much to look through."""
        found: list[Target] = [
            Target((each,), caller, workflow)
            for each, workflow in caller.documents.items()
        ]
        for folder in dict.fromkeys((caller.folder, *self._search)):
            listed = self._workflows_below(folder)
            if listed is None:
                return None
            found += listed
        if any(isinstance(part, str) for part in name.parts):
            return list(_fitting(found, name))
        return found

    def _workflows_below(self, folder: str) -> list[Target] | None:
        """The workflow files in `folder` and below it, looked at once."""
        if folder not in self._workflows:
            paths = self.below(folder)
            found = [self._workflow_file(path, folder) for path in paths or ()]
            there = [each for each in found if each is not None]
            self._workflows[folder] = None if paths is None else there
        return self._workflows[folder]

    def _workflow_file(self, path: str, folder: str) -> Target | None:
        """The file, if it is meant to be a workflow; most others are not even parsed."""
        if not self._loader.holds(path, "steps"):
            return None
        file = self.at(path)
        if not isinstance(file, File):
            return None
        first = file.first
        if (first is None or not first.steps) and not _STEPS.search(file.source.text):
            return None
        return Target(_spellings(_within(path, folder), ""), file, first)


def file_of(
    source: Source, workflows: Sequence[Workflow], findings: Sequence[Diagnostic]
) -> File:
    """The file of `source`, of which these were read."""
    documents = {workflow.name: workflow for workflow in workflows}
    return File(source=source, documents=documents, findings=tuple(findings))


def _spellings(name: str, ending: str) -> tuple[str, ...]:
    """How the value of a `run` may write the file that was found as `name + ending`.

    >>> _spellings("jobs/load", ".yaml")
    ('jobs/load', 'jobs/load.yaml', './jobs/load.yaml', './jobs/load')
    """
    path = normpath(name + ending)
    plain = _without_ending(path)
    relative = () if isabs(path) else (f"./{path}", f"./{plain}")
    return tuple(dict.fromkeys((name, path, plain, *relative)))


def _without_ending(path: str) -> str:
    return re.sub(r"\.ya?ml\Z", "", path)


def _within(path: str, folder: str) -> str:
    """`path` as seen from `folder`, below which it lies.

    >>> _within("jobs/load.yaml", "jobs"), _within("load.yaml", ".")
    ('load.yaml', 'load.yaml')
    """
    folder = normpath(folder)
    return path if folder == "." else path.removeprefix(folder.rstrip("/") + "/")


def _fitting(found: list[Target], name: Template) -> Iterator[Target]:
    """Those that the value of `name` can be, from how that begins and ends."""
    first, last = name.parts[0], name.parts[-1]
    first = first if isinstance(first, str) else ""
    last = last if isinstance(last, str) else ""

    def fits(name: str) -> bool:
        long_enough = len(name) >= len(first) + len(last)
        return long_enough and name.startswith(first) and name.endswith(last)

    for each in found:
        names = tuple(filter(fits, each.names))
        if names:
            yield Target(names, each.file, each.workflow)
