"""Turns steps and handlers into their declarations and the functions beside them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import assert_never

from backends.shell.calls import called, dealt
from backends.shell.policies import (
    attribute,
    conditions,
    continue_on,
    numbers,
    own,
    repeat,
    retry,
)
from backends.shell.quote import bare, delimiter, word
from backends.shell.script import Emission, exported
from backends.shell.services import serve
from backends.shell.values import Values, constant
from compiler.ir import (
    DEFAULT_SHELL,
    Arguments,
    Call,
    Command,
    Docker,
    Http,
    Jq,
    LeafBody,
    Mail,
    Map,
    Script,
    ShellText,
    Ssh,
    Step,
)
from compiler.shelltext.shells import is_shell
from compiler.turns import step_turn
from compiler.walk import condition_texts, text_references, texts


@dataclass(frozen=True, slots=True)
class Declared:
    """A step as declared: the head of its line, its text (None: it takes none), its
    place."""

    head: str
    text: str | None
    comment: str


def _step(script: Emission, step: Step, handler: bool = False) -> list[Declared]:
    body = step.body
    if isinstance(body, Map):
        return _fan_out(script, step, body, handler)
    folder = _folder(script, step, handler)
    name = f"{script.prefix}{folder}"
    calls = isinstance(body, Call)
    words = _head(script, step, "call" if calls else "step", handler)
    words += _edges(script, step)
    words += _runs(script, step, name, handler)
    words += _reads(script, step, handler)
    if step.continue_on is not None:
        words += continue_on(script, step.continue_on, name, calls)
    if step.conditions:
        words.append(f"when=if_{name}")
        conditions(script, step, step.conditions, f"if_{name}", handler)
    text = _body(script, step, words, name, handler)
    return [Declared(" ".join(words), text, f"  # {script.at(step.span)}")]


def _folder(script: Emission, step: Step, handler: bool) -> str:
    known = script.folders.handlers if handler else script.folders.steps
    return known[step.name]


def _head(script: Emission, step: Step, word_: str, handler: bool) -> list[str]:
    """How the declaration begins: what it is, its folder, its name."""
    folder = _folder(script, step, handler)
    if handler and word_ == "step":
        words = [f"handler {step.name} {folder}"]
    else:
        words = [f"{word_} {bare(folder)}"]
        if folder != step.name:
            script.used.parts.add("named")
            if re.search(r"[\x00-\x1f]", step.name):
                script.used.parts.add("json")
            words.append(f"name={word(step.name)}")
        if handler:
            words.append(f"handles={step.name}")
    if step.queue is not None:
        script.used.parts |= {"step-queue", "timer"}
        lock, size, _ = step_turn(step.queue, script.script.main, script.workflow)
        words.append(f"queue={word(f'{size} {lock} {step.queue}')}")
    return words


def _runs(script: Emission, step: Step, name: str, handler: bool) -> list[str]:
    """What holds for each time that the step, or an item of it, runs."""
    parts, words = script.used.parts, []
    calls = isinstance(step.body, Call)
    if not calls or _runs_commands(step):
        words += _uses(script, step, handler)
    if step.captured:
        words.append(f"output={step.output or ''}")
        parts |= {"capture", "capture-step"}
        if script.workflow.max_output is not None and not calls:
            words.append(f"most={script.workflow.max_output}")
            parts.add("most")
    if step.timeout is not None and calls:
        words.append(f"limit={step.timeout}")
        parts |= {"limit", "subtree", "timer"}
    elif step.timeout is not None:
        words.append(f"timeout={step.timeout}")
        parts.add("timeout")
    if step.stop_signal is not None and not calls:
        words.append(f"stop={step.stop_signal.removeprefix('SIG')}")
        parts.add("stop")
    if step.retry is not None:
        words += retry(script, step.retry)
    if step.repeat is not None:
        words += repeat(script, step, step.repeat, name, handler)
    return words


def _uses(script: Emission, step: Step, handler: bool) -> list[str]:
    values = script.values(step, lenient=handler)
    others = [each for each in step.exports if each not in script.common]
    uses = [each for each in (exported(values, it) for it in others) if each]
    if uses:
        script.used.parts.add("uses")
    return attribute("uses", uses)


def _reads(script: Emission, step: Step, handler: bool) -> list[str]:
    """Where the values are that a step reads of others without a default: with --step
    and --from they may have been left out."""
    if "resume" not in script.used.parts or script.prefix or handler:
        return []
    values = script.values(step)
    found = [
        ",".join(values.places(reference.origins))
        for text in texts(step)
        for reference in text_references(text)
        if reference.default is None and any(it.step for it in reference.origins)
    ]
    if found:
        script.used.parts.add("reads")
    return attribute("reads", list(dict.fromkeys(found)))


def _runs_commands(step: Step) -> bool:
    """Whether a command of the user runs before the step, which then sees its exports."""
    return any(isinstance(it, ShellText) for it in texts(step))


def _fan_out(script: Emission, step: Step, body: Map, handler: bool) -> list[Declared]:
    """The fan-out, and behind it what it does for each item."""
    folder = _folder(script, step, handler)
    name = f"{script.prefix}{folder}"
    parts = script.used.parts
    parts |= {"map", "setup"}
    words = _head(script, step, "fan_out", handler)
    words += _edges(script, step)
    words += _reads(script, step, handler)
    if step.captured:
        words.append(f"output={step.output or ''}")
        parts |= {"capture", "capture-step"}
    if step.continue_on is not None:
        words += continue_on(script, step.continue_on, name, True)
    if step.conditions:
        shown = (text for it in step.conditions for text in condition_texts(it))
        if any(isinstance(it, ShellText) for it in shown):
            words += _uses(script, step, handler)
        words.append(f"when=if_{name}")
        once = replace(step, env=())
        conditions(script, once, step.conditions, f"if_{name}", handler)
    words.append(f"setup=deal_{name}")
    script.define(f"deal_{name}", dealt(script, step, body, handler))
    comment = f"  # {script.at(body.span)}"
    return [
        Declared(" ".join(words), None, comment),
        _each(script, step, body, name, handler),
    ]


def _each(
    script: Emission, step: Step, body: Map, name: str, handler: bool
) -> Declared:
    item = replace(step, body=body.body, conditions=body.conditions, output=None)
    calls = isinstance(body.body, Call)
    if calls:
        script.used.parts.add("each-call")
    words = ["each_call" if calls else "each", *_runs(script, item, name, handler)]
    if item.conditions:
        words.append(f"when=each_if_{name}")
        conditions(script, item, item.conditions, f"each_if_{name}", handler)
    text = _body(script, item, words, name, handler)
    return Declared(" ".join(words), text, f"  # {script.at(step.span)}")


def _edges(script: Emission, step: Step) -> list[str]:
    after = {
        edge.step: script.folders.steps[edge.step]
        + ("?" if "skipped" in edge.accepts else "")
        for edge in step.edges
    }
    if any(each.endswith("?") for each in after.values()):
        script.used.parts.add("skips")
    return attribute("after", list(after.values()))


def _body(
    script: Emission, step: Step, words: list[str], name: str, handler: bool
) -> str | None:
    """The step's text; what has to happen before it becomes a function."""
    parts = script.used.parts
    values = script.values(step, lenient=handler)
    own(values, step)
    words += numbers(values, step)
    text = None
    if isinstance(step.body, Call):
        words += called(script, step.body, values)
    elif not isinstance(step.body, Map):
        text = _leaf(script, step, step.body, values)
    if values.lines:
        parts.add("setup")
        words.append(f"setup=with_{name}")
        script.define(f"with_{name}", values.lines)
    return text


