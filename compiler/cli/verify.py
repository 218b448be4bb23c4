"""`wfc verify`: a workflow by the interpreter and on a target's engine, compared."""

import argparse
import contextlib
import gc
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from compiler import interpreter
from compiler.backend import CannotRun, Engine, File
from compiler.cli.backends import backend, engine
from compiler.cli.console import print_findings, say, usage
from compiler.cli.copies import Content, NoCopy, content_of, copy, remove
from compiler.cli.inputs import checked_file, program_in, values_of, work_dir_of
from compiler.cli.verdict import Verified, to_form, to_text
from compiler.comparison import compare
from compiler.diagnostics import has_errors
from compiler.ir import Program
from compiler.optimize import optimize
from compiler.outcome import Outcome
from compiler.parameters import Words, bad_params, split_words, unknown_params
from compiler.pipeline import back_end

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
INTERPRETER = "interpreter"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """What both runs have in common, and what one of them runs; `folder` is theirs."""

    program: Program
    words: Words
    files: Sequence[File]
    engine: Engine
    content: Content
    folder: Path

    @property
    def live(self) -> Path:
        """The folder of the run that runs. Each has the same, so that a step that prints
        where it is prints the same."""
        return self.folder / "run"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "WFC_HOME": str(self.live / "wfc")}


class _Ended(BaseException):
    """A signal asks to end; no handler of errors is to catch it."""

    def __init__(self, number: int) -> None:
        self.number = number


def execute(options: argparse.Namespace) -> int:
    if options.file == options.params_json == "-":
        return usage(["stdin cannot be the workflow and its params at once"])
    checked = checked_file(options)
    program = program_in(checked, options.workflow)
    if program is None:
        return 2
    words = _words(program, options)
    if words is None:
        return 2
    files, losses = back_end(program, checked.sources, backend(options.target))
    print_findings(losses, checked.sources, options)
    if has_errors(losses):
        return 2
    target = engine(options.target)
    missing = target.missing(os.environ) or target.lacks(files, os.environ)
    if missing:
        return usage([f"nothing to compare with: {missing}"])
    try:
        content = content_of(work_dir_of(options))
    except NoCopy as problem:
        return usage([f"{problem}: --work-dir D gives the steps another folder"])
    gc.enable()  # which a compiler has off, but a run can last for days
    try:
        with _signals_raise(), _folder(options) as folder:
            trial = _Trial(
                program=program,
                words=words,
                files=files,
                engine=target,
                content=content,
                folder=folder,
            )
            outcomes = _outcomes(trial, options)
            verified = Verified(
                program=program,
                sources=checked.sources,
                target=options.target,
                names=(f"the {INTERPRETER}", target.name),
                outcomes=outcomes,
                differences=compare(*outcomes, program),
                folder=str(folder) if options.keep else None,
            )
            return _tell(verified, options)
    except (CannotRun, NoCopy, interpreter.CannotStart) as problem:
        return usage(str(problem).splitlines())
    except _Ended as ended:
        return 128 + ended.number


def _words(program: Program, options: argparse.Namespace) -> Words | None:
    """What the runs are started with; None when something is wrong, which is said."""
    words = split_words(options.words)
    if options.params_json is not None:
        read = values_of(options.params_json)
        if read is None:
            return None
        values = {**read, **words.values}
        words = Words(values=values, positional=words.positional)
    problems = unknown_params([program.main], words.values)
    problems += bad_params(program.main, words.values)
    work_dir = work_dir_of(options)
    if not work_dir.is_dir():
        problems.append(f"`{work_dir}` is no folder")
    if problems:
        usage(problems)
        return None
    return words


# ---- the two runs


def _outcomes(trial: _Trial, options: argparse.Namespace) -> tuple[Outcome, Outcome]:
    """One after the other, so that neither is in the way of the other."""
    work, following = trial.live / "work", trial.folder / "next"
    copy(trial.content, work)
    copy(content_of(work), following / "work")
    name = trial.program.main.name
    say(f"{name}: runs by the {INTERPRETER}", options)
    here = _interpreted(trial)
    trial.live.rename(trial.folder / INTERPRETER)
    following.rename(trial.live)
    say(f"{name}: runs on {trial.engine.name}", options)
    there = trial.engine.run(
        _written(trial.files, trial.folder / "emitted"),
        program=trial.program,
        words=_command_line(trial.words),
        work_dir=work,
        environment=trial.environment,
        seconds=None,
    )
    trial.live.rename(trial.folder / options.target)
    return here, there


def _interpreted(trial: _Trial) -> Outcome:
    outcome = interpreter.run(
        optimize(trial.program),
        values=trial.words.values,
        arguments=trial.words.positional,
        work_dir=trial.live / "work",
        home=trial.live / "wfc",
        progress=interpreter.Quiet(sys.stderr),
        environment=trial.environment,
    ).outcome
    if outcome.status == "aborted" and outcome.exit_code > 128:
        raise _Ended(outcome.exit_code - 128)
    return outcome


def _command_line(words: Words) -> list[str]:
    values = [f"{name}={value}" for name, value in words.values.items()]
    return [*values, *words.positional]


def _written(files: Sequence[File], folder: Path) -> Path:
    """Writes the emitted files; the path of the first one."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, "utf-8")
        path.chmod(0o755 if file.executable else 0o644)
    return folder / files[0].path


def _tell(verified: Verified, options: argparse.Namespace) -> int:
    if options.format == "json":
        form = to_form(verified)
        sys.stdout.write(json.dumps(form, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write(to_text(verified))
    return 1 if verified.differences else 0


# ---- the folder, and signals


@contextlib.contextmanager
def _folder(options: argparse.Namespace) -> Iterator[Path]:
    """A folder for the two runs, which goes when they are over."""
    folder = Path(tempfile.mkdtemp(prefix="wfc-verify-")).resolve()
    try:
        yield folder
    except BaseException:
        if options.keep:
            usage([f"what there is of the runs: {folder}"])
        raise
    finally:
        for number in _STOPPING:  # whatever comes, it goes
            signal.signal(number, signal.SIG_IGN)
        if not options.keep and not remove(folder):
            usage([f"cannot remove `{folder}`"])


@contextlib.contextmanager
def _signals_raise() -> Iterator[None]:
    """The first signal that ends a program raises _Ended, later ones do nothing: what it
    ends has its time for that."""

    def heard(number: int, _frame: FrameType | None) -> None:
        for each in former:
            signal.signal(each, signal.SIG_IGN)
        raise _Ended(number)

    former = {
        number: handler
        for number in _STOPPING
        if (handler := signal.getsignal(number)) is not signal.SIG_IGN
    }
    try:
        for number in former:
            signal.signal(number, heard)
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
