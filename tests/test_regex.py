"""Patterns: what is refused, and that Python, bash and jq find the same."""

import json
import os
import re
import shutil
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.regex.engines import is_tame, to_ere, to_jq, to_python
from compiler.regex.matching import search, search_lines
from compiler.regex.syntax import (
    Choice,
    Class,
    Group,
    Node,
    Problem,
    Repeat,
    Sequence,
    parse,
)


def tree(pattern: str) -> Node:
    node = parse(pattern)
    assert not isinstance(node, Problem), node
    return node


REFUSED = {
    # pattern: (offset, words of the message)
    "(": (1, "empty"),
    "()": (1, "empty"),
    "(a": (0, "`(` is not closed"),
    "a)": (1, "closes nothing"),
    ")": (0, "empty"),
    "a|": (2, "empty"),
    "|a": (0, "empty"),
    "a||b": (2, "empty"),
    "(a|)": (3, "empty"),
    "*a": (0, "nothing before `*`"),
    "a|+": (2, "nothing before `+`"),
    "({2})": (1, "nothing before `{`"),
    "^*": (1, "cannot be repeated"),
    "a$?": (2, "cannot be repeated"),
    "a*?": (2, "lazy"),
    "a*+": (2, "possessive"),
    "a**": (2, "repeated"),
    "a{2}{3}": (4, "repeated"),
    "a{2}?": (4, "lazy"),
    "(?:a)": (0, "no `(?`"),
    "a(?=b)": (1, "no `(?`"),
    "(?P<n>a)": (0, "no `(?`"),
    "(?i)a": (0, "no `(?`"),
    "(a)\\1": (3, "references back"),
    "\\bword": (0, "`\\b` is not known"),
    "\\D": (0, "`\\D` is not known"),
    "\\S": (0, "`\\S` is not known"),
    "\\n": (0, "`\\n` is not known"),
    "\\p{L}": (0, "`\\p` is not known"),
    "\\0": (0, "`\\0` is not known"),
    "\\ü": (0, "`\\ü` is not known"),
    "a\\": (1, "ends the pattern"),
    "[a": (0, "`[` is not closed"),
    "[]": (0, "`[` is not closed"),
    "[^]": (0, "`[` is not closed"),
    "[a\\": (2, "ends the pattern"),
    "[[:alpha:]]": (1, "named classes"),
    "[[.a.]]": (1, "named classes"),
    "[[=a=]]": (1, "named classes"),
    "[z-a]": (1, "wrong way round"),
    "[\\w-z]": (1, "from a character"),
    "[a-\\d]": (1, "from a character"),
    "[\\D]": (1, "`\\D`"),
    "[一-龥]": (1, "at most 1000"),
    "a{": (1, "after `{`"),
    "a{,3}": (1, "after `{`"),
    "a{x}": (1, "after `{`"),
    "a{256}": (1, "at most 255"),
    "a{1,999999999999999999}": (1, "at most 255"),
    "a{3,2}": (1, "above the upper"),
    "((a{100}){100}){100}": (0, "multiply"),
    "a" * 10_001: (0, "at most 10000 characters"),
    "(ab{100}){10}" * 10: (0, "at most 10000 characters"),
    "{": (0, "literal `{`"),
    "a\0": (1, "NUL"),
    "[\0]": (1, "NUL"),
    "(" * 100_000: (50, "too deeply"),
    "(" * 60 + "a" + ")" * 60: (50, "too deeply"),
}


@pytest.mark.parametrize("pattern", REFUSED, ids=lambda pattern: repr(pattern[:24]))
def test_refuses(pattern: str) -> None:
    offset, words = REFUSED[pattern]
    problem = parse(pattern)
    assert isinstance(problem, Problem)
    assert problem.offset == offset
    assert words in problem.message


def test_a_refused_pattern_finds_nothing_but_raises() -> None:
    with pytest.raises(ValueError, match="closes nothing"):
        search("a)", "a)")


