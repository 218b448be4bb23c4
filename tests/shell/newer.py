"""The text of a script -> its constructs that bash 3.2, or macOS, does not have.

What users wrote does not count: here-documents, comments and quoted texts. An expansion
counts wherever it stands.
"""

import re
from collections.abc import Iterator, Mapping

_NAME = r"\$\{!?(\w+|[@*#?$!-])(\[[^]]*\])?"  # the beginning of an expansion
# What each construct looks like, and something that has it.
CONSTRUCTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "attributes of a declaration": (
        r"\b(declare|typeset|local|readonly|export) +(-\w+ +)*-\w*[AIglnuc]",
        (
            "declare -A x",
            "local -n x=y",
            "declare -r -gA x",
            "local -u x",
            "local -I x",
        ),
    ),
    "wait -n": (r"\bwait +-[a-z]", ("wait -n", "wait -p x", "wait -f")),
    "mapfile": (r"\b(mapfile|readarray)\b", ("mapfile -t x <y", "readarray x")),
    "coproc": (r"\bcoproc\b", ("coproc x { y; }",)),
    "case of letters": (
        rf"{_NAME}(,|\^)",
        ("${x,,}", "${x^^}", '"${x[0]^}"', "${1,}", "${@^^}", "${!x,,}"),
    ),
    "operators of expansions": (
        rf"{_NAME}@[A-Za-z]",
        ("${x@Q}", '"${x[@]@A}"', "${@@Q}", "${x@a}"),
    ),
    "a length counted from the end": (
        r"\$\{\w+(\[[^]]*\])?:[^-:=+?{}][^:{}]*: *-",
        ("${x:0:-1}", "${x[@]:1: -1}"),
    ),
    "an index counted from the end": (
        r"\w\[ *-\d",
        ("${x[-1]}", "x[-1]=y", "unset 'x[-1]'", "${#x[-2]}"),
    ),
    "printf of times": (r"%(-?\d+)?\([^)]*\)T", ("printf '%(%s)T' -1", "printf %()T")),
    "printf into an array": (
        r"""printf +-v +["']?\w+\[""",
        ("printf -v a[i] x", 'printf -v "a[1]" x'),
    ),
    "variables": (
        r"\b(EPOCHREALTIME|EPOCHSECONDS|SRANDOM|BASHPID|BASH_ARGV0|BASH_XTRACEFD|BASH_COMPAT|FUNCNEST|READLINE_LINE|CHILD_MAX)\b",
        ("$EPOCHREALTIME", "${EPOCHSECONDS}", "$((SRANDOM))", "$BASHPID"),
    ),
    "read with fractions": (
        r"\bread +[^|;&\n]*-\w*t *[\"']?\d*(\.\d|0\b)",
        ("read -t 0.5 x", "read -r -t .5 x", "read -rt0.1 x", "read -t 0"),
    ),
    "options of read": (
        r"\bread +(-[a-z]+ +)*-[a-z]*[Ni]",
        ("read -N 5 x", "read -r -N 5 x", "read -e -i x y"),
    ),
    "redirections": (r"&>>|\|&", ("x &>>y", "x |& y")),
    "file descriptors with names": (
        r"(^|[\s;])\{\w+\}[<>]",
        ("exec {x}<y", "exec {x}>&-"),
    ),
    "ends of cases": (r";;&|;&", ("case x in x) y ;;& esac", "case x in x) y ;& esac")),
    "options of the shell": (
        r"\bshopt +-\w+ +[^;|&\n]*\b(lastpipe|globstar|inherit_errexit|autocd|checkjobs|dir(spell|expand)|globasciiranges|localvar_\w+|progcomp_alias|assoc_expand_once|patsub_replacement|compat\d+|varredir_close)\b",
        ("shopt -s lastpipe", "shopt -s nullglob globstar", "shopt -s inherit_errexit"),
    ),
    "tests of variables": (
        r"(\[\[?|\btest|!|&&|\|\|) +-[vR] ",
        ("[[ -v x ]]", "[ -v x ]", "test -v x", "[ x ] && test -v y", "[[ ! -v x ]]"),
    ),
    "escapes of characters": (
        r"\$'[^'\n]*(?<!\\)\\[uU]|\bprintf +[^;|&\n]*(?<!\\)\\u",
        ("x=$'\\u00e9'", "printf '\\u00e9'", 'printf -v x "\\u00e9"'),
    ),
    "steps of ranges": (r"\{-?\w+\.\.-?\w+\.\.-?\w+\}", ("{1..9..2}",)),
    "padded ranges": (r"\{0\d+\.\.|\{\d+\.\.0\d+\}", ("{01..10}", "{1..010}")),
    "what macOS has not": (
        r"\btimeout +(-|\d+ )|\b(readlink +-f|sed +-i|date +-d|stat +-c|seq +\d|tac +|realpath +)",
        (
            "timeout 5 x",
            "timeout -k 1 5 x",
            "readlink -f x",
            "sed -i s/x/y/ z",
            "seq 3",
        ),
    ),
}
# Bash 3.2 takes the `)` of a pattern for the end of the substitution around it.
_BARE = re.compile(
    r"(?:^|[;{(|&\n]|\b(?:then|do|else|if|while|until)\b|!)\s*"
    r"case\s+\S[^;]*?\sin\s+(?!\(|esac\b|\s|$)|;;\s*(?!\(|esac\b|\s|$)"
)
_FOUND = {name: re.compile(form) for name, (form, _) in CONSTRUCTS.items()}


