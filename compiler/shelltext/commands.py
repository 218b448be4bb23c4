"""The words of a simple command -> what the command does with them.

Which words are program texts (R4), which are evaluated as arithmetic or as the name of a
variable, and which names the command sets. Words come without their quotes; what an expansion gives is unknown.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from compiler.shelltext.shells import SHELLS

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass

Reader = Literal["shell", "foreign", "filter"]


@dataclass(frozen=True, slots=True)
class Use:
    """What `head` makes of its words (indexes into the command's words)."""

    head: str
    reader: Reader | None = None
    programs: tuple[int, ...] = ()
    stdin: bool = False  # the program comes from standard input
    arithmetic: tuple[int, ...] = ()
    variables: tuple[
        int, ...
    ] = ()  # up to a =, they name one: subscripts are evaluated
    names: tuple[str, ...] = ()


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[^]]*\])?\+?=")

# interpreter -> letters whose word is followed by a program; other options with a word
_INTERPRETERS = {
    "python": ("c", "WX"),
    "pypy": ("c", "WX"),
    "node": ("ep", "r"),
    "nodejs": ("ep", "r"),
    "perl": ("eE", "I"),
    "ruby": ("e", "rI"),
    "php": ("r", "dc"),
    "lua": ("e", "l"),
    "julia": ("eE", "L"),
    "Rscript": ("e", ""),
    "osascript": ("e", "l"),
    "expect": ("c", ""),
    "pwsh": ("c", ""),
}
_LONG_PROGRAM = ("--eval", "--print")
_SSH_OPTIONS = "BbcDEeFIiJLlmOoPpQRSWw"
_AWKS = {"awk", "gawk", "mawk", "nawk"}
_JQ_OPTIONS = {
    "--arg": 2,
    "--argjson": 2,
    "--slurpfile": 2,
    "--rawfile": 2,
    "--argfile": 2,
    "--indent": 1,
    "-L": 1,
}
_DECLARING = {"declare", "local", "typeset", "export", "readonly"}
_NOT_WHOLE = re.compile(r"-[xrg]*[^xrg]|\+|[^=]*\+=")
_TAKES_PLAIN_NAMES = {"export", "readonly"}
_READ_OPTIONS = "adinNptu"
_MAPFILE_OPTIONS = "dnOsuCc"
_VERSION = re.compile(r"[0-9.]+$")