PRINTED = {
    # pattern: (bash, jq)
    "": ("^", ""),
    "a.b": ("a[^\n]b", r"a[^\n]b"),
    "^a$": ("^a$", r"\Aa\z"),
    r"\d+": ("[0-9]+", "[0-9]+"),
    r"\w": ("[0-9A-Z_a-z]", r"[0-9A-Z\_a-z]"),
    r"\.\[\^\-\/": (r"\.\[\^-/", r"\.\[\^\-\/"),
    "[]a]": ("[]a]", r"[\]a]"),
    "[^]^-]": ("[^]^-]", r"[^\-\]-\^]"),
    "[-^]": ("[-^]", r"[\-\^]"),
    r"[\^]": (r"\^", r"[\^]"),
    r"[\\]": (r"[\]", r"[\\]"),
    "[.:[]": ("[.:[]", r"[\.\:\[]"),
    "[+-.]": ("[+,.-]", r"[\+-\.]"),
    "a{2,}|(b{0,1})": ("a{2,}|(b?)", "a{2,}|(b?)"),
    "}]": ("}]", r"\}\]"),
}


@pytest.mark.parametrize("pattern", PRINTED)
def test_prints(pattern: str) -> None:
    node = tree(pattern)
    assert (to_ere(node), to_jq(node)) == PRINTED[pattern]


@pytest.mark.parametrize("pattern", ["", "a*b", "(a|b)c+", "(ab){2}", "[ab]{2,}$"])
def test_tame(pattern: str) -> None:
    assert is_tame(tree(pattern))


@pytest.mark.parametrize("pattern", ["(a|a)*", "(a+)+$", "x(y(a?b)){3}", "((a|b)c)+"])
def test_wild(pattern: str) -> None:
    assert not is_tame(tree(pattern))


# ---- what the engines find


def found_by_bash(cases: list[tuple[str, str]]) -> list[str]:
    loop = (
        "while (($#)); do re=$1; [[ $2 =~ $re ]]; "
        "case $? in 0) echo yes ;; 1) echo no ;; *) echo error ;; esac; shift 2; done"
    )
    words = [word for pattern, text in cases for word in (to_ere(tree(pattern)), text)]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    run = subprocess.run(
        ["bash", "-c", loop, "bash", *words],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    return run.stdout.split()


def found_by_jq(cases: list[tuple[str, str]]) -> list[str]:
    data = [[to_jq(tree(pattern)), text] for pattern, text in cases]
    program = '.[] | . as [$re, $s] | if $s | test($re) then "yes" else "no" end'
    run = subprocess.run(
        ["jq", "-r", program],
        input=json.dumps(data),
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.split()


def found_by_python(cases: list[tuple[str, str]]) -> list[str]:
    return ["yes" if search(pattern, text) else "no" for pattern, text in cases]


needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")

FOUND = [
    ("", "", True),
    ("", "x", True),
    ("b", "abc", True),
    ("^b", "abc", False),
    ("^$", "", True),
    ("^$", "\n", False),
    ("a$", "a\n", False),
    ("^b", "a\nb", False),
    ("a.c", "abc", True),
    ("a.c", "a\nc", False),
    ("a[^b]c", "a\nc", True),
    ("^.$", "ü", True),
    ("^.$", "😀", True),
    ("^[à-ü]$", "é", True),
    ("^[^a]$", "é", True),
    (r"^\d+$", "0123456789", True),
    (r"\d", "٣", False),
    (r"\w", "é", False),
    (r"^\w+$", "aZ_09", True),
    (r"^\s+$", " \t\r\n\f\v", True),
    (r"\s", "\u00a0", False),
    (r"[\s\d]x", "5x", True),
    (r"[^\s\d]", "5 ", False),
    ("[a-]", "-", True),
    ("[-a]", "-", True),
    ("[]]", "]", True),
    ("[^]]", "]", False),
    (r"[\]]", "]", True),
    (r"[\\]", "\\", True),
    (r"^[\\]$", "\\\\", False),
    (r"\\", "a\\b", True),
    ("[[]", "[", True),
    ("[&&]", "&", True),
    ("[a&&b]", "a", True),
    ("[^^]", "^", False),
    (r"[\^]", "^", True),
    ("[!-~]", "Q", True),
    ("^[!-~]$", " ", False),
    ("[A-z]", "_", True),
    ("[a-z]", "Q", False),
    ("^a{2}$", "aa", True),
    ("^a{2}$", "aaa", False),
    ("^a{2,}$", "aaaa", True),
    ("^a{0}$", "", True),
    ("^a{1,3}$", "aaaa", False),
    ("^(ab|c)+$", "abcab", True),
    ("^(a|ab)(c|bcd)$", "abcd", True),
    ("a|^b$", "xb", False),
    ("(^a|b$)c?", "xb", True),
    ("a^b", "a^b", False),
    ("a$b", "a$b", False),
    (r"a\^b\$", "a^b$", True),
    (r"\{\}\(\)\[\]\|\*\+\?\.", "{}()[]|*+?.", True),
    ("}", "}", True),
    ("]", "]", True),
    ("#", "#", True),
    (" x", "a x", True),
    ("'\"`$(x)", "", False),
    (r"\$\(x\)`;", "$(x)`;", True),
    ("CACHE_HIT.*", "CACHE_HIT", True),
    ("[1-9][0-9]*", "0", False),
]


def test_the_table_in_python() -> None:
    for pattern, text, expected in FOUND:
        assert search(pattern, text) is expected, (pattern, text)


def test_the_table_in_bash() -> None:
    cases = [(pattern, text) for pattern, text, _ in FOUND]
    expected = ["yes" if yes else "no" for _, _, yes in FOUND]
    assert list(zip(cases, found_by_bash(cases), strict=True)) == list(
        zip(cases, expected, strict=True)
    )


@needs_jq
def test_the_table_in_jq() -> None:
    cases = [(pattern, text) for pattern, text, _ in FOUND]
    expected = ["yes" if yes else "no" for _, _, yes in FOUND]
    assert list(zip(cases, found_by_jq(cases), strict=True)) == list(
        zip(cases, expected, strict=True)
    )


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^b$", "a\nb\nc", True),
        ("^$", "", True),
        ("^$", "a\n", True),
        ("^$", "a", False),
        ("a.*b", "a\nb", False),
        ("^a$", "a\r", False),
        (r"a\s$", "a\r\n", True),
        (r"a\sb", "a\nb", False),
    ],
)
def test_by_line(pattern: str, text: str, expected: bool) -> None:
    assert search_lines(pattern, text) is expected


