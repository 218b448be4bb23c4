"""Turns what a step refers to into Python source that the run time values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from backends.airflow.source import Call, Dict, Later, List, Node, Text
from backends.python.expressions import constant, literal, source, template_source
from compiler.backend import Folders
from compiler.ir import Call as CallBody
from compiler.ir import (
    Condition,
    Match,
    Origin,
    Pattern,
    Repeat,
    ShellText,
    Step,
    Template,
    Test,
    Workflow,
    repeat_exports,
)
from compiler.shelltext.render import Rendered, render

# Where the run time itself finds the value of an exported name.
_OF_FRAME = frozenset(
    ("param", "secret", "env", "step_env", "process", "special", "item")
)
_SOURCES = {
    "step_env": "own",
    "param": "param",
    "secret": "secret",
    "env": "variable",
    "special": "special",
    "process": "process",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where the steps of a workflow stand. `names` are those by which their values are
    found: of tasks, or of steps in one task. `variables` are the Python variables of the
    tasks, empty where they have none."""

    workflow: Workflow
    folders: Folders
    names: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)
    frame: str = ""
    begin: str = ""
    inside: bool = False
    grace: int | None = None
    timeout: int | None = None
    logged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """`lenient`: what has no value is empty, as in handlers (R3)."""

    scope: Scope
    lenient: bool = False

    def text(self, template: Template) -> str:
        known = plain(template)
        if known is not None:
            return literal(known)
        return template_source(template, self.origin, self.lenient)

    def value(self, template: Template) -> str:
        """Source of its value, which keeps its type (R5)."""
        known = plain(template)
        if known is not None:
            return literal(known)
        return source(template, self.origin, self.lenient)

    def given(self, template: Template) -> Node:
        """Its text as an argument: valued with each attempt."""
        known = plain(template)
        return Text(known) if known is not None else Later(self.text(template))

    def rendered(self, text: ShellText) -> tuple[Rendered, dict[str, str]]:
        """A text for a shell, and the sources of the variables made for it."""
        made = render(text)
        bindings = {
            it.name: template_source(
                Template(parts=(it.expression,), span=text.span),
                self.origin,
                self.lenient,
            )
            for it in made.bindings
        }
        return made, bindings

    def origin(self, origin: Origin) -> str:
        """Source of where a value comes from: None where it has none."""
        names = self.scope.names
        match origin.kind:
            case "output":
                return f"output({literal(names[origin.step])})"
            case "field" if origin.name in ("stdout", "stderr"):
                return f"log({literal(names[origin.step])}, {literal(origin.name)})"
            case "field":
                function = {"exitCode": "code", "status": "status_word"}.get(
                    origin.name, "result" if self._calls(origin.step) else "output"
                )
                return f"{function}({literal(names[origin.step])})"
            case "item":
                return "item()"
            case "param" if kind := self._kind(origin.name):
                return f"value_of({literal(origin.name)}, {literal(kind)})"
            case "positional":
                return f"positional({origin.name})"
            case _:
                return f"{_SOURCES[origin.kind]}({literal(origin.name)})"

    def _calls(self, name: str) -> bool:
        workflow = self.scope.workflow
        step = next((it for it in workflow.steps if it.name == name), None)
        return step is not None and isinstance(step.body, CallBody)

    def _kind(self, name: str) -> str:
        """The type of a param that is no plain text."""
        params = self.scope.workflow.params
        kind = next((it.type for it in params if it.name == name), None)
        return "" if kind in (None, "string") else kind

    # ---- the environment

    def inputs(self, step: Step, inside: bool = True) -> Node | None:
        """The names that the environment has besides those of the frame. Not `inside`: of
        a fan-out before its items."""
        entries: list[tuple[str, Node]] = []
        for export in step.exports:
            origins: list[Origin] = []
            for origin in export.origins:
                if origin.kind in _OF_FRAME:
                    if not inside and origin.kind in ("item", "step_env"):
                        continue
                    break
                origins.append(origin)
            if origins:
                entries.append((export.name, self._input(origins)))
        return Dict(entries) if entries else None

    def _input(self, origins: list[Origin]) -> Node:
        variables = self.scope.variables
        if self.scope.inside or any(it.kind != "output" for it in origins):
            sources = [self.origin(it) for it in origins]
            one = sources[0] if len(sources) == 1 else f"present({', '.join(sources)})"
            return Later(one)
        outputs = [f"{variables[it.step]}.output" for it in origins]
        return outputs[0] if len(outputs) == 1 else List(outputs)

    # ---- conditions

    def condition(self, condition: Condition, words: Mapping[str, str] = {}) -> Node:
        """The condition as the run time tests it; `words` are what its commands have in
        their environment besides."""
        made: Node
        match condition:
            case Match(value=value, expected=expected):
                name = "matching" if expected.regex else "line"
                found = Later(self.text(value))
                made = Call(name, [("", found), ("", literal(expected.text))])
            case Test(command=command):
                rendered, bindings = self.rendered(command)
                arguments: list[tuple[str, Node]] = [("", Text(rendered.text))]
                pairs = {**words, **bindings}
                if rendered.integers:
                    arguments.append(("integers", constant([*rendered.integers])))
                if rendered.exported:
                    arguments.append(("inner", constant([*rendered.exported])))
                arguments += [(name, Later(it)) for name, it in pairs.items()]
                made = Call("test", arguments)
        return Call("not_", [("", made)]) if condition.negate else made

    def conditions(self, name: str, given: tuple[Condition, ...]) -> Iterator[Node]:
        if given:
            yield Call(name, [("", self.condition(it)) for it in given])

    def repeat_condition(self, step: Step, rule: Repeat) -> Node:
        """The condition of a repetition, which sees the step's own output."""
        if rule.condition is None:
            return "None"
        before = {it.name: it for it in step.exports}
        words = {}
        for export in repeat_exports(step):
            if before.get(export.name) != export:
                sources = [self.origin(it) for it in export.origins]
                one = sources[0]
                if len(sources) > 1:
                    one = f"present({', '.join(sources)})"
                words[export.name] = one
        return self.condition(rule.condition, words)


def plain(template: Template) -> str | None:
    """Its text, None where it has values in it."""
    parts = [part for part in template.parts if isinstance(part, str)]
    return "".join(parts) if len(parts) == len(template.parts) else None


def pattern(pattern: Pattern) -> Node:
    """What `continueOn` looks for in the lines that a step printed."""
    name = "line_matches" if pattern.regex else "line_has"
    return Call(name, [("", literal(pattern.text))])
