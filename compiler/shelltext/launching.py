"""Commands that start another command -> what that one does with its words.

`sudo`, `env` and the like are known word by word. Behind any other command a shell's name
with an option `-c` is taken for one that it starts, too: `flock lock sh -c "..."`.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from compiler.shelltext.commands import (
    HEADS,
    STARTED,
    Use,
    behind_options,
    head_of,
    plain_use,
    shifted,
)

# wrapper -> its short options that take an argument of their own
_WRAPPERS = {
    "builtin": "",
    "chronic": "",
    "command": "",
    "doas": "uC",
    "env": "uCS",
    "exec": "a",
    "ionice": "cnp",
    "nice": "n",
    "nohup": "",
    "setsid": "",
    "sshpass": "pfPd",
    "stdbuf": "ioe",
    "sudo": "ughpCDRTt",
    "time": "fo",
    "timeout": "sk",
    "xargs": "adEILnPs",
}
# Those that take the text of a command as an option.
_WITH_OPTION = {"flock", "runuser", "script", "su"}
_OPTION = re.compile(r"-[A-Za-z]*c|--(?:session-)?command")
_JOINED = re.compile(r"-[a-z]*c.|--(?:session-)?command=")
# Those that start a command with our standard input, on this machine or in another one
# that does not have our environment.
_LAUNCHERS = {"chroot", "nsenter", "setpriv", "strace", "systemd-run", "unshare"}
_ELSEWHERE = {"docker", "kubectl", "lxc", "nerdctl", "oc", "podman", "vagrant"}
# Those whose words are data, whatever they look like.
_PRINTING = {"case", "echo", "for", "grep", "printf", "select", "test", "["}
_SPECIAL = {"find", "parallel", "watch"}

_INTERESTING = (
    HEADS | set(_WRAPPERS) | _WITH_OPTION | _LAUNCHERS | _ELSEWHERE | _SPECIAL
)
MAY_START = re.compile(r"sh|python|pypy|node|perl|ruby|php|lua|julia|script|expect")
# How many words an option list of a shell may have to be looked at.
_ENOUGH = 40


def is_interesting(word: str) -> bool:
    """Whether a command that starts with `word` can do anything that `use` knows."""
    return head_of(word) in _INTERESTING


def may_start(word: str) -> bool:
    """Whether an argument can be the name of a program with a program as its argument."""
    return MAY_START.search(word) is not None and head_of(word) in STARTED


def use(words: Sequence[str]) -> Use:
    """What the command `words` does with its words."""
    found = _by_head(words)
    head = head_of(words[0]) if words else ""
    if not found.programs and not found.stdin and head not in _PRINTING:
        return _behind_any(words, head) or found
    return found


def _by_head(words: Sequence[str]) -> Use:
    start = 0
    stdin = True
    while start < len(words) and (head := head_of(words[start])) in _WRAPPERS:
        behind = _behind_wrapper(words, start, head)
        if head == "env" and (split := _split_string(words, start, behind)):
            return Use("env -S", "foreign", split)
        stdin = stdin and head != "xargs"
        start = behind
    if start >= len(words):
        return Use("")
    found = shifted(_command(head_of(words[start]), words[start:]), start)
    return found if stdin else replace(found, stdin=False)


def _command(head: str, words: Sequence[str]) -> Use:
    if head in _WITH_OPTION:
        options = (_option(words, index) for index in range(1, len(words)))
        programs = tuple(index for index in options if index)
        return Use(head, "shell" if programs else None, programs)
    match head:
        case "find":
            return _find(words)
        case "watch":
            index = behind_options(words, 1, "nq")
            if any(re.match("-[a-z]*x|--exec", word) for word in words[1:index]):
                return shifted(use(words[index:]), index)
            return Use(head, "shell", tuple(range(index, len(words))))
        case "parallel":
            ends = [k for k, word in enumerate(words) if word[:3] in (":::", "---")]
            return Use(head, "foreign", tuple(range(1, min(ends, default=len(words)))))
    return plain_use(head, words)


def _find(words: Sequence[str]) -> Use:
    for index, word in enumerate(words):
        if word in ("-exec", "-execdir", "-ok", "-okdir"):
            end = next((k for k in range(index, len(words)) if words[k] == ";"), None)
            found = shifted(use(words[index + 1 : end]), index + 1)
            if found.programs:
                return replace(found, stdin=False)
    return Use("find")


def _option(words: Sequence[str], index: int) -> int:
    """The word that holds the text of an option at `index`; 0 if it is none."""
    if _OPTION.fullmatch(words[index]) and index + 1 < len(words):
        return index + 1
    return index if _JOINED.match(words[index]) else 0


def _behind_wrapper(words: Sequence[str], start: int, head: str) -> int:
    index = behind_options(words, start + 1, _WRAPPERS[head])
    if head in ("env", "sudo"):
        while index < len(words) and "=" in words[index]:
            index += 1
    return index + 1 if head == "timeout" else index


def _split_string(words: Sequence[str], start: int, end: int) -> tuple[int, ...]:
    """`env -S TEXT`: the text, which is split into words once more."""
    for index in range(start + 1, min(end, len(words))):
        word = words[index]
        if word == "--split-string" or re.fullmatch("-[a-z0]*S", word):
            return (index + 1,) if index + 1 < len(words) else ()
        if word.startswith("--split-string=") or re.match("-[a-z0]*S", word):
            return (index,)
    return ()


def _behind_any(words: Sequence[str], head: str) -> Use | None:
    """A shell or another interpreter among the words, with a program for it."""
    starts_it = head in _LAUNCHERS | _ELSEWHERE | _WITH_OPTION or head in _WRAPPERS
    for index in range(1, len(words)):
        if not may_start(words[index]):
            continue
        name = head_of(words[index])
        found = plain_use(name, words[index : index + _ENOUGH])
        if found.programs or (found.stdin and starts_it and head != "xargs"):
            found = shifted(found, index)
            elsewhere = head in _ELSEWHERE
            return replace(found, head=head, reader="foreign") if elsewhere else found
    return None
