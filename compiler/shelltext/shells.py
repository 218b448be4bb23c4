"""The words that start an interpreter -> whether it is a shell that reads our texts."""

from collections.abc import Sequence

# Shells of the POSIX kind: they read `$X`, and what `load_files` writes.
SHELLS = frozenset({"sh", "bash", "dash", "ksh", "zsh", "ash", "mksh", "rbash"})


def is_shell(words: Sequence[str]) -> bool:
    """Whether these words start a shell: `bash -e`, `/usr/bin/env sh`."""
    names = [word.rpartition("/")[2] for word in words]
    if names and names[0] == "env":
        names = [
            name
            for name, word in zip(names[1:], words[1:], strict=True)
            if not word.startswith("-") and "=" not in word
        ]
    return bool(names) and names[0] in SHELLS


def shebang(script: str) -> list[str]:
    """The words of a script's first line behind `#!`; none without one."""
    line = script.partition("\n")[0]
    return line[2:].split() if line.startswith("#!") else []
