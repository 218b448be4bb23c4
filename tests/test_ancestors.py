"""Which steps wait for which, in graphs of every kind, cycles included."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.resolve import ancestors
from compiler.resolve.ancestors import Ancestors

Parents = Sequence[tuple[int, ...]]

GRAPHS = st.integers(1, 40).flatmap(
    lambda size: st.lists(
        st.lists(st.integers(0, size - 1), max_size=3, unique=True).map(tuple),
        min_size=size,
        max_size=size,
    )
)
FORWARD = GRAPHS.map(
    lambda parents: [
        tuple(it for it in before if it < step) for step, before in enumerate(parents)
    ]
)


def by_definition(parents: Parents) -> list[set[int]]:
    """Everything behind each step, each step on its own; those of a cycle are one."""
    behind = []
    for before in parents:
        found: set[int] = set()
        left = [*before]
        while left:
            step = left.pop()
            if step not in found:
                found.add(step)
                left += parents[step]
        behind.append(found)
    circle = {step for step, found in enumerate(behind) if step in found}
    cyclic = {step for step, found in enumerate(behind) if found & circle}
    every = cyclic.union(*(behind[step] for step in cyclic))
    return [every if step in cyclic else found for step, found in enumerate(behind)]


def check(parents: Parents) -> None:
    found = Ancestors(parents)
    expected = by_definition(parents)
    for step in range(len(parents)):
        held = {place for place in range(len(parents)) if found.holds(step, place)}
        assert held == expected[step], step
    assert found.cyclic == [
        step for step, behind in enumerate(expected) if step in behind
    ]


@pytest.mark.parametrize("room", [1 << 25, 1], ids=["all-kept", "few-kept"])
@given(parents=st.one_of(GRAPHS, FORWARD))
def test_what_a_step_waits_for(room: int, parents: Parents) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ancestors, "_ROOM", room)
        check(parents)


def test_a_long_chain_takes_little_memory() -> None:
    steps = 100_000
    chain = Ancestors([(step - 1,) if step else () for step in range(steps)])
    assert all(chain.holds(step, step // 2) for step in range(1, steps, 50))
    assert not chain.holds(7, 7)
    kept = sum(len(each) for each in chain._kept.values())
    assert kept < 1 << 26
