"""A place in a workflow -> the names that it sees, and where their values come from.

Order of one name (R9): step env, item, special variable, param, output, secret, workflow
env, process environment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from compiler.diagnostics import Diagnostic
from compiler.ir import ITEM, SPECIAL_VARIABLES, Origin, Step, Workflow
from compiler.resolve.calls import Calls
from compiler.resolve.graph import Graph
from compiler.resolve.producers import Producers
from compiler.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass

# Special variables that exist only while a step, or only while a handler runs.
IN_STEPS = frozenset(
    {"DAG_RUN_STEP_NAME", "DAG_RUN_STEP_STDOUT_FILE", "DAG_RUN_STEP_STDERR_FILE"}
)
_IN_HANDLERS = frozenset({"DAG_RUN_STATUS"})
_EVERYWHERE = frozenset(SPECIAL_VARIABLES) - IN_STEPS - _IN_HANDLERS
_SPECIALS = {
    "param": _EVERYWHERE,
    "env": _EVERYWHERE,
    "workflow": _EVERYWHERE,
    "step": _EVERYWHERE | IN_STEPS,
    "init": _EVERYWHERE | IN_STEPS | _IN_HANDLERS,
    "handler": _EVERYWHERE | IN_STEPS | _IN_HANDLERS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a workflow defines: the names that every place in it can see, and outputs.

    `key` is the workflow's, `calls` what calls and their callees have to know.
    `producers` are the places of the steps that give an output, by its name, and `orders`
    says in which order one asks them (R8).
    """

    key: str
    calls: Calls
    params: frozenset[str]
    positional: int
    env: frozenset[str]
    secrets: frozenset[str]
    producers: Mapping[str, Sequence[int]]
    orders: Producers
    steps: Sequence[Step]
    graph: Graph

    def step(self, place: int) -> Step:
        return self.steps[place]

    @property
    def gets_items(self) -> bool:
        """Does a fan-out run the workflow? It does not see the item (F3)."""
        return self.key in self.calls.of_items


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A place in a workflow: what it sees.

    `where` "param" and "env" are the values of a workflow's params and env, "workflow" its
    conditions, folders and mails, "init" its handler init. `step` is the place of a step,
    None elsewhere; `itself`: does it see its own output? `own` are the names of the step's
    own env. `item`: is ITEM seen, the item of the step's fan-out? `valuing` is the param or
    env variable whose value this is, "" elsewhere.
    """

    names: Names
    where: Literal["param", "env", "workflow", "init", "step", "handler"]
    step: int | None = None
    itself: bool = False
    own: frozenset[str] = frozenset()
    item: bool = False
    valuing: str = ""

    @property
    def in_definition(self) -> bool:
        return self.where in ("param", "env", "workflow")

    @property
    def before_steps(self) -> bool:
        return self.where == "init" or self.in_definition

    @property
    def specials(self) -> frozenset[str]:
        return _SPECIALS[self.where]

    def sees(self, place: int) -> bool:
        """Whether the outputs of the step at `place` are seen here (R7)."""
        if self.step is None:
            return self.where == "handler"
        if self.itself and place == self.step:
            return True
        return self.names.graph.ancestors.holds(self.step, place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What resolving came upon: diagnostics, and undeclared names with their places."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    undeclared: dict[str, Span] = field(default_factory=dict)


def names_of(workflow: Workflow, graph: Graph, calls: Calls) -> Names:
    """What `workflow`, whose steps wait for each other as in `graph`, defines."""
    orders = Producers(workflow.steps, graph)
    return Names(
        key=workflow.key,
        calls=calls,
        params=frozenset(p.name for p in workflow.params if not p.positional),
        positional=sum(param.positional for param in workflow.params),
        env=frozenset(variable.name for variable in workflow.env),
        secrets=frozenset(secret.name for secret in workflow.secrets),
        producers=orders.by_name,
        orders=orders,
        steps=workflow.steps,
        graph=graph,
    )


def output_origins(name: str, scope: Scope) -> tuple[Origin, ...]:
    """The visible steps that give an output `name`, best first (R8)."""
    places = scope.names.producers.get(name)
    if places is None:
        return ()
    orders = scope.names.orders
    if scope.step is not None:
        before = orders.before(scope.step, name)
        if scope.itself and scope.names.step(scope.step).output == name:
            return (orders.origin(scope.step), *before)
        return before
    if scope.where != "handler":
        return ()
    # The later step in the file first, as in the run's own outputs.
    return tuple(map(orders.origin, reversed(places)))


def variable_origins(name: str, scope: Scope) -> tuple[Origin, ...]:
    """Where the plain `name` comes from here; empty when it is none of ours.

    A step's env, an item, a param, a special variable and a secret always have a value, so
    nothing follows them; an output or a workflow's env is followed by what lies below it
    (R9). In the value of a name, that name is what it is outside: at last the process
    environment.
    """
    itself = name == scope.valuing
    if name in scope.own:
        return (Origin("step_env", name),)
    if name == ITEM and scope.item:
        return (Origin("item", ITEM),)
    if name in scope.specials:
        return (Origin("special", name),)
    if name in scope.names.params and not (itself and scope.where == "param"):
        return (Origin("param", name),)
    if name.isdigit() and 0 < int(name) <= scope.names.positional:
        return (Origin("positional", name),)
    origins = output_origins(name, scope)
    if name in scope.names.secrets:
        return (*origins, Origin("secret", name))
    if name in scope.names.env and not (itself and scope.in_definition):
        origins += (Origin("env", name),)
    return (*origins, Origin("process", name)) if origins or itself else ()


def is_hidden(name: str, scope: Scope) -> bool:
    """Is `name` an output, but of no step that runs before, or the item of a caller?"""
    known = name in scope.names.producers or (name == ITEM and scope.names.gets_items)
    return known and not variable_origins(name, scope)
