"""Turns a checked program into a workflow file of GitHub: program -> nodes -> jobs -> text."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from backends.github import frames
from backends.github.conditions import asking, decide
from backends.github.document import Layout, jobs_of
from backends.github.inputs import Inputs, inputs_of
from backends.github.jobs import Grain, group
from backends.github.nodes import Node as Step
from backends.github.nodes import flatten
from backends.github.plain import is_plain, plain_env, plain_jobs
from backends.github.runtime_text import program as runtime
from backends.github.steps import Context, step_command
from backends.github.triggers import concurrency, one_line, triggers
from backends.github.words import Command
from backends.yaml_text import Comment, Node, dump
from compiler.backend import File, mangle
from compiler.ir import Program, Workflow
from compiler.source import Source, Span
from compiler.walk import text_references, texts

_ABOUT = """How steps run. `step NAME X=SOURCE` runs the text on its standard input in `bash -e`,
with the value of SOURCE in $X, and keeps a record of it: status, attempts, exit code,
output. Records and changed files travel to later jobs as artifacts: no value is a part
of a command, of an expression or of a job's output."""


_NOTHING: dict[str, Node] = {
    "name": "nothing",
    "runs-on": "ubuntu-latest",
    "timeout-minutes": 5,
    "steps": [{"name": "Nothing to do", "run": "true"}],
}


def emit(
    program: Program, sources: Mapping[str, Source], grain: Grain = "chain"
) -> Iterator[File]:
    """The workflow file of the entry of `program`, which must be resolved and checked.

    `sources` are its files by the names of spans, the entry's first; `grain` says what is
    one job.
    """
    main = program.main
    if main.max_active_steps == 1:
        grain = "workflow"
    name = mangle(main.name, "A-Za-z0-9_.-", 200, set())
    layout, inputs, nodes = _laid_out(program, sources, grain)
    document: dict[str, Node] = {
        **_head(main, sources, grain),
        "name": main.name,
        "on": triggers(main, inputs),
        "permissions": {},
        "concurrency": concurrency(main),
    }
    if not layout.jobs:  # GitHub wants one
        document["jobs"] = {"nothing": _NOTHING}
    elif len(layout.jobs) == 1 and is_plain(main, nodes):
        document |= _plain(layout, nodes, inputs, sources)
    else:
        document |= {
            "defaults": {"run": _defaults(layout, sources, "bash")},
            Comment(_ABOUT): None,
            "env": {"WFC": runtime(_all_commands(layout))},
            "jobs": jobs_of(layout),
        }
    yield File(path=f"{name}.yml", text=dump(document, ("jobs",)))


def _plain(
    layout: Layout,
    nodes: Sequence[Step],
    inputs: Inputs,
    sources: Mapping[str, Source],
) -> dict[str, Node]:
    """A workflow that needs no run time."""
    shell = "bash -e {0}"  # as GitHub's own default, which other tools do not know
    found: dict[str, Node] = {"defaults": {"run": _defaults(layout, sources, shell)}}
    env = plain_env(layout.main)
    if env:
        found["env"] = env
    return found | {"jobs": plain_jobs(layout.main, nodes, inputs, layout.places)}


def _head(
    main: Workflow, sources: Mapping[str, Source], grain: Grain
) -> dict[str | Comment, Node]:
    source, *_ = sources.values()
    named = one_line(source.name)
    option = (
        "" if grain == "chain" or main.max_active_steps == 1 else f" --jobs {grain}"
    )
    lines = [
        f"{main.name}: {one_line(main.description)}".removesuffix(": "),
        f"Made by wfc from {named}; again with "
        f"`wfc compile {named} --target github{option}`. source-sha256: {_sha(sources)}",
    ]
    return {Comment("\n".join(lines)): None}


def _sha(sources: Mapping[str, Source]) -> str:
    texts = "".join(source.text for source in sources.values())
    return hashlib.sha256(texts.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _defaults(
    layout: Layout, sources: Mapping[str, Source], shell: str
) -> dict[str, str]:
    """Steps run in the folder of the entry's file, where a checkout brings it."""
    found = {"shell": shell}
    source, *_ = sources.values()
    folder = PurePosixPath(source.name).parent.as_posix()
    if layout.checkout and folder != "." and not folder.startswith(("/", "..")):
        found["working-directory"] = folder
    return found


def _laid_out(
    program: Program, sources: Mapping[str, Source], grain: Grain
) -> tuple[Layout, Inputs, list[Step]]:
    main = program.main
    alone = grain == "workflow"
    inputs = inputs_of(main)
    nodes = flatten(program, alone)
    asks = asking(nodes, alone)
    jobs = group(nodes, asks, grain, main.name)
    logged = _logged(program)
    commands = {}
    for node in nodes:
        context = Context(
            node=node,
            asks=node.name in asks,
            logged=node.step is not None
            and (node.frame.workflow.key, node.step.name) in logged,
            grace=main.grace,
        )
        commands[node.name] = _command(context, inputs)
    layout = Layout(
        main=main,
        jobs=jobs,
        decided=decide(jobs, asks),
        commands=commands,
        places={node.name: _place(node.span, sources) for node in nodes},
        checkout=_needs_checkout(program),
        secrets=_secrets(program),
    )
    return layout, inputs, nodes


def _command(context: Context, inputs: Inputs) -> Command:
    node = context.node
    match node.kind:
        case "step":
            return step_command(context)
        case "begin":
            command = frames.begin_command(context, inputs)
            if node.path or not inputs.forms:
                return command
            env = {"WFC_INPUTS": "${{ toJSON(inputs) }}"}
            return Command(name="begin", path="", words=command.words, env=env)
        case "choose":
            return frames.choose_command(context)
        case "items":
            return frames.items_command(context)
        case "gather":
            return frames.gather_command(context)
        case "verdict":
            return frames.verdict_command(context)
        case "call":
            return frames.call_command(context)
        case "again":
            return frames.again_command(context)
        case "summary":
            return frames.summary_command(context)


def _all_commands(layout: Layout) -> Iterator[Command]:
    yield from layout.commands.values()
    if layout.shares:
        yield Command(name="pack", path=".")
        yield Command(name="unpack", path=".")


def _place(span: Span, sources: Mapping[str, Source]) -> str:
    file = PurePosixPath(sources[span.file].name).name
    return one_line(f"{file}:{span.line}")


def _logged(program: Program) -> set[tuple[str, str]]:
    """The steps whose files of stdout or stderr others read, with their workflows."""
    return {
        (workflow.key, origin.step)
        for workflow in program.workflows
        for step in (*workflow.steps, *workflow.handlers)
        for text in texts(step)
        for reference in text_references(text)
        for origin in reference.origins
        if origin.kind == "field" and origin.name in ("stdout", "stderr")
    }


def _needs_checkout(program: Program) -> bool:
    return any(it.files or it.dotenv for it in program.workflows)


def _secrets(program: Program) -> list[str]:
    """The secrets of the repository that a run may need."""
    keys = (
        secret.key
        for workflow in program.workflows
        for secret in workflow.secrets
        if secret.provider == "env"
    )
    return [*dict.fromkeys(keys)]
