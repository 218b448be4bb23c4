"""Decides when jobs and steps run: by `if`, or by the records that steps have left.

`needs.A.result` and the status of a step that did not run do not tell a skipped step from
an aborted one. Where no failure is tolerated around a step they need not, since `failure()`
does; elsewhere those that tolerate a skip, and all before them, run always and decide by
records.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise

from backends.github.jobs import Job, job_id
from backends.github.nodes import Link, Node


def asking(nodes: Sequence[Node], alone: bool) -> set[str]:
    """The nodes that decide by records. `alone`: all are in one job."""
    known = {node.name: node for node in nodes}
    found = {node.name for node in nodes if node.leg}
    waiting = [
        node
        for node in nodes
        if not node.leg
        and (alone or node.frame.soft)
        and node.rule == "links"
        and any(_tolerates(known, link) for link in node.links)
    ]
    while waiting:
        node = waiting.pop()
        if node.name in found:
            continue
        found.add(node.name)
        for link in node.links:
            before = known[link.node]
            while before.rule == "closing":  # what opened it decides
                before = known[before.opener]
            if (before.frame is node.frame and before.kind != "begin") or (
                before.inner is not None and before.frame is node.frame
            ):
                waiting.append(before)
    return found


def _tolerates(known: dict[str, Node], link: Link) -> bool:
    return "skipped" in link.accepts and known[link.node].may_skip


@dataclass(eq=False, kw_only=True)
class Decided:
    """What `if` says, by the ids of jobs and the names of nodes: nothing of those that
    need none. `ids` are the ids of the steps whose outputs are read, `outputs` those that
    a job hands on, with their values."""

    jobs: dict[str, str] = field(default_factory=dict)
    steps: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(eq=False, kw_only=True)
class _Reader:
    """Names for the outputs of nodes."""

    nodes: Mapping[str, Node]
    job_of: Mapping[str, Job]
    asking: Set[str]
    decided: Decided = field(default_factory=Decided)
    taken: dict[str, set[str]] = field(default_factory=dict)

    def output(self, name: str, output: str, job: Job) -> str:
        """The output of the node `name` as an `if` in `job` reads it."""
        source = self.job_of[name]
        id = self._id(name, source)
        value = f"steps.{id}.outputs.{output}"
        if source is job:
            return value
        known = self.decided.outputs.setdefault(source.id, {})
        called = output if known.get(output, value) == value else f"{id}-{output}"
        known[called] = value
        return f"needs.{source.id}.outputs.{called}"

    def _id(self, name: str, job: Job) -> str:
        ids = self.decided.ids
        if name not in ids:
            taken = self.taken.setdefault(job.id, set())
            ids[name] = job_id(_short(self.nodes[name]), taken)
            taken |= {ids[name], ids[name].lower()}
        return ids[name]


def _short(node: Node) -> str:
    """What the id of a step is made from."""
    last = node.path.rstrip("/").rpartition("/")[2]
    match node.kind:
        case "begin" | "choose" | "items" | "verdict":
            return f"{last}-{node.kind}" if last else node.kind
        case _:
            return last or node.kind


def decide(jobs: Sequence[Job], asking: Set[str]) -> Decided:
    """When the jobs, and the steps in them, run."""
    nodes = {node.name: node for job in jobs for node in job.nodes}
    job_of = {node.name: job for job in jobs for node in job.nodes}
    reader = _Reader(nodes=nodes, job_of=job_of, asking=asking)
    for job in jobs:
        if job.needs:
            reader.decided.jobs[job.id] = _wrapped(_of_job(reader, job))
        for place, node in enumerate(job.nodes):
            if place or not job.needs or node.rule == "always":
                terms = [*_of_step(reader, job, place, node)]
                if terms:
                    reader.decided.steps[node.name] = _wrapped(terms)
    return reader.decided


def _wrapped(terms: Iterable[str]) -> str:
    return f"${{{{ {' && '.join(terms)} }}}}"


def _of_job(reader: _Reader, job: Job) -> Iterator[str]:
    first = job.nodes[0]
    if first.rule == "always":
        yield "always()"
        return
    yield "!cancelled()"
    if first.rule == "closing":
        yield _opened(reader, first, job)
    elif first.name in reader.asking and not job.leg:
        yield from _begun(reader, first, job)
    else:
        yield "!failure()"
        yield from _links(reader, first, job, first.links)
        if job.leg:
            slices = reader.output(first.links[0].node, "slices", job)
            yield f"{slices} != '[]'"


def _of_step(reader: _Reader, job: Job, place: int, node: Node) -> Iterator[str]:
    before = job.nodes[:place]
    ending = any(it.kind == "verdict" and it.rule == "always" for it in before)
    status = "always()" if ending else "!cancelled()"
    if node.rule == "always":
        yield "always()"
    elif job.leg:
        yield status
    elif node.rule == "handler":
        yield from _handles(reader, node, job)
    elif node.rule == "closing":
        yield status
        yield _opened(reader, node, job)
    elif node.name in reader.asking:
        yield status
        yield from _begun(reader, node, job)
    elif not before:
        return
    elif _is_chain(job.nodes[: place + 1]):
        terms = [*_links(reader, node, job, filter(_unsure(reader), node.links))]
        if terms:
            yield from ("success()", *terms)
    else:
        yield status
        yield from _links(reader, node, job, node.links)


def _is_chain(nodes: Sequence[Node]) -> bool:
    """Whether each waits for the one before, so that none runs behind one that failed."""
    return all(
        any(link.node == before.name for link in node.links)
        and node.rule in ("links", "closing")
        and before.rule in ("links", "closing")
        and before.kind != "verdict"
        for before, node in pairwise(nodes)
    )


def _unsure(reader: _Reader) -> Callable[[Link], bool]:
    """Whether the job can be green before a link, and the link does not hold."""

    def holds(link: Link) -> bool:
        node = reader.nodes[link.node]
        tolerates = "skipped" in link.accepts
        return not tolerates and (node.may_skip or node.soft)

    return holds


def _links(
    reader: _Reader, node: Node, job: Job, links: Iterable[Link]
) -> Iterator[str]:
    """That the links of `node` hold."""
    for link in links:
        before = reader.nodes[link.node]
        source = reader.job_of[link.node]
        if "skipped" in link.accepts and before.may_skip:
            if source is not job:
                yield f"needs.{source.id}.result != 'cancelled'"
            continue
        wanted = ["succeeded"]
        if before.may_continue and "continued" in link.accepts:
            wanted.append("continued")
        yield _is_one(reader.output(link.node, "status", job), wanted)
    inner = node.inner
    if node.kind == "begin" and inner is not None and inner.chosen is not None:
        callee = reader.output(node.links[0].node, "callee", job)
        yield f"{callee} == '{inner.chosen}'"


def _is_one(value: str, wanted: Sequence[str]) -> str:
    if len(wanted) == 1:
        return f"{value} == '{wanted[0]}'"
    listed = ",".join(f'"{each}"' for each in wanted)
    return f"contains(fromJSON('[{listed}]'), {value})"


def _opened(reader: _Reader, node: Node, job: Job) -> str:
    """That there is something for a closing node to end."""
    opener = reader.nodes[node.opener]
    status = reader.output(opener.name, "status", job)
    if opener.kind != "begin":
        more = ["continued"] if opener.may_continue else []
        return _is_one(status, ["succeeded", *more])
    begun = f"{reader.output(opener.name, 'begun', job)} == 'true'"
    if opener.may_continue:
        return f"({begun} || {status} == 'continued')"
    return begun


def _begun(reader: _Reader, node: Node, job: Job) -> Iterator[str]:
    """That the frame of a node which decides by records is there."""
    begin = node.frame.begin
    if begin in reader.nodes and begin != node.name:
        yield f"{reader.output(begin, 'status', job)} == 'succeeded'"


def _handles(reader: _Reader, node: Node, job: Job) -> Iterator[str]:
    """That the verdict is one that the handler is for."""
    yield "always()"
    status = reader.output(node.opener, "status", job)
    assert node.step is not None
    match node.step.name:
        case "success":
            yield _is_one(status, ["succeeded", "partially_succeeded"])
        case "failure":
            yield f"{status} == 'failed'"
        case "cancel":
            yield f"{status} == 'aborted'"
        case _:
            if node.frame.outer is not None:
                yield f"{status} != ''"
