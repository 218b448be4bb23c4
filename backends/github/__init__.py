"""Turns a program into a workflow file of GitHub Actions."""

from collections.abc import Iterator, Mapping
from typing import get_args

from compiler.backend import Backend, Feature, File
from compiler.ir import Program
from compiler.source import Source

Sources = Mapping[str, Source]


def _emit(program: Program, sources: Sources) -> Iterator[File]:
    from backends.github.emit import emit

    yield from emit(program, sources)


def _emit_steps(program: Program, sources: Sources) -> Iterator[File]:
    from backends.github.emit import emit

    yield from emit(program, sources, "step")


def _emit_workflow(program: Program, sources: Sources) -> Iterator[File]:
    from backends.github.emit import emit

    yield from emit(program, sources, "workflow")


_REFUSED: tuple[Feature, ...] = (
    "call-queue",
    "call-repeat",
    "call-retry",
    "calls-above-30-deep",
    "mail-on",
    "params-above-25",
    "params-schema-unevaluated",
    "restart-wait",
    "schedule-below-5-minutes",
    "schedule-stop",
    "steps-above-1000",
)
_LOSSES: dict[Feature, str] = {
    "call-max-active-steps": (
        "GitHub does not limit the jobs of a call: all steps of it run that are ready"
    ),
    "delay": "jobs begin when GitHub has a machine: there is no pause between steps",
    "history": "GitHub keeps runs as long as the repository's settings say",
    "log-directory": "logs are those of the jobs on GitHub, not files in a folder",
    "max-active-runs-above-one": (
        "GitHub takes runs one at a time or all at once: there is no limit here"
    ),
    "max-active-steps-above-one": (
        "GitHub limits the legs of a matrix only: all jobs run that are ready "
        "(with `--jobs workflow` one step at a time)"
    ),
    "queue-above-one": (
        "a queue of GitHub is for one at a time: there is no limit here"
    ),
    "schedule-without-zone": "a time without a zone is UTC on GitHub",
    "skip-if-successful": (
        "a scheduled run starts also when a run has succeeded since the last time"
    ),
    "step-queue-above-one": (
        "a queue of GitHub is for one at a time: there is no limit here"
    ),
}
_SUPPORTS: dict[Feature, str] = {
    feature: _LOSSES.get(feature, "")
    for feature in get_args(Feature)
    if feature not in _REFUSED
}

BACKEND = Backend(
    name="github",
    title="GitHub Actions",
    supports=_SUPPORTS,
    emit=_emit,
    jobs={"chain": _emit, "step": _emit_steps, "workflow": _emit_workflow},
    home=".github/workflows",
    largest=500_000,
)
