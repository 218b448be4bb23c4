"""Texts that a program reads -> with only those references that it may have (R4)."""

import re
from dataclasses import replace

from compiler.expressions import parse_at
from compiler.ir import (
    CommandSubstitution,
    Expression,
    ListWord,
    Reference,
    ShellReference,
    ShellText,
    Template,
)
from compiler.reader.nodes import Locate, ScalarNode, locator
from compiler.reader.references import shell_text, template_part
from compiler.reader.shape import Reading
from compiler.reader.words import DOLLAR, Word
from compiler.shelltext import Use, as_inner_program, in_program, use

# What looks like a reference of ours in a program of another language.
_OPENING = re.compile(r"""\$\{(?=[A-Za-z_])|\$<(?=[^\n>$]*[\w)\]"'}]\s*>)""")
# A dollar that begins no reference of ours in a program of awk, sed or jq.
_OWN_DOLLAR = re.compile(r"\$(?![{<$])")


def program_word(reading: Reading, node: ScalarNode, found: Use) -> ListWord:
    """A word that is a program: its `$` are its reader's, and a value is no code (R4)."""
    match found.reader:
        case "shell":
            text = shell_text(reading, node)
            return as_inner_program(text, found.head)
        case "filter":
            return filter_program(reading, node, found.head)
        case _:
            return foreign(reading, node, found.head)


def filter_program(reading: Reading, node: ScalarNode, head: str) -> Template:
    """A program of awk, sed or jq: `$NF` is its own, a `${X}` is warned of."""
    text = _OWN_DOLLAR.sub(DOLLAR, node.text)
    word = Word(text, list(range(len(text))))
    read = word_template(reading, word, locator(reading.source, node))
    for part in read.parts:
        if isinstance(part, str | CommandSubstitution):
            continue
        finding = in_program(part, "filter", head)
        reading.findings.append(finding)
    return read


def fixed_programs(
    reading: Reading, words: tuple[Template, ...]
) -> tuple[Template, ...]:
    """The words of an interpreter; one that is itself a program takes no reference."""
    plain = ["".join(_as_written(part) for part in word.parts) for word in words]
    found = use(plain)
    for index in found.programs:
        for part in words[index].parts:
            if not isinstance(part, str | CommandSubstitution):
                finding = in_program(part, "foreign", found.head)
                reading.findings.append(finding)
    return words


def _as_written(part: str | Expression | CommandSubstitution) -> str:
    if isinstance(part, str):
        return part
    return part.text if isinstance(part, Reference) else "$<>"


def word_template(reading: Reading, word: Word, locate: Locate) -> Template:
    read = template_part(reading, word.text, locate, word.offsets, backticks=False)
    parts = (
        part.replace(DOLLAR, "$") if isinstance(part, str) else part
        for part in read.parts
    )
    return replace(read, parts=tuple(parts))


def foreign(reading: Reading, node: ScalarNode, language: str) -> ShellText:
    """A program in another language than a shell's: nothing in it is a reference; what
    looks like one is kept as misplaced, for the pass that knows the names (R4)."""
    locate = locator(reading.source, node)
    references: list[ShellReference] = []
    for found in _OPENING.finditer(node.text):
        parsed = parse_at(node.text, found.start(), locate)
        if parsed is not None and parsed.expression is not None:
            references.append(
                ShellReference(
                    start=found.start(),
                    end=parsed.end,
                    expression=parsed.expression,
                    plain=False,
                    quoting="single",
                    place="foreign",
                    program=language,
                )
            )
    return ShellText(
        source=node.text, references=tuple(references), span=reading.span(node)
    )


def language(words: list[str]) -> str:
    """`python` for `/usr/bin/env python3.11 -u`."""
    names = [word.rsplit("/", 1)[-1] for word in words if not word.startswith("-")]
    named = next((name for name in names if name != "env"), "the interpreter")
    return named.rstrip("0123456789.") or named
