"""A `ShellText` -> the text for a shell, and the values that its environment has to hold.

The only way to a shell: a value is in a variable, never in the text (R4).
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass

from compiler.ir import Expression, HereDocument, Reference, ShellReference, ShellText
from compiler.shelltext.embedded import Edit, Embedded

_PLAIN_WORD = re.compile(r"[A-Za-z0-9_]+")
_SIMPLE = re.compile(r"\$\{?[A-Za-z_][A-Za-z0-9_]*\}?")
_BASE_TEN = re.compile(r"[^A-Za-z0-9_#$}]?10#")
_SPECIAL = re.compile(r"[\\$`]")


@dataclass(frozen=True, slots=True)
class Binding:
    """The variable `name` holds the value of `expression` when the text starts."""

    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Rendered:
    """`integers` must hold decimal integers, `exported` must be in the environment (at
    most 64 KiB), both checked before the text starts."""

    text: str
    bindings: tuple[Binding, ...]
    integers: tuple[str, ...]
    exported: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a reference stands in `text`, and the way from there out to the source."""

    text: str
    start: int
    end: int
    here: HereDocument | None
    ansi: bool = False
    through: tuple[Embedded, ...] = ()

    def lift(self, edit: Edit) -> Edit:
        for embedded in self.through:
            edit = embedded.lift(edit)
        return edit


