"""The text of an emitted workflow file -> the copy that act runs, and what is said in it.

The copy differs in two ways: lines that act's schema does not know yet are left out, and
each job has one more step at its end, which keeps what the job leaves.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

# Keys that GitHub has and act 0.2.89 refuses: (the mapping that they stand in, the key).
UNKNOWN_TO_ACT = (("concurrency", "queue"),)
LAST_STEP = "What this job leaves"
# What a job has changed, and its records; of the only job all that is in its folder.
_LAST_STEP = """\
- name: {name}
  if: ${{{{ always() }}}}
  shell: bash
  run: |
    kept=$(mktemp -d "$WFC_ACT/jobs/$GITHUB_JOB.XXXXXX")
    if [ -d "$RUNNER_TEMP/wfc/out" ]; then cp -R "$RUNNER_TEMP/wfc/out" "$kept"; fi
"""
_KEEPS_FOLDER = """\
    cp -a "$GITHUB_WORKSPACE" "$kept/folder"
    command -p find "$RUNNER_TEMP" -maxdepth 1 -name 'output-*' -exec cp {} "$kept" \\;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """`text` is what act runs. `jobs` are in the order of the file, `actions` as they
    are written behind `uses:`, `runners` are those that jobs ask for, `inputs` the names
    of what a run can be given, `secrets` those that the text reads."""

    text: str
    jobs: tuple[str, ...]
    actions: frozenset[str]
    runners: frozenset[str]
    inputs: tuple[str, ...]
    secrets: frozenset[str]

    @property
    def checks_out(self) -> bool:
        return any(each.startswith("actions/checkout@") for each in self.actions)


def scratch(text: str) -> Scratch:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert root is not None
    jobs = dict(_entries(_at(root, "jobs")))
    last = _LAST_STEP.format(name=LAST_STEP)
    if len(jobs) == 1:
        last += _KEEPS_FOLDER
    steps = [step for job in jobs.values() for step in _items(_at(job, "steps"))]
    dispatch = _at(_at(root, "on"), "workflow_dispatch")
    return Scratch(
        text=_changed(text, root, jobs, last),
        jobs=tuple(jobs),
        actions=frozenset(_texts(steps, "uses")),
        runners=frozenset(_texts(jobs.values(), "runs-on")),
        inputs=tuple(name for name, _ in _entries(_at(dispatch, "inputs"))),
        secrets=frozenset(re.findall(r"\bsecrets\.([A-Za-z_]\w*)", text)),
    )


def _changed(
    text: str, root: yaml.Node, jobs: dict[str, yaml.Node], last_step: str
) -> str:
    lines = text.splitlines(keepends=True)
    added: dict[int, str] = {}
    dropped = {line for each in (root, *jobs.values()) for line in _unknown(each)}
    for job in jobs.values():
        steps = _at(job, "steps")
        assert isinstance(steps, yaml.SequenceNode)
        indent = " " * (steps.start_mark.column)
        added[steps.end_mark.line] = "".join(
            indent + line for line in last_step.splitlines(keepends=True)
        )
    changed = []
    for number, line in enumerate([*lines, ""]):
        if number in added:
            changed.append(added[number])
        if number not in dropped:
            changed.append(line)
    return "".join(changed)


def _unknown(node: yaml.Node) -> Iterator[int]:
    """The lines of `node` that act refuses."""
    for outer, inner in UNKNOWN_TO_ACT:
        found = _at(node, outer)
        if not isinstance(found, yaml.MappingNode):
            continue
        for key, value in found.value:
            if key.value == inner:
                yield from range(key.start_mark.line, value.end_mark.line + 1)


# ---- nodes


def _entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key.value, value


def _at(node: yaml.Node | None, key: str) -> yaml.Node | None:
    return next((value for name, value in _entries(node) if name == key), None)


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return [*node.value] if isinstance(node, yaml.SequenceNode) else []


def _texts(nodes: Iterable[yaml.Node], key: str) -> Iterator[str]:
    for node in nodes:
        value = _at(node, key)
        if isinstance(value, yaml.ScalarNode):
            yield value.value
