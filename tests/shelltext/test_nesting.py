"""Programs within programs, at random: no value becomes code in any of them (R4)."""

import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.shelltext import parse
from compiler.shelltext.render import render
from compiler.source import Source

REFERENCES = st.sampled_from(
    ["$X", "${X}", "${a.b}", "$<a>", "${X:-d}", "${X#p}", "${N:-$X}", "${N:-'${X}'}"]
)
LEAVES = st.sampled_from(
    [
        "printf %s REF",
        'printf %s "REF"',
        "printf %s 'REF'",
        "printf %s \"'REF'\"",
        "printf %s $'aREF'",
        'cat <<< "REF"',
        "cat <<E\nREF\nE\n",
        "cat <<'E'\nREF \\ $q\nE\n",
        "true # REF",
        'v=REF; printf %s "$v"',
        "case REF in a) ;; *) printf %s 'REF';; esac",
        "printf %s \\\\REF",
    ]
)
VALUES = st.sampled_from(
    [
        '"; touch pwned; "',
        "'; touch pwned; '",
        "$(touch pwned)",
        "`touch pwned`",
        "\ntouch pwned\n",
        "x'\"$(touch pwned)\"'",
        "E\nEE\ntouch pwned\n",
    ]
)


def double(inner: str) -> str:
    return '"' + inner.replace("\\", "\\\\").replace('"', '\\"') + '"'


def single(inner: str) -> str:
    return "'" + inner.replace("'", "'\\''") + "'"


_WRAPPERS: list[Callable[[str], str]] = [
    lambda inner: f"sh -c {double(inner)}",
    lambda inner: f"eval {double(inner)}",
    lambda inner: f"bash -c {single(inner)}",
    lambda inner: f"eval {single(inner)}",
    lambda inner: f"bash <<'EE'\n{inner}\nEE\n",
    lambda inner: f"( {inner}\n)",
    lambda inner: f"f() {{ {inner}\n}}; f",
]
WRAPPERS = st.sampled_from(_WRAPPERS)


@settings(max_examples=150, deadline=None)
@given(LEAVES, REFERENCES, st.lists(WRAPPERS, max_size=3), VALUES)
def test_no_value_is_code(
    leaf: str, reference: str, wrappers: list[Callable[[str], str]], value: str
) -> None:
    source = leaf.replace("REF", reference)
    for wrapper in wrappers:
        source = wrapper(source)
    text, _ = parse(source, Source("a.yaml", source).span)
    if any(each.place == "foreign" for each in text.references):
        return  # refused by `misplaced`
    found = render(text)
    values = {each.name: value for each in found.bindings} | {"X": value}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["bash", "-c", found.text],
            env={"PATH": os.environ["PATH"], **values},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=False,
        )
        assert not list(Path(folder).iterdir())


@pytest.mark.parametrize(
    "unit", ["$(", '"$(', "${x:-", "$((", "`", "<<A\n$(", "case x in a) ", "[[ ", "a["]
)
def test_deep_nesting_is_no_problem(unit: str) -> None:
    source = unit * 100_000
    parse(source, Source("a.yaml", source).span)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_a_quoted_here_document_in_programs_in_quotes(depth: int) -> None:
    source = "cat <<'E'\n${X} \\ $q\nE\n"
    for _ in range(depth):
        source = f"bash -c {single(source)}"
    text, _ = parse(source, Source("a.yaml", source).span)
    found = render(text)
    done = subprocess.run(
        ["bash", "-c", found.text],
        env={"PATH": os.environ["PATH"], "WFC_1": "a $b `c`"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "a $b `c` \\ $q\n"