def newer(code: str) -> list[str]:
    """What bash 3.2 lacks in the lines `code`: the line, behind the construct's name.
    Behind a test of the version it may stand."""
    return [
        f"{name}: {line.strip()}"
        for line in code.splitlines()
        for name, form in _FOUND.items()
        if form.search(line.partition("BASH_VERSINFO")[0])
    ]


def bare_patterns(script: str) -> list[str]:
    """The substitutions of `script` with a `case` that has a pattern without `(`."""
    reader = _Reader(script)
    for _ in reader.code(""):
        pass
    return [text for text in reader.substitutions if _BARE.search(text)]


def code_of(script: str) -> str:
    """`script` without comments, here-documents and what stands between quotes, but for
    the expansions there, in as many lines."""
    return "".join(_Reader(script).code(""))


class _Reader:
    """A place in the text of a script."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.delimiters: list[str] = []
        self.substitutions: list[str] = []

    def code(self, end: str) -> Iterator[str]:
        """The code up to `end` (`)` of a substitution, `}` of an expansion, or all)."""
        depth = 0
        while self.at < len(self.text):
            rest = self.text[self.at : self.at + 40]
            here, before = rest[0], self.text[self.at - 1 : self.at]
            found = re.match(r"<<'(\w+)'", rest)
            if here == end and not depth:
                self.at += 1
                yield end
                return
            if here == "\\":
                yield self._take(2)
            elif here == "'":
                yield self._single()
            elif rest.startswith("$'"):
                yield self._escaped()
            elif here == '"':
                yield from self._double()
            elif rest.startswith(("${", "$(", "<(", ">(")):
                yield from self._expansion()
            elif here == "#" and end != "}" and (not before or before in " \t\n;("):
                self.at = self._find("\n")
            elif found and end != "}":
                self.delimiters.append(found[1])
                yield self._take(found.end())
            elif here == "\n":
                yield self._line_end()
            else:
                depth += (here == "(") - (here == ")") if end == ")" else 0
                yield self._take(1)

    def _take(self, count: int) -> str:
        taken = self.text[self.at : self.at + count]
        self.at += count
        return taken

    def _find(self, what: str) -> int:
        found = self.text.find(what, self.at)
        return len(self.text) if found < 0 else found

    def _single(self) -> str:
        self.at += 1
        text = self._take(self._find("'") - self.at)
        self.at += 1
        return "''" + "\n" * text.count("\n")

    def _escaped(self) -> str:
        """`$'...'` is never a user's."""
        found = re.compile(r"\$'(?:[^'\\]|\\.)*'", re.DOTALL).match(self.text, self.at)
        assert found is not None
        return self._take(len(found[0]))

    def _expansion(self) -> Iterator[str]:
        opened = self._take(2)
        yield opened
        if opened == "${":
            yield from self.code("}")
        else:
            self.substitutions.append("".join(self.code(")")))
            yield self.substitutions[-1]

    def _double(self) -> Iterator[str]:
        self.at += 1
        yield '"'
        while self.at < len(self.text) and self.text[self.at] != '"':
            if self.text[self.at] == "\\":
                yield "\n" * self._take(2).count("\n")
            elif self.text.startswith(("${", "$("), self.at):
                yield from self._expansion()
            elif self.text[self.at] == "$":
                yield self._take(1)
                name = re.compile(r"\w+|[@*#?$!-]|").match(self.text, self.at)
                assert name is not None
                yield self._take(len(name[0]))
            else:
                yield "\n" * self._take(1).count("\n")
        self.at += 1
        yield '"'

    def _line_end(self) -> str:
        """A line end, and the here-documents that begin behind it."""
        ends = self._take(1)
        for delimiter in self.delimiters:
            end = self.text.find(f"\n{delimiter}\n", self.at - 1)
            end = len(self.text) if end < 0 else end + len(delimiter) + 2
            ends += "\n" * self._take(end - self.at).count("\n")
        self.delimiters = []
        return ends
