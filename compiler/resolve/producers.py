"""Steps that give an output one name -> the order in which another step asks them (R8).

In a chain where each step gives that name, all orders together would be as long as the
square of their number. So an order ends behind a step that surely has a value, and steps
that wait for one other only share the order of that one.
"""

from collections.abc import Iterator, Mapping, Sequence

from compiler.ir import Origin, Step
from compiler.resolve.graph import Graph


class Producers:
    """`by_name` are the places of the steps that give each name, in the order of the file."""

    def __init__(self, steps: Sequence[Step], graph: Graph) -> None:
        self._steps = steps
        self._graph = graph
        self._orders: dict[tuple[int, str], tuple[Origin, ...]] = {}
        self._sure: frozenset[int] | None = None
        self.by_name: dict[str, list[int]] = {}
        for place, step in enumerate(steps):
            if step.output is not None:
                self.by_name.setdefault(step.output, []).append(place)

    def origin(self, place: int) -> Origin:
        """The output of the step at `place`, which has one."""
        step = self._steps[place]
        return Origin("output", step.output or "", step.name)

    def before(self, step: int, name: str) -> tuple[Origin, ...]:
        """The outputs `name` that `step` sees, best first: nearest, then as in `depends`.

        None is left out but those behind one that surely has a value. Direct dependencies
        are all there, since a default in `step` tolerates their skips (S5).
        """
        places = self.by_name.get(name, ())
        ancestors = self._graph.ancestors
        if len(places) < 2:
            return tuple(self.origin(it) for it in places if ancestors.holds(step, it))
        if ancestors.cyclic:  # which is told, and sharing could go round and round
            return tuple(self._ordered(step, places))
        parents = self._graph.parents
        trail: list[int] = []
        while len(parents[step]) == 1 and (step, name) not in self._orders:
            trail.append(step)
            (step,) = parents[step]
        order = self._orders.get((step, name))
        if order is None:
            order = self._orders[step, name] = tuple(self._ordered(step, places))
        for step in reversed(trail):
            (parent,) = parents[step]
            if self._steps[parent].output == name:
                further = () if self._is_sure(parent) else order
                order = (self.origin(parent), *further)
            self._orders[step, name] = order
        return order

    def _ordered(self, step: int, places: Sequence[int]) -> Iterator[Origin]:
        """`before` for a step that waits for several."""
        seen = {it for it in places if self._graph.ancestors.holds(step, it)}
        direct = self._graph.parents[step]
        ended = False
        for place in _nearest(step, seen, self._graph.parents):
            if ended and place not in direct:
                return
            yield self.origin(place)
            ended = ended or self._is_sure(place)

    def _is_sure(self, place: int) -> bool:
        if self._sure is None:
            self._sure = _succeeded(self._steps, self._graph.parents)
        return place in self._sure


def _nearest(
    step: int, wanted: set[int], parents: Sequence[tuple[int, ...]]
) -> Iterator[int]:
    """`wanted`, all of which `step` waits for, layer by layer."""
    seen = set(parents[step])
    layer: Sequence[int] = parents[step]
    while wanted and layer:
        following: list[int] = []
        for place in layer:
            if place in wanted:
                wanted.discard(place)
                yield place
            for parent in parents[place]:
                if parent not in seen:
                    seen.add(parent)
                    following.append(parent)
        layer = following


def _succeeded(
    steps: Sequence[Step], parents: Sequence[tuple[int, ...]]
) -> frozenset[int]:
    """The steps that have succeeded where any runs that waits for them, directly or not:
    nothing skips them, and their failure would abort that one."""
    children: Mapping[int, list[int]] = {place: [] for place in range(len(steps))}
    for place, before in enumerate(parents):
        for parent in before:
            children[parent].append(place)
    skippable = {place for place, step in enumerate(steps) if step.conditions}
    waiting = list(skippable)
    while waiting:
        further = [it for it in children[waiting.pop()] if it not in skippable]
        skippable.update(further)
        waiting += further
    return frozenset(
        place
        for place, step in enumerate(steps)
        if place not in skippable and step.continue_on is None
    )
