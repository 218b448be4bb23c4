"""Files and the calls in them -> the graph of workflows: who calls whom (F1).

Nothing here recurses: a chain of calls may be as long as a file.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from compiler.diagnostics import Diagnostic
from compiler.ir import Body, Call, Callee, Map, Workflow
from compiler.link import messages
from compiler.link.files import File, Files, Target
from compiler.source import Span


def call_in(body: Body) -> Call | None:
    """The call that `body` is, or that it makes for each item."""
    inner = body.body if isinstance(body, Map) else body
    return inner if isinstance(inner, Call) else None


def calls_of(workflow: Workflow) -> Iterator[Call]:
    """The calls of its steps and handlers, in their order."""
    for step in (*workflow.steps, *workflow.handlers):
        call = call_in(step.body)
        if call is not None:
            yield call


@dataclass(slots=True, eq=False)
class Edge:
    """One workflow that a call can run, and where the file says so."""

    target: Target
    span: Span

    @property
    def key(self) -> str:
        return self.target.workflow.key


@dataclass(slots=True, eq=False)
class Site:
    """One call: what it can run, and what is wrong with it."""

    call: Call
    edges: list[Edge] = field(default_factory=list)
    findings: list[Diagnostic] = field(default_factory=list)

    def callees(self) -> tuple[Callee, ...]:
        return tuple(Callee(edge.target.names, edge.key) for edge in self.edges)


class Choice:
    """The edges of one call, made one by one."""

    def __init__(self) -> None:
        self._by_key: dict[str, Edge] = {}
        self._taken: set[str] = set()

    @property
    def edges(self) -> list[Edge]:
        return list(self._by_key.values())

    def add(self, target: Target, span: Span) -> None:
        """One more workflow; one that is there gets further spellings, and a spelling
        belongs to who had it first."""
        names = tuple(name for name in target.names if name not in self._taken)
        self._taken.update(names)
        known = self._by_key.get(target.workflow.key)
        if known is not None:
            names = (*known.target.names, *names)
            known.target = Target(names, target.file, target.workflow)
        elif names:
            target = Target(names, target.file, target.workflow)
            self._by_key[target.workflow.key] = Edge(target, span)


@dataclass(slots=True, eq=False)
class Node:
    """One workflow. `callers` are the keys of those that call it."""

    workflow: Workflow
    file: File
    sites: list[Site]
    callers: set[str] = field(default_factory=set)


class Graph:
    """The workflows that `roots`, the documents of the entry file, lead to.

    `broken` are files in which later passes found an error: they are no candidates.
    """

    def __init__(
        self, files: Files, entry: File, broken: Mapping[str, Diagnostic]
    ) -> None:
        self._files = files
        self._broken = broken
        self.nodes: dict[str, Node] = {}
        self.roots = [workflow.key for workflow in entry.documents.values()]
        for workflow in entry.documents.values():
            self._load(entry, workflow)
        self._choose_candidates()
        self.order = self._cut_cycles()

    # ---- calls whose workflows the file names

    def _load(self, file: File, workflow: Workflow) -> None:
        """Makes the nodes of `workflow` and of all that it calls by names in its file."""
        waiting = [(file, workflow, "")]
        while waiting:
            file, workflow, caller = waiting.pop()
            node = self.nodes.get(workflow.key)
            if node is None:
                sites = [self._site(file, call) for call in calls_of(workflow)]
                node = Node(workflow, file, sites)
                self.nodes[workflow.key] = node
                waiting += [
                    (edge.target.file, edge.target.workflow, workflow.key)
                    for site in sites
                    for edge in site.edges
                ]
            if caller:
                node.callers.add(caller)

    def _site(self, file: File, call: Call) -> Site:
        site, choice = Site(call), Choice()
        if not call.dynamic:
            name = "".join(part for part in call.name.parts if isinstance(part, str))
            target = self._look_up(site, file, name, call.name.span)
            if target is not None:
                target = Target((name,), target.file, target.workflow)
                choice.add(target, call.name.span)
        for each in call.candidates or () if call.dynamic else ():
            target = self._look_up(site, file, each.name, each.span)
            if target is not None:
                choice.add(target, each.span)
        if call.dynamic and call.candidates == ():
            site.findings.append(messages.no_candidates(call, "the list is empty"))
        site.edges = choice.edges
        return site

    def _look_up(self, site: Site, file: File, name: str, span: Span) -> Target | None:
        """What `name` leads to; None, and why, when it is no workflow."""
        match self._files.find(file, name):
            case Target() as target:
                return target
            case None:
                known = self._files.near(file, name)
                places = self._files.places(file, name)
                found = [messages.unknown_workflow(name, span, known, places)]
            case File(findings=findings, error=error):
                found = [*findings]
                if error is not None:
                    found.append(messages.broken(name, span, error))
            case Diagnostic() as error:
                found = [error, messages.broken(name, span, error)]
        site.findings.extend(found)
        return None

    # ---- calls whose workflows are looked for

    def _choose_candidates(self) -> None:
        """Gives each call that names no candidates those that there are."""
        waiting = deque(self.roots)
        open_sites: deque[tuple[Node, Site]] = deque()
        seen = set(self.roots)
        while waiting or open_sites:
            if waiting:
                node = self.nodes[waiting.popleft()]
                sites = node.sites
                open_sites += [(node, it) for it in sites if _is_open(it.call)]
            else:
                node, site = open_sites.popleft()
                self._choose(node, site)
                sites = [site]
            for key in [edge.key for site in sites for edge in site.edges]:
                if key not in seen:
                    seen.add(key)
                    waiting.append(key)

    def _choose(self, node: Node, site: Site) -> None:
        """The candidates of `site` in `node`: what it can run without a circle."""
        call = site.call
        found = self._files.candidates(node.file, call.name)
        if found is None:
            reason = "there are too many files to look through"
            site.findings.append(messages.no_candidates(call, reason))
            return
        for each in found:
            if isinstance(each, Target):
                self._load(each.file, each.workflow)
        above = self._callers({node.workflow.key: None})
        errors = self._callers(self._errors())
        choice = Choice()
        for each in found:
            if isinstance(each, File):
                name, error = each.source.name, each.error
            else:
                key = each.workflow.key
                name, error = each.names[0], errors.get(key)
                if key in above:
                    continue
                if error is None:
                    choice.add(each, call.name.span)
                    self.nodes[key].callers.add(node.workflow.key)
            if error is not None:
                site.findings.append(messages.left_out(name, call, error))
        site.edges = choice.edges
        if not site.edges:
            reason = "no other one is in this file, in its folder or below it"
            site.findings.append(messages.no_candidates(call, reason))

    def _errors(self) -> dict[str, Diagnostic | None]:
        """The workflows that are broken, with the first error of each."""
        found: dict[str, Diagnostic | None] = {}
        for key, node in self.nodes.items():
            error = self._broken.get(node.file.source.name) or node.file.error
            for site in node.sites if error is None else ():
                errors = (it for it in site.findings if it.severity == "error")
                error = error or next(errors, None)
            if error is not None:
                found[key] = error
        return found

    def _callers(
        self, found: Mapping[str, Diagnostic | None]
    ) -> dict[str, Diagnostic | None]:
        """`found` and all that lead there, each with the value of where it leads."""
        all_of_them = dict(found)
        waiting = list(found)
        while waiting:
            key = waiting.pop()
            for caller in self.nodes[key].callers:
                if caller not in all_of_them:
                    all_of_them[caller] = all_of_them[key]
                    waiting.append(caller)
        return all_of_them

    # ---- circles

    def _cut_cycles(self) -> list[str]:
        """The keys that are reached, in the order of the first call of each. A call that
        closes a circle is told of it, and leads nowhere then."""
        order: dict[str, None] = {}
        done: set[str] = set()
        for root in self.roots:
            if root in order:
                continue
            order[root] = None
            path = [root]
            ways = [_edges(self.nodes[root])]
            while path:
                site, edge = next(ways[-1], (None, None))
                if site is None or edge is None:
                    done.add(path.pop())
                    ways.pop()
                elif edge.key not in order:
                    order[edge.key] = None
                    path.append(edge.key)
                    ways.append(_edges(self.nodes[edge.key]))
                elif edge.key not in done:
                    circle = [*path[path.index(edge.key) :], edge.key]
                    workflows = [self.nodes[key].workflow for key in circle]
                    site.findings.append(messages.cycle(workflows, edge.span))
                    site.edges.remove(edge)
        return list(order)


def _is_open(call: Call) -> bool:
    return call.dynamic and call.candidates is None


def _edges(node: Node) -> Iterator[tuple[Site, Edge]]:
    return iter([(site, edge) for site in node.sites for edge in site.edges])
