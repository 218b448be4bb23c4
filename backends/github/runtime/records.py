"""Files of a run -> what steps read of it: records of steps, values of frames.

A record is below `out` when this job wrote it, below `in` when an earlier one did.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

from backends.python.lean import used
from backends.python.runtime.attempts import HERE, Part, Result, Value, same
from compiler.ir import Json
from compiler.json_text import Failure

Record: TypeAlias = dict[str, Any]


class At:
    """Where in the run the command is. `frame` is that of what the step sees, "" for the
    entry, else with a `/` behind it; `inside` is the frame that a call runs."""

    def __init__(self) -> None:
        self.path = ""
        self.frame = ""
        self.inside = ""
        self.values: Record = {}
        self.secrets: dict[str, str] = {}
        self.words: Mapping[str, Value] = {}
        self.soft = False
        self.calls = False
        self.settings: list[tuple[int, Callable[[Record], None]]] = []
        self.began = False
        self.hidden: Callable[[Record], Record] = dict  # texts without their secrets
        self.known: Callable[[Record], Record] = dict  # and with them


AT = At()


def root() -> Path:
    return Path(os.environ["RUNNER_TEMP"], "wfc")


def stored(name: str) -> Record | None:
    """What is stored under `name`, None if nothing is."""
    for folder in ("out", "in"):
        path = root() / folder / "steps" / f"{name}.json"
        if path.exists():
            if used("hides"):
                return AT.known(json.loads(path.read_bytes()))
            return cast(Record, json.loads(path.read_bytes()))
    return None


def store(name: str, record: Record) -> None:
    path = root() / "out" / "steps" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    if used("hides"):
        record = AT.hidden(record)
    text = json.dumps(record, ensure_ascii=False)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


def keep(path: str, result: Result, /, **more: object) -> str:
    """Keeps the record of a step; its ending."""
    status = result.ending or ("failed" if result.code else "succeeded")
    record: Record = {
        "status": status,
        "attempts": HERE.attempts,
        "exit_code": result.code,
        "output": result.output,
        **more,
    }
    if HERE.began is not None:
        record |= {"start": HERE.began, "end": time.time()}
    store(path, record)
    with (root() / "run.log").open("a") as file:
        print(json.dumps({"step": path, "status": status}), file=file)
    return status


def give(**outputs: str) -> None:
    """Outputs of the runner's step: never a value of the user's."""
    if used("*") and "*" in sys.argv[2]:
        return  # it is one of several
    with open(os.environ["GITHUB_OUTPUT"], "a") as file:
        for name, value in outputs.items():
            print(f"{name}={value}", file=file)


def annotate(kind: str, message: str) -> None:
    """An annotation of the run: an `error`, a `warning` or a `notice`."""
    title = AT.path.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    text = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{kind} title={title}::{text}", flush=True)


# ---- paths


def places(path: str) -> Iterator[str]:
    """The paths for which `path` stands: `*` are the items of a fan-out, of the outermost
    those of this slice. What is in a frame that never began is left out."""
    return places_below("", path.split("/"), True)


def places_below(before: str, names: list[str], outermost: bool) -> Iterator[str]:
    name, *rest = names
    if not name.endswith(".*"):
        if rest:
            yield from places_below(f"{before}{name}/", rest, outermost)
        else:
            yield before + name
        return
    name = name.removesuffix(".*")
    items = stored(f"{before}{name}.items") or {"items": [], "slices": 1}
    every = items["slices"] if outermost and "WFC_SLICE" in os.environ else 1
    first = int(os.environ["WFC_SLICE"]) if outermost and every > 1 else 0
    for number in range(first, len(items["items"]), every):
        place = f"{before}{name}.{number}"
        if not rest:
            yield place
        elif stored(f"{place}/@frame"):
            yield from places_below(f"{place}/", rest, False)


def frame_of(path: str) -> str:
    """The frame in which a step is: `call/` of `call/a`."""
    return path[: path.rfind("/") + 1]


# ---- values


def output(step: str) -> str | None:
    """What a step printed; of a call, its result."""
    record = stored(AT.frame + step) or {}
    found: str | None = record.get("result", record.get("output"))
    return found


def record(step: str) -> str | None:
    """The record of a call or a fan-out, else what the step printed."""
    return cast("str | None", (stored(AT.frame + step) or {}).get("output"))


def present(*values: Json) -> Json:
    """The first value that there is."""
    return next((value for value in values if value is not None), None)


def field(step: str, name: str) -> str | None:
    found = stored(AT.frame + step) or {}
    if name == "exitCode":
        code = found.get("exit_code")
        return None if code is None else str(code)
    status = found.get("status")
    return "failed" if status == "continued" else status


def ended(step: str, edges: Mapping[str, Mapping[str, str]]) -> str:
    """The status of a step as a handler sees it. `edges` are what steps wait for, and
    which endings of that they accept: a step that did not come to run has no record."""
    if "unmet" in (stored(f"{AT.frame}@frame") or {}):
        return "not_started"
    ending = ending_of(step, edges)
    return "failed" if ending == "continued" else ending


def ending_of(step: str, edges: Mapping[str, Mapping[str, str]]) -> str:
    if found := stored(AT.frame + step):
        return str(found["status"])
    before = [(ending_of(it, edges), accepts) for it, accepts in edges[step].items()]
    refused = {ending for ending, accepts in before if ending not in accepts.split()}
    return "skipped" if refused == {"skipped"} else "aborted"


def log(step: str, kind: str) -> str | None:
    """The file of what a step printed, which has the part `keep_log`."""
    for folder in ("out", "in"):
        path = root() / folder / "logs" / f"{AT.frame}{step}.{kind}"
        if path.exists():
            return str(path)
    return None


def param(name: str) -> str | None:
    return cast("str | None", AT.values.get("params", {}).get(name))


def variable(name: str) -> str | None:
    return cast("str | None", AT.values.get("env", {}).get(name))


def positional(number: int) -> str | None:
    arguments = AT.values.get("args", [])
    return arguments[number - 1] if 1 <= number <= len(arguments) else None


def secret(name: str) -> str | None:
    return AT.secrets.get(name)


def special(name: str) -> str | None:
    return specials().get(name)


def process(name: str) -> str | None:
    return HERE.process.get(name)


def item() -> Json:
    """The item for which the step runs."""
    name, _, number = AT.path.rpartition(".")
    items: list[Json] = (stored(f"{name}.items") or {})["items"]
    return items[int(number)]


# ---- secrets

# What of a record is the user's.
TEXTS = ("output", "result", "params", "env", "args", "items", "given")


def secret_variable(key: str) -> str:
    value = os.environ.get(f"WFC_SECRET_{key}", "")
    if not value:
        raise Failure(f"the secret `{key}` is not set")
    hides()
    return value


def secret_file(key: str) -> str:
    path = Path(os.environ.get("GITHUB_WORKSPACE", "."), key)
    try:
        value = path.read_bytes().decode().rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise Failure(f"cannot read the secret in `{path}`: {error}") from None
    if "\0" in value:
        raise Failure(f"the secret in `{path}` holds a NUL character")
    for line in lines_of(value):
        if len(line) >= 4:
            print(f"::add-mask::{line.replace('%', '%25')}", flush=True)
    os.environ[f"WFC_SECRET_{key}"] = value
    hides()
    return value


def lines_of(secret: str) -> list[str]:
    return [line.strip(" \t\r\v\f") for line in secret.split("\n")]


def hides() -> Part:
    """No record holds a secret that this process knows, and texts come back with them."""
    hidden: dict[str, str] = {}
    for name, value in os.environ.items():
        if name.startswith("WFC_SECRET_") and value:
            key = name.removeprefix("WFC_SECRET_")
            hidden[value] = key
            for number, line in enumerate(lines_of(value)):
                if len(line) >= 4:
                    hidden.setdefault(line, f"{key}:{number}")
    pairs = [
        (quoted(value, level), quoted(f"\0secret:{hidden[value]}\0", level))
        for value in sorted(hidden, key=len, reverse=True)
        for level in range(4)  # of JSON within JSON
    ]
    back = [(mark, value) for value, mark in pairs]
    AT.hidden = lambda record: changed(record, lambda text: replaced(text, pairs))
    AT.known = lambda record: changed(record, lambda text: replaced(text, back))
    masks = [value.encode() for value, _ in pairs]
    HERE.mask = lambda content: masked(content, masks)
    into(AT.frame)  # with its secrets
    return same


def changed(record: Record, change: Callable[[str], str]) -> Record:
    return {
        key: each_text(value, change) if key in TEXTS else value
        for key, value in record.items()
    }


def each_text(value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [each_text(each, change) for each in value]
    if isinstance(value, dict):
        return {key: each_text(each, change) for key, each in value.items()}
    return value


def quoted(text: str, level: int) -> str:
    for _ in range(level):
        text = json.dumps(text, ensure_ascii=False)[1:-1]
    return text


def replaced(text: str, pairs: list[tuple[str, str]]) -> str:
    for old, new in pairs:
        text = text.replace(old, new)
    return text


def masked(content: bytes, masks: list[bytes]) -> bytes:
    for each in masks:
        content = content.replace(each, b"***")
    return content


def enter(path: str) -> None:
    """Makes `path` the step that runs."""
    AT.path, HERE.name = path, path
    if used("call/"):
        HERE.name = path.removeprefix(frame_of(path))
    HERE.scratch = root() / "logs" / (path or "@run")
    HERE.scratch.mkdir(parents=True, exist_ok=True)
    (root() / "run.log").touch()
    if used("*"):  # there may have been others before
        HERE.name = HERE.name.partition(".")[0]
        AT.soft, AT.calls, AT.began, AT.words = False, False, False, {}
        HERE.attempts, HERE.began, HERE.code = 0, None, None
        HERE.until, HERE.captures, AT.settings = None, False, []
    if used("call/"):
        into(frame_of(path))
    else:
        into("")


def into(frame: str) -> None:
    """Makes `frame` the one whose values are seen."""
    AT.frame, AT.values = frame, stored(f"{frame}@frame") or {}
    HERE.folder = Path.cwd()
    if used("place"):
        # Each job has a folder of its own: what is in it is named from there.
        HERE.folder /= AT.values.get("folder") or ""
    outer = os.environ.items()
    HERE.process = {name: it for name, it in outer if not name.startswith("WFC")}
    if used("1="):
        HERE.arguments = AT.values.get("args", [])
    if used("dotenv"):
        HERE.process = {**HERE.process, **AT.values.get("dotenv", {})}
    HERE.visible, HERE.special = visible, specials


def visible() -> dict[str, Json]:
    """What the environment of a process shows beside the step's own env."""
    values: dict[str, Json] = {**AT.values.get("env", {})}
    if used("hides"):
        values |= AT.secrets
    values |= AT.values.get("params", {})
    if used("NAME=", "seen."):
        words = {name: value() for name, value in AT.words.items()}
        values |= {name: it for name, it in words.items() if it is not None}
    return values


