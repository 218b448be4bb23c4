"""Short forms -> resolved programs, as `resolve` would make them, and runs of these."""

import io
import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from compiler.interpreter import Lines, Report, run
from compiler.ir import (
    DEFAULT_SHELL,
    Arguments,
    Body,
    Command,
    CommandSubstitution,
    ContinueOn,
    Edge,
    Ending,
    Export,
    Expression,
    Match,
    Origin,
    OriginKind,
    Param,
    Pattern,
    Program,
    Reference,
    Retry,
    Script,
    ShellReference,
    ShellText,
    Step,
    Template,
    Test,
    Variable,
    Workflow,
)
from compiler.pipeline import front_end
from compiler.source import Source, Span

AT = Span(file="test.yaml", line=1, column=1)
RAN: frozenset[Ending] = frozenset({"succeeded", "continued"})


def shell(text: str, *references: ShellReference) -> ShellText:
    return ShellText(source=text, references=references, span=AT)


def template(*parts: str | Expression | CommandSubstitution) -> Template:
    return Template(parts=parts, span=AT)


def backtick(text: str) -> Template:
    return template(CommandSubstitution(command=shell(text), span=AT))


def ref(text: str, *origins: tuple[OriginKind, str, str]) -> Reference:
    """`text` as written; origins as (kind, name, step)."""
    return Reference(
        text=text,
        name=text.strip("${}"),
        origins=tuple(Origin(*each) for each in origins),
        span=AT,
    )


def command(text: str, shell_words: Sequence[str] = DEFAULT_SHELL) -> Command:
    return Command(text=shell(text), shell=tuple(shell_words))


def argv(*words: str) -> Arguments:
    return Arguments(words=tuple(template(word) for word in words))


def script(text: str, *interpreter: str) -> Script:
    return Script(
        text=shell(text), interpreter=tuple(template(word) for word in interpreter)
    )


def export(name: str, kind: OriginKind = "param", step: str = "") -> Export:
    return Export(name=name, origins=(Origin(kind, name, step),))


def step(
    name: str,
    body: str | Body,
    *,
    after: Sequence[str] = (),
    tolerates: Sequence[str] = (),
    conditions: Sequence[Match | Test] = (),
    retry: Retry | None = None,
    continue_on: ContinueOn | None = None,
    output: str | None = None,
    captured: bool = False,
    env: Sequence[Variable] = (),
    directory: Template | None = None,
    timeout: int | None = None,
    exports: Sequence[Export] = (),
) -> Step:
    """`tolerates` are those of `after` whose skip is accepted."""
    edges = tuple(
        Edge(
            step=each, accepts=RAN | {"skipped"} if each in tolerates else RAN, span=AT
        )
        for each in after
    )
    return Step(
        name=name,
        body=command(body) if isinstance(body, str) else body,
        conditions=tuple(conditions),
        retry=retry,
        continue_on=continue_on,
        output=output,
        env=tuple(env),
        directory=directory,
        timeout=timeout,
        edges=edges,
        exports=tuple(exports),
        captured=captured or output is not None,
        span=AT,
    )


def handler(kind: str, body: str | Body, **options: object) -> Step:
    return step(kind, body, captured=True, **options)  # type: ignore[arg-type]


def continues(**options: object) -> ContinueOn:
    return ContinueOn(span=AT, **options)  # type: ignore[arg-type]


def pattern(text: str, regex: bool = False) -> Pattern:
    return Pattern(text=text, regex=regex, span=AT)


def holds(text: str, negate: bool = False) -> Test:
    return Test(command=shell(text), negate=negate, span=AT)


def matches(
    value: Template | str, expected: str, *, regex: bool = False, negate: bool = False
) -> Match:
    value = template(value) if isinstance(value, str) else value
    return Match(value=value, expected=pattern(expected, regex), negate=negate, span=AT)


def param(name: str, default: Template | str | None = None) -> Param:
    if isinstance(default, str):
        default = template(default)
    return Param(name=name, default=default, span=AT)


def variable(name: str, value: Template | str) -> Variable:
    value = template(value) if isinstance(value, str) else value
    return Variable(name=name, value=value, span=AT)


def program(
    *steps: Step,
    order: Sequence[Param | Variable] = (),
    handlers: Sequence[Step] = (),
    most: int | None = None,
    timeout: int | None = None,
) -> Program:
    workflow = Workflow(
        name="flow",
        steps=steps,
        params=tuple(each for each in order if isinstance(each, Param)),
        env=tuple(each for each in order if isinstance(each, Variable)),
        order=tuple(order),
        handlers=tuple(handlers),
        max_active_steps=most,
        timeout=timeout,
        span=AT,
    )
    return Program(workflows=(workflow,), entry=workflow.key)


def from_yaml(text: str) -> Program:
    """The program of a file of YAML, indented as one likes."""
    checked = front_end(Source("test.yaml", textwrap.dedent(text)))
    assert checked.program is not None, checked.diagnostics
    return checked.program


def execute(
    made: Program,
    folder: Path,
    *,
    values: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    stream: io.StringIO | None = None,
) -> Report:
    """A run in `folder`/work with its home in `folder`/home."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    return run(
        made,
        values=values or {},
        arguments=arguments,
        work_dir=work,
        home=folder / "home",
        progress=Lines(stream or io.StringIO()),
        environment={"PATH": os.environ["PATH"], **(environment or {})},
    )
