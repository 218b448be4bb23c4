"""Turns steps into the arguments of operators: what they run, and what holds around it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from backends.airflow.scopes import Scope, Values, pattern, plain
from backends.airflow.source import Call, Dict, Later, List, Node, Text
from backends.python.expressions import constant, literal
from backends.python.serving import served
from compiler.ir import (
    DEFAULT_SHELL,
    Arguments,
    Command,
    ContinueOn,
    Docker,
    Http,
    Item,
    Jq,
    LeafBody,
    Mail,
    Map,
    Repeat,
    Retry,
    Script,
    Secret,
    Service,
    ShellText,
    Ssh,
    Step,
    Template,
)
from compiler.ir import Call as CallBody
from compiler.shelltext.shells import is_shell, shebang

Arg = tuple[str, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A step and where it stands. `handler`: it is one. `flows` are the variables of the
    workflows that run within one task. `skips`: tasks whose skip skips it."""

    step: Step
    scope: Scope
    flows: dict[str, str]
    handler: bool = False
    skips: tuple[str, ...] = ()
    # An item of a fan-out with a task for each: Airflow tries it again.
    tried: bool = False

    @property
    def values(self) -> Values:
        return Values(scope=self.scope, lenient=self.handler)

    @property
    def native(self) -> bool:
        """Whether Airflow itself tries it again."""
        rule = self.step.retry
        inside = self.scope.inside and not self.tried
        return (
            rule is not None
            and not inside
            and self.step.repeat is None
            and rule.backoff == 1
            and isinstance(rule.limit, int)
            and isinstance(rule.interval, int)
            and not isinstance(self.step.body, Map)
        )


@dataclass(frozen=True, slots=True)
class Body:
    """`values` are what is made for a text, `rules` its checks and what runs."""

    values: tuple[Arg, ...] = ()
    rules: tuple[Node, ...] = ()
    text: str | None = None


def step_arguments(context: Context) -> list[Arg]:
    """The arguments of a `Shell` or a `Leaf` but for what places it: its name, inputs,
    env, text, values and rules."""
    step, values = context.step, context.values
    made = _body(context, step.body)
    found: list[Arg] = []
    name, inside = last_name(context), context.scope.inside
    if (name != step.name or context.tried) and not (context.handler and inside):
        found.append(("step", Text(step.name)))
    inputs = values.inputs(step, inside=not isinstance(step.body, Map))
    if inputs is not None:
        found.append(("inputs", inputs))
    if step.env and not isinstance(step.body, Map):
        pairs = [(it.name, values.given(it.value)) for it in step.env]
        found.append(("env", Dict(pairs)))
    rules = [*around(context), *policies(context), *within(context), *made.rules]
    if rules:
        found.append(("rules", List(rules)))
    if made.text is not None:
        found.append(("command", Text(made.text)))
    if made.values:
        found.append(("values", Dict(made.values)))
    return found


def last_name(context: Context) -> str:
    folders = context.scope.folders
    table = folders.handlers if context.handler else folders.steps
    return table[context.step.name]


def native_arguments(context: Context) -> list[Arg]:
    """What Airflow itself does about a step."""
    step = context.step
    rule = step.retry
    found: list[Arg] = []
    if context.native and rule is not None:
        assert isinstance(rule.interval, int)
        most = rule.max_interval
        pause = rule.interval if most is None else min(rule.interval, most)
        found.append(("retries", constant_of(rule.limit)))
        found.append(("retry_delay", f"timedelta(seconds={pause})"))
        if rule.exit_codes:
            found.append(("retry_on", constant([*rule.exit_codes])))
    if step.queue is not None:
        found.append(("pool", Text(step.queue)))
    return found


def constant_of(number: int | Template) -> str:
    assert isinstance(number, int)
    return str(number)


# ---- rules, outermost first


def around(context: Context) -> Iterator[Node]:
    """What decides whether the step runs, and what its failure is."""
    step, scope = context.step, context.scope
    secrets = scope.workflow.secrets
    if secrets and not scope.inside:
        yield Call("knows", [(it.name, secret_source(it)) for it in secrets])
    if context.handler and not scope.inside and step.name != "init":
        handlers = scope.workflow.handlers if step.name == "exit" else ()
        table = scope.folders.handlers
        others = [table[it.name] for it in handlers if it.name not in ("init", "exit")]
        yield Call("on", [("", literal(it)) for it in (step.name, *others)])
    if scope.workflow.delay is not None and not context.handler:
        yield Call("spaced", [("", str(scope.workflow.delay))])
    if scope.timeout is not None and (not context.handler or step.name == "init"):
        yield Call("within", [("", str(scope.timeout))])
    if context.skips:
        yield Call("unless_skipped", [("", literal(it)) for it in context.skips])
    for node in context.values.conditions("when", step.conditions):
        yield Call("first_time", [("", node)]) if context.native else node
    if step.continue_on is not None:
        yield from continue_on(step.continue_on)


