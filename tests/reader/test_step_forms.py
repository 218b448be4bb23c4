"""Steps without names, as texts and in groups; shells, `exec` and maps as `output`."""

import pytest
from forms import findings, said, shown, step, workflow, written

from compiler.ir import Arguments, Command, Script, Workflow


def names(text: str) -> list[str]:
    return [each.name for each in workflow(text).steps]


NAMES = {
    "texts": ("[echo a, echo b]", ["cmd_1", "cmd_2"]),
    "lines": ('["a\\nb", "a\\n"]', ["script_1", "cmd_2"]),
    "bodies": (
        "[{command: a}, {script: b}, {run: c}, {run: d, parallel: [1]}, "
        "{command: e, parallel: [1]}, {exec: {command: f}}]",
        ["cmd_1", "script_2", "dag_3", "parallel_4", "parallel_5", "cmd_6"],
    ),
    "services": (
        "[{type: jq, command: ., script: '1'}, {container: a, command: b}, "
        "{executor: {type: http}, command: GET http://a}]",
        ["jq_1", "docker_2", "http_3"],
    ),
    "groups": ("[[a, b], c, [d], e]", ["cmd_1", "cmd_2", "cmd_3", "cmd_4", "cmd_5"]),
    "a name that is taken": ("[a, {name: cmd_1, command: b}]", ["cmd_2", "cmd_1"]),
    "an id that is taken": ("[{id: cmd_1, command: a}]", ["cmd_2"]),
    "one kind counts for itself": (
        "[[a, {script: b}], c]",
        ["cmd_1", "script_1", "cmd_2"],
    ),
    "null as a name": ("[{name: , command: a}]", ["cmd_1"]),
}


@pytest.mark.parametrize(("steps", "expected"), NAMES.values(), ids=NAMES)
def test_names(steps: str, expected: list[str]) -> None:
    assert names(f"steps: {steps}") == expected


def waits(found: Workflow) -> dict[str, list[str] | None]:
    return {
        each.name: None if each.depends is None else [it.step for it in each.depends]
        for each in found.steps
    }


GROUPS = """
steps:
  - {name: a, command: x}
  - - {name: b, command: x}
    - {name: c, command: x, depends: b}
    - {name: d, command: x, depends: []}
  - {name: e, command: x}
  - {name: f, command: x}
  - - {name: g, command: x}
  - - {name: h, command: x}
    - {name: i, command: x}
  - {name: j, command: x, depends: [h]}
"""


def test_a_group_stands_between_what_is_above_and_below() -> None:
    assert waits(workflow(GROUPS)) == {
        "a": None,
        "b": ["a"],
        "c": ["b"],
        "d": [],
        "e": ["b", "c", "d"],
        "f": None,
        "g": ["f"],
        "h": ["g"],
        "i": ["g"],
        "j": ["h"],
    }


def test_a_group_at_the_top_waits_for_nothing() -> None:
    assert waits(workflow("steps: [[a, b], c]")) == {
        "cmd_1": [],
        "cmd_2": [],
        "cmd_3": ["cmd_1", "cmd_2"],
    }


def test_a_group_makes_no_order_in_a_graph() -> None:
    found = waits(workflow(f"type: graph{GROUPS}"))
    assert [name for name, above in found.items() if above] == ["c", "j"]


def test_a_text_is_a_command() -> None:
    (found,) = workflow('steps: ["echo ${X:-a} b"]').steps
    assert isinstance(found.body, Command)
    assert found.body.text.source == "echo ${X:-a} b"
    assert (found.span.line, found.span.column) == (1, 9)


WRONG_STEPS = {
    "null": ("steps: [null]", "WFC105", "null", "take the empty entry out"),
    "empty text": ("steps: ['']", "WFC105", "''", "take the empty entry out"),
    "empty group": ("steps: [[]]", "WFC107", "[]", "a group without steps"),
    "group in a group": ("steps: [[[a]]]", "WFC105", "[a]", "within a group"),
    "text in a map": ("steps: {a: b}", "WFC105", "b", "`a: {command: TEXT}`"),
    "all as a text": ("steps: a", "WFC105", "a", "a list of steps"),
    "no body": ("steps: [{id: a}]", "WFC106", "{id: a}", "without `command`"),
}


@pytest.mark.parametrize(
    ("text", "code", "place", "words"), WRONG_STEPS.values(), ids=WRONG_STEPS
)
def test_wrong_steps(text: str, code: str, place: str, words: str) -> None:
    (found,) = findings(text)
    assert (found.code, shown(text, found)) == (code, place)
    assert words in said(found)


# ---- shells


SHELLS = {
    "bash": ("bash", ("bash", "-e")),
    "bash with options": (
        "bash -x -o pipefail",
        ("bash", "-e", "-x", "-o", "pipefail"),
    ),
    "bash that stops": ("bash -euo pipefail", ("bash", "-euo", "pipefail")),
    "errexit by name": ("bash -o errexit", ("bash", "-o", "errexit")),
    "a path": ("/bin/sh", ("/bin/sh", "-e")),
    "env": ("/usr/bin/env zsh -f", ("/usr/bin/env", "zsh", "-e", "-f")),
    "a list": ("[dash, -u]", ("dash", "-e", "-u")),
    "another kind": ("pwsh -NoProfile", ("pwsh", "-NoProfile")),
}