ATOMS = st.sampled_from(
    [
        r"a",
        r"b",
        r"A",
        r"ü",
        r"-",
        r"\.",
        r"\\",
        r"\^",
        r"\$",
        r"\]",
        r".",
        r"]",
        r"}",
        r"_",
        r"\d",
        r"\w",
        r"\s",
        r"^",
        r"$",
        r"&",
        r"~",
        r"#",
        r"0",
        r"\{",
    ]
)
MEMBERS = st.sampled_from(
    [
        r"a",
        r"b-z",
        r"A",
        r"^",
        r"ü",
        r"\]",
        r"\\",
        r"\-",
        r"\d",
        r"\w",
        r"\s",
        r"[",
        r"&&",
        r".",
        r":",
        r"+-/",
        r"!-~",
        r"à-ü",
        r"0-5",
        r"$",
        r"(",
        r"|",
    ]
)
CLASSES = st.builds(
    lambda negated, members, last: f"[{negated}{''.join(members)}{last}]",
    st.sampled_from(["", "^", "]", "^]", "^-", "-"]),
    st.lists(MEMBERS, min_size=1, max_size=3),
    st.sampled_from(["", "-"]),
)
MARKS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "{0}"])
PATTERNS = st.recursive(
    st.one_of(ATOMS, CLASSES),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.builds(lambda left, right: f"({left}|{right})", inner, inner),
        st.builds(lambda one, mark: f"({one}){mark}", inner, MARKS),
        st.builds(lambda one, mark: f"{one}{mark}", st.one_of(ATOMS, CLASSES), MARKS),
    ),
    max_leaves=5,
)
SUBJECTS = st.text(alphabet="abAzü.-^$\\]}[_ 05\n\t&~#:{!/ö", max_size=6)
CASES = st.lists(st.tuples(PATTERNS, SUBJECTS), min_size=5, max_size=30)


