"""Turns templates and texts of a frame into Python source that the run time values."""

from collections.abc import Mapping
from dataclasses import dataclass

from backends.github.nodes import Frame
from backends.github.words import call
from backends.python.expressions import constant, literal, source, template_source
from compiler.ir import (
    Condition,
    Json,
    Match,
    Origin,
    Pattern,
    Repeat,
    ShellText,
    Step,
    Template,
    Test,
    repeat_exports,
)
from compiler.schemas.checking import types_of
from compiler.shelltext.render import Rendered, render


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """`lenient`: what has no value is empty, as in handlers (R3)."""

    frame: Frame
    lenient: bool = False

    @property
    def types(self) -> Mapping[str, str]:
        """Those of the params that are no plain texts."""
        found = types_of(self.frame.workflow)
        return {name: it for name, it in found.items() if it != "string"}

    def text(self, template: Template) -> str:
        """Source of its text."""
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

    def later(self, template: Template) -> str:
        """Its text as an argument of a part: valued with each attempt."""
        known = plain(template)
        return literal(known) if known is not None else f"lambda: {self.text(template)}"

    def rendered(self, text: ShellText) -> tuple[Rendered, Mapping[str, str]]:
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
        folders = self.frame.folders.steps
        match origin.kind:
            case "output":
                return call("record", [literal(folders[origin.step])])
            case "field" if origin.name == "output":
                return call("output", [literal(folders[origin.step])])
            case "field" if origin.name in ("stdout", "stderr"):
                words = [folders[origin.step], origin.name.removeprefix("std")]
                return call("log", map(literal, words))
            case "field" if origin.name == "status" and self.lenient:
                return call(
                    "ended", [literal(folders[origin.step]), self._edges(origin)]
                )
            case "field":
                return call("field", map(literal, (folders[origin.step], origin.name)))
            case "item":
                return "item()"
            case "positional":
                return call("positional", [origin.name])
            case "param" if origin.name in self.types:
                words = [origin.name, self.types[origin.name]]
                return call("value_of", map(literal, words))
            case _:
                return call(_SOURCES[origin.kind], [literal(origin.name)])

    def _edges(self, origin: Origin) -> str:
        """What the step of `origin`, and all before it, wait for."""
        steps, folders = self.frame.workflow.steps, self.frame.folders.steps
        known = {step.name: step for step in steps}
        names = [origin.step]
        for name in names:  # grows while it is read
            names += {it.step for it in known[name].edges} - {*names}
        found: dict[str, Json] = {
            folders[name]: {
                folders[edge.step]: " ".join(sorted(edge.accepts))
                for edge in known[name].edges
            }
            for name in sorted(names, key=[*known].index)
        }
        return constant(found)

    def exported(self, origins: tuple[Origin, ...]) -> str:
        """Source of the first of `origins` that has a value, for an environment."""
        sources = [
            call("param", [literal(it.name)]) if it.kind == "param" else self.origin(it)
            for it in origins
        ]
        return sources[0] if len(sources) == 1 else call("present", sources)

    # ---- conditions

    def condition(self, condition: Condition, words: Mapping[str, str] = {}) -> str:
        """The condition as the run time tests it; `words` are what its commands have in
        their environment besides."""
        match condition:
            case Match(value=value, expected=expected):
                name = "matching" if expected.regex else "line"
                arguments = [f"lambda: {self.text(value)}", literal(expected.text)]
                made = call(name, arguments)
            case Test(command=command):
                rendered, bindings = self.rendered(command)
                arguments = [literal(rendered.text)]
                pairs = {**words, **bindings}
                arguments += [f"{name}=lambda: {it}" for name, it in pairs.items()]
                made = call(
                    "test",
                    arguments,
                    integers=[*rendered.integers] or None,
                    inner=[*rendered.exported] or None,
                )
        return call("not_", [made]) if condition.negate else made

    def conditions(self, name: str, given: tuple[Condition, ...]) -> list[str]:
        return [call(name, map(self.condition, given))] if given else []

    def repeat_condition(self, step: Step, rule: Repeat) -> str:
        """The condition of a repetition, which sees the step's own output."""
        if rule.condition is None:
            return "None"
        before = {it.name: it for it in step.exports}
        words = {
            it.name: self.exported(it.origins)
            for it in repeat_exports(step)
            if before.get(it.name) != it
        }
        return self.condition(rule.condition, words)


_SOURCES = {
    "step_env": "own",
    "param": "param",
    "secret": "secret",
    "env": "variable",
    "special": "special",
    "process": "process",
}


def plain(template: Template) -> str | None:
    """Its text, None where it has values in it."""
    parts = [part for part in template.parts if isinstance(part, str)]
    return "".join(parts) if len(parts) == len(template.parts) else None


def pattern(pattern: Pattern) -> str:
    """What `continueOn` looks for in the lines that a step printed."""
    name = "line_matches" if pattern.regex else "line_has"
    return call(name, [literal(pattern.text)])
