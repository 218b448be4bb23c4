"""A workflow and the words of a run -> what the real Dagu 1.30.2 makes of them.

Only what wfc's contracts say, too: statuses, exit codes, attempts, outputs. The file is
rewritten before, so that its graph is that of Dagu 1.18, whose dialect wfc reads.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
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
_SIGNALS = {"hangup": 1, "interrupt": 2, "aborted": 6, "killed": 9, "terminated": 15}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A step or handler. `exit_code` is that of a failure, from the text of its error;
    `outputs` has its variable, `stdout` all that it printed."""

    status: str
    attempts: int
    exit_code: int | None
    outputs: Mapping[str, str]
    stdout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    status: str
    exit_code: int
    steps: Mapping[str, Node]
    handlers: Mapping[str, Node]


def run(
    binary: Path,
    text: str,
    *,
    words: Sequence[str],
    work: Path,
    home: Path,
    environment: Mapping[str, str],
) -> Facts:
    """Runs the workflow `text` in the folder `work`. Raises RuntimeError, with what Dagu
    printed, when it did not start."""
    (home / "dags").mkdir(parents=True)
    (home / "dags" / ".examples-created").touch()
    file = work / "workflow.yaml"
    file.write_text(as_of_1_18(text), "utf-8")
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
    last = json.loads(states[-1].read_text("utf-8").splitlines()[-1])
    kinds = ("onSuccess", "onFailure", "onCancel", "onExit")
    return Facts(
        status=_STATUS[last.get("status", 0)],
        exit_code=done.returncode,
        steps={node["step"]["name"]: _node(node) for node in last.get("nodes") or []},
        handlers={
            kind.removeprefix("on").lower(): _node(last[kind])
            for kind in kinds
            if last.get(kind) and last[kind].get("status")
        },
    )


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
        attempts=form.get("retryCount", 0) + 1 if ran else 0,
        exit_code=_exit_code(form.get("error") or ""),
        outputs={
            name: value for name, _, value in pairs if not name.startswith("DAGU")
        },
        stdout=log.read_text("utf-8", "replace") if log.is_file() else "",
    )


def _exit_code(error: str) -> int | None:
    if found := re.search(r"exit status (\d+)", error):
        return int(found[1])
    if found := re.search(r"signal: (\w+)", error):
        return 128 + _SIGNALS[found[1]]
    return None


# ---- the graph of 1.18


def as_of_1_18(text: str) -> str:
    """`text` with `type: graph` and every edge written out.

    In a chain 1.18 lets a step follow the one before it if it has no `depends`; since
    1.22 Dagu lets every step do so, unless it says `depends: []`.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    chain = _value(root, "type") in (None, "chain")
    steps = next(node for key, node in root.value if key.value == "steps")
    before: str | None = None
    for step in steps.value:
        if chain and before is not None and _value(step, "depends") is None:
            _set(step, "depends", before)
        before = _value(step, "name")
    _set(root, "type", "graph")
    return yaml.serialize(root, Dumper=yaml.SafeDumper, allow_unicode=True)


def _value(node: yaml.MappingNode, name: str) -> str | None:
    found = [value for key, value in node.value if key.value == name]
    if not found:
        return None
    return found[0].value if isinstance(found[0], yaml.ScalarNode) else name


def _set(node: yaml.MappingNode, name: str, value: str) -> None:
    node.value = [each for each in node.value if each[0].value != name]
    tag = "tag:yaml.org,2002:str"
    pair = [yaml.ScalarNode(tag, word, style='"') for word in (name, value)]
    node.value.append((pair[0], pair[1]))
