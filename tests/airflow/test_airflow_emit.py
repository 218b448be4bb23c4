"""What programs become on Airflow: the tasks, what they wait for, and no more run time
than they use."""

import ast

import pytest

from backends.airflow.emit import emit
from compiler.pipeline import front_end
from compiler.source import Source


def _emitted(text: str) -> str:
    source = Source(name="w.yaml", text=text)
    checked = front_end(source)
    assert checked.program is not None, checked.diagnostics
    (file,) = emit(checked.program, checked.sources)
    assert file.path == "w.py"
    return file.text


def _tasks(text: str) -> str:
    return text[text.index("with DAG(") :]


CHAIN = """\
name: w
steps:
  - name: a
    command: echo a
    output: A
  - name: b
    command: echo "$A"
"""


def test_a_chain_is_short() -> None:
    tasks = _tasks(_emitted(CHAIN))
    assert tasks == """\
with DAG(
    dag_id="w",
    schedule=None,
    catchup=False,
    default_args={"retries": 0},
) as dag:
    a = Shell(
        task_id="a",
        rules=[capture()],
        command="echo a",
    )

    b = Shell(
        task_id="b",
        inputs={"A": a.output},
        command='echo "$A"',
    )
"""


def test_only_what_is_used_is_there() -> None:
    names = {
        node.name
        for node in ast.parse(_emitted(CHAIN)).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    assert {"Shell", "capture", "concluded"} <= names
    assert not {"Begin", "Item", "Flow", "retry", "continue_on", "Status"} & names


def test_its_inputs_are_resolved_by_airflow() -> None:
    assert 'template_fields = ("inputs", "frame")' in _emitted(CHAIN)


STEP = "name: w\nsteps:\n  - name: a\n    command: echo a\n"
CASES = {
    "retry": (
        "    retryPolicy: {limit: 2, intervalSec: 3, exitCode: [7]}\n",
        ["retries=2,", "retry_delay=timedelta(seconds=3),", "retry_on=[7],"],
    ),
    "backoff": (
        "    retryPolicy: {limit: 2, intervalSec: 3, backoff: 2}\n",
        ["rules=[retry(2, 3, backoff=2.0)],"],
    ),
    "timeout": ("    timeoutSec: 4\n", ["rules=[timeout(4)],"]),
    "queue": ("    queue: q\n", ['pool="q",']),
    "continue": (
        "    continueOn: {failure: true}\n",
        ["continue_on(failure=True)", "Status(", 'going_on=["a"],', "RunEnd("],
    ),
    "condition": (
        '    preconditions: ["test -f x"]\n',
        ['rules=[when(test("test -f x"))],'],
    ),
}


@pytest.mark.parametrize(("key", "expected"), CASES.values(), ids=CASES)
def test_step(key: str, expected: list[str]) -> None:
    tasks = _tasks(_emitted(STEP + key))
    for part in expected:
        assert part in tasks


TOLERANT = """\
name: w
type: graph
steps:
  - name: a
    command: echo a
    output: A
    preconditions: ["false"]
  - name: b
    command: echo b
    preconditions: ["false"]
  - name: c
    command: echo "${A:-none}"
    depends: [a, b]
"""


def test_a_tolerated_skip_beside_one_that_is_not() -> None:
    tasks = _tasks(_emitted(TOLERANT))
    assert 'unless_skipped("b")' in tasks
    assert "trigger_rule=TriggerRule.NONE_FAILED," in tasks


FAN_OUT = """\
name: w
params: [{N: one}]
maxActiveSteps: 3
steps:
  - name: each
    parallel: {items: [x, y], maxConcurrent: 2}
    command: echo "$ITEM"
    output: E
handlerOn:
  exit: {command: echo "$DAG_RUN_STATUS"}
"""


def test_a_fan_out_and_a_handler() -> None:
    tasks = _tasks(_emitted(FAN_OUT))
    for part in (
        'with TaskGroup("each"):',
        'items=lambda: ["x", "y"],',
        "max_active_tis_per_dagrun=2,",
        ").expand(leg=each_items.output)",
        "max_active_tasks=3,",
        'params={"N": Param("one", type="string")},',
        'inputs={"DAG_RUN_STATUS": status.output},',
        'rules=[on("exit"), capture()],',
    ):
        assert part in tasks


CALL = """\
name: w
steps:
  - name: call
    run: kid
    params: {P: "1"}
    output: R
---
name: kid
params: [{P: none}]
steps:
  - name: a
    command: echo "$P"
    output: O
"""


def test_a_call_runs_within_its_task() -> None:
    text = _emitted(CALL)
    assert 'rules=[calls(KID, {"P": "1"}, captured=True)],' in text
    assert "KID = Flow(\n" in text
    assert 'outputs=[("O", "a")],' in text


def test_names_of_steps_hide_nothing() -> None:
    """A step is a variable; none may be one of the run time's or of Python's."""
    names = ["json", "output", "print", "Shell", "class", "dag"]
    steps = "".join(f"  - name: {name}\n    command: echo\n" for name in names)
    tasks = _tasks(_emitted(f"name: w\nsteps:\n{steps}"))
    for name in names:
        assert f"    {name}_ = Shell(\n" in tasks
