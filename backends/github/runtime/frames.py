"""The beginning of a run or a call -> its params and env, and whether it begins at all."""

import json
import os
import time
from collections.abc import Collection
from functools import partial
from pathlib import Path

from backends.github.runtime.commands import Words, conclude, performed
from backends.github.runtime.records import (
    AT,
    Record,
    annotate,
    enter,
    give,
    into,
    item,
    store,
)
from backends.python.lean import used
from backends.python.runtime.attempts import (
    HERE,
    Launch,
    Part,
    Result,
    Value,
    as_text,
    complain,
    said,
    same,
    valued,
)
from backends.python.runtime.conditions import Condition, all_met
from backends.python.runtime.dotenv import variables_of
from compiler.json_text import Failure, to_text

# When the parts of `begin` are at work: before the frame, and in it.
BEFORE, INPUTS, DOTENV, SECRETS, VALUES, TYPES, FOLDER, CONDITIONS = range(8)


def begin(path: str, words: Words) -> int:
    """Begins a run: values its frame."""
    frame = new_frame(path)
    performed(words, partial(open_frame, words, frame))
    return say_begun(frame)


def begin_call(path: str, words: Words) -> int:
    """Begins the run of a call: values the frame that is below `path`."""
    frame = new_frame(path)
    AT.inside = f"{path}/"
    code = conclude(path, words, partial(open_frame, words, frame))
    return say_begun(frame) if AT.began else code


def new_frame(path: str) -> Record:
    enter(path)
    frame: Record = {"params": {}, "env": {}, "args": [], "given": {}}
    if used("place"):
        frame["folder"] = from_here(HERE.folder)
    return frame


def open_frame(words: Words, frame: Record, launch: Launch) -> Result:
    """Values a frame. What fails before is a failed attempt of the call; behind that it is
    the callee that has failed."""
    if used("given."):
        for name, value in words.of(r"given\.(.+)").items():
            frame["given"][name] = to_text(value())
    frame |= {"start": time.time(), "name": HERE.name}
    if used("hides"):
        AT.settings.append((SECRETS, partial(read_secrets, words)))
    AT.settings.append((VALUES, partial(define, words)))
    if used("items_given"):
        for turn, change in AT.settings:
            if turn == BEFORE:
                change(frame)
    if used("begin_call"):
        store(f"{AT.inside}@frame", frame)
        into(AT.inside)
    AT.values, HERE.name, HERE.arguments = frame, "", ()
    if used("own."):
        HERE.own, HERE.owned = {}, {}
    if used("seen."):
        AT.words = {}
    try:
        for turn, change in sorted(AT.settings, key=lambda it: it[0]):
            if turn > BEFORE:
                change(frame)
        frame["open"] = "unmet" not in frame
    except (Failure, OSError) as error:
        frame["problem"] = said(error)
        complain(said(error), launch)
    store(f"{AT.inside}@frame", frame)
    AT.began = True
    return Result()


def define(words: Words, frame: Record) -> None:
    """Values params and env, in the order of the words. What is given is never expanded."""
    given = frame["given"]
    if used("1="):
        most = max((int(name) for name in given if name.isdigit()), default=0)
        frame["args"] = arguments_given(words, given)
    for word, value in words.values.items():
        kind, _, name = word.rpartition(".")
        try:
            if kind == "env":
                frame["env"][name] = as_text(value())
            elif not kind and not name.isdigit():
                found = given[name] if name in given else value()
                # An undeclared one that the process has not is empty.
                frame["params"][name] = "" if found is None else as_text(found)
            if used("1=") and not kind and name.isdigit() and int(name) > most:
                frame["args"][int(name) - 1] = as_text(value())
        except (Failure, OSError) as error:
            raise Failure(f"`{name}`: {said(error)}") from None


def arguments_given(words: Words, given: Record) -> list[str]:
    """The positional params that are given, and room for those that are declared."""
    declared = [int(name) for name in words.of(r"(\d+)")]
    numbers = [int(name) for name in given if name.isdigit()]
    most = max(declared + numbers, default=0)
    return [as_text(given.get(str(n), "")) for n in range(1, most + 1)]


