"""The text of a definition as an emitted file has it."""

import ast
import re
from itertools import chain, combinations
from pathlib import Path

import black
import pytest

from backends.airflow.runtime import MODULES as AIRFLOW
from backends.github.runtime import MODULES as GITHUB
from backends.github.runtime_text import program
from backends.github.words import Command
from backends.python.assemble import assemble, definitions
from backends.python.lean import asked, decided, lean, mentioned, without

TEXT = '''\
def first(value: int, *rest: str, other: "list[int] | None" = None) -> bool:
    """Says the first.

    More for those who go on with it.
    """
    found: dict[str, int] = {}
    if used("a", "b"):
        # Why it is so.
        found["a"] = 1
        if used("c") and value:
            return True
    else:
        found["b"] = cast("int", value)
    return bool(found)
'''

LEAN = {
    # what is used: the lines from `found` on
    "": """\
    found["b"] = value
    return bool(found)
""",
    "c": """\
    found["b"] = value
    return bool(found)
""",
    "b": """\
    # Why it is so.
    found["a"] = 1
    return bool(found)
""",
    "ac": """\
    # Why it is so.
    found["a"] = 1
    if value:
        return True
    return bool(found)
""",
}


@pytest.mark.parametrize("on", LEAN)
def test_what_is_used(on: str) -> None:
    head = '''\
def first(value, *rest, other=None):
    """Says the first."""
    found = {}
'''
    assert lean(TEXT, frozenset(on)) == head + LEAN[on]


def test_types_stay_where_they_are_wanted() -> None:
    text = decided(TEXT, frozenset("abc"))
    assert 'other: "list[int] | None" = None) -> bool:' in text
    assert "used" not in text
    assert asked(TEXT) == {"a", "b", "c"}


CLASSES = {
    'class A(NamedTuple):\n    """One."""\n\n    a: int = 1\n    b: int = 2\n': (
        'class A(NamedTuple):\n    """One."""\n\n    b: int = 2\n'
    ),
    "class A:\n    def __init__(self) -> None:\n        self.a: int = 1\n"
    "        self.b = 2\n": ("class A:\n    def __init__(self):\n        self.b = 2\n"),
}


@pytest.mark.parametrize("text", CLASSES)
def test_fields_that_nothing_names(text: str) -> None:
    assert without(lean(text, frozenset()), frozenset("b")) == CLASSES[text]
    assert mentioned("A().b\nC(c=1)") == {"b", "c"}
    assert mentioned(lean(text, frozenset())) == frozenset()


def test_long_headers_are_broken_as_black_does() -> None:
    names = [f"a_rather_long_name_{letter}: int" for letter in "abcdefg"]
    for count in range(2, 7):
        text = black.format_str(
            f"def f({', '.join(names[:count])}, *, x: str = '') -> None:\n    pass\n",
            mode=black.Mode(),
        )
        made = lean(text, frozenset())
        mode = black.Mode(magic_trailing_comma=False)
        assert black.format_str(made, mode=mode) == made


def _definitions_of(paths: tuple[Path, ...]) -> frozenset[str]:
    return definitions([path for path in paths if path.parent.name == "runtime"])


def test_what_is_asked_for_is_there() -> None:
    """A definition of some run time, or a feature of the words of GitHub."""
    features = {"*", "call/", "handler-", "handler-init", "handler-exit", "NAME="}
    features |= {"own.", "given.", "seen.", "1=", "WFC_1=", "on=", "backoff="}
    features |= {"large values", "long texts", "sooner"}
    known = _definitions_of(GITHUB) | _definitions_of(AIRFLOW)
    for path in (*GITHUB, *AIRFLOW):
        assert asked(path.read_text()) <= known | features, path


WORDS = {
    "own": 'own.A="1"',
    "exports": 'B=record("x")',
    "bindings": 'WFC_1="1"',
    "capture": "capture()",
    "retry": "retry(2, 1, backoff=2.0)",
    "timeout": "timeout(2)",
    "within": 'within("", 60)',
    "when": 'when(test("true"))',
    "soft": "soft()",
}


@pytest.mark.parametrize(
    "words", [*chain(*(combinations(WORDS, n) for n in (0, 1, 2)))]
)
def test_names_are_there_whatever_is_used(words: tuple[str, ...]) -> None:
    """Each text is whole: it names only what is in it."""
    given = [WORDS[word] for word in words]
    for path in ("a", "map.*/a"):
        text = program([Command(name="step", path=path, words=given)])
        tree = ast.parse(text)
        assert "used(" not in text
        assert "${{" not in text
        assert text.isascii()
        bound = {
            it.asname or it.name.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for it in node.names
        }
        below = text[text.index("class ") :]
        assert [
            name for name in sorted(bound) if not re.search(rf"\b{name}\b", below)
        ] == []


def test_other_targets_have_all_of_it() -> None:
    text = 'def f():\n    if used("x"):\n        return 1\n    return 2\n'
    assert assemble([text], ["f"]) == "def f():\n    return 1\n    return 2\n"
    assert assemble([text], ["f"], features=()) == "def f():\n    return 2\n"
