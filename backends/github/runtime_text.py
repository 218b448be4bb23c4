"""Turns the words of a file into the program that runs them: just what they name."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

from backends.github.runtime import MODULES
from backends.github.words import Command
from backends.python import expressions
from backends.python.assemble import assemble, names_in


def program(commands: Iterable[Command]) -> str:
    """The run time of a workflow file with these commands."""
    roots = {"main"}
    for command in commands:
        roots.add(command.name)
        for source in command.sources:
            roots |= _names(source)
    modules: list[ModuleType | Path | str] = [*expressions.MODULES, *MODULES]
    return f"{assemble(modules, sorted(roots))}\n\nsys.exit(main())\n"


@cache
def _names(source: str) -> frozenset[str]:
    return frozenset(names_in(source))
