"""A workflow's `depends` and its order in the file -> who waits for whom."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from compiler.diagnostics import Diagnostic, did_you_mean
from compiler.ir import Dependency, Step, Workflow
from compiler.resolve.ancestors import Ancestors

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The steps by their place in the file, and what each one waits for.

    `parents[i]` are the places of the direct dependencies of step i, in the order of its
    `depends`; `dependencies[i]` are the entries that they come from, `ancestors` all that
    they lead to. `places` finds a step by name or id.
    """

    places: dict[str, int]
    parents: tuple[tuple[int, ...], ...]
    dependencies: tuple[tuple[Dependency, ...], ...]
    ancestors: Ancestors


def resolve_graph(workflow: Workflow) -> tuple[Graph, list[Diagnostic]]:
    """The graph of `workflow` (S1), with unknown and cyclic dependencies reported.

    What is unknown is left out; steps on a cycle wait for each other.
    """
    found: list[Diagnostic] = []
    places = _places(workflow.steps, found)
    dependencies = tuple(_dependencies(workflow, places, found))
    parents = tuple(
        tuple(places[each.step] for each in depends) for depends in dependencies
    )
    ancestors = Ancestors(parents)
    if ancestors.cyclic:
        cyclic = ancestors.cyclic
        found.extend(_cycles(workflow.steps, parents, dependencies, cyclic))
    graph = Graph(
        places=places, parents=parents, dependencies=dependencies, ancestors=ancestors
    )
    return graph, found


def _places(steps: Sequence[Step], found: list[Diagnostic]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, step in enumerate(steps):
        if step.name in places:
            found.append(_duplicate("name", step, steps[places[step.name]]))
        else:
            places[step.name] = place
    for place, step in enumerate(steps):
        if step.id is None or step.id == step.name:
            continue
        if step.id in places:
            found.append(_duplicate("id", step, steps[places[step.id]]))
        else:
            places[step.id] = place
    return places


def _duplicate(what: str, step: Step, first: Step) -> Diagnostic:
    word = step.name if what == "name" else step.id
    return Diagnostic(
        code="WFC203",
        message=f"two steps are called `{word}`",
        span=step.span,
        label=f"its {what} is taken",
        help="give each step a name and an id of its own",
        others=((first.span, "the first one"),),
    )


def _dependencies(
    workflow: Workflow, places: dict[str, int], found: list[Diagnostic]
) -> Iterator[tuple[Dependency, ...]]:
    """What each step depends on, by names that exist, each once."""
    previous: Step | None = None
    for step in workflow.steps:
        if step.depends is None:
            if workflow.type == "chain" and previous is not None:
                yield (Dependency(step=previous.name, span=step.span),)
            else:
                yield ()
        else:
            known: dict[int, Dependency] = {}
            for each in step.depends:
                if each.step in places:
                    known.setdefault(places[each.step], each)
                else:
                    found.append(_unknown(each, step, workflow.steps))
            yield tuple(known.values())
        previous = step


def _unknown(dependency: Dependency, step: Step, steps: Sequence[Step]) -> Diagnostic:
    names = [each.name for each in steps if each is not step]
    names += [each.id for each in steps if each.id is not None and each is not step]
    return Diagnostic(
        code="WFC201",
        message=f"step `{step.name}` depends on `{dependency.step}`, which does not exist",
        span=dependency.span,
        label="no step has this name or id",
        help=did_you_mean(
            dependency.step,
            names,
            otherwise=(
                "" if len(names) <= 12 else "`depends` takes names and ids of steps"
            ),
        ),
    )


def _cycles(
    steps: Sequence[Step],
    parents: Sequence[tuple[int, ...]],
    dependencies: Sequence[tuple[Dependency, ...]],
    cyclic: Sequence[int],
) -> Iterator[Diagnostic]:
    """One finding for each cycle that walking back from an unvisited step runs into."""
    stuck = set(cyclic)
    visited: set[int] = set()
    for start in cyclic:
        trail: list[int] = []
        on_trail: dict[int, int] = {}
        place = start
        while place not in visited and place not in on_trail:
            on_trail[place] = len(trail)
            trail.append(place)
            place = next(each for each in parents[place] if each in stuck)
        visited.update(trail)
        if place in on_trail:
            cycle = trail[on_trail[place] :]
            yield _cycle(steps, parents, dependencies, cycle)


def _cycle(
    steps: Sequence[Step],
    parents: Sequence[tuple[int, ...]],
    dependencies: Sequence[tuple[Dependency, ...]],
    cycle: Sequence[int],
) -> Diagnostic:
    head, following = cycle[0], cycle[1 % len(cycle)]
    dependency = dependencies[head][parents[head].index(following)]
    path = " → ".join(f"`{steps[place].name}`" for place in [*cycle, head])
    alone = len(cycle) == 1
    return Diagnostic(
        code="WFC202",
        message=(
            f"step `{steps[head].name}` waits for itself"
            if alone
            else f"steps wait for each other: {path}"
        ),
        span=dependency.span,
        label="this dependency closes the circle",
        help="take it out" if alone else "take one of these dependencies out",
    )
