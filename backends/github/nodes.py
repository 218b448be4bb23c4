"""Turns a program into nodes: what the runner carries out, and what each waits for.

A call becomes the nodes of the workflow that it runs, between one that begins its frame
and one that ends it; a fan-out one that deals its items, those of the items, and one
that gathers what became of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from compiler.backend import Folders, folders
from compiler.ir import Call, Callee, Ending, Map, Program, Step, Workflow
from compiler.source import Span

Kind = Literal[
    "begin", "step", "choose", "items", "gather", "verdict", "call", "again", "summary"
]

RAN: frozenset[Ending] = frozenset({"succeeded", "continued"})
RAN_OR_SKIPPED: frozenset[Ending] = RAN | {"skipped"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One run of one workflow within a run. `path` begins the paths of its records ("",
    `call/`, `map.*/`), `title` the names as written. `soft`: what encloses it goes on
    when it fails. `leg` is the fan-out whose items it belongs to, `chosen` the number of
    a candidate of a call that chooses, `limit` the timeout of the call in seconds.
    `handles`: the call is a handler."""

    workflow: Workflow
    folders: Folders
    path: str = ""
    title: str = ""
    outer: "Frame | None" = None
    soft: bool = False
    leg: str = ""
    chosen: int | None = None
    limit: int | None = None
    handles: bool = False

    @property
    def key(self) -> str:
        """Its name: candidates of one call share a path."""
        return self.path if self.chosen is None else f"{self.path}{self.chosen}:"

    @property
    def around(self) -> "list[Frame]":
        """The frames that it is in, the entry first, itself last."""
        found = [self]
        while found[-1].outer is not None:
            found.append(found[-1].outer)
        return found[::-1]

    @property
    def begin(self) -> str:
        """The name of the node that begins it; that of the entry may have none."""
        return f"begin {self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`node` ends before, with one of `accepts`; `path` is its step's within the frame."""

    node: str
    path: str
    accepts: frozenset[Ending]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """One command of the run time. `frame` is where its step stands, `inner` the frame
    that it begins or ends. It runs

    * by `links`, when each of them holds;
    * as a `closing` one whenever its `opener` has begun what it ends; `links` are then
      only what comes before;
    * as a `handler` by the verdict that its `opener` gave;
    * `always`.

    `leg` is the fan-out in whose matrix it runs. `may_skip`: it can end without having
    run its step; `may_continue`: it can fail and its step goes on.
    """

    name: str
    kind: Kind
    path: str
    title: str
    frame: Frame
    span: Span
    step: Step | None = None
    inner: Frame | None = None
    rule: Literal["links", "closing", "handler", "always"] = "links"
    links: tuple[Link, ...] = ()
    opener: str = ""
    soft: bool = False
    leg: str = ""
    may_skip: bool = False
    may_continue: bool = False

    @property
    def handles(self) -> bool:
        """Whether it is of a handler, or of an item of one."""
        last = self.path.rstrip("/").removesuffix(".*").rpartition("/")[2]
        return last in self.frame.folders.handlers.values()


@dataclass
class _Flat:
    """The nodes so far, by name in their order; `ends` are the nodes that tell how the
    steps of a frame ended, by the key of the frame and the name of the step."""

    workflows: dict[str, Workflow]
    alone: bool
    nodes: dict[str, Node] = field(default_factory=dict)
    ends: dict[tuple[str, str], Node] = field(default_factory=dict)

    def add(self, node: Node) -> Node:
        self.nodes[node.name] = node
        return node


def flatten(program: Program, alone: bool = False) -> list[Node]:
    """The nodes of a run of `program`, each after all that it waits for. `alone`: no
    fan-out has a matrix; its items run one after another."""
    flat = _Flat({it.key: it for it in program.workflows}, alone)
    entry = Frame(workflow=program.main, folders=folders(program.main))
    begin = None
    if needs_begin(program.main):
        begin = _begin(flat, entry, None)
    _workflow(flat, entry, begin)
    if len(flat.nodes) > 1 or not is_plain(program.main):
        _end_of_run(flat, entry)
    return [*flat.nodes.values()]


def needs_begin(workflow: Workflow) -> bool:
    """Whether a run of the entry has something to value before its steps."""
    return bool(
        workflow.params
        or workflow.env
        or workflow.secrets
        or workflow.dotenv
        or workflow.conditions
        or workflow.schema
        or workflow.directory
        or workflow.timeout is not None
    )


def is_plain(workflow: Workflow) -> bool:
    return not workflow.steps and not workflow.handlers


def handlers_of(workflow: Workflow) -> list[Step]:
    """The handlers that run when the steps have ended."""
    return [it for it in workflow.handlers if it.name != "init"]


