"""Turns the words of a file into the program that runs them: just what they name."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from backends.github.runtime import MODULES
from backends.github.words import Command, is_written
from backends.python import expressions
from backends.python.assemble import assemble, names_in

_LONG = 60_000  # bytes of a text that may, with what goes before it, be no argument
_LARGE = 500_000  # bytes of values that may, all together, be too many


def program(commands: Iterable[Command]) -> str:
    """The run time of a workflow file with these commands."""
    commands = [*commands]
    roots = {"main"}
    for command in commands:
        roots.add(command.name)
        for source in command.sources:
            roots |= _names(source)
        if command.text is not None and not is_written(command.text):
            roots.add("source")
    modules: list[ModuleType | Path | str] = [*expressions.MODULES, *MODULES]
    text = assemble(modules, sorted(roots), {*_features(commands)}, types=False)
    return f"{text}\n\nsys.exit(main())\n"


@cache
def _names(source: str) -> frozenset[str]:
    return frozenset(names_in(source))


# ---- what the run time asks for that is no definition


def _features(commands: list[Command]) -> Iterator[str]:
    for command in commands:
        yield from _of_path(command)
        for word in command.words:
            yield from _of_word(command, word)
        texts = [*command.words, command.text or ""]
        if any(len(text.encode("utf-8", "replace")) > _LONG for text in texts):
            yield from ("long texts", "large values")
    if sum(len(word) for command in commands for word in command.words) > _LARGE:
        yield "large values"


def _of_path(command: Command) -> Iterator[str]:
    path = command.path.removesuffix("/")
    if "*" in path:
        yield "*"
    if "/" in command.path:
        yield "call/"
    last = path.rpartition("/")[2]
    if last.startswith("handler-"):
        yield "handler-"
        yield last


_VALUE = re.compile(r"(?:([a-z]+)\.)?([A-Za-z0-9_]+)=([^=].*)", re.DOTALL)
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')
_IN_PARTS = {
    "inputs({": "1=",
    "items_given(": "1=",
    "dotenv(": "large values",
    "on=[": "on=",
    "backoff=": "backoff=",
    "most=": "backoff=",
}


def _of_word(command: Command, word: str) -> Iterator[str]:
    value = _VALUE.fullmatch(word)
    if value is None:
        yield from (feature for start, feature in _IN_PARTS.items() if start in word)
        return
    kind, name, source = value.groups()
    if kind is not None:
        yield f"{kind}."
    elif name.startswith("WFC_"):
        yield "WFC_1="
    elif command.name == "step":
        yield "NAME="
    if name.isdigit():
        yield "1="
    if not _LITERAL.fullmatch(source):
        yield "large values"
