"""argv -> the options of one command."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from compiler import __version__

TARGETS = ("shell", "github")


class _Help(argparse.HelpFormatter):
    """Of a fixed width: to measure the terminal, argparse imports several archivers."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=80)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options; `command` is the name of the module that carries them out.

    Exits with 2 when the words are off, with 0 after --help and --version.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    behind: list[str] = []
    if given[:1] in (["run"], ["verify"]) and "--" in given:
        # argparse would drop it where it follows the file at once.
        cut = given.index("--")
        given, behind = given[:cut], given[cut + 1 :]
    options, rest = _parser(given[0] if given else "").parse_known_args(given)
    unknown = [word for word in rest if word.startswith("-") and word != "-"]
    if unknown:
        options.parser.error(f"unknown option {unknown[0]}")
    if options.command == "run":
        options.words = rest + behind
        _check_run(options)
    elif options.command == "verify":
        options.words = rest + behind
    elif rest:
        options.parser.error(f"unexpected: {' '.join(rest)}")
    if options.command == "compile" and options.stdout and options.check:
        options.parser.error("--check compares files; --stdout writes none")
    return options


def _check_run(options: argparse.Namespace) -> None:
    """What the words of `wfc run` cannot be together."""
    error = options.parser.error
    if options.resume is None:
        if options.file is None:
            error("the following arguments are required: FILE")
        if options.force:
            error("--force goes with --resume")
        return
    file = options.file
    words = options.words
    if file is not None and "=" in file and not os.path.exists(file):
        words = [file, *words]
    if words or options.params_json is not None:
        error("a run that goes on has its params: none beside --resume")
    if options.work_dir is not None:
        error("a run that goes on has its folder: no --work-dir beside --resume")
    if options.dry_run:
        error("--dry-run prints a run from its begin: not beside --resume")


def _parser(wanted: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wfc",
        description="Write a workflow once; check it, run it, compile it.",
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"wfc {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, (purpose, add_options) in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=purpose,
            description=purpose,
            formatter_class=_Help,
            allow_abbrev=False,
        )
        command.set_defaults(parser=command)
        if name == wanted:  # the options of the others would only take time
            add_options(command)
    return parser


def _add_shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-q", "--quiet", action="store_true", help="only what matters")
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="of messages; NO_COLOR is heard, too",
    )


def _add_workflow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workflow",
        metavar="NAME",
        help="a document of FILE (the first that no other one calls)",
    )


def _add_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--search",
        action="append",
        default=[],
        type=_folder,
        metavar="DIR",
        help="look for called workflows here, too; may be repeated",
    )


def _folder(word: str) -> str:
    if not os.path.isdir(word):
        raise argparse.ArgumentTypeError(f"`{word}` is no folder")
    return word


def _add_lint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a workflow, or -")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--strict", action="store_true", help="exit 1 on any finding")
    _add_search(parser)
    _add_shared(parser)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.usage = (
        "wfc run FILE [K=V | WORD ...] [options] [-- WORD ...]\n"
        "       wfc run --resume RUN [FILE] [options]"
    )
    parser.epilog = (
        "K=V sets a param, other words are $1, $2 ...; behind -- all are words. Runs are "
        "kept below $WFC_HOME, else ~/.local/state/wfc. Exit codes: 0 succeeded, 1 failed, "
        "2 the file or the command line is wrong, 130 or 143 ended by INT or TERM."
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help="a workflow, or -")
    parser.add_argument(
        "--params-json", metavar="F", help="params from the JSON object in file F"
    )
    parser.add_argument(
        "--work-dir", metavar="D", help="folder of the steps (FILE's own)"
    )
    parser.add_argument(
        "--report", metavar="F", help="write what became of it to F, JSON"
    )
    parser.add_argument(
        "--resume",
        metavar="RUN",
        help="go on with a run (its id, the beginning of it, or its folder): what has "
        "ended well stays, the rest runs again",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="with --resume: also when the workflow has changed since",
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--step", metavar="NAME", help="run this step only")
    only.add_argument(
        "--from",
        dest="first",
        metavar="NAME",
        help="run this step and all that depend on it",
    )
    parser.add_argument(
        "--max-active-steps",
        type=_count,
        metavar="N",
        help="how many steps run at a time, whatever the workflow says",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would run, run nothing"
    )
    _add_workflow(parser)
    _add_search(parser)
    _add_shared(parser)


def _count(word: str) -> int:
    if not (word.isascii() and word.isdecimal() and 0 < int(word[:10]) <= 999_999_999):
        raise argparse.ArgumentTypeError(
            f"`{word}` is no whole number from 1 to 999999999"
        )
    return int(word)


def _add_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "workflow", metavar="WORKFLOW", nargs="?", help="only those of this workflow"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "-n", dest="most", type=_count, default=20, metavar="N", help="at most N (20)"
    )
    _add_shared(parser)


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Exit codes: 0, or 2 where there is no such run or step."
    parser.add_argument(
        "run",
        metavar="RUN",
        nargs="?",
        help="its id, the beginning of it, or its folder (the newest run)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--step", metavar="PATH", help="print the logs of a step, as `call/step`"
    )
    _add_shared(parser)


