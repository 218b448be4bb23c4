"""One step -> the processes and pauses that carry it out, as a generator.

What a generator yields is done by `loop`, which sends back how it ended: so conditions,
attempts and retries read here as straight code.
"""

import contextlib
import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import assert_never

from compiler.evaluate import Failure, fits, text_of
from compiler.interpreter.folder import create
from compiler.interpreter.processes import Ended, Launch
from compiler.interpreter.schedule import ending_of, pause_before_retry
from compiler.interpreter.texts import (
    Place,
    Shell,
    Stopped,
    append,
    run_beside,
    said,
    say,
    shell_argv,
    value_of,
    write_program,
)
from compiler.interpreter.values import (
    Scope,
    environment_of,
    prepare,
    read_output,
    some_line_holds,
)
from compiler.ir import (
    DEFAULT_SHELL,
    Arguments,
    Command,
    Condition,
    Ending,
    Match,
    Script,
    ShellText,
    Step,
    Test,
)
from compiler.shelltext.shells import is_shell, shebang


@dataclass(frozen=True, slots=True)
class Pause:
    """The step waits so many seconds, without a slot."""

    seconds: float


Work = Generator[Launch | Pause, Ended | None, Ending]


@dataclass(kw_only=True)
class Record:
    """What has become of one step so far. `label` is its name in lines and folders;
    `code` and `output` are those of the last attempt."""

    step: Step
    label: str
    handler: bool = False
    attempts: int = 0
    code: int | None = None
    output: str | None = None
    started: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is told about a step while it is carried out."""

    before_attempt: Callable[[Record], None]
    before_pause: Callable[[Record, float], None]


def perform(
    record: Record, place: Place, special: Mapping[str, str], watch: Watch
) -> Work:
    """Carries a step out: conditions, attempts, retries (S2, S3, S6)."""
    step = record.step
    scope = partial(Scope, known=place.known, special=special, lenient=record.handler)
    try:
        if step.conditions and not (yield from _all_hold(record, place, scope())):
            return "skipped"
        while True:
            record.attempts += 1
            watch.before_attempt(record)
            code, timed_out = yield from _attempt(record, place, scope())
            if code == 0:
                break
            pause = pause_before_retry(step.retry, record.attempts, code, timed_out)
            if pause is None:
                break
            watch.before_pause(record, pause)
            yield Pause(pause)
    except Stopped:
        return "aborted"
    stdout = files_of(record, place).with_suffix(".out")
    return ending_of(code, step.continue_on, partial(some_line_holds, stdout))


def files_of(record: Record, place: Place) -> Path:
    """The path of the files of the last attempt, but for the suffix."""
    return place.folder.of(record.step.name, record.handler) / str(record.attempts)


# ---- conditions


def _all_hold(
    record: Record, place: Place, scope: Scope
) -> Generator[Launch, Ended | None, bool]:
    """Whether all conditions of a step are met, in their order; any failure is a no."""
    step = record.step
    folder = place.folder.of(record.step.name, record.handler)
    shell = Shell(
        place=place,
        scope=scope,
        exports=step.exports,
        files=folder / "conditions",
        name=step.name,
        arguments=place.known.positional,
    )
    try:
        folder.mkdir(exist_ok=True)
        yield from _value_env(step, shell)
        for condition in step.conditions:
            if not (yield from _holds(condition, shell)):
                return False
    except (Failure, OSError) as error:
        with contextlib.suppress(OSError):
            append(shell.files.with_suffix(".err"), said(error))
        return False
    return True


def _holds(condition: Condition, shell: Shell) -> Generator[Launch, Ended | None, bool]:
    match condition:
        case Match(value=template, expected=expected, negate=negate):
            value = yield from value_of(template, shell)
            return fits(expected, value) != negate
        case Test(command=text, negate=negate):
            ended = yield from run_beside(text, shell, [shell.place.known.bash], None)
            return (ended.code == 0) != negate
        case _:
            assert_never(condition)


def _value_env(step: Step, shell: Shell) -> Generator[Launch, Ended | None, None]:
    """Fills `scope.own`: each entry sees those before it. Its backticks have no `$1`."""
    plain = replace(shell, name="", arguments=())
    for variable in step.env:
        shell.scope.own[variable.name] = yield from value_of(variable.value, plain)


# ---- attempts


def _attempt(
    record: Record, place: Place, scope: Scope
) -> Generator[Launch, Ended | None, tuple[int, bool]]:
    """One attempt: its exit code, and whether it timed out. Fills the record in."""
    files = files_of(record, place)
    out, err, rc = (files.with_suffix(suffix) for suffix in (".out", ".err", ".rc"))
    record.output = None
    ended = Ended(None, 1)
    try:
        if record.attempts == 1:
            files.parent.mkdir(exist_ok=True)
        ended = yield from _process(record, place, scope, files)
        record.code = ended.code
        if record.step.captured:
            _capture(record, out, err)
        _write_code(rc, record.code)
    except OSError as error:
        record.code = ended.code or 1
        with contextlib.suppress(OSError):
            append(err, said(error))
    finally:
        _keep(record, place, out, err)
    if ended.stopped:
        raise Stopped
    return record.code, ended.timed_out


def _process(
    record: Record, place: Place, scope: Scope, files: Path
) -> Generator[Launch, Ended | None, Ended]:
    """Runs the process of an attempt, or says on its stderr why it has none (code 1)."""
    stdout = create(files.with_suffix(".out"))
    try:
        stderr = create(files.with_suffix(".err"))
    except OSError:
        os.close(stdout)
        raise
    try:
        shell = Shell(
            place=place, scope=scope, exports=record.step.exports, files=files
        )
        yield from _value_env(record.step, shell)
        directory = _directory(record.step, shell)
        argv, environment = _body(record.step, shell)
    except (Failure, OSError) as error:
        with contextlib.suppress(OSError):
            say(stderr, said(error))
        os.close(stdout)
        os.close(stderr)
        return Ended(None, 1)
    except BaseException:  # Stopped, or the generator is closed
        os.close(stdout)
        os.close(stderr)
        raise
    ended = yield Launch(
        argv=argv,
        directory=directory,
        environment={**environment, "PWD": str(directory)},
        stdout=stdout,
        stderr=stderr,
        timeout=record.step.timeout,
    )
    assert ended is not None
    return ended


def _capture(record: Record, out: Path, err: Path) -> None:
    """Keeps the stdout as a value. Where that cannot be, a success is a failure."""
    try:
        record.output = read_output(out)
    except Failure as failure:
        record.code = record.code or 1
        append(err, said(failure))


def _directory(step: Step, shell: Shell) -> Path:
    if step.directory is None:
        return shell.place.work_dir
    directory = shell.place.work_dir / text_of(step.directory, shell.scope)
    if not directory.is_dir():
        raise Failure(f"no folder `{directory}`")
    return directory


def _body(step: Step, shell: Shell) -> tuple[list[str], dict[str, str]]:
    """The argv and the environment of a step's process. Raises Failure, OSError."""
    scope, spill = shell.scope, shell.place.folder.spill
    positional = shell.place.known.positional
    script = shell.files.with_suffix(".script")
    match step.body:
        case Command(text=text, shell=words):
            ready = prepare(text, step.exports, scope, spill, is_shell(words))
            if words == DEFAULT_SHELL:
                words = (shell.place.known.bash, *words[1:])
            argv = shell_argv(words, ready, step.name, positional, script)
            return argv, ready.environment
        case Arguments(words=given):
            argv, environment = [], environment_of(step.exports, scope, spill)
            for word in given:
                if isinstance(word, ShellText):
                    ready = prepare(word, step.exports, scope, spill, shell=False)
                    environment |= ready.environment
                    argv.append(ready.text)
                else:
                    argv.append(text_of(word, scope))
            return argv, environment
        case Script(text=text, interpreter=templates):
            interpreter = [text_of(word, scope) for word in templates]
            reads = is_shell(interpreter or shebang(text.source))
            if tuple(interpreter) == DEFAULT_SHELL:
                interpreter[0] = shell.place.known.bash
            ready = prepare(text, step.exports, scope, spill, reads)
            write_program(script, ready.text.encode("utf-8", "surrogateescape"))
            return [*interpreter, str(script), *positional], ready.environment
        case _:
            assert_never(step.body)


def _keep(record: Record, place: Place, out: Path, err: Path) -> None:
    """Makes what an attempt gave visible to other steps."""
    if record.handler:
        return
    name, known = record.step.name, place.known
    fields = known.fields.setdefault(name, {})
    fields.update(stdout=str(out), stderr=str(err))
    if record.code is not None:
        fields["exitCode"] = str(record.code)
    known.captured.pop(name, None)
    if record.output is not None:
        known.captured[name] = record.output


def _write_code(path: Path, code: int) -> None:
    descriptor = create(path)
    try:
        os.write(descriptor, b"%d\n" % code)
    finally:
        os.close(descriptor)
