"""Turns steps into commands of the run time: what they run, and what holds around it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import assert_never

from backends.github.nodes import Frame, Node
from backends.github.values import Values, pattern, plain
from backends.github.words import Command, call
from backends.python.expressions import constant, literal
from backends.python.serving import served
from compiler.ir import (
    DEFAULT_SHELL,
    Arguments,
    ContinueOn,
    Docker,
    Http,
    Jq,
    LeafBody,
    Mail,
    Repeat,
    Retry,
    Script,
    ShellText,
    Ssh,
    Step,
    Template,
)
from compiler.ir import (
    Command as ShellCommand,
)
from compiler.shelltext.shells import is_shell, shebang
from compiler.walk import condition_texts

# Where the run time itself finds the value of an exported name.
_OF_FRAME = frozenset(("param", "secret", "env", "step_env", "process", "special"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a command is made in: its node, whether it decides by records when it runs,
    the files of a step that others read, and what is common to all frames."""

    node: Node
    asks: bool
    logged: bool = False
    grace: int | None = None

    @property
    def step(self) -> Step:
        assert self.node.step is not None
        return self.node.step

    @property
    def frame(self) -> Frame:
        return self.node.frame

    @property
    def handles(self) -> bool:
        return self.node.handles

    @property
    def values(self) -> Values:
        return Values(frame=self.frame, lenient=self.handles)


def step_command(context: Context) -> Command:
    """A step that is a process, or an item of a fan-out of such steps."""
    step, values = context.step, context.values
    body = step.body
    assert isinstance(body, LeafBody)
    words = [
        *named(context),
        *secrets(context.frame),
        *own(values, step),
        *exports(values, step),
    ]
    parts = [*around(context), *policies(values, step), *_within(context)]
    made = _body(values, body)
    return Command(
        name="step",
        path=context.node.path,
        words=[*words, *made.words, *parts, *made.parts],
        text=made.text,
    )


def named(context: Context) -> Iterator[str]:
    name = context.step.name
    last = context.node.path.rpartition("/")[2].removesuffix(".*")
    if name != last and not context.handles:
        yield call("named", [literal(name)])


def secrets(frame: Frame) -> Iterator[str]:
    """What reads the secrets of a frame: they are in no record."""
    for secret in frame.workflow.secrets:
        name = "secret_variable" if secret.provider == "env" else "secret_file"
        yield f"secret.{secret.name}={call(name, [literal(secret.key)])}"


def own(values: Values, step: Step) -> Iterator[str]:
    for variable in step.env:
        yield f"own.{variable.name}={values.text(variable.value)}"


def exports(values: Values, step: Step, inside: bool = True) -> Iterator[str]:
    """The names that the environment has besides those of the frame. Not `inside`: of a
    fan-out before its items."""
    for export in step.exports:
        origins = export.origins
        if not inside:
            origins = tuple(it for it in origins if it.kind not in ("item", "step_env"))
        sources = []
        for origin in origins:
            if origin.kind in _OF_FRAME:
                break
            source = values.origin(origin)
            sources.append(_ITEM if origin.kind == "item" else source)
        if len(sources) == 1:
            yield f"{export.name}={sources[0]}"
        elif sources:
            yield f"{export.name}={call('present', sources)}"


_ITEM = "to_text(item())"


# ---- parts, outermost first


def around(context: Context) -> Iterator[str]:
    """What decides whether the step runs, and what its failure is."""
    node, step = context.node, context.step
    yield from chosen(context)
    yield from deadlines(context)
    yield from after(context)
    if node.rule == "handler" and context.asks:
        yield call("on", [literal(step.name)])
    yield from context.values.conditions("when", step.conditions)
    if step.continue_on is not None:
        yield from continue_on(step.continue_on)
    if node.soft:
        yield "soft()"


def chosen(context: Context) -> Iterator[str]:
    """In a leg, each candidate of a call is there, and one of them is chosen."""
    if context.node.leg:
        for frame in reversed(context.frame.around):
            if frame.chosen is not None:
                yield call("chosen", [str(frame.chosen)])
                return


def deadlines(context: Context) -> Iterator[str]:
    """The timeouts of the runs and the calls around, the outermost first. The handlers
    of a run are outside of its own."""
    frames = context.frame.around
    inner = [*(it.handles for it in frames[1:]), context.handles]
    for each, outside in zip(frames, inner, strict=True):
        if each.limit is not None:
            where = [literal(each.path), str(each.limit), "call=True"]
            yield call("within", where)
        if each.workflow.timeout is not None and not outside:
            yield call("within", [literal(each.path), str(each.workflow.timeout)])


def after(context: Context) -> Iterator[str]:
    """The edges, where records decide."""
    node = context.node
    if not context.asks or node.rule != "links":
        return
    known = {
        link.path: " ".join(it for it in _ENDINGS if it in link.accepts)
        for link in node.links
        if link.path
    }
    if known:
        yield call("after", [constant({**known})])


_ENDINGS = ("succeeded", "continued", "skipped")


def continue_on(rule: ContinueOn) -> Iterator[str]:
    if not (rule.failure or rule.exit_codes or rule.output):
        return
    words = []
    if rule.failure:
        words.append("failure=True")
    if rule.exit_codes:
        words.append(f"codes={[*rule.exit_codes]}")
    if rule.output:
        words.append(f"output=[{', '.join(map(pattern, rule.output))}]")
    if rule.mark_success:
        words.append("mark_success=True")
    yield call("continue_on", words)


