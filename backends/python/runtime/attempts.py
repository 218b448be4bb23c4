"""A step -> the runs and attempts that carry it out, as functions around functions.

A `Run` carries out what it stands for and says how that ended. A `Part` makes another
one out of it: one that tries again, waits for a condition, takes the output. What a
target fills in stands in `HERE`.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

from backends.python.lean import used
from backends.python.runtime.groups import groups_below, signal_groups
from compiler.ir import Json
from compiler.json_text import Failure

LONGEST_ARGUMENT = 120_000  # bytes; the system takes 128 KiB
LARGEST_EXPORT = 65_536  # bytes; larger values go by file
SMALL_EXPORT = 1_024
ALL_EXPORTS = 1_048_576  # in all; what is not small goes by file above that


class Result(NamedTuple):
    """How a run ended: `code` is None where no process was, `ending` where that tells.

    `late`: it was over its time.
    """

    code: int | None = 0
    output: str | None = None
    late: bool = False
    ending: str = ""


class Launch(NamedTuple):
    """How the process of an attempt, with the files `log`, is started and ended.

    `checks` look at the environment and the names in it that go by file.
    """

    log: str = "1"
    timeout: float | None = None
    directory: Path | None = None
    stop: int = signal.SIGTERM
    grace: float = 5.0
    stdin: Path | None = None
    quiet: bool = False
    checks: "tuple[Callable[[Mapping[str, str], Collection[str]], None], ...]" = ()


Value: TypeAlias = Callable[[], Json]
Run: TypeAlias = Callable[[Launch], Result]
Part: TypeAlias = Callable[[Run], Run]


class Inside:
    """A part of each attempt; all others stand around the attempts."""

    def __init__(self, part: Part) -> None:
        self.part = part


class Stopped(Exception):
    """A step is ended before its time: by a signal, or as `by` has no more time."""

    def __init__(self, number: int | None, by: "Collection[str]" = ()) -> None:
        super().__init__()
        self.number = number
        self.by = list(by)


class Here:
    """What there is around the step that runs now."""

    def __init__(self) -> None:
        self.name = ""
        self.text: Callable[[], str] = str
        self.arguments: Collection[str] = ()
        self.folder = Path()  # in which it works
        self.scratch = Path()  # for its own files
        self.directory = Path()  # of this attempt, where a service asks
        self.files: dict[str, Path] = {}
        self.process: Mapping[str, str] = {}
        self.special: Callable[[], Mapping[str, str]] = dict
        self.visible: Callable[[], Mapping[str, Json]] = dict
        self.own: Mapping[str, Value] = {}
        self.owned: dict[str, str] | None = None
        self.bindings: Mapping[str, Value] = {}
        self.until: tuple[float, Collection[str]] | None = None
        self.mask: Callable[[bytes], bytes] | None = None
        self.publish: Callable[[Result], object] = lambda _: None
        self.captures = False
        self.attempts = 0
        self.began: float | None = None
        self.code: int | None = None
        self.output: str | None = None  # of an attempt that was ended before its time


HERE = Here()


def valued(word: "str | Value") -> str:
    return word if isinstance(word, str) else as_text(word())


def as_text(value: Json) -> str:
    """The value of a word, which is a text."""
    text = str(value)
    if "\0" in text:  # of a secret that this process does not know, too
        raise Failure("a value holds a NUL character")
    return text


def carried_out(parts: "Iterable[Part | Inside]", body: Run) -> Run:
    """The run of a step: `parts` from the outermost to the innermost, around `body`."""
    around = [each for each in parts if not isinstance(each, Inside)]
    inside = [each.part for each in parts if isinstance(each, Inside)]
    return composed(around, attempt(composed(inside, body)))


def composed(parts: list[Part], run: Run) -> Run:
    for part in reversed(parts):
        run = part(run)
    return run


def same(run: Run) -> Run:
    """The part that changes nothing: some words only say something of the step."""
    return run


def attempt(run: Run) -> Run:
    """One attempt. What goes wrong before its process starts is a failure like others."""

    def attempted(launch: Launch) -> Result:
        HERE.attempts += 1
        HERE.began = HERE.began or time.time()
        HERE.code = HERE.output = None
        if used("own."):
            HERE.owned = None
        launch = launch._replace(log=str(HERE.attempts))
        log_file(launch.log, "err").unlink(missing_ok=True)
        try:
            result = run(launch)
        except (Failure, OSError) as error:
            complain(said(error), launch)
            # It has printed nothing, and that is its output.
            result = Result(1, "" if HERE.captures else None)
        HERE.code = result.code
        return result

    return attempted


def complain(message: str, launch: Launch) -> None:
    """Says what is wrong, in the log and on the attempt's stderr."""
    print(f"wfc: {message}", flush=True)
    with log_file(launch.log, "err").open("a", errors="surrogateescape") as file:
        print(f"wfc: {message}", file=file)


