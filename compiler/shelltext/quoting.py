"""A word as written -> the word without its quotes."""

import re

_QUOTED = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\[\s\S])*)\"|\\([\s\S])")
_ESCAPED = re.compile(r"\\([\"$`\\\n])")


def is_quoted(raw: str) -> bool:
    return "'" in raw or '"' in raw or "\\" in raw


def unquoted(raw: str) -> str:
    """A word without its quotes."""
    if not is_quoted(raw):
        return raw
    return _QUOTED.sub(_content, raw)


def _content(quoted: re.Match[str]) -> str:
    single, double, escaped = quoted.groups()
    if double:
        return _ESCAPED.sub(lambda found: found[1].strip("\n"), double)
    return single or (escaped or "").strip("\n")
