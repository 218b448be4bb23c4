"""Runs of cases that need what a target has not, or the engine that it runs on here: they
are not run there, each for a reason.

A name is that of a case, or of a run in it: `case-run`.
"""

from collections.abc import Mapping

_SIGNAL = "act ends its steps at once when it is told to end, and runs nothing more"

LACKING: Mapping[str, Mapping[str, str]] = {
    "github": {
        "call-cancelled": _SIGNAL,
        "cancelled-handler": _SIGNAL,
        "cancelled-run": _SIGNAL,
        "clean-up-time": _SIGNAL,
        "failing-cancel-handler": _SIGNAL,
        "fan-out-cancelled": _SIGNAL,
        "init-cancelled": _SIGNAL,
        "repeat-cancelled-in-a-pause": _SIGNAL,
        "signal-on-stop": _SIGNAL,
    },
}
