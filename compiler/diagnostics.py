"""What can be wrong with a file: one table of codes, and the finding that carries one.

The text of a finding stands where its check stands. `message` says what is wrong,
`label` what stands at that place, `help` what to do: lower case, no full stop, the
user's own words in backticks. Each code has a page in `grammar/errors/`.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from compiler.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass

Severity = Literal["error", "warning", "note"]

# code -> (name of the bad thing, severity). Codes are never renumbered or used again.
CODES: dict[str, tuple[str, Severity]] = {
    # 1xx: the file and its shape
    "WFC101": ("yaml-syntax", "error"),
    "WFC102": ("duplicate-key", "error"),
    "WFC103": ("unknown-key", "error"),
    "WFC104": ("not-supported-yet", "error"),
    "WFC105": ("wrong-type", "error"),
    "WFC106": ("missing-key", "error"),
    "WFC107": ("invalid-value", "error"),
    "WFC108": ("yaml-limits", "error"),
    "WFC109": ("recursive-anchor", "error"),
    "WFC110": ("no-workflow", "error"),
    "WFC111": ("unreadable-file", "error"),
    "WFC112": ("yaml-1.1-reading", "note"),
    "WFC113": ("conflicting-keys", "error"),
    "WFC114": ("long-name", "note"),
    "WFC115": ("ineffective-key", "note"),
    "WFC116": ("refused-key", "error"),
    "WFC117": ("left-out-key", "warning"),
    # 2xx: the graph, its names, and other workflows
    "WFC201": ("unknown-step", "error"),
    "WFC202": ("dependency-cycle", "error"),
    "WFC203": ("duplicate-step", "error"),
    "WFC204": ("unknown-name", "error"),
    "WFC205": ("missing-edge", "error"),
    "WFC206": ("name-clash", "note"),
    "WFC207": ("undeclared-name", "note"),
    "WFC208": ("definition-cycle", "error"),
    "WFC209": ("ineffective-limit", "note"),
    "WFC210": ("reserved-name", "error"),
    "WFC211": ("late-continue-on", "warning"),
    "WFC212": ("unknown-param", "error"),
    "WFC213": ("duplicate-definition", "error"),
    "WFC214": ("unknown-argument", "warning"),
    "WFC215": ("unknown-workflow", "error"),
    "WFC216": ("call-cycle", "error"),
    "WFC217": ("broken-workflow", "error"),
    "WFC218": ("no-candidates", "error"),
    "WFC219": ("left-out-candidate", "warning"),
    "WFC220": ("duplicate-workflow", "error"),
    "WFC221": ("ineffective-in-a-call", "note"),
    "WFC222": ("unlisted-file", "note"),
    "WFC223": ("bad-param", "error"),
    "WFC224": ("version-dependent", "note"),
    # 3xx: references and expressions
    "WFC301": ("expression-syntax", "error"),
    "WFC302": ("expression-type", "error"),
    "WFC303": ("reference-in-program", "error"),
    "WFC304": ("reference-in-filter", "warning"),
    "WFC305": ("unclosed-reference", "error"),
    "WFC306": ("pattern-syntax", "error"),
    "WFC307": ("literal-command-substitution", "note"),
    # 4xx: the target
    "WFC401": ("unsupported-by-target", "error"),
    "WFC402": ("lossy-on-target", "warning"),
    "WFC403": ("foreign-file", "error"),
    "WFC404": ("unwritable-file", "error"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding. `others` are further places, each with what stands there."""

    code: str
    message: str
    span: Span
    label: str = ""
    help: str = ""
    others: tuple[tuple[Span, str], ...] = ()

    @property
    def name(self) -> str:
        return CODES[self.code][0]

    @property
    def severity(self) -> Severity:
        return CODES[self.code][1]


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(each.severity == "error" for each in diagnostics)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` is most likely a slip of, or None.

    >>> nearest("comand", ["command", "depends"])
    'command'
    >>> nearest("zzz", ["command", "depends"])
    """
    import difflib  # only when something is wrong

    known = list(known)
    if len(known) > _LONG_LIST:
        names = set(known)
        return next((slip for slip in _slips(word) if slip in names), None)
    folded = {name.lower().replace("_", ""): name for name in reversed(known)}
    same = folded.get(word.lower().replace("_", ""))
    if same is not None:
        return same
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return close[0] if close else None


# With more names than that, thousands of errors would take minutes.
_LONG_LIST = 300
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"


def _slips(name: str) -> Iterator[str]:
    """What differs from `name` by two letters that changed places, or by one letter.

    >>> "step-7" in _slips("stpe-7"), "step-7" in _slips("step-89")
    (True, False)
    """
    cuts = [(name[:at], name[at:]) for at in range(len(name) + 1)]
    yield from (head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if tail[1:])
    yield from (head + tail[1:] for head, tail in cuts if tail)
    for letter in _LETTERS:
        yield from (head + letter + tail[1:] for head, tail in cuts if tail)
        yield from (head + letter + tail for head, tail in cuts)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """The `help` text for an unknown word: the nearest known one, else the list.

    >>> did_you_mean("x", [])
    ''
    """
    known = list(known)
    found = nearest(word, known)
    if found is not None:
        return f"did you mean `{found}`?"
    if not known:
        return otherwise
    return otherwise or ("known are: " + ", ".join(f"`{name}`" for name in known))
