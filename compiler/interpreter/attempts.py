"""One attempt of a step -> its process, its files, and what others see of it."""

import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from compiler.evaluate import Failure, text_of
from compiler.interpreter.conditions import value_env
from compiler.interpreter.folder import create, make_folder, say
from compiler.interpreter.frames import Frame
from compiler.interpreter.processes import Ended, Launch
from compiler.interpreter.records import Record
from compiler.interpreter.services import Ready, ServiceFiles, ready_service
from compiler.interpreter.step_files import StepFiles
from compiler.interpreter.tasks import Stopped, Work, process
from compiler.interpreter.texts import Shell, said, shell_argv, write_program
from compiler.interpreter.values import (
    LARGEST_OUTPUT,
    Scope,
    environment_of,
    prepare,
    read_output,
)
from compiler.ir import (
    DEFAULT_SHELL,
    Arguments,
    Command,
    Script,
    Service,
    ShellText,
    Step,
)
from compiler.shelltext.shells import is_shell, shebang

# In seconds: what undoes a stopped attempt must not hold up the end of a run.
_UNDO_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Tried:
    """How an attempt ended. `timed_out`: it was over its time; `unmet`: it was a call, and
    the callee's own precondition was not met, so that the step is skipped."""

    code: int
    timed_out: bool = False
    unmet: bool = False


# Carries out one attempt of a step, which holds its slot. Fills the record in.
Attempt = Callable[[Record, Frame, Scope], Work[Tried]]


def run_process(record: Record, frame: Frame, scope: Scope) -> Work[Tried]:
    """An `Attempt` of what a process runs."""
    files = record.files
    record.output = None
    ended, step_files, own = Ended(None, 1), StepFiles(), ServiceFiles(files)
    try:
        if record.attempts == record.before + 1:
            make_folder(record.folder)
        ended = yield from _process(record, frame, scope, step_files, own)
        if ended.timed_out or ended.stop is not None:
            yield from _undo(record, frame, own)
        record.code = ended.code
        if record.step.captured:
            _capture(record, frame, Path(f"{files}.out"))
        step_files.add(files, frame.run.masks)
        if ended.stop is None:
            frame.run.folder.keep_code(f"{files}.rc", record.code)
    except OSError as error:
        record.code = ended.code or 1
        say_why(record, frame, said(error))
    finally:
        own.remove()
        step_files.close()
        publish(record, frame, stdout=f"{files}.out", stderr=f"{files}.err")
    if ended.stop is not None:
        raise Stopped(ended.stop)
    return Tried(record.code, ended.timed_out)


def _process(
    record: Record,
    frame: Frame,
    scope: Scope,
    step_files: StepFiles,
    own: ServiceFiles,
) -> Work[Ended]:
    """Runs the process of an attempt, or says on its stderr why it has none (code 1).
    Raises OSError where the attempt cannot have its own files."""
    stdout = create(f"{record.files}.out")
    try:
        stderr = create(f"{record.files}.err")
    except OSError:
        os.close(stdout)
        raise
    try:
        ready, directory = yield from _ready(record, frame, scope, step_files, own)
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
    launch = Launch(
        argv=ready.argv,
        directory=directory,
        environment={**ready.environment, "PWD": str(directory)},
        stdout=stdout,
        stderr=stderr,
        timeout=record.step.timeout,
        grace=frame.place.grace,
        stop_signal=_stop_signal(record.step),
    )
    return (yield from process(launch))


def _ready(
    record: Record,
    frame: Frame,
    scope: Scope,
    step_files: StepFiles,
    own: ServiceFiles,
) -> Work[tuple[Ready, Path]]:
    """What an attempt starts, and the folder in which; the step's own files are open then.
    Raises Failure, Stopped, OSError."""
    step = record.step
    shell = Shell(
        place=frame.place, scope=scope, exports=step.exports, files=record.files
    )
    yield from value_env(step.env, shell)
    directory = _directory(step, shell)
    step_files.open(step, directory, scope)
    if isinstance(step.body, Service):
        smtp = frame.workflow.smtp
        return ready_service(step, shell, smtp, directory, own), directory
    return _body(step, shell), directory


