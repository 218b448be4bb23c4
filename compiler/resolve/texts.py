"""Templates and shell texts as read -> with only those references that are ours."""

import re

from compiler.diagnostics import Diagnostic
from compiler.ir import Expression, Reference, ShellReference, ShellText, Template
from compiler.resolve.names import look_up, resolve_expression
from compiler.resolve.scopes import Findings, Scope, is_hidden, variable_origins
from compiler.resolve.unknown import unknown
from compiler.shelltext import as_shell_default, misplaced
from compiler.walk import map_template


def resolve_template(template: Template, scope: Scope, findings: Findings) -> Template:
    """`template` with all its references resolved, those in its backticks as in shell text."""
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
        resolved = _resolve(reference, text, scope, findings)
        if resolved is not None:
            ours.append(resolved)
            problem = misplaced(resolved)
            if problem is not None:
                findings.diagnostics.append(problem)
    return ShellText(
        source=text.source,
        references=tuple(ours),
        assigned=text.assigned,
        span=text.span,
    )


def _resolve(
    reference: ShellReference, text: ShellText, scope: Scope, findings: Findings
) -> ShellReference | None:
    """The resolved form of `reference`, None when it is the shell's own."""
    expression = reference.expression
    if not isinstance(expression, Reference) or expression.text.startswith("$<"):
        return _with_expression(
            reference, resolve_expression(expression, scope, findings)
        )
    if reference.plain:
        return _plain(reference, expression, text, scope, findings)
    return _generated(reference, expression, text, scope, findings)


def _with_expression(
    reference: ShellReference, expression: Expression
) -> ShellReference:
    """As `replace` does, which takes three times as long: there are many of them."""
    return ShellReference(
        start=reference.start,
        end=reference.end,
        expression=expression,
        plain=reference.plain,
        quoting=reference.quoting,
        place=reference.place,
        program=reference.program,
        inner=reference.inner,
        here=reference.here,
    )


def _plain(
    reference: ShellReference,
    expression: Reference,
    text: ShellText,
    scope: Scope,
    findings: Findings,
) -> ShellReference | None:
    origins = variable_origins(expression.name, scope)
    if origins:
        # The shell reads the default itself; what is nested in it stands on its own.
        default = None
        if expression.default is not None:
            default = Template(parts=(), span=expression.span)
        resolved = Reference(
            text=expression.text,
            name=expression.name,
            path=expression.path,
            default=default,
            origins=origins,
            span=expression.span,
        )
        return _with_expression(reference, resolved)
    if (
        is_hidden(expression.name, scope)
        and expression.name not in text.assigned
        and expression.default is None
    ):
        problem = look_up(expression, scope) or unknown(expression, scope)
        if isinstance(problem, Diagnostic):
            findings.diagnostics.append(problem)
    return None


def _generated(
    reference: ShellReference,
    expression: Reference,
    text: ShellText,
    scope: Scope,
    findings: Findings,
) -> ShellReference | None:
    indexed = _is_indexed(expression)
    if indexed and expression.name in text.assigned:
        return None  # the text's own array
    found = look_up(expression, scope)
    if isinstance(found, Reference):
        resolved = resolve_expression(expression, scope, findings)
        return _with_expression(reference, resolved)
    if found is not None:
        findings.diagnostics.append(found)
    elif "-" in expression.name:
        as_shell = as_shell_default(reference)
        if as_shell.plain and isinstance(as_shell.expression, Reference):
            return _plain(as_shell, as_shell.expression, text, scope, findings)
    elif (
        expression.path
        and not indexed
        and reference.quoting not in ("single", "quoted_here")
    ):
        findings.diagnostics.append(unknown(expression, scope))
    return None


def _is_indexed(expression: Reference) -> bool:
    """Is it `${name[...`, which a shell can read as an array of its own?"""
    return re.match(r"\$\{[\w-]+\[", expression.text) is not None
