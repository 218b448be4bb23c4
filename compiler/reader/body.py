"""`command`, `script`, `run` and `parallel` of a step into its one body."""

import re
from dataclasses import replace

from compiler.expressions import parse_at
from compiler.ir import (
    DEFAULT_SHELL,
    Arguments,
    Body,
    Call,
    Command,
    CommandSubstitution,
    Expression,
    LeafBody,
    ListWord,
    Reference,
    Script,
    ShellReference,
    ShellText,
    Template,
)
from compiler.reader.keys import SERVICE
from compiler.reader.nodes import ListNode, Locate, Node, ScalarNode, locator
from compiler.reader.references import (
    shell_text,
    template,
    template_part,
    template_without_commands,
)
from compiler.reader.shape import (
    Field,
    Fields,
    Reading,
    scalar,
)
from compiler.reader.words import DOLLAR, Word, split
from compiler.shelltext import Use, as_inner_program, in_program, use
from compiler.shelltext.shells import is_shell, shebang
from compiler.source import Span

# What looks like a reference of ours in a program of another language.
_OPENING = re.compile(r"""\$\{(?=[A-Za-z_])|\$<(?=[^\n>$]*[\w)\]"'}]\s*>)""")
# A dollar that begins no reference of ours in a program of awk, sed or jq.
_OWN_DOLLAR = re.compile(r"\$(?![{<$])")


def body(reading: Reading, known: Fields, span: Span) -> Body:
    """The one body of a step; an empty command where there is none that can be read."""
    found = _one_run(reading, known, span)
    parallel = known.get("parallel")
    if parallel is None:
        if "parallel" in known.empty and known.complete:
            _note_no_items(reading, known.empty["parallel"])
        return found
    from compiler.reader.fan_out import fan_out  # which few steps need

    return fan_out(reading, parallel, found)


def _note_no_items(reading: Reading, key: ScalarNode) -> None:
    reading.report(
        "WFC115",
        f"`{key.text}` has no effect: it has no value",
        key,
        "the step runs once, as if it were absent",
        f"list items below it; `{key.text}: []` is a list without any",
    )


def _one_run(reading: Reading, known: Fields, span: Span) -> LeafBody | Call:
    """What runs once, or once for each item."""
    if not SERVICE.isdisjoint(known.by_name):
        from compiler.reader.services import service  # which few steps need

        served = service(reading, known, span)
        if served is not None:
            return served
    command, script, run = (known.get(name) for name in ("command", "script", "run"))
    found: LeafBody | Call | None = None
    shell = shell_words(reading, known.get("shell"))
    if run is not None:
        found = _call(reading, run, known)
    elif script is not None:
        found = _script(reading, script, command, shell)
    elif command is not None:
        found = _command(reading, command, shell)
    if run is None and known.complete:
        _without_run(reading, known, span)
    return found or Command(text=ShellText(source="", span=span))


def _call(reading: Reading, run: Field, known: Fields) -> Call | None:
    from compiler.reader.call import call

    others = [known.get("command"), known.get("script")]
    given = [each.key for each in others if each is not None]
    if given:
        reading.report(
            "WFC113",
            f"`{run.key.text}` beside `{given[0].text}`",
            run.key,
            "a step runs one thing",
            "take one of them out",
            tuple((reading.span(key), "and this") for key in given),
        )
    return call(reading, run, known)


def _without_run(reading: Reading, known: Fields, span: Span) -> None:
    """Says what is missing, or has no meaning, in a step that calls nothing."""
    for name in ("params", "candidates"):
        field = known.get(name)
        if field is not None:
            return reading.report(
                "WFC113",
                f"`{name}` without `run`",
                field.key,
                "says how a workflow is called, but none is",
                "write `run: WORKFLOW`, or take it out",
            )
    if known.get("command") is None and known.get("script") is None:
        reading.report(
            "WFC106",
            "a step without `command`, `script` or `run`",
            span,
            "nothing to run",
            "write `command: TEXT`",
        )


def shell_words(reading: Reading, field: Field | None) -> tuple[Field, list[str]] | None:
    """The words of `shell`, which are fixed."""
    if field is None:
        return None
    found = scalar(reading, field.value, "shell", "a command line", False)
    if found is None:
        return None
    if "$" in found.text or "`" in found.text:
        reading.report(
            "WFC107",
            "`shell` takes no references",
            found,
            "fixed words only",
            "name the shell itself, as in `shell: bash -euo pipefail`",
        )
        return None
    words = split(found.text)
    if not words:
        _unclosed(reading, found)
        return None
    return field, [word.text for word in words]


def _unclosed(reading: Reading, node: ScalarNode) -> None:
    reading.report(
        "WFC107",
        "a quote in this command line is never closed",
        node,
        "split into words as a shell does",
        "close the quote",
    )


