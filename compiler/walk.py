"""A piece of the IR -> the references in it, or the same piece with them replaced.

The one place that knows where expressions hide in the IR's types.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol, assert_never

from compiler.ir import (
    Arguments,
    Binary,
    Body,
    Call,
    Command,
    CommandSubstitution,
    Condition,
    Conditional,
    Constant,
    Expression,
    FunctionCall,
    LeafBody,
    ListOf,
    Map,
    Match,
    Param,
    Reference,
    Script,
    ShellText,
    Step,
    Template,
    Test,
    Unary,
    Variable,
    Workflow,
)

Rewrite = Callable[[Expression], Expression]


def references(expression: Expression) -> Iterator[Reference]:
    """Every reference in `expression`, defaults included, shell texts not."""
    match expression:
        case Constant():
            pass
        case Reference(default=default):
            yield expression
            if default is not None:
                yield from references(default)
        case _:
            for part in children(expression):
                yield from references(part)


def children(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly under `expression`."""
    match expression:
        case Constant():
            return ()
        case Reference(default=default):
            return () if default is None else (default,)
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Conditional(test=test, then=then, otherwise=otherwise):
            return (test, then, otherwise)
        case FunctionCall(arguments=arguments):
            return arguments
        case ListOf(items=items):
            return items
        case Template(parts=parts):
            return tuple(
                part
                for part in parts
                if not isinstance(part, str | CommandSubstitution)
            )
        case _:
            assert_never(expression)


def rebuild(expression: Expression, rewrite: Rewrite) -> Expression:
    """`expression` with `rewrite` applied to the expressions directly under it."""
    match expression:
        case Constant():
            return expression
        case Reference(default=None):
            return expression
        case Reference(default=default) if default is not None:
            return replace(expression, default=rewrite(default))
        case Unary(operand=operand):
            return replace(expression, operand=rewrite(operand))
        case Binary(left=left, right=right):
            return replace(expression, left=rewrite(left), right=rewrite(right))
        case Conditional(test=test, then=then, otherwise=otherwise):
            return replace(
                expression,
                test=rewrite(test),
                then=rewrite(then),
                otherwise=rewrite(otherwise),
            )
        case FunctionCall(arguments=arguments):
            return replace(expression, arguments=tuple(map(rewrite, arguments)))
        case ListOf(items=items):
            return replace(expression, items=tuple(map(rewrite, items)))
        case Template():
            return map_template(expression, rewrite, lambda text: text)
        case _:
            raise AssertionError(expression)  # a Reference is matched above


def map_template(
    template: Template, rewrite: Rewrite, in_shell: Callable[[ShellText], ShellText]
) -> Template:
    """`template` with its expressions and the texts of its backticks rewritten."""
    if all(isinstance(part, str) for part in template.parts):
        return template
    parts: list[str | Expression | CommandSubstitution] = []
    for part in template.parts:
        match part:
            case str():
                parts.append(part)
            case CommandSubstitution(command=command):
                parts.append(replace(part, command=in_shell(command)))
            case _:
                parts.append(rewrite(part))
    return replace(template, parts=tuple(parts))


Templates = Callable[[Template], Template]
ShellTexts = Callable[[ShellText], ShellText]


def map_body(body: Body, template: Templates, shell_text: ShellTexts) -> Body:
    """`body` with its templates and shell texts replaced."""
    match body:
        case Command(text=text, shell=shell):
            return Command(text=shell_text(text), shell=shell)
        case Arguments(words=words):
            mapped = (
                shell_text(word) if isinstance(word, ShellText) else template(word)
                for word in words
            )
            return replace(body, words=tuple(mapped))
        case Script(text=text, interpreter=interpreter):
            return replace(
                body,
                text=shell_text(text),
                interpreter=tuple(map(template, interpreter)),
            )
        case Call():
            return map_call(body, template)
        case Map():
            return map_each_item(map_items(body, template), template, shell_text)
        case _:
            assert_never(body)


def map_items(
    fan_out: Map,
    template: Templates,
) -> Map:
    """`fan_out` with the templates of its items and its width replaced."""
    items, width = fan_out.items, fan_out.width
    return replace(
        fan_out,
        items=(
            template(items)
            if isinstance(items, Template)
            else tuple(replace(each, value=template(each.value)) for each in items)
        ),
        width=width if isinstance(width, int) else template(width),
    )


def map_each_item(fan_out: Map, template: Templates, shell_text: ShellTexts) -> Map:
    """`fan_out` with what each item has replaced: the body and the conditions."""
    return replace(
        fan_out,
        body=map_item_body(fan_out.body, template, shell_text),
        conditions=tuple(
            map_condition(each, template, shell_text) for each in fan_out.conditions
        ),
    )


