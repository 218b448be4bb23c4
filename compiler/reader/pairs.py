"""Surrogate pairs in escapes, as JSON writes them, into escapes that libyaml reads."""

import re

# An escape that stands for one character beyond U+FFFF, as JSON writes it, in two halves.
# libyaml refuses it. An escaped backslash is met first, and left alone.
_PAIR = re.compile(
    r"\\\\|\\u([dD][89aAbB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})"
)


class Pairs:
    """Surrogate pairs as escapes of one character. A mark behind it keeps the length of the
    text, and so the places in it; and it says how to bring the pair back where `\\` is
    no escape.
    """

    def __init__(self, text: str) -> None:
        self.mark = ""
        self.spellings: dict[str, str] = {}  # a pair as written -> its own mark
        found = {each[0] for each in _PAIR.finditer(text) if each[1]}
        lower = text.lower()
        free = (
            chr(code)
            for code in range(0xE000, 0xF900)
            if chr(code) not in text and f"{code:04x}" not in lower
        )
        self.mark = next(free, "")
        self.spellings = dict(zip(sorted(found), free, strict=False))

    def joined(self, text: str) -> str:
        return _PAIR.sub(self._join, text) if self.spellings else text

    def _join(self, found: re.Match[str]) -> str:
        own = self.spellings.get(found[0])
        if own is None:
            return found[0]
        character = bytes.fromhex(found[1] + found[2]).decode("utf-16-be")
        return f"\\U{ord(character):08X}{self.mark}{own}"

    def restored(self, text: str, style: str) -> str:
        """The text of a scalar, without marks: as it was, or with whole characters."""
        if not self.mark or self.mark not in text:
            return text
        if style == '"':
            return re.sub(f"{self.mark}.", "", text)
        written = {own: pair for pair, own in self.spellings.items()}
        return re.sub(
            rf"\\U[0-9A-F]{{8}}{self.mark}(.)", lambda found: written[found[1]], text
        )
