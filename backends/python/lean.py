"""Turns the text of a definition into what an emitted file has of it.

The modules of a run time are typed, and serve all features. In a file there are no
annotations, no more of a docstring than its first paragraph, and of
`if used("name"): ...` what is inside where `name` is used, else what is in its `else`.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

_WIDTH = 88
_Edit = tuple[int, int, str]  # first and last offset, and what stands there instead


def used(*names: str) -> bool:
    """Whether an emitted file uses one of `names`, definitions or features. It is the
    test of an `if`, or begins it before an `and`, and is decided when the file is made.
    """
    return bool(names)


@lru_cache(maxsize=1024)
def asked(text: str) -> frozenset[str]:
    """The names of which `text` asks whether they are used."""
    found = (_names_asked(node) for node in ast.walk(ast.parse(text)))
    return frozenset(name for names in found for name in names)


@lru_cache(maxsize=4096)
def lean(text: str, on: frozenset[str]) -> str:
    """`text`, which is ASCII, as it is where of the names that it asks for `on` are used."""
    return _without_types(decided(text, on))


@lru_cache(maxsize=4096)
def decided(text: str, on: frozenset[str]) -> str:
    """`text` without what it has only for others than `on`."""
    while True:
        tree = ast.parse(text)
        found = next((it for it in ast.walk(tree) if _names_asked(it)), None)
        if found is None:
            return text
        assert isinstance(found, ast.If)
        lines = text.splitlines(keepends=True)
        holds = bool(on & _names_asked(found))
        if holds and isinstance(found.test, ast.BoolOp):
            line = lines[found.lineno - 1]
            rest = found.test.values[1]
            assert rest.lineno == found.lineno
            first, last = found.test.col_offset, rest.col_offset
            lines[found.lineno - 1] = line[:first] + line[last:]
        else:
            kept = _branch(found, lines, holds)
            lines[found.lineno - 1 : found.end_lineno] = kept
        text = "".join(lines)


def mentioned(text: str) -> frozenset[str]:
    """The names of attributes and keywords in `text`, without those that `without` is
    for."""
    tree = ast.parse(text)
    own = [target for found in _classes(tree) for _, target in _fields(found)]
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.keyword(arg=str() as name):
                if not any(node is it for it in own):
                    names.add(name)
    return frozenset(names)


def without(text: str, named: frozenset[str]) -> str:
    """The text of a class without its fields that have a value, and the attributes that
    its `__init__` sets, but for those `named`."""
    lines = text.splitlines(keepends=True)
    for found in _classes(ast.parse(text)):
        for statement, target in reversed([*_fields(found)]):
            name = target.attr if isinstance(target, ast.Attribute) else target.id
            if name not in named:
                del lines[statement.lineno - 1 : statement.end_lineno]
    return "".join(lines)


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [it for it in tree.body if isinstance(it, ast.ClassDef)]


def _fields(
    found: ast.ClassDef,
) -> Iterator[tuple[ast.stmt, ast.Attribute | ast.Name]]:
    for statement in found.body:
        match statement:
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr()):
                yield statement, target
            case ast.FunctionDef(name="__init__", body=body):
                for each in body:
                    match each:
                        case ast.Assign(targets=[ast.Attribute() as attribute]):
                            yield each, attribute


# ---- what is used


def _names_asked(node: ast.AST) -> set[str]:
    match node:
        case ast.If(
            test=ast.Call(func=ast.Name(id="used"), args=names)
            | ast.BoolOp(
                op=ast.And(),
                values=[ast.Call(func=ast.Name(id="used"), args=names), *_],
            )
        ):
            return {str(it.value) for it in names if isinstance(it, ast.Constant)}
    return set()


def _branch(found: ast.If, lines: Sequence[str], holds: bool) -> list[str]:
    """The lines of one branch, as far to the left as the `if`."""
    end = found.body[-1].end_lineno or 0
    if holds:
        chosen, first, last = found.body, found.lineno, end
    elif not found.orelse:
        return []
    else:
        chosen, last = found.orelse, found.orelse[-1].end_lineno or 0
        first = next(n for n in range(end, last) if lines[n].strip() == "else:") + 1
    deeper = chosen[0].col_offset - found.col_offset
    return [line[deeper:] if line.strip() else line for line in lines[first:last]]


# ---- types


def _without_types(text: str) -> str:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def place(line: int | None, column: int | None) -> int:
        return starts[(line or 1) - 1] + (column or 0)

    tree = ast.parse(text)
    edits = [edit for node in ast.walk(tree) for edit in _edits(node, text, place)]
    kept = set(_fields_with_types(tree, place))
    for first, last, instead in sorted(edits, reverse=True):
        if first not in kept:
            text = text[:first] + instead + text[last:]
    return text


_Place = Callable[[int | None, int | None], int]


def _fields_with_types(tree: ast.AST, place: _Place) -> Iterator[int]:
    """Where the fields of tuples and data classes have their types."""
    for found in ast.walk(tree):
        if isinstance(found, ast.ClassDef) and (
            found.decorator_list
            or any(
                isinstance(it, ast.Name) and it.id == "NamedTuple" for it in found.bases
            )
        ):
            for field in found.body:
                if isinstance(field, ast.AnnAssign):
                    yield place(field.target.end_lineno, field.target.end_col_offset)
                    yield place(field.lineno, 0)


def _edits(node: ast.AST, text: str, place: _Place) -> Iterator[_Edit]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from _header(node, text, place)
            yield from _docstring(node, text, place)
        case ast.ClassDef():
            yield from _docstring(node, text, place)
        case ast.AnnAssign(target=target, annotation=annotation, value=ast.expr()):
            first = place(target.end_lineno, target.end_col_offset)
            yield first, place(annotation.end_lineno, annotation.end_col_offset), ""
        case ast.AnnAssign():
            yield place(node.lineno, 0), place((node.end_lineno or 0) + 1, 0), ""
        case ast.Call(func=ast.Name(id="cast"), args=[_, value]):
            whole = place(node.lineno, node.col_offset)
            end = place(node.end_lineno, node.end_col_offset)
            yield whole, end, ast.get_source_segment(text, value) or ""


def _header(
    node: ast.FunctionDef | ast.AsyncFunctionDef, text: str, place: _Place
) -> Iterator[_Edit]:
    """`def name(parameters):` without types, broken as black breaks it."""
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    given += [it for it in (node.args.vararg, node.args.kwarg) if it is not None]
    if node.returns is None and not any(it.annotation for it in given):
        return
    first = place(node.lineno, node.col_offset)
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    indent = " " * node.col_offset
    words = [*_parameters(node.args, text)]
    head = f"{kind} {node.name}({', '.join(words)}):"
    if len(indent + head) > _WIDTH:
        inner = f"{indent}    {', '.join(words)}"
        if len(inner) > _WIDTH:
            inner = "\n".join(f"{indent}    {word}," for word in words)
        head = f"{kind} {node.name}(\n{inner}\n{indent}):"
    end = text.rindex(":\n", first, place(node.body[0].lineno, 0)) + 1
    yield first, end, head


def _parameters(given: ast.arguments, text: str) -> Iterator[str]:
    plain = [*given.posonlyargs, *given.args]
    values: list[ast.expr | None] = [None] * (len(plain) - len(given.defaults))
    for number, (each, value) in enumerate(
        zip(plain, [*values, *given.defaults], strict=True), 1
    ):
        yield _parameter(each, value, text)
        if given.posonlyargs and number == len(given.posonlyargs):
            yield "/"
    if given.vararg is not None:
        yield f"*{given.vararg.arg}"
    elif given.kwonlyargs:
        yield "*"
    for each, value in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield _parameter(each, value, text)
    if given.kwarg is not None:
        yield f"**{given.kwarg.arg}"


def _parameter(given: ast.arg, value: ast.expr | None, text: str) -> str:
    if value is None:
        return given.arg
    return f"{given.arg}={ast.get_source_segment(text, value)}"


def _docstring(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    text: str,
    place: _Place,
) -> Iterator[_Edit]:
    match node.body[0]:
        case ast.Expr(value=ast.Constant(value=str())) as said:
            first = place(said.lineno, said.col_offset)
            end = place(said.end_lineno, said.end_col_offset)
            paragraph, gap, _ = text[first:end].partition("\n\n")
            if gap:
                yield first, end, f'{paragraph}"""'
