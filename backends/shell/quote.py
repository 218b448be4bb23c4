"""Turns texts into words and here-documents of bash."""

import re
from collections.abc import Iterable

_SAFE_WORD = re.compile(r"[A-Za-z0-9_./:@%,=+?-]+")

_KEYWORD = re.compile(
    "case|do|done|elif|else|esac|fi|for|function|if|in|select|then|time|until|while"
)


def word(text: str) -> str:
    """`text` as one word of bash that no expansion touches.

    >>> word("it's $HOME")
    "'it'\\\\''s $HOME'"
    """
    if text.startswith("~"):  # which looks like one that is meant to expand
        return f"\\~{word(text[1:])}" if text[1:] else "\\~"
    if text.endswith("\\") or "\\'" in text:  # before a ' it looks like an escape
        return f'"{within_double(text)}"'
    return "'" + text.replace("'", "'\\''") + "'"


def bare(text: str) -> str:
    """As `word`, without quotes where none are needed."""
    safe = _SAFE_WORD.fullmatch(text) and not _KEYWORD.fullmatch(text)
    return text if safe else word(text)


def within_double(text: str) -> str:
    r"""`text` for the inside of "...".

    >>> within_double('a"$b')
    'a\\"\\$b'
    """
    return re.sub(r'(["$`\\])', r"\\\1", text)


def delimiter(texts: Iterable[str]) -> str:
    """A delimiter of here-documents that is no line of any of `texts`."""
    lines = {line for text in texts for line in text.split("\n")}
    found = "SH"
    while found in lines:
        found = f"WFC_{found}"
    return found


def one_line(text: str) -> str:
    """`text` for a comment: characters that could end it are replaced."""
    return "".join(each if each.isprintable() else "?" for each in text)
