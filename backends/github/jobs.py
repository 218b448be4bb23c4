"""Groups nodes into jobs: which run on one machine one after another, which wait for which."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal

from backends.github.nodes import Node
from compiler.backend import mangle

Grain = Literal["chain", "step", "workflow"]

_ALPHABET = "A-Za-z0-9_-"
_LONGEST = 80


@dataclass(eq=False, slots=True, kw_only=True)
class Job:
    """`nodes` in the order in which they run. `needs` are the jobs of what these wait for
    and read, `before` all jobs whose files it gets; both in the order of the jobs.
    `leg`: it is a matrix, one leg for each slice of the items of that fan-out."""

    id: str
    nodes: list[Node]
    leg: str = ""
    needs: "list[Job]" = field(default_factory=list)
    before: "list[Job]" = field(default_factory=list)

    @property
    def last(self) -> Node:
        return self.nodes[-1]


def group(
    nodes: Sequence[Node], asking: Set[str], grain: Grain, name: str
) -> list[Job]:
    """The jobs of `nodes`, each after those that it needs. `asking` are the nodes that
    decide by records whether they run; `name` is that of the workflow, which a job has
    that is the only one."""
    if grain == "workflow":
        jobs = [Job(id="", nodes=[*nodes])] if nodes else []
    else:
        jobs = _fused(nodes, grain)
        jobs = _with_end(jobs)
    _name(jobs, name)
    _connect(jobs, asking)
    return jobs


def _fused(nodes: Sequence[Node], grain: Grain) -> list[Job]:
    """Chains: a node joins the job of the only one it waits for, if nothing else waits
    for that one."""
    dependants = _dependants(nodes)
    job_of: dict[str, Job] = {}
    jobs: list[Job] = []
    for node in nodes:
        job = _joined(node, job_of, dependants, grain)
        if job is None:
            job = Job(id="", nodes=[], leg=node.leg)
            jobs.append(job)
        job.nodes.append(node)
        job_of[node.name] = job
    return jobs


def _dependants(nodes: Sequence[Node]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {node.name: set() for node in nodes}
    for node in nodes:
        if node.rule != "always":
            for link in node.links:
                found[link.node].add(node.name)
    return found


def _joined(
    node: Node,
    job_of: dict[str, Job],
    dependants: dict[str, set[str]],
    grain: Grain,
) -> Job | None:
    """The job that `node` joins, None if it begins one."""
    before = {id(job_of[it.node]): job_of[it.node] for it in node.links}
    if node.rule == "always":
        # The verdict begins the last job, the summary ends it.
        return None if node.kind == "verdict" else next(iter(before.values()))
    if len(before) != 1:
        return None
    (job,) = before.values()
    if job.leg or node.leg:
        return job if job.leg == node.leg else None
    if node.rule == "handler":
        return job
    if node.rule == "closing" and job_of[node.opener] is not job:
        return None
    alone = all(dependants[it.node] == {node.name} for it in node.links)
    if not alone or _queued(node) or any(map(_queued, job.nodes)):
        return None
    if grain == "step" and _own(node) and any(map(_own, job.nodes)):
        return None
    first = job.nodes[0]
    if (first.links or first.opener) and any(
        "skipped" in it.accepts for it in node.links
    ):
        return None  # the whole job may be skipped, and this node runs nevertheless
    return job


def _queued(node: Node) -> bool:
    return node.step is not None and node.step.queue is not None


def _own(node: Node) -> bool:
    """Whether the user wrote it as a step."""
    return node.kind == "step"


def _with_end(jobs: list[Job]) -> list[Job]:
    """What ends the run is in the only job there is besides."""
    if len(jobs) == 2 and jobs[1].nodes[0].rule == "always" and not jobs[0].leg:
        jobs[0].nodes += jobs[1].nodes
        return jobs[:1]
    return jobs


def _name(jobs: Sequence[Job], name: str) -> None:
    """Gives each job its id: that of its first step, no two alike in any case."""
    taken: set[str] = set()
    for job in jobs:
        wanted = name if len(jobs) == 1 else _wanted(job)
        job.id = job_id(wanted, taken)
        taken |= {job.id, job.id.lower()}


def job_id(wanted: str, taken: set[str]) -> str:
    """A name for a job or a step near `wanted` that is not `taken`; GitHub takes names
    that differ in case alone for one."""
    if not wanted[:1].isalpha() or not wanted[:1].isascii():
        wanted = f"_{wanted}"
    found = mangle(wanted, _ALPHABET, _LONGEST, taken)
    if found.lower() in taken:
        found = mangle(wanted, _ALPHABET, _LONGEST, {*taken, found})
    return found


def _wanted(job: Job) -> str:
    """The path of its first step, else what it does."""
    first = job.nodes[0]
    if first.rule == "always":
        return "end"
    for node in job.nodes:
        if node.kind == "step":
            first = node
            break
    path = first.path.rstrip("/").replace(".*", "").replace("/", "-")
    match first.kind:
        case "begin":
            return f"{path}-begin" if path else "inputs"
        case "choose" | "items":
            return f"{path}-{first.kind}"
        case "gather":
            return f"{path}-results"
        case "verdict" | "call" | "again":
            return f"{path}-end"
        case _:
            return path


# ---- which job needs which


def _connect(jobs: Sequence[Job], asking: Set[str]) -> None:
    job_of = {node.name: job for job in jobs for node in job.nodes}
    places = {job.id: place for place, job in enumerate(jobs)}
    for job in jobs:
        names = {name for node in job.nodes for name in _reads(node, job_of, asking)}
        direct = _distinct(job_of[name] for name in names)
        every = {it.id: it for it in direct}
        for each in direct:
            every |= {it.id: it for it in each.before}
        every.pop(job.id, None)
        job.needs = sorted(
            (it for it in direct if it is not job), key=lambda it: places[it.id]
        )
        job.before = sorted(every.values(), key=lambda it: places[it.id])


def _distinct(jobs: Iterable[Job]) -> list[Job]:
    return [*{it.id: it for it in jobs}.values()]


def _reads(node: Node, job_of: dict[str, Job], asking: Set[str]) -> Iterator[str]:
    """The nodes that `node` waits for, or whose outputs its `if` reads."""
    for link in node.links:
        yield link.node
    if node.opener:
        yield node.opener
    if node.name in asking and node.frame.begin in job_of:
        yield node.frame.begin
