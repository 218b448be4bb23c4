"""argv -> an exit code: reads files, calls the pipeline, prints and writes.

The only module that knows the backends. What is heavy is imported by the command that
needs it, so that `wfc lint` starts fast.
"""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from compiler import __version__, report
from compiler.backend import Backend
from compiler.diagnostics import CODES, Diagnostic, nearest
from compiler.ir import Program
from compiler.pipeline import Checked, front_end, has_errors
from compiler.reader import decode
from compiler.source import Source, Span

TARGETS = ("shell",)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line `argv` (without the program's name) and gives its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # The same bytes in every locale; the name of a file need not be text.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    parser = _parser()
    options, words = parser.parse_known_args(argv)
    if "words" in options:
        options.words = _words(parser, words)
    elif words:
        parser.error(f"unexpected: {' '.join(words)}")
    try:
        code: int = options.command(options)
        sys.stdout.flush()
        return code
    except OSError as error:
        # What is left in the buffer would fail once more when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # `wfc lint ... | head`
            return 1
        return _usage([f"{error.filename or '<stdout>'}: {error.strerror}"])
    except KeyboardInterrupt:
        return 130


def _words(parser: argparse.ArgumentParser, rest: list[str]) -> list[str]:
    """What stands behind the file: K=V and positional words; after `--` all are words."""
    cut = rest.index("--") if "--" in rest else len(rest)
    for word in rest[:cut]:
        if word.startswith("-") and word != "-":
            parser.error(f"unknown option {word}")
    return rest[:cut] + rest[cut + 1 :]


# ---- the commands


def _lint(options: argparse.Namespace) -> int:
    found: list[Diagnostic] = []
    sources: dict[str, Source] = {}
    for name in options.files:
        checked = _check(name, sources)
        found.extend(checked.diagnostics)
    if options.format == "json":
        sys.stdout.write(report.to_json(found))
    else:
        color = _color(options, sys.stdout)
        sys.stdout.write(report.to_text(found, sources, color=color))
        if not options.quiet:
            files = len(options.files)
            counted = "1 file" if files == 1 else f"{files} files"
            _say(f"{counted} checked: {report.tally(found) or 'nothing found'}")
    return _exit_code(found, options, on_error=1)


def _compile(options: argparse.Namespace) -> int:
    from compiler.pipeline import back_end

    sources: dict[str, Source] = {}
    program = _program(options, sources)
    if program is None:
        return 2
    backend = _backend(options.target)
    source = sources[_name(options.file)]
    folder = _folder(options)
    named = Source(_relative(options.file, folder), source.text)
    files, losses = back_end(program, named, backend)
    _print_findings(losses, sources, options)
    if has_errors(losses):
        return 2
    if options.stdout:
        for file in files:
            sys.stdout.write(file.text)
    else:
        code = _put(files, folder, options)
        if code:
            return code
    return _exit_code(losses, options, on_error=2)


def _run(options: argparse.Namespace) -> int:
    from compiler import interpreter
    from compiler.optimize import optimize
    from compiler.parameters import split_words, unknown_params

    program = _program(options, {})
    if program is None:
        return 2
    words = split_words(options.words)
    values = dict(words.values)
    if options.params_json is not None:
        read = _values_from_file(options.params_json)
        if read is None:
            return 2
        values = {**read, **values}
    problems = unknown_params(program, values)
    work_dir = Path(options.work_dir or _source_folder(options.file))
    if not work_dir.is_dir():
        problems.append(f"`{work_dir}` is no folder")
    if options.report is not None and not Path(options.report).parent.is_dir():
        problems.append(f"the folder of `{options.report}` does not exist")
    if problems:
        return _usage(problems)
    progress = interpreter.progress(
        sys.stderr, color=_color(options, sys.stderr), quiet=options.quiet
    )
    try:
        result = interpreter.run(
            optimize(program),
            values=values,
            arguments=words.positional,
            work_dir=work_dir.resolve(),
            home=_home(),
            progress=progress,
            environment=os.environ,
        )
        sys.stdout.write(interpreter.summary(result))
        if options.report is not None:
            _write_report(Path(options.report), interpreter.report_json(result))
    except interpreter.CannotStart as problem:
        return _usage([str(problem)])
    except OSError as error:
        return _usage([f"cannot write `{options.report}`: {error.strerror}"])
    return result.outcome.exit_code


def _explain(options: argparse.Namespace) -> int:
    from importlib import resources

    code = options.code.upper()
    names = {name: each for each, (name, _) in CODES.items()}
    code = names.get(options.code, code)
    if code not in CODES:
        known = nearest(code, CODES) or nearest(options.code, names)
        hint = f"; did you mean `{known}`?" if known else ""
        return _usage([f"there is no code `{options.code}`{hint}"])
    page = resources.files("grammar").joinpath("errors", f"{code}.md")
    sys.stdout.write(page.read_text(encoding="utf-8"))
    return 0


def _targets(options: argparse.Namespace) -> int:
    backends = [_backend(name) for name in TARGETS]
    for backend in backends:
        print(f"{backend.name:10} {backend.title}")
    print()
    features = sorted({feature for each in backends for feature in each.supports})
    width = max(map(len, features))
    print(" ".join([f"{'FEATURE':{width}}", *(f"{it.name:10}" for it in backends)]))
    for feature in features:
        marks = []
        for backend in backends:
            loss = backend.supports.get(feature)
            marks.append("no" if loss is None else "loss" if loss else "yes")
        row = [f"{feature:{width}}", *(f"{mark:10}" for mark in marks)]
        print(" ".join(row).rstrip())
    return 0


# ---- files in


def _name(file: str) -> str:
    """How diagnostics name the file `file`."""
    return "<stdin>" if file == "-" else file


def _check(file: str, sources: dict[str, Source]) -> Checked:
    """The checked program of the file `file`; its source goes into `sources`."""
    name = _name(file)
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        finding = Diagnostic(
            code="WFC111",
            message=f"cannot read `{name}`: {reason}",
            span=Span(file=name, line=1, column=1),
        )
        return Checked(program=None, diagnostics=(finding,))
    source = decode(name, data)
    if isinstance(source, Diagnostic):
        return Checked(program=None, diagnostics=(source,))
    sources[name] = source
    return front_end(source)


def _program(options: argparse.Namespace, sources: dict[str, Source]) -> Program | None:
    """The program of `options.file` with `-p` and `--bind`; None when there are errors,
    which are printed."""
    from compiler.parameters import split_words, unknown_params, with_values

    checked = _check(options.file, sources)
    _print_findings(checked.diagnostics, sources, options)
    if checked.program is None:
        return None
    program = checked.program
    for words, bound in ((options.params, False), (options.bind, True)):
        split = split_words(words)
        problems = [f"`{word}` is not of the form K=V" for word in split.positional]
        problems += unknown_params(program, split.values)
        if problems:
            _usage(problems)
            return None
        program = with_values(program, split.values, bound=bound)
    return program


def _values_from_file(file: str) -> dict[str, str] | None:
    """The params of the JSON file `file`; None when there are none, which is said."""
    from compiler.evaluate import Failure
    from compiler.parameters import values_from_json

    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return values_from_json(data.decode("utf-8-sig"))
    except OSError as error:
        _usage([f"cannot read `{file}`: {error.strerror}"])
    except (UnicodeDecodeError, Failure) as error:
        _usage([f"`{file}`: {error}"])
    return None


# ---- files out


def _source_folder(file: str) -> Path:
    return Path.cwd() if file == "-" else Path(file).resolve().parent


def _folder(options: argparse.Namespace) -> Path:
    return Path(options.output) if options.output else _source_folder(options.file)


def _relative(file: str, folder: Path) -> str:
    """How the header of an emitted file names its source: seen from its own folder, so
    that it is the same from wherever wfc was started."""
    if file == "-":
        return "stdin"
    return Path(os.path.relpath(Path(file).resolve(), folder.resolve())).as_posix()


def _put(files: Iterable[object], folder: Path, options: argparse.Namespace) -> int:
    """Writes the files into `folder`, or with --check shows what would change."""
    from compiler import output
    from compiler.backend import File

    code = 0
    problems: list[Diagnostic] = []
    for file in files:
        assert isinstance(file, File)
        path = folder / file.path
        try:
            before = output.current(path)
            if options.check:
                lines = list(output.difference(path, before, file.text))
                sys.stdout.writelines(lines)
                code = 1 if lines else code
            elif before == file.text:
                _say(f"{path} is up to date", options)
            elif not options.force and (theirs := output.foreign(path, before)):
                problems.append(theirs)
            else:
                output.write(path, file)
                _say(f"wrote {path}", options)
        except OSError as error:
            problems.append(output.unwritable(path, error))
    _print_findings(problems, {}, options)
    return 2 if problems else code


def _write_report(path: Path, form: object) -> None:
    import json

    from compiler import output
    from compiler.backend import File

    text = json.dumps(form, ensure_ascii=False, indent=1) + "\n"
    output.write(path, File(path=path.name, text=text))


def _home() -> Path:
    """The folder for runs and locks: $WFC_HOME, else wfc below the state folder."""
    if os.environ.get("WFC_HOME"):
        return Path(os.environ["WFC_HOME"]).absolute()
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser().absolute() / "wfc"


# ---- what is printed


def _print_findings(
    found: Iterable[Diagnostic],
    sources: dict[str, Source],
    options: argparse.Namespace,
) -> None:
    """Errors and warnings to stderr; `wfc lint` shows the notes, too."""
    shown = [each for each in found if each.severity != "note"]
    if options.quiet:
        shown = [each for each in shown if each.severity == "error"]
    color = _color(options, sys.stderr)
    sys.stderr.write(report.to_text(shown, sources, color=color))


def _say(text: str, options: argparse.Namespace | None = None) -> None:
    if options is None or not options.quiet:
        print(text, file=sys.stderr)


def _usage(problems: Iterable[str]) -> int:
    for problem in problems:
        print(f"wfc: {problem}", file=sys.stderr)
    return 2


def _exit_code(
    found: Sequence[Diagnostic], options: argparse.Namespace, on_error: int
) -> int:
    if has_errors(found):
        return on_error
    return 1 if options.strict and found else 0


def _color(options: argparse.Namespace, stream: object) -> bool:
    if options.color != "auto":
        return bool(options.color == "always")
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    isatty = getattr(stream, "isatty", lambda: False)
    return not plain and bool(isatty())


def _backend(name: str) -> Backend:
    backend = importlib.import_module(f"backends.{name}").BACKEND
    assert isinstance(backend, Backend)
    return backend


# ---- the command line


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wfc",
        description="Write a workflow once; check it, run it, compile it.",
    )
    parser.add_argument("--version", action="version", version=f"wfc {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("-q", "--quiet", action="store_true", help="only what matters")
    shared.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="of messages",
    )

    lint = commands.add_parser(
        "lint", parents=[shared], help="say everything that is wrong with workflows"
    )
    lint.add_argument("files", nargs="+", metavar="FILE", help="a workflow, or -")
    lint.add_argument("--format", choices=("text", "json"), default="text")
    lint.add_argument("--strict", action="store_true", help="exit 1 on any finding")
    lint.set_defaults(command=_lint)

    run = commands.add_parser(
        "run",
        parents=[shared],
        help="run a workflow here",
        usage="wfc run FILE [K=V | WORD ...] [options]",
    )
    run.add_argument("file", metavar="FILE", help="a workflow, or -")
    run.add_argument(
        "--params-json", metavar="F", help="params from the JSON object in file F"
    )
    run.add_argument("--work-dir", metavar="D", help="folder of the steps (FILE's own)")
    run.add_argument("--report", metavar="F", help="write what became of it to F, JSON")
    run.set_defaults(command=_run, words=[], params=[], bind=[])

    compile_ = commands.add_parser(
        "compile", parents=[shared], help="make the files of a target"
    )
    compile_.add_argument("file", metavar="FILE", help="a workflow, or -")
    compile_.add_argument("-t", "--target", choices=TARGETS, required=True)
    where = compile_.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", metavar="DIR", help="write into this folder")
    where.add_argument("--stdout", action="store_true", help="print, write nothing")
    compile_.add_argument(
        "-p", "--param", dest="params", action="append", default=[], metavar="K=V",
        help="another default for a param",
    )  # fmt: skip
    compile_.add_argument(
        "--bind", action="append", default=[], metavar="K=V",
        help="freeze a param: the result has it no more",
    )  # fmt: skip
    compile_.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 with a diff if stale",
    )
    compile_.add_argument(
        "--force", action="store_true", help="overwrite files that wfc did not make"
    )
    compile_.add_argument("--strict", action="store_true", help="exit 1 on any loss")
    compile_.set_defaults(command=_compile)

    explain = commands.add_parser("explain", help="what a code such as WFC201 means")
    explain.add_argument("code", metavar="CODE")
    explain.set_defaults(command=_explain)

    targets = commands.add_parser("targets", help="the targets and what they support")
    targets.set_defaults(command=_targets)
    return parser


if __name__ == "__main__":
    sys.exit(main())
