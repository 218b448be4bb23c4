"""A command line into its words: of `shell`, of `command` beside `script`."""

import re
from typing import NamedTuple

# Stands for an escaped `$` in a word, which begins no reference: no file holds NUL.
DOLLAR = "\0"
# A reference is one piece of its word, whatever stands in it.
_PIECE = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<reference>\$\{[^{}]*(?:\$\{[^{}]*\}[^{}]*)*\}|\$<[^>]*>)"
    r"|(?P<escape>\\.)"
    r"|(?P<quote>['\"])"
    r"|(?P<plain>[^\s$\\'\"]+|.)",
    re.DOTALL,
)


class Word(NamedTuple):
    """A word; its character n is character `offsets[n]` of the command line."""

    text: str
    offsets: list[int]


def split(line: str) -> list[Word] | None:
    """The words of a POSIX shell, quotes and backslashes taken away; references stay.

    An escaped `$` has become `DOLLAR`. None if a quote is not closed.

    >>> [word.text for word in split("python3 -c 'a b' ${X:-c d}") or ()]
    ['python3', '-c', 'a b', '${X:-c d}']
    """
    words: list[Word] = []
    word: Word | None = None
    quote = ""
    for found in _PIECE.finditer(line):
        kind, piece, start = found.lastgroup, found.group(), found.start()
        if kind == "space" and not quote:
            if word is not None:
                words.append(word)
            word = None
            continue
        letters: list[str] = []
        if kind == "quote" and quote in ("", piece):
            quote = "" if quote else piece
        elif kind == "escape" and quote != "'":
            letters, start = _escaped(piece, start, quote)
        else:
            letters = list(piece)
        text, offsets = word or ("", [])
        added = range(start, start + len(letters))
        word = Word(text + "".join(letters), [*offsets, *added])
    if quote:
        return None
    return words if word is None else [*words, word]


def _escaped(piece: str, start: int, quote: str) -> tuple[list[str], int]:
    """What is left of a backslash and the character behind it."""
    character = piece[1]
    if character == "\n":
        return [], start
    if quote and character not in '$`"\\':
        return list(piece), start
    return [DOLLAR if character == "$" else character], start + 1
