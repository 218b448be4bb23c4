"""Turns a program into a DAG file of Airflow 3."""

from collections.abc import Iterator, Mapping
from typing import get_args

from compiler.backend import Backend, Feature, File
from compiler.ir import Program
from compiler.source import Source


def _emit(program: Program, sources: Mapping[str, Source]) -> Iterator[File]:
    from backends.airflow.emit import emit

    yield from emit(program, sources)


_REFUSED: tuple[Feature, ...] = (
    "mail-on",
    "params-schema-unevaluated",
    "restart-wait",
    "schedule-in-two-zones",
    "schedule-stop",
)
_LOSSES: dict[Feature, str] = {
    "handler-cancel": (
        "a run that Airflow ends runs no handlers: `cancel` is for a precondition that is "
        "not met"
    ),
    "history": "Airflow keeps what it knows of runs until `airflow db clean`",
    "log-directory": "logs are where Airflow is set to keep them",
    "queue": "a queue limits the runs of this workflow alone",
    "schedule-without-zone": "a time without a zone is UTC in Airflow",
    "skip-if-successful": (
        "a scheduled run starts also when a run has succeeded since the last time"
    ),
    "step-queue": "the queue of a step is a pool, which has to be there in Airflow",
}
_SUPPORTS: dict[Feature, str] = {
    feature: _LOSSES.get(feature, "")
    for feature in get_args(Feature)
    if feature not in _REFUSED
}

BACKEND = Backend(name="airflow", title="Airflow", supports=_SUPPORTS, emit=_emit)
