"""Programs that a command reads from its standard input -> what is in the text of them.

They come from here-documents and `<<<` of the command itself or of a compound command
around it, or from what `echo`, `printf` and here-documents print into a pipe.
"""

from typing import Literal

from compiler.shelltext.commands import Use
from compiler.shelltext.contexts import Command, PendingBody
from compiler.shelltext.programs import Program, mark, read_shell_program
from compiler.shelltext.sites import Site
from compiler.shelltext.state import Scan


def read_input(scan: Scan, context: Command, found: Use) -> None:
    """The command that ends here takes its standard input for a program."""
    reader = found.reader
    assert reader == "shell" or reader == "foreign"
    scan.stdin_reader = found.head
    heres = [here for here in context.heres if here.words is context.words]
    for here in heres:
        here.reader, here.program = reader, found.head
    if context.strings:
        _read_strings(scan, context, reader, found.head)
    if heres or context.strings or context.has_input:
        return
    for around in scan.contexts:
        if isinstance(around, Command):
            for each in around.printed:
                _refuse(each, found.head)
            around.printed = []


def _read_strings(
    scan: Scan, context: Command, reader: Literal["shell", "foreign"], head: str
) -> None:
    code = Program(head, context.strings, "bare", context, context.first_site)
    if reader == "shell":
        read_shell_program(scan, code)
    else:
        mark(scan, code, reader)


def _refuse(printed: Site | PendingBody, head: str) -> None:
    if isinstance(printed, Site):
        if printed.place == "text":
            printed.place, printed.program = "foreign", head
        return
    if not printed.reader:
        printed.reader, printed.program = "foreign", head
    for site in printed.sites:
        _refuse(site, head)


def read_input_of_compound(scan: Scan, context: Command) -> None:
    """What is redirected to `{ ...; }` and the like goes to any command in it."""
    head = scan.stdin_reader
    if not head:
        return
    for here in context.heres:
        if here.words is context.words:
            here.reader, here.program = "foreign", head
    if context.strings:
        _read_strings(scan, context, "foreign", head)


def note_printed(scan: Scan, context: Command) -> None:
    """What the command that ends here prints, or hands on from a `<<<`."""
    prints = context.head in ("echo", "printf")
    if not (prints or context.strings):
        return
    context.printed += (
        site
        for site in scan.sites[context.first_site :]
        if site.owner is context
        and (prints or any(a <= site.start < b for a, b in context.strings))
    )


def end_pipe(scan: Scan, context: Command) -> None:
    """A command has ended: unless a `|` follows, or it is a part of another one."""
    follows = scan.source[scan.position : scan.position + 2]
    is_pipe = follows[:1] == "|" and follows != "||"
    if not (is_pipe or context.compounds or context.close):
        context.printed = []


def end_subshell(scan: Scan, context: Command) -> None:
    """What is printed in `( ... )` is printed by it."""
    around = scan.contexts[-1]
    if isinstance(around, Command):
        around.behind_compound = True
        few, many = sorted((around.printed, context.printed), key=len)
        many += few
        around.printed = many
