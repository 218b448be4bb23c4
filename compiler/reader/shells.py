"""`shell` of a workflow or a step into the words of a command line."""

from compiler.reader.nodes import ListNode, ScalarNode
from compiler.reader.shape import DefaultShell, Field, Reading, scalar
from compiler.reader.words import split
from compiler.shelltext.shells import is_shell

_DIRECT = "direct"  # in Dagu: no shell at all


def shell_words(
    reading: Reading, field: Field | None
) -> tuple[Field, list[str]] | None:
    """The words of `shell`, which are fixed: a command line, or a list of them."""
    if field is None:
        return None
    node = field.value
    if isinstance(node, ListNode) and node.items:
        found = [
            scalar(reading, each, "shell", "a command line, or a list of words")
            for each in node.items
        ]
        given = [each for each in found if each is not None]
        fixed = [each.text for each in given if _is_fixed(reading, each)]
        return (field, fixed) if len(fixed) == len(found) else None
    line = scalar(reading, node, "shell", "a command line", False)
    if line is None or not _is_fixed(reading, line):
        return None
    words = split(line.text)
    if not words:
        note_unclosed(reading, line)
        return None
    return field, [word.text for word in words]


def _is_fixed(reading: Reading, node: ScalarNode) -> bool:
    if "$" in node.text or "`" in node.text:
        reading.report(
            "WFC107",
            "`shell` takes no references",
            node,
            "fixed words only",
            "name the shell itself, as in `shell: bash -euo pipefail`",
        )
        return False
    if node.text.strip() == _DIRECT:
        reading.report(
            "WFC107",
            f"`{_DIRECT}` is no shell",
            node,
            "no program of that name reads a text",
            "write the command as a list of words: no shell reads that",
        )
        return False
    return True


def default_shell(reading: Reading, field: Field) -> DefaultShell | None:
    """The shell of a workflow: of those steps that name none. One of the POSIX kind stops
    at the first command that fails, as `bash -e` does (S2)."""
    found = shell_words(reading, field)
    if found is None:
        return None
    return DefaultShell(_with_errexit(found[1]), reading.span(field.value))


def _with_errexit(words: list[str]) -> list[str]:
    """`words` with `-e` behind the shell's name, unless it is no POSIX shell or they say so
    themselves.

    >>> _with_errexit(["/usr/bin/env", "bash", "-x"]), _with_errexit(["zsh", "-eu"])
    (['/usr/bin/env', 'bash', '-e', '-x'], ['zsh', '-eu'])
    """
    if not is_shell(words):
        return words
    place = next(n for n in range(len(words)) if is_shell(words[n:])) + 1
    if len(words) > place and words[0].endswith("env"):
        place = next(n for n in range(1, len(words)) if is_shell(words[n:])) + 1
    options = words[place:]
    stops = any(it[:1] == "-" and it[1:2] != "-" and "e" in it for it in options)
    if stops or "errexit" in options:
        return words
    return [*words[:place], "-e", *options]


def note_unclosed(reading: Reading, node: ScalarNode) -> None:
    """WFC107 for a command line with a quote that is never closed."""
    reading.report(
        "WFC107",
        "a quote in this command line is never closed",
        node,
        "split into words as a shell does",
        "close the quote",
    )
