"""Which steps that give one output a step asks, and in which order (R8)."""

import time

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.ir import Command, Origin, Program, Reference, Step, Workflow
from compiler.pipeline import front_end
from compiler.source import Source


def origins(step: Step) -> list[Origin]:
    """Where X in the text of `step` comes from, if it is one of its names."""
    assert isinstance(step.body, Command)
    return [
        origin
        for each in step.body.text.references
        if isinstance(each.expression, Reference)
        for origin in each.expression.origins
    ]


def program_of(steps: list[dict[str, object]]) -> Program:
    text = yaml.safe_dump({"type": "graph", "steps": steps})
    program = front_end(Source("w.yaml", text)).program
    assert program is not None
    return program


def nearest_first(workflow: Workflow, step: Step) -> list[str]:
    """All that `step` waits for, by definition of R8."""
    by_name = {each.name: each for each in workflow.steps}
    order: list[str] = []
    layer = [step.name]
    while layer:
        edges = [edge.step for name in layer for edge in by_name[name].edges]
        layer = [name for name in dict.fromkeys(edges) if name not in order]
        order += layer
    return order


@st.composite
def graphs(draw: st.DrawFn) -> list[dict[str, object]]:
    """Steps of which most give X, and read it where one before them gives it; some can
    be skipped or may fail."""
    steps: list[dict[str, object]] = []
    seen: set[str] = set()  # the steps that see an X
    for place in range(draw(st.integers(2, 8))):
        names = [f"s{it}" for it in range(place)]
        listed = st.lists(st.sampled_from(names), max_size=3, unique=True)
        depends = draw(listed) if names else []
        sees = not seen.isdisjoint(depends)
        texts = ["echo ${X}", "echo ${X:-d}"] if sees else ["echo"]
        step: dict[str, object] = {"name": f"s{place}", "depends": depends}
        step["command"] = draw(st.sampled_from(texts))
        if draw(st.integers(0, 3)):
            step["output"] = "X"
        if sees or "output" in step:
            seen.add(f"s{place}")
        if not draw(st.integers(0, 2)):
            step["preconditions"] = "test"
        if not draw(st.integers(0, 3)):
            step["continueOn"] = draw(st.sampled_from(["failed", "skipped"]))
        steps.append(step)
    return steps


def ended(workflow: Workflow, wishes: list[str]) -> dict[str, str]:
    """How the steps end where each would end as wished if that is possible (S5)."""
    endings: dict[str, str] = {}
    for step, wish in zip(workflow.steps, wishes, strict=True):
        refused = [
            endings[edge.step]
            for edge in step.edges
            if endings[edge.step] not in edge.accepts
        ]
        if refused:
            stopped = {"failed", "aborted"} & set(refused)
            endings[step.name] = "aborted" if stopped else "skipped"
        elif wish == "skipped" and step.conditions:
            endings[step.name] = "skipped"
        elif wish == "failed":
            allowed = step.continue_on is not None and step.continue_on.failure
            endings[step.name] = "continued" if allowed else "failed"
        else:
            endings[step.name] = "succeeded"
    return endings


@settings(max_examples=600, deadline=None)
@given(graphs(), st.data())
def test_what_is_left_out_would_not_have_counted(
    steps: list[dict[str, object]], data: st.DataObject
) -> None:
    workflow = program_of(steps).main
    wish = st.sampled_from(["succeeded", "failed", "skipped"])
    count = len(steps)
    endings = ended(workflow, data.draw(st.lists(wish, min_size=count, max_size=count)))
    # One that failed may have a value or not: it printed too much.
    values = {
        name
        for name, ending in endings.items()
        if ending == "succeeded" or (ending == "continued" and data.draw(st.booleans()))
    }
    gives = {it.name for it in workflow.steps if it.output}
    for step in workflow.steps:
        asked = [it.step for it in origins(step) if it.kind == "output"]
        every = [it for it in nearest_first(workflow, step) if it in gives]
        assert [it for it in every if it in asked] == asked
        if asked and endings[step.name] in ("succeeded", "continued", "failed"):
            first = next((it for it in every if it in values), None)
            assert first == next((it for it in asked if it in values), None)


@given(graphs())
def test_direct_dependencies_are_never_left_out(steps: list[dict[str, object]]) -> None:
    """With a default their skips are tolerated (S5)."""
    workflow = program_of(steps).main
    gives = {it.name for it in workflow.steps if it.output}
    for step in workflow.steps:
        if origins(step):
            asked = {it.step for it in origins(step)}
            assert {it.step for it in step.edges} & gives <= asked


def test_a_chain_of_one_name_is_no_square() -> None:
    steps = "".join(
        f"  - {{name: s{it}, command: 'echo $X', output: X}}\n" for it in range(4_000)
    )
    steps = f"  - {{name: first, command: echo, output: X}}\n{steps}"
    began = time.perf_counter()
    found = front_end(Source("w.yaml", f"steps:\n{steps}"))
    assert time.perf_counter() - began < 5
    assert found.program is not None
    steps_made = found.program.main.steps
    assert [it.step for it in origins(steps_made[-1])] == ["s3998", ""]