# Words that a command may follow at once.
BEFORE_COMMAND = {"if", "then", "else", "elif", "do", "while", "until", "!", "{"}
BEFORE_COMMAND |= {"time", "coproc", "}", "fi", "done"}
_THE_SHELL = {"$SHELL", "${SHELL}", "$BASH", "${BASH}"}
HEADS = (
    SHELLS
    | set(_INTERPRETERS)
    | _AWKS
    | _DECLARING
    | {"eval", "trap", "ssh", "sed", "jq", "let", "for", "select", ".", "source"}
    | {
        "read",
        "printf",
        "mapfile",
        "readarray",
        "getopts",
        "unset",
        "test",
        "[",
        "wait",
    }
    | {"at", "batch", "crontab"}
)
STARTED = SHELLS | set(_INTERPRETERS)
_STDIN = {"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}


def head_of(word: str) -> str:
    """The name of the program that `word` starts: without its folder and version."""
    if word in _THE_SHELL:
        return "sh"
    name = word.rpartition("/")[2]
    bare = _VERSION.sub("", name)
    return bare if bare in _INTERPRETERS else name


def shifted(found: Use, by: int) -> Use:
    """`found` in words that `by` other words precede."""
    return replace(
        found,
        programs=tuple(index + by for index in found.programs),
        arithmetic=tuple(index + by for index in found.arithmetic),
        variables=tuple(index + by for index in found.variables),
    )


def behind_options(words: Sequence[str], index: int, with_word: str) -> int:
    """The first word that is no option; a letter of `with_word` takes the next word."""
    while index < len(words) and words[index][:1] == "-" and words[index] != "-":
        word = words[index]
        index += 1
        if word == "--":
            break
        if word[1] != "-":
            index += _takes_next(word, with_word)
    return index


def _takes_next(cluster: str, with_word: str) -> int:
    """1 if the option cluster `-abc` ends in a letter that takes the next word."""
    place = next((k for k, each in enumerate(cluster) if k and each in with_word), None)
    return int(place is not None and place == len(cluster) - 1)


def sets_surely(words: Sequence[str]) -> bool:
    """Whether a command that sets names sets them whole, whenever it runs."""
    if any("[" in word for word in words):
        return False
    if words[0] in _DECLARING:
        return not any(_NOT_WHOLE.match(word) for word in words[1:])
    if words[0] == "read":
        return not any(word[:1] == "-" and "t" in word for word in words[1:])
    return words[0] == "printf"


def plain_use(head: str, words: Sequence[str]) -> Use:
    """What the command `head` does with its words, of which it is the first."""
    if head in SHELLS:
        return _shell(head, words)
    if head in _INTERPRETERS:
        return _interpreter(head, words)
    if head in _AWKS:
        return _first(head, words, "Fvf", "f")
    if head in _DECLARING:
        return _declaration(head, words)
    match head:
        case "eval":
            return Use(head, "shell", tuple(range(1, len(words))))
        case "trap":
            index = behind_options(words, 1, "")
            programs = (index,) if len(words) > index + 1 else ()
            return Use(head, "shell", programs)
        case "." | "source":
            return Use(head, "shell", stdin=bool(_STDIN & {*words[1:2]}))
        case "at" | "batch" | "crontab":
            return Use(head, "foreign", stdin=True)
        case "ssh":
            return _remote(head, words)
        case "sed":
            return _first(head, words, "efl", "f", "e")
        case "jq":
            return _jq(words)
        case "let":
            return Use(head, arithmetic=tuple(range(1, len(words))))
    return _builtin(head, words)


def _remote(head: str, words: Sequence[str]) -> Use:
    """ssh: the remote shell reads the words, or else its standard input."""
    index = behind_options(words, 1, _SSH_OPTIONS) + 1
    remote = " ".join(words[index:]).split()
    shell = bool(remote) and head_of(remote[0]) in STARTED
    stdin = not remote or (shell and plain_use(head_of(remote[0]), remote).stdin)
    return Use(head, "foreign", tuple(range(index, len(words))), stdin)


def _builtin(head: str, words: Sequence[str]) -> Use:
    """What sets variables, or looks for one, by names that are its words."""
    match head:
        case "for" | "select":
            return Use(head, names=_only_names(words[1:2]))
        case "read":
            return _read(words)
        case "mapfile" | "readarray":
            index = behind_options(words, 1, _MAPFILE_OPTIONS)
            return Use(head, names=_only_names(words[index:]) or ("MAPFILE",))
        case "getopts":
            return Use(head, names=_only_names(words[2:3]))
        case "printf" if len(words) > 2 and words[1] == "-v":
            return Use(head, variables=(2,), names=_only_names(words[2:3]))
        case "printf" if len(words) > 1 and words[1].startswith("-v"):
            return Use(head, variables=(1,), names=_only_names([words[1][2:]]))
        case "unset":
            index = behind_options(words, 1, "")
            return Use(head, variables=tuple(range(index, len(words))))
        case "test" | "[":
            return Use(head, variables=_behind_each(words, "-v"))
        case "wait":
            return Use(head, variables=_behind_each(words, "-p"))
    return Use(head)


def _behind_each(words: Sequence[str], option: str) -> tuple[int, ...]:
    return tuple(k for k in range(1, len(words)) if words[k - 1] == option)


def _only_names(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        found.group() for word in words if (found := _NAME.match(word)) is not None
    )


def _read(words: Sequence[str]) -> Use:
    index = behind_options(words, 1, _READ_OPTIONS)
    arrays = [
        words[k + 1]
        for k in range(1, index - 1)
        if words[k][:1] == "-" and words[k][-1] == "a"
    ]
    return Use(
        "read",
        variables=tuple(range(index, len(words))),
        names=_only_names([*arrays, *words[index:]]),
    )


def _declaration(head: str, words: Sequence[str]) -> Use:
    options = {letter for word in words[1:] if word[:1] == "-" for letter in word[1:]}
    names = tuple(m.group(1) for word in words[1:] if (m := _ASSIGNMENT.match(word)))
    values = tuple(k for k, word in enumerate(words) if _ASSIGNMENT.match(word))
    arithmetic = values if "i" in options else ()
    variables: tuple[int, ...] = ()
    if head not in _TAKES_PLAIN_NAMES and not options & {"f", "F", "p"}:
        variables = tuple(
            k
            for k, word in enumerate(words)
            if k and word[:1] not in ("-", "+") and k not in arithmetic
        )
    found = Use(head, arithmetic=arithmetic, variables=variables, names=names)
    if options & {"a", "A", "n"}:  # bash reads the value anew: as words, as a name
        return replace(found, head=f"{head} -a", reader="foreign", programs=values)
    return found


def _shell(head: str, words: Sequence[str]) -> Use:
    index, command, from_stdin = 1, False, False
    while index < len(words) and words[index][:1] in ("-", "+") and words[index]:
        word = words[index]
        index += 1
        if word in ("--", "-"):
            break
        if word.startswith("--"):
            index += word in ("--rcfile", "--init-file")
            continue
        command = command or (word[0] == "-" and "c" in word)
        from_stdin = from_stdin or "s" in word
        index += word[-1] in "oO"
    if command:
        return Use(head, "shell", (index,) if index < len(words) else ())
    from_stdin = from_stdin or index >= len(words) or words[index] in _STDIN
    return Use(head, "shell", stdin=from_stdin)


def _interpreter(head: str, words: Sequence[str]) -> Use:
    letters, with_word = _INTERPRETERS[head]
    programs: list[int] = []
    index = 1
    while index < len(words) and words[index][:1] == "-" and words[index] != "-":
        word = words[index]
        if word.startswith(_LONG_PROGRAM):
            programs.append(index + ("=" not in word))
            index += 1
        elif word[1:2] != "-":
            if word[1:2] == "m" and head == "python":
                return Use(head)
            place = next((k for k, each in enumerate(word) if each in letters), -1)
            if place > 0 and _takes_next(word, letters):
                programs.append(index + 1)
                index += 1
            elif place > 0:
                programs.append(index)
            else:
                index += _takes_next(word, with_word)
        index += 1
    stdin = not programs and (index >= len(words) or words[index] == "-")
    return Use(head, "foreign", tuple(k for k in programs if k < len(words)), stdin)


def _first(
    head: str, words: Sequence[str], with_word: str, files: str, scripts: str = ""
) -> Use:
    """awk, sed: the program is the first word that is no option, unless options say so."""
    index, elsewhere = 1, False
    programs: list[int] = []
    while index < len(words) and words[index][:1] == "-" and words[index] != "-":
        word = words[index]
        index += 1
        if word == "--":
            break
        if word[1:2] == "-":
            elsewhere = elsewhere or word.startswith(("--file", "--expression"))
            programs += [index - 1] if word.startswith("--expression=") else []
            continue
        place = next((k for k, each in enumerate(word) if k and each in with_word), 0)
        if place and word[place] in files + scripts:
            elsewhere = True
            if word[place] in scripts:
                programs.append(index if place == len(word) - 1 else index - 1)
        index += _takes_next(word, with_word)
    if not elsewhere:
        programs.append(index)
    return Use(head, "filter", tuple(k for k in programs if k < len(words)))


def _jq(words: Sequence[str]) -> Use:
    index = 1
    while index < len(words) and words[index][:1] == "-":
        word = words[index]
        if word.startswith("--from-file") or (word[1:2] != "-" and "f" in word):
            return Use("jq")
        index += 1 + _JQ_OPTIONS.get(word, 0)
    return Use("jq", "filter", (index,) if index < len(words) else ())
