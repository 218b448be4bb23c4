"""Texts and values -> words of a command line, which the run time reads as Python (R4).

Neither bash nor GitHub finds anything in them: texts are JSON literals without `'`,
control characters, or what begins an expression.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from backends.python.expressions import constant, literal
from compiler.ir import Json

_SAFE = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_WIDTH = 88


def call(name: str, arguments: Iterable[str] = (), **named: Json) -> str:
    """A part: sources as they are, and constants by name where they are not None."""
    words = [*arguments]
    words += [f"{key}={constant(it)}" for key, it in named.items() if it is not None]
    return f"{name}({', '.join(words)})"


def quoted(word: str) -> str:
    """`word` for bash, in quotes where it needs them."""
    if "'" in word:
        raise AssertionError(word)  # every literal in it is without
    return word if _SAFE.fullmatch(word) else f"'{word}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`name PATH WORD...`, with a text on standard input; `env` is that of its step."""

    name: str
    path: str
    words: Sequence[str] = ()
    text: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> list[str]:
        """The Python in its words."""
        return [_VALUE.sub("", word, count=1) for word in self.words]


_VALUE = re.compile(r"^(own\.|given\.|seen\.|env\.|secret\.)?[A-Za-z0-9_]+=(?!=)")
_PRINTED = re.compile(
    "[\t\n -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
)


def spelled(command: Command) -> str:
    """The lines that run `command`."""
    words = [quoted(it) for it in command.words]
    text = command.text
    if text is not None and not is_written(text):
        words.append(quoted(f"source({literal(text)})"))
        text = None
    head = f'exec python3 -c "$WFC" {command.name} {quoted(command.path)}'
    lines = [" ".join([head, *words])]
    if len(lines[0]) > _WIDTH and len(words) > 1:
        lines = [head, *words]
    end = ""
    if text is not None:
        delimiter = _delimiter(text)
        lines[-1] += f" <<'{delimiter}'"
        end = f"\n{text}\n{delimiter}" if text else f"\n{delimiter}"
    return " \\\n  ".join(lines) + end + "\n"


def is_written(text: str) -> bool:
    """Whether `text` stands in a here-document of a workflow file as it is."""
    return "${{" not in text and _PRINTED.fullmatch(text) is not None


def _delimiter(text: str) -> str:
    lines, delimiter = set(text.split("\n")), "TEXT"
    while delimiter in lines:
        delimiter += "_"
    return delimiter
