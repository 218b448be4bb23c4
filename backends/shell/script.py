"""What is known of a script and of each of its workflows while they are emitted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from backends.shell.quote import one_line
from backends.shell.values import Used, Values
from compiler.backend import folders
from compiler.ir import Call, Export, Step, Workflow
from compiler.source import Source, Span


@dataclass
class Script:
    """What the workflows of a script share while they are emitted.

    `sources` are the files by the names of spans, `ids` the names of the workflows in
    the script by their keys. `frames`: a step can run more than once.
    """

    sources: Mapping[str, Source]
    ids: Mapping[str, str]
    main: Workflow
    frames: bool
    used: Used = field(default_factory=Used)
    functions: list[str] = field(default_factory=list)


@dataclass
class Emission:
    """What is known of a workflow while its steps are emitted. `prefix` begins the names
    of its functions; empty for the entry."""

    workflow: Workflow
    script: Script
    prefix: str = ""

    def __post_init__(self) -> None:
        self.used = self.script.used
        self.folders = folders(self.workflow)
        self.common = _common(self.workflow)
        every = (*self.workflow.steps, *self.workflow.handlers)
        self.calls = frozenset(it.name for it in every if isinstance(it.body, Call))

    def at(self, span: Span) -> str:
        file = PurePath(self.script.sources[span.file].name).name
        return one_line(f"{file}:{span.line}")

    def define(self, name: str, lines: list[str]) -> None:
        """The function `name` of these lines."""
        body = "\n".join(f"  {line}" for line in lines)
        self.script.functions.append(f"{name}() {{\n{body}\n}}")

    def values(self, step: Step | None, lenient: bool = False) -> Values:
        constants = {"DAG_NAME": self.workflow.name}
        if step is not None:
            constants["DAG_RUN_STEP_NAME"] = step.name
        return Values(
            folders=self.folders.steps,
            calls=self.calls,
            constants=constants,
            used=self.used,
            dotenv=bool(self.workflow.dotenv),
            lenient=lenient,
        )


def _common(workflow: Workflow) -> tuple[Export, ...]:
    """The exports with which those of all steps and handlers begin: named once. They are
    not of steps. Only the first ones, since the order decides what goes by file (R4).
    """
    kinds = {"param", "env", "secret", "process", "special"}
    steps = (*workflow.steps, *workflow.handlers)
    every = [step.exports for step in steps if not isinstance(step.body, Call)]
    common = []
    for first, *others in zip(*every, strict=False):
        own = not {it.kind for it in first.origins} <= kinds
        if own or any(other != first for other in others):
            break
        common.append(first)
    return tuple(common)


def exported(values: Values, export: Export) -> str:
    """`NAME=place,place`: where the run time finds a name of the environment."""
    origins = [it for it in export.origins if it.kind not in ("process", "special")]
    return f"{export.name}={','.join(values.places(origins))}" if origins else ""
