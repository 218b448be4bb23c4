"""Lists of words and command lines into the words that a process starts with."""

from compiler.ir import Arguments, Template
from compiler.reader.keys import EXEC
from compiler.reader.nodes import ListNode, MapNode, Node, ScalarNode, locator
from compiler.reader.programs import fixed_programs, program_word, word_template
from compiler.reader.references import template, template_without_commands
from compiler.reader.shape import Field, Reading, fields, scalar, wrong_type
from compiler.reader.shells import note_unclosed
from compiler.reader.words import split
from compiler.shelltext import use


def arguments(reading: Reading, node: ListNode) -> Arguments | None:
    """A `command` that is a list."""
    if not node.items:
        _no_word(reading, node)
        return None
    words = [scalar(reading, each, "command", "words") for each in node.items]
    return _argv(reading, words)


def execution(reading: Reading, field: Field) -> Arguments | None:
    """`exec`, Dagu 2's spelling of such a list: a program, and what it gets."""
    if not isinstance(field.value, MapNode):
        help = "write `exec: {command: NAME, args: [WORD]}`"
        wrong_type(reading, field.value, field.key.text, "a map", help)
        return None
    known = fields(reading, field.value, EXEC)
    named, rest = known.get("command"), known.get("args")
    if named is None:
        if known.complete:
            reading.report(
                "WFC106",
                f"`{field.key.text}` has no `command`",
                field.key,
                "no program",
                "write `command: NAME` below it",
            )
        return None
    words = [scalar(reading, named.value, "command", "a word", False)]
    if rest is not None and not isinstance(rest.value, ListNode):
        wrong_type(reading, rest.value, "args", "a list of words")
    elif rest is not None and isinstance(rest.value, ListNode):
        words += [scalar(reading, it, "args", "words") for it in rest.value.items]
    return _argv(reading, words)


def _argv(reading: Reading, words: list[ScalarNode | None]) -> Arguments:
    known = [word for word in words if word is not None]
    found = use([word.text for word in known])
    return Arguments(
        words=tuple(
            (
                program_word(reading, word, found)
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


def interpreter(reading: Reading, node: Node) -> tuple[Template, ...]:
    """`command` beside `script`: split as a shell does, or a list."""
    if isinstance(node, ListNode):
        nodes = [scalar(reading, each, "command", "words") for each in node.items]
        read = tuple(template(reading, each) for each in nodes if each is not None)
        if not nodes:
            _no_word(reading, node)
        return fixed_programs(reading, read)
    found = scalar(reading, node, "command", "a command line", False)
    if found is None:
        return ()
    words = split(found.text)
    if not words:
        note_unclosed(reading, found)
        return ()
    locate = locator(reading.source, found)
    read = tuple(word_template(reading, word, locate) for word in words)
    return fixed_programs(reading, read)
