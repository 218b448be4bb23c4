"""File names and K=V words -> checked programs and values."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from compiler.cli.console import print_findings, usage
from compiler.cli.loader import FileLoader, read_bounded, unreadable
from compiler.diagnostics import Diagnostic, did_you_mean
from compiler.ir import Program
from compiler.pipeline import Checked, front_end
from compiler.reader import decode
from compiler.source import Source


def name_of(file: str) -> str:
    """How diagnostics name the file `file`."""
    return "<stdin>" if file == "-" else file


def read_bytes(file: str) -> bytes | Diagnostic:
    """The bytes of `file`, of stdin for `-`; WFC111 when they are too many. Raises
    OSError."""
    name = name_of(file)
    if file == "-":
        return b"" if sys.stdin is None else read_bounded(name, sys.stdin.buffer)
    with open(file, "rb") as stream:
        return read_bounded(name, stream)


def source_of(file: str) -> Source | Diagnostic:
    """The text of `file`, or the finding that it has none."""
    name = name_of(file)
    try:
        found = read_bytes(file)
        return decode(name, found) if isinstance(found, bytes) else found
    except OSError as error:
        return unreadable(name, error.strerror or str(error))
    except ValueError as error:
        return unreadable(name, str(error))


def check(files: Iterable[str], search: Sequence[str]) -> list[Checked]:
    """The checked program of each of `files`, which are each read once, as is what they
    call."""
    loader = FileLoader()
    sources = {file: source_of(file) for file in dict.fromkeys(files)}
    for file, source in sources.items():
        if isinstance(source, Source) and file != "-":
            loader.keep(source)
    return [
        (
            front_end(source, loader, search)
            if isinstance(source, Source)
            else Checked(program=None, sources={}, diagnostics=(source,))
        )
        for source in sources.values()
    ]


def checked_file(options: argparse.Namespace) -> Checked:
    """`options.file`, checked; its errors and warnings are printed."""
    (checked,) = check([options.file], options.search)
    print_findings(checked.diagnostics, checked.sources, options)
    return checked


def program_of(options: argparse.Namespace, workflow: str | None) -> Program | None:
    """The program of `options.file` that starts with its document `workflow`, else with
    the first that no other one calls; None when something is wrong, which is printed.
    """
    return program_in(checked_file(options), workflow)


def program_in(checked: Checked, workflow: str | None) -> Program | None:
    """The same of a file that is checked."""
    from compiler.link import entered

    program = checked.program
    if program is None:
        return None
    file = program.main.span.file
    keys = {it.name: it.key for it in program.workflows if it.span.file == file}
    if workflow is None:
        return entered(program, program.entry)
    if workflow not in keys:
        hint = did_you_mean(workflow, keys)
        usage([f"there is no workflow `{workflow}` in `{file}`: {hint}"])
        return None
    return entered(program, keys[workflow])


def set_params(
    programs: Sequence[Program], options: argparse.Namespace
) -> list[Program] | None:
    """`programs` with the `-p` and `--bind` of a compilation, in each that has such a
    param; None when something is wrong, which is printed."""
    from compiler.parameters import (
        bad_defaults,
        split_words,
        unknown_params,
        with_values,
    )

    changed = list(programs)
    frozen = split_words(options.bind).values
    for words, bound in ((options.params, False), (options.bind, True)):
        split = split_words(words)
        problems = [
            f"`{name}` cannot be both in -p and in --bind"
            for name in split.values
            if not bound and name in frozen
        ]
        problems += [f"`{word}` is not of the form K=V" for word in split.positional]
        problems += unknown_params([each.main for each in changed], split.values)
        problems += [
            f"the value of `{name}` is not UTF-8 text"
            for name, value in split.values.items()
            if not value.isascii() and any("\ud800" <= it <= "\udfff" for it in value)
        ]
        if problems:
            usage(problems)
            return None
        changed = [with_values(it, split.values, bound=bound) for it in changed]
        bad = [text for it in changed for text in bad_defaults(it.main, split.values)]
        if bad:
            usage(dict.fromkeys(bad))
            return None
    return changed


def values_of(file: str) -> dict[str, str] | None:
    """The params of the JSON file `file`; None when there are none, which is said."""
    from compiler.evaluate import Failure
    from compiler.parameters import values_from_json

    try:
        found = read_bytes(file)
        if isinstance(found, bytes):
            return values_from_json(found.decode("utf-8-sig"))
        usage([found.message])
    except OSError as error:
        usage([f"cannot read `{file}`: {error.strerror}"])
    except (UnicodeDecodeError, Failure) as error:
        usage([f"`{file}`: {error}"])
    return None


def work_dir_of(options: argparse.Namespace) -> Path:
    """The folder in which the steps work (W1): --work-dir, else the workflow's own."""
    if options.work_dir is not None:
        return Path(options.work_dir)
    return Path.cwd() if options.file == "-" else Path(options.file).resolve().parent
