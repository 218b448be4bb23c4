"""Checks on what a workflow says of runs and of files that its steps would not notice."""

import re
from collections.abc import Callable, Iterator
from posixpath import dirname, join, normpath

from compiler.diagnostics import Diagnostic, did_you_mean
from compiler.ir import Arguments, Map, Program, ShellText, Step, Workflow, span_of
from compiler.source import Span
from compiler.walk import calls_of, texts


def ineffective_in_a_call(program: Program) -> Iterator[Diagnostic]:
    """Limits and times of runs, and what is kept and told of them, in a workflow that
    others call (S10)."""
    called: set[str] = set()
    for workflow in program.workflows:
        for call in calls_of(workflow):
            called.update(callee.workflow for callee in call.callees)
    for workflow in program.workflows:
        for key, span, help in _of_runs(workflow) if workflow.key in called else ():
            yield Diagnostic(
                code="WFC221",
                message=f"`{key}` has no effect where another workflow calls "
                f"`{workflow.name}`",
                span=span,
                label="is about runs that are started on their own",
                help=help,
            )


_LIMITS = "a step's `queue` and `maxActiveSteps` hold in a call, too"
_CALLER = "write it in the workflow that a run starts with"


def _of_runs(workflow: Workflow) -> Iterator[tuple[str, Span, str]]:
    """What is about runs: the key, its place, and what to do instead."""
    if workflow.max_active_runs is not None:
        yield "maxActiveRuns", span_of("maxActiveRuns", workflow), _LIMITS
    if workflow.queue is not None:
        yield "queue", span_of("queue", workflow), _LIMITS
    if workflow.schedule is not None:
        yield "schedule", workflow.schedule.span, _CALLER
    if workflow.log_directory is not None:
        yield "logDir", workflow.log_directory.span, _CALLER
    if workflow.history_days is not None:
        key = "histRetentionDays"
        yield key, span_of(key, workflow), _CALLER
    if workflow.history_runs is not None:
        key = "histRetentionRuns"
        yield key, span_of(key, workflow), _CALLER
    if workflow.mail_on:
        yield "mailOn", span_of("mailOn", workflow), _CALLER
    for step in workflow.steps:
        if step.mail_on_error:
            yield "mailOnError", span_of("mailOnError", step), _CALLER


def queue_of_nobody(program: Program) -> Iterator[Diagnostic]:
    """A size in `queues` for a queue in which no run and no step waits (S10)."""
    if not any(workflow.queues for workflow in program.workflows):
        return
    waits = [
        (workflow.queue, *(step.queue for step in workflow.steps))
        for workflow in program.workflows
    ]
    known = dict.fromkeys(name for names in waits for name in names if name is not None)
    for workflow in program.workflows:
        for queue in workflow.queues:
            if queue.name not in known:
                yield Diagnostic(
                    code="WFC115",
                    message=f"no run and no step waits in the queue `{queue.name}`",
                    span=queue.span,
                    label="its size has no effect",
                    help=did_you_mean(queue.name, known, "write `queue:` in a step"),
                )


# A word of a command that names a program or a file beside the workflow.
_BESIDE = re.compile(r"""(?:^|(?<=[\s;&|(=<]))\./[\w.@%+,/-]+""")


def unlisted_file(
    program: Program, exists: Callable[[str], bool]
) -> Iterator[Diagnostic]:
    """A file beside the workflow that a step names and `files` does not, where the
    workflow says that its steps bring along what they need (W2)."""
    for workflow in program.workflows:
        if not workflow.files and workflow.workspace != "isolated":
            continue
        if workflow.directory is not None:
            continue  # where that is, a run says
        folder = dirname(workflow.span.file)
        patterns = [each.pattern for each in workflow.files]
        for step in (*workflow.steps, *workflow.handlers):
            for path in dict.fromkeys(_beside(step)):
                if exists(normpath(join(folder, path))) and not _listed(path, patterns):
                    yield Diagnostic(
                        code="WFC222",
                        message=f"`{path}` is not in `files`",
                        span=step.span,
                        label="this step names it",
                        help=f"add `{normpath(path)}` to `files` of the workflow",
                    )


def _beside(step: Step) -> Iterator[str]:
    """The relative paths that begin with `./` in the texts of `step`, which runs in the
    working folder."""
    if step.directory is not None:
        return
    for text in texts(step):
        if isinstance(text, ShellText):
            yield from _BESIDE.findall(text.source)
    body = step.body.body if isinstance(step.body, Map) else step.body
    if isinstance(body, Arguments):
        for word in body.words:
            if not isinstance(word, ShellText) and len(word.parts) == 1:
                part = word.parts[0]
                if isinstance(part, str) and _BESIDE.fullmatch(part):
                    yield part


def _listed(path: str, patterns: list[str]) -> bool:
    """Does one of the globs, or a folder that one names, cover `path`?"""
    from fnmatch import fnmatchcase  # few workflows list files

    path = normpath(path)
    return any(
        fnmatchcase(path, glob) or fnmatchcase(path, f"{glob}/*")
        for glob in map(normpath, patterns)
    )
