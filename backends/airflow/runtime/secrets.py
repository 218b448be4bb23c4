"""Where secrets are kept -> their values, which are in no XCom and no log."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from airflow.sdk import Variable
from airflow.sdk.log import mask_secret

from backends.airflow.runtime.frames import Opening
from backends.airflow.runtime.here import AT, Frame, frame_in, into, run_folder
from backends.python.runtime.attempts import HERE, Launch, Part, Result, Run, Value
from backends.python.runtime.hiding import hiding
from compiler.json_text import Failure, to_text


def knows(**secrets: Value) -> Part:
    """With these secrets; that one is not there has been said at the beginning."""

    def rule(run: Run) -> Run:
        def knowing(launch: Launch) -> Result:
            with suppress(Failure):
                read_secrets(secrets)
            into(frame_in(json.dumps(vars(AT.frame), default=str)))
            try:
                return run(launch)
            finally:
                mask_logs()

        return knowing

    return rule


def mask_logs() -> None:
    """Leaves no secret in what this task has printed into files."""
    for path in (run_folder() / "steps").rglob("*"):
        if path.is_file() and HERE.mask is not None:
            content = path.read_bytes()
            if (masked := HERE.mask(content)) != content:
                path.write_bytes(masked)


def secrets(**values: Value) -> Opening:
    """These secrets must be there."""

    def change(_: Frame) -> None:
        read_secrets(values)

    return change


def read_secrets(values: Mapping[str, Value]) -> None:
    found = {}
    try:
        for name, value in values.items():
            found[name] = to_text(value())
            for line in {found[name], *found[name].splitlines()}:
                if line.strip():
                    mask_secret(line)
    except Failure as failure:
        raise Failure(f"secret `{name}`: {failure}") from None
    finally:
        AT.secrets = found
        hides = hiding(found)
        AT.hidden, AT.known, HERE.mask = hides.hidden, hides.known, hides.masked


def secret_variable(key: str) -> Value:
    """The environment variable of the worker, else the Variable of Airflow."""

    def value() -> str:
        if key in os.environ:
            return os.environ[key]
        kept = Variable.get(key, default=None)
        if kept is None:
            raise Failure(
                f"neither an environment variable nor a Variable `{key}` is set"
            )
        return to_text(kept)

    return value


def secret_file(key: str) -> Value:
    def value() -> str:
        path = Path(HERE.folder, key)
        try:
            text = path.read_bytes().decode().rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise Failure(f"cannot read the secret in `{path}`: {error}") from None
        if "\0" in text:
            raise Failure(f"the secret in `{path}` holds a NUL character")
        return text

    return value
