"""Turns what stands around steps into commands: begins, items, results, ends."""

from collections.abc import Iterator

from backends.github.inputs import Inputs
from backends.github.nodes import Frame, Node
from backends.github.steps import (
    Context,
    around,
    continue_on,
    exports,
    named,
    own,
    runs_commands,
    secrets,
)
from backends.github.values import Values
from backends.github.words import Command, call
from backends.python.expressions import constant, literal
from backends.python.schemas import printed_source, schema_arguments
from compiler.ir import Call, Item, Json, Map, Param, Template, Variable
from compiler.walk import call_of


def begin_command(context: Context, inputs: Inputs) -> Command:
    """What values the params and env of a frame, of a call with its arguments before."""
    node, inner = context.node, context.node.inner
    assert inner is not None
    words: list[str] = []
    if inner.outer is not None:
        words += _of_call(context, inner)
    words += _of_frame(inner)
    if inner.outer is None and inputs.names:
        words.append(inputs.part())
    name = "begin" if inner.outer is None else "begin_call"
    return Command(name=name, path=node.path, words=words)


def _of_call(context: Context, inner: Frame) -> Iterator[str]:
    """Whether the call runs, and what the called workflow is given."""
    step, values = context.step, context.values
    called = call_of(step)
    assert called is not None
    yield from _asked(context)
    if inner.chosen is not None:
        if context.node.leg:
            yield call("chosen", [str(inner.chosen)])
        yield from own(values, step)
    if step.timeout is not None:
        where = [literal(inner.path), str(step.timeout), "call=True"]
        yield call("within", where)
    if called.arguments is None:
        names = [it.name for it in inner.workflow.params if not it.positional]
        yield call("items_given", map(literal, names))
    for argument in called.arguments or ():
        yield f"given.{argument.name}={values.text(argument.value)}"


def _asked(context: Context) -> Iterator[str]:
    """The words of a command in the place of a call or a fan-out: whether it runs. A call
    that chooses has asked before."""
    inner = context.node.inner
    if inner is not None and inner.chosen is not None:
        return
    step, values = context.step, context.values
    fans_out = context.node.kind == "items"
    yield from secrets(context.frame)
    if not fans_out:
        yield from own(values, step)
    if runs_commands(step):
        for word in exports(values, step, inside=not fans_out):
            yield f"seen.{word}"
    yield from around(context)


def _of_frame(frame: Frame) -> Iterator[str]:
    """What a frame has before its steps, in the order in which it is valued."""
    workflow, values = frame.workflow, Values(frame=frame)
    given = frame.title.rstrip("/").rpartition("/")[2]
    if frame.outer is not None and workflow.name != given:
        yield call("named", [literal(workflow.name)])
    if workflow.dotenv:
        yield call("dotenv", [literal(file.path) for file in workflow.dotenv])
    yield from secrets(frame)
    for definition in workflow.order:
        yield _definition(values, definition)
    if workflow.directory is not None:
        yield call("place", [values.later(workflow.directory)])
    if workflow.schema is not None:
        yield call("fits", schema_arguments(workflow))
    yield from values.conditions("meets", workflow.conditions)


def _definition(values: Values, definition: Param | Variable) -> str:
    name = definition.name
    match definition:
        case Variable(value=value):
            return f"env.{name}={values.text(value)}"
        case Param(default=None, positional=True):
            return f'{name}=""'
        case Param(default=None):
            return f"{name}={call('process', [literal(name)])}"
        case Param(default=default) if default is not None:
            return f"{name}={printed_source(definition, values.text(default))}"
        case _:
            raise AssertionError(definition)  # every param is matched above


def choose_command(context: Context) -> Command:
    """What finds the workflow that the value of `run` names."""
    called = call_of(context.step)
    assert called is not None
    names = {
        name: number
        for number, callee in enumerate(called.callees)
        for name in callee.names
    }
    shown = [callee.names[0] for callee in called.callees]
    words = [
        *_asked(context),
        f"callee={context.values.text(called.name)}",
        f"names={constant({**names})}",
        f"shown={constant([*shown])}",
    ]
    return Command(name="choose", path=context.node.path, words=words)


