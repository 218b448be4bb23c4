"""Turns the steps of a DAG into runs: modules that go into its file by `assemble`."""

from pathlib import Path

import compiler.services.forms
from backends.python import runtime

_SHARED = (
    "groups",
    "attempts",
    "policies",
    "outputs",
    "conditions",
    "bodies",
    "dotenv",
    "services",
    "mails",
    "items",
    "hiding",
)
_OWN = ("here", "operators", "frames", "secrets", "ends", "fan_out", "flows")

# Behind those of `backends.python.expressions`, in an order in which their definitions
# can be executed.
MODULES = (
    Path(compiler.services.forms.__file__),
    *(Path(runtime.__file__).with_name(f"{name}.py") for name in _SHARED),
    *(Path(__file__).with_name(f"{name}.py") for name in _OWN),
)
