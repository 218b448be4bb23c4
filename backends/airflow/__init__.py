"""Turns a program into a DAG file of Airflow 3."""

from collections.abc import Iterator, Mapping
from typing import get_args

from compiler.backend import Backend, Feature, File
from compiler.ir import Program
from compiler.source import Source


def _emit(program: Program, sources: Mapping[str, Source]) -> Iterator[File]:
    from backends.airflow.emit import emit

    yield from emit(program, sources)


_SUPPORTS: dict[Feature, str] = dict.fromkeys(get_args(Feature), "")

BACKEND = Backend(name="airflow", title="Airflow", supports=_SUPPORTS, emit=_emit)
