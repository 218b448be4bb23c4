"""`wfc run`: a workflow by the interpreter, with its summary on stdout."""

import argparse
import json
import os
import sys
from pathlib import Path

from compiler import interpreter, output
from compiler.backend import File
from compiler.cli.console import drop_stdout, usage, use_color
from compiler.cli.inputs import program_of, values_of
from compiler.optimize import optimize
from compiler.parameters import bad_params, split_words, unknown_params


def execute(options: argparse.Namespace) -> int:
    if options.file == options.params_json == "-":
        return usage(["stdin cannot be the workflow and its params at once"])
    program = program_of(options, options.workflow)
    if program is None:
        return 2
    words = split_words(options.words)
    values = dict(words.values)
    if options.params_json is not None:
        read = values_of(options.params_json)
        if read is None:
            return 2
        values = {**read, **values}
    work_dir = _work_dir(options)
    problems = unknown_params([program.main], values)
    problems += bad_params(program.main, values)
    if not work_dir.is_dir():
        problems.append(f"`{work_dir}` is no folder")
    if options.report is not None:
        problems += _report_problems(Path(options.report))
    home = _home()
    if home is None:
        problems.append("there is no home folder for the run: set WFC_HOME")
    if problems or home is None:
        return usage(problems)
    try:
        result = interpreter.run(
            optimize(program),
            values=values,
            arguments=words.positional,
            work_dir=work_dir.resolve(),
            home=home,
            progress=interpreter.progress(
                sys.stderr, color=use_color(options, sys.stderr), quiet=options.quiet
            ),
            environment=os.environ,
        )
    except interpreter.CannotStart as problem:
        return usage([str(problem)])
    return _hand_over(result, options)


def _hand_over(result: interpreter.Report, options: argparse.Namespace) -> int:
    """Writes the report and the summary of a run; the exit code, 2 where a run that
    succeeded has no report."""
    code = result.outcome.exit_code
    if options.report is not None:
        try:
            _write_report(Path(options.report), interpreter.report_json(result))
        except OSError as error:
            code = code or usage([f"cannot write `{options.report}`: {error.strerror}"])
    try:
        sys.stdout.write(interpreter.summary(result))
        sys.stdout.flush()
    except OSError:  # nobody reads it, and the run is what it is
        drop_stdout()
    return code


def _work_dir(options: argparse.Namespace) -> Path:
    if options.work_dir is not None:
        return Path(options.work_dir)
    return Path.cwd() if options.file == "-" else Path(options.file).resolve().parent


def _home() -> Path | None:
    """The folder for runs: $WFC_HOME, else wfc below the user's state folder."""
    if os.environ.get("WFC_HOME"):
        return Path(os.environ["WFC_HOME"]).absolute()
    state = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):  # which its specification says to ignore
        state = os.path.expanduser("~/.local/state")
    return Path(state) / "wfc" if os.path.isabs(state) else None


def _report_problems(path: Path) -> list[str]:
    if path.is_dir():
        return [f"cannot write `{path}`: it is a folder"]
    if not path.parent.is_dir():
        return [f"cannot write `{path}`: its folder does not exist"]
    return []


def _write_report(path: Path, form: object) -> None:
    text = json.dumps(form, ensure_ascii=False, indent=1) + "\n"
    if path.exists() and not path.is_file():  # /dev/null, a pipe
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
    else:
        output.write(path, File(path=path.name, text=text))
