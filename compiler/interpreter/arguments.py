"""A call -> the workflow that it runs, and what that is started with (F1, F2)."""

from compiler.evaluate import Failure, text_of, to_text
from compiler.interpreter.frames import Given
from compiler.interpreter.tasks import Work
from compiler.interpreter.texts import Shell, value_of
from compiler.interpreter.values import Item
from compiler.ir import Call, Callee, Workflow


def callee_of(call: Call, shell: Shell) -> Callee:
    """The callee that the value of `run` names. Raises Failure."""
    if not call.dynamic:
        return call.callees[0]
    name = text_of(call.name, shell.scope)
    for callee in call.callees:
        if name in callee.names:
            return callee
    known = ", ".join(callee.names[0] for callee in call.callees)
    raise Failure(f"no workflow `{name}`; candidates are: {known}")


def given_of(
    call: Call, workflow: Workflow, item: Item | None, shell: Shell
) -> Work[Given]:
    """The values of the arguments; without any, the item is the argument. Raises
    Failure, Stopped, OSError."""
    if call.arguments is None:
        return _item_given(workflow, item)
    named: dict[str, str] = {}
    numbered: dict[int, str] = {}
    for argument in call.arguments:
        value = yield from value_of(argument.value, shell)
        if argument.name.isdigit():
            numbered[int(argument.name)] = value
        else:
            named[argument.name] = value
    most = max(numbered, default=0)
    words = [numbered.get(place, "") for place in range(1, most + 1)]
    return Given(values=named, positional=words)


def _item_given(workflow: Workflow, item: Item | None) -> Given:
    if item is None:
        return Given(values={}, positional=())
    if not isinstance(item.value, dict):
        return Given(values={}, positional=(item.text,))
    names = {param.name for param in workflow.params if not param.positional}
    entries = item.value.items()
    values = {name: to_text(value) for name, value in entries if name in names}
    return Given(values=values, positional=())
