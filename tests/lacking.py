"""Runs of cases that need what a target has not, or the engine that it runs on here: they
are not run there, each for a reason.

A name is that of a case, or of a run in it: `case-run`.
"""

from collections.abc import Mapping

_SIGNAL = "act ends its steps at once when it is told to end, and runs nothing more"
_WORDS = "the form of a dispatch has fields for what is declared, not for more words"
_SHARED = "jobs that run at once have folders of their own: what W1 promises, not more"
_FOLDER = "the folder of a job has a name of its own"
_DELAY = "GitHub has no pause between the starts of jobs, which is told as a loss"
# Not lacking: there the outcome is another one still, which is a mistake of the target.
_WRONG = "wrong as yet"
_OF_CALLS = "GitHub does not limit the jobs of a call, which is told as a loss"
_ALONE = "`maxActiveSteps: 1` makes one job, whose steps wait for pauses of others"

LACKING: Mapping[str, Mapping[str, str]] = {
    "github": {
        "all-arguments": _WORDS,
        "call-cancelled": _SIGNAL,
        "call-limit-of-one": _OF_CALLS,
        "call-limit-of-the-callee": _OF_CALLS,
        "call-one-run": "RUNNER_TEMP of act, where the log is, is another in each job",
        "call-working-folder": _FOLDER,
        "cancelled-handler": _SIGNAL,
        "cancelled-run": _SIGNAL,
        "clean-up-time": _SIGNAL,
        "delay-after-conditions": _DELAY,
        "delay-between-starts": _DELAY,
        "failing-cancel-handler": _SIGNAL,
        "fan-out-cancelled": _SIGNAL,
        "fan-out-width-two": _SHARED,
        "groups-in-a-chain": _SHARED,
        "init-cancelled": _SIGNAL,
        "log-dir": "the step looks for the logs of wfc; a runner keeps them elsewhere",
        "output-is-trimmed-default": "act drops the `\\r` before a line end of an output",
        "params-positional": _WORDS,
        "pause-holds-no-slot": _ALONE,
        "positional-params-in-all-places-given": _WORDS,
        "positional-params-more-than-declared": _WORDS,
        "queue-of-steps": "act does not know `concurrency`",
        "repeat-cancelled-in-a-pause": _SIGNAL,
        "repeat-pause-holds-no-slot": _ALONE,
        "secrets-overlap-default": "GitHub does not tell an empty secret from none",
        "signal-on-stop": _SIGNAL,
        "step-files-of-items": _SHARED,
        "steps-run-together": _SHARED,
        "working-dir": _FOLDER,
        "call-in-a-run-timeout": _WRONG,
        "call-run-timeout": _WRONG,
        "failing-handler-of-an-unmet-callee": _WRONG,
        "fan-out-conditions-the-step-is-skipped": _WRONG,
        "fan-out-item-timeout": _WRONG,
        "run-timeout": _WRONG,
    },
}
