"""The characters of command lines -> words, quotes, operators and here-documents."""

import re

from compiler.shelltext.contexts import Body, Command, PendingBody
from compiler.shelltext.dollars import read_dollar
from compiler.shelltext.here_documents import read_next_body
from compiler.shelltext.programs import read_backticks
from compiler.shelltext.quotes import read_single_quotes
from compiler.shelltext.quoting import is_quoted, unquoted
from compiler.shelltext.references import leave
from compiler.shelltext.simple_commands import (
    ASSIGNMENT,
    begin_word,
    end_command,
    end_word,
    forget_words,
)
from compiler.shelltext.standard_input import end_subshell
from compiler.shelltext.state import (
    Scan,
    enter_arithmetic,
    enter_command,
    enter_double_quotes,
    enter_subscript,
)

_ORDINARY = re.compile(r"[^ \t\n'\"`$\\;&|()<>]+")
_BLANKS = re.compile(r"[ \t]+")
_ELEMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\[")
_FUNCTION = re.compile(r"\([ \t]*\)")
_REDIRECT = re.compile(r"<<<|<<-?|<>|<&|>&|&>>?|>>|>\||<|>")
_DELIMITER = re.compile(r"(?:\\[\s\S]|'[^']*'|\"(?:[^\"\\]|\\[\s\S])*\"|[^\s;&|()<>])+")


def step_in_command(scan: Scan, context: Command) -> None:
    if context.bodies and read_next_body(scan, context):
        return
    source, position = scan.source, scan.position
    plain = _ORDINARY.match(source, position, scan.limit)
    if plain is not None:
        if context.word < 0:
            _begin_ordinary(scan, context, plain.end())
        else:
            scan.position = plain.end()
        return
    character = source[position]
    if character in " \t":
        end_word(scan, context)
        blanks = _BLANKS.match(source, position, scan.limit)
        scan.position = blanks.end() if blanks else position + 1
    elif character == "\n":
        _newline(scan, context)
    elif character == "\\":
        if not source.startswith("\n", position + 1):
            begin_word(scan, context)
        scan.position += 2
    elif character in "'\"`$":
        begin_word(scan, context)
        _quote(scan, context, character)
    elif context.test and character in "()<>|&;":
        end_word(scan, context)
        scan.position += 1
    elif character in "<>" or source.startswith("&>", position):
        _redirect(scan, context)
    elif character == "(":
        _open(scan, context)
    elif character == ")":
        _close(scan, context)
    else:
        _separator(scan, context)


def _quote(scan: Scan, context: Command, character: str) -> None:
    position = scan.position
    match character:
        case "'":
            read_single_quotes(scan, context, position)
        case '"':
            enter_double_quotes(scan, position)
            scan.position += 1
        case "`":
            read_backticks(scan, context)
        case _ if scan.source.startswith('$"', position):
            scan.position += 1
        case _:
            read_dollar(scan, context)


def _begin_ordinary(scan: Scan, context: Command, end: int) -> None:
    """A word that goes on to `end`, or to its subscript; or a comment."""
    source, position = scan.source, scan.position
    if source[position] == "#":
        line_end = source.find("\n", position, scan.limit)
        scan.position = scan.limit if line_end < 0 else line_end
        return
    context.word = position
    scan.position = end
    if context.is_list:
        if source[position] == "[":
            _element(scan, position, context.array)
    elif not context.words and not context.test:
        element = _ELEMENT.match(source, position, end)
        if element is not None:
            _element(scan, element.end() - 1, element[1])


def _element(scan: Scan, bracket: int, array: str) -> None:
    enter_subscript(scan, bracket, of=array).is_element = True
    scan.position = bracket + 1


def _newline(scan: Scan, context: Command) -> None:
    if context.test or (context.cases and context.cases[-1] != "body"):
        end_word(scan, context)
    else:
        end_command(scan, context)
    context.bodies = bool(context.heres)
    scan.position += 1


def _separator(scan: Scan, context: Command) -> None:
    """`;`, `&`, `|` and what begins with them."""
    if context.in_pattern:
        end_word(scan, context)
        scan.position += 1
        return
    end_command(scan, context)
    ends_item = scan.source.startswith((";;", ";&"), scan.position)
    if ends_item and context.cases and context.cases[-1] == "body":
        context.cases[-1] = "pattern"
        scan.position += 1
    elif scan.source.startswith(("|", "&&"), scan.position):
        context.uncertain = True
    scan.position += 1


def _open(scan: Scan, context: Command) -> None:
    """A `(`: a function's head, an array, arithmetic, a subshell, or of a pattern."""
    source, position = scan.source, scan.position
    function = _FUNCTION.match(source, position, scan.limit)
    in_word = context.word >= 0
    no_command = in_word or context.redirect or context.is_list
    if function is not None and (in_word or not (no_command or context.in_pattern)):
        context.word = -1
        forget_words(scan, context)
        scan.position = function.end()
    elif no_command:
        assignment = ASSIGNMENT.match(
            source[context.word : position] if in_word else ""
        )
        words = enter_command(scan, position, ")", is_list=True)
        words.array = assignment[1] if assignment else ""
        scan.position += 1
    elif context.in_pattern:
        scan.position += 1
    elif source.startswith("((", position) and position not in scan.subshells:
        enter_arithmetic(scan, position, "))")
        scan.position += 2
    else:
        enter_command(scan, position, ")")
        scan.position += 1


def _close(scan: Scan, context: Command) -> None:
    if context.in_pattern:
        end_word(scan, context)
        if context.in_pattern:
            context.cases[-1] = "body"
            forget_words(scan, context)
            scan.position += 1
            return
    end_command(scan, context)
    scan.position += 1
    if context.close == ")":
        leave(scan)
        _hand_bodies_over(scan, context)
        if scan.source[context.start] == "(":
            end_subshell(scan, context)


def _hand_bodies_over(scan: Scan, context: Command) -> None:
    """Bodies begin at the end of the line: that is the line of a context around."""
    if not context.heres:
        return
    for around in reversed(scan.contexts):
        if isinstance(around, Body):
            return
        if isinstance(around, Command) and not around.is_list:
            around.heres.extend(context.heres)
            return


def _redirect(scan: Scan, context: Command) -> None:
    source, position = scan.source, scan.position
    if source.startswith("(", position + 1):  # <(...), no redirection
        begin_word(scan, context)
        enter_command(scan, position, ")")
        scan.position += 2
        return
    if context.word >= 0 and source[context.word : position].isdigit():
        context.word = -1
    end_word(scan, context)
    found = _REDIRECT.match(source, position, scan.limit)
    assert found is not None
    scan.position = found.end()
    is_here = found[0] in ("<<", "<<-")
    context.here_string = found[0] == "<<<"
    context.has_input = context.has_input or found[0] in ("<", "<&", "<>")
    if not (is_here and _delimiter(scan, context, strip=found[0] == "<<-")):
        context.redirect = True
        context.uncertain = context.uncertain or found[0] != "<<<"


def _delimiter(scan: Scan, context: Command, strip: bool) -> bool:
    """The word behind `<<`, if there is one: a body is due."""
    blanks = _BLANKS.match(scan.source, scan.position, scan.limit)
    start = blanks.end() if blanks else scan.position
    word = _DELIMITER.match(scan.source, start, scan.limit)
    if word is None:
        return False
    scan.position = word.end()
    raw = word[0]
    pending = PendingBody(
        word.span(), unquoted(raw), is_quoted(raw), strip, context.words
    )
    context.heres.append(pending)
    context.printed.append(pending)
    return True
