"""Turns a program into one bash script that runs it: bash 3.2 or newer, jq for paths."""

from collections.abc import Iterator, Mapping
from typing import get_args

from compiler.backend import Backend, Feature, File
from compiler.ir import Program
from compiler.source import Source


def _emit(program: Program, sources: Mapping[str, Source]) -> Iterator[File]:
    from backends.shell.emit import emit

    yield from emit(program, sources)


def _emit_resuming(program: Program, sources: Mapping[str, Source]) -> Iterator[File]:
    from backends.shell.emit import emit

    yield from emit(program, sources, resumes=True)


_SUPPORTS = dict.fromkeys(get_args(Feature), "")
_SUPPORTS["schedule"] = (
    "a script does not start itself: `--schedule` prints the line for crontab"
)
_SUPPORTS["skip-if-successful"] = (
    "a script runs whenever it is started, also when a run has succeeded since the last time"
)
_NOT_YET: tuple[Feature, ...] = ("params-schema-unevaluated",)
for _feature in ("schedule-stop", *_NOT_YET):
    del _SUPPORTS[_feature]

BACKEND = Backend(
    name="shell",
    title="bash script",
    supports=_SUPPORTS,
    emit=_emit,
    extras={"resume": _emit_resuming},
)
