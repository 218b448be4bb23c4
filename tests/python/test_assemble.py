"""One text out of modules, with just what its roots need."""

import subprocess
import sys

import black
import pytest

from backends.python.assemble import assemble, names_in

ONE = '''\
"""A module."""

import json
import os.path
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from two import other, unused_there

__all__ = ["first"]

Json: TypeAlias = "list[Json] | Limit | None"
Limit = int
# How many there can be.
MOST = 10
LEAST = 1

# ---- a part of it


# Why it is so.
def first(values: "Iterable[Json]", json: int = 0) -> None:
    """Says the first."""
    for value in values:
        other(value, MOST)


@staticmethod
def second() -> "Mapping[str, int]":
    return json.loads("{}")


class Third(Exception):
    limit = LEAST

    def path(self) -> str:
        LEAST = ""
        return os.path.join(LEAST, first.__name__)


def counted() -> int:
    global COUNT
    COUNT = 1
    return 1


COUNT = 0
'''

TWO = '''\
"""Another."""

from typing import TYPE_CHECKING

from one import Json

if TYPE_CHECKING:
    from three import Three


def other(value: Json, most: int) -> None:
    print(value, most)


def unused_there() -> None:
    Three()
'''


def test_takes_what_the_roots_reach() -> None:
    assert assemble([TWO, ONE.replace("-> None", "-> object")], ["other"]) == """\
from typing import TypeAlias


def other(value: Json, most: int) -> None:
    print(value, most)


Json: TypeAlias = "list[Json] | Limit | None"
Limit = int
"""


def test_keeps_comments_and_order() -> None:
    assert assemble([ONE, TWO], ["first"]) == '''\
from collections.abc import Iterable
from typing import TypeAlias

Json: TypeAlias = "list[Json] | Limit | None"
Limit = int
# How many there can be.
MOST = 10


# Why it is so.
def first(values: "Iterable[Json]", json: int = 0) -> None:
    """Says the first."""
    for value in values:
        other(value, MOST)


def other(value: Json, most: int) -> None:
    print(value, most)
'''


@pytest.mark.parametrize(
    ("root", "imports"),
    [
        ("second", "import json\nfrom collections.abc import Mapping\n"),
        ("counted", ""),
        ("LEAST", ""),
    ],
)
def test_imports_what_is_needed(root: str, imports: str) -> None:
    text = assemble([ONE, TWO], [root])
    assert text.startswith(imports)
    assert text.count("import ") == imports.count("import ")


def test_a_name_set_by_global_is_needed() -> None:
    assert "\nCOUNT = 0\n" in assemble([ONE], ["counted"])


def test_a_local_name_is_not() -> None:
    text = assemble([ONE, TWO], ["Third"])
    assert "import os.path\n" in text
    assert "LEAST = 1" in text  # the class reads it
    assert "LEAST = 1" not in assemble([ONE.replace("= LEAST", "= 1"), TWO], ["Third"])


def test_a_literal_type_has_values() -> None:
    module = 'from typing import Literal\n\nX: Literal["!", "Y"] = "!"\nY = 1\n'
    text = module.removesuffix("Y = 1\n")
    assert assemble([module], ["X"]) == text


@pytest.mark.parametrize("root", ["first", "second", "Third", "counted", "other"])
def test_black_leaves_it_as_it_is(root: str) -> None:
    text = assemble([ONE, TWO], [root])
    assert black.format_str(text, mode=black.Mode()) == text


def test_long_imports_are_broken_as_black_does() -> None:
    names = [f"a_rather_long_name_{letter}" for letter in "abcde"]
    listed = "".join(f"    {name},\n" for name in names)
    module = f"from typing import {', '.join(names)}\n\nX = [\n{listed}]\n"
    text = assemble([module], ["X"])
    assert black.format_str(text, mode=black.Mode()) == text
    assert text.startswith("from typing import (\n    a_rather_long_name_a,\n")


def test_modules_and_paths_are_read() -> None:
    program = assemble([sys.modules["backends.python.assemble"]], ["names_in"])
    program += '\nprint(sorted(names_in("a(b)")))\n'
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "['a', 'b']\n"


REFUSED = {
    # text: what is wrong with X of it
    "Y = 1\n": "`X` is defined 0 times",
    "def X(): return Y\n": "`Y` is defined 0 times",
    "X = 1\nX = 2\n": "line 2: a second `X`",
    "X = 1\nfor Y in (): pass\n": "line 2: neither an import",
    "X = {}\nX['a'] = 1\n": "line 2: no name is assigned",
    "from two import other as Y\nX = Y\n": "`Y` has another name",
    "import two\nX = two.other\n": "`two` has another name",
    "from json import loads as other\nfrom two import Z\nX = loads, other\n": "`loads`",
    "from __future__ import annotations\nX = 1\n": "`from __future__`",
    "import json as other\nfrom two import unused_there\nX = other, unused_there\n": (
        "`Three` is defined 0 times"
    ),
    "from json import loads as Json\nfrom two import other\nX = Json, other\n": (
        "`Json` is two things"
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=REFUSED[text]):
        assemble([text, TWO, "Json = 1\n"], ["X"])


def test_refuses_two_definitions_of_one_name() -> None:
    with pytest.raises(ValueError, match="`X` is defined 2 times"):
        assemble(["X = 1\n", "X = 2\n"], ["X"])
    with pytest.raises(ValueError, match="`Y` is two things"):
        assemble(["Y = 1\nX = Y\n", "Y = 2\nZ = Y\n"], ["X", "Z"])


NAMES = {
    "a.b(c, d=e)": {"a", "c", "e"},
    "lambda x: x + y": {"y"},
    "[z for z in zs if len(z)]": {"zs"},
    "[lambda: z + y for z in zs]": {"y", "zs"},
    '"a" + b': {"b"},
    " retry(3, on=[7]) ": {"retry"},
    "None": set(),
}


@pytest.mark.parametrize("source", NAMES)
def test_names(source: str) -> None:
    assert names_in(source) == NAMES[source]
