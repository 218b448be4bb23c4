"""backends.github.words: what neither bash nor GitHub reads in a command."""

import shlex
from ast import literal_eval

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.github.words import Command, quoted, spelled
from backends.python.expressions import literal


@given(st.text())
def test_a_text_comes_back(text: str) -> None:
    word = literal(text)
    assert literal_eval(word) == text
    assert shlex.split(quoted(word)) == [word]
    assert "${{" not in word
    assert "\n" not in word


@pytest.mark.parametrize(
    "text",
    ["${{ secrets.X }}", "a\rb", "\x07", "a\u2028b"],
    ids=["expression", "return", "bell", "separator"],
)
def test_a_text_that_yaml_or_github_would_change_is_a_word(text: str) -> None:
    written = spelled(Command(name="step", path="a", text=text))
    assert "<<" not in written
    assert "${{" not in written
    assert "source(" in written


def test_the_delimiter_is_no_line_of_the_text() -> None:
    written = spelled(Command(name="step", path="a", text="TEXT\nTEXT_"))
    assert written.splitlines()[0].endswith("<<'TEXT__'")
    assert written.splitlines()[-1] == "TEXT__"


def test_long_commands_have_a_word_a_line() -> None:
    words = [f"X{number}=param({literal('name')})" for number in range(9)]
    lines = spelled(Command(name="step", path="a", words=words)).splitlines()
    assert len(lines) == 10
    assert all(line.endswith(" \\") for line in lines[:-1])


def test_sources_are_without_the_names() -> None:
    words = ['own.X=param("A")', "given.1=item()", "soft()", 'line("a=b", "c")']
    command = Command(name="step", path="a", words=words)
    assert command.sources == ['param("A")', "item()", "soft()", 'line("a=b", "c")']
