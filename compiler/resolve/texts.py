"""Templates and shell texts as read -> with only those references that are ours."""

import re
from collections.abc import Iterator
from dataclasses import replace

from compiler.diagnostics import Diagnostic
from compiler.ir import Reference, ShellReference, ShellText, Template
from compiler.resolve.names import look_up, resolve_expression
from compiler.resolve.scopes import Findings, Scope, is_hidden, variable_origins
from compiler.resolve.unknown import unknown
from compiler.shelltext import as_shell_default, misplaced
from compiler.walk import map_template


def resolve_template(template: Template, scope: Scope, findings: Findings) -> Template:
    return map_template(
        template,
        lambda part: resolve_expression(part, scope, findings),
        lambda text: resolve_shell_text(text, scope, findings),
    )


def resolve_shell_text(text: ShellText, scope: Scope, findings: Findings) -> ShellText:
    """`text` with what resolves to a wfc name; everything else is the shell's (R1)."""
    if not text.references:
        return text
    ours: list[ShellReference] = []
    for reference in text.references:
        for resolved in _resolve(reference, text, scope, findings):
            ours.append(resolved)
            problem = misplaced(resolved)
            if problem is not None:
                findings.diagnostics.append(problem)
    return replace(text, references=tuple(ours))


def _resolve(
    reference: ShellReference, text: ShellText, scope: Scope, findings: Findings
) -> Iterator[ShellReference]:
    """The resolved form of `reference`, nothing when it is the shell's own."""
    expression = reference.expression
    if not isinstance(expression, Reference) or expression.text.startswith("$<"):
        yield replace(
            reference, expression=resolve_expression(expression, scope, findings)
        )
    elif reference.plain:
        yield from _plain(reference, expression, text, scope, findings)
    else:
        yield from _generated(reference, expression, text, scope, findings)


def _plain(
    reference: ShellReference,
    expression: Reference,
    text: ShellText,
    scope: Scope,
    findings: Findings,
) -> Iterator[ShellReference]:
    origins = variable_origins(expression.name, scope)
    if origins:
        # The shell reads the default itself; what is nested in it stands on its own.
        default = None
        if expression.default is not None:
            default = Template(parts=(), span=expression.span)
        resolved = replace(expression, origins=origins, default=default)
        yield replace(reference, expression=resolved)
    elif (
        is_hidden(expression.name, scope)
        and expression.name not in text.assigned
        and expression.default is None
    ):
        problem = look_up(expression, scope) or unknown(expression, scope)
        if isinstance(problem, Diagnostic):
            findings.diagnostics.append(problem)


def _generated(
    reference: ShellReference,
    expression: Reference,
    text: ShellText,
    scope: Scope,
    findings: Findings,
) -> Iterator[ShellReference]:
    indexed = _is_indexed(expression)
    if indexed and expression.name in text.assigned:
        return  # the text's own array
    found = look_up(expression, scope)
    if isinstance(found, Reference):
        resolved = resolve_expression(expression, scope, findings)
        yield replace(reference, expression=resolved)
    elif found is not None:
        findings.diagnostics.append(found)
    elif "-" in expression.name:
        as_shell = as_shell_default(reference)
        if as_shell.plain and isinstance(as_shell.expression, Reference):
            yield from _plain(as_shell, as_shell.expression, text, scope, findings)
    elif (
        expression.path
        and not indexed
        and reference.quoting not in ("single", "quoted_here")
    ):
        findings.diagnostics.append(unknown(expression, scope))


def _is_indexed(expression: Reference) -> bool:
    """Is it `${name[...`, which a shell can read as an array of its own?"""
    return re.match(r"\$\{[\w-]+\[", expression.text) is not None