def said(error: Failure | OSError) -> str:
    if isinstance(error, OSError) and error.strerror:
        name = f" `{error.filename}`" if error.filename else ""
        return f"{error.strerror.lower()}{name}"
    return str(error)


def log_file(log: str, kind: str) -> Path:
    """The file for what the attempt `log` prints: "out" or "err"."""
    HERE.scratch.mkdir(parents=True, exist_ok=True)
    return HERE.scratch / f"{log}.{kind}"


# ---- texts and their environment


def own(name: str) -> str | None:
    """The value of an entry of the step's own env."""
    return owned().get(name)


def owned() -> dict[str, str]:
    """The step's own env. Each entry sees those before it."""
    if HERE.owned is None:
        name, arguments = HERE.name, HERE.arguments
        HERE.owned, HERE.name, HERE.arguments = {}, "", ()
        try:
            for key, value in HERE.own.items():
                HERE.owned[key] = as_text(value())
        except BaseException:
            HERE.owned = None
            raise
        finally:
            HERE.name, HERE.arguments = name, arguments
    return HERE.owned


def environment(bindings: Mapping[str, Value]) -> tuple[dict[str, str], list[str]]:
    """The environment of a process, and the names in it that go by file: NAME is not
    set there, and NAME_FILE is the path."""
    values: dict[str, Json] = {**HERE.visible()}
    if used("own."):
        values |= owned()
    values |= HERE.special()
    if used("WFC_1=", "test", "backtick"):
        values |= {name: value() for name, value in bindings.items()}
    texts = {name: as_text(it) for name, it in values.items() if it is not None}
    found = {**HERE.process, "PWD": str(HERE.folder)} | texts
    if used("large values"):
        return found, by_file(texts, found)
    else:
        return found, []


def by_file(texts: Mapping[str, str], found: dict[str, str]) -> list[str]:
    """Those of `texts` that are too large for an environment go there by file."""
    large, total = [], 0
    for name, text in texts.items():
        content = text.encode("utf-8", "surrogateescape")
        most = SMALL_EXPORT if total > ALL_EXPORTS else LARGEST_EXPORT
        if len(content) <= most:
            total += len(content)
            continue
        path = HERE.scratch / "values" / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(content)
        del found[name]
        found[f"{name}_FILE"] = str(path)
        large.append(name)
    return large


def with_files(text: str, large: Collection[str]) -> str:
    """A shell text that first sets each NAME to the bytes of the file $NAME_FILE."""
    # A substitution drops line ends, so there is a full stop behind them meanwhile.
    load = 'NAME=$(cat "$NAME_FILE" && printf .) || exit 1; NAME=${NAME%.}'
    loads = "; ".join(load.replace("NAME", name) for name in large)
    if used("script") and text.startswith("#!"):
        first, end, rest = text.partition("\n")
        return f"{first}{end or chr(10)}{loads}; {rest}"
    return f"{loads}; {text}"


def shell_text(
    text: str,
    words: list[str],
    reads: bool,
    bindings: Mapping[str, Value],
    launch: Launch,
) -> Result:
    """Runs a text by a shell, which `reads` large values from files."""
    variables, large = environment(bindings)
    if used("checked", "with_check"):
        for check in launch.checks:
            check(variables, large)
    if used("large values") and reads and large:
        text = with_files(text, large)
    if used("long texts"):
        content = text.encode("utf-8", "surrogateescape")
        if len(content) > LONGEST_ARGUMENT:
            path = log_file(launch.log, "sh")
            path.write_bytes(content)
            return program_run([*words, str(path), *HERE.arguments], variables, launch)
    more = [HERE.name, *HERE.arguments] if HERE.name or HERE.arguments else []
    return program_run([*words, "-c", text, *more], variables, launch)


