"""`wfc run`: a workflow by the interpreter, with its summary on stdout."""

import argparse
import json
import os
import sys
from pathlib import Path

from compiler import interpreter, output
from compiler.backend import File
from compiler.cli.console import usage, use_color
from compiler.cli.inputs import program_of, values_of
from compiler.optimize import optimize
from compiler.parameters import split_words, unknown_params


def execute(options: argparse.Namespace) -> int:
    if options.file == options.params_json == "-":
        return usage(["stdin cannot be the workflow and its params at once"])
    program = program_of(options, {})
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
    problems = unknown_params(program, values)
    if not work_dir.is_dir():
        problems.append(f"`{work_dir}` is no folder")
    if options.report is not None and not Path(options.report).parent.is_dir():
        problems.append(f"the folder of `{options.report}` does not exist")
    if problems:
        return usage(problems)
    try:
        result = interpreter.run(
            optimize(program),
            values=values,
            arguments=words.positional,
            work_dir=work_dir.resolve(),
            home=_home(),
            progress=interpreter.progress(
                sys.stderr, color=use_color(options, sys.stderr), quiet=options.quiet
            ),
            environment=os.environ,
        )
    except interpreter.CannotStart as problem:
        return usage([str(problem)])
    sys.stdout.write(interpreter.summary(result))
    if options.report is not None:
        try:
            _write_report(Path(options.report), interpreter.report_json(result))
        except OSError as error:
            return usage([f"cannot write `{options.report}`: {error.strerror}"])
    return result.outcome.exit_code


def _work_dir(options: argparse.Namespace) -> Path:
    if options.work_dir is not None:
        return Path(options.work_dir)
    return Path.cwd() if options.file == "-" else Path(options.file).resolve().parent


def _home() -> Path:
    """The folder for runs: $WFC_HOME, else wfc below the user's state folder."""
    if os.environ.get("WFC_HOME"):
        return Path(os.environ["WFC_HOME"]).absolute()
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(state).absolute() / "wfc"


def _write_report(path: Path, form: object) -> None:
    text = json.dumps(form, ensure_ascii=False, indent=1) + "\n"
    output.write(path, File(path=path.name, text=text))
