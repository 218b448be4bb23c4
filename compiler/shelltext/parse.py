"""A shell text -> `ShellText`: the candidates for references, the names that it sets."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from compiler.diagnostics import Diagnostic
from compiler.expressions import Locate
from compiler.ir import Quoting, Reference, ShellReference, ShellText, Template
from compiler.shelltext.plain import read_plain

if TYPE_CHECKING:
    from compiler.shelltext.sites import Site

# A text without a `$` and any of these has no reference and sets no name.
_WORTH_READING = re.compile(
    r"[=\[]|\(\(|\b(?:let|for|select|read|mapfile|readarray|getopts|printf)\b"
)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HYPHENATED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)-([\s\S]*)\}")


def parse(source: str, locate: Locate) -> tuple[ShellText, tuple[Diagnostic, ...]]:
    """Reads a text for bash: every reference that may be ours, in order (R1, R4).

    `resolve` drops those whose name is not ours. The findings are WFC305 and what
    `parse_at` finds wrong; a text that bash would refuse is no finding.
    """
    span = locate(0, len(source))
    if "$" not in source and _WORTH_READING.search(source) is None:
        return ShellText(source=source, span=span), ()
    plain = read_plain(source, locate)
    if plain is not None:
        return ShellText(source=source, references=plain, span=span), ()
    from compiler.shelltext.scan import scan_text

    scan = scan_text(source, locate)
    references = sorted(
        (found for site in scan.sites if (found := _reference(site)) is not None),
        key=lambda each: (each.start, -each.end),
    )
    text = ShellText(
        source=source,
        references=tuple(references),
        assigned=frozenset(scan.assigned),
        span=span,
    )
    unique: list[Diagnostic] = []
    for each in scan.diagnostics:  # a program text is read twice
        if each not in unique[-50:]:
            unique.append(each)
    return text, tuple(unique)


def _reference(site: "Site") -> ShellReference | None:
    expression = site.expression
    if expression is None:
        return None
    start, end = site.outer()
    here = site.here
    if here is not None and site.through:
        here = replace(
            here,
            word=site.lifted(*here.word),
            body=site.lifted(*here.body),
            end=site.lifted(*here.end),
        )
    return ShellReference(
        start=start,
        end=end,
        expression=expression,
        plain=site.plain,
        quoting=_outer_quoting(site),
        place=site.place,
        program=site.program,
        inner=site.inner,
        here=here,
    )


def _outer_quoting(site: "Site") -> Quoting:
    """The quoting of the command that holds the outermost program text."""
    start = site.start
    quoting = site.quoting
    for embedded in site.through:
        layer = embedded.layers[start] if start < len(embedded.layers) else "bare"
        match layer:
            case "backtick" | "quoted_backtick":
                pass
            case "ansi":
                quoting = "single"
            case _:
                quoting = layer
        start, _ = embedded.outer(start, start)
    return quoting


def as_inner_program(text: ShellText, head: str) -> ShellText:
    """`text` as the program of a shell that another program starts (`[bash, -c, TEXT]`):
    it reads the environment."""
    references = tuple(_left_for(head, each) for each in text.references)
    return replace(text, references=references)


def _left_for(head: str, reference: ShellReference) -> ShellReference:
    if reference.program:
        return reference
    return replace(
        reference,
        place="shell" if reference.place == "text" else reference.place,
        program=head,
        inner=reference.quoting,
    )


def words(source: str) -> frozenset[str]:
    """The identifiers that occur anywhere in the text, in comments too (R4)."""
    return frozenset(_IDENTIFIER.findall(source))


def as_shell_default(reference: ShellReference) -> ShellReference:
    """`${a-b}`, read as the name `a-b`, as what the shell makes of it: `a`, else `b`.

    In '...' and quoted here-documents no shell reads it: there it stays as it is.
    """
    expression = reference.expression
    if not isinstance(expression, Reference) or reference.quoting in (
        "single",
        "quoted_here",
    ):
        return reference
    found = _HYPHENATED.fullmatch(expression.text)
    if found is None:
        return reference
    default = Template(parts=(found[2],) if found[2] else (), span=expression.span)
    return replace(
        reference,
        plain=True,
        expression=replace(expression, name=found[1], path=(), default=default),
    )