def _leaf(script: Emission, step: Step, body: LeafBody, values: Values) -> str:
    parts = script.used.parts
    if step.directory is not None:
        parts.add("directory")
        values.lines.append(f"wfc_in {values.text(step.directory)}")
    for stream, file in (("out", step.stdout), ("err", step.stderr)):
        if file is not None:
            parts.add("to-file")
            values.lines.append(f"wfc_to {stream} {values.text(file)}")
    match body:
        case Command(text=text, shell=shell):
            program = _without_end(values.shell_text(text))
            if shell != DEFAULT_SHELL:
                parts.add("shell")
                values.lines.append(f"wfc_shell=({' '.join(map(bare, shell))})")
                _load(parts, list(shell), values, bool(step.exports))
            return program
        case Arguments(words=given):
            parts.add("arguments")
            words = [
                (
                    word(values.shell_text(each))
                    if isinstance(each, ShellText)
                    else values.text(each)
                )
                for each in given
            ]
            values.lines.append(f"wfc_argv=({' '.join(words)})")
            return ""
        case Script(text=text, interpreter=templates):
            parts |= {"script", "shell"}
            program = values.shell_text(text)
            words = [values.text(each) for each in templates]
            values.lines.append(f"wfc_is_script=1 wfc_shell=({' '.join(words)})")
            named = [constant(each) for each in templates]
            if not named:
                named = program.partition("\n")[0].removeprefix("#!").split()
            _load(parts, named, values, bool(step.exports))
            return program
        case Jq() | Http() | Docker() | Ssh() | Mail():
            return serve(script, body, values)
        case _:
            assert_never(body)


def _without_end(program: str) -> str:
    """`program` without the line ends at its end, which mean nothing behind `-c`, unless
    one of them is escaped."""
    stripped = program.rstrip("\n")
    return program if stripped.endswith("\\") else stripped


def _load(
    parts: set[str], words: list[str], values: Values, step_exports: bool
) -> None:
    """A program that is no shell cannot read large values before its text (R4)."""
    if not (step_exports or "bind" in parts):
        return
    if not is_shell(words):
        parts.add("no-load")
        values.lines.append("wfc_no_load=1")


def declarations(script: Emission) -> str:
    """The declarations of all steps and handlers, each with its text.

    Fills in what `script` uses, and its functions.
    """
    workflow = script.workflow
    steps = [_step(script, step) for step in workflow.steps]
    steps += [_step(script, each, handler=True) for each in workflow.handlers]
    every = list(chain.from_iterable(steps))
    texts_ = [each.text for each in every if each.text is not None]
    if not all(map(_is_short, texts_)):
        script.used.parts.add("here")
    if any(len(text.encode()) > 30000 for text in texts_):
        script.used.parts.add("long")
    return "\n".join(_with_texts(every))


def _is_short(text: str) -> bool:
    """Whether it reads well as a word of one line."""
    plain = text.isprintable() and not {"'", "\\"} & {*text}
    return plain and 0 < len(text) <= 120 and not text.startswith(("#!", "~"))


def _with_texts(steps: Iterable[Declared]) -> Iterator[str]:
    """The declarations, each with its text in a here-document."""
    for step in steps:
        if step.text is None:
            yield f"{step.head}{step.comment}"
        elif _is_short(step.text):
            yield f"{step.head} command={bare(step.text)}{step.comment}"
        elif not step.text:
            yield f"{step.head} </dev/null{step.comment}"
        else:
            end = delimiter([step.text])
            yield f"{step.head} <<'{end}'{step.comment}\n{step.text}\n{end}"
