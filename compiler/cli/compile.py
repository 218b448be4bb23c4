"""`wfc compile`: the files of a target, written, printed, or compared."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from compiler import output
from compiler.backend import File
from compiler.cli.backends import backend
from compiler.cli.console import exit_code, print_findings, say
from compiler.cli.inputs import name_of, program_of
from compiler.diagnostics import Diagnostic, has_errors
from compiler.pipeline import back_end
from compiler.source import Source


def execute(options: argparse.Namespace) -> int:
    sources: dict[str, Source] = {}
    program = program_of(options, sources)
    if program is None:
        return 2
    folder = _folder(options)
    text = sources[name_of(options.file)].text
    source = Source(_relative(options.file, folder), text)
    files, losses = back_end(program, source, backend(options.target))
    print_findings(losses, sources, options)
    if has_errors(losses):
        return 2
    if options.stdout:
        for file in files:
            sys.stdout.write(file.text)
        code = 0
    else:
        code = _put(files, folder, options)
    return code or exit_code(losses, options, on_error=2)


def _folder(options: argparse.Namespace) -> Path:
    if options.output:
        return Path(options.output)
    return Path.cwd() if options.file == "-" else Path(options.file).resolve().parent


def _relative(file: str, folder: Path) -> str:
    """How the header of an emitted file names its source: seen from its own folder, so
    that it is the same from wherever wfc was started."""
    if file == "-":
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
