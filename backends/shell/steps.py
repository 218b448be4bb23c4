"""Turns steps and handlers into their declarations and the functions beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import assert_never

from backends.shell.quote import bare, delimiter, one_line, word
from backends.shell.values import Used, Values
from compiler.backend import folders
from compiler.ir import (
    DEFAULT_SHELL,
    Arguments,
    Command,
    ContinueOn,
    Export,
    Match,
    Pattern,
    Retry,
    Script,
    ShellText,
    Step,
    Template,
    Test,
    Workflow,
)
from compiler.regex.engines import to_ere
from compiler.regex.syntax import Problem, parse
from compiler.shelltext.shells import is_shell
from compiler.source import Source, Span


@dataclass
class Emission:
    """What is known of a script while its steps are emitted."""

    workflow: Workflow
    source: Source
    used: Used = field(default_factory=Used)
    functions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folders = folders(self.workflow)
        self.common = _common(self.workflow)
        self.file = PurePath(self.source.name).name

    def at(self, span: Span) -> str:
        return one_line(f"{self.file}:{span.line}")

    def values(self, step: Step | None, lenient: bool = False) -> Values:
        constants = {"DAG_NAME": self.workflow.name}
        if step is not None:
            constants["DAG_RUN_STEP_NAME"] = step.name
        return Values(
            folders=self.folders.steps,
            constants=constants,
            used=self.used,
            lenient=lenient,
        )


def _common(workflow: Workflow) -> tuple[Export, ...]:
    """The exports with which those of all steps and handlers begin: named once. They are
    not of steps. Only the first ones, since the order decides what goes by file (R4).
    """
    kinds = {"param", "env", "process", "special"}
    every = [step.exports for step in (*workflow.steps, *workflow.handlers)]
    common = []
    for first, *others in zip(*every, strict=False):
        own = not {it.kind for it in first.origins} <= kinds
        if own or any(other != first for other in others):
            break
        common.append(first)
    return tuple(common)


def exported(values: Values, export: Export) -> str:
    """`NAME=place,place`: where the run time finds a name of the environment."""
    origins = [it for it in export.origins if it.kind not in ("process", "special")]
    return f"{export.name}={','.join(values.places(origins))}" if origins else ""


@dataclass(frozen=True, slots=True)
class _Declared:
    """A step as declared: the head of its line, its text, its place."""

    head: str
    text: str
    comment: str


def _step(script: Emission, step: Step, handler: bool = False) -> _Declared:
    known = script.folders.handlers if handler else script.folders.steps
    folder = known[step.name]
    values = script.values(step, lenient=handler)
    words = [f"handler {step.name} {folder}" if handler else f"step {bare(folder)}"]
    if not handler and folder != step.name:
        words.append(f"name={word(step.name)}")
    words += _edges(script, step)
    uses = [exported(values, each) for each in step.exports[len(script.common) :]]
    if any(uses):
        words += _attribute("uses", [each for each in uses if each])
        script.used.parts.add("uses")
    if step.captured:
        words.append(f"output={step.output or ''}")
        script.used.parts |= {"capture", "capture-step"}
    if step.timeout is not None:
        words.append(f"timeout={step.timeout}")
        script.used.parts.add("timeout")
    if step.retry is not None:
        words += _retry(script, step.retry)
    if step.continue_on is not None:
        words += _continue_on(script, step.continue_on, folder)
    if step.conditions:
        words.append(f"when=if_{folder}")
        script.used.parts.add("when")
        script.functions.append(_conditions(script, step, folder, handler))
    text = _body(script, step, values, words, folder)
    return _Declared(" ".join(words), text, f"  # {script.at(step.span)}")


def _attribute(name: str, words: list[str]) -> list[str]:
    return [f"{name}={bare(' '.join(words))}"] if words else []


def _edges(script: Emission, step: Step) -> list[str]:
    after = {
        edge.step: script.folders.steps[edge.step]
        + ("?" if "skipped" in edge.accepts else "")
        for edge in step.edges
    }
    return _attribute("after", list(after.values()))


def _retry(script: Emission, retry: Retry) -> list[str]:
    script.used.parts.add("retry")
    pauses: list[str] = []
    for attempt in range(min(retry.limit, 400)):
        try:
            pause = retry.interval * retry.backoff**attempt
        except OverflowError:
            pause = float("inf") if retry.interval else 0.0
        if retry.max_interval is not None:
            pause = min(pause, retry.max_interval)
        pauses.append(f"{min(pause, 315360000.0):.10g}")
    while len(pauses) > 1 and pauses[-1] == pauses[-2]:
        pauses.pop()
    words = [f"retry={retry.limit}", *_attribute("pauses", pauses)]
    return words + _attribute("retry_on", [str(code) for code in retry.exit_codes])


def _continue_on(script: Emission, rule: ContinueOn, folder: str) -> list[str]:
    parts = script.used.parts
    if not (rule.failure or rule.exit_codes or rule.output):
        return []
    parts.add("continue")
    codes = ["failure"] if rule.failure else []
    words = _attribute("continue_on", codes + [str(it) for it in rule.exit_codes])
    if rule.mark_success:
        words.append("mark_success")
    if rule.output and not rule.failure:
        words.append(f"printed=printed_{folder}")
        parts.add("printed")
        tests = [_printed(script, pattern) for pattern in rule.output]
        body = " || ".join(tests)
        script.functions.append(
            f"printed_{folder}() {{ {body}; }}  # {script.at(rule.span)}"
        )
    return words


def _printed(script: Emission, pattern: Pattern) -> str:
    if pattern.regex:
        script.used.parts.add("prints-re")
        return f'wfc_fits {word(_ere(pattern))} <"$wfc_files.out"'
    script.used.parts.add("prints")
    return f"wfc_prints {word(pattern.text)}"


def _ere(pattern: Pattern) -> str:
    node = parse(pattern.text)
    assert not isinstance(node, Problem)  # a checked program
    return to_ere(node)


def _own(values: Values, step: Step) -> None:
    """Lines that value the step's own env, entry by entry."""
    for variable in step.env:
        values.used.parts.add("own")
        text = values.text(variable.value)
        values.lines.append(f"wfc_own {variable.name} {text}")