def policies(values: Values, step: Step) -> Iterator[str]:
    """What makes it run again."""
    parts = []
    if step.repeat is not None:
        parts.append(_repeat(values, step, step.repeat))
    if step.retry is not None:
        parts.append(_retry(values, step.retry))
    if any(_WHOLE in part for part in parts):
        yield f"lazily(lambda: [{', '.join(parts)}])"
    else:
        yield from parts


_WHOLE = "whole("


def _number(values: Values, key: str, number: int | Template) -> str:
    if isinstance(number, int):
        return str(number)
    return call("whole", [literal(key), values.text(number)])


def _pauses(rule: Retry | Repeat) -> Iterator[str]:
    if rule.backoff != 1:
        yield f"backoff={rule.backoff!r}"
    if rule.max_interval is not None:
        yield f"most={rule.max_interval}"
    if rule.exit_codes:
        yield f"on={[*rule.exit_codes]}"


def _retry(values: Values, rule: Retry) -> str:
    limit = _number(values, "retryPolicy.limit", rule.limit)
    interval = _number(values, "retryPolicy.intervalSec", rule.interval)
    return call("retry", [limit, interval, *_pauses(rule)])


def _repeat(values: Values, step: Step, rule: Repeat) -> str:
    words = [literal(rule.mode), values.repeat_condition(step, rule)]
    if rule.limit is not None:
        words.append(f"limit={_number(values, 'repeatPolicy.limit', rule.limit)}")
    if rule.interval:
        interval = _number(values, "repeatPolicy.intervalSec", rule.interval)
        words.append(f"interval={interval}")
    return call("repeat", [*words, *_pauses(rule)])


def _within(context: Context) -> Iterator[str]:
    """What holds for each attempt."""
    step, values = context.step, context.values
    workflow = context.frame.workflow
    if step.timeout is not None:
        yield call("timeout", [str(step.timeout)])
    if step.stop_signal is not None:
        yield call("stop", [literal(step.stop_signal.removeprefix("SIG"))])
    grace = context.grace if workflow.grace is None else workflow.grace
    if grace is not None:
        yield call("grace", [str(grace)])
    if step.directory is not None:
        yield call("directory", [values.later(step.directory)])
    for stream, file in (("out", step.stdout), ("err", step.stderr)):
        if file is not None:
            yield call("to_file", [literal(stream), values.later(file)])
    if context.logged:
        yield "keep_log()"
    if step.captured:
        yield call("capture", most=workflow.max_output)


# ---- bodies


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """`words` are the values made for it; `parts` the checks of these and what runs."""

    words: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    text: str | None = None


def _body(values: Values, body: LeafBody) -> _Body:
    match body:
        case ShellCommand(text=text, shell=shell):
            words = [] if shell == DEFAULT_SHELL else [_shell(shell)]
            return _of_text(values, text, words, _without_end)
        case Script(text=text, interpreter=interpreter):
            words = _script(values, text, interpreter)
            return _of_text(values, text, words, str)
        case Arguments(words=given):
            return _arguments(values, given)
        case Jq() | Http() | Docker() | Mail():
            return _Body(parts=(served(values.text, body, values.frame.workflow.smtp),))
        case Ssh(text=text):
            return _of_text(
                values,
                text,
                [served(values.text, body, values.frame.workflow.smtp)],
                _without_end,
            )
        case _:
            assert_never(body)


def _shell(words: tuple[str, ...]) -> str:
    return call("shell", map(literal, words), reads=is_shell(words) or None)


def _script(
    values: Values, text: ShellText, interpreter: tuple[Template, ...]
) -> list[str]:
    known = [plain(each) or "" for each in interpreter]
    reads = is_shell(known or shebang(text.source)) or None
    return [call("script", map(values.later, interpreter), reads=reads)]


def _without_end(program: str) -> str:
    """`program` without the line ends at its end, which mean nothing to a shell, unless
    one of them is escaped."""
    stripped = program.rstrip("\n")
    return program if stripped.endswith("\\") else stripped


def _of_text(
    values: Values, text: ShellText, runs: list[str], trimmed: Callable[[str], str]
) -> _Body:
    rendered, bindings = values.rendered(text)
    checks = []
    if rendered.integers:
        checks.append(call("integers", map(literal, rendered.integers)))
    if rendered.exported:
        checks.append(call("inner", map(literal, rendered.exported)))
    return _Body(
        words=tuple(f"{name}={value}" for name, value in bindings.items()),
        parts=(*checks, *runs),
        text=trimmed(rendered.text),
    )


def _arguments(values: Values, given: tuple[Template | ShellText, ...]) -> _Body:
    """The words of an argv; one that is a program of its own is a shell text."""
    words: list[str] = []
    bound: dict[str, str] = {}
    integers: list[str] = []
    inner: list[str] = []
    for each in given:
        if isinstance(each, ShellText):
            rendered, bindings = values.rendered(each)
            words.append(literal(rendered.text))
            bound |= bindings
            integers += rendered.integers
            inner += rendered.exported
        else:
            words.append(values.later(each))
    checks = []
    if integers:
        checks.append(call("integers", map(literal, dict.fromkeys(integers))))
    if inner:
        checks.append(call("inner", map(literal, dict.fromkeys(inner))))
    return _Body(
        words=tuple(f"{name}={value}" for name, value in bound.items()),
        parts=(*checks, call("arguments", words)),
    )


def runs_commands(step: Step) -> bool:
    """Whether a condition of `step` runs a command, which sees its exports."""
    return any(
        isinstance(text, ShellText)
        for condition in step.conditions
        for text in condition_texts(condition)
    )
