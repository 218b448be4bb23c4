"""Who is next under which limits, without any process."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.interpreter.limits import Limit, Limits, Line, nested


def take_all(line: Line[str]) -> list[str]:
    return list(iter(line.take, None))


def test_first_come_first_served() -> None:
    line: Line[str] = Line()
    limits = (Limit(2),)
    for who in "abcd":
        line.enter(who, limits)
    assert take_all(line) == ["a", "b"]
    line.give(limits)
    assert take_all(line) == ["c"]


def test_who_finds_no_room_lets_others_pass_and_keeps_its_place() -> None:
    line: Line[str] = Line()
    outer = (Limit(3),)
    inner = nested(outer, 1)
    for who, limits in [("a", inner), ("b", inner), ("c", outer), ("d", outer)]:
        line.enter(who, limits)
    assert take_all(line) == ["a", "c", "d"]
    line.enter("e", outer)
    line.give(inner)
    assert take_all(line) == ["b"]
    line.give(outer)
    assert take_all(line) == ["e"]


def test_room_that_the_first_cannot_use_goes_to_the_next() -> None:
    # b and c wait for the same outer room; b is also kept back by its own limit.
    line: Line[str] = Line()
    outer = (Limit(2),)
    inner = nested(outer, 1)
    for who, limits in [("a", inner), ("x", outer), ("b", inner), ("c", outer)]:
        line.enter(who, limits)
    assert take_all(line) == ["a", "x"]
    line.give(outer)
    assert take_all(line) == ["c"]


def test_who_leaves_is_not_next() -> None:
    line: Line[str] = Line()
    limits = (Limit(1),)
    tickets = {who: line.enter(who, limits) for who in "abcd"}
    line.leave(tickets["a"])
    assert take_all(line) == ["b"]
    line.leave(tickets["c"])
    line.give(limits)
    assert take_all(line) == ["d"]


def test_room_is_taken_at_once_where_nobody_waits_for_it() -> None:
    line: Line[str] = Line()
    outer = (Limit(2),)
    inner, other = nested(outer, 1), nested(outer, 1)
    assert line.take_now(inner)
    assert not line.take_now(inner)
    line.enter("a", inner)
    assert take_all(line) == []
    assert not line.take_now(other)  # a may want that room
    line.give(inner)
    assert not line.take_now(inner)
    assert take_all(line) == ["a"]
    assert line.take_now(other)


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        pytest.param([None, None], [5], id="none"),
        pytest.param([3, 2, 1], [5, 3, 2, 1], id="each-narrower"),
        pytest.param([9, 5, 3, 3, 4], [5, 3], id="no-wider-ones"),
    ],
)
def test_nested_limits(sizes: list[int | None], kept: list[int]) -> None:
    limits: Limits = (Limit(5),)
    line: Line[str] = Line()
    line.enter("a", limits)
    assert line.take() == "a"  # what is in use makes no difference
    for size in sizes:
        limits = nested(limits, size)
    assert [limit.size for limit in limits] == kept


@given(
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    parents=st.lists(st.integers(0, 9), max_size=4),
    wishes=st.lists(st.integers(0, 9), max_size=30),
    ends=st.lists(st.integers(0, 9), max_size=60),
)
def test_no_limit_is_passed_and_no_room_is_wasted(
    sizes: list[int], parents: list[int], wishes: list[int], ends: list[int]
) -> None:
    chains: list[Limits] = [(Limit(sizes[0]),)]
    for size, parent in zip(sizes[1:], parents, strict=False):
        chains.append((*chains[parent % len(chains)], Limit(size)))
    full = {limit: limit.room for limits in chains for limit in limits}
    line: Line[int] = Line()
    wanted = [chains[wish % len(chains)] for wish in wishes]
    for place, limits in enumerate(wanted):
        line.enter(place, limits)
    waiting, running = list(range(len(wanted))), list[int]()
    for end in [*ends, *[0] * len(wanted)]:
        while (place := line.take()) is not None:
            # It is the first of all for whom there is room.
            used = Counter(limit for it in running for limit in wanted[it])
            free = [
                it
                for it in waiting
                if all(used[each] < full[each] for each in wanted[it])
            ]
            assert place == free[0]
            waiting.remove(place)
            running.append(place)
        used = Counter(limit for it in running for limit in wanted[it])
        assert all(used[limit] <= room for limit, room in full.items())
        assert not [
            it for it in waiting if all(used[each] < full[each] for each in wanted[it])
        ]
        if running:
            line.give(wanted[running.pop(end % len(running))])
    assert not waiting
