"""Checks of a resolved program: each is named for the bad thing, none stops at the first."""

from collections.abc import Callable, Iterator

from compiler.diagnostics import Diagnostic
from compiler.ir import Program
from compiler.validate.calls import (
    ineffective_in_a_call,
    queue_of_nobody,
    unlisted_file,
)
from compiler.validate.expressions import expression_type
from compiler.validate.graph import ineffective_limit, late_continue_on
from compiler.validate.mails import mail_of_nobody, mail_without_its_parts
from compiler.validate.names import duplicate_definition, name_clash
from compiler.validate.params import bad_param
from compiler.validate.paths import shared_path
from compiler.validate.patterns import pattern_syntax
from compiler.validate.versions import version_dependent

Check = Callable[[Program], Iterator[Diagnostic]]

CHECKS: tuple[Check, ...] = (
    duplicate_definition,
    name_clash,
    ineffective_limit,
    late_continue_on,
    pattern_syntax,
    expression_type,
    ineffective_in_a_call,
    queue_of_nobody,
    shared_path,
    bad_param,
    mail_without_its_parts,
    mail_of_nobody,
)


def check(program: Program, exists: Callable[[str], bool]) -> Iterator[Diagnostic]:
    """Everything that the checks find in `program`. `exists` says whether there is a file
    at a path that is given as spans give theirs."""
    for each in CHECKS:
        yield from each(program)
    yield from unlisted_file(program, exists)
    yield from version_dependent(program, exists)
