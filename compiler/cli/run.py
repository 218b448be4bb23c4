"""`wfc run`: a workflow by the interpreter, with its summary on stdout."""

import argparse
import gc
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from compiler import interpreter, output
from compiler.backend import File
from compiler.cli.console import drop_stdout, say, usage, use_color
from compiler.cli.inputs import checked_file, program_in, values_of, work_dir_of
from compiler.cli.past import (
    NO_HOME,
    home_folder,
    origin_of,
    resumed_options,
    source_changed,
)
from compiler.diagnostics import did_you_mean
from compiler.ir import Json, Program, Workflow
from compiler.optimize import optimize
from compiler.parameters import bad_params, split_words, unknown_params


def execute(options: argparse.Namespace) -> int:
    if options.resume is not None:
        return _resume(options)
    if options.file == options.params_json == "-":
        return usage(["stdin cannot be the workflow and its params at once"])
    checked = checked_file(options)
    program = program_in(checked, options.workflow)
    if program is None:
        return 2
    words = split_words(options.words)
    values = dict(words.values)
    if options.params_json is not None:
        read = values_of(options.params_json)
        if read is None:
            return 2
        values = {**read, **values}
    work_dir = work_dir_of(options)
    problems = unknown_params([program.main], values)
    problems += bad_params(program.main, values)
    if not work_dir.is_dir():
        problems.append(f"`{work_dir}` is no folder")
    if options.report is not None:
        problems += _report_problems(Path(options.report))
    chosen, wrong = chosen_steps(program, options)
    problems += wrong
    home = home_folder()
    if home is None:
        problems.append(NO_HOME)
    if problems or home is None:
        return usage(problems)
    if options.dry_run:
        return _dry_run(program, values, words.positional, chosen, work_dir)
    _look_for_garbage()
    try:
        result = interpreter.run(
            optimize(_limited(program, options)),
            values=values,
            arguments=words.positional,
            work_dir=work_dir.resolve(),
            home=home,
            progress=_progress(options),
            environment=os.environ,
            origin=origin_of(options, program, checked.sources),
            chosen=chosen,
        )
    except interpreter.CannotStart as problem:
        return usage([str(problem)])
    return _hand_over(result, options)


def _resume(options: argparse.Namespace) -> int:
    """Goes on with a run; its workflow is where it was, unless FILE says otherwise."""
    home = home_folder()
    if home is None:
        return usage([NO_HOME])
    past = interpreter.find_run(home, options.resume)
    if isinstance(past, str):
        return usage([past])
    problem = resumed_options(options, past)
    if problem is not None:
        return usage([problem])
    whole = options.step is None and options.first is None
    if past.standing == "succeeded" and whole:
        say(f"the run {past.run_id} has succeeded: there is nothing to do", options)
        return 0
    checked = checked_file(options)
    program = program_in(checked, options.workflow)
    if program is None:
        return 2
    chosen, problems = chosen_steps(program, options)
    if not options.force and source_changed(past, checked.sources):
        problems.append(
            f"`{options.file}` has changed since the run {past.run_id} was started: "
            "--force goes on with it as it is now"
        )
    if options.report is not None:
        problems += _report_problems(Path(options.report))
    if problems:
        return usage(problems)
    _look_for_garbage()
    try:
        result = interpreter.resume(
            optimize(_limited(program, options)),
            past,
            home=home,
            progress=_progress(options),
            environment=os.environ,
            chosen=chosen,
        )
    except interpreter.CannotStart as problem:
        return usage([str(problem)])
    return _hand_over(result, options)


def _look_for_garbage() -> None:
    """Which a compiler does not, but a run can last for days."""
    if not gc.isenabled():
        gc.freeze()  # what the compiler made stays: it is not looked at again and again
        gc.enable()


def _progress(options: argparse.Namespace) -> interpreter.Progress:
    color = use_color(options, sys.stderr)
    return interpreter.progress(sys.stderr, color=color, quiet=options.quiet)


def _limited(program: Program, options: argparse.Namespace) -> Program:
    """`program` with the limit of --max-active-steps."""
    if options.max_active_steps is None:
        return program
    main = replace(program.main, max_active_steps=options.max_active_steps)
    workflows = [main if it.key == main.key else it for it in program.workflows]
    return replace(program, workflows=tuple(workflows))


def chosen_steps(
    program: Program, options: argparse.Namespace
) -> tuple[frozenset[str] | None, list[str]]:
    """The steps that --step or --from mean, None for all; and what is wrong with them."""
    name = options.step if options.step is not None else options.first
    if name is None:
        return None, []
    names = {it.name for it in program.main.steps}
    names_by_id = {it.id: it.name for it in program.main.steps if it.id}
    name = names_by_id.get(name, name) if name not in names else name
    if name not in names:
        head = name.partition("/")[0].partition("[")[0]
        hint = did_you_mean(name, sorted(names))
        if head != name and head in names:
            hint = f"it runs with all of `{head}`"
        return None, [f"there is no step `{name}` in `{program.main.name}`: {hint}"]
    if options.step is not None:
        return frozenset([name]), []
    return frozenset(_with_dependants(name, program.main)), []


def _with_dependants(name: str, workflow: Workflow) -> set[str]:
    """The step `name` and all that depend on it, directly or not."""
    dependants: dict[str, list[str]] = {}
    for step in workflow.steps:
        for edge in step.edges:
            dependants.setdefault(edge.step, []).append(step.name)
    found, waiting = {name}, [name]
    while waiting:
        new = set(dependants.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found


def _dry_run(
    program: Program,
    values: Mapping[str, str],
    arguments: Sequence[str],
    chosen: frozenset[str] | None,
    work_dir: Path,
) -> int:
    """Prints what the run would do."""
    from compiler.cli.plan import plan
    from compiler.evaluate import Failure
    from compiler.interpreter.dotenv import dotenv_of

    try:
        environment = {**os.environ, **dotenv_of(program.main, work_dir.resolve())}
    except Failure as failure:
        return usage([str(failure)])
    sys.stdout.write(plan(program, values, arguments, chosen, environment))
    return 0


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
    if result.outcome.exit_code:
        say(f"to go on with it: wfc run --resume {result.run_id}", options)
    return code


def _report_problems(path: Path) -> list[str]:
    if path.is_dir():
        return [f"cannot write `{path}`: it is a folder"]
    if not path.parent.is_dir():
        return [f"cannot write `{path}`: its folder does not exist"]
    return []


def _write_report(path: Path, form: Mapping[str, Json]) -> None:
    text = json.dumps(form, ensure_ascii=False, indent=1) + "\n"
    if path.exists() and not path.is_file():  # /dev/null, a pipe
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
    else:
        output.write(path, File(path=path.name, text=text))
