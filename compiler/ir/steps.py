"""A step: its body, and what stands around it."""

from typing import TYPE_CHECKING

from compiler.ir.bodies import Body
from compiler.ir.conditions import Condition, ContinueOn, Edge, Repeat, Retry
from compiler.ir.expressions import Origin, Template
from compiler.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One entry of an `env`."""

    name: str
    value: Template
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A name in a step's environment: the first of `origins` that has a value."""

    name: str
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One entry of `depends`, by name or id, as written."""

    step: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step or handler. `edges`, `exports` and `captured` come from `resolve`.

    `depends` is None when it was not written (S1). `exports` is the environment that the
    step's processes get beside the special variables (R4), its own `env` included; of a
    fan-out that of each item, where ITEM and the step's `env` have more origins behind
    them: what the name is for the items, the width and the step's own conditions.
    `captured`: its stdout is kept as a value (`output:`, `.output`, a handler, a leaf of
    a workflow whose result is asked for).
    `stdout` and `stderr` are paths of files to which each attempt's text is added when it
    has ended. `stop_signal` ("SIGINT") is what ends its processes instead of TERM.
    `mail_on_error`: the workflow's `error_mail` goes out when it has failed.
    `timeout` is in seconds and holds for each attempt. `queue` is the queue in which the
    step waits for its turn (S10). Of a fan-out `env` is that of each item: the items, the
    width and the step's own conditions do not see it. `spans` are as a workflow's.
    """

    name: str
    id: str | None = None
    description: str = ""
    body: Body
    depends: tuple[Dependency, ...] | None = None
    conditions: tuple[Condition, ...] = ()
    retry: Retry | None = None
    repeat: Repeat | None = None
    continue_on: ContinueOn | None = None
    output: str | None = None
    env: tuple[Variable, ...] = ()
    directory: Template | None = None
    stdout: Template | None = None
    stderr: Template | None = None
    stop_signal: str | None = None
    mail_on_error: bool = False
    timeout: int | None = None
    queue: str | None = None
    span: Span
    spans: tuple[tuple[str, Span], ...] = ()
    edges: tuple[Edge, ...] = ()
    exports: tuple[Export, ...] = ()
    captured: bool = False


def repeat_exports(step: Step) -> tuple[Export, ...]:
    """The environment of the condition of `step.repeat`: what the step's processes get,
    and its own output, which hides other outputs of that name (R7, R9)."""
    name = step.output
    if name is None:
        return step.exports
    own = Origin("output", name, step.name)
    known = {export.name: export for export in step.exports}
    before = known.get(name, Export(name=name, origins=()))
    if not (before.origins and before.origins[0].kind in ("step_env", "param")):
        known[name] = Export(name=name, origins=(own, *before.origins))
    return tuple(known.values())
