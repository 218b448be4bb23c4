"""The words of a command -> the step that runs, and what the runner hears of it."""

import os
import re
import signal
import sys
import time
from contextlib import suppress
from functools import lru_cache, partial
from types import FrameType
from typing import Any

from backends.github.runtime.records import (
    AT,
    Record,
    annotate,
    enter,
    give,
    hides,
    keep,
    places,
    root,
    stored,
)
from backends.python.lean import used
from backends.python.runtime.attempts import (
    HERE,
    Inside,
    Launch,
    Part,
    Result,
    Run,
    Stopped,
    Value,
    as_text,
    carried_out,
    default_body,
    log_file,
    same,
)
from compiler.json_text import Failure

WORD = re.compile(r"((?:(?:own|env|secret|given|seen)\.)?\w+)=(.*)", re.DOTALL)


class Words:
    """The words of a command: values by name, and the sources of its parts."""

    def __init__(self, words: list[str]) -> None:
        self.values: dict[str, Value] = {}
        self.sources: list[str] = []
        for word in words:
            if found := WORD.fullmatch(word):
                self.values[found[1]] = partial(eval, found[2], globals())
            else:
                self.sources.append(word)

    def of(self, pattern: str) -> dict[str, Value]:
        """The values whose words fit a pattern, by the names in its group."""
        found = [(re.fullmatch(pattern, key), it) for key, it in self.values.items()]
        return {name[1]: value for name, value in found if name}

    def value(self, name: str) -> Any:
        """A value of the command itself, None where it is not said."""
        value = self.values.get(name)
        return None if value is None else value()

    def parts(self) -> list[Any]:
        return [eval(source, globals()) for source in self.sources]


class NotDue(Exception):
    """Nothing is to be done, and nothing is to be said of it."""


def main() -> int:
    name, path, *words = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    command, given, path = globals()[name], Words(words), path.removesuffix("/")
    if used("hides"):  # the workflow has secrets, which records may hold
        hides()
    if used("*"):
        return max((command(each, given) for each in places(path)), default=0)
    else:
        code: int = command(path, given)
        return code


def on_signal(number: int, _: FrameType | None) -> None:
    raise Stopped(number)


def step(path: str, words: Words) -> int:
    """Runs a step."""
    enter(path)
    HERE.text = text_on_stdin
    if used("NAME="):
        AT.words = words.of(r"(?!WFC_)(\w+)")
    if used("WFC_1="):
        HERE.bindings = words.of(r"(WFC_\w+)")
    return conclude(path, words, default_body)


@lru_cache
def text_on_stdin() -> str:
    text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    return text.removesuffix("\n")


def conclude(path: str, words: Words, body: Run, also: Record | None = None) -> int:
    """Carries out what stands at `path` and keeps its record; the exit code."""
    if AT.values and not AT.values.get("open") and "handler-" not in HERE.name:
        return 0  # its frame has not come to its steps
    if used("on", "chosen"):
        try:
            result, more = performed(words, body)
        except NotDue:
            return 0
    else:
        result, more = performed(words, body)
    if used("begin_call", "items", "choose") and AT.began:
        return 0  # what it runs goes on in other commands
    if used("result", "gather"):
        more = more or also or {}
    status = keep(path, result, **more)
    give(status=status)
    return said_of(status, result, more)


def performed(words: Words, body: Run) -> tuple[Result, Record]:
    """What comes of the words of a command around `body`. Raises NotDue."""
    if used("own."):
        HERE.own, HERE.owned = words.of(r"own\.(.+)"), None
    if used("seen."):
        AT.words = {**AT.words, **words.of(r"seen\.(.+)")}
    if used("hides"):
        know_secrets(words)  # which may tell the runner of them
    token = os.urandom(16).hex()
    print(f"::stop-commands::{token}", flush=True)  # nothing printed now is a command
    try:
        run = carried_out(words.parts(), body)
        if used("repeat"):
            HERE.publish = partial(keep, AT.path)
        return run(Launch()), {}
    except Stopped as stopped:
        result = Result(HERE.code, HERE.output, ending="aborted")
        return result, {"by": stopped.by, "signal": stopped.number}
    finally:
        print(f"\n::{token}::", flush=True)


