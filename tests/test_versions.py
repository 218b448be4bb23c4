"""Notes where versions of Dagu read a file in different ways (WFC224)."""

import pytest

from compiler.diagnostics import Diagnostic
from compiler.pipeline import front_end
from compiler.source import Source
from compiler.validate.versions import CHANGES


class Folder:
    """A file system with files that are there, but hold nothing."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths

    def read(self, path: str) -> None:
        return None

    def holds(self, path: str, word: str) -> bool:
        return False

    def below(self, folder: str) -> list[str]:
        return []

    def exists(self, path: str) -> bool:
        return path in self.paths


def found(text: str, *beside: str) -> list[Diagnostic]:
    checked = front_end(Source("jobs/w.yaml", text), Folder(*beside))
    assert checked.program is not None, checked.diagnostics
    return [each for each in checked.diagnostics if each.code == "WFC224"]


def kinds(text: str, *beside: str) -> list[str]:
    by_message = {change.message: kind for kind, change in CHANGES.items()}
    return [by_message[each.message] for each in found(text, *beside)]


STEPS = "steps: [{name: a, command: echo}]\n"
FORK = """
steps:
  - {name: a, command: echo}
  - {name: b, command: echo}
  - {name: c, command: echo, depends: a}
"""
VARIES = {
    "fork in a chain": (FORK, "chain-edge"),
    "list": ("steps: [{name: a, command: [echo, b]}]", "command-list"),
    "default of a param": ("params: {A: '${B:-c}'}\n" + STEPS, "default"),
    "default in env": ("env: [A: '${B:-c}']\n" + STEPS, "default"),
    "default in a condition": (
        "params: {A: b}\nsteps: [{name: a, command: b, preconditions: "
        "[{condition: '${A:-c}', expected: b}]}]",
        "default",
    ),
    "dotenv and env": ("dotenv: a.env\nenv: [A: b]\n" + STEPS, "dotenv-order"),
    "condition of a handler": (
        "handlerOn: {exit: {command: a, preconditions: 'true'}}\n" + STEPS,
        "handler-condition",
    ),
    "home": ("env: [A: ~/b]\n" + STEPS, "home-folder"),
    "text with commas": (
        "steps: [{name: a, command: echo, parallel: 'a,b c'}]",
        "parallel-text",
    ),
}


@pytest.mark.parametrize(("text", "kind"), VARIES.values(), ids=VARIES)
def test_is_noted(text: str, kind: str) -> None:
    assert kind in kinds(text)


ALIKE = {
    "chain": "steps: [{name: a, command: b}, {name: c, command: d, depends: a}]",
    "chain through others": FORK.replace("depends: a", "depends: [a, b]"),
    "chain through later ones": (
        "steps: [{name: a, command: b, depends: d}, {name: c, command: d, depends: []}, "
        "{name: d, command: e, depends: c}, {name: f, command: g, depends: [a]}]"
    ),
    "graph": "type: graph" + FORK,
    "none": FORK.replace("depends: a", "depends: []"),
    "groups": "steps: [a, [b, c], d, [e, f], [g, h]]",
    "one word": "steps: [{name: a, command: [echo]}]",
    "default in a command": "params: {A: b}\nsteps: [{name: a, command: 'echo ${A:-c}'}]",
    "expression": "params: {A: b}\nenv: [C: '$<A>']\n" + STEPS,
    "tilde elsewhere": "env: [A: b~/c, D: e/~]\n" + STEPS,
    "dotenv alone": "dotenv: a.env\n" + STEPS,
    "words": "steps: [{name: a, command: echo, parallel: 'a b'}]",
    "JSON": "steps: [{name: a, command: echo, parallel: '[1, 2]'}]",
    "list of items": "steps: [{name: a, command: echo, parallel: ['a,b']}]",
}


@pytest.mark.parametrize("text", ALIKE.values(), ids=ALIKE)
def test_is_not_noted(text: str) -> None:
    assert kinds(text) == []


def test_a_file_that_later_versions_read() -> None:
    assert kinds(STEPS, "jobs/.env") == ["dotenv-file"]
    assert kinds(STEPS, ".env") == []
    assert kinds("dotenv: [.env]\n" + STEPS, "jobs/.env") == []


def test_one_note_for_each_kind_of_a_file() -> None:
    steps = "".join(f"  - {{name: s{n}, command: [echo, x]}}\n" for n in range(4))
    (note,) = found(f"type: graph\nsteps:\n{steps}")
    assert note.span.line == 3
    assert note.label == "depends on the version; 3 more of the kind"


def test_every_kind_is_tested() -> None:
    tested = {kind for _, kind in VARIES.values()} | {"dotenv-file"}
    assert tested == set(CHANGES)


def test_a_large_chain_takes_no_square_of_time() -> None:
    steps = "".join(
        f"  - {{name: s{n}, command: x, depends: [s{n - 1}]}}\n" for n in range(1, 5000)
    )
    assert kinds("steps:\n  - {name: s0, command: x}\n" + steps) == []
