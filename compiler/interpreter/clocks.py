"""A process -> when it started, by a clock that nobody sets while the machine runs."""

import contextlib
import os
import re
import time
from functools import cache
from pathlib import Path

from compiler.interpreter.locks import start_of

_BOOT = Path("/proc/sys/kernel/random/boot_id")
# [[days-]hours:]minutes:seconds
_ELAPSED = re.compile(r"(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)")
_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", None)


@cache
def boot() -> str:
    """Since when `uptime` counts: the machine's boot, where it has a name."""
    if _CLOCK is not None:
        with contextlib.suppress(OSError):
            return _BOOT.read_text().strip()
    return "1970"


def uptime() -> float:
    """Seconds since `boot`."""
    return time.time() if _CLOCK is None else time.clock_gettime(_CLOCK)


def started_at(process: int) -> float | None:
    """When a process that lives started, by the clock of `uptime`; None where no process
    has that number, or the system does not tell."""
    if _CLOCK is None:
        return _by_ps(process)
    ticks = start_of(process)
    if ticks is None or not ticks.isdecimal():
        return None
    return int(ticks) / os.sysconf("SC_CLK_TCK")


def _by_ps(process: int) -> float | None:
    import subprocess  # systems with such a clock need none

    words = ["ps", "-o", "etime=", "-p", str(process)]
    try:
        listed = subprocess.run(words, capture_output=True, text=True).stdout
    except OSError:
        return None
    found = _ELAPSED.fullmatch(listed.strip())
    if found is None:
        return None
    days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
    elapsed = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return time.time() - elapsed
