"""Turns jobs into the part `jobs:` of a workflow file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backends.github.conditions import Decided
from backends.github.jobs import Job
from backends.github.limits import minutes
from backends.github.nodes import Node as Step
from backends.github.triggers import one_line, step_concurrency
from backends.github.words import Command, spelled
from backends.yaml_text import Comment, Node, Noted, Row
from compiler.ir import Map, Workflow

CHECKOUT = Noted("actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8", "v6.0.1")
_UPLOAD = Noted(
    "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"
)
_DOWNLOAD = Noted(
    "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"
)

Entry = dict[str | Comment, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What jobs look like: the commands of their nodes, when they run, and whether they
    hand files on. `places` are the lines that nodes are made from."""

    main: Workflow
    jobs: Sequence[Job]
    decided: Decided
    commands: Mapping[str, Command]
    places: Mapping[str, str]
    checkout: bool
    secrets: Sequence[str] = ()

    @property
    def alone(self) -> bool:
        return len(self.jobs) == 1

    @property
    def shares(self) -> bool:
        """Whether files go from job to job."""
        return not self.alone and self.main.workspace == "shared"


def jobs_of(layout: Layout) -> dict[str | Comment, Node]:
    # What a matrix reads is an output of a job before it.
    matrices = {job.id: _strategy(layout, job) for job in layout.jobs if job.leg}
    return {job.id: _job(layout, job, matrices.get(job.id)) for job in layout.jobs}


def _job(layout: Layout, job: Job, matrix: Entry | None) -> Entry:
    decided = layout.decided
    entry: Entry = {"name": _title(layout, job)}
    if job.needs:
        entry["needs"] = Row(it.id for it in job.needs)
    if job.id in decided.jobs:
        entry["if"] = decided.jobs[job.id]
    entry["runs-on"] = "ubuntu-latest"
    limit = minutes(job)
    if limit is not None:
        entry["timeout-minutes"] = limit
    if layout.checkout and _runs_steps(job):
        entry["permissions"] = {"contents": "read"}
    queue = _queue(layout, job)
    if queue:
        entry["concurrency"] = queue
    if matrix is not None:
        entry["strategy"] = matrix
    outputs = decided.outputs.get(job.id)
    if outputs:
        entry["outputs"] = {
            name: f"${{{{ {value} }}}}" for name, value in outputs.items()
        }
    if job.leg:
        entry["env"] = {"WFC_SLICE": "${{ matrix.slice }}"}
    entry["steps"] = [*_steps(layout, job)]
    return entry


def _title(layout: Layout, job: Job) -> str:
    """The names of its steps as written: the first and the last."""
    if layout.alone:
        return written(layout.main.name)
    if job.nodes[0].rule == "always":
        return "end"
    titles = [node.title for node in job.nodes if node.kind == "step"]
    titles = titles or [_purpose(job.nodes[0])]
    ends = titles if len(titles) < 3 else [titles[0], "...", titles[-1]]
    return written(", ".join(ends).replace(", ..., ", " ... "))


def _purpose(node: Step) -> str:
    """What a node does that is no step of the user's."""
    match node.kind:
        case "begin":
            return node.title if node.path else "inputs"
        case "items" | "choose":
            return f"{node.title}: {node.kind}"
        case "gather":
            return f"{node.title}: results"
        case _:
            return node.title


def written(text: str) -> str:
    """A name as GitHub shows it, which would read expressions in it."""
    return one_line(text).replace("${{", "$ {{")


def _runs_steps(job: Job) -> bool:
    return any(node.step is not None for node in job.nodes)


def _queue(layout: Layout, job: Job) -> Mapping[str | Comment, Node]:
    for node in job.nodes:
        if node.step is not None and node.step.queue is not None:
            workflow = node.frame.workflow
            return step_concurrency(node.step.queue, layout.main, workflow)
    return {}


