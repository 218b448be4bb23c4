"""`wfc show`: what became of a run, and of what failed the last words."""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from compiler.backend import mangle
from compiler.cli.console import usage
from compiler.cli.past import NO_HOME, form_of, home_folder
from compiler.diagnostics import did_you_mean
from compiler.interpreter.history import PastRun, find_run, past_runs
from compiler.interpreter.journal import Was
from compiler.interpreter.lines import shown
from compiler.interpreter.report import table
from compiler.ir import Json

_TAIL = 15  # lines of a log
_MOST_ROWS = 200
_MOST_FAILURES = 10
_HANDLER = "handler "
_ATTEMPT = re.compile(r"([1-9][0-9]*)\.(?:out|err)")


def execute(options: argparse.Namespace) -> int:
    home = home_folder()
    if home is None:
        return usage([NO_HOME])
    run = _run(home, options.run)
    if isinstance(run, str):
        return usage([run])
    steps = _steps(run)
    if options.step is not None:
        return _logs(run, steps, options.step, options.format)
    if options.format == "json":
        text = json.dumps(_form(run, steps), ensure_ascii=True, indent=1) + "\n"
        sys.stdout.write(text)
        return 0
    sys.stdout.write("".join(f"{line}\n" for line in _page(run, steps)))
    return 0


def _run(home: Path, word: str | None) -> PastRun | str:
    if word is not None:
        return find_run(home, word)
    runs = past_runs(home)
    return runs[0] if runs else f"there are no runs in {home}"


# ---- what became of the steps


class _Row:
    """A step or a handler of the run, by what the outcome and the journal tell. `folder`
    is that of its logs, as far as they say it."""

    def __init__(self, label: str, status: str, attempts: int, code: int | None):
        self.label, self.status = label, status
        self.attempts, self.code = attempts, code
        self.seconds: float | None = None
        self.folder = label
        if label.startswith(_HANDLER):
            call, slash, kind = label.removeprefix(_HANDLER).rpartition("/")
            self.folder = f"{call}{slash}handler-{kind}"

    def learn(self, was: Was) -> None:
        if was.started is not None and was.end is not None:
            self.seconds = was.seconds
        elif was.started is not None and self.status == "running":
            self.seconds = max(time.time() - was.started, 0.0)
        self.folder = was.folder or self.folder

    @property
    def failed(self) -> bool:
        return self.status in ("failed", "continued")


def _steps(run: PastRun) -> dict[str, _Row]:
    """Rows by labels (`a`, `handler exit`): of a run that lives, or was killed, what the
    journal tells; else what its outcome has."""
    journal, outcome = run.journal, run.outcome
    rows: dict[str, _Row] = {}
    for prefix, known in (("", journal.steps), (_HANDLER, journal.handlers)):
        for path, was in known.items():
            row = _Row(f"{prefix}{path}", _status(run, was), was.attempts, was.code)
            row.learn(was)
            rows[row.label] = row
    if outcome is None or run.standing == "running":
        return rows
    ended: dict[str, _Row] = {}
    for prefix, steps in (("", outcome.steps), (_HANDLER, outcome.handlers)):
        for path, step in steps.items():
            label = f"{prefix}{path}"
            row = _Row(label, step.status, step.attempts, step.exit_code)
            if label in rows:
                row.seconds, row.folder = rows[label].seconds, rows[label].folder
            ended[label] = row
    return ended


def _status(run: PastRun, was: Was) -> str:
    if was.end is None:
        return "running" if run.standing == "running" else "interrupted"
    return was.status or "-"


# ---- the page


def _page(run: PastRun, steps: dict[str, _Row]) -> Iterator[str]:
    name, seconds = shown(run.workflow), run.seconds
    if run.standing == "running" and seconds is not None:
        yield f"{name}: has been running for {seconds:.0f} s"
    else:
        lasted = "" if seconds is None else f" in {seconds:.1f} s"
        yield f"{name}: {run.standing}{lasted}"
    yield f"run: {run.run_id}{_begun(run)}"
    yield f"run folder: {shown(str(run.path))}"
    if run.header is not None and isinstance(run.header.get("file"), str):
        yield f"workflow: {shown(str(run.header['file']))}"
    yield ""
    yield from _table(steps)
    yield from _failures(run, steps)
    if run.standing in ("failed", "aborted", "interrupted") and run.header is not None:
        yield ""
        yield f"to go on with it: wfc run --resume {run.run_id}"


def _begun(run: PastRun) -> str:
    if run.started is None:
        return ""
    return time.strftime(", started %Y-%m-%d %H:%M:%S", time.localtime(run.started))


def _table(steps: dict[str, _Row]) -> Iterator[str]:
    """All steps, or of very many those that did not simply succeed."""
    rows = list(steps.values())
    if len(rows) > _MOST_ROWS:
        rows = [it for it in rows if it.status != "succeeded"]
    left = len(steps) - len(rows[:_MOST_ROWS])
    cells = [("STEP", "STATUS", "ATTEMPTS", "EXIT", "SECONDS")]
    for row in rows[:_MOST_ROWS]:
        code = "-" if row.code is None else str(row.code)
        seconds = "-" if row.seconds is None else f"{row.seconds:.1f}"
        label = shown(row.label)
        cells.append((label, row.status, str(row.attempts), code, seconds))
    yield from table(cells)
    if left:
        yield f"… and {left} more"