def know_secrets(words: Words) -> None:
    AT.secrets = {}
    for name, value in words.of(r"secret\.(.+)").items():
        with suppress(Failure):  # which `begin` tells
            AT.secrets[name] = as_text(value())


def said_of(status: str, result: Result, more: Record) -> int:
    """Says what became of a step that did not go well; the exit code."""
    stopped = "by" in more
    if used("after") and status == "aborted" and not stopped:
        annotate("notice", "aborted: a step before it did not go well")
        return 0
    if status not in ("failed", "aborted", "continued"):
        return 0
    why = "aborted" if stopped else f"failed with exit {result.code}"
    tolerated = status == "continued"
    if used("soft"):
        tolerated = tolerated or AT.soft
    annotate("warning" if tolerated else "error", why)
    if stopped and more["signal"]:
        return 128 + int(more["signal"])
    return 0 if tolerated else 1


# ---- parts


def soft() -> Part:
    """A failure does not fail the job: a call or a fan-out around it allows it."""
    AT.soft = True
    return same


def named(name: str) -> Part:
    """The name of the step, where it is no name of a file."""
    HERE.name = name
    return same


def source(text: str) -> Part:
    """The text of the step, where a file of the runner has no room for it."""
    HERE.text = lambda: text
    return same


def after(accepts: dict[str, str]) -> Part:
    """Only after steps that ended as is accepted of each: failed beats skipped."""

    def part(run: Run) -> Run:
        def depending(launch: Launch) -> Result:
            refused = set()
            for name, endings in accepts.items():
                found = (stored(AT.frame + name) or {}).get("status", "aborted")
                if found not in endings.split():
                    refused.add(found)
            if not refused:
                return run(launch)
            ending = "skipped" if refused == {"skipped"} else "aborted"
            return Result(None, ending=ending)

        return depending

    return part


def on(kind: str) -> Part:
    """Only when the frame ended so: a handler."""
    kinds = {"aborted": "cancel", "failed": "failure"}

    def part(run: Run) -> Run:
        def handling(launch: Launch) -> Result:
            status = (stored(f"{AT.frame}@verdict") or {}).get("status", "failed")
            if kind not in ("exit", kinds.get(status, "success")):
                raise NotDue
            return run(launch)

        return handling

    return part


def chosen(number: int) -> Part:
    """Only in frames of the workflow that a call has chosen so."""

    def part(run: Run) -> Run:
        def choice(launch: Launch) -> Result:
            call = (AT.inside or AT.frame).removesuffix("/")
            if (stored(f"{call}.callee") or {}).get("callee") != number:
                raise NotDue
            return run(launch)

        return choice

    return part


def within(frame: str, seconds: float, call: bool = False) -> Part:
    """Only as long as `frame` has time: so many seconds since it began, as its workflow
    has it, or the step that calls that."""

    def part(run: Run) -> Run:
        def timed(launch: Launch) -> Result:
            place = at_place(frame)
            began = (stored(f"{place}@frame") or {}).get("start", time.time())
            end = time.monotonic() + began + seconds - time.time()
            if HERE.until is None or end < HERE.until[0]:
                HERE.until = end, [place, "call" if call else "run"]
            if time.monotonic() >= HERE.until[0]:
                raise Stopped(None, HERE.until[1])
            return run(launch)

        return timed

    return part


def at_place(frame: str) -> str:
    """`frame` with the numbers of the items that the step is in for each `*`."""
    numbers = iter(re.findall(r"\.(\d+)(?=/|$)", AT.path))
    return re.sub(r"\*", lambda _: next(numbers), frame)


def keep_log() -> Inside:
    """Keeps what the last attempt printed for later jobs, without its secrets."""

    def part(run: Run) -> Run:
        def logged(launch: Launch) -> Result:
            try:
                return run(launch)
            finally:
                for kind in ("out", "err"):
                    path = root() / "out" / "logs" / f"{AT.path}.{kind}"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    content = log_file(launch.log, kind).read_bytes()
                    path.write_bytes(HERE.mask(content) if HERE.mask else content)

        return logged

    return Inside(part)