def bash() -> str:
    """That of the caller: the PATH of a step is for what the step calls."""
    return shutil.which("bash") or "bash"


def default_body(launch: Launch) -> Result:
    return shell_text(HERE.text(), [bash(), "-e"], True, HERE.bindings, launch)


# ---- processes


def program_run(
    words: list[str], variables: Mapping[str, str], launch: Launch
) -> Result:
    """Runs a program to its end, with nothing on its stdin; its output is in the log."""
    out, err = log_file(launch.log, "out"), log_file(launch.log, "err")
    folder, given = HERE.folder, Path(os.devnull)
    if used("directory"):
        folder = launch.directory or folder
    if used("service"):
        given = launch.stdin or given
    with (
        given.open("rb") as stdin,
        out.open("wb") as stdout,
        err.open("ab") as stderr,
        out.open("rb") as printed,
        err.open("rb") as told,
    ):
        told.seek(0, os.SEEK_END)
        try:
            process = subprocess.Popen(
                words,
                cwd=folder,
                env={**variables, "PWD": str(folder)},
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            missing = isinstance(error, (FileNotFoundError, NotADirectoryError))
            why = "no such program" if missing else str(error)
            complain(f"cannot start `{words[0]}`: {why}", launch)
            return Result(127 if missing or not words[0] else 126)
        if used("backtick") and launch.quiet:
            return followed(process, launch, [told])
        return followed(process, launch, [printed, told])


def followed(
    process: "subprocess.Popen[bytes]", launch: Launch, files: Collection[BinaryIO]
) -> Result:
    """How a process ends. Until then what it prints goes on to the log."""
    if used("timeout"):
        began = time.monotonic()
    try:
        while process.poll() is None:
            shown(files)
            time.sleep(0.02)
            if used("within", "sooner"):
                stop_in_time()
            if used("timeout"):
                most = launch.timeout
                if most is not None and time.monotonic() >= began + most:
                    end_group(process, launch)
                    print(f"wfc: over its time of {most:g} s", flush=True)
                    return Result(124, late=True)
    except Stopped:
        end_group(process, launch)
        HERE.code = exit_code(process.returncode)
        raise
    finally:
        ends = [os.fstat(file.fileno()).st_size for file in files]
        while any(file.tell() < end for file, end in zip(files, ends, strict=True)):
            shown(files)
    return Result(exit_code(process.returncode))


def stop_in_time() -> None:
    if HERE.until is not None and time.monotonic() >= HERE.until[0]:
        raise Stopped(None, HERE.until[1])


def exit_code(code: int) -> int:
    return 128 - code if code < 0 else code


def shown(files: Collection[BinaryIO]) -> None:
    """Shows what is new in `files`."""
    for file in files:
        if used("mask_logs"):
            content = file.read(1 << 20)
            sys.stdout.buffer.write(HERE.mask(content) if HERE.mask else content)
        else:
            sys.stdout.buffer.write(file.read(1 << 20))
    sys.stdout.flush()


def end_group(process: "subprocess.Popen[bytes]", launch: Launch) -> None:
    """Ends a process, its group and those it has made: by its signal, and by KILL when its
    grace is over or another signal comes."""
    until = time.monotonic() + 5
    if used("grace"):
        until = time.monotonic() + launch.grace
    number: int = signal.SIGTERM
    if used("stop"):
        number = launch.stop
    groups = {process.pid}
    try:
        groups = groups_below(groups)
        # A stopped process acts on a signal only when it is continued.
        signal_groups(groups, number)
        signal_groups(groups, signal.SIGCONT)
        while signal_groups(groups, 0) and time.monotonic() < until:
            process.poll()
            time.sleep(0.02)
        groups = groups_below(groups)
    finally:
        signal_groups(groups, signal.SIGKILL)
        process.wait()
