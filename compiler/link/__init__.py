"""Workflows of a file and a way to other files -> a closed program: what is called is in it.

What can be wrong with the calls is told; a call whose workflow is not to be had, or that
would close a circle, has no callees.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from compiler.diagnostics import Diagnostic
from compiler.ir import Argument, Call, Map, Param, Program, Step, Workflow
from compiler.link import messages
from compiler.link.files import Files, Loader, file_of
from compiler.link.graph import CallGraph, Node, Site, is_open
from compiler.source import Source, Span
from compiler.walk import call_of, calls_of

__all__ = [
    "Loader",
    "broken_calls",
    "broken_files",
    "entered",
    "link",
    "without_remarks",
]


def link(
    workflows: Sequence[Workflow],
    source: Source,
    loader: Loader,
    search: Sequence[str],
    broken: Mapping[str, Diagnostic] | None = None,
) -> tuple[Program, dict[str, Source], list[Diagnostic]]:
    """The program of `workflows`, which were read from `source`; its files by the names
    of spans, the entry's first; and what is wrong with calls and the files called (F1).

    `broken` has files in which later passes found an error: they are left out where they
    are candidates that the file does not name.
    """
    entry = file_of(source, workflows, ())
    files = Files(loader, search, entry)
    graph = CallGraph(files, entry, broken or {})
    nodes = [graph.nodes[key] for key in dict.fromkeys([*graph.roots, *graph.order])]
    found: list[Diagnostic] = []
    read = {node.file.source.name: node.file for node in nodes}
    for file in read.values():
        found.extend(file.findings)
    for node in nodes:
        for site in node.sites:
            found.extend(site.findings)
            if site.left_out:
                found.append(messages.left_out(site.call, site.left_out))
    passed_on = _passed_on(nodes, graph, found)
    linked = tuple(
        _linked(node, tuple(passed_on.get(node.workflow.key, {}).values()))
        for node in nodes
    )
    entries = _entries(linked, graph.roots)
    program = Program(workflows=linked, entry=entries[0], entries=entries)
    shown = [
        span.file
        for each in found
        for span in (each.span, *(span for span, _ in each.others))
    ]
    names = dict.fromkeys([source.name, *read, *shown])
    sources = {
        name: files.by_name[name].source for name in names if name in files.by_name
    }
    return program, sources, found


def _passed_on(
    nodes: Sequence[Node], graph: CallGraph, found: list[Diagnostic]
) -> dict[str, dict[str, Param]]:
    """The params that workflows get from calls without declaring them, by their keys."""
    params: dict[str, dict[str, Param]] = {}
    declared = {
        it.workflow.key: {each.name for each in it.workflow.params} for it in nodes
    }
    for node in nodes:
        for site in node.sites:
            callees = [graph.nodes[key].workflow for key in site.choices]
            for argument in _named(site.call):
                lacking = [
                    it for it in callees if argument.name not in declared[it.key]
                ]
                if callees and len(lacking) == len(callees):
                    found.append(messages.unknown_argument(argument, callees))
                for callee in lacking:
                    param = Param(name=argument.name, default=None, span=argument.span)
                    params.setdefault(callee.key, {}).setdefault(param.name, param)
    return params


def _named(call: Call) -> Iterator[Argument]:
    return (each for each in call.arguments or () if not each.name.isdigit())


def _linked(node: Node, params: Sequence[Param]) -> Workflow:
    """The workflow of `node` with what its calls run, and `params` as further ones."""
    if not node.sites and not params:
        return node.workflow
    sites = iter(node.sites)
    return replace(
        node.workflow,
        params=(*node.workflow.params, *params),
        steps=tuple(_linked_step(each, sites) for each in node.workflow.steps),
        handlers=tuple(_linked_step(each, sites) for each in node.workflow.handlers),
    )


def _linked_step(step: Step, sites: Iterator[Site]) -> Step:
    call = call_of(step)
    if call is None:
        return step
    call = replace(call, callees=next(sites).callees())
    if isinstance(step.body, Map):
        return replace(step, body=replace(step.body, body=call))
    return replace(step, body=call)


def _entries(workflows: Sequence[Workflow], roots: Collection[str]) -> tuple[str, ...]:
    """The documents of the entry file that no other one calls (F5). There is always one,
    since no call closes a circle."""
    documents = workflows[: len(roots)]
    called = {callee for it in documents for callee in _callees(it)}
    return tuple(key for key in roots if key not in called)


def _callees(workflow: Workflow) -> Iterator[str]:
    """The keys of the workflows that it calls, in their order."""
    for call in calls_of(workflow):
        for callee in call.callees:
            yield callee.workflow


def entered(program: Program, key: str) -> Program:
    """`program` as one that starts with the workflow `key`: only what it leads to, in the
    order of the first calls."""
    by_key = {workflow.key: workflow for workflow in program.workflows}
    order = _reached(by_key, [key], _callees)
    workflows = tuple(by_key[each] for each in order)
    return Program(workflows=workflows, entry=key, entries=(key,))


def _reached(
    by_key: Mapping[str, Workflow],
    roots: Sequence[str],
    callees: Callable[[Workflow], Iterator[str]],
) -> dict[str, None]:
    """The keys of `roots` and of all that they lead to, in the order of the first calls."""
    order: dict[str, None] = {}
    waiting = [*reversed(roots)]
    while waiting:
        each = waiting.pop()
        if each not in order:
            order[each] = None
            waiting.extend(reversed(list(callees(by_key[each]))))
    return order


def without_remarks(
    program: Program, found: Iterable[Diagnostic]
) -> Iterator[Diagnostic]:
    """`found` without warnings and notes on files of `program` that no call names, which
    are just candidates of one: whoever lints these is told.
    """
    by_key = {workflow.key: workflow for workflow in program.workflows}
    own = program.main.span.file
    roots = [key for key, it in by_key.items() if it.span.file == own]
    named = {by_key[key].span.file for key in _reached(by_key, roots, _named_callees)}
    others = {workflow.span.file for workflow in program.workflows} - named
    for each in found:
        if each.severity == "error" or each.span.file not in others:
            yield each


def _named_callees(workflow: Workflow) -> Iterator[str]:
    """The keys of the workflows that its calls name."""
    for call in calls_of(workflow):
        for callee in () if is_open(call) else call.callees:
            yield callee.workflow


def broken_files(
    program: Program, found: Iterable[Diagnostic]
) -> dict[str, Diagnostic]:
    """The files with an error among `found`, and the first error of each, where `program`
    could go without: some call looks for its candidates, and they are not the entry's.
    """
    looking = any(
        is_open(call) for workflow in program.workflows for call in calls_of(workflow)
    )
    if not looking:
        return {}
    own = program.main.span.file
    return {name: it for name, it in _first_errors(found).items() if name != own}


def broken_calls(program: Program, found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """A finding for each call of a workflow in another file that has errors."""
    errors = _first_errors(found)
    files = {workflow.key: workflow.span.file for workflow in program.workflows}
    for workflow in program.workflows if errors else ():
        for call in calls_of(workflow):
            for callee in call.callees:
                file = files[callee.workflow]
                if file in errors and file != workflow.span.file:
                    name, span = _as_written(call, callee.names)
                    yield messages.broken(name, span, errors[file])


def _first_errors(found: Iterable[Diagnostic]) -> dict[str, Diagnostic]:
    """The first error of each file, but those that are of what it calls."""
    errors: dict[str, Diagnostic] = {}
    for each in found:
        if each.severity == "error" and each.code != "WFC217":
            errors.setdefault(each.span.file, each)
    return errors


def _as_written(call: Call, names: Sequence[str]) -> tuple[str, Span]:
    """What the file says for the callee with these names, and where."""
    for candidate in call.candidates or ():
        if candidate.name in names:
            return candidate.name, candidate.span
    return names[0], call.name.span
