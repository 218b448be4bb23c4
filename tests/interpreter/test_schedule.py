"""What the pure part of a run decides, in tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from resolved import AT, RAN, continues, pattern

from compiler.interpreter.schedule import (
    Schedule,
    ending_of,
    pause_before_retry,
    verdict,
)
from compiler.ir import ContinueOn, Edge, Ending, Pattern, Retry

TOLERANT: frozenset[Ending] = RAN | {"skipped"}


def edge(step: str, accepts: frozenset[Ending] = RAN) -> Edge:
    return Edge(step=step, accepts=accepts, span=AT)


@pytest.mark.parametrize(
    ("accepts", "endings", "expected"),
    [
        pytest.param([RAN], ["succeeded"], "run", id="succeeded"),
        pytest.param([RAN], ["continued"], "run", id="continued"),
        pytest.param([RAN], ["failed"], "aborted", id="failed"),
        pytest.param([RAN], ["aborted"], "aborted", id="aborted"),
        pytest.param([RAN], ["skipped"], "skipped", id="skipped"),
        pytest.param([TOLERANT], ["skipped"], "run", id="skip-tolerated"),
        pytest.param([TOLERANT], ["failed"], "aborted", id="skip-tolerant-failed"),
        pytest.param([RAN, RAN], ["skipped", "failed"], "aborted", id="failed-wins"),
        pytest.param([RAN, RAN], ["aborted", "skipped"], "aborted", id="aborted-wins"),
        pytest.param(
            [TOLERANT, RAN], ["skipped", "skipped"], "skipped", id="each-tolerated"
        ),
        pytest.param([RAN, RAN], ["succeeded", "skipped"], "skipped", id="one-skipped"),
        pytest.param([], [], "run", id="no-edges"),
    ],
)
def test_verdict(
    accepts: list[frozenset[Ending]], endings: list[Ending], expected: str
) -> None:
    edges = [edge(str(place), each) for place, each in enumerate(accepts)]
    assert verdict(edges, {str(at): it for at, it in enumerate(endings)}) == expected


@pytest.mark.parametrize(
    ("code", "rule", "printed", "expected"),
    [
        pytest.param(0, None, False, "succeeded", id="zero"),
        pytest.param(1, None, True, "failed", id="no-rule"),
        pytest.param(1, continues(failure=True), False, "continued", id="failure"),
        pytest.param(1, continues(skipped=True), False, "failed", id="skipped-only"),
        pytest.param(3, continues(exit_codes=(2, 3)), False, "continued", id="code"),
        pytest.param(4, continues(exit_codes=(2, 3)), False, "failed", id="other-code"),
        pytest.param(1, continues(output=(pattern("x"),)), True, "continued", id="out"),
        pytest.param(
            1, continues(output=(pattern("x"),)), False, "failed", id="no-out"
        ),
        pytest.param(
            1, continues(failure=True, mark_success=True), False, "succeeded", id="mark"
        ),
        pytest.param(1, continues(mark_success=True), False, "failed", id="mark-alone"),
        pytest.param(
            4,
            continues(exit_codes=(3,), mark_success=True),
            False,
            "failed",
            id="mark-other-code",
        ),
    ],
)
def test_ending(
    code: int, rule: ContinueOn | None, printed: bool, expected: Ending
) -> None:
    def fits(_: Pattern) -> bool:
        return printed

    assert ending_of(code, rule, fits) == expected


def retry(limit: int, interval: int, **options: object) -> Retry:
    return Retry(limit=limit, interval=interval, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "code", "timed_out", "pauses"),
    [
        pytest.param(None, 1, False, [None], id="no-rule"),
        pytest.param(retry(2, 5), 1, False, [5, 5, None], id="constant"),
        pytest.param(retry(3, 1, backoff=2.0), 1, False, [1, 2, 4, None], id="backoff"),
        pytest.param(
            retry(4, 1, backoff=2.0, max_interval=3), 1, False, [1, 2, 3, 3, None],
            id="capped",
        ),
        pytest.param(retry(2, 1, exit_codes=(7,)), 7, False, [1, 1, None], id="listed"),
        pytest.param(retry(2, 1, exit_codes=(7,)), 8, False, [None], id="not-listed"),
        pytest.param(retry(2, 1), 124, True, [None], id="timeout"),
        pytest.param(retry(2, 1), 124, False, [1], id="own-124"),
        pytest.param(retry(2, 1, exit_codes=(124,)), 124, True, [1], id="timeout-124"),
        pytest.param(retry(0, 1), 1, False, [None], id="limit-0"),
    ],
)  # fmt: skip
def test_pauses(
    rule: Retry | None, code: int, timed_out: bool, pauses: list[float | None]
) -> None:
    found = [
        pause_before_retry(rule, attempts, code, timed_out)
        for attempts in range(1, len(pauses) + 1)
    ]
    assert found == pauses


def test_a_huge_backoff_is_a_finite_pause() -> None:
    pause = pause_before_retry(retry(10_000, 1, backoff=10.0), 9_999, 1, False)
    assert pause is not None
    assert 10_000 < pause < 10**9


def test_ready_steps_begin_in_file_order() -> None:
    schedule = Schedule({name: () for name in "zam"})
    assert schedule.begin() == ["z", "a", "m"]
    assert schedule.begin() == []


def test_dependants_begin_in_the_order_of_becoming_ready() -> None:
    # z and a are ready first; z's dependants follow in file order.
    schedule = Schedule(
        {"z": (), "y": (edge("z"),), "a": (), "k": (edge("z"),), "b": (edge("a"),)}
    )
    assert schedule.begin() == ["z", "a"]
    schedule.end("a", "succeeded")
    schedule.end("z", "succeeded")
    assert schedule.begin() == ["b", "y", "k"]


def test_what_never_runs_is_decided_at_once_by_layers() -> None:
    edges = {
        "a": (),
        "b": (edge("a"),),
        "c": (edge("b"),),
        "d": (edge("a"),),
        "e": (edge("c", TOLERANT),),
    }
    schedule = Schedule(edges)
    assert schedule.begin() == ["a"]
    assert schedule.end("a", "skipped") == [
        ("a", "skipped"),
        ("b", "skipped"),
        ("d", "skipped"),
        ("c", "skipped"),
    ]
    assert schedule.begin() == ["e"]


def test_two_edges_to_one_step_count_once() -> None:
    schedule = Schedule({"a": (), "b": (edge("a"), edge("a"))})
    assert schedule.begin() == ["a"]
    schedule.end("a", "succeeded")
    assert schedule.begin() == ["b"]


def test_abort_rest_leaves_those_that_have_begun() -> None:
    schedule = Schedule({"a": (), "b": (edge("a"),), "c": (edge("a"),), "d": ()})
    assert schedule.begin() == ["a", "d"]
    schedule.end("d", "succeeded")
    assert schedule.abort_rest() == ["b", "c"]
    assert schedule.running
    assert schedule.end("a", "succeeded") == [("a", "succeeded")]
    assert schedule.begin() == []
    assert not schedule.running


ENDINGS: list[Ending] = ["succeeded", "continued", "failed", "skipped"]


@given(
    graph=st.integers(1, 9).flatmap(
        lambda size: st.tuples(
            *[
                (
                    st.lists(st.tuples(st.integers(0, max(at - 1, 0)), st.booleans()))
                    if at
                    else st.just([])
                )
                for at in range(size)
            ]
        )
    ),
    endings=st.lists(st.sampled_from(ENDINGS), min_size=9, max_size=9),
)
def test_every_step_is_decided_once_and_after_its_dependencies(
    graph: tuple[list[tuple[int, bool]], ...], endings: list[Ending]
) -> None:
    edges = {
        str(at): [edge(str(to), TOLERANT if soft else RAN) for to, soft in incoming]
        for at, incoming in enumerate(graph)
    }
    schedule = Schedule(edges)
    running: list[str] = []
    decided: list[str] = []
    while True:
        for name in schedule.begin():
            assert all(each.step in decided for each in edges[name])
            running.append(name)
        assert schedule.running is bool(running)
        if not running:
            break
        name = running.pop(0)
        decided += [step for step, _ in schedule.end(name, endings[int(name)])]
    assert sorted(decided) == sorted(edges)
