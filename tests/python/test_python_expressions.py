"""Lowered to Python, an expression has the value that the evaluator gives it."""

import ast
import json
import subprocess
import sys
from types import ModuleType

import black
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_evaluate import FAILURES, HERE, LOST, VALUED, VALUES, at, resolved, same
from test_evaluate import Values as Params

from backends.python.assemble import assemble, names_in
from backends.python.expressions import MODULES, literal, source, template_source
from compiler.evaluate import Failure, evaluate, text_of
from compiler.expressions import parse_at
from compiler.expressions.signatures import FUNCTIONS
from compiler.ir import (
    Binary,
    CommandSubstitution,
    Conditional,
    Constant,
    Expression,
    FunctionCall,
    Json,
    ListOf,
    Origin,
    Reference,
    ShellReference,
    ShellText,
    Template,
    Unary,
)

FEATURES = {
    *("to_text", "concat", "first", "path", "default", "or_empty", "need", "reach"),
    *("found_in", "sum_of", "too_deep", "add", "compare", "equal", "contains"),
    *("boolean", "number", "to_json_text", "length", "join", "split", "from_json"),
    *("starts_with", "ends_with", "matches", "lower", "upper", "trimmed", "trim"),
    *("basename", "dirname", "Failure"),
}


def loaded(roots: set[str]) -> dict[str, object]:
    """The names of an assembled run time."""
    module = ModuleType("assembled")
    sys.modules["assembled"] = module  # where `dataclass` looks
    exec(assemble(MODULES, roots), module.__dict__)
    return module.__dict__


RUN_TIME = loaded(FEATURES)


def place(origin: Origin) -> str:
    return f"value({literal(origin.kind)}, {literal(origin.name)})"


class Environment:
    """An environment of values by kind and name."""

    def __init__(self, values: dict[tuple[str, str], Json], lenient: bool) -> None:
        self.values = values
        self.lenient = lenient

    def value(self, origin: Origin) -> Json:
        return self.values.get((origin.kind, origin.name))

    def substitute(self, command: ShellText) -> str:
        if command.source == "false":
            raise Failure("exit 1")
        return f" \n{command.source}\n"


def valued(written: str, environment: Environment) -> Json:
    """What `written` comes to, in the assembled run time."""

    def backtick(text: str) -> str:
        command = ShellText(source=text, span=HERE)
        try:
            return environment.substitute(command)
        except Failure as failure:
            raise RUN_TIME["Failure"](str(failure)) from None  # type: ignore[operator]

    def value(kind: str, name: str) -> Json:
        return environment.values.get((kind, name))

    names = {**RUN_TIME, "value": value, "backtick": backtick}
    try:
        found: Json = eval(written, names)
    except RUN_TIME["Failure"] as failure:  # type: ignore[misc]
        raise Failure(str(failure)) from None
    return found


def outcome(find: "object", *words: object) -> tuple[str, object]:
    try:
        return "value", find(*words)  # type: ignore[operator]
    except Failure as failure:
        return "failure", str(failure)


PARAMS: dict[tuple[str, str], Json] = {
    ("param", name): it for name, it in VALUES.items()
}


def parsed(text: str) -> Expression:
    found = parse_at(text, 0, at)
    assert found is not None
    assert found.expression is not None
    return resolved(found.expression)


@pytest.mark.parametrize("text", VALUED)
def test_values(text: str) -> None:
    written = source(parsed(text), place)
    assert same(valued(written, Environment(PARAMS, False)), VALUED[text])


@pytest.mark.parametrize("text", [*FAILURES, *LOST])
def test_failures(text: str) -> None:
    expression = parsed(text)
    with pytest.raises(Failure) as expected:
        evaluate(expression, Params(VALUES))
    with pytest.raises(Failure) as failure:
        valued(source(expression, place), Environment(PARAMS, False))
    assert str(failure.value) == str(expected.value)


@pytest.mark.parametrize("text", ["${J.nope}", "$<NOPE>", "${NOPE.x}", "${NOPE}"])
def test_lenient(text: str) -> None:
    written = source(parsed(text), place, lenient=True)
    assert valued(written, Environment(PARAMS, True)) == ""