def ordered(workflow: Workflow) -> Iterator[Step]:
    """The steps in the order in which they are ready where each runs alone: those that
    wait for nothing in file order, then those that wait for the one that is through."""
    known = {step.name: step for step in workflow.steps}
    waiting = {step.name: {it.step for it in step.edges} for step in workflow.steps}
    dependants: dict[str, list[str]] = {name: [] for name in known}
    for name, before in waiting.items():
        for each in before:
            dependants[each].append(name)
    ready = [name for name, before in waiting.items() if not before]
    for name in ready:  # grows while it is read
        yield known[name]
        for each in dependants[name]:
            waiting[each].discard(name)
            if not waiting[each]:
                ready.append(each)


# ---- a frame


def _begin(flat: _Flat, frame: Frame, of_call: Node | None) -> Node:
    """What begins `frame`: that of the entry, or with the links of the call `of_call`."""
    workflow = frame.workflow
    if of_call is None:
        node = Node(
            name=frame.begin,
            kind="begin",
            path="",
            title="Inputs",
            frame=frame,
            inner=frame,
            span=workflow.span,
            may_skip=bool(workflow.conditions),
        )
        return flat.add(node)
    return flat.add(
        replace(
            of_call,
            name=frame.begin,
            kind="begin",
            path=frame.path,
            title=f"{of_call.title}: begin",
            inner=frame,
            leg=frame.leg,
            may_skip=of_call.may_skip or bool(workflow.conditions),
        )
    )


def _workflow(flat: _Flat, frame: Frame, begin: Node | None) -> None:
    """The nodes of the steps of a frame, behind what begins it."""
    roots: tuple[Link, ...] = ()
    if begin is not None:
        succeeded: frozenset[Ending] = frozenset({"succeeded"})
        roots = (Link(node=begin.name, path="", accepts=succeeded),)
    for handler in frame.workflow.handlers:
        if handler.name == "init":
            init = _step(flat, frame, handler, roots)
            path = frame.folders.handlers["init"]
            roots = (Link(node=init.name, path=path, accepts=RAN_OR_SKIPPED),)
    for step in ordered(frame.workflow):
        links = tuple(
            Link(
                node=flat.ends[frame.key, edge.step].name,
                path=frame.folders.steps[edge.step],
                accepts=edge.accepts,
            )
            for edge in step.edges
        )
        flat.ends[frame.key, step.name] = _step(flat, frame, step, links or roots)


def _step(flat: _Flat, frame: Frame, step: Step, links: tuple[Link, ...]) -> Node:
    """The nodes of a step or a handler; the one that tells how it ended."""
    handler = any(step is it for it in frame.workflow.handlers)
    folder = (frame.folders.handlers if handler else frame.folders.steps)[step.name]
    title = f"handler {step.name}" if handler else step.name
    rule = step.continue_on
    node = Node(
        name=f"{frame.key}{folder}",
        kind="step",
        path=f"{frame.path}{folder}",
        title=f"{frame.title}{title}",
        frame=frame,
        span=step.span,
        step=step,
        links=links,
        soft=frame.soft,
        leg=frame.leg,
        may_skip=bool(step.conditions) or any(_skips(flat, it) for it in links),
        may_continue=_goes_on(step) and rule is not None and not rule.mark_success,
    )
    return _body(flat, node)


def _goes_on(step: Step) -> bool:
    """Whether some failure of `step` is none to those that wait for it."""
    rule = step.continue_on
    return rule is not None and bool(rule.failure or rule.exit_codes or rule.output)


def _skips(flat: _Flat, link: Link) -> bool:
    return "skipped" not in link.accepts and flat.nodes[link.node].may_skip


def _body(flat: _Flat, node: Node) -> Node:
    assert node.step is not None
    match node.step.body:
        case Map() as body:
            return _fan_out(flat, node, body)
        case Call() as call:
            return _call(flat, node, call)
        case _:
            return flat.add(node)


# ---- calls


def _call(flat: _Flat, node: Node, call: Call) -> Node:
    """The nodes of a call; `node` is what a command in its place would be."""
    if not call.dynamic:
        return _called(flat, node, call.callees[0], None)
    choose = flat.add(replace(node, name=f"choose {node.name}", kind="choose"))
    chosen = Link(node=choose.name, path="", accepts=frozenset({"succeeded"}))
    before = replace(node, links=(chosen,), rule="links", opener="", may_skip=True)
    ends = [
        _called(flat, before, callee, number)
        for number, callee in enumerate(call.callees)
    ]
    return flat.add(
        replace(
            node,
            name=f"{node.name} end",
            kind="again",
            rule="closing",
            opener=choose.name,
            links=tuple(Link(node=it.name, path="", accepts=RAN) for it in ends),
        )
    )


