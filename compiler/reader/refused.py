"""Keys of Dagu that wfc does not translate -> why not, and what to write instead.

Looked up where a key is unknown, so that no other file pays for it.
"""

from collections.abc import Mapping
from typing import TypeVar

from compiler.reader.keys import Keys, snake_case

_Reason = TypeVar("_Reason")
_Reasons = Mapping[str, tuple[str, str]]

_HTTP = "write the request as a step with `type: http`"
_NO_MODELS = ("wfc talks to no language model", _HTTP)
_NO_AGENTS = ("wfc drives no agents", "write the agent's command")
_NOBODY = "a run waits for nobody"
_TAKE_OUT = "take it out"

_STEP: _Reasons = {
    "shellPackages": (
        "wfc installs nothing",
        "write `command: [nix-shell, -p, PACKAGE, --run, TEXT]`",
    ),
    "llm": _NO_MODELS,
    "messages": _NO_MODELS,
    "agent": _NO_AGENTS,
    "approval": (_NOBODY, "let the workflow end here, and a second one go on"),
    "value": ("no step chooses others", "give those `preconditions` with `expected`"),
    "routes": ("no step chooses others", "give those `preconditions` with `expected`"),
}
_ELSEWHERE = ("stands in the step itself", "write it beside `name`")
_RUNS_ONCE = ("a container runs one command, and is gone", _TAKE_OUT)
_PORTS = ("`ports` publishes a port", 'write `ports: ["8080:80"]` beside `image`')
_LIMITS = (
    "wfc sets no limits of a container",
    "start it by `command: docker run ...`",
)
# What a map is called -> its keys that are refused (WFC116): why, and what to do.
REFUSED: Mapping[str, _Reasons] = {
    "a workflow": {
        "container": (
            "each step says itself where it runs",
            "give the steps a `container`",
        ),
        "registryAuths": (
            "a password belongs in no workflow",
            "run `docker login` beforehand",
        ),
        "ssh": (
            "each step says itself where it runs",
            "write it in the `config` of the steps with `type: ssh`",
        ),
        "llm": _NO_MODELS,
        "defaults": (
            "each step says itself what holds for it",
            "write it in the steps; anchors of YAML save the repetition",
        ),
        "stepTypes": (
            "there are no types of steps beside those of wfc",
            "write a workflow for it, and call that with `run`",
        ),
        "retryPolicy": (
            "a run is not tried again as a whole",
            "give the steps a `retryPolicy`, or call the workflow by one that has it",
        ),
        "kubernetes": ("there are no such steps", "write the `kubectl` command"),
        "redis": ("there are no such steps", "write the `redis-cli` command"),
        "s3": ("there are no such steps", "write the `aws s3` command"),
        "harness": _NO_AGENTS,
        "harnesses": _NO_AGENTS,
        "catchupWindow": (
            "a time that was missed is not made up for",
            "start that run yourself",
        ),
        "overlapPolicy": (
            "a time that was missed is not made up for",
            "`maxActiveRuns: 1` keeps runs from overlapping",
        ),
        "waitMail": (_NOBODY, _TAKE_OUT),
    },
    "a step": _STEP,
    "a handler": _STEP,
    "`handlerOn`": {"wait": (_NOBODY, _TAKE_OUT)},
    "`mailOn`": {"wait": (_NOBODY, _TAKE_OUT)},
    "`config` of docker": {"command": _ELSEWHERE, "memory": _LIMITS},
    "`container` of docker": {"exposedPorts": _PORTS, "healthcheck": _RUNS_ONCE},
    "`host` of docker": {
        "portBindings": _PORTS,
        "memory": _LIMITS,
        "restartPolicy": _RUNS_ONCE,
        "autoRemove": ("it is about the container", "write it beside `image`"),
    },
    "`container`": {
        "command": _ELSEWHERE,
        "startup": _RUNS_ONCE,
        "waitFor": _RUNS_ONCE,
        "logPattern": _RUNS_ONCE,
        "restartPolicy": _RUNS_ONCE,
        "healthcheck": _RUNS_ONCE,
    },
    "`config` of ssh": {
        "password": ("ssh takes no password from wfc", "name the file of a `key`"),
        "bastion": ("wfc goes to a machine directly", "name it in `~/.ssh/config`"),
    },
    "a secret": {"options": ("`env` and `file` have none", _TAKE_OUT)},
}
# The same for keys that change nothing a run does, and are left out (WFC117): why.
LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "a workflow": {
        "otel": "wfc sends no traces",
        "runConfig": "it is about a web page of Dagu",
        "workerSelector": "all steps run where the run was started",
        "webhook": "no web hook starts a run",
        "artifacts": "the files of a run stay where its steps write them",
        "disableQueue": "a run waits only where `queue` or `maxActiveRuns` says so",
    },
    "a step": {"workerSelector": "all steps run where the run was started"},
    "a handler": {"workerSelector": "all steps run where the run was started"},
    "`output`": {
        "key": "there is no file with all outputs",
        "omit": "there is no file with all outputs",
    },
}


def why_refused(key: str, keys: Keys) -> tuple[str, str] | None:
    """Why `key` is refused in a map of this kind, and what to write instead."""
    return _found(key, REFUSED.get(keys.where, {}))


def why_left_out(key: str, keys: Keys) -> str | None:
    """Why `key` of a map of this kind changes nothing."""
    return _found(key, LEFT_OUT.get(keys.where, {}))


def _found(key: str, reasons: Mapping[str, _Reason]) -> _Reason | None:
    """By either spelling of the key."""
    names = (name for name in reasons if key in (name, snake_case(name)))
    return next((reasons[name] for name in names), None)
