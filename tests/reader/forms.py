"""What the reader's tests share: reading one workflow, and templates as texts."""

from typing import Any

from compiler import ir
from compiler.diagnostics import Diagnostic
from compiler.ir import Step, Template, Workflow
from compiler.reader import read
from compiler.source import Source


def workflow(text: str, name: str = "w.yaml") -> Workflow:
    """The only workflow of `text`, in which nothing is an error."""
    (found,), findings = read(Source(name, text))
    assert [each for each in findings if each.severity == "error"] == []
    return found


def step(keys: str) -> Step:
    """A step that has these keys, in flow style."""
    return workflow(f"steps: [{{name: a, {keys}}}]").steps[0]


def findings(text: str) -> tuple[Diagnostic, ...]:
    return read(Source("w.yaml", text))[1]


def said(finding: Diagnostic) -> str:
    return f"{finding.message} {finding.label} {finding.help}"


def shown(text: str, finding: Diagnostic) -> str:
    """What stands in `text` where `finding` points to."""
    span = finding.span
    line = text.split("\n")[span.line - 1]
    return line[span.column - 1 : span.column - 1 + span.length]


def written(template: Template | None) -> str | None:
    """The text of a template: references as written, other expressions as their kind."""
    if template is None:
        return None
    return "".join(_part(part) for part in template.parts)


def _part(part: Any) -> str:
    match part:
        case str():
            return part
        case ir.Reference():
            return f"«{part.text}»"
        case ir.CommandSubstitution():
            return f"`{part.command.source}`"
        case ir.FunctionCall():
            return f"{part.name}({', '.join(_part(each) for each in part.arguments)})"
        case ir.Constant():
            return repr(part.value)
        case ir.ListOf():
            return f"[{', '.join(_part(each) for each in part.items)}]"
        case ir.Binary():
            return f"{_part(part.left)} {part.operator} {_part(part.right)}"
        case Template():
            return written(part) or ""
        case _:
            return f"«{part}»"