def read_secrets(words: Words, frame: Record) -> None:
    for name, value in words.of(r"secret\.(.+)").items():
        try:
            AT.secrets[name] = as_text(value())
        except Failure as error:
            raise Failure(f"secret `{name}`: {error}") from None
    AT.values = frame  # which no file has yet as it is here
    HERE.process = {**HERE.process, **frame.get("dotenv", {})}


def say_begun(frame: Record) -> int:
    problem = frame.get("problem", "" if AT.began else "it could not begin")
    status = "failed" if problem else "succeeded"
    if used("meets") and "unmet" in frame and not problem:
        status = "skipped" if AT.inside else "not_started"
    give(status=status, begun="true")
    if not problem:
        return 0
    if used("begin_call") and AT.inside:  # it is red, or not, when it ends
        annotate("warning", f"params and env: {problem}")
        return 0
    annotate("error", f"params and env: {problem}")
    return 1


# ---- parts of `begin`


def inputs(names: dict[str, str] | None = None, optional: Collection[str] = ()) -> Part:
    """Params are what the run was started with: by their names, or by `names`. Those that
    are `optional` are not given where they are empty."""

    def change(frame: Record) -> None:
        text = os.environ.get("WFC_INPUTS") or "null"
        found = json.loads(text, parse_int=str, parse_float=str) or {}
        for key, value in found.items():
            name = (names or {}).get(key, key)
            if value is not None and (value != "" or name not in optional):
                printed = value if isinstance(value, str) else json.dumps(value)
                frame["given"][name] = printed

    AT.settings.append((INPUTS, change))
    return same


def items_given(*names: str) -> Part:
    """The item is what a call without `params` is given: the entries of an object, or the
    first positional argument."""

    def change(frame: Record) -> None:
        value = item()
        if isinstance(value, dict):
            entries = {key: to_text(it) for key, it in value.items() if key in names}
        else:
            entries = {"1": to_text(value)}
        frame["given"] |= entries

    AT.settings.append((BEFORE, change))
    return same


def dotenv(*files: str) -> Part:
    """The variables of these files, over those of the process."""

    def change(frame: Record) -> None:
        known = frame.get("dotenv", {})
        frame["dotenv"] = {**known, **variables_of(files, HERE.folder)}
        HERE.process = {**HERE.process, **frame["dotenv"]}

    AT.settings.append((DOTENV, change))
    return same


def from_here(folder: Path) -> str:
    """`folder` as seen from that of the job, where it is below that."""
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)


def place(path: str | Value) -> Part:
    """The folder in which the frame works."""

    def change(frame: Record) -> None:
        folder = Path(HERE.folder, valued(path))
        if not folder.is_dir():
            raise Failure(f"`workingDir`: no folder `{folder}`")
        frame["folder"], HERE.folder = from_here(folder), folder

    AT.settings.append((FOLDER, change))
    return same


def meets(*conditions: Condition) -> Part:
    """Nothing of the workflow runs unless all these are met."""

    def change(frame: Record) -> None:
        HERE.name, HERE.arguments = frame["name"], frame["args"]
        if not all_met(conditions):
            print("wfc: precondition not met: nothing ran", flush=True)
            frame["unmet"] = True

    AT.settings.append((CONDITIONS, change))
    return same


# ---- a call that chooses among workflows


def choose(path: str, words: Words) -> int:
    """Finds the workflow that a call is to run."""
    enter(path)

    def body(_: Launch) -> Result:
        name, names = to_text(words.value("callee")), words.value("names")
        if name not in names:
            known = ", ".join(words.value("shown"))
            raise Failure(f"no workflow `{name}`; candidates are: {known}")
        store(f"{path}.callee", {"callee": names[name]})
        AT.began = True
        give(status="succeeded", callee=str(names[name]))
        return Result()

    return conclude(path, words, body)