def secret_source(secret: Secret) -> Node:
    name = "secret_variable" if secret.provider == "env" else "secret_file"
    return Call(name, [("", Text(secret.key))])


def continue_on(rule: ContinueOn) -> Iterator[Node]:
    if not (rule.failure or rule.exit_codes or rule.output):
        return
    words: list[Arg] = []
    if rule.failure:
        words.append(("failure", "True"))
    if rule.exit_codes:
        words.append(("codes", constant([*rule.exit_codes])))
    if rule.output:
        words.append(("output", List([*map(pattern, rule.output)])))
    if rule.mark_success:
        words.append(("mark_success", "True"))
    yield Call("continue_on", words)


def policies(context: Context) -> Iterator[Node]:
    """What makes it run again, where Airflow does not."""
    step, values = context.step, context.values
    if isinstance(step.body, Map):
        return
    parts: list[Node] = []
    numbers: list[object] = []
    if step.repeat is not None:
        parts.append(_repeat(values, step, step.repeat))
        numbers += [step.repeat.limit, step.repeat.interval]
    if step.retry is not None and not context.native:
        parts.append(retry(values, step.retry))
        numbers += [step.retry.limit, step.retry.interval]
    if any(isinstance(it, Template) for it in numbers):
        yield Call("lazily", [("", Later(List(parts)))])
    else:
        yield from parts


def _number(values: Values, key: str, number: int | Template) -> Node:
    if isinstance(number, int):
        return str(number)
    return Call("whole", [("", literal(key)), ("", values.text(number))])


def _pauses(rule: Retry | Repeat) -> Iterator[Arg]:
    if rule.backoff != 1:
        yield "backoff", repr(rule.backoff)
    if rule.max_interval is not None:
        yield "most", str(rule.max_interval)
    if rule.exit_codes:
        yield "on", constant([*rule.exit_codes])


def retry(values: Values, rule: Retry) -> Node:
    limit = _number(values, "retryPolicy.limit", rule.limit)
    interval = _number(values, "retryPolicy.intervalSec", rule.interval)
    return Call("retry", [("", limit), ("", interval), *_pauses(rule)])


def _repeat(values: Values, step: Step, rule: Repeat) -> Node:
    condition = values.repeat_condition(step, rule)
    words: list[Arg] = [("", literal(rule.mode)), ("", condition)]
    if rule.limit is not None:
        words.append(("limit", _number(values, "repeatPolicy.limit", rule.limit)))
    if rule.interval:
        interval = _number(values, "repeatPolicy.intervalSec", rule.interval)
        words.append(("interval", interval))
    return Call("repeat", [*words, *_pauses(rule)])


def within(context: Context) -> Iterator[Node]:
    """What holds for each attempt."""
    step, scope, values = context.step, context.scope, context.values
    if isinstance(step.body, Map):
        return
    workflow = scope.workflow
    if step.timeout is not None:
        yield Call("timeout", [("", str(step.timeout))])
    if step.stop_signal is not None:
        yield Call("stop", [("", literal(step.stop_signal.removeprefix("SIG")))])
    grace = scope.grace if workflow.grace is None else workflow.grace
    if grace is not None:
        yield Call("grace", [("", str(grace))])
    if isinstance(step.body, CallBody):
        return
    if step.directory is not None:
        yield Call("directory", [("", values.given(step.directory))])
    for stream, file in (("out", step.stdout), ("err", step.stderr)):
        if file is not None:
            yield Call("to_file", [("", literal(stream)), ("", values.given(file))])
    if step.name in scope.logged and not context.handler:
        yield "keep_log()"
    if step.captured:
        most = workflow.max_output
        yield Call("capture", [] if most is None else [("most", str(most))])


# ---- bodies


def _body(context: Context, body: LeafBody | CallBody | Map) -> Body:
    values = context.values
    match body:
        case Command(text=text, shell=shell):
            words: list[Node] = [] if shell == DEFAULT_SHELL else [_shell(shell)]
            return _of_text(values, text, words, _without_end)
        case Script(text=text, interpreter=interpreter):
            return _of_text(values, text, [_script(values, text, interpreter)], str)
        case Arguments(words=given):
            return _arguments(values, given)
        case Jq() | Http() | Docker() | Mail():
            return Body(rules=(_served(values, body),))
        case Ssh(text=text):
            return _of_text(values, text, [_served(values, body)], _without_end)
        case CallBody():
            return Body(rules=(call_rule(context, body),))
        case Map():
            return Body(rules=(each_rule(context, body),))
        case _:
            assert_never(body)


def _served(values: Values, body: Service) -> Node:
    return served(values.text, body, values.scope.workflow.smtp)


def _shell(words: tuple[str, ...]) -> Node:
    reads: list[Arg] = [("reads", "True")] if is_shell(words) else []
    return Call("shell", [*(("", Text(it)) for it in words), *reads])