# ---- fan-outs


def items_command(context: Context) -> Command:
    """What deals the items of a fan-out."""
    body, values = context.step.body, context.values
    assert isinstance(body, Map)
    width = body.width
    words = [
        *named(context),
        f"items={_items(values, body.items)}",
        f"width={width if isinstance(width, int) else values.text(width)}",
        *_asked(context),
    ]
    return Command(name="items", path=context.node.path, words=words)


def _items(values: Values, items: Template | tuple[Item, ...]) -> str:
    if isinstance(items, Template):
        return values.value(items)
    return f"[{', '.join(_item(values, it) for it in items)}]"


def _item(values: Values, item: Item) -> str:
    text = values.text(item.value)
    return call("from_json", [text]) if item.structured else text


def gather_command(context: Context) -> Command:
    """What makes the record of a fan-out."""
    step = context.step
    words = []
    if isinstance(step.body, Map) and isinstance(step.body.body, Call):
        words.append("of_calls()")
    return Command(
        name="gather", path=context.node.path, words=[*words, *_result(context)]
    )


def _result(context: Context) -> Iterator[str]:
    """What holds for the ending of a call or a fan-out."""
    step = context.step
    yield from named(context)
    if step.continue_on is not None:
        yield from continue_on(step.continue_on)
    if context.node.soft:
        yield "soft()"
    if step.captured:
        yield "capture()"


# ---- ends


def verdict_command(context: Context) -> Command:
    """What decides the status of a frame, for its handlers."""
    node = context.node
    assert node.inner is not None
    words = [*_chosen_inner(node), f"steps={_folders(node.inner)}"]
    return Command(name="verdict", path=node.inner.path, words=words)


def _chosen_inner(node: Node) -> Iterator[str]:
    if node.leg and node.inner is not None and node.inner.chosen is not None:
        yield call("chosen", [str(node.inner.chosen)])


def _folders(frame: Frame) -> str:
    steps = frame.workflow.steps
    return constant([frame.folders.steps[step.name] for step in steps])


def call_command(context: Context) -> Command:
    """What ends a call: its record and its result."""
    node, frame = context.node, context.node.inner
    assert frame is not None
    workflow, folders = frame.workflow, frame.folders
    given = [it.name for it in workflow.params if it.default or it.positional]
    passed = [it.name for it in workflow.params if it.name not in given]
    handlers = [folders.handlers[it.name] for it in workflow.handlers]
    outputs = [(it.output, folders.steps[it.name]) for it in workflow.steps]
    words = [
        *_chosen_inner(node),
        f"callee={literal(workflow.name)}",
        f"steps={_folders(frame)}",
        f"leaves={constant({it: folders.steps[it] for it in workflow.leaves})}",
    ]
    lists: dict[str, list[Json]] = {
        "outputs": [[name, folder] for name, folder in outputs if name],
        "params": [*given],
        "passed": [*passed],
        "handlers": [*handlers],
    }
    words += [
        f"{name}={constant(it)}"
        for name, it in lists.items()
        if it or name in ("outputs", "params")
    ]
    return Command(name="result", path=node.path, words=[*words, *_result(context)])


def again_command(context: Context) -> Command:
    """What gives the status of a call that has ended in one of several ways."""
    return Command(name="again", path=context.node.path, words=["soft()"])


def summary_command(context: Context) -> Command:
    """What writes the table of the run."""
    frame = context.node.frame
    handlers = [frame.folders.handlers[it.name] for it in frame.workflow.handlers]
    words = [f"steps={_folders(frame)}"]
    if handlers:
        words.append(f"handlers={constant([*handlers])}")
    return Command(name="summary", path="", words=words)


__all__ = [
    "again_command",
    "begin_command",
    "call_command",
    "choose_command",
    "gather_command",
    "items_command",
    "summary_command",
    "verdict_command",
]
