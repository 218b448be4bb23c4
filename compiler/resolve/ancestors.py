"""What each step waits for directly -> everything that it waits for, where it is asked.

A set for every step would take memory by the square of their number: over a gigabyte for
100,000 steps. So in a long workflow only every so many-th step keeps its set; that of
another one is put together on the way back to those.
"""

from collections.abc import Iterable, Sequence

# The sets that are kept have about so many bytes in all.
_ROOM = 1 << 25
# Of so many direct ones a look at the list is faster than at a set.
_FEW = 8


class Ancestors:
    """`parents[i]` are the places of what step i waits for directly.

    `cyclic` are the steps on or behind a cycle: each of them waits for all of them.
    """

    def __init__(self, parents: Sequence[tuple[int, ...]]) -> None:
        self._parents = parents
        self._order = _ordered(parents)
        self._kept: dict[int, bytes] = {}
        self._asked: tuple[int, bytes] = (-1, b"")
        self.cyclic: list[int] = []
        if len(self._order) < len(parents):
            acyclic = set(self._order)
            self.cyclic = [it for it in range(len(parents)) if it not in acyclic]

    def holds(self, step: int, place: int) -> bool:
        """Whether `step` waits, directly or not, for the step at `place`."""
        if place in self._parents[step][:_FEW]:
            return True
        asked, found = self._asked
        if asked != step:
            found = self._all_of(step)
            self._asked = (step, found)
        return bool(found[place >> 3] >> (place & 7) & 1)

    def _all_of(self, step: int) -> bytes:
        if not self._kept:
            self._keep()
        return self._kept.get(step) or self._behind(self._parents[step])

    def _keep(self) -> None:
        """Works out the sets that are kept, each from those before it."""
        count = len(self._parents)
        apart = 1 + count * count // (8 * _ROOM)
        for step in self._order[::apart]:
            self._kept[step] = self._behind(self._parents[step])
        self._kept.update(dict.fromkeys(self.cyclic, self._behind(self.cyclic)))

    def _behind(self, steps: Iterable[int]) -> bytes:
        """`steps` and all that they wait for: bit i % 8 of byte i // 8 is that of step i."""
        found = bytearray(len(self._parents) // 8 + 1)
        left = [*steps]
        while left:
            step = left.pop()
            if found[step >> 3] >> (step & 7) & 1:
                continue
            found[step >> 3] |= 1 << (step & 7)
            kept = self._kept.get(step)
            if kept is None:
                left += self._parents[step]
            else:
                both = int.from_bytes(found, "little") | int.from_bytes(kept, "little")
                found = bytearray(both.to_bytes(len(found), "little"))
        return bytes(found)


def _ordered(parents: Sequence[tuple[int, ...]]) -> Sequence[int]:
    """The steps, each behind what it waits for; those on or behind a cycle are left out."""
    if all(not before or max(before) < step for step, before in enumerate(parents)):
        return range(len(parents))  # the usual order of a file
    children: list[list[int]] = [[] for _ in parents]
    waiting = [len(before) for before in parents]
    for step, before in enumerate(parents):
        for parent in before:
            children[parent].append(step)
    order = [step for step, count in enumerate(waiting) if count == 0]
    for step in order:  # grows while it is read
        for child in children[step]:
            waiting[child] -= 1
            if waiting[child] == 0:
                order.append(child)
    return order
