"""A step -> its texts, or the same step with them replaced."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from compiler.ir import (
    Body,
    Condition,
    Repeat,
    Retry,
    ShellText,
    Step,
    Template,
    Variable,
)
from compiler.walk.bodies import body_texts, condition_texts, map_body, map_condition
from compiler.walk.expressions import ShellTexts, Templates, template_texts


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
        stdout=None if step.stdout is None else template(step.stdout),
        stderr=None if step.stderr is None else template(step.stderr),
        retry=None if step.retry is None else map_retry(step.retry, template),
        repeat=(
            None
            if step.repeat is None
            else map_repeat(step.repeat, template, shell_text)
        ),
    )


def map_number(number: int | Template, template: Templates) -> int | Template:
    return template(number) if isinstance(number, Template) else number


def map_retry(retry: Retry, template: Templates) -> Retry:
    """`retry` with the templates of its numbers replaced."""
    if isinstance(retry.limit, int) and isinstance(retry.interval, int):
        return retry
    return replace(
        retry,
        limit=map_number(retry.limit, template),
        interval=map_number(retry.interval, template),
    )


def map_repeat(repeat: Repeat, template: Templates, shell_text: ShellTexts) -> Repeat:
    """`repeat` with its templates and shell texts replaced."""
    condition = repeat.condition
    if condition is not None:
        condition = map_condition(condition, template, shell_text)
    return replace(
        repeat,
        condition=condition,
        limit=None if repeat.limit is None else map_number(repeat.limit, template),
        interval=map_number(repeat.interval, template),
    )


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
    @property
    def stdout(self) -> Template | None: ...
    @property
    def stderr(self) -> Template | None: ...
    @property
    def retry(self) -> Retry | None: ...
    @property
    def repeat(self) -> Repeat | None: ...


def texts(step: Texts) -> Iterator[Template | ShellText]:
    """Every template and shell text of `step`, the texts of backticks included."""
    yield from body_texts(step.body)
    for condition in step.conditions:
        yield from condition_texts(condition)
    for variable in step.env:
        yield from template_texts(variable.value)
    retry, repeat = step.retry, step.repeat
    found: list[Template | int | None] = [step.directory, step.stdout, step.stderr]
    if retry is not None:
        found += [retry.limit, retry.interval]
    if repeat is not None:
        found += [repeat.limit, repeat.interval]
        if repeat.condition is not None:
            yield from condition_texts(repeat.condition)
    for template in found:
        if isinstance(template, Template):
            yield from template_texts(template)
