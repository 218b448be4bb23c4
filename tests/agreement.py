"""An outcome that is expected, and what Dagu told of its run -> where they differ.

What is not compared, because wfc decided otherwise (grammar/README.md): the exit code of
a partially succeeded run (0, Dagu's is 1), and that its calls are partially succeeded
there, too; the exit code of a step that succeeded; the order of events; of items only
what the record of their fan-out has.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cases import is_call, variable_of
from engines.dagu import Facts, Node

from compiler.outcome import Outcome, StepOutcome


def disagreements(
    expected: Outcome, facts: Facts, forms: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """A line for each difference; `forms` are the steps of the workflow as written, by
    name."""
    if facts.status != expected.status:
        yield f"{facts.status}, but {expected.status} is expected"
    told = expected.status != "partially_succeeded"
    if told and facts.exit_code != expected.exit_code:
        yield f"exit code {facts.exit_code}"
    steps = dict(_told(expected.steps, expected))
    if facts.steps.keys() != steps.keys():
        yield f"steps {list(facts.steps)}, but {list(steps)} are expected"
    for name in steps.keys() & facts.steps.keys():
        step, node = steps[name], facts.steps[name]
        yield from _differences(name, step, node)
        if name in forms:
            yield from _outputs(name, forms[name], expected, node)
        elif _is_other(step, node):
            yield f"{name}: {node.outputs} for {step.output!r}"
    handlers = dict(_told(expected.handlers, expected))
    if facts.handlers.keys() != handlers.keys():
        yield f"handlers {list(facts.handlers)}, but {list(handlers)} are expected"
    for name in handlers.keys() & facts.handlers.keys():
        step, node = handlers[name], facts.handlers[name]
        yield from _differences(name, step, node)
        if node.stdout.strip() != (step.output or ""):
            yield f"{name}: {node.stdout!r} for {step.output!r}"


def _is_other(step: StepOutcome, node: Node) -> bool:
    """Has the step of a callee another output? Dagu keeps only what `output:` names."""
    kept = node.outputs and not node.call and step.output is not None
    return bool(kept) and step.output not in node.outputs.values()


def _told(
    steps: Mapping[str, StepOutcome], expected: Outcome
) -> Iterator[tuple[str, StepOutcome]]:
    """Those of `steps` that Dagu tells of: no items, and nothing of a callee that never
    began."""
    for path, step in steps.items():
        around = [path[:at] for at, it in enumerate(path) if it == "/"]
        began = (expected.steps[it].attempts for it in around if it in expected.steps)
        if "]" not in path and all(began):
            yield path, step


def _differences(name: str, step: StepOutcome, node: Node) -> Iterator[str]:
    status = node.status
    if node.call and status == "partially_succeeded":  # S7: of the run alone
        status = "succeeded"
    if (status, node.attempts) != (step.status, step.attempts):
        yield f"{name}: {node.status} after {node.attempts}, for {step}"
    told = step.status == "failed" and not node.call
    if told and node.exit_code != step.exit_code:
        yield f"{name}: exit code {node.exit_code}, for {step}"


def _outputs(
    name: str, form: Mapping[str, Any], expected: Outcome, node: Node
) -> Iterator[str]:
    variable = variable_of(form)
    if variable is None:
        return
    output = expected.steps[name].output
    if is_call(form) and "parallel" not in form:
        output = expected.outputs.get(variable)
    found = node.outputs.get(variable)
    if output is None or found is None or not is_call(form):
        if output != found:
            yield f"{name}: {found!r} for {output!r}"
        return
    ours, theirs = _comparable(output), _comparable(found)
    if ours != theirs:
        yield f"{name}: {theirs} for {ours}"


def _comparable(record: str) -> object:
    """What both say in a record: not the name, the params and the id of a run, nor the
    order of items."""
    form = json.loads(record)
    if "summary" not in form:
        return form["status"], _public(form["outputs"])
    summary = {key: form["summary"][key] for key in ("total", "succeeded", "failed")}
    outputs = sorted(json.dumps(_public(each)) for each in form["outputs"])
    return summary, outputs


def _public(outputs: Mapping[str, str]) -> dict[str, str]:
    return {key: outputs[key] for key in sorted(outputs) if not key.startswith("DAGU")}
