"""Turns a program into one bash script that runs it: bash 3.2 or newer, jq for paths."""

from collections.abc import Iterator
from typing import get_args

from compiler.backend import Backend, Feature, File
from compiler.ir import Program
from compiler.source import Source


def _emit(program: Program, source: Source) -> Iterator[File]:
    from backends.shell.emit import emit

    yield from emit(program, source)


BACKEND = Backend(
    name="shell",
    title="bash script",
    supports=dict.fromkeys(get_args(Feature), ""),
    emit=_emit,
)
