"""A program and what a run would set -> what it would run, as text; nothing is run.

Values that are known stand in their places. Backticks, outputs and items stay as they are
written, and a secret is `***`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from compiler.evaluate import Failure, evaluate, to_text
from compiler.interpreter.inputs import positional_values
from compiler.interpreter.lines import shown
from compiler.interpreter.values import Known, Scope
from compiler.ir import (
    Arguments,
    Call,
    Command,
    CommandSubstitution,
    Condition,
    Expression,
    Map,
    Match,
    Param,
    Program,
    Reference,
    Script,
    ShellText,
    Step,
    Template,
    Variable,
    Workflow,
)
from compiler.schemas.checking import types_of
from compiler.walk import body_texts, references


def plan(
    program: Program,
    values: Mapping[str, str],
    arguments: Sequence[str],
    chosen: frozenset[str] | None,
    environment: Mapping[str, str],
) -> str:
    """The steps of a run in the order of the graph, with what they wait for."""
    workflow = program.main
    knows = _values(workflow, values, arguments, environment)
    lines = [_head(workflow), *_inputs(workflow, knows)]
    for condition in workflow.conditions:
        lines.append(f"  if {_condition(condition, knows)}")
    levels = _levels(workflow)
    for step in sorted(workflow.steps, key=lambda it: levels[it.name]):
        if chosen is not None and step.name not in chosen:
            continue
        after = ", ".join(dict.fromkeys(shown(edge.step) for edge in step.edges))
        lines.append(
            f"{levels[step.name]}. {shown(step.name)}{f'  after {after}' if after else ''}"
        )
        lines += [f"     {line}" for line in _step(step, knows)]
    for handler in workflow.handlers:
        lines.append(f"handler {handler.name}")
        lines += [f"     {line}" for line in _step(handler, knows)]
    return "".join(f"{line}\n" for line in lines)


def _head(workflow: Workflow) -> str:
    count = len(workflow.steps)
    most = workflow.max_active_steps
    limit = "" if most is None else f", at most {most} at a time"
    return f"{shown(workflow.name)}: {count} step{'' if count == 1 else 's'}{limit}"


def _levels(workflow: Workflow) -> dict[str, int]:
    """How many steps are before each one, on the longest way; itself included."""
    edges = {step.name: {edge.step for edge in step.edges} for step in workflow.steps}
    levels: dict[str, int] = {}
    waiting = list(edges)
    while waiting:
        name = waiting[-1]
        open_ = [each for each in edges[name] if each not in levels]
        if open_:
            waiting += open_
            continue
        waiting.pop()
        levels[name] = 1 + max((levels[each] for each in edges[name]), default=0)
    return levels


# ---- what is known


@dataclass
class _Knows:
    """The values that a run would have before its first step, and the names of those that
    only a run can tell."""

    scope: Scope
    open: set[tuple[str, str]] = field(default_factory=set)

    def tells(self, reference: Reference) -> bool:
        """Whether the value of `reference` is known."""
        for origin in reference.origins:
            if (origin.kind, origin.name) in self.open:
                return False
            if origin.kind in ("output", "field", "item"):
                return False
            if origin.kind == "special" and origin.name != "DAG_NAME":
                return False
            if self.scope.text(origin) is not None:
                return True
        return True

    def text(self, expression: Expression) -> str | None:
        """The value of `expression`; None when it is not known."""
        if not all(map(self.tells, references(expression))):
            return None
        try:
            return to_text(evaluate(expression, self.scope))
        except Failure:
            return None

    def template(self, template: Template) -> str:
        return "".join(map(self._part, template.parts))

    def _part(self, part: str | Expression | CommandSubstitution) -> str:
        match part:
            case str():
                return part
            case CommandSubstitution(command=command):
                return f"`{command.source}`"
            case _:
                value = self.text(part)
                if value is not None:
                    return value
                return part.text if isinstance(part, Reference) else "$<…>"

    def shell(self, text: ShellText) -> str:
        """A shell text with the values in it: to be read, not to be run."""
        pieces, at = [], 0
        for each in text.references:
            value = self.text(each.expression)
            if value is not None and each.start >= at:
                pieces += [text.source[at : each.start], value]
                at = each.end
        return "".join([*pieces, text.source[at:]])


def _values(
    workflow: Workflow,
    values: Mapping[str, str],
    arguments: Sequence[str],
    environment: Mapping[str, str],
) -> _Knows:
    known = Known(
        process=environment,
        special={"DAG_NAME": workflow.name},
        positional=positional_values(workflow, arguments),
        secrets={secret.name: "***" for secret in workflow.secrets},
        types=types_of(workflow),
    )
    knows = _Knows(Scope(known=known, special={}))
    for definition in workflow.order:
        _define(definition, knows, values, len(arguments))
    return knows


def _define(
    definition: Param | Variable,
    knows: _Knows,
    values: Mapping[str, str],
    arguments: int,
) -> None:
    known, name = knows.scope.known, definition.name
    template = (
        definition.value if isinstance(definition, Variable) else definition.default
    )
    value = values.get(name) if isinstance(definition, Param) else None
    positional = isinstance(definition, Param) and definition.positional
    if positional and int(name) <= arguments:
        return
    if value is None and template is None:
        value = known.process.get(name, "")
    if value is None and template is not None:
        value = knows.text(template) if _is_plain(template) else None
    if value is None:
        kind = "env" if isinstance(definition, Variable) else "param"
        knows.open.add(("positional" if positional else kind, name))
    elif positional:
        known.positional[int(name) - 1] = value
    elif isinstance(definition, Variable):
        known.env[name] = value
    else:
        known.params[name] = value


def _is_plain(template: Template) -> bool:
    """Without backticks, which nothing here runs."""
    return not any(isinstance(part, CommandSubstitution) for part in template.parts)


def _inputs(workflow: Workflow, knows: _Knows) -> Iterator[str]:
    known = knows.scope.known
    for definition in workflow.order:
        name = definition.name
        if isinstance(definition, Variable):
            value = known.env.get(name, knows.template(definition.value))
            yield f"  env {name}={shown(value)}"
        elif definition.positional:
            if ("positional", name) in knows.open and definition.default is not None:
                yield f"  param ${name}={shown(knows.template(definition.default))}"
            else:
                yield f"  param ${name}={shown(known.positional[int(name) - 1])}"
        elif definition.default is not None:
            value = known.params.get(name, knows.template(definition.default))
            yield f"  param {name}={shown(value)}"
    for secret in workflow.secrets:
        yield f"  secret {secret.name}=***"


# ---- a step


def _step(step: Step, outer: _Knows) -> Iterator[str]:
    knows = _Knows(Scope(known=outer.scope.known, special={}), set(outer.open))
    yield from (f"if {_condition(each, knows)}" for each in step.conditions)
    body = step.body
    if isinstance(body, Map):
        yield _each(body, knows)
        yield from (f"each if {_condition(it, knows)}" for it in body.conditions)
        body = body.body
    for variable in step.env:
        value = knows.text(variable.value) if _is_plain(variable.value) else None
        yield f"env {variable.name}={shown(value or knows.template(variable.value))}"
        if value is None:
            knows.open.add(("step_env", variable.name))
        else:
            knows.scope.own[variable.name] = value
    if step.directory is not None:
        yield f"in {shown(knows.template(step.directory))}"
    match body:
        case Command(text=text):
            yield from _block("", knows.shell(text))
        case Arguments(words=words):
            yield " ".join(shown(_word(word, knows)) for word in words)
        case Script(text=text, interpreter=interpreter):
            name = " ".join(map(knows.template, interpreter)) or "script"
            yield from _block(f"{shown(name)}:", knows.shell(text))
        case Call(name=name, arguments=arguments):
            given = [
                f" {it.name}={shown(knows.template(it.value))}"
                for it in arguments or ()
            ]
            yield f"run {shown(knows.template(name))}{''.join(given)}"
        case _:
            texts = ", ".join(shown(_word(it, knows)) for it in body_texts(body))
            yield f"{type(body).__name__.lower()}: {texts}"


def _block(head: str, text: str) -> Iterator[str]:
    if head:
        yield head
    indent = "  " if head else ""
    for line in text.rstrip("\n").split("\n"):
        yield f"{indent}{shown(line.expandtabs())}"


def _each(body: Map, knows: _Knows) -> str:
    width = body.width if isinstance(body.width, int) else knows.template(body.width)
    if isinstance(body.items, Template):
        items = shown(knows.template(body.items))
    else:
        items = ", ".join(shown(knows.template(each.value)) for each in body.items)
    return f"for each of {items or 'nothing'}, at most {width} at a time"


def _word(word: Template | ShellText, knows: _Knows) -> str:
    return knows.shell(word) if isinstance(word, ShellText) else knows.template(word)


def _condition(condition: Condition, knows: _Knows) -> str:
    sign = "not " if condition.negate else ""
    match condition:
        case Match(value=value, expected=expected):
            how = "~" if expected.regex else "="
            return f"{sign}{shown(knows.template(value))} {how} {shown(expected.text)}"
        case _:
            return f"{sign}`{shown(knows.shell(condition.command))}`"
