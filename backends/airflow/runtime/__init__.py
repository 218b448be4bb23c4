"""Turns the steps of a DAG into runs: modules that go into its file by `assemble`."""

from pathlib import Path

import compiler.ir.workflows
import compiler.schemas.typed
import compiler.services.forms
from backends.python import runtime

_SHARED = (
    "schema",
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
_OWN = ("here", "operators", "frames", "params", "secrets", "ends", "fan_out", "flows")

# Behind those of `backends.python.expressions`, in an order in which their definitions
# can be executed.
MODULES = (
    Path(compiler.services.forms.__file__),
    Path(compiler.ir.workflows.__file__),
    Path(compiler.schemas.typed.__file__),
    *(Path(runtime.__file__).with_name(f"{name}.py") for name in _SHARED),
    *(Path(__file__).with_name(f"{name}.py") for name in _OWN),
)
