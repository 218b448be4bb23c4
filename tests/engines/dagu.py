"""A workflow and the words of a run -> what the real Dagu 1.30.2 makes of them.

Only what wfc's contracts say, too: statuses, exit codes, attempts, outputs. The file is
rewritten before, so that its graph is that of Dagu 1.18, whose dialect wfc reads.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# The numbers that a status file has for them.
_STATUS = (
    *("not_started", "running", "failed", "aborted", "succeeded"),
    *("queued", "partially_succeeded", "waiting", "rejected"),
)
_NODE_STATUS = (*_STATUS[:5], "skipped", "partially_succeeded", "waiting", "rejected")
_HANDLERS = ("onInit", "onSuccess", "onFailure", "onCancel", "onExit")
_SIGNALS = {"hangup": 1, "interrupt": 2, "aborted": 6, "killed": 9, "terminated": 15}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A step or handler. `exit_code` is that of a failure, from the text of its error;
    `outputs` has its variable, `stdout` all that it printed. `call`: it is one, or a
    fan-out of calls; then no exit code is told."""

    status: str
    attempts: int
    exit_code: int | None
    outputs: Mapping[str, str]
    stdout: str
    call: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What became of a run; paths are those of an `Outcome`, without items."""

    status: str
    exit_code: int
    steps: Mapping[str, Node]
    handlers: Mapping[str, Node]


def run(
    binary: Path,
    text: str,
    *,
    callees: Mapping[str, str],
    words: Sequence[str],
    work: Path,
    home: Path,
    environment: Mapping[str, str],
) -> Facts:
    """Runs the workflow `text` in the folder `work`; `callees` are the texts of the files
    that it calls, by their paths. Raises RuntimeError, with what Dagu printed, when it did
    not start."""
    (home / "dags").mkdir(parents=True)
    (home / "dags" / ".examples-created").touch()
    file = work / "workflow.yaml"
    file.write_text(as_of_1_18(text), "utf-8")
    for name, called in callees.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(as_of_1_18(called), "utf-8")
    command = [str(binary), "start", str(file)]
    if words:
        command += ["--", *map(_quoted, words)]
    done = subprocess.run(
        command,
        env={**environment, "DAGU_HOME": str(home), "SHELL": "/bin/bash"},
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    states = sorted(
        home.glob("data/dag-runs/*/dag-runs/*/*/*/*/attempt_*/status.jsonl")
    )
    if not states:
        raise RuntimeError(done.stdout + done.stderr)
    last = _last(states[-1])
    frames = list(_frames("", last, states[-1].parent.parent))
    return Facts(
        status=_STATUS[last.get("status", 0)],
        exit_code=done.returncode,
        steps={
            prefix + node["step"]["name"]: _node(node)
            for prefix, form in frames
            for node in form.get("nodes") or []
        },
        handlers={
            prefix + kind.removeprefix("on").lower(): _node(form[kind])
            for prefix, form in frames
            for kind in _HANDLERS
            if form.get(kind) and form[kind].get("status")
        },
    )


def _last(states: Path) -> dict[str, Any]:
    """The last state in a status file."""
    form: dict[str, Any] = json.loads(states.read_text("utf-8").splitlines()[-1])
    return form


def _frames(
    prefix: str, form: dict[str, Any], run: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The run whose state is `form`, and those that it called, each with what its paths
    begin with. The items of a fan-out are left out: they have no order there."""
    yield prefix, form
    for node in form.get("nodes") or []:
        called = node.get("children") or []
        if called and not node["step"].get("parallel"):
            child = run / "children" / f"child_{called[-1]['dagRunId']}"
            states = sorted(child.glob("attempt_*/status.jsonl"))
            if states:
                path = f"{prefix}{node['step']['name']}/"
                yield from _frames(path, _last(states[-1]), run)


def _quoted(word: str) -> str:
    """`word` for a command line that is parsed again: K="V" keeps its blanks."""
    name, equals, value = word.partition("=")
    if not equals:
        return json.dumps(word, ensure_ascii=False)
    return f"{name}={json.dumps(value, ensure_ascii=False)}"


def _node(form: Mapping[str, Any]) -> Node:
    status = _NODE_STATUS[form.get("status", 0)]
    ran = status in ("succeeded", "failed", "partially_succeeded")
    variables = form.get("outputVariables") or {}
    pairs = (pair.partition("=") for pair in variables.values())
    log = Path(form.get("stdout") or "")
    return Node(
        status=status,
        # `doneCount` are the repetitions, 0 of a handler.
        attempts=form.get("retryCount", 0) + (form.get("doneCount") or 1) if ran else 0,
        exit_code=_exit_code(form.get("error") or ""),
        outputs={
            name: value for name, _, value in pairs if not name.startswith("DAGU")
        },
        stdout=log.read_text("utf-8", "replace") if log.is_file() else "",
        call="childDag" in form["step"],
    )


def _exit_code(error: str) -> int | None:
    if found := re.search(r"exit status (\d+)", error):
        return int(found[1])
    if found := re.search(r"signal: (\w+)", error):
        return 128 + _SIGNALS[found[1]]
    if error.startswith("step timed out"):
        return 124
    # Its words for what fails without a process, or beside one.
    own = "failed to setup", "failed to capture output"
    return 1 if any(each in error for each in own) else None


# ---- the graph of 1.18


def as_of_1_18(text: str) -> str:
    """`text`, each document with `type: graph` and every edge written out.

    In a chain 1.18 lets a step follow the one before it if it has no `depends`; since
    1.22 Dagu lets every step do so, unless it says `depends: []`.
    """
    roots = [root for root in yaml.compose_all(text, Loader=yaml.SafeLoader)]
    for root in roots:
        if isinstance(root, yaml.MappingNode):
            _write_edges(root)
    return yaml.serialize_all(roots, Dumper=yaml.SafeDumper, allow_unicode=True)


def _write_edges(root: yaml.MappingNode) -> None:
    """Does nothing where a step is a text, a list or has no name: 1.18 knows none of
    these."""
    steps = [
        step for key, node in root.value if key.value == "steps" for step in node.value
    ]
    if not all(_value(step, "name") for step in steps):
        return
    chain = _value(root, "type") in (None, "chain")
    before: str | None = None
    for step in steps:
        if chain and before is not None and _value(step, "depends") is None:
            _set(step, "depends", before)
        before = _value(step, "name")
    _set(root, "type", "graph")


def _value(node: yaml.Node, name: str) -> str | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    found = [value for key, value in node.value if key.value == name]
    if not found:
        return None
    return found[0].value if isinstance(found[0], yaml.ScalarNode) else name


def _set(node: yaml.MappingNode, name: str, value: str) -> None:
    node.value = [each for each in node.value if each[0].value != name]
    tag = "tag:yaml.org,2002:str"
    pair = [yaml.ScalarNode(tag, word, style='"') for word in (name, value)]
    node.value.append((pair[0], pair[1]))