def readable(cases: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [case for case in cases if not isinstance(parse(case[0]), Problem)]


@given(CASES)
@settings(max_examples=40, deadline=None)
def test_bash_finds_the_same(cases: list[tuple[str, str]]) -> None:
    cases = readable(cases)
    assert list(zip(cases, found_by_bash(cases), strict=True)) == list(
        zip(cases, found_by_python(cases), strict=True)
    )


@needs_jq
@given(CASES)
@settings(max_examples=40, deadline=None)
def test_jq_finds_the_same(cases: list[tuple[str, str]]) -> None:
    cases = readable(cases)
    assert list(zip(cases, found_by_jq(cases), strict=True)) == list(
        zip(cases, found_by_python(cases), strict=True)
    )


@given(PATTERNS, st.lists(SUBJECTS, min_size=1, max_size=8))
@settings(max_examples=1000, deadline=None)
def test_re_finds_the_same(pattern: str, texts: list[str]) -> None:
    """The states that one text has left behind are right for the next one, too."""
    node = parse(pattern)
    if isinstance(node, Problem):
        return
    compiled = re.compile(to_python(node))
    for text in texts:
        assert search(pattern, text) is bool(compiled.search(text))


SLOW = {
    # What takes a search that backtracks exponential or quadratic time.
    "nested": ("^(a+)+$", "a" * 41 + "b", False),
    "alternatives": ("^(a|a)*$", "a" * 41 + "b", False),
    "optional": ("(a?){200}a{200}b", "a" * 500, False),
    "lines": ("((a*)*)*b", "a" * 41, False),
    "quadratic": ("a*b", "a" * (1 << 20), False),
    "any": (".*ERROR", "x" * (1 << 20), False),
    "literal": ("ERROR", "x" * (1 << 20) + "ERROR", True),
    "many states": ("(a|b)*a(a|b){100}$", "abbab" * 10_000 + "b" * 101, False),
    "long": ("a" * 9_999 + "b", "a" * 100_000, False),
    "wide": ("^(" + "ab?|" * 3_000 + "c)*$", "ab" * 50_000 + "d", False),
}


@pytest.mark.parametrize("case", SLOW.values(), ids=SLOW)
def test_takes_linear_time(case: tuple[str, str, bool]) -> None:
    pattern, text, expected = case
    start = time.process_time()
    assert search(pattern, text) is expected
    assert search_lines(pattern, text) is expected
    assert time.process_time() - start < 10


@given(PATTERNS, SUBJECTS)
@settings(max_examples=500, deadline=None)
def test_python_reads_the_pattern_alike(pattern: str, text: str) -> None:
    """Python reads the pattern as written, where it means the same there."""
    if isinstance(parse(pattern), Problem) or "[" in pattern:
        return
    plain = pattern.replace("$", r"\Z") if r"\$" not in pattern else None
    if plain is not None:
        assert search(pattern, text) is bool(re.search(plain, text, re.ASCII))


@given(PATTERNS)
@settings(max_examples=300, deadline=None)
def test_every_prefix_is_read(pattern: str) -> None:
    for end in range(len(pattern)):
        found = parse(pattern[:end])
        if isinstance(found, Problem):
            assert 0 <= found.offset <= end
        else:
            re.compile(to_python(found))


@given(st.text(alphabet="ab()[]{}|*+?^$.\\-,:=0123dws&!P<>", max_size=20))
@settings(max_examples=2000, deadline=None)
def test_any_text_is_read_or_refused(pattern: str) -> None:
    found = parse(pattern)
    if not isinstance(found, Problem):
        re.compile(to_python(found))


def depth(node: Node) -> int:
    match node:
        case Group(inner=inner) | Repeat(inner=inner):
            return 1 + depth(inner)
        case Sequence(items=nodes) | Choice(alternatives=nodes):
            return 1 + max(map(depth, nodes), default=0)
        case _:
            return 1


@pytest.mark.parametrize(
    "pattern",
    ["a" * 10_000, "[" + "a" * 100_000 + "]", "a|" * 9_000 + "b", "a{2}" * 5_000],
    ids=["long", "class", "choice", "bounds"],
)
def test_long_patterns(pattern: str) -> None:
    assert depth(tree(pattern)) <= 3


def test_a_class_is_sorted_and_joined() -> None:
    assert tree("[c-da-ba]") == Class(((0x61, 0x64),))