def specials() -> dict[str, str]:
    env, log = os.environ, f"{HERE.scratch}/{max(HERE.attempts, 1)}"
    found = {
        "DAG_NAME": AT.values.get("name") or env.get("GITHUB_WORKFLOW", ""),
        "DAG_RUN_ID": f"{env.get('GITHUB_RUN_ID')}-{env.get('GITHUB_RUN_ATTEMPT')}",
        "DAG_RUN_LOG_FILE": str(root() / "run.log"),
        "DAG_RUN_STEP_NAME": HERE.name,
        "DAG_RUN_STEP_STDOUT_FILE": f"{log}.out",
        "DAG_RUN_STEP_STDERR_FILE": f"{log}.err",
    }
    if used("handler-"):
        found |= specials_of_handler()
    return found


def specials_of_handler() -> dict[str, str]:
    if "handler-" not in AT.path.removeprefix(AT.frame):
        return {}
    known = stored(f"{AT.frame}@verdict") or {"status": "running", "unmet": False}
    status: str = known["status"]
    if used("handler-exit") and HERE.name == "handler-exit":
        earlier = ("handler-success", "handler-failure", "handler-cancel")
        status = after_handlers(AT.frame, **known, handlers=earlier)
    return {
        "DAG_RUN_STEP_NAME": HERE.name.removeprefix("handler-"),
        "DAG_RUN_STATUS": status,
    }


def after_handlers(
    frame: str, status: str, unmet: bool, handlers: Collection[str]
) -> str:
    """The status of a frame when these handlers have run: one that fails is a failure."""
    for name in handlers:
        found = stored(frame + name) or {}
        if "by" in found:
            status, unmet = "aborted", False
        elif found.get("status") in ("failed", "continued"):
            status = status if status == "aborted" and not unmet else "failed"
    return status
