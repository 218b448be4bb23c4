"""Names for targets, and the folders of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.backend import (
    Backend,
    features,
    folders,
    mangle,
    shortest_pause,
    unsupported,
)
from compiler.pipeline import front_end
from compiler.source import Source

ALPHABET = "A-Za-z0-9_-"


def program_of(text: str):  # type: ignore[no-untyped-def]
    checked = front_end(Source("test.yaml", text))
    assert checked.program is not None, checked.diagnostics
    return checked.program


@pytest.mark.parametrize("name", ["load", "a-b_C9", "x" * 40])
def test_a_name_that_fits_stays(name: str) -> None:
    assert mangle(name, ALPHABET, 40, set()) == name


@given(st.text(max_size=60), st.sets(st.text(max_size=5)))
def test_a_mangled_name_fits_and_is_free(name: str, taken: set[str]) -> None:
    mangled = mangle(name, ALPHABET, 20, taken)
    assert len(mangled) <= 20
    assert set(mangled) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    )
    assert mangled not in taken
    assert mangle(name, ALPHABET, 20, {*taken, mangled}) != mangled
    assert mangle(name, ALPHABET, 20, taken) == mangled


def test_folders_differ_for_steps_and_handlers_of_one_name() -> None:
    program = program_of("""
type: graph
steps:
  - {name: handler-exit, command: echo}
  - {name: a, command: echo}
  - {name: A, command: echo}
  - {name: .., command: echo}
handlerOn: {exit: {command: echo}}
""")
    found = folders(program.main)
    names = [*found.steps.values(), *found.handlers.values()]
    assert found.steps["a"] == "a"
    assert len({name.lower() for name in names}) == 5
    assert all("/" not in name and not name.startswith(".") for name in names)


def test_what_a_target_lacks_is_refused_and_a_loss_is_told() -> None:
    program = program_of("""
steps:
  - name: a
    command: echo
    timeoutSec: 3
    retryPolicy: {limit: 1, intervalSec: 0}
""")
    backend = Backend(
        name="toy",
        title="a toy",
        supports={"retry": "a toy retries at once"},
        emit=lambda program, source: iter(()),
    )
    found = [
        (it.code, it.message, it.span.line) for it in unsupported(program, backend)
    ]
    assert found == [
        ("WFC402", "a toy retries at once", 6),
        ("WFC401", "a toy has no translation of `step-timeout`", 5),
    ]


def test_features_of_runs_are_those_of_the_entry() -> None:
    program = program_of("""
delaySec: 1
queue: q
maxActiveRuns: 2
schedule: {start: "0 1 * * *", stop: "0 2 * * *"}
workspace: isolated
files: [x]
secrets: [{name: KEY, provider: env}]
steps:
  - {name: a, run: sub, queue: p}
  - {name: b, parallel: [1], run: "${WHICH:-sub}", candidates: [sub]}
  - {name: c, parallel: [1], command: [echo]}
---
name: sub
queue: r
maxActiveRuns: 3
schedule: "0 3 * * *"
steps:
  - {name: a, command: echo}
""")
    found = [(name, span.line) for name, span in features(program)]
    assert found == [
        ("queue-above-one", 3),
        ("max-active-runs-above-one", 4),
        ("schedule", 5),
        ("schedule-without-zone", 5),
        ("schedule-stop", 5),
        ("delay", 2),
        ("workspace", 6),
        ("params", 11),
        ("secrets", 8),
        ("files", 7),
        ("call", 10),
        ("call-queue", 10),
        ("fan-out", 11),
        ("dynamic-call", 11),
        ("fan-out", 12),
        ("arguments", 12),
    ]


@pytest.mark.parametrize(
    ("fields", "minutes"),
    [
        ("* * * * *", 1),
        ("*/4 * * * *", 4),
        ("*/5 * * * *", 5),
        ("*/7 * * * *", 4),
        ("0,3 6 * * *", 3),
        ("1,58 6 * * *", 57),
        ("1,58 6,7 * * *", 3),
        ("0 * * * 1-5", 60),
        ("10-20/2 3 * * *", 2),
        ("30 2 * * MON", 60),
    ],
)
def test_shortest_pause(fields: str, minutes: int) -> None:
    assert shortest_pause(fields) == minutes
