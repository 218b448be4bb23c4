"""What an attempt printed -> added to the files that a step names for it (S3)."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from compiler.evaluate import Failure, text_of
from compiler.interpreter.masks import Masks
from compiler.interpreter.values import Scope
from compiler.ir import Step


@dataclass(slots=True)
class StepFiles:
    """The files of `stdout` and `stderr`, open for one attempt; by their suffixes in the
    run folder, as descriptors."""

    _open: list[tuple[str, int]] = field(default_factory=list)

    def open(self, step: Step, directory: Path, scope: Scope) -> None:
        """Opens them, new ones too, in `directory`. Raises Failure, OSError."""
        named = (("stdout", ".out", step.stdout), ("stderr", ".err", step.stderr))
        for key, suffix, template in named:
            if template is not None:
                path = text_of(template, scope)
                if not path:
                    raise Failure(f"the path of `{key}` is empty")
                self._open.append((suffix, _opened(directory / path)))

    def add(self, printed: str, masks: Masks) -> None:
        """Adds what was printed to the files `printed` but for the suffix, without its
        secrets. Raises OSError."""
        for suffix, descriptor in self._open:
            masks.copy(Path(f"{printed}{suffix}"), descriptor)

    def close(self) -> None:
        for _, descriptor in self._open:
            os.close(descriptor)
        self._open.clear()


def _opened(path: Path) -> int:
    # A pipe that nobody reads must not hold the run up.
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY
    descriptor = os.open(path, flags, 0o666)
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISCHR(mode)):
        os.close(descriptor)
        raise Failure(f"`{path}` is no file")
    os.set_blocking(descriptor, True)
    return descriptor