def map_item_body(
    body: LeafBody | Call, template: Templates, shell_text: ShellTexts
) -> LeafBody | Call:
    """`map_body` for the body of a fan-out, which is no fan-out itself."""
    mapped = map_body(body, template, shell_text)
    assert not isinstance(mapped, Map)
    return mapped


def map_call(call: Call, template: Templates) -> Call:
    """`call` with the templates of its name and its arguments replaced."""
    arguments = call.arguments
    if arguments is not None:
        arguments = tuple(replace(it, value=template(it.value)) for it in arguments)
    return replace(call, name=template(call.name), arguments=arguments)


def map_condition(
    condition: Condition, template: Templates, shell_text: ShellTexts
) -> Condition:
    """`condition` with its templates and shell texts replaced."""
    match condition:
        case Match(value=value):
            return replace(condition, value=template(value))
        case Test(command=command):
            return replace(condition, command=shell_text(command))
        case _:
            assert_never(condition)


def map_step(step: Step, template: Templates, shell_text: ShellTexts) -> Step:
    """`step` with the templates and shell texts of all its fields replaced."""
    return replace(
        step,
        body=map_body(step.body, template, shell_text),
        conditions=tuple(
            map_condition(each, template, shell_text) for each in step.conditions
        ),
        env=tuple(replace(each, value=template(each.value)) for each in step.env),
        directory=None if step.directory is None else template(step.directory),
    )


def map_definitions(workflow: Workflow, template: Templates) -> Workflow:
    """`workflow` with the values of its params and env replaced."""

    def param(each: Param) -> Param:
        if each.default is None:
            return each
        return replace(each, default=template(each.default))

    def variable(each: Variable) -> Variable:
        return replace(each, value=template(each.value))

    return replace(
        workflow,
        params=tuple(map(param, workflow.params)),
        env=tuple(map(variable, workflow.env)),
        order=tuple(
            param(each) if isinstance(each, Param) else variable(each)
            for each in workflow.order
        ),
    )


def call_of(step: Step) -> Call | None:
    """The call that `step` makes, also for each item of its fan-out."""
    body = step.body.body if isinstance(step.body, Map) else step.body
    return body if isinstance(body, Call) else None


def calls_of(workflow: Workflow) -> Iterator[Call]:
    """The calls of its steps and handlers, in their order."""
    for step in (*workflow.steps, *workflow.handlers):
        call = call_of(step)
        if call is not None:
            yield call


class Texts(Protocol):
    """A step, as far as it holds texts."""

    @property
    def body(self) -> Body: ...
    @property
    def conditions(self) -> tuple[Condition, ...]: ...
    @property
    def env(self) -> tuple[Variable, ...]: ...
    @property
    def directory(self) -> Template | None: ...


def texts(step: Texts) -> Iterator[Template | ShellText]:
    """Every template and shell text of `step`, the texts of backticks included."""
    yield from body_texts(step.body)
    for condition in step.conditions:
        yield from condition_texts(condition)
    for variable in step.env:
        yield from template_texts(variable.value)
    if step.directory is not None:
        yield from template_texts(step.directory)


def condition_texts(condition: Condition) -> Iterator[Template | ShellText]:
    """Every template and shell text of `condition`."""
    if isinstance(condition, Match):
        yield from template_texts(condition.value)
    else:
        yield condition.command


def body_texts(body: Body) -> Iterator[Template | ShellText]:
    """Every template and shell text of `body`."""
    match body:
        case Command(text=text):
            yield text
        case Arguments(words=words):
            yield from words
        case Script(text=text, interpreter=interpreter):
            yield text
            yield from interpreter
        case Call(name=name, arguments=arguments):
            yield from template_texts(name)
            for argument in arguments or ():
                yield from template_texts(argument.value)
        case Map(items=items, width=width, body=inner, conditions=conditions):
            for value in (items,) if isinstance(items, Template) else items:
                yield from template_texts(
                    value if isinstance(value, Template) else value.value
                )
            if isinstance(width, Template):
                yield from template_texts(width)
            for condition in conditions:
                yield from condition_texts(condition)
            yield from body_texts(inner)
        case _:
            assert_never(body)


def template_texts(template: Template) -> Iterator[Template | ShellText]:
    """`template` and the shell texts of its backticks."""
    yield template
    for part in template.parts:
        if isinstance(part, CommandSubstitution):
            yield part.command


def text_references(text: Template | ShellText) -> Iterator[Reference]:
    """Every reference in `text`; not those of the backticks of a template."""
    if isinstance(text, Template):
        yield from references(text)
    else:
        for each in text.references:
            yield from references(each.expression)
