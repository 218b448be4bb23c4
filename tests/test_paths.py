"""Paths that a step would share with a part of another one."""

import pytest

from compiler.pipeline import front_end
from compiler.source import Source

CALLEE = """
---
name: child
steps:
  - name: exit
    command: echo a
handlerOn:
  exit:
    command: echo b
"""
CALLS = """
steps:
  - name: pack
    run: child
"""


def errors(text: str) -> list[tuple[str, int]]:
    found = front_end(Source("flow.yaml", text.lstrip())).diagnostics
    return [(it.code, it.span.line) for it in found if it.severity == "error"]


@pytest.mark.parametrize(
    ("name", "shared"),
    [
        ("pack/exit", True),
        ("pack/anything/below", True),
        ("pack[0]", False),
        ("packs/exit", False),
        ("pack", True),
    ],
)
def test_step_beside_a_call(name: str, shared: bool) -> None:
    step = f"  - name: {name}\n    command: echo c\n"
    assert errors(CALLS + step + CALLEE) == ([("WFC203", 4)] if shared else [])


def test_step_and_handler_of_one_name_are_apart_in_a_step() -> None:
    assert errors(CALLS + CALLEE) == []


def test_step_and_handler_of_one_name_meet_below_a_handler() -> None:
    handler = "handlerOn:\n  exit:\n    run: child\n"
    assert errors(handler + CALLEE) == [("WFC203", 8)]
