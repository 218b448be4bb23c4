"""A step -> short words on what it runs, when, how often and how long."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from compiler.ir import (
    DEFAULT_WIDTH,
    Call,
    CommandSubstitution,
    Condition,
    ContinueOn,
    Docker,
    Http,
    Jq,
    Mail,
    Map,
    Match,
    Pattern,
    Reference,
    Repeat,
    Retry,
    Service,
    Ssh,
    Step,
    Template,
    Test,
    Workflow,
)

_LENGTH = 40


def workflow_notes(workflow: Workflow) -> list[str]:
    """What holds for a run as a whole."""
    notes = []
    if (most := workflow.max_active_steps) is not None:
        steps = "1 step" if most == 1 else f"{most} steps"
        notes.append(f"{steps} at a time")
    if workflow.timeout is not None:
        notes.append(f"timeout {workflow.timeout} s")
    return notes


def condition_notes(conditions: Iterable[Condition]) -> list[str]:
    return [_condition(each) for each in conditions]


def step_notes(step: Step) -> list[str]:
    """What is special about a step; the plain one has no notes."""
    return list(_notes(step))


def _notes(step: Step) -> Iterator[str]:
    body = step.body
    for condition in step.conditions:
        yield _condition(condition)
    if isinstance(body, Map):
        yield _each(body)
        for condition in body.conditions:
            yield f"each {_condition(condition)}"
        body = body.body
    if isinstance(body, Call):
        yield _run(body)
    elif isinstance(body, Service):
        yield _service(body)
    if step.queue is not None:
        yield f"queue {_short(step.queue)}"
    if step.retry is not None and step.retry.limit:
        yield _retry(step.retry)
    if step.repeat is not None:
        yield _repeat(step.repeat)
    if step.timeout is not None:
        yield f"timeout {step.timeout} s"
    if step.continue_on is not None:
        yield from _continue_on(step.continue_on)


def _each(body: Map) -> str:
    items = body.items
    count = _short(_written(items)) if isinstance(items, Template) else str(len(items))
    default = body.width == DEFAULT_WIDTH
    most = "" if default else f", {_count(body.width)} at a time"
    return f"each ×{count}{most}"


def _run(call: Call) -> str:
    if call.dynamic:
        return f"run {_short(_written(call.name))}, one of {len(call.callees)}"
    return f"run {call.callees[0].names[0]}"


def _service(service: Service) -> str:
    """Which program does the step's work, and where or what with."""
    match service:
        case Jq(query=query):
            return f"jq {_short(_written(query))}"
        case Http(method=method, url=url):
            return f"http {_short(f'{_written(method)} {_written(url)}')}"
        case Docker(image=image, container=container):
            place = image or container
            return f"docker {'' if place is None else _short(_written(place))}".rstrip()
        case Ssh(host=host):
            return f"ssh {_short(_written(host))}"
        case Mail(to=to):
            return f"mail to {_short(', '.join(map(_written, to)))}"
        case _:
            assert_never(service)


def _condition(condition: Condition) -> str:
    word = "unless" if condition.negate else "if"
    match condition:
        case Match(value=value, expected=expected):
            sign = "~" if expected.regex else "="
            shown = f"{_short(_written(value))} {sign} {_short(expected.text)}"
            return f"{word} {shown}".rstrip()
        case Test(command=command):
            return f"{word} `{_short(command.source)}`"
        case _:
            assert_never(condition)


def _retry(retry: Retry) -> str:
    note = "1 retry" if retry.limit == 1 else f"{_count(retry.limit)} retries"
    if retry.interval:
        note += f" after {_count(retry.interval)} s"
        note += " and more" if retry.backoff > 1 else ""
    if retry.exit_codes:
        note += f" on exit {_listed(retry.exit_codes)}"
    return note


def _repeat(repeat: Repeat) -> str:
    """What the step is repeated for, how often, and after which pause."""
    if repeat.condition is not None:
        reason = _condition(repeat.condition).removeprefix("if ")
    elif repeat.exit_codes:
        reason = f"exit {_listed(repeat.exit_codes)}"
    else:
        reason = "it succeeds"
    note = f"repeats {repeat.mode} {reason}"
    if repeat.limit is not None:
        times = "once" if repeat.limit == 1 else f"{_count(repeat.limit)} times"
        note += f", {times} at most"
    if repeat.interval:
        note += f", after {_count(repeat.interval)} s"
        note += " and more" if repeat.backoff > 1 else ""
    return note


def _count(number: int | Template) -> str:
    return str(number) if isinstance(number, int) else _short(_written(number))


def _continue_on(allowed: ContinueOn) -> Iterator[str]:
    """Which endings do not stop what waits for the step (S6)."""
    endings = ["failure"] if allowed.failure else []
    endings += ["skip"] if allowed.skipped else []
    endings += [f"exit {_listed(allowed.exit_codes)}"] if allowed.exit_codes else []
    endings += [_output(each) for each in allowed.output]
    if endings:
        yield f"continues on {', '.join(endings)}"
        if allowed.mark_success:
            yield "counts as succeeded then"


def _output(pattern: Pattern) -> str:
    return f"output {'~' if pattern.regex else 'with'} {_short(pattern.text)}"


def _listed(codes: tuple[int, ...]) -> str:
    return " ".join(map(str, codes))


def _written(template: Template) -> str:
    """`template` as it was written, but for what `$<…>` has in it."""
    return "".join(map(_part, template.parts))


def _part(part: object) -> str:
    match part:
        case str():
            return part
        case Reference(text=text):
            return text
        case CommandSubstitution(command=command):
            return f"`{command.source}`"
        case _:
            return "$<…>"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LENGTH else line[: _LENGTH - 1] + "…"
