"""Parts of Python source as text: literals that come back, lines that black leaves alone."""

import ast

import black
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.airflow.source import Call, Dict, Later, List, Node, Text, statement

TEXTS = [
    "",
    "it's",
    'say "hi"',
    """both ' and \"""",
    "a\nb\n",
    'ends with "\nquotes"""',
    'four\n""""',
    "back\\slash\n\\",
    "tab\tbell\x07\nnull\u2028é",
    "{{ 1/0 }}\n{% raw %}\n${#a[@]}",
]


def _black(text: str) -> str:
    return black.format_str(text, mode=black.Mode())


@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_back(text: str) -> None:
    written = statement(Text(text), 0, "x")
    assert ast.literal_eval(written.partition(" = ")[2]) == text
    assert _black(written) == written


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text: str) -> None:
    written = statement(Text(text), 0, "x")
    assert ast.literal_eval(written.partition(" = ")[2]) == text


LONG = "a value that is so long that there is no room for it on one line " * 2
NODES: dict[str, Node] = {
    "short": Call("f", [("", "1"), ("x", Text("y"))]),
    "open": Call("f", [("", "1")], open=True),
    "long": Call("f", [("", Text(LONG)), ("x", List([Text(LONG), "2"]))]),
    "nested": Dict([("a b", Later(Call("g", [("", Text(LONG)), ("", "3")])))]),
    "block": Call("f", [("command", Text("a\nb"))]),
    "source": 'concat(output("a"), default(param("B"), lambda: "' + LONG + '"))',
    "followed": Call("f.partial", [("a", "1")], open=True, then=".expand(x=y)"),
}


@pytest.mark.parametrize("node", NODES.values(), ids=NODES)
@pytest.mark.parametrize("indent", [0, 4])
def test_black_leaves_it_alone(node: Node, indent: int) -> None:
    head = "if x:\n" if indent else ""
    written = head + statement(node, indent, "y")
    assert _black(written) == written