def _strategy(layout: Layout, job: Job) -> Entry:
    (link,) = job.nodes[0].links
    slices = f"{_outputs_of(layout, link.node)}.slices"
    items = next(
        it for each in layout.jobs for it in each.nodes if it.name == link.node
    )
    fan_out = items.step.body if items.step is not None else None
    assert isinstance(fan_out, Map)
    most: Node = fan_out.width if isinstance(fan_out.width, int) else None
    if most is None:
        width = f"{_outputs_of(layout, link.node, 'width')}.width"
        most = f"${{{{ fromJSON({width} || '1') }}}}"
    return {
        "fail-fast": False,
        "max-parallel": most,
        "matrix": {"slice": f"${{{{ fromJSON({slices} || '[]') }}}}"},
    }


def _outputs_of(layout: Layout, name: str, output: str = "slices") -> str:
    """Where the job of the node `name` has its outputs, `output` among them."""
    job = next(it for it in layout.jobs if any(n.name == name for n in it.nodes))
    id = layout.decided.ids[name]
    outputs = layout.decided.outputs.setdefault(job.id, {})
    outputs.setdefault(output, f"steps.{id}.outputs.{output}")
    return f"needs.{job.id}.outputs"


# ---- steps


def checkout() -> Entry:
    """What brings the files of the repository."""
    return {
        "name": "Checkout",
        "uses": CHECKOUT,
        "with": {"persist-credentials": False},
    }


def _steps(layout: Layout, job: Job) -> Iterator[Entry]:
    if layout.checkout and _runs_steps(job):
        yield checkout()
    if job.before:
        yield {
            "name": "Files of the jobs before" if layout.shares else "Records",
            "uses": _DOWNLOAD,
            "with": {
                "pattern": "work-*",
                "path": "${{ runner.temp }}/wfc/in",
                "merge-multiple": True,
            },
        }
    if layout.shares:
        before = [f"{it.id}.*" if it.leg else it.id for it in job.before]
        unpack = Command(name="unpack", path=".", words=before)
        name = "Unpack" if before else "Note what is there"
        yield {"name": name, "run": spelled(unpack)}
    for node in job.nodes:
        yield _step(layout, node)
    if not layout.alone and _leaves_something(job):
        yield from _handed_on(layout, job)


def _leaves_something(job: Job) -> bool:
    """Whether there is more to keep of a job than how the run has ended."""
    return any(node.kind not in ("verdict", "summary") for node in job.nodes)


def _handed_on(layout: Layout, job: Job) -> Iterator[Entry]:
    """What a job leaves for those behind it."""
    always = "${{ !cancelled() }}"
    if layout.shares:
        pack = Command(name="pack", path=".")
        yield {"name": "Pack", "if": always, "run": spelled(pack)}
    leg = "-${{ matrix.slice }}" if job.leg else ""
    yield {
        "name": "Files for later jobs" if layout.shares else "Records for later jobs",
        "if": always,
        "uses": _UPLOAD,
        "with": {
            "name": f"work-{job.id}{leg}",
            "path": "${{ runner.temp }}/wfc/out",
            "if-no-files-found": "ignore",
            "overwrite": True,
        },
    }


def _secret(name: str) -> Noted:
    # Whether there is an environment with rules of its own is not for wfc to say.
    ignored = "zizmor: ignore[secrets-outside-env]"
    return Noted(f"${{{{ secrets.{name} }}}}", ignored)


def _step(layout: Layout, node: Step) -> Entry:
    command = layout.commands[node.name]
    title, place = written(_purpose(node)), layout.places[node.name]
    entry: Entry = {"name": title if node.rule == "always" else Noted(title, place)}
    if node.name in layout.decided.ids:
        entry["id"] = layout.decided.ids[node.name]
    if node.name in layout.decided.steps:
        entry["if"] = layout.decided.steps[node.name]
    env: dict[str, Node] = {**command.env}
    if node.step is not None or node.kind == "begin":
        env |= {f"WFC_SECRET_{it}": _secret(it) for it in layout.secrets}
    if node.kind == "verdict" and not node.path:
        env["WFC_RESULTS"] = (
            "${{ job.status }}" if layout.alone else "${{ join(needs.*.result, ' ') }}"
        )
    if env:
        entry["env"] = env
    entry["run"] = spelled(command)
    return entry
