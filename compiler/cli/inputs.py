"""File names and K=V words -> checked programs and values."""

import argparse
import sys

from compiler.cli.console import print_findings, usage
from compiler.diagnostics import Diagnostic
from compiler.ir import Program
from compiler.pipeline import Checked, front_end
from compiler.reader import decode
from compiler.source import Source, Span


def name_of(file: str) -> str:
    """How diagnostics name the file `file`."""
    return "<stdin>" if file == "-" else file


def read_bytes(file: str) -> bytes:
    """The bytes of `file`, of stdin for `-`. Raises OSError."""
    if file == "-":
        return b"" if sys.stdin is None else sys.stdin.buffer.read()
    with open(file, "rb") as stream:
        return stream.read()


def check(file: str, sources: dict[str, Source]) -> Checked:
    """The checked program of `file`; its source goes into `sources`."""
    name = name_of(file)
    try:
        source = decode(name, read_bytes(file))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        source = Diagnostic(
            code="WFC111",
            message=f"cannot read `{name}`: {reason}",
            span=Span(file=name, line=1, column=1),
        )
    if isinstance(source, Diagnostic):
        return Checked(program=None, diagnostics=(source,))
    sources[name] = source
    return front_end(source)


def program_of(
    options: argparse.Namespace, sources: dict[str, Source]
) -> Program | None:
    """The program of `options.file` with its `-p` and `--bind`; None when something is
    wrong, which is printed."""
    from compiler.parameters import split_words, unknown_params, with_values

    checked = check(options.file, sources)
    print_findings(checked.diagnostics, sources, options)
    if checked.program is None:
        return None
    program = checked.program
    for words, bound in ((options.params, False), (options.bind, True)):
        split = split_words(words)
        problems = [f"`{word}` is not of the form K=V" for word in split.positional]
        problems += unknown_params(program, split.values)
        problems += [
            f"the value of `{name}` is not UTF-8 text"
            for name, value in split.values.items()
            if not value.isascii() and any("\ud800" <= it <= "\udfff" for it in value)
        ]
        if problems:
            usage(problems)
            return None
        program = with_values(program, split.values, bound=bound)
    return program


def values_of(file: str) -> dict[str, str] | None:
    """The params of the JSON file `file`; None when there are none, which is said."""
    from compiler.evaluate import Failure
    from compiler.parameters import values_from_json

    try:
        return values_from_json(read_bytes(file).decode("utf-8-sig"))
    except OSError as error:
        usage([f"cannot read `{file}`: {error.strerror}"])
    except (UnicodeDecodeError, Failure) as error:
        usage([f"`{file}`: {error}"])
    return None
