"""`wfc compile`: the files of a target, written, printed, or compared."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from compiler import output
from compiler.backend import File
from compiler.cli.backends import backend
from compiler.cli.console import exit_code, print_findings, say, usage
from compiler.cli.inputs import checked_file, name_of, set_params
from compiler.diagnostics import Diagnostic, has_errors
from compiler.link import entered
from compiler.pipeline import back_end
from compiler.source import Source


def execute(options: argparse.Namespace) -> int:
    target = backend(options.target)
    if options.extra not in (None, *target.extras):
        known = ", ".join(f"`{each}`" for each in sorted(target.extras)) or "nothing"
        problem = f"target `{options.target}` takes {known} after --with"
        return usage([problem])
    if options.jobs not in (None, *target.jobs):
        known = ", ".join(f"`{each}`" for each in target.jobs) or "nothing"
        return usage([f"target `{options.target}` takes {known} after --jobs"])
    checked = checked_file(options)
    program = checked.program
    if program is None:
        return 2
    programs = set_params([entered(program, key) for key in program.entries], options)
    if programs is None:
        return 2
    root = _root(options) if target.home else _folder(options)
    folder = _folder(options) if options.output else root / target.home
    sources = {
        name: Source(_relative(name, root), source.text)
        for name, source in checked.sources.items()
    }
    files: list[tuple[str, File]] = []
    losses: list[Diagnostic] = []
    for each in programs:
        made, lost = back_end(each, sources, target, options.extra, options.jobs)
        files += [(each.main.name, file) for file in made]
        losses += lost
    losses = [*dict.fromkeys(losses)]
    print_findings(losses, checked.sources, options)
    if has_errors(losses):
        return 2
    problems = _collisions(files)
    if problems:
        return usage(problems)
    if options.stdout:
        for _, file in files:
            sys.stdout.write(file.text)
        code = 0
    else:
        code = _put([file for _, file in files], folder, options)
    return code or exit_code(losses, options, on_error=2)


def _collisions(files: Sequence[tuple[str, File]]) -> list[str]:
    """The files, each with its workflow, that would overwrite another's; some file systems
    take names that differ in case alone for one."""
    owners: dict[str, str] = {}
    problems = []
    for name, file in files:
        owner = owners.setdefault(file.path.lower(), name)
        if owner != name:
            problems.append(f"`{owner}` and `{name}` would both be `{file.path}`")
    return problems


def _folder(options: argparse.Namespace) -> Path:
    if options.output:
        return Path(options.output)
    return Path.cwd() if options.file == "-" else Path(options.file).resolve().parent


def _root(options: argparse.Namespace) -> Path:
    """The folder of the repository that the workflow is in, else the current one."""
    if options.file == "-":
        return Path.cwd()
    parents = Path(options.file).resolve().parents
    return next((it for it in parents if (it / ".git").exists()), Path.cwd())


def _relative(file: str, folder: Path) -> str:
    """How an emitted file names one that it is made from: seen from its own folder, so
    that it is the same from wherever wfc was started."""
    if file == name_of("-"):
        return "stdin"
    return Path(os.path.relpath(Path(file).resolve(), folder.resolve())).as_posix()


def _put(files: Sequence[File], folder: Path, options: argparse.Namespace) -> int:
    """Writes the files into `folder`, or with --check shows what would change."""
    code = 0
    problems: list[Diagnostic] = []
    for file in files:
        path = folder / file.path
        try:
            before = output.current(path)
            if options.check:
                lines = list(output.difference(path, before, file.text))
                sys.stdout.writelines(lines)
                code = 1 if lines else code
            elif before == file.text:
                say(f"{path} is up to date", options)
            elif not options.force and (theirs := output.foreign(path, before)):
                problems.append(theirs)
            else:
                output.write(path, file)
                say(f"wrote {path}", options)
        except OSError as error:
            problems.append(output.unwritable(path, error))
    print_findings(problems, {}, options)
    return 2 if problems else code
