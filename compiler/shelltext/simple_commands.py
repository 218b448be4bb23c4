"""The words of a simple command, one by one -> names that it sets, programs in it.

A word is known at its end, a command when its last word is: only then is it clear what
the sites in it are for.
"""

import re
from collections.abc import Iterator

from compiler.shelltext import commands, launching
from compiler.shelltext.arithmetic import read_operand
from compiler.shelltext.contexts import Command, Word
from compiler.shelltext.programs import Program, mark, read_shell_program
from compiler.shelltext.quoting import unquoted
from compiler.shelltext.standard_input import (
    end_pipe,
    note_printed,
    read_input,
    read_input_of_compound,
)
from compiler.shelltext.state import Scan

# Names and options are found in the beginning of a word; words hold words, without limit.
_ENOUGH = 256

_COMPARISONS = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"}
_OPENING = {"if", "while", "until", "for", "select", "{"}
_CLOSING = {"fi", "done", "}"}

ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[^]]*\])?\+?=")
_ELEMENT = re.compile(r"['\"]?([A-Za-z_][A-Za-z0-9_]*)\[")


def begin_word(scan: Scan, context: Command) -> None:
    if context.word < 0:
        context.word = scan.position


def end_word(scan: Scan, context: Command) -> None:
    """The current word, if there is one, ends at the position."""
    if context.word < 0:
        return
    word = (context.word, scan.position)
    context.word = -1
    if context.redirect:
        context.redirect = False
        if context.here_string:
            context.strings.append(word)
        return
    if context.is_list:
        if context.array in scan.integers:
            read_operand(scan, context, word)
        return
    raw = _beginning(scan, word)
    if context.in_pattern:
        if raw == "esac":
            context.cases.pop()
    elif context.test:
        _word_of_test(scan, context, raw, word)
    elif context.words:
        _argument(scan, context, raw, word)
    else:
        _first_word(scan, context, raw, word)


def _beginning(scan: Scan, word: Word) -> str:
    start, end = word
    return scan.source[start : min(end, start + _ENOUGH)]


def _first_word(scan: Scan, context: Command, raw: str, word: Word) -> None:
    assignment = ASSIGNMENT.match(raw)
    if assignment is not None:
        context.assignments.append((assignment[1], word))
        if assignment[1] in scan.integers:
            read_operand(scan, context, (word[0] + assignment.end(), word[1]))
        context.uncertain = context.uncertain or assignment[0] != f"{assignment[1]}="
    elif raw in commands.BEFORE_COMMAND:
        context.uncertain = context.uncertain or raw == "coproc"
        _count_compounds(context, raw)
    elif raw == "esac" and context.cases:
        context.cases.pop()
    elif raw == "[[":
        context.test = True
        context.operand = None
    else:
        context.words.append(word)
        context.head = raw
        _count_compounds(context, raw)
        if raw == "case":
            context.cases.append("subject")


def _count_compounds(context: Command, raw: str) -> None:
    if raw in _OPENING:
        context.compounds += 1
    elif raw in _CLOSING:
        context.compounds -= 1
        context.behind_compound = True


def _argument(scan: Scan, context: Command, raw: str, word: Word) -> None:
    if context.head == "case" and raw == "in" and len(context.words) > 1:
        if context.cases:
            context.cases[-1] = "pattern"
        forget_words(scan, context)
    elif context.head == "function" and len(context.words) == 1:
        forget_words(scan, context)
    else:
        context.words.append(word)


def _word_of_test(scan: Scan, context: Command, raw: str, word: Word) -> None:
    if raw == "]]":
        context.test = context.comparing = False
    elif raw in _COMPARISONS and context.operand is not None:
        read_operand(scan, context, context.operand)
        context.comparing = True
    else:
        if context.comparing:
            read_operand(scan, context, word)
            context.comparing = False
        elif context.operand is not None and _beginning(scan, context.operand) == "-v":
            _read_variable(scan, context, word, "[[")
        context.operand = word


def _read_variable(scan: Scan, context: Command, word: Word, head: str) -> None:
    """A word that names a variable for `head`: bash evaluates what is in a subscript.

    In one that the text itself writes, `"a[$X]"`, that is arithmetic; else it is code.
    """
    start, end = word
    equals = scan.source.find("=", start, end)
    end = end if equals < 0 else equals
    element = _ELEMENT.match(scan.source, start, end)
    if element is not None and element[1] not in scan.associative:
        read_operand(scan, context, (element.end(), end))
    else:
        name = Program(head, ((start, end),), "bare", context, context.first_site)
        mark(scan, name, "foreign")


def forget_words(scan: Scan, context: Command) -> None:
    """What follows is another command."""
    context.words = []
    context.assignments = []
    context.redirect = context.here_string = context.has_input = False
    context.strings = []
    context.first_site = len(scan.sites)


def end_command(scan: Scan, context: Command) -> None:
    """The current command, if there is one, ends at the position."""
    end_word(scan, context)
    if context.words and not context.is_list:
        if _is_interesting(scan, context):
            _use(scan, context)
        note_printed(scan, context)
    else:
        sure = _runs_surely(scan, context)
        for name, word in context.assignments:
            scan.set_name(name, word[1])
            if sure:
                scan.surely.setdefault(name, []).append(word)
    if not context.words:
        read_input_of_compound(scan, context)
    if context.words or context.assignments or context.behind_compound:
        context.uncertain = False  # else it is a line end behind `||`
        end_pipe(scan, context)
    context.test = context.behind_compound = False
    forget_words(scan, context)


def _of_integers(scan: Scan, plain: list[str], found: commands.Use) -> Iterator[int]:
    """Words whose values a command gives to variables that are declared as integers."""
    if found.head in ("for", "select") and scan.integers.intersection(plain[1:2]):
        yield from range(3, len(plain))
    elif scan.integers and found.names:
        for index, word in enumerate(plain):
            assignment = ASSIGNMENT.match(word)
            if assignment is not None and assignment[1] in scan.integers:
                yield index


def _is_interesting(scan: Scan, context: Command) -> bool:
    if launching.is_interesting(unquoted(context.head)):
        return True
    arguments = context.words[1:]
    return any(launching.may_start(unquoted(_beginning(scan, it))) for it in arguments)


def _runs_surely(scan: Scan, context: Command) -> bool:
    """Whether what follows in the text only runs after the command that ends here, in the
    same shell: it hangs on nothing, and is in no pipe and not in the background."""
    return (
        scan.contexts == [context]
        and not (context.uncertain or context.compounds or context.cases)
        and scan.source[scan.position : scan.position + 1] in ("", ";", "\n")
    )


def _use(scan: Scan, context: Command) -> None:
    """What the command that ends here does with its words."""
    words = context.words
    plain = [unquoted(_beginning(scan, word)) for word in words]
    found = launching.use(plain)
    for index in {*found.arithmetic, *_of_integers(scan, plain, found)}:
        read_operand(scan, context, words[index])
    for index in found.variables:
        _read_variable(scan, context, words[index], found.head)
    for name in found.names:
        scan.set_name(name, scan.position)
        if commands.sets_surely(plain) and _runs_surely(scan, context):
            whole = (words[0][0], scan.position)
            scan.surely.setdefault(name, []).append(whole)
    if found.stdin:
        read_input(scan, context, found)
    ranges = [words[index] for index in found.programs]
    if not ranges:
        return
    code = Program(found.head, ranges, "bare", context, context.first_site)
    match found.reader:
        case "shell":
            read_shell_program(scan, code)
        case "foreign" | "filter" as reader:
            mark(scan, code, reader)