def _failures(run: PastRun, steps: dict[str, _Row]) -> Iterator[str]:
    """The last lines of what failed, innermost steps only: a call that failed says no
    more than what failed in it."""
    failed = [
        row for row in steps.values() if row.failed or row.status == "interrupted"
    ]
    around = {outer for row in failed for outer in _around(row.label)}
    inner = [row for row in failed if row.label not in around]
    told: list[Path | _Row] = [*_problems(run), *inner]
    for row in told[:_MOST_FAILURES]:
        yield ""
        if isinstance(row, Path):
            yield "params and env: failed"
            yield from _tail(row)
            continue
        code = "" if row.code is None else f" with exit {row.code}"
        yield f"{shown(row.label)}: {row.status}{code}"
        folder = _folder(run, row)
        err, out = _last_log(folder, "err"), _last_log(folder, "out")
        if err is None or not err.stat().st_size:
            err = out if out is not None and out.stat().st_size else err
        if err is not None:
            yield f"  log: {shown(str(err))}"
            yield from _tail(err)
    if len(told) > _MOST_FAILURES:
        yield ""
        yield f"… and {len(told) - _MOST_FAILURES} more that failed"


def _around(label: str) -> Iterator[str]:
    """The labels of all calls and fan-outs that `label` may be in."""
    return (label[: found.start()] for found in re.finditer(r"[/[]", label))


def _problems(run: PastRun) -> list[Path]:
    """Why the run as a whole did not begin."""
    path = run.path / "inputs.err"
    return [path] if path.is_file() and path.stat().st_size else []


def _tail(path: Path) -> Iterator[str]:
    for line in _text(path, 65_536).rstrip("\n").split("\n")[-_TAIL:]:
        yield f"  | {shown(line.expandtabs())}"


def _text(path: Path, most: int | None = None) -> str:
    if not path.is_file():  # a pipe, which a step made there, would hold us up
        return ""
    try:
        with path.open("rb") as file:
            if most is not None:
                file.seek(max(path.stat().st_size - most, 0))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


# ---- logs


def _folder(run: PastRun, row: _Row) -> Path:
    """The folder of a step's logs. A script does not tell it where its name is none."""
    path = run.path / "steps" / row.folder
    if path.is_dir():
        return path
    parts = [part.partition("[") for part in row.folder.split("/")]
    names = [f"{_mangled(name)}{mark}{rest}" for name, mark, rest in parts]
    return run.path.joinpath("steps", *names)


def _mangled(name: str) -> str:
    return mangle(name, "A-Za-z0-9_-", 100, set())


def _last_log(folder: Path, suffix: str) -> Path | None:
    """The log of the last attempt."""
    attempts = _attempts(folder)
    path = folder / f"{attempts[-1]}.{suffix}" if attempts else None
    return path if path is not None and path.is_file() else None


def _attempts(folder: Path) -> list[int]:
    try:
        names = [_ATTEMPT.fullmatch(path.name) for path in folder.iterdir()]
    except OSError:
        return []
    return sorted({int(name[1]) for name in names if name is not None})


def _logs(run: PastRun, steps: dict[str, _Row], path: str, form: str) -> int:
    label = path if path in steps else f"{_HANDLER}{path}"
    if label not in steps:
        hint = did_you_mean(path, sorted(steps))
        return usage([f"the run {run.run_id} has no step `{path}`: {hint}"])
    row = steps[label]
    folder = _folder(run, row)
    if form == "json":
        logs = [
            {
                "attempt": attempt,
                "stdout": _text(folder / f"{attempt}.out"),
                "stderr": _text(folder / f"{attempt}.err"),
            }
            for attempt in _attempts(folder)
        ]
        told = {"step": label, **_form_of_step(run, row), "logs": logs}
        sys.stdout.write(json.dumps(told, ensure_ascii=True, indent=1) + "\n")
        return 0
    code = "" if row.code is None else f", exit {row.code}"
    sys.stdout.write(f"{shown(label)}: {row.status}{code}\n")
    sys.stdout.write(f"folder: {shown(str(folder))}\n")
    for attempt in _attempts(folder):
        for suffix, name in (("out", "stdout"), ("err", "stderr")):
            text = _text(folder / f"{attempt}.{suffix}")
            if text:
                sys.stdout.write(f"---- attempt {attempt}, {name}\n{text}")
                sys.stdout.write("" if text.endswith("\n") else "\n")
    return 0


def _form_of_step(run: PastRun, row: _Row) -> dict[str, Json]:
    return {
        "status": row.status,
        "attempts": row.attempts,
        "exit_code": row.code,
        "seconds": None if row.seconds is None else round(row.seconds, 3),
        "log": str(_folder(run, row)),
    }


def _form(run: PastRun, steps: dict[str, _Row]) -> dict[str, Json]:
    rows: dict[str, Json] = {}
    handlers: dict[str, Json] = {}
    for row in steps.values():
        form = _form_of_step(run, row)
        if row.label.startswith(_HANDLER):
            handlers[row.label.removeprefix(_HANDLER)] = form
        else:
            rows[row.label] = form
    outputs: dict[str, Json] = {}
    if run.outcome is not None:
        outputs |= run.outcome.outputs
    return {
        **form_of(run),
        "steps": rows,
        "handlers": handlers,
        "outputs": outputs,
    }