WRITTEN = {
    "${X}": 'or_empty(first(value("param", "X")))',
    "${X:-d}": 'default(first(value("param", "X")), lambda: "d")',
    "$<X>": 'need(first(value("param", "X")), "$<X>")',
    "${X.a[0]}": 'reach(first(value("param", "X")), "${X.a[0]}", "X", "a", 0)',
    "$<1 == 2 && !(3 < 4 || true)>": (
        'equal(1, 2) and not (compare(3, "<", 4) or True)'
    ),
    "$<!!true ? 'a' : 'b'>": '"a" if True else "b"',
    "$<matches('a', '^a+$')>": r'found_in("a", "\\Aa+\\Z")',
    "$<matches('a', '(a|a)*')>": 'matches("a", "(a|a)*")',
    "$<1 + 2 + 3>": "add(add(1, 2), 3)",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_source(text: str) -> None:
    assert source(parsed(text), place) == WRITTEN[text]


def test_an_item_can_be_null() -> None:
    item = (Origin("item", "ITEM"),)
    whole = Reference(text="${ITEM}", name="ITEM", origins=item, span=HERE)
    key = Reference(text="${ITEM.k}", name="ITEM", path=("k",), origins=item, span=HERE)
    assert valued(source(whole, place), Environment({}, False)) is None
    with pytest.raises(Failure, match=r"no value for \$\{ITEM\.k\}"):
        valued(source(key, place), Environment({}, False))


# ---- commands in backticks


def test_a_command_says_what_it_needs() -> None:
    text = "wfc '${a.x}' $((N + 1)) sh -c 'echo $N'"
    n = Reference(text="$N", name="N", origins=(Origin("param", "N"),), span=HERE)
    dotted = Reference(
        text="${a.x}",
        name="a",
        path=("x",),
        origins=(Origin("output", "a"),),
        span=HERE,
    )
    inner, sum_ = text.index("${a"), text.index("N +")
    references = (
        ShellReference(
            start=inner,
            end=inner + 6,
            expression=dotted,
            plain=False,
            quoting="single",
        ),
        ShellReference(
            start=sum_,
            end=sum_ + 1,
            expression=n,
            plain=True,
            quoting="bare",
            place="arithmetic",
        ),
    )
    command = ShellText(source=text, references=references, span=HERE)
    part = CommandSubstitution(command=command, span=HERE)
    written = source(Template(parts=(part,), span=HERE), place)
    tree = ast.parse(written, mode="eval").body
    assert isinstance(tree, ast.Call)
    assert ast.unparse(tree.func) == "trim"
    call = tree.args[0]
    assert isinstance(call, ast.Call)
    assert {word.arg: ast.unparse(word.value) for word in call.keywords} == {
        "WFC_1": "to_text(reach(first(value('output', 'a')), '${a.x}', 'a', 'x'))",
        "integers": "['N']",
    }


# ---- texts

HOSTILE = "'\"\\${}%#\0\n\r\t\x1b\x7f\x85\u2028\u202e\ufeff\uffff\ud800é😀a"


@given(st.text(alphabet=HOSTILE, max_size=12) | st.text(max_size=8))
@settings(max_examples=500)
@example("${{{ x }}")
@example("it's")
def test_literals(text: str) -> None:
    written = literal(text)
    assert ast.literal_eval(written) == text
    assert json.loads(written) == text
    assert written.replace("\U0001f600", "").isprintable() or not text.isprintable()
    assert not any(each in written for each in ("'", "{{", "{%", "{#", "\n", "\0"))


@given(st.lists(st.text(alphabet="a\0\ud800{'\"\\", max_size=4), max_size=3))
def test_texts_without_references(parts: list[str]) -> None:
    template = Template(parts=tuple(parts), span=HERE)
    environment = Environment({}, False)
    written = template_source(template, place)
    assert outcome(valued, written, environment) == outcome(
        text_of, template, environment
    )


# ---- any expression, in any environment

TEXTS = st.text(alphabet="ab/ \n\0é😀\ud800'\"{[1,:]}", max_size=6) | st.sampled_from(
    ['{"a":[1,{"b":null}]}', '["x",1.0]', '"\\"a\\""', "1.50", "true", "01", "[1"]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=5,
)
KINDS = st.sampled_from(["param", "output", "env", "process", "field"])
PATHS = st.lists(st.sampled_from(["a", "b", "", 0, 1]), max_size=3).map(tuple)
PATTERNS = ["a+", "^a|b$", "(a|b)*", "(a*)+b", ".", "[^a]", "(?:x)", ""]


@st.composite
def references(draw: st.DrawFn, inner: st.SearchStrategy[Expression]) -> Reference:
    name = draw(st.sampled_from(["X", "Y"]))
    kinds = draw(st.just(["item"]) | st.lists(KINDS, max_size=2, unique=True))
    keys = draw(PATHS)
    written = f"${{{name}{''.join(f'.{key}' for key in keys)}}}"
    return Reference(
        text=draw(st.sampled_from([written, f"$<{name}>"])),
        name=name,
        path=keys,
        default=draw(st.none() | inner),
        origins=tuple(Origin(kind, name) for kind in kinds),
        span=HERE,
    )


def expressions(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    binary = st.sampled_from(
        ["==", "!=", "<", "<=", ">", ">=", "&&", "||", "+", "+", "in"]
    )
    one = ["toJSON", "len", "fromJSON", "lower", "upper", "trim", "basename", "dirname"]
    two = ["join", "split", "contains", "startsWith", "endsWith", "matches"]
    pattern = st.sampled_from(PATTERNS).map(lambda it: Constant(value=it, span=HERE))
    here = st.just(HERE)
    command = st.sampled_from(["date", "false"]).map(
        lambda it: CommandSubstitution(
            command=ShellText(source=it, span=HERE), span=HERE
        )
    )
    part = TEXTS | inner | command
    return st.one_of(
        references(inner),
        st.builds(Unary, operator=st.sampled_from("!-"), operand=inner, span=here),
        st.builds(Binary, operator=binary, left=inner, right=inner, span=here),
        st.builds(Conditional, test=inner, then=inner, otherwise=inner, span=here),
        st.builds(
            FunctionCall,
            name=st.sampled_from(one),
            arguments=st.tuples(inner),
            span=here,
        ),
        st.builds(
            FunctionCall,
            name=st.sampled_from(two),
            arguments=st.tuples(inner, inner),
            span=here,
        ),
        st.builds(
            FunctionCall,
            name=st.just("matches"),
            arguments=st.tuples(inner, pattern),
            span=here,
        ),
        st.builds(ListOf, items=st.lists(inner, max_size=3).map(tuple), span=here),
        st.builds(Template, parts=st.lists(part, max_size=3).map(tuple), span=here),
    )


CONSTANTS: st.SearchStrategy[Expression] = st.builds(
    Constant, value=JSON, span=st.just(HERE)
)
EXPRESSIONS = st.recursive(CONSTANTS | references(CONSTANTS), expressions, max_leaves=8)
ENVIRONMENTS = st.builds(
    Environment,
    st.dictionaries(
        st.tuples(KINDS | st.just("item"), st.sampled_from(["X", "Y"])), JSON
    ),
    st.booleans(),
)


@given(EXPRESSIONS, ENVIRONMENTS)
@settings(max_examples=1500, deadline=None)
def test_as_evaluated(expression: Expression, environment: Environment) -> None:
    written = source(expression, place, environment.lenient)
    assert written.isprintable()
    got = outcome(valued, written, environment)
    expected = outcome(evaluate, expression, environment)
    assert repr(got) == repr(expected)


@given(
    st.lists(TEXTS | EXPRESSIONS, max_size=3).map(
        lambda parts: Template(parts=tuple(parts), span=HERE)
    ),
    ENVIRONMENTS,
)
@settings(max_examples=500, deadline=None)
def test_texts_as_evaluated(template: Template, environment: Environment) -> None:
    written = template_source(template, place, environment.lenient)
    got = outcome(valued, written, environment)
    assert got == outcome(text_of, template, environment)
    assert got[0] == "failure" or isinstance(got[1], str)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_a_definition(name: str) -> None:
    argument = Constant(value="a", span=HERE)
    arguments = (argument,) * FUNCTIONS[name]
    written = source(FunctionCall(name=name, arguments=arguments, span=HERE), place)
    assert assemble(MODULES, names_in(written))


# ---- deep ones


@pytest.mark.parametrize(
    "text",
    [
        f"$<{'!' * 197}true>",
        f"$<{'+'.join(['1'] * 199)}>",
        f"$<{' && '.join(['true'] * 199)}>",
        f"$<{' || '.join(['false'] * 199)}>",
        f"$<{'true ? 1 : ' * 40}2>",
    ],
    ids=["not", "sum", "and", "or", "conditional"],
)
def test_the_deepest_expressions_have_their_value(text: str) -> None:
    expression = parsed(text)
    written = source(expression, place)
    assert same(
        valued(written, Environment({}, False)), evaluate(expression, Params({}))
    )


def test_what_is_too_deep_for_python_says_so() -> None:
    expression: Expression = Constant(value="a", span=HERE)
    for _ in range(190):
        expression = FunctionCall(name="toJSON", arguments=(expression,), span=HERE)
    with pytest.raises(Failure, match="nested too deeply"):
        valued(source(expression, place), Environment({}, False))


# ---- what a file gets

ROOTS = [*sorted(FEATURES), "-".join(sorted(FEATURES))]


@pytest.mark.parametrize("roots", ROOTS)
def test_a_run_time_stands_alone(roots: str) -> None:
    text = assemble(MODULES, roots.split("-"))
    assert black.format_str(text, mode=black.Mode()) == text
    assert "compiler" not in text
    tree = ast.parse(text, feature_version=(3, 10))
    defined = {
        name
        for node in tree.body
        for name in (
            [alias.asname or alias.name.partition(".")[0] for alias in node.names]
            if isinstance(node, ast.Import | ast.ImportFrom)
            else (
                [
                    each.id
                    for each in ast.walk(node)
                    if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
                ][:1]
                if isinstance(node, ast.Assign | ast.AnnAssign)
                else [getattr(node, "name", "")]
            )
        )
    }
    used = {name for node in tree.body for name in names_in(ast.unparse(node))}
    assert defined - set(roots.split("-")) <= used


def test_a_program_of_one_line_works() -> None:
    text = assemble(MODULES, names_in('print(concat("a", first(None, 1.0)))'))
    done = subprocess.run(
        [sys.executable, "-c", f'{text}\nprint(concat("a", first(None, 1.0)))\n'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "a1\n"


def test_brings_what_is_used_only() -> None:
    assert len(assemble(MODULES, ["or_empty", "first"]).splitlines()) < 40
    assert "_Automaton" not in assemble(MODULES, FEATURES - {"matches"})
    assert "_Automaton" in assemble(MODULES, ["matches"])
