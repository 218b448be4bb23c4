"""Values of secrets -> `***`, in every text and file that is to be read (S11)."""

import contextlib
import mmap
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from compiler.outcome import Outcome, StepOutcome

_MASK = "***"
_SHORTEST_LINE = 4  # shorter ones would mask what is none
_IN_JSON = {
    '"': r'\\*"',
    "\\": r"\\+",
    **{
        each: rf"(?:{each}|\\+{name})"
        for each, name in zip("\n\r\t", "nrt", strict=True)
    },
}


@dataclass
class Masks:
    """What must not be seen; it grows with each workflow whose secrets are read."""

    _hidden: set[str] = field(default_factory=set)
    _pattern: re.Pattern[str] | None = None

    def hide(self, secret: str) -> None:
        """Hides `secret` and its lines, also in JSON. An empty one hides nothing."""
        lines = [line for line in secret.split("\n") if len(line) >= _SHORTEST_LINE]
        hidden = self._hidden | {secret, *lines} - {""}
        if hidden != self._hidden:
            self._hidden = hidden
            longest_first = sorted(hidden, key=lambda text: (-len(text), text))
            self._pattern = re.compile("|".join(map(_pattern, longest_first)))

    def text(self, text: str) -> str:
        return text if self._pattern is None else self._pattern.sub(_MASK, text)

    def file(self, path: Path) -> None:
        """Masks a file in its place; one that cannot be masked goes."""
        if self._pattern is None:
            return
        pattern = re.compile(_bytes(self._pattern.pattern))
        with contextlib.suppress(OSError):
            try:
                with path.open("r+b") as file:
                    if not file.seek(0, 2):
                        return
                    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
                        if pattern.search(held) is None:
                            return
                        content = pattern.sub(_MASK.encode(), held[:])
                    file.seek(0)
                    file.write(content)
                    file.truncate()
            except OSError:
                path.unlink(missing_ok=True)

    def outcome(self, outcome: Outcome) -> Outcome:
        if self._pattern is None:
            return outcome
        return replace(
            outcome,
            steps={path: self._step(step) for path, step in outcome.steps.items()},
            handlers={path: self._step(it) for path, it in outcome.handlers.items()},
            outputs={name: self.text(it) for name, it in outcome.outputs.items()},
        )

    def _step(self, step: StepOutcome) -> StepOutcome:
        if step.output is None:
            return step
        return replace(step, output=self.text(step.output))


def _pattern(text: str) -> str:
    """A regular expression for `text`, also where JSON, or JSON within JSON, has it."""
    return "".join(_IN_JSON.get(each) or re.escape(each) for each in text)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