def _add_compile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a workflow, or -")
    parser.add_argument("-t", "--target", choices=TARGETS, required=True)
    parser.add_argument(
        "--with",
        dest="extra",
        metavar="WHAT",
        help="shell: `resume` adds --resume, --step, --from, --list and --dry-run to scripts",
    )
    parser.add_argument(
        "--jobs",
        metavar="WHAT",
        help="github: a job is a `step`, a `chain` of steps, which is the default, or the "
        "whole `workflow`",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", metavar="DIR", help="write into this folder")
    where.add_argument("--stdout", action="store_true", help="print, write nothing")
    parser.add_argument(
        "-p",
        "--param",
        dest="params",
        action="append",
        default=[],
        metavar="K=V",
        help="another default for a param",
    )
    parser.add_argument(
        "--bind",
        action="append",
        default=[],
        metavar="K=V",
        help="freeze a param: the result has it no more",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 with a diff if stale",
    )
    parser.add_argument(
        "--force", action="store_true", help="overwrite files that wfc did not make"
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 on any loss")
    _add_search(parser)
    _add_shared(parser)


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.usage = "wfc verify FILE --target TARGET [K=V | WORD ...] [options]"
    parser.epilog = (
        "The steps run twice, really, each time in a copy of the working folder, which "
        "stays as it is. What is another in every run, as the time is, differs. Exit "
        "codes: 0 equal, 1 different, 2 the file or the command line is wrong, the target "
        "refuses the workflow, or its engine is not there, 130 or 143 ended by INT or TERM."
    )
    parser.add_argument("file", metavar="FILE", help="a workflow, or -")
    parser.add_argument("-t", "--target", choices=TARGETS, required=True)
    parser.add_argument(
        "--params-json", metavar="F", help="params from the JSON object in file F"
    )
    parser.add_argument(
        "--work-dir", metavar="D", help="folder to copy for the steps (FILE's own)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="keep the folder of both runs, and print where it is",
    )
    _add_workflow(parser)
    _add_search(parser)
    _add_shared(parser)


def _add_graph(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Exit codes: 0, or 2 where the file or the command line is wrong. Calls that "
        "would make the picture too large are drawn as one box."
    )
    parser.add_argument("file", metavar="FILE", help="a workflow, or -")
    parser.add_argument(
        "--format",
        choices=("text", "mermaid", "dot"),
        default="text",
        help="what it is drawn as (text)",
    )
    _add_workflow(parser)
    _add_search(parser)
    _add_shared(parser)


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", metavar="CODE")


def _add_nothing(parser: argparse.ArgumentParser) -> None:
    """A command without options."""


_COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "lint": ("say everything that is wrong with workflows", _add_lint),
    "run": ("run a workflow here", _add_run),
    "runs": ("list the runs that there were", _add_runs),
    "show": ("say what became of a run, and why", _add_show),
    "compile": ("make the files of a target", _add_compile),
    "verify": ("run a workflow here and on a target, and compare", _add_verify),
    "graph": ("draw the steps of a workflow and what it calls", _add_graph),
    "explain": ("say what a code such as WFC201 means", _add_explain),
    "targets": ("list the targets and what they support", _add_nothing),
}
