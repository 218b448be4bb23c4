"""Values of secrets -> `***`, in every text and file that is to be read (S11)."""

import contextlib
import mmap
import re
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from compiler.outcome import Outcome, StepOutcome

_MASK = b"***"
_SHORTEST_LINE = 4  # shorter ones would mask what is none
_WHITE_SPACE = " \t\r\v\f"
# What JSON has another form for, depending on who writes it; the rest of ASCII it has not.
_ESCAPED = "\"\\/<>&'+`"
_SHORT = {"\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r"}
# How often patterns branch into those that go on alike: as deep do they nest.
_MOST_BRANCHES = 20


@dataclass
class Masks:
    """What must not be seen; it grows with each workflow whose secrets are read."""

    _hidden: set[str] = field(default_factory=set)
    _pattern: re.Pattern[bytes] | None = None

    @property
    def any(self) -> bool:
        """Whether there is anything to hide."""
        return self._pattern is not None

    def hide(self, secret: str) -> None:
        """Hides `secret` and its lines, also in JSON. An empty one hides nothing."""
        lines = [line.strip(_WHITE_SPACE) for line in secret.split("\n")]
        long = [line for line in lines if len(line) >= _SHORTEST_LINE]
        hidden = self._hidden | {secret, *long} - {""}
        if hidden != self._hidden:
            self._hidden = hidden
            longest_first = sorted(hidden, key=lambda text: (-len(text), text))
            pattern = _any_of([list(map(_pattern, text)) for text in longest_first])
            self._pattern = re.compile(_bytes(pattern))

    def text(self, text: str) -> str:
        if self._pattern is None:
            return text
        masked = self._pattern.sub(_MASK, _bytes(text))
        return masked.decode("utf-8", "surrogateescape")

    def pieces(self, text: str) -> list[str]:
        """`text` in pieces: every second one is to be hidden.

        >>> masks = Masks()
        >>> masks.hide("word")
        >>> masks.pieces("a word of word")
        ['a ', 'word', ' of ', 'word', '']
        """
        if self._pattern is None:
            return [text]
        content, pieces, at = _bytes(text), [], 0
        for found in self._pattern.finditer(content):
            pieces += [content[at : found.start()], found[0]]
            at = found.end()
        pieces.append(content[at:])
        return [piece.decode("utf-8", "surrogateescape") for piece in pieces]

    def file(self, path: Path) -> None:
        """Masks a file in its place; one that cannot be masked goes."""
        pattern = self._pattern
        if pattern is None:
            return
        with contextlib.suppress(OSError):
            try:
                with path.open("r+b") as file:
                    if not file.seek(0, 2):
                        return
                    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
                        if pattern.search(held) is None:
                            return
                        content = pattern.sub(_MASK, held[:])
                    file.seek(0)
                    file.write(content)
                    file.truncate()
            except OSError:
                path.unlink(missing_ok=True)

    def copy(self, path: Path, target: int) -> None:
        """Adds the masked content of a file to an open one; nothing, where there is none.
        Raises OSError."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        with file, open(target, "ab", closefd=False) as copied:
            if self._pattern is None:
                shutil.copyfileobj(file, copied, 1 << 20)
            else:
                copied.write(self._pattern.sub(_MASK, file.read()))

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


def _any_of(texts: list[list[str]], branches: int = _MOST_BRANCHES) -> str:
    """A regular expression for the first of `texts` that fits, each a list of patterns of
    characters. Those that begin alike stand together: else each place of a file would
    have to be looked at once for each line of a secret.

    >>> _any_of([list("abc"), list("abd"), list("x"), list("ab")])
    'ab(?:c|d|)|x'
    """
    if len(texts) == 1 or not branches:
        return "|".join(map("".join, texts))
    alike: dict[str, list[list[str]]] = {}
    for text in texts:
        alike.setdefault(text[0] if text else "", []).append(text)
    return "|".join(_that_begin_alike(each, branches - 1) for each in alike.values())


def _that_begin_alike(texts: list[list[str]], branches: int) -> str:
    if len(texts) == 1:
        return "".join(texts[0])
    first, last = min(texts), max(texts)
    pairs = enumerate(zip(first, last, strict=False))
    alike = next((at for at, (one, other) in pairs if one != other), len(first))
    rest = _any_of([text[alike:] for text in texts], branches)
    return f"{''.join(first[:alike])}(?:{rest})"


def _pattern(character: str) -> str:
    """A regular expression for `character`, also as JSON, or JSON within JSON, has it."""
    plain = re.escape(character)
    ordinary = character.isascii() and character.isprintable()
    if (ordinary and character not in _ESCAPED) or "\ud800" <= character <= "\udfff":
        return plain
    units = character.encode("utf-16-be").hex()
    forms = [f"u{_any_case(units[at : at + 4])}" for at in range(0, len(units), 4)]
    escaped = r"\\+".join(["", *forms])
    match character:
        case "\\":
            return rf"(?:{escaped}|\\+)"
        case '"' | "/":
            return rf"(?:\\*{character}|{escaped})"
        case _ if character in _SHORT:
            return rf"(?:{plain}|\\+{_SHORT[character]}|{escaped})"
        case _:
            return f"(?:{plain}|{escaped})"


def _any_case(hexadecimal: str) -> str:
    return "".join(
        f"[{each}{each.upper()}]" if each.isalpha() else each for each in hexadecimal
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