def _undo(record: Record, frame: Frame, own: ServiceFiles) -> Work[None]:
    """Ends what the program of a service has started elsewhere: a container."""
    ready = own.undo()
    if ready is None:
        return
    stderr = os.open(f"{record.files}.err", os.O_WRONLY | os.O_APPEND)
    yield from process(
        Launch(
            argv=ready.argv,
            directory=frame.place.work_dir,
            environment=ready.environment,
            stdout=os.open(os.devnull, os.O_WRONLY),
            stderr=stderr,
            timeout=_UNDO_TIMEOUT,
        )
    )


def _stop_signal(step: Step) -> int:
    """The signal that ends the processes of `step`; TERM where the system lacks it."""
    if step.stop_signal is None:
        return signal.SIGTERM
    return getattr(signal, step.stop_signal, signal.SIGTERM)


def _capture(record: Record, frame: Frame, out: Path) -> None:
    """Keeps the stdout as a value. Where that cannot be, a success is a failure."""
    try:
        largest = frame.workflow.max_output or LARGEST_OUTPUT
        record.output = read_output(out, largest)
    except Failure as failure:
        record.code = record.code or 1
        say_why(record, frame, said(failure))


def _directory(step: Step, shell: Shell) -> Path:
    if step.directory is None:
        return shell.place.work_dir
    directory = shell.place.work_dir / text_of(step.directory, shell.scope)
    if not directory.is_dir():
        raise Failure(f"no folder `{directory}`")
    return directory


def _body(step: Step, shell: Shell) -> Ready:
    """What starts a step that is no service. Raises Failure, OSError."""
    scope, spill = shell.scope, shell.place.folder.spill
    positional = shell.place.known.positional
    script = f"{shell.files}.script"
    match step.body:
        case Command(text=text, shell=words):
            prepared = prepare(text, step.exports, scope, spill, is_shell(words))
            if words == DEFAULT_SHELL:
                words = (shell.place.known.bash, *words[1:])
            argv = shell_argv(words, prepared, step.name, positional, script)
            return Ready(argv, prepared.environment)
        case Arguments(words=given):
            argv, environment = [], environment_of(step.exports, scope, spill)
            for word in given:
                if isinstance(word, ShellText):
                    prepared = prepare(word, step.exports, scope, spill, shell=False)
                    environment |= prepared.environment
                    argv.append(prepared.text)
                else:
                    argv.append(text_of(word, scope))
            return Ready(argv, environment)
        case Script(text=text, interpreter=templates):
            interpreter = [text_of(word, scope) for word in templates]
            reads = is_shell(interpreter or shebang(text.source))
            if tuple(interpreter) == DEFAULT_SHELL:
                interpreter[0] = shell.place.known.bash
            prepared = prepare(text, step.exports, scope, spill, reads)
            write_program(script, prepared.text.encode("utf-8", "surrogateescape"))
            argv = [*interpreter, script, *positional]
            return Ready(argv, prepared.environment)
        case _:
            raise AssertionError(step.body)  # no process runs it


def publish(
    record: Record, frame: Frame, made: str | None = None, **fields: str
) -> None:
    """Makes what an attempt gave visible to other steps: `fields` of it, and `made`, the
    record of a call."""
    if record.handler or record.item is not None:
        return
    name, known = record.step.name, frame.known
    if record.code is not None:
        fields["exitCode"] = str(record.code)
    known.fields.setdefault(name, {}).update(fields)
    known.captured.pop(name, None)
    known.recorded.pop(name, None)
    if record.output is not None:
        known.captured[name] = record.output
    if made is not None:
        known.recorded[name] = made


def hide(record: Record, frame: Frame) -> None:
    """Masks secrets in what an attempt has written."""
    if frame.run.masks.any:
        for suffix in (".out", ".err"):
            frame.run.masks.file(Path(f"{record.files}{suffix}"))


def say_why(record: Record, frame: Frame, reason: str) -> None:
    """Says on the stderr of an attempt why it failed."""
    frame.run.folder.note(Path(f"{record.files}.err"), reason)


def fail(record: Record, frame: Frame, reason: str) -> None:
    """An attempt that has failed before it began."""
    record.attempts += 1
    record.code, record.output = 1, None
    frame.run.watch.attempt(record)
    say_why(record, frame, reason)
    publish(record, frame)