@pytest.mark.parametrize(("shell", "words"), SHELLS.values(), ids=SHELLS)
def test_the_shell_of_a_workflow(shell: str, words: tuple[str, ...]) -> None:
    text = f"shell: {shell}\nsteps: [a, {{script: b}}]\nhandlerOn: {{exit: {{command: c}}}}"
    found = workflow(text)
    command, script = found.steps
    assert isinstance(command.body, Command)
    assert command.body.shell == words
    assert isinstance(script.body, Script)
    assert [written(it) for it in script.body.interpreter] == list(words)
    (handler,) = found.handlers
    assert isinstance(handler.body, Command)
    assert handler.body.shell == words


OF_ITS_OWN = {
    "shell": ("command: a, shell: bash -x", ["bash", "-x"]),
    "shell as a list": ("script: a, shell: [bash, -x]", ["bash", "-x"]),
    "#!": ('script: "#!/bin/sh\\na"', []),
    "command": ("script: a, command: python3 -u", ["python3", "-u"]),
}


@pytest.mark.parametrize(("keys", "words"), OF_ITS_OWN.values(), ids=OF_ITS_OWN)
def test_what_a_step_names_itself_counts(keys: str, words: list[str]) -> None:
    (found,) = workflow(f"shell: zsh\nsteps: [{{{keys}}}]").steps
    if isinstance(found.body, Command):
        assert list(found.body.shell) == words
    else:
        assert isinstance(found.body, Script)
        assert [written(it) for it in found.body.interpreter] == words


def test_no_shell_reads_a_list() -> None:
    text = "shell: zsh\nsteps: [{command: [a, b]}]"
    assert findings(text) == ()
    (found,) = workflow(text).steps
    assert isinstance(found.body, Arguments)


WRONG_SHELLS = {
    "a reference": ("shell: $SHELL", "$SHELL", "takes no references"),
    "a reference in a list": ("shell: [bash, '`x`']", "'`x`'", "takes no references"),
    "none": ("shell: direct", "direct", "as a list of words"),
    "an open quote": ("shell: bash 'a", "bash 'a", "never closed"),
}


@pytest.mark.parametrize(
    ("text", "place", "words"), WRONG_SHELLS.values(), ids=WRONG_SHELLS
)
def test_wrong_shells(text: str, place: str, words: str) -> None:
    (found,) = findings(text)
    assert (found.code, shown(text, found)) == ("WFC107", place)
    assert words in said(found)


# ---- exec, output, labels


def test_exec_is_a_list_of_words() -> None:
    found = step("exec: {command: a b, args: ['${X} y', 1.10, '', $Z]}").body
    assert isinstance(found, Arguments)
    words = [it for it in found.words]
    assert [written(it) if not hasattr(it, "source") else None for it in words] == [
        "a b",
        "«${X}» y",
        "1.10",
        "",
        "«$Z»",
    ]


def test_a_program_in_exec_is_a_shell_text() -> None:
    found = step("exec: {command: bash, args: [-c, 'echo $X']}").body
    assert isinstance(found, Arguments)
    assert getattr(found.words[2], "source", None) == "echo $X"


WRONG_EXECS = {
    "a list": ("exec: [a]", "WFC105", "[a]", "`exec: {command: NAME, args: [WORD]}`"),
    "no program": ("exec: {args: [a]}", "WFC106", "exec", "has no `command`"),
    "words as a text": ("exec: {command: a, args: b}", "WFC105", "b", "list of words"),
    "beside a command": (
        "exec: {command: a}, command: b",
        "WFC113",
        "exec",
        "`exec` beside `command`",
    ),
    "beside a shell": (
        "exec: {command: a}, shell: b",
        "WFC113",
        "exec",
        "`exec` beside `shell`",
    ),
}


@pytest.mark.parametrize(
    ("keys", "code", "place", "words"), WRONG_EXECS.values(), ids=WRONG_EXECS
)
def test_wrong_execs(keys: str, code: str, place: str, words: str) -> None:
    text = f"steps: [{{name: a, {keys}}}]"
    (found,) = findings(text)
    assert (found.code, shown(text, found)) == (code, place)
    assert words in said(found)


def test_output_as_a_map() -> None:
    assert step("command: b, output: {name: $X}").output == "X"
    text = "steps: [{name: a, command: b, output: {key: c}}]"
    missing = [each for each in findings(text) if each.code != "WFC117"]
    assert [(each.code, shown(text, each)) for each in missing] == [
        ("WFC106", "output")
    ]


def test_labels_as_a_map() -> None:
    assert workflow("labels: {Team: Data, n: 1}").tags == ("team=data", "n=1")


# ---- what is refused, what is left out


REFUSED = {
    "workflow": ("catchupWindow: 6h", "WFC116", "catchupWindow"),
    "Dagu 2": ("step_types: {}", "WFC116", "step_types"),
    "step": ("steps: [{name: a, approval: {}}]", "WFC116", "approval"),
    "handlers": ("handlerOn: {wait: {command: a}}", "WFC116", "wait"),
    "type": ("type: agent", "WFC116", "agent"),
    "left out": ("otel: {}", "WFC117", "otel"),
    "merged": ("logOutput: merged", "WFC117", "merged"),
    "of an output": (
        "steps: [{name: a, command: b, output: {name: X, omit: true}}]",
        "WFC117",
        "omit",
    ),
}


@pytest.mark.parametrize(("text", "code", "place"), REFUSED.values(), ids=REFUSED)
def test_refused_and_left_out(text: str, code: str, place: str) -> None:
    (found,) = findings(text)
    assert (found.code, shown(text, found)) == (code, place)
    assert found.help
    assert "not supported yet" not in said(found)


def test_what_is_left_out_hides_nothing_that_is_missing() -> None:
    text = "steps: [{name: a, workerSelector: {b: c}}]"
    assert [each.code for each in findings(text)] == ["WFC117", "WFC106"]
