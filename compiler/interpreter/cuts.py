"""A text -> the same with its secrets cut out, for the journal; and back (S11).

A text without secrets is kept as it is. Else it is a list: texts, and in the place of a
secret an object that says which one stood there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compiler.evaluate import Failure
from compiler.interpreter.masks import Masks
from compiler.ir import Json, Program, Secret

_DEEPEST = 4  # JSON within JSON, as records in records are


class Lost(Exception):
    """A text cannot be had again: a secret of it is not what it was."""


@dataclass
class Cuts:
    """Knows the secrets of a run, each by its provider and key (`env:TOKEN`). `late`: one
    came to be known while the run went on, as that in a file that a step wrote."""

    late: bool = False
    _values: dict[str, str] = field(default_factory=dict)
    _masks: Masks = field(default_factory=Masks)

    def learn(self, secret: Secret, value: str) -> None:
        """`value` is that of `secret`."""
        name = f"{secret.provider}:{secret.key}"
        if value and self._values.get(name) != value:
            self._values[name] = value
            self._masks.hide(value)
            self.late = True

    def value(self, secret: Secret) -> str:
        """What is known of `secret`; else it is empty."""
        return self._values.get(f"{secret.provider}:{secret.key}", "")

    def learn_all(
        self, program: Program, environment: Mapping[str, str], work_dir: Path
    ) -> None:
        """What can be known of the secrets of `program` before any is asked for: what is
        read late must not stand in a line that was written early."""
        for workflow in program.workflows:
            for secret in workflow.secrets:
                value = environment.get(secret.key)
                if secret.provider == "file":
                    value = _content(work_dir / secret.key)
                if value is not None:
                    self.learn(secret, value)
        self.late = False

    def cut_all(self, value: Json) -> Json:
        """`value` with all texts in it cut that are not yet. Raises Lost."""
        match value:
            case str():
                return self.cut(value)
            case list() if not any(
                isinstance(it, dict) and "secret" in it for it in value
            ):
                return [self.cut_all(each) for each in value]
            case dict():
                return {key: self.cut_all(each) for key, each in value.items()}
            case _:
                return value

    def cut(self, text: str) -> Json:
        """What the journal keeps of `text`. Raises Lost, where a secret is spelled in a
        way that could not be told again."""
        if not self._masks.any:
            return text
        pieces = self._masks.pieces(text)
        if len(pieces) == 1:
            return text
        kept: list[Json] = []
        for place, piece in enumerate(pieces):
            if place % 2:
                kept.append(self._cut(piece))
            elif piece:
                kept.append(piece)
        return kept

    def joined(self, kept: Json) -> str:
        """The text of which `kept` was kept. Raises Lost."""
        pieces = kept if isinstance(kept, list) else [kept]
        return "".join(map(self._joined, pieces))

    def _cut(self, piece: str) -> Json:
        for depth, text in _spelled(piece):
            for name, value in self._values.items():
                at = value.find(text)
                if at < 0:
                    continue
                found: dict[str, Json] = {"secret": name}
                if text != value:
                    found |= {"from": at, "to": at + len(text)}
                for plain in (True, False):
                    if _spell(text, depth, plain) == piece:
                        return found | (
                            {"json": depth, "ascii": plain} if depth else {}
                        )
        raise Lost

    def _joined(self, piece: Json) -> str:
        if isinstance(piece, str):
            return piece
        if not isinstance(piece, dict):
            raise Lost
        value = self._values.get(str(piece.get("secret")))
        if value is None:
            raise Lost
        start, end, depth = (piece.get(key) for key in ("from", "to", "json"))
        if isinstance(start, int) and isinstance(end, int):
            if end > len(value):
                raise Lost
            value = value[start:end]
        depth = depth if isinstance(depth, int) else 0
        return _spell(value, depth, bool(piece.get("ascii")))


def _spelled(piece: str) -> Iterator[tuple[int, str]]:
    """What `piece` can stand for: itself, or the text of which it is JSON."""
    text = piece
    for depth in range(_DEEPEST + 1):
        yield depth, text
        try:
            read: Json = json.loads(f'"{text}"')
        except ValueError:
            return
        assert isinstance(read, str)
        text = read


def _spell(text: str, depth: int, plain: bool) -> str:
    for _ in range(depth):
        text = json.dumps(text, ensure_ascii=plain)[1:-1]
    return text


def _content(path: Path) -> str | None:
    """The secret in the file `path`; None where it cannot be read now."""
    from compiler.interpreter.inputs import secret_file  # which knows what a run has

    try:
        return secret_file("", path)
    except Failure:
        return None