def _conditions(script: Emission, step: Step, folder: str, handler: bool) -> str:
    values = script.values(step, lenient=handler)
    _own(values, step)
    parts = script.used.parts
    for condition in step.conditions:
        match condition:
            case Test(command=command, negate=negate):
                parts.add("test")
                text = values.shell_text(command)
                test = f"wfc_test {word(text)}"
                before = len(values.lines)
                values.lines.append(_must(test, negate, condition.span, script))
                if "wfc_bind" in "".join(values.lines[:before]):
                    values.lines.append("wfc_bound=''")
                for name in ("wfc_integers", "wfc_inner"):
                    if any(
                        line.startswith(f"{name}=") for line in values.lines[:before]
                    ):
                        values.lines.append(f"{name}=''")
            case Match(value=template, expected=expected, negate=negate):
                value = values.text(template)
                if expected.regex:
                    parts.add("fits")
                    test = f"wfc_fits {word(_ere(expected))} <<<{value}"
                elif "\n" in expected.text:
                    test = "false"
                else:
                    parts.add("lines")
                    test = f"wfc_is_line {value} {word(expected.text)}"
                values.lines.append(_must(test, negate, condition.span, script))
            case _:
                assert_never(condition)
    return _function(f"if_{folder}", values.lines)


def _must(test: str, negate: bool, span: Span, script: Emission) -> str:
    stop = f"if {'' if negate else '! '}{test}; then exit 1; fi"
    return f"{stop}  # {script.at(span)}" if "\n" not in stop else stop


def _function(name: str, lines: list[str]) -> str:
    return "\n".join([f"{name}() {{", *(f"  {line}" for line in lines), "}"])


def _body(
    script: Emission, step: Step, values: Values, words: list[str], folder: str
) -> str:
    """The step's text; what has to happen before it becomes a function."""
    parts = script.used.parts
    _own(values, step)
    if step.directory is not None:
        parts.add("directory")
        values.lines.append(f"wfc_in {values.text(step.directory)}")
    text = _program(parts, step, values)
    if values.lines:
        parts.add("setup")
        words.append(f"setup=with_{folder}")
        script.functions.append(_function(f"with_{folder}", values.lines))
    return text


def _program(parts: set[str], step: Step, values: Values) -> str:
    match step.body:
        case Command(text=text, shell=shell):
            program = _without_end(values.shell_text(text))
            if shell != DEFAULT_SHELL:
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
            parts.add("script")
            program = values.shell_text(text)
            words = [values.text(each) for each in templates]
            values.lines.append(f"wfc_is_script=1 wfc_shell=({' '.join(words)})")
            named = [constant(each) for each in templates]
            if not named:
                named = program.partition("\n")[0].removeprefix("#!").split()
            _load(parts, named, values, bool(step.exports))
            return program
        case _:
            assert_never(step.body)


def _without_end(program: str) -> str:
    """`program` without the line ends at its end, which mean nothing behind `-c`, unless
    one of them is escaped."""
    stripped = program.rstrip("\n")
    return program if stripped.endswith("\\") else stripped


def constant(template: Template) -> str:
    """The text of `template`, without its references."""
    return "".join(part for part in template.parts if isinstance(part, str))


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
    steps = [
        *(_step(script, step) for step in workflow.steps),
        *(_step(script, handler, handler=True) for handler in workflow.handlers),
    ]
    return "\n".join(_with_texts(steps)) or ":"


def _with_texts(steps: list[_Declared]) -> Iterator[str]:
    """The declarations, each with its text in a here-document."""
    for step in steps:
        if not step.text:
            yield f"{step.head} </dev/null{step.comment}"
            continue
        end = delimiter([step.text])
        yield f"{step.head} <<'{end}'{step.comment}\n{step.text}\n{end}"
