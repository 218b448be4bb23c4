"""YAML as a person writes it, read back by readers of YAML 1.1 and 1.2."""

import math
import re

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backends.yaml_text import Comment, Node, Noted, Row, Tree, dump

DOCUMENT: Tree = {
    Comment("nightly: loads all.\nMade from nightly.yaml."): None,
    "name": "nightly",
    "on": {"schedule": [{"cron": "30 2 * * 1-5"}], "workflow_dispatch": None},
    "permissions": {},
    "concurrency": Noted({"group": "nightly", "queue": 2}, "one at a time"),
    "jobs": {
        "a": {"needs": Row(["b", "c, d"]), "steps": [{"run": "echo a\n\techo b  \n"}]},
        Comment("nightly.yaml:7"): None,
        "b": {
            "steps": [
                {
                    "uses": Noted("actions/checkout@08c6", "v5.0.0"),
                    "with": {"x": False},
                },
                Comment("the second"),
                {"name": "it's: so", "if": "${{ !cancelled() }}", "run": " a\nb"},
            ]
        },
    },
}

TEXT = """\
# nightly: loads all.
# Made from nightly.yaml.
name: nightly

on:
  schedule:
    - cron: 30 2 * * 1-5
  workflow_dispatch:

permissions: {}

concurrency: # one at a time
  group: nightly
  queue: 2

jobs:
  a:
    needs: [b, "c, d"]
    steps:
      - run: |
          echo a
          \techo b  \n
  # nightly.yaml:7
  b:
    steps:
      - uses: actions/checkout@08c6 # v5.0.0
        with:
          x: false
      # the second
      - name: "it's: so"
        if: ${{ !cancelled() }}
        run: |2-
           a
          b
"""


def test_a_document() -> None:
    assert dump(DOCUMENT, spaced=["jobs"]) == TEXT


SCALARS = {
    "plain words": "plain words",
    "a:b #c-d": '"a:b #c-d"',
    "a#b": "a#b",
    "": '""',
    "on": '"on"',
    "No": '"No"',
    "~": '"~"',
    "1:30": '"1:30"',
    "0755": '"0755"',
    "0o17": '"0o17"',
    "1e3": '"1e3"',
    "1_000": '"1_000"',
    ".5": '".5"',
    ".inf": '".inf"',
    "2026-11-24": '"2026-11-24"',
    "2026-11-24 10:00:00": '"2026-11-24 10:00:00"',
    "1.2.3": '"1.2.3"',
    "3 apples": "3 apples",
    "null": '"null"',
    "=": '"="',
    "<<": '"<<"',
    "- a": '"- a"',
    "* a": '"* a"',
    "a: b": '"a: b"',
    "a:": '"a:"',
    "a ": '"a "',
    '["a"]': "'[\"a\"]'",
    "C:\\x": "C:\\x",
    "#\\": "'#\\'",
    "it's\t\"\\": '"it\'s\\t\\"\\\\"',
    "a\r": '"a\\r"',
    "a\n": "|\n    a",
    "a\r\nb": '"a\\r\\nb"',
    "a\n\n": '"a\\n\\n"',
    "a\n b\n  ": '"a\\n b\\n  "',
    "a\x85b\nc": '"a\\x85b\\nc"',
    "\ufeffa": '"\\ufeffa"',
    "\u2028": '"\\u2028"',
    "é😀": "é😀",
    "{{ x }}": '"{{ x }}"',
}


@pytest.mark.parametrize("text", SCALARS, ids=repr)
def test_scalars(text: str) -> None:
    assert dump({"k": {"v": text}}) == f"k:\n  v: {SCALARS[text]}\n"


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_what_is_no_number(number: float) -> None:
    with pytest.raises(ValueError, match="is no number"):
        dump({"k": number})


def test_a_comment_behind_a_value_has_one_line() -> None:
    with pytest.raises(ValueError, match="one line"):
        dump({"k": Noted("v", "a\nb")})


NASTY = "aB0 \t\n\r:-#'\"\\{}[],&*!|>%@`~?=.\x00\x7f\x85\xa0\u2028\ufeff\ufffeé😀_+ef"
TEXTS = st.one_of(
    st.text(alphabet=NASTY, max_size=12),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.text(alphabet="0123456789+-.:_eExobTZ ", max_size=8),
    st.sampled_from(["yes", "NO", "Null", "true", "off", "y", "<<", "0x1F", "1e+3"]),
)
SIMPLE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS
).filter(lambda it: not isinstance(it, float) or math.isfinite(it))
DOCUMENTS = st.dictionaries(
    TEXTS.filter(lambda key: key != "on"),
    st.recursive(
        SIMPLE,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.lists(SIMPLE, max_size=4).map(Row),
            st.dictionaries(TEXTS, inner, max_size=4),
        ),
        max_leaves=12,
    ),
    min_size=1,
    max_size=4,
)


@given(DOCUMENTS, st.booleans())
@settings(max_examples=600, deadline=None)
@example({"a": {"b": " \n\tx\n"}}, True)
@example({"a": [["\tx\ny"], {"b": " x\n\n y\n"}]}, True)
@example({"a": 1e20, "b": 5e-324, "c": -1e16}, False)
def test_any_document_reads_back(document: dict[str, Node], spaced: bool) -> None:
    text = dump(document, spaced=list(document) if spaced else ())
    assert yaml.safe_load(text) == document
    assert repr(yaml.safe_load(text)) == repr(plain(document))
    if hasattr(yaml, "CSafeLoader"):
        assert yaml.load(text, Loader=yaml.CSafeLoader) == document


def plain(value: Node) -> object:
    """`value` without types of our own."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(it) for it in value] if isinstance(value, list) else value


# The core schema of YAML 1.2: what such a reader takes for something else than a text.
CORE = re.compile(
    r"null|Null|NULL|~||true|True|TRUE|false|False|FALSE"
    r"|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
    r"|[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN"
)


@given(TEXTS)
@settings(max_examples=600)
def test_a_plain_text_is_a_text_in_every_version(text: str) -> None:
    written = dump({"k": {"v": text}}).removeprefix("k:\n  v: ").removesuffix("\n")
    if written == text:
        assert not CORE.fullmatch(text)
        assert yaml.safe_load(f"- {text}") == [text]