class _Names:
    """Generated variables: one for each expression, numbered from `first`."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.known: dict[object, Binding] = {}

    def name(self, expression: Expression) -> str:
        key = _key(expression)
        if key not in self.known:
            name = f"WFC_{self.first + len(self.known)}"
            self.known[key] = Binding(name, expression)
        return self.known[key].name


def render(text: ShellText, first: int = 1) -> Rendered:
    """The text as a shell gets it; generated variables are numbered from `first` (R4).

    The lines of the text keep their numbers.
    """
    if not text.references:
        return Rendered(text.source, (), (), ())
    places, assigned = _places(text)
    names = _Names(first)
    integers: dict[str, None] = {}
    exported: dict[str, None] = {}
    edits: list[Edit] = []
    documents: dict[tuple[int, int], tuple[_Place, list[Edit]]] = {}
    for reference, place in zip(text.references, places, strict=True):
        inner = _is_for_inner(reference, place)
        decimal = _is_decimal(reference, place)
        plain = reference.plain
        name = _name_of(reference) if plain else names.name(reference.expression)
        if plain and any(end <= reference.start for end in assigned.get(name, ())):
            continue
        if decimal:
            digits = f"${{{name}//[!0-9]/.}}"  # a full stop is an error there
            edits.append(place.lift((place.start, place.end, digits)))
        elif plain:
            edits += _left_for_inner(reference, place) if inner else ()
        else:
            edit = (place.start, place.end, _replacement(reference, place, name, inner))
            if place.here is not None:
                key = place.lift((*place.here.word, ""))[:2]
                documents.setdefault(key, (place, []))[1].append(edit)
            else:
                edits.append(place.lift(edit))
        if reference.place == "arithmetic" and not decimal:
            integers[name] = None
        if inner:
            exported[name] = None
    for place, inside in documents.values():
        edits += (place.lift(edit) for edit in _unquoted(place, inside))
    return Rendered(
        text=_edited(text.source, edits),
        bindings=tuple(names.known.values()),
        integers=tuple(integers),
        exported=tuple(exported),
    )


def _name_of(reference: ShellReference) -> str:
    expression = reference.expression
    return expression.name if isinstance(expression, Reference) else ""


def _places(text: ShellText) -> tuple[list[_Place], dict[str, list[int]]]:
    """The place of each reference, and where each name is surely set: behind it the text
    has a value of its own there."""
    source = text.source
    simple = [
        _Place(source, each.start, each.end, each.here) for each in text.references
    ]
    set_here = {
        _name_of(each)
        for each in text.references
        if each.plain and each.place in ("arithmetic", "shell")
    }
    read_twice = any(each.program for each in text.references)
    if not (read_twice or "`" in source or "$'" in source or set_here & text.assigned):
        return simple, {}
    from compiler.shelltext.scan import scan_text

    scan = scan_text(source, lambda start, end: text.span)
    found = {
        site.outer(): _Place(
            site.text or source,
            site.start,
            site.end,
            site.here,
            site.ansi,
            site.through,
        )
        for site in scan.sites
    }
    places = [found.get((each.start, each.end), each) for each in simple]
    starts = sorted(each.start for each in text.references)
    own = {
        name: [end for start, end in words if not _is_between(starts, start, end)]
        for name, words in scan.surely.items()
    }
    return places, own


def _is_between(starts: list[int], start: int, end: int) -> bool:
    return bisect_left(starts, start) < bisect_left(starts, end)


def _is_for_inner(reference: ShellReference, place: _Place) -> bool:
    """Whether another shell than the one that reads the text reads this."""
    if reference.place == "filter":
        layers = (each.layers[0] for each in place.through if each.layers)
        return any("backtick" not in layer for layer in layers)
    return bool(reference.program) and reference.place in ("shell", "arithmetic")


def _is_decimal(reference: ShellReference, place: _Place) -> bool:
    """Whether it stands behind `10#`, where zeros in front are no octal number."""
    written = place.text[place.start : place.end]
    return (
        reference.place == "arithmetic"
        and _BASE_TEN.fullmatch(place.text, max(0, place.start - 4), place.start)
        is not None
        and (not reference.plain or _SIMPLE.fullmatch(written) is not None)
    )


def _replacement(
    reference: ShellReference, place: _Place, name: str, inner: bool
) -> str:
    quoting = reference.inner if inner else reference.quoting
    lines = "\n" * place.text.count("\n", place.start, place.end)
    value = f"${{{name}}}$({lines})" if lines else f"${{{name}}}"
    if quoting == "single":
        return f"'\"{value}\"$'" if place.ansi else f"'\"{value}\"'"
    return value


def _left_for_inner(reference: ShellReference, place: _Place) -> Iterator[Edit]:
    """A plain reference in a program text: the outer shell hands it on."""
    written = place.text[place.start : place.end]
    if reference.inner == "single":
        replacement = f"'\"{written}\"$'" if place.ansi else f"'\"{written}\"'"
        yield place.lift((place.start, place.end, replacement))
    elif written.startswith("$"):
        yield place.lift((place.start, place.start + 1, "$"))


def _unquoted(place: _Place, inside: list[Edit]) -> Iterator[Edit]:
    """A here-document with a quoted delimiter as one without, the same byte for byte."""
    here = place.here
    assert here is not None
    start, end = here.body
    delimiter = here.delimiter
    if _PLAIN_WORD.fullmatch(delimiter) is None:
        lines = set(place.text[start:end].split("\n"))
        delimiter = "WFC_END"
        while delimiter in lines or f"\t{delimiter}" in lines:
            delimiter += "_"
    yield (*here.word, delimiter)
    position = start
    for edit in [*inside, (end, end, "")]:
        for found in _SPECIAL.finditer(place.text, position, edit[0]):
            yield (*found.span(), f"\\{found[0]}")
        if edit[2]:
            yield edit
        position = edit[1]
    if delimiter != here.delimiter:
        yield (*here.end, delimiter)


def _edited(source: str, edits: list[Edit]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end, replacement in sorted(edits):
        if start < position:
            continue  # a part of what has been replaced as a whole
        pieces += source[position:start], replacement
        position = end
    pieces.append(source[position:])
    return "".join(pieces)


def _key(value: object) -> object:
    """What makes two expressions the same, wherever they stand."""
    if isinstance(value, tuple):
        return tuple(_key(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = (
            _key(getattr(value, each.name))
            for each in fields(value)
            if each.name != "span"
        )
        return (type(value).__name__, *parts)
    return (type(value).__name__, repr(value))


def load_files(names: Sequence[str]) -> str:
    """One line of POSIX shell that sets each NAME to the bytes of the file `$NAME_FILE`.

    A substitution drops trailing newlines, so a full stop is put behind them (no byte of
    another character in any encoding). A missing file ends the shell with 1.
    """
    return "; ".join(
        f'{name}=$(cat "${name}_FILE" && printf .) || exit 1; {name}=${{{name}%.}}'
        for name in names
    )