def _script(values: Values, text: ShellText, interpreter: tuple[Template, ...]) -> Node:
    known = [plain(each) or "" for each in interpreter]
    reads: list[Arg] = []
    if is_shell(known or shebang(text.source)):
        reads = [("reads", "True")]
    return Call("script", [*(("", values.given(it)) for it in interpreter), *reads])


def _without_end(program: str) -> str:
    """`program` without the line ends at its end, which mean nothing to a shell, unless
    one of them is escaped."""
    stripped = program.rstrip("\n")
    return program if stripped.endswith("\\") else stripped


def _of_text(
    values: Values, text: ShellText, runs: list[Node], kept: Callable[[str], str]
) -> Body:
    rendered, bindings = values.rendered(text)
    return Body(
        values=tuple((name, Later(it)) for name, it in bindings.items()),
        rules=(*_checks(rendered.integers, rendered.exported), *runs),
        text=kept(rendered.text),
    )


def _checks(integers: Sequence[str], inner: Sequence[str]) -> Iterator[Node]:
    for name, words in (("integers", integers), ("inner", inner)):
        if words:
            yield Call(name, [("", literal(it)) for it in dict.fromkeys(words)])


def _arguments(values: Values, given: tuple[Template | ShellText, ...]) -> Body:
    """The words of an argv; one that is a program of its own is a shell text."""
    words: list[Node] = []
    bound: dict[str, str] = {}
    integers: list[str] = []
    inner: list[str] = []
    for each in given:
        if isinstance(each, ShellText):
            rendered, bindings = values.rendered(each)
            words.append(Text(rendered.text))
            bound |= bindings
            integers += rendered.integers
            inner += rendered.exported
        else:
            words.append(values.given(each))
    return Body(
        values=tuple((name, Later(it)) for name, it in bound.items()),
        rules=(
            *_checks(integers, inner),
            Call("arguments", [("", it) for it in words]),
        ),
    )


# ---- calls and fan-outs within one task


def call_rule(context: Context, call: CallBody) -> Node:
    """What runs another workflow within the task of the step."""
    values = context.values
    given: Node = "item_given"
    if call.arguments is not None:
        given = Dict([(it.name, values.given(it.value)) for it in call.arguments])
    captured: list[Arg] = [("captured", "True")] if context.step.captured else []
    flows = context.flows
    if not call.dynamic:
        flow = flows[call.callees[0].workflow]
        return Call("calls", [("", flow), ("", given), *captured])
    spelled: list[Arg] = [
        (name, flows[callee.workflow])
        for callee in call.callees
        for name in callee.names
    ]
    shown = constant([callee.names[0] for callee in call.callees])
    name = Later(values.text(call.name))
    words: list[Arg] = [("", name), ("", Dict(spelled)), ("", shown), ("", given)]
    return Call("chooses", [*words, *captured])


def each_rule(context: Context, body: Map) -> Node:
    """What runs all items of a fan-out within the task of the step, one after another."""
    width = body.width
    words: list[Arg] = [
        ("", Later(items_source(context.values, body.items))),
        ("", leaf(item_context(context, body))),
    ]
    if isinstance(width, Template):
        words.append(("width", Later(context.values.text(width))))
    if isinstance(body.body, CallBody):
        words.append(("with_calls", "True"))
    if context.step.captured:
        words.append(("captured", "True"))
    return Call("each", words)


def items_source(values: Values, items: Template | tuple[Item, ...]) -> str:
    if isinstance(items, Template):
        return values.value(items)
    return f"[{', '.join(_item(values, it) for it in items)}]"


def _item(values: Values, item: Item) -> str:
    text = values.text(item.value)
    return f"parse_json({text})" if item.structured else text


def item_context(context: Context, body: Map, tried: bool = False) -> Context:
    """What a fan-out does for each item (F4), within one task or, `tried`, in its own."""
    step = replace(
        context.step,
        body=body.body,
        conditions=body.conditions,
        continue_on=None,
        output=None,
        queue=None,
    )
    scope = replace(context.scope, inside=True) if not tried else context.scope
    return Context(
        step=step,
        scope=scope,
        flows=context.flows,
        handler=context.handler,
        tried=tried,
    )


def leaf(context: Context, after: dict[str, str] | None = None, on: str = "") -> Call:
    """A step within one task; `on`: a handler, and when it is due."""
    arguments = step_arguments(context)
    first = [pair for pair in arguments if pair[0] == "command"]
    rest = [pair for pair in arguments if pair[0] != "command"]
    found: list[Arg] = [("", it) for _, it in first]
    if on:
        found.append(("on", literal(on)))
    if after:
        found.append(("after", Dict([(k, literal(it)) for k, it in after.items()])))
    return Call("Leaf", [*found, *rest])
