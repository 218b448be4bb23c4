"""Files and the calls in them -> the graph of workflows: who calls whom (F1).

Nothing here recurses: a chain of calls may be as long as a file.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from compiler.diagnostics import Diagnostic
from compiler.ir import Call, Callee, Workflow
from compiler.link import messages
from compiler.link.files import File, Files, Target
from compiler.source import Span
from compiler.walk import calls_of


def is_open(call: Call) -> bool:
    """Is what `call` can run looked for, since the file names nothing?"""
    return call.dynamic and call.candidates is None


@dataclass(slots=True, eq=False)
class Choice:
    """One workflow that a call can run, its spellings, and where the file says so."""

    names: tuple[str, ...]
    file: File
    workflow: Workflow
    span: Span


@dataclass(slots=True, eq=False)
class Site:
    """One call: what it can run, by the keys of the workflows, and what is wrong with it.

    `open`: it names no workflow, and what there is are its candidates; `left_out` are the
    names of those with errors, each with its first one.
    """

    call: Call
    choices: dict[str, Choice] = field(default_factory=dict)
    findings: list[Diagnostic] = field(default_factory=list)
    left_out: list[tuple[str, Diagnostic]] = field(default_factory=list)
    _taken: set[str] = field(default_factory=set)

    @property
    def open(self) -> bool:
        return is_open(self.call)

    def add(
        self, names: tuple[str, ...], file: File, workflow: Workflow, span: Span
    ) -> None:
        """One more workflow; one that is there gets further spellings, and a spelling
        belongs to who had it first."""
        names = tuple(name for name in names if name not in self._taken)
        self._taken.update(names)
        known = self.choices.get(workflow.key)
        if known is not None:
            known.names = (*known.names, *names)
        elif names:
            self.choices[workflow.key] = Choice(names, file, workflow, span)

    def callees(self) -> tuple[Callee, ...]:
        return tuple(Callee(choice.names, key) for key, choice in self.choices.items())


@dataclass(slots=True, eq=False)
class Node:
    """One workflow. `callers` are the keys of those that call it."""

    workflow: Workflow
    file: File
    sites: list[Site]
    callers: set[str] = field(default_factory=set)


_NO_OTHER = "no other one is in this file, in its folder or a folder of `--search`"
_NONE_WHOLE = "all that it could be have errors"


class CallGraph:
    """The workflows that `roots`, the documents of the entry file, lead to.

    `broken` are files in which later passes found an error: they are no candidates.
    """

    def __init__(
        self, files: Files, entry: File, broken: Mapping[str, Diagnostic]
    ) -> None:
        self._files = files
        self._broken = broken
        self.nodes: dict[str, Node] = {}
        self.roots = dict.fromkeys(it.key for it in entry.documents.values())
        for workflow in entry.documents.values():
            self._load(entry, workflow)
        self._choose_candidates()
        self._leave_out_broken()
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
                    (choice.file, choice.workflow, workflow.key)
                    for site in sites
                    for choice in site.choices.values()
                ]
            if caller:
                node.callers.add(caller)

    def _site(self, file: File, call: Call) -> Site:
        site = Site(call)
        if not call.dynamic:
            name = "".join(part for part in call.name.parts if isinstance(part, str))
            self._look_up(site, file, name, call.name.span)
            return site
        for each in call.candidates or ():
            self._look_up(site, file, each.name, each.span)
        return site

    def _look_up(self, site: Site, file: File, name: str, span: Span) -> None:
        """Adds what `name` leads to, or why it is no workflow."""
        match self._files.find(file, name):
            case Target(names=names, file=callee, workflow=Workflow() as workflow):
                if not site.call.dynamic:
                    names = (name,)
                site.add(names, callee, workflow, span)
            case Target(file=callee):
                site.findings.extend(callee.findings)
                if callee.error is not None:
                    site.findings.append(messages.broken(name, span, callee.error))
            case Diagnostic() as error:
                site.findings += [error, messages.broken(name, span, error)]
            case None:
                known = self._files.near(file, name)
                places = self._files.places(file, name)
                unknown = messages.unknown_workflow(name, span, known, places)
                site.findings.append(unknown)

    # ---- calls whose workflows are looked for

    def _choose_candidates(self) -> None:
        """Gives each open call the candidates that there are."""
        waiting = deque(self.roots)
        open_sites: deque[tuple[Node, Site]] = deque()
        seen = set(self.roots)
        while waiting or open_sites:
            if waiting:
                node = self.nodes[waiting.popleft()]
                sites = node.sites
                open_sites += [(node, site) for site in sites if site.open]
            else:
                node, site = open_sites.popleft()
                self._choose(node, site)
                sites = [site]
            for key in [key for site in sites for key in site.choices]:
                if key not in seen:
                    seen.add(key)
                    waiting.append(key)

    def _choose(self, node: Node, site: Site) -> None:
        """The candidates of `site` in `node`: what it can run without a circle."""
        found = self._files.candidates(node.file, site.call.name)
        if found is None:
            reason = "there are too many files to look through"
            site.findings.append(messages.no_candidates(site.call, reason))
            return
        for each in found:
            if each.workflow is not None:
                self._load(each.file, each.workflow)
        above = self._above(node)
        span = site.call.name.span
        for each in found:
            if each.workflow is None:
                if each.file.error is not None:
                    site.left_out.append((each.names[0], each.file.error))
            elif each.workflow.key not in above:
                site.add(each.names, each.file, each.workflow, span)
                self.nodes[each.workflow.key].callers.add(node.workflow.key)
        if not site.choices:
            site.findings.append(messages.no_candidates(site.call, _NO_OTHER))

    def _above(self, node: Node) -> set[str]:
        """The keys of `node` and of all that lead to it."""
        above = {node.workflow.key}
        waiting = [node]
        while waiting:
            callers = waiting.pop().callers - above
            above |= callers
            waiting += [self.nodes[key] for key in callers]
        return above

    # ---- what is broken

    def _leave_out_broken(self) -> None:
        """Takes from open calls the workflows that have errors, or that call such ones.
        Those of the entry file stay: their errors are told anyway."""
        errors = self._errors()
        ways: dict[str, list[tuple[str, Site]]] = {}
        for key, node in self.nodes.items() if errors else ():
            for site in node.sites:
                for callee in site.choices:
                    ways.setdefault(callee, []).append((key, site))
        left = {
            site: len(site.choices)
            for node in self.nodes.values()
            for site in node.sites
        }
        waiting = list(errors)
        while waiting:
            key = waiting.pop()
            for caller, site in ways.get(key, ()):
                error = errors[key]
                if site.open:
                    if key in self.roots:
                        continue
                    left[site] -= 1
                    if left[site]:
                        continue
                    error = messages.no_candidates(site.call, _NONE_WHOLE)
                if caller not in errors:
                    errors[caller] = error
                    waiting.append(caller)
        for node in self.nodes.values() if errors else ():
            for site in node.sites:
                if site.open:
                    self._leave_out(site, errors)

    def _leave_out(self, site: Site, errors: Mapping[str, Diagnostic]) -> None:
        for key, choice in [*site.choices.items()]:
            if key in errors and key not in self.roots:
                site.left_out.append((choice.names[0], errors[key]))
                del site.choices[key]
                if not site.choices:
                    site.findings.append(messages.no_candidates(site.call, _NONE_WHOLE))

    def _errors(self) -> dict[str, Diagnostic]:
        """The workflows that are broken, with the first error of each."""
        found: dict[str, Diagnostic] = {}
        for key, node in self.nodes.items():
            error = self._broken.get(node.file.source.name) or node.file.error
            if error is None:
                findings = (each for site in node.sites for each in site.findings)
                error = next((it for it in findings if it.severity == "error"), None)
            if error is not None:
                found[key] = error
        return found

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
            ways = [_choices(self.nodes[root])]
            while path:
                site, key = next(ways[-1], (None, ""))
                if site is None:
                    done.add(path.pop())
                    ways.pop()
                elif key not in order:
                    order[key] = None
                    path.append(key)
                    ways.append(_choices(self.nodes[key]))
                elif key not in done:
                    circle = [*path[path.index(key) :], key]
                    workflows = [self.nodes[each].workflow for each in circle]
                    span = site.choices.pop(key).span
                    site.findings.append(messages.cycle(workflows, span))
        return list(order)


def _choices(node: Node) -> Iterator[tuple[Site, str]]:
    return iter([(site, key) for site in node.sites for key in site.choices])
