"""Who waits for room under which limits -> who is next: one line for the whole run."""

import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Limit:
    """At most so many at a time, `room` is there for more. So many are `waiting`; the
    tickets `blocked` are of those that were next, but for which this one was full."""

    size: int
    room: int = field(init=False)
    waiting: int = 0
    blocked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.room = self.size


Limits = tuple[Limit, ...]


def nested(outer: Limits, size: int | None) -> Limits:
    """The limits within `outer` and one of `size`; a limit that `outer` keeps anyhow is
    none, so that the limits of a deep call are few."""
    if size is None or any(limit.size <= size for limit in outer):
        return outer
    return (*outer, Limit(size))


class Line(Generic[T]):
    """Those that wait, in the order in which they came. One that finds no room under a
    limit of its own lets those behind it pass."""

    def __init__(self) -> None:
        self._tickets = count()
        self._waiting: dict[int, tuple[T, Limits]] = {}
        self._next: list[int] = []

    def take_now(self, limits: Limits) -> bool:
        """Takes room under all of `limits` if there is some and nobody waits for it."""
        if any(limit.waiting or not limit.room for limit in limits):
            return False
        for limit in limits:
            limit.room -= 1
        return True

    def enter(self, who: T, limits: Limits) -> int:
        """The ticket with which `who` waits for room under all of `limits`."""
        ticket = next(self._tickets)
        self._waiting[ticket] = (who, limits)
        heapq.heappush(self._next, ticket)
        for limit in limits:
            limit.waiting += 1
        return ticket

    def leave(self, ticket: int) -> None:
        """Who holds `ticket` no longer waits."""
        for limit in self._waiting.pop(ticket)[1]:
            limit.waiting -= 1

    def take(self) -> T | None:
        """The first for whom there is room, which is then taken; None if there is none."""
        while self._next:
            ticket = heapq.heappop(self._next)
            if ticket not in self._waiting:
                continue
            who, limits = self._waiting[ticket]
            full = next((limit for limit in limits if not limit.room), None)
            if full is None:
                self.leave(ticket)
                for limit in limits:
                    limit.room -= 1
                return who
            heapq.heappush(full.blocked, ticket)
            # What this one cannot use may be enough for another.
            for limit in limits:
                if limit.room:
                    self._call(limit)
        return None

    def give(self, limits: Limits) -> None:
        """Gives back the room that was taken under `limits`."""
        for limit in limits:
            limit.room += 1
            self._call(limit)

    def _call(self, limit: Limit) -> None:
        """The first that `limit` blocked is next again."""
        while limit.blocked:
            ticket = heapq.heappop(limit.blocked)
            if ticket in self._waiting:
                heapq.heappush(self._next, ticket)
                return
