"""The keys of a step that few steps have -> the step with what they say."""

from dataclasses import replace

from compiler.diagnostics import did_you_mean
from compiler.ir import Step, Template
from compiler.reader.references import template_without_commands
from compiler.reader.repeat import repeat
from compiler.reader.shape import Field, Fields, Reading, boolean, scalar

_SIGNALS = (
    *("HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1"),
    *("SEGV", "USR2", "PIPE", "ALRM", "TERM", "CHLD", "CONT", "STOP", "TSTP", "TTIN"),
    *("TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "SYS"),
)


def with_rare_keys(reading: Reading, known: Fields, step: Step) -> Step:
    """`step` with the files that it adds its text to, its repetition, its signal and its mail."""
    stdout, stderr = known.get("stdout"), known.get("stderr")
    again, signal = known.get("repeatPolicy"), known.get("signalOnStop")
    told = known.get("mailOnError")
    return replace(
        step,
        stdout=None if stdout is None else path(reading, stdout),
        stderr=None if stderr is None else path(reading, stderr),
        repeat=None if again is None else repeat(reading, again),
        stop_signal=None if signal is None else _signal(reading, signal),
        mail_on_error=told is not None and boolean(reading, told.value, told.key.text),
    )


def path(reading: Reading, field: Field) -> Template | None:
    """A path, in which references are replaced."""
    found = scalar(reading, field.value, field.key.text, "a path", False)
    return None if found is None else template_without_commands(reading, found)


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
