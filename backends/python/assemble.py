"""Turns Python modules and the names in use into one text with just what these need.

The run time of a target is written as modules, with tests of their own. A file that is
emitted gets their definitions in one namespace: those that its own text names, those
that these name, and the imports of the standard library for them.
"""

import ast
import builtins
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from symtable import SymbolTable, symtable
from types import ModuleType

from backends.python.lean import asked, decided, lean, mentioned, without

_WIDTH = 88
_GIVEN = frozenset(dir(builtins)) | {"__name__", "__file__"}


@dataclass(frozen=True, slots=True)
class _Import:
    """`import module`, or `from module import name`; each perhaps `as` another name."""

    module: str
    name: str | None
    bound: str

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]

    @property
    def standard(self) -> bool:
        return self.package in sys.stdlib_module_names


@dataclass(frozen=True, slots=True)
class _Definition:
    """A statement that binds `names`, with the comment above it: lines `first` to `last`."""

    names: tuple[str, ...]
    text: str
    is_block: bool  # a function or a class
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Module:
    definitions: tuple[_Definition, ...]
    by_name: Mapping[str, _Definition]
    imports: Mapping[str, _Import]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What is asked for besides roots, see `assembled`."""

    outside: Collection[str] = ()
    features: Collection[str] | None = None
    types: bool = True


def assemble(
    modules: Sequence[ModuleType | Path | str],
    roots: Iterable[str],
    features: Collection[str] | None = None,
    types: bool = True,
) -> str:
    """The text of the definitions that `roots` reach, after the imports they need, as
    `assembled` has them."""
    return "".join(assembled(modules, roots, features=features, types=types))


def assembled(
    modules: Sequence[ModuleType | Path | str],
    roots: Iterable[str],
    outside: Collection[str] = (),
    more: str = "",
    features: Collection[str] | None = None,
    types: bool = True,
    spaced: bool = False,
) -> tuple[str, str]:
    """The imports that the definitions need which `roots` reach, and their text, with the
    empty lines between.

    `modules` are loaded ones, paths, or texts, in the order in which their definitions
    can be executed. What they import of each other they find in the one namespace, what
    they import of the packages `outside` is there when it runs. `more` are imports of
    what follows the text. `if used(...)` (see `lean`) asks for definitions, and for
    `features`, all of them where these are None. Without `types` the text is that of a
    file that nobody goes on with: no annotations, no fields that nothing
    names, and where it is not `spaced` one empty line where black has two.

    Raises ValueError for a root that none of them defines, and for what one text cannot
    hold: two definitions of one name, an import of each other's names
    by another name, a statement at the top that is neither an import, a definition nor an
    assignment.
    """
    parsed = [_parsed(_text_of(module)) for module in modules]
    wish = _Wish(outside=outside, features=features, types=types)
    used, imports = _reached(parsed, sorted(set(roots)), wish)
    imports |= set(_parsed(more).imports.values())
    _refuse_clashes(used, imports)
    head = _imports_text(imports) if imports else ""
    pieces: list[str] = []
    before: tuple[int, _Definition] | None = None
    for place, module in enumerate(parsed):
        for definition in module.definitions:
            if (place, definition.names) in used:
                if pieces or head:
                    gap = _gap(before, (place, definition))
                    pieces.append(gap if types or spaced else gap[:1])
                pieces.append(used[place, definition.names])
                before = (place, definition)
    return head, "".join(pieces)


def definitions(modules: Iterable[ModuleType | Path | str]) -> frozenset[str]:
    """The names that `modules` define or import at their top."""
    parsed = [_parsed(_text_of(module)) for module in modules]
    return frozenset(
        name for module in parsed for name in (*module.by_name, *module.imports)
    )


def names_in(source: str) -> set[str]:
    """The names that `source`, an expression or statements, takes from around it.

    >>> sorted(names_in('default(param("A"), lambda: len(x))'))
    ['default', 'param', 'x']
    """
    return _names(source.strip()) - _GIVEN


# ---- reading modules


def _text_of(module: ModuleType | Path | str) -> str:
    if isinstance(module, str):
        return module
    if isinstance(module, ModuleType):
        if module.__file__ is None:
            raise ValueError(f"module {module.__name__} has no text")
        module = Path(module.__file__)
    return module.read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def _parsed(text: str) -> _Module:
    lines = text.splitlines(keepends=True)
    definitions: list[_Definition] = []
    imports: dict[str, _Import] = {}
    for statement in ast.parse(text).body:
        match statement:
            case ast.Import(names=aliases):
                for alias in aliases:
                    bound = alias.asname or alias.name.partition(".")[0]
                    imports[bound] = _Import(alias.name, None, bound)
            case ast.ImportFrom(module="__future__"):
                raise ValueError("`from __future__` would be for all modules")
            case ast.ImportFrom(module=module, names=aliases):
                for alias in aliases:
                    bound = alias.asname or alias.name
                    imports[bound] = _Import(module or "", alias.name, bound)
            case ast.Expr(value=ast.Constant()):
                pass  # a docstring
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pass  # what it binds is found elsewhere, or missed when it is needed
            case _:
                definitions.append(_definition(statement, lines))
    by_name: dict[str, _Definition] = {}
    for definition in definitions:
        for name in definition.names:
            if name in by_name or name in imports:
                raise ValueError(f"line {definition.first}: a second `{name}`")
            by_name[name] = definition
    return _Module(tuple(definitions), by_name, imports)


def _definition(statement: ast.stmt, lines: Sequence[str]) -> _Definition:
    names = tuple(_bound(statement))
    first = statement.lineno
    is_block = isinstance(
        statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    )
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        first = min([first, *(each.lineno for each in statement.decorator_list)])
    last = statement.end_lineno or first
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    text = "".join(lines[first - 1 : last])
    return _Definition(names, text, is_block, first, last)


def _bound(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Assign(targets=targets):
            for target in targets:
                within = target.elts if isinstance(target, ast.Tuple) else [target]
                for each in within:
                    if not isinstance(each, ast.Name):
                        raise ValueError(f"line {each.lineno}: no name is assigned")
                    yield each.id
        case _:
            raise ValueError(
                f"line {statement.lineno}: neither an import, a definition nor an assignment"
            )


# ---- names


def _names(source: str) -> set[str]:
    """The names of the namespace around it that `source` reads or sets by `global`."""
    table = symtable(source, "<text>", "exec")
    # Python 3.12 has the variables of a comprehension at the top among its own.
    own = {it.get_name() for it in table.get_symbols() if it.is_assigned()}
    found = set(_free(table)) - own
    for quoted in _quoted_types(ast.parse(source)):
        found |= _names(quoted)
    return found


def _free(table: SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        top = table.get_type() == "module"
        if symbol.is_referenced() if top else symbol.is_global():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _free(child)


def _quoted_types(tree: ast.AST) -> Iterator[str]:
    """The texts in `tree` that are types: annotations in quotes, and quoted aliases."""
    for node in ast.walk(tree):
        match node:
            case ast.arg(annotation=annotation):
                types = [annotation]
            case ast.FunctionDef(returns=annotation):
                types = [annotation]
            case ast.AsyncFunctionDef(returns=annotation):
                types = [annotation]
            case ast.AnnAssign(annotation=ast.Name(id="TypeAlias"), value=value):
                types = [value]
            case ast.AnnAssign(annotation=annotation):
                types = [annotation]
            case _:
                types = []
        for each in types:
            if each is not None:
                yield from _quoted(each)


def _quoted(annotation: ast.AST) -> Iterator[str]:
    match annotation:
        case ast.Constant(value=str() as text):
            yield text
        case ast.Subscript(value=ast.Name(id="Literal")):
            pass  # its texts are values
        case _:
            for inner in ast.iter_child_nodes(annotation):
                yield from _quoted(inner)


# ---- what is used

_Key = tuple[int, tuple[str, ...]]  # the place of a module, the names of a definition


def _reached(
    modules: Sequence[_Module], roots: Sequence[str], wish: _Wish
) -> tuple[dict[_Key, str], set[_Import]]:
    """The texts of what is used, and the imports they need. What asks whether something
    is used may bring more, so all is done again until that is answered."""
    defined = frozenset(name for module in modules for name in module.by_name)
    known: set[str] = set()
    while True:
        on = frozenset(known)
        used, imports = _closure(modules, roots, wish, on, defined)
        known |= {name for _, names in used for name in names}
        if known == on:
            break
    if not wish.types:
        used = _without_fields(modules, used)
        needs = {name for text in used.values() for name in _needs(text)}
        imports = {it for it in imports if it.bound in needs}
    return used, imports


def _closure(
    modules: Sequence[_Module],
    roots: Sequence[str],
    wish: _Wish,
    on: frozenset[str],
    defined: frozenset[str],
) -> tuple[dict[_Key, str], set[_Import]]:
    used: dict[_Key, str] = {}
    imports: set[_Import] = set()
    waiting = [_defined(modules, root) for root in roots]
    while waiting:
        place, definition = waiting.pop()
        if (place, definition.names) in used:
            continue
        text = _shown(definition, wish, on, defined)
        used[place, definition.names] = text
        module = modules[place]
        for name in sorted(_needs(text)):
            imported = module.imports.get(name)
            if name in module.by_name:
                waiting.append((place, module.by_name[name]))
            elif imported is not None and (
                imported.standard or imported.package in wish.outside
            ):
                imports.add(imported)
            elif imported is not None and imported.name != name:
                raise ValueError(f"`{name}` has another name where it is defined")
            elif name not in _GIVEN:
                waiting.append(_defined(modules, name))
    return used, imports


def _shown(
    definition: _Definition, wish: _Wish, on: frozenset[str], defined: frozenset[str]
) -> str:
    """The text of a definition where the definitions `on` are used."""
    chosen = frozenset(
        name
        for name in asked(definition.text)
        if (name in on if name in defined else _is_wished(name, wish))
    )
    return (decided if wish.types else lean)(definition.text, chosen)


def _is_wished(feature: str, wish: _Wish) -> bool:
    return wish.features is None or feature in wish.features


@lru_cache(maxsize=4096)
def _needs(text: str) -> frozenset[str]:
    return frozenset(_names(text))


def _without_fields(
    modules: Sequence[_Module], used: Mapping[_Key, str]
) -> dict[_Key, str]:
    """Without the fields of classes that nothing names."""
    named = frozenset(name for text in used.values() for name in mentioned(text))
    found = {}
    for (place, names), text in used.items():
        is_block = modules[place].by_name[names[0]].is_block if names else False
        is_class = is_block and "class " in text
        found[place, names] = without(text, named) if is_class else text
    return found


def _defined(modules: Sequence[_Module], name: str) -> tuple[int, _Definition]:
    """The one definition of `name`, and the place of its module."""
    found = [
        (place, module.by_name[name])
        for place, module in enumerate(modules)
        if name in module.by_name
    ]
    if len(found) != 1:
        raise ValueError(f"`{name}` is defined {len(found)} times in the modules")
    return found[0]


def _refuse_clashes(used: Collection[_Key], imports: set[_Import]) -> None:
    bound = [name for _, names in used for name in names]
    # `import os` and `import os.path` bind one name to one module.
    bound += {each.bound for each in imports if each.name is None}
    bound += [each.bound for each in imports if each.name is not None]
    twice = sorted({name for name in bound if bound.count(name) > 1})
    if twice:
        raise ValueError(f"`{twice[0]}` is two things in the modules")


# ---- writing


def _imports_text(imports: set[_Import]) -> str:
    """The imports, as isort puts them: those of the standard library first."""
    sections = [{it for it in imports if it.standard is own} for own in (True, False)]
    return "\n".join(_section(section) for section in sections if section)


def _section(imports: set[_Import]) -> str:
    lines: list[str] = []
    named: dict[str, list[str]] = {}
    for each in sorted(imports, key=_order):
        spelled = each.module if each.name is None else each.name
        if each.bound != spelled.partition(".")[0]:
            spelled += f" as {each.bound}"
        if each.name is None:
            lines.append(f"import {spelled}")
        else:
            named.setdefault(each.module, []).append(spelled)
    lines += [_from(module, names) for module, names in named.items()]
    return "".join(f"{line}\n" for line in lines)


def _order(each: _Import) -> tuple[str, int, str, str]:
    """Constants come first, then classes."""
    name = each.name or ""
    kind = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    return each.module, kind, name, each.bound


def _from(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return line
    listed = "".join(f"    {name},\n" for name in names)
    return f"from {module} import (\n{listed})"


def _gap(before: tuple[int, _Definition] | None, now: tuple[int, _Definition]) -> str:
    """The empty lines before a definition, as black has them."""
    place, definition = now
    if definition.is_block or (before is not None and before[1].is_block):
        return "\n\n"
    if before is None or before[0] != place or before[1].last + 1 != definition.first:
        return "\n"
    return ""
