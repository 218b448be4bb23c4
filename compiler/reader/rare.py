"""The keys of a step that few steps have -> the step with what they say."""

from dataclasses import replace

from compiler.diagnostics import did_you_mean
from compiler.ir import Step
from compiler.reader.keys import OUTPUT
from compiler.reader.nodes import MapNode, ScalarNode
from compiler.reader.references import path
from compiler.reader.repeat import repeat
from compiler.reader.shape import Field, Fields, Reading, fields, is_true, scalar

_SIGNALS = (
    *("HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1"),
    *("SEGV", "USR2", "PIPE", "ALRM", "TERM", "CHLD", "CONT", "STOP", "TSTP", "TTIN"),
    *("TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "SYS"),
)


def with_rare_keys(reading: Reading, known: Fields, step: Step) -> Step:
    """`step` with its files for stdout and stderr, its repetition, signal and mail."""
    stdout, stderr = known.get("stdout"), known.get("stderr")
    again, signal = known.get("repeatPolicy"), known.get("signalOnStop")
    told, logs = known.get("mailOnError"), known.get("logOutput")
    if logs is not None:
        check_log_output(reading, logs)
    return replace(
        step,
        stdout=None if stdout is None else path(reading, stdout),
        stderr=None if stderr is None else path(reading, stderr),
        repeat=None if again is None else repeat(reading, again),
        stop_signal=None if signal is None else _signal(reading, signal),
        mail_on_error=is_true(reading, told),
    )


def output_name(reading: Reading, key: ScalarNode, node: MapNode) -> Field | None:
    """The name in an `output` that is a map; None, and a finding, without one."""
    known = fields(reading, node, OUTPUT)
    named = known.get("name")
    if named is None and known.complete:
        reading.report(
            "WFC106",
            "`output` has no `name`",
            key,
            "under which name?",
            "write `output: NAME`",
        )
    return named


def check_log_output(reading: Reading, field: Field) -> None:
    """`logOutput`: what wfc does anyway, or WFC117."""
    name = field.key.text
    found = scalar(reading, field.value, name, "`separate` or `merged`")
    if found is None or found.text == "separate":
        return
    if found.text == "merged":
        reading.report(
            "WFC117",
            f"`{name}: merged` is left out: stdout and stderr have a file each",
            found,
            "changes nothing that a run does",
            "take it out, or write `2>&1` in the command",
        )
        return
    reading.report(
        "WFC107",
        f"`{name}` takes `separate` or `merged`",
        found,
        "neither of them",
        did_you_mean(found.text, ("separate", "merged")),
    )


def _signal(reading: Reading, field: Field) -> str | None:
    """A signal by its name, with `SIG` in front or without."""
    found = scalar(reading, field.value, field.key.text, "the name of a signal", False)
    if found is None:
        return None
    name = found.text.removeprefix("SIG")
    if name in _SIGNALS:
        return f"SIG{name}"
    known = [*(f"SIG{each}" for each in _SIGNALS), *_SIGNALS]
    reading.report(
        "WFC107",
        f"there is no signal `{found.text}`",
        found,
        "not a signal",
        did_you_mean(found.text, known, "write its name, as in `SIGINT`"),
    )
    return None
