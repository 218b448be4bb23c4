"""The body of a step, a condition -> its texts, or the same with them replaced."""

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from compiler.ir import (
    Arguments,
    Body,
    Call,
    Command,
    Condition,
    Docker,
    Entry,
    Http,
    Jq,
    LeafBody,
    Mail,
    Map,
    Match,
    Script,
    Service,
    ShellText,
    Ssh,
    Step,
    Template,
    Test,
    Workflow,
)
from compiler.walk.expressions import ShellTexts, Templates, template_texts


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
            return map_service(body, template, shell_text)


def map_service(
    service: Service, template: Templates, shell_text: ShellTexts
) -> Service:
    """`service` with its templates and shell texts replaced."""

    def entries(these: tuple[Entry, ...]) -> tuple[Entry, ...]:
        return tuple(replace(each, value=template(each.value)) for each in these)

    def each(these: tuple[Template, ...]) -> tuple[Template, ...]:
        return tuple(map(template, these))

    def maybe(this: Template | None) -> Template | None:
        return None if this is None else template(this)

    match service:
        case Jq(query=query, input=data):
            return replace(service, query=template(query), input=template(data))
        case Http():
            return replace(
                service,
                method=template(service.method),
                url=template(service.url),
                headers=entries(service.headers),
                query=entries(service.query),
                body=maybe(service.body),
            )
        case Docker():
            return replace(
                service,
                image=maybe(service.image),
                container=maybe(service.container),
                words=each(service.words),
                entrypoint=each(service.entrypoint),
                platform=maybe(service.platform),
                env=entries(service.env),
                volumes=each(service.volumes),
                ports=each(service.ports),
                user=maybe(service.user),
                directory=maybe(service.directory),
                network=maybe(service.network),
            )
        case Ssh():
            return replace(
                service,
                host=template(service.host),
                user=maybe(service.user),
                port=maybe(service.port),
                key=maybe(service.key),
                known_hosts=maybe(service.known_hosts),
                text=shell_text(service.text),
            )
        case Mail():
            return replace(
                service,
                sender=template(service.sender),
                to=each(service.to),
                subject=template(service.subject),
                message=template(service.message),
                attachments=each(service.attachments),
            )
        case _:
            assert_never(service)


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
            yield from service_texts(body)


def service_texts(service: Service) -> Iterator[Template | ShellText]:
    """Every template and shell text of `service`."""
    found: list[Template | ShellText] = []

    def template(this: Template) -> Template:
        found.extend(template_texts(this))
        return this

    def shell_text(this: ShellText) -> ShellText:
        found.append(this)
        return this

    map_service(service, template, shell_text)
    yield from found
