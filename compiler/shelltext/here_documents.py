"""The body of a here-document -> the references in it, by whoever reads it as a program.

A body whose delimiter is quoted is read at once. One that is expanded is a context, whose
end is the scanner's limit: nothing that begins in it goes on behind it.
"""

import re

from compiler.ir import HereDocument
from compiler.shelltext.contexts import Body, Command, PendingBody, Word
from compiler.shelltext.programs import (
    Program,
    hand_on_to_body,
    mark,
    read_shell_program,
)
from compiler.shelltext.references import read_in_quotes, report_unclosed
from compiler.shelltext.state import Scan, open_site

_IN_QUOTED_BODY = re.compile(r"\\*\$[{<]")


def read_next_body(scan: Scan, context: Command) -> bool:
    """Begins the next here-document of `context`, at the start of its body."""
    if not context.heres:
        context.bodies = False
        return False
    pending = context.heres.pop(0)
    start = scan.position
    end, closing = _find_end(scan, pending, start)
    resume = min(closing[1] + 1, scan.limit)
    if pending.quoted:
        here = HereDocument(
            word=pending.word,
            body=(start, end),
            end=closing,
            delimiter=pending.delimiter,
        )
        _read_quoted_body(scan, pending, here)
        scan.position = resume
        return True
    body = Body(start, pending, scan.limit, resume, len(scan.sites))
    scan.contexts.append(body)
    scan.limit = end
    return True


def _find_end(scan: Scan, pending: PendingBody, start: int) -> tuple[int, Word]:
    """Where the body ends, and the place of the delimiter in the closing line."""
    key = (pending.delimiter, pending.strip)
    nowhere = (scan.limit, (scan.limit, scan.limit))
    if scan.missing.get(key, scan.limit + 1) <= start:
        return nowhere
    tabs = r"\t*" if pending.strip else ""
    line = re.compile(rf"^{tabs}({re.escape(pending.delimiter)})$", re.MULTILINE)
    found = line.search(scan.source, start, scan.limit)
    if found is None:
        scan.missing[key] = start
        return nowhere
    return found.start(), found.span(1)


def _read_quoted_body(scan: Scan, pending: PendingBody, here: HereDocument) -> None:
    first = len(scan.sites)
    position, end = here.body
    while found := _IN_QUOTED_BODY.search(scan.source, position, end):
        position, site = read_in_quotes(scan, found, "quoted_here", end)
        if site is not None:
            site.here, site.owner = here, here
    hand_on_to_body(scan, here)
    code = Program(pending.program, (here.body,), "quoted_here", here, first)
    _read_as_program(scan, pending, code)


def leave_body(scan: Scan) -> bool:
    """At the limit: leaves the innermost body and all that began in it, if there is one."""
    depth = len(scan.contexts) - 1
    while depth >= 0 and not isinstance(scan.contexts[depth], Body):
        depth -= 1
    body = scan.contexts[depth] if depth >= 0 else None
    if not isinstance(body, Body):
        return False
    for each in scan.contexts[depth + 1 :]:
        site = open_site(each)
        if site is not None:
            report_unclosed(scan, site.start)
            scan.sites.remove(site)
    del scan.contexts[depth:]
    place = (body.start, scan.limit)
    scan.limit, scan.position = body.outer_limit, body.resume
    code = Program(body.pending.program, (place,), "here", body, body.first_site)
    _read_as_program(scan, body.pending, code)
    return True


def _read_as_program(scan: Scan, pending: PendingBody, code: Program) -> None:
    if pending.reader == "shell":
        read_shell_program(scan, code)
    elif pending.reader == "foreign":
        mark(scan, code, "foreign")
    else:
        pending.sites = list(code.sites(scan))
