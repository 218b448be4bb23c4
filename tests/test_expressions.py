"""The text of `${...}`, `$<...>` and fields with references, as expression nodes."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.expressions import FUNCTIONS, by_grammar, parse_at, parse_template
from compiler.expressions.references import REFERENCE
from compiler.ir import (
    Binary,
    CommandSubstitution,
    Conditional,
    Constant,
    Expression,
    FunctionCall,
    ListOf,
    Reference,
    Template,
    Unary,
)
from compiler.source import Source, Span


def at(start: int, end: int) -> Span:
    """A place that says its offsets: the column is the start, counted from 0."""
    return Span(file="f", line=1, column=start, length=end - start)


def read(text: str) -> Expression:
    parsed = parse_at(text, 0, at)
    assert parsed is not None, "taken for the shell's"
    assert parsed.diagnostics == ()
    assert parsed.end == len(text)
    assert parsed.expression is not None
    return parsed.expression


def problem(text: str) -> tuple[str, int, int, str, str, str]:
    """Code, start, length, message, label and help of the only finding."""
    parsed = parse_at(text, 0, at)
    assert parsed is not None, "taken for the shell's"
    assert parsed.expression is None
    (found,) = parsed.diagnostics
    span = found.span
    return found.code, span.column, span.length, found.message, found.label, found.help


def shape(node: object) -> object:
    """An expression without its places, short enough to write by hand."""
    match node:
        case Reference(name=name, path=path, default=None):
            return ".".join(map(str, (name, *path)))
        case Reference(name=name, path=path, default=default):
            return (".".join(map(str, (name, *path))), ":-", shape(default))
        case Constant(value=value):
            return ("constant", value)
        case Unary(operator=operator, operand=operand):
            return (operator, shape(operand))
        case Binary(operator=operator, left=left, right=right):
            return (shape(left), operator, shape(right))
        case Conditional(test=test, then=then, otherwise=otherwise):
            return (shape(test), "?", shape(then), ":", shape(otherwise))
        case FunctionCall(name=name, arguments=arguments):
            return (f"{name}()", *map(shape, arguments))
        case ListOf(items=items):
            return [shape(item) for item in items]
        case Template(parts=parts):
            return [part if isinstance(part, str) else (shape(part),) for part in parts]
        case CommandSubstitution(command=command):
            return ("run", command.source)
    raise AssertionError(node)


BRACED: dict[str, object] = {
    "${X}": "X",
    "${_x1}": "_x1",
    "${X.outputs.KEY}": "X.outputs.KEY",
    "${X[0].x}": "X.0.x",
    '${X["a-b"]}': "X.a-b",
    "${X['a}b']}": "X.a}b",
    '${X["\\u00e4\\""]}': 'X.ä"',
    "${check-disk.exitCode}": "check-disk.exitCode",
    "${true}": "true",
    "${X:-}": ("X", ":-", []),
    "${X:-d}": ("X", ":-", ["d"]),
    "${X:-a b 'c' \"d\"}": ("X", ":-", ["a b 'c' \"d\""]),
    "${X.a:-${Y}}": ("X.a", ":-", [("Y",)]),
    "${X:-a ${Y} b $Z c}": ("X", ":-", ["a ", ("Y",), " b ", ("Z",), " c"]),
    '${X:-{"a": [1]}}': ("X", ":-", ['{"a": [1]}']),
    "${X:-\\{\\}\\$Y\\q}": ("X", ":-", ["{}$Y\\q"]),
    "${X:-$${Y}}": ("X", ":-", ["${Y}"]),
    "${X:-$$<}": ("X", ":-", ["$<"]),
    "${X:-$$}": ("X", ":-", ["$$"]),
    "${X:-$5}": ("X", ":-", ["$5"]),
    "${X:-${Y:-${Z:-1}}}": ("X", ":-", [(("Y", ":-", [(("Z", ":-", ["1"]),)]),)]),
    "${X:-$<Y>}": ("X", ":-", [("Y",)]),
    "${X:-ü\n}": ("X", ":-", ["ü\n"]),
}


@pytest.mark.parametrize("text", BRACED)
def test_reads_braces(text: str) -> None:
    assert shape(read(text)) == BRACED[text]


ANGLED: dict[str, object] = {
    "$<X>": "X",
    "$< X.a[0] >": "X.a.0",
    "$<in>": "in",
    "$<index>": "index",
    "$<a-b>": "a-b",
    "$<true>": ("constant", True),
    "$<null>": ("constant", None),
    "$<true.x>": "true.x",
    "$<1>": ("constant", 1),
    "$<1.5e3>": ("constant", 1500.0),
    "$<'it\\'s'>": ("constant", "it's"),
    '$<"\\u00e4\\n\\ud83d\\ude00">': ("constant", "ä\n😀"),
    "$<'>'>": ("constant", ">"),
    "$<(a > b)>": ("a", ">", "b"),
    "$<(a >= b)>": ("a", ">=", "b"),
    "$<a < b>": ("a", "<", "b"),
    "$<a <= 3>": ("a", "<=", ("constant", 3)),
    "$<[a > b]>": [("a", ">", "b")],
    "$<a == 'x' && b != 'y' || c>": (
        (("a", "==", ("constant", "x")), "&&", ("b", "!=", ("constant", "y"))),
        "||",
        "c",
    ),
    "$<!a == b>": ("!", ("a", "==", "b")),
    "$<!!a>": ("!", ("!", "a")),
    "$<-a + -1>": (("-", "a"), "+", ("-", ("constant", 1))),
    "$<a + b + c>": (("a", "+", "b"), "+", "c"),
    "$<a + b in c + d>": (("a", "+", "b"), "in", ("c", "+", "d")),
    "$<a ? b : c ? d : e>": ("a", "?", "b", ":", ("c", "?", "d", ":", "e")),
    "$<a || b ? c : d>": (("a", "||", "b"), "?", "c", ":", "d"),
    "$<a?b:-1>": ("a", "?", "b", ":", ("-", ("constant", 1))),
    "$<a.b?c.d:-1>": ("a.b", "?", "c.d", ":", ("-", ("constant", 1))),
    "$<len(a)>": ("len()", "a"),
    "$<join([], ',')>": ("join()", [], ("constant", ",")),
    "$<fromJSON(X).a>": None,
    "$<${X:-a > b} == 'c'>": (("X", ":-", ["a > b"]), "==", ("constant", "c")),
    "$<${X:-it's} == 'c'>": (("X", ":-", ["it's"]), "==", ("constant", "c")),
    "$<\n  a\n  == b\n>": ("a", "==", "b"),
}


@pytest.mark.parametrize("text", [text for text in ANGLED if ANGLED[text]])
def test_reads_angles(text: str) -> None:
    assert shape(read(text)) == ANGLED[text]


@pytest.mark.parametrize("text", [text for text in ANGLED if ANGLED[text] is None])
def test_refuses_angles(text: str) -> None:
    assert problem(text)[0] == "WFC301"


@pytest.mark.parametrize(
    "text",
    [
        "${X#p}", "${#X}", "${X:+a}", "${X:=a}", "${X:?a}", "${X:1:2}", "${X%.txt}",
        "${X/a/b}", "${X^^}", "${X@Q}", "${!X}", "${X[@]}", "${X[*]}", "${X[i]}",
        "${X[$i]}", "${X[-1]}", "${X[0]#p}", "${1}", "${1:-d}", "${@}", "${*}", "${?}",
        "${}", "${ X}", "${{ a }}", "${", "${größe}", "${X-./a b}", "${X-a.b/c}",
        "${X=d}", "${X?e}", "${X+d}", "${X-$Y}", "${X-${Y}}",
    ],
)  # fmt: skip
def test_leaves_to_the_shell(text: str) -> None:
    assert parse_at(text, 0, at) is None


PROBLEMS = {
    # text: (code, start, length, words of the message, label and help)
    "${X": ("WFC305", 0, 3, "`${X` is never closed"),
    "${X.a": ("WFC305", 0, 5, "close it with `}`"),
    "${X ": ("WFC305", 0, 3, "never closed"),
    '${X"': ("WFC305", 0, 3, "never closed"),
    "${X:-a": ("WFC305", 0, 3, "never closed"),
    "${X:-{}": ("WFC305", 0, 3, "single brace"),
    "${X:-${Y:-a}": ("WFC305", 0, 3, "never closed"),
    "${X:-$<Y}": ("WFC305", 5, 2, "never closed"),
    "${X.a#b}": ("WFC301", 5, 1, "`#` cannot follow `${X.a`"),
    "${X.}": ("WFC301", 3, 1, "`.` cannot follow `${X`"),
    "${X..a}": ("WFC301", 3, 1, "a key follows its `.` directly"),
    "${X.a!}": ("WFC301", 5, 1, "`:-` is the only operator here"),
    "${X.a%b}": ("WFC301", 5, 1, "a shell's operators work on plain names only"),
    "${X.a[i]}": ("WFC301", 5, 1, "in `[…]` stands a number, or a key in quotes"),
    "${X.größe}": ("WFC301", 6, 1, "a name is made of the letters a to z"),
    "$<": ("WFC305", 0, 2, "close it with `>`"),
    "$<a": ("WFC305", 0, 2, "never closed"),
    "$<(a": ("WFC305", 0, 2, "`$<` is never closed"),
    "$<(a>": ("WFC305", 2, 1, "`(` is never closed / begins here / close it with `)`"),
    "$<(a > b": ("WFC305", 2, 1, "`(` is never closed"),
    "$<(a\n>": ("WFC305", 0, 2, "`$<` is never closed"),
    "$<len(NAME>": ("WFC305", 5, 1, "`(` is never closed"),
    "$<len(a + (b)>": ("WFC305", 5, 1, "`(` is never closed"),
    "$<len(NAME> (b": ("WFC305", 5, 1, "`(` is never closed"),
    '$<len(NAME>" b': ("WFC305", 5, 1, "`(` is never closed"),
    "$<join([a>": ("WFC305", 7, 1, "close it with `]`"),
    "$<a == 'b>": ("WFC305", 7, 1, "`'` is never closed"),
    "$<it's a \">": ("WFC305", 0, 2, "`$<` is never closed"),
    "$<>": ("WFC301", 2, 1, "nothing is in `$<>`"),
    "$< >": ("WFC301", 3, 1, "expected a value"),
    "$<a b>": ("WFC301", 4, 1, "expected an operator or `>` / a text needs quotes"),
    "$<a 'b'>": ("WFC301", 4, 3, "a text needs quotes; two values are joined by `+`"),
    "$<1 2>": ("WFC301", 4, 1, "a text needs quotes; two values are joined by `+`"),
    "$<a [0]>": ("WFC301", 4, 1, "a path follows its name directly"),
    "$<(a b)>": ("WFC301", 5, 1, "expected an operator or `)`"),
    "$<[a b]>": ("WFC301", 5, 1, "expected an operator or `,` or `]`"),
    "$<a + >": ("WFC301", 6, 1, "ends too early"),
    "$<a + > b>": ("WFC301", 6, 1, "$<(a > b)>"),
    "$<a > b>": ("WFC301", 4, 1, "$<(a > b)>"),
    "$<a >= b>": ("WFC301", 4, 1, "$<(a > b)>"),
    "$<a>=b>": ("WFC301", 3, 1, "$<(a > b)>"),
    "$<a == b == c>": ("WFC301", 9, 2, "two sides"),
    "$<a = b>": ("WFC301", 4, 1, "write `==`"),
    "$<a & b>": ("WFC301", 4, 1, "write `&&`"),
    "$<a and b>": ("WFC301", 4, 3, "write `&&`"),
    "$<a - b>": ("WFC301", 4, 1, "no subtraction"),
    "$<a * b>": ("WFC301", 4, 1, "`+` only"),
    "$<${X} == 'a'>": ("WFC301", 2, 4, "a name stands alone"),
    "$<$X == 'a'>": ("WFC301", 2, 2, "write `X`"),
    "$<a)>": ("WFC301", 3, 1, "`)` does not fit"),
    "$<lenn(a)>": ("WFC301", 2, 4, "did you mean `len`?"),
    "$<zzzz(a)>": ("WFC301", 2, 4, "known are: `fromJSON`"),
    "$<len()>": ("WFC301", 2, 5, "`len` takes 1 argument, not 0"),
    "$<1 + join(a)>": ("WFC301", 6, 7, "join(list, separator)"),
    "$<007>": ("WFC301", 2, 3, "leading zero"),
    "$<1e999>": ("WFC301", 2, 5, "too large"),
    "$<'a\\x'>": ("WFC301", 4, 2, "not an escape"),
    "$<'\\ud800'>": ("WFC301", 2, 8, "surrogate"),
    "$<'\\u0000'>": ("WFC301", 2, 8, "NUL"),
    "$<ä>": ("WFC301", 2, 1, "a name is made of the letters a to z"),
    "$<a ? b>": ("WFC301", 7, 1, "expected `:` and what holds otherwise"),
    "$<true ? 1>": ("WFC301", 10, 1, "behind `? a` comes `: b`"),
    "$<(a ? b)>": ("WFC301", 8, 1, "behind `? a` comes `: b`"),
    "$<a ? b > c : d>": ("WFC301", 8, 1, "$<(a > b)>"),
    "$<(a > b > c)>": ("WFC301", 9, 1, "expected an operator or `)`"),
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_says_what_is_wrong(text: str) -> None:
    code, start, length, words = PROBLEMS[text]
    found = problem(text)
    assert found[:3] == (code, start, length)
    assert words in " / ".join(found[3:])


def test_what_is_never_closed_is_shown_with_its_expression() -> None:
    for text, other in (("$<len(a>", (0, 2)), ("$<len(a", (5, 1))):
        parsed = parse_at(text, 0, at)
        assert parsed is not None
        ((span, _),) = parsed.diagnostics[0].others
        assert (span.column, span.length) == other, text


# ---- by hand and by grammar


def both_ways(text: str) -> None:
    parsed = parse_at(text, 0, at)
    assert parsed is not None
    expression, diagnostics = by_grammar(text, 0, len(text), at)
    assert (expression, diagnostics) == (parsed.expression, parsed.diagnostics)


@pytest.mark.parametrize("text", [*BRACED, *(it for it in ANGLED if ANGLED[it])])
def test_hand_and_grammar_agree(text: str) -> None:
    both_ways(text)


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,4}", fullmatch=True)
KEYS = st.one_of(
    st.from_regex(r"\.[A-Za-z0-9_][A-Za-z0-9_-]{0,3}", fullmatch=True),
    st.integers(0, 99).map("[{}]".format),
    st.sampled_from(['["a b"]', "['x']", '["\\u00e4"]', '["]}>"]', "['\\'']"]),
)
PATHS = st.builds(
    lambda name, keys: name + "".join(keys), NAMES, st.lists(KEYS, max_size=3)
)
TEXTS = st.lists(
    st.sampled_from([
        "a", " ", "{b}", "\\{", "\\}", "\\$", "\\", "$", "$5", "$Y ", "$$<", "$${Z}", "'",
        '"', ">", "\n", "ü", ":-", "true", "(", "]", "`", "$", "$",
    ]),
    max_size=5,
).map("".join).filter(lambda text: "$<" not in text.replace("$$<", ""))  # fmt: skip
DEFAULTS = st.recursive(
    TEXTS,
    lambda inner: st.one_of(
        st.builds(lambda path, text, tail: f"${{{path}:-{text}}}{tail}", PATHS, inner, TEXTS),
        st.builds(lambda text, path: f"{text}${{{path}}}", inner, PATHS),
        st.builds(lambda path, text: f"$<{path}>.{text}", PATHS, inner),
    ),
    max_leaves=4,
)  # fmt: skip


@given(PATHS, DEFAULTS)
@settings(max_examples=400, deadline=None)
def test_hand_and_grammar_agree_on_any(path: str, default: str) -> None:
    for text in (
        f"${{{path}}}",
        f"$<{path}>",
        f"$< {path} >",
        f"${{{path}:-{default}}}",
    ):
        parsed = parse_at(text, 0, at)
        if (
            parsed is not None
            and parsed.expression is not None
            and not parsed.diagnostics
        ):
            both_ways(text[: parsed.end])


def test_one_pattern_of_names() -> None:
    grammar = Path(__file__).parent.parent / "grammar" / "expression.lark"
    (line,) = (
        it for it in grammar.read_text().splitlines() if it.startswith("REFERENCE:")
    )
    written = line.removeprefix("REFERENCE: /").removesuffix("/").replace("\\/", "/")
    assert written.replace("(?:", "(") == REFERENCE.replace("(?:", "(").replace(
        "([A-Za-z_][A-Za-z0-9_-]*)(", "[A-Za-z_][A-Za-z0-9_-]*", 1
    ).removesuffix(")")


def test_names_need_no_lark() -> None:
    program = (
        "import sys; from compiler.expressions import parse_at, parse_template\n"
        "from compiler.source import Span\n"
        "at = lambda a, b: Span(file='f', line=1, column=a)\n"
        "for text in ('${X}', '${X.a[0]:-b ${Y:-$<Z>}}', '$<X.a>'):\n"
        "    assert parse_at(text, 0, at).expression, text\n"
        "parse_template('a $X ${Y} $<Z>', at, backticks=True)\n"
        "assert 'lark' not in sys.modules and 'importlib.resources' not in sys.modules\n"
        "assert parse_at('$<a == b>', 0, at).expression and 'lark' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# ---- places


def nodes(expression: Expression) -> Iterator[Expression]:
    yield expression
    match expression:
        case Reference(default=Template() as default):
            yield from nodes(default)
        case Unary(operand=operand):
            yield from nodes(operand)
        case Binary(left=left, right=right):
            yield from nodes(left)
            yield from nodes(right)
        case Conditional(test=test, then=then, otherwise=otherwise):
            for part in (test, then, otherwise):
                yield from nodes(part)
        case FunctionCall(arguments=items) | ListOf(items=items):
            for item in items:
                yield from nodes(item)
        case Template(parts=parts):
            for piece in parts:
                if not isinstance(piece, str | CommandSubstitution):
                    yield from nodes(piece)


def test_each_node_has_its_place() -> None:
    text = "ab $<!(a) && len([b, 'x']) + -1 == (${c:-d $e} ? f : g)> z"
    parsed = parse_at(text, 3, at)
    assert parsed is not None
    assert parsed.expression is not None
    places = [
        text[it.span.column : it.span.column + it.span.length]
        for it in nodes(parsed.expression)
    ]
    assert places == [
        "!(a) && len([b, 'x']) + -1 == (${c:-d $e} ? f : g)",
        "!(a)",
        "a",
        "len([b, 'x']) + -1 == (${c:-d $e} ? f : g)",
        "len([b, 'x']) + -1",
        "len([b, 'x'])",
        "[b, 'x']",
        "b",
        "'x'",
        "-1",
        "1",
        "${c:-d $e} ? f : g",
        "${c:-d $e}",
        "d $e",
        "$e",
        "f",
        "g",
    ]
    assert text[parsed.end :] == " z"


def test_lines_and_columns() -> None:
    source = Source("w.yaml", "ab\ncd $<x\n  y> e")
    parsed = parse_at(source.text, 6, source.span)
    assert parsed is not None
    (found,) = parsed.diagnostics
    assert (found.span.line, found.span.column) == (3, 3)


def test_text_is_as_written() -> None:
    texts = ("${X.a:-b}", "$< X >", "$<(X)>")
    assert [getattr(read(text), "text", None) for text in texts] == list(texts)
    inner = read("$<X + Y.a>")
    assert isinstance(inner, Binary)
    assert isinstance(inner.left, Reference)
    assert inner.left.text == "X"


# ---- templates


TEMPLATES = {
    "": [],
    "plain": ["plain"],
    "a ${X} b": ["a ", ("X",), " b"],
    "$X.txt": [("X",), ".txt"],
    "$X-$Y": [("X",), "-", ("Y",)],
    "$1 $2 $3 ${1} ${2}$": [("1",), " ", ("2",), " $3 ", ("1",), " ", ("2",), "$"],
    "$10": [("1",), "0"],
    "$0 $ $- $$ 5$": ["$0 $ $- $$ 5$"],
    "$${X} $$<X> $$X": ["${X} $<X> $", ("X",)],
    "\\${X}": ["\\", ("X",)],
    "$<a + b>": [(("a", "+", "b"),)],
    "{x} }": ["{x} }"],
}  # fmt: skip


def template(text: str, positional: int = 2) -> tuple[Template, list[str]]:
    found, diagnostics = parse_template(text, at, backticks=True, positional=positional)
    return found, [it.code for it in diagnostics]


@pytest.mark.parametrize("text", TEMPLATES)
def test_reads_templates(text: str) -> None:
    found, codes = template(text)
    assert codes == []
    assert shape(found) == TEMPLATES[text]


def test_positional_only_as_declared() -> None:
    assert shape(template("$1", 0)[0]) == ["$1"]
    assert shape(template("${1} ${12}", 12)[0]) == [("1",), " ", ("12",)]
    assert shape(template("${1:-d}", 1)[0]) == [(("1", ":-", ["d"]),)]
    found, diagnostics = parse_template("${2} ${1:-d}", at, backticks=False)
    assert (found.parts, diagnostics) == (("${2} ${1:-d}",), ())


def test_backticks() -> None:
    found, codes = template("a `date \\`x\\`` \\` b `")
    assert codes == []
    assert shape(found) == ["a ", (("run", "date `x`"),), " \\` b `"]
    command = found.parts[1]
    assert isinstance(command, CommandSubstitution)
    assert (command.span.column, command.span.length) == (2, 12)
    expression = template("${X:-`date }`}")[0].parts[0]
    assert isinstance(expression, Reference)
    assert shape(expression.default) == [(("run", "date }"),)]


def test_backticks_are_text_elsewhere() -> None:
    found, diagnostics = parse_template("`date`", at, backticks=False)
    assert (found.parts, diagnostics) == (("`date`",), ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${X#p}", "a shell's operators work in `command`"),
        ("${#X}", "a shell's operators"),
        ("${ X }", "write `${X}`"),
        ("${{ secrets.X }}", "write `$${`"),
        ("${}", "write `$${`"),
        ("a ${", "write `$${`"),
        ("${X:-${Y#p}}", "a shell's operators"),
        ("${größe}", "a name is made of the letters a to z"),
    ],
)
def test_refuses_what_a_field_cannot_read(text: str, words: str) -> None:
    _, (found,) = parse_template(text, at, backticks=False)
    assert found.code == "WFC301"
    assert words in found.help


def test_notes_a_literal_command() -> None:
    found, (note,) = parse_template("a $(date)", at, backticks=True)
    assert found.parts == ("a $(date)",)
    assert (note.code, note.span.column) == ("WFC307", 2)
    assert "backticks" in note.help


def test_a_shells_default_may_be_the_shells() -> None:
    reference = read("${X:-${Y#p} $(date)}")
    assert isinstance(reference, Reference)
    assert shape(reference.default) == ["${Y#p} $(date)"]
    parsed = parse_at("${X.a:-${Y#p}}", 0, at)
    assert parsed is not None
    assert [it.code for it in parsed.diagnostics] == ["WFC301"]


# ---- hostile texts


NOTHING = Constant(value=None, span=at(0, 1))
HOSTILE = [
    "${X:-" * 50_000,
    "${X:-" * 50_000 + "}" * 50_000,
    "$<" * 50_000,
    "$<" + "(" * 100_000,
    "$<" + "(" * 50_000 + "a" + ")" * 50_000 + ">",
    "$<" + "!" * 100_000 + "a>",
    "$<" + "-" * 100_000 + "1>",
    "$<" + "a+" * 50_000 + "a>",
    "$<" + "a?b:" * 25_000 + "c>",
    "$<" + "1" * 100_000 + ">",
    "$<'" + "x" * 100_000 + "'>",
    "$<'" + "\\'" * 50_000,
    "$<'" * 30_000,
    "${" + "X" * 100_000 + "}",
    "${X" + ".a" * 50_000 + "}",
    "${X" + "[0]" * 30_000,
    "${X:-" + "{" * 100_000,
    "${X:-" + "\\" * 100_000 + "}",
    "$" * 100_000,
    "`" * 100_000,
    "${X" * 30_000,
    "${X:-$<" * 15_000,
    "$<${X:-" * 15_000,
    "$<[" + "a," * 50_000 + "a]>",
    "$<" + "!" * 19_000 + "a>",
    "$<" + "a+" * 9_000 + "a>",
    "$<" + "a?b:" * 4_900 + "c>",
    "$<[" + "a," * 9_000 + "a]>",
    "$<" + "a+" * 9_000 + ">",
]


@pytest.mark.parametrize(
    "text", HOSTILE, ids=[f"{text[:9]}-{len(text)}" for text in HOSTILE]
)
def test_hostile_texts_end(text: str) -> None:
    parsed = parse_at(text, 0, at)
    assert parsed is None or sum(1 for _ in nodes(parsed.expression or NOTHING)) >= 1
    parse_template(text, at, backticks=False, positional=3)


@pytest.mark.parametrize("text", [*BRACED, *ANGLED, *PROBLEMS])
def test_every_prefix_is_read(text: str) -> None:
    for end in range(2, len(text) + 1):
        prefix = text[:end]
        parsed = parse_at(prefix, 0, at)
        if parsed is not None:
            assert 2 <= parsed.end <= end
            assert parsed.expression or parsed.diagnostics
            for found in parsed.diagnostics:
                assert 0 <= found.span.column < max(end, 1)
                assert found.span.column + found.span.length <= end


@given(st.text(alphabet="${}<>ab.[]0'\"\\:-`() \n!=&|?,ü", max_size=30))
@settings(max_examples=2000, deadline=None)
def test_no_text_is_an_exception(text: str) -> None:
    found, diagnostics = parse_template(text, at, backticks=False, positional=2)
    for start in ("${", "$<"):
        parsed = parse_at(start + text, 0, at)
        assert parsed is None or parsed.expression or parsed.diagnostics
    if not diagnostics and "$" not in text:
        assert found.parts == ((text,) if text else ())


@given(st.sampled_from(sorted(FUNCTIONS)), st.integers(0, 4))
@settings(deadline=None)
def test_arity(name: str, count: int) -> None:
    parsed = parse_at(f"$<{name}({', '.join(['a'] * count)})>", 0, at)
    assert parsed is not None
    assert bool(parsed.expression) is (count == FUNCTIONS[name])