def _command(
    reading: Reading, field: Field, shell: tuple[Field, list[str]] | None
) -> LeafBody | None:
    node = field.value
    if isinstance(node, ListNode):
        if shell is not None:
            reading.report(
                "WFC113",
                "`shell` beside a `command` that is a list",
                shell[0].key,
                "no shell reads a list",
                "take `shell` out, or write `command` as one text",
                ((reading.span(field.key), "the list"),),
            )
        return _arguments(reading, node)
    found = scalar(reading, node, "command", "a text or a list of words", False)
    if found is None:
        return None
    if shell is None:
        return Command(text=shell_text(reading, found))
    words = shell[1]
    return Command(text=_program(reading, found, words), shell=tuple(words))


def _arguments(reading: Reading, node: ListNode) -> Arguments | None:
    words = [scalar(reading, each, "command", "words") for each in node.items]
    if not words:
        _no_word(reading, node)
        return None
    known = [word for word in words if word is not None]
    found = use([word.text for word in known])
    return Arguments(
        words=tuple(
            (
                _program_word(reading, word, found)
                if index in found.programs
                else template_without_commands(reading, word)
            )
            for index, word in enumerate(known)
        )
    )


def _no_word(reading: Reading, node: Node) -> None:
    reading.report(
        "WFC107", "`command` is empty", node, "no word", "write the program's name"
    )


def _program_word(reading: Reading, node: ScalarNode, found: Use) -> ListWord:
    """A word that is a program: its `$` are its reader's, and a value is no code (R4)."""
    match found.reader:
        case "shell":
            text = shell_text(reading, node)
            return as_inner_program(text, found.head)
        case "filter":
            return filter_program(reading, node, found.head)
        case _:
            return _foreign(reading, node, found.head)


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


def _script(
    reading: Reading,
    field: Field,
    command: Field | None,
    shell: tuple[Field, list[str]] | None,
) -> Script | None:
    if command is not None and shell is not None:
        reading.report(
            "WFC113",
            "`shell` and `command` beside `script`",
            shell[0].key,
            "both name the script's interpreter",
            "take one of them out",
            ((reading.span(command.key), "and this"),),
        )
    found = scalar(reading, field.value, "script", "a text", False)
    if found is None:
        return None
    named = command or (None if shell is None else shell[0])
    if named is not None and shebang(found.text):
        _note_shebang(reading, found, named)
    if command is not None:
        interpreter = _interpreter(reading, command.value)
        plain = [
            "".join(part for part in word.parts if isinstance(part, str))
            for word in interpreter
        ]
    elif shell is not None:
        plain = shell[1]
        interpreter = _fixed(plain, reading.span(shell[0].value))
    else:
        plain = shebang(found.text)
        interpreter = ()
        if not plain:
            plain = list(DEFAULT_SHELL)
            interpreter = _fixed(plain, reading.span(field.key))
    return Script(text=_program(reading, found, plain), interpreter=interpreter)


def _note_shebang(reading: Reading, script: ScalarNode, named: Field) -> None:
    line = script.text.partition("\n")[0]
    reading.report(
        "WFC115",
        f"the script's `#!` line has no effect: `{named.key.text}` names its interpreter",
        locator(reading.source, script)(0, len(line)),
        "a comment here",
        f"take it out, or take `{named.key.text}` out",
        ((reading.span(named.key), "this one counts"),),
    )


def _fixed(words: list[str], span: Span) -> tuple[Template, ...]:
    return tuple(Template(parts=(word,), span=span) for word in words)


def _interpreter(reading: Reading, node: Node) -> tuple[Template, ...]:
    """`command` beside `script`: split as a shell does, or a list."""
    if isinstance(node, ListNode):
        nodes = [scalar(reading, each, "command", "words") for each in node.items]
        read = tuple(template(reading, each) for each in nodes if each is not None)
        if not nodes:
            _no_word(reading, node)
        return _fixed_programs(reading, read)
    found = scalar(reading, node, "command", "a command line", False)
    if found is None:
        return ()
    words = split(found.text)
    if not words:
        _unclosed(reading, found)
        return ()
    locate = locator(reading.source, found)
    read = tuple(word_template(reading, word, locate) for word in words)
    return _fixed_programs(reading, read)


def _fixed_programs(
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


def _program(reading: Reading, node: ScalarNode, words: list[str]) -> ShellText:
    """The text of a command or script for the interpreter `words`."""
    if is_shell(words):
        return shell_text(reading, node)
    return _foreign(reading, node, _language(words))


def _foreign(reading: Reading, node: ScalarNode, language: str) -> ShellText:
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


def _language(words: list[str]) -> str:
    """`python` for `/usr/bin/env python3.11 -u`."""
    names = [word.rsplit("/", 1)[-1] for word in words if not word.startswith("-")]
    named = next((name for name in names if name != "env"), "the interpreter")
    return named.rstrip("0123456789.") or named