def _called(flat: _Flat, node: Node, callee: Callee, number: int | None) -> Node:
    workflow = flat.workflows[callee.workflow]
    step = node.step
    assert step is not None
    frame = Frame(
        workflow=workflow,
        folders=folders(workflow),
        path=f"{node.path}/",
        title=f"{node.title}/",
        outer=node.frame,
        soft=node.soft or _goes_on(step),
        leg=node.leg,
        chosen=number,
        limit=step.timeout,
        handles=node.handles,
    )
    begin = _begin(flat, frame, node)
    _workflow(flat, frame, begin)
    last = _handled(flat, frame, begin, workflow)
    name = f"{node.name} end" if number is None else f"{node.name} end {number}"
    return flat.add(
        replace(
            node,
            name=name,
            kind="call",
            title=node.title if number is None else f"{node.title}: {workflow.name}",
            inner=frame,
            rule="closing",
            opener=begin.name,
            links=_sinks(flat, frame, last or begin),
            may_skip=begin.may_skip,
        )
    )


def _handled(flat: _Flat, frame: Frame, begin: Node, workflow: Workflow) -> Node | None:
    """The nodes of the handlers of a called workflow; the last of them."""
    handlers = handlers_of(workflow)
    if not handlers:
        return None
    verdict = flat.add(
        replace(
            begin,
            name=f"verdict {frame.key}",
            kind="verdict",
            title=f"{frame.title}: status",
            rule="closing",
            opener=begin.name,
            links=_sinks(flat, frame, begin),
            may_skip=False,
            may_continue=False,
            step=None,
        )
    )
    return _handlers(flat, frame, verdict)


def _handlers(flat: _Flat, frame: Frame, verdict: Node) -> Node:
    last = verdict
    for handler in handlers_of(frame.workflow):
        before = len(flat.nodes)
        link = Link(node=last.name, path="", accepts=RAN)
        last = _step(flat, frame, handler, (link,))
        first = [*flat.nodes.values()][before]
        flat.add(replace(first, rule="handler", opener=verdict.name))
        last = flat.nodes[last.name]
    return last


def _sinks(flat: _Flat, frame: Frame, last: Node) -> tuple[Link, ...]:
    """Links to all of a frame that nothing in it waits for; to `last` alone where that
    comes behind them."""
    names: list[str] = []
    if last.kind == "begin":
        steps = frame.workflow.steps
        awaited = {edge.step for step in steps for edge in step.edges}
        leaves = [it.name for it in steps if it.name not in awaited]
        names = [flat.ends[frame.key, name].name for name in leaves]
    return tuple(Link(node=name, path="", accepts=RAN) for name in names or [last.name])


# ---- fan-outs


def _fan_out(flat: _Flat, node: Node, body: Map) -> Node:
    items = flat.add(replace(node, name=f"items {node.name}", kind="items"))
    leg = node.leg or ("" if flat.alone else node.path)
    step = node.step
    assert step is not None
    link = Link(node=items.name, path="", accepts=frozenset({"succeeded"}))
    each = replace(
        node,
        name=f"{node.name}.*",
        path=f"{node.path}.*",
        step=_of_item(step, body),
        rule="links",
        opener="",
        links=(link,),
        leg=leg,
        soft=node.soft or _goes_on(step),
        may_skip=bool(body.conditions),
        may_continue=False,
    )
    last = _body(flat, each)
    return flat.add(
        replace(
            node,
            name=f"{node.name} end",
            kind="gather",
            rule="closing",
            opener=items.name,
            links=(Link(node=last.name, path="", accepts=RAN),),
        )
    )


def _of_item(step: Step, body: Map) -> Step:
    """What a fan-out does for each item (F4)."""
    return replace(
        step,
        body=body.body,
        conditions=body.conditions,
        continue_on=None,
        output=None,
        queue=None,
    )


# ---- the end of the run


def _end_of_run(flat: _Flat, frame: Frame) -> None:
    """Verdict, handlers and summary: they come after everything."""
    workflow = frame.workflow
    every = tuple(
        Link(node=name, path="", accepts=RAN_OR_SKIPPED) for name in flat.nodes
    )
    common = Node(
        name="verdict",
        kind="verdict",
        path="",
        title="Status",
        frame=frame,
        inner=frame,
        span=workflow.span,
        rule="always",
        links=every,
    )
    last = flat.add(common)
    if handlers_of(workflow):
        last = _handlers(flat, frame, last)
    link = Link(node=last.name, path="", accepts=RAN)
    flat.add(
        replace(common, name="summary", kind="summary", title="Summary", links=(link,))
    )
