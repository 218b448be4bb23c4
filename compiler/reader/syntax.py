"""What the YAML parser says about bad syntax, turned into our own words."""

import re
from typing import Any

from compiler.diagnostics import Diagnostic
from compiler.source import Source

_TAB = "YAML indents with spaces only"
_QUOTE = "put the text in quotes if it is meant as text"
_EXPRESSION = (
    "a `$<…>` that holds `: `, ` #` or brackets needs quotes in YAML: `'$<…>'`"
)

_LAST = "characters end at `\\U0010FFFF`"

# Half of a surrogate pair, behind the `\u` that libyaml points at.
_HALF = re.compile(r"[dD][89a-fA-F][0-9a-fA-F]{2}")
# `$<` in a value that does not begin with a quote.
_BARE_EXPRESSION = re.compile(r"\s*+(?:-\s+)*+(?:[^'\"#:]+:\s+)?+(?!['\"#]).*\$<")
_KEY = re.compile(r"(?: |- )*+([A-Za-z_][A-Za-z0-9_-]*+)(?=:)")
_DENSE_KEY = re.compile(r"(?: |- )*+[A-Za-z_][A-Za-z0-9_-]*+:[^\s:]\S*")
# What libyaml or PyYAML says (a regular expression) -> message, help.
_SLIPS = (
    (
        r"mapping values are not allowed",
        "a `:` cannot stand here",
        "a text that holds `: ` needs quotes; or the line before is not complete",
    ),
    (
        r"sequence entries are not allowed",
        "a list item `- ` cannot stand here",
        f"begin the list on a line of its own; {_QUOTE}",
    ),
    (
        r"could not find expected ':'",
        "a key without `:`",
        "write `key: value`; a text over several lines begins with `|` or needs quotes",
    ),
    (r"tab character", "a tab in the indentation", _TAB),
    (
        r"unknown escape|expected escape|hexdecimal|hexadecimal",
        "an unknown escape in a text in double quotes",
        'write `\\\\` for a backslash, or use single quotes: `"` reads escapes',
    ),
    (
        r"alphabetic or numeric character|after a?n? ?(anchor|alias)|URI escaped",
        "a text cannot begin with this character",
        f"`*`, `&` and `!` have a meaning in YAML: {_QUOTE}",
    ),
    (
        r"comment or (a )?line break|chomping or indentation|indentation indicator",
        "a text behind `|` or `>` begins on the next line",
        f"move it to the next line, further indented; {_QUOTE}",
    ),
    (
        r"',' or '\]'",
        "a `[` without its `]`",
        f"separate the items by `,` and close the list; {_QUOTE}",
    ),
    (
        r"',' or '\}'",
        "a `{` without its `}`",
        f"separate the entries by `,` and close the map; {_QUOTE}",
    ),
    (
        r"expected key|'-' indicator|<block end>",
        "this line does not fit the lines above it",
        "indent the keys of one map, and the items of one list, equally far; "
        "behind a closing quote nothing may follow",
    ),
    (
        r"node content",
        "a value is missing here",
        f"an opened `[` or `{{` is not closed, or a `,` is one too many; {_QUOTE}",
    ),
    (
        r"tag handle|scanning a tag|parsing a tag",
        "an unknown tag",
        "YAML tags (`!…`) have no meaning here: " + _QUOTE,
    ),
    (
        r"directive|document start|incompatible",
        "a line outside the document",
        "a file is one map of `key: value` lines; a text that begins with `%` needs quotes",
    ),
)


def syntax_error(source: Source, error: Any) -> Diagnostic:
    """WFC101 for an error of the parser: `error` is its MarkedYAMLError."""
    problem = str(error.problem or "")
    mark = error.problem_mark or error.context_mark
    index = min(mark.index if mark is not None else 0, len(source.text))
    context = error.context_mark
    if "quoted scalar" in str(error.context) and re.search(
        r"end of stream|document (indicator|separator)", problem
    ):
        return _diagnostic(
            source,
            context.index if context is not None else index,
            "a quote that is never closed",
            "close the text with the same quote, or take the quote away",
        )
    if context is not None and re.search(
        "scanning an? (alias|anchor)", str(error.context)
    ):
        index = context.index  # at the `*` or `&`, which is what is wrong
    message, advice = _words(source, problem, index)
    if _has_bare_expression(source, index):
        advice = _EXPRESSION
    begin = context.index if context is not None else index
    return _diagnostic(source, index, message, advice, begin)


def bad_escape(source: Source) -> Diagnostic:
    """WFC101 for an escape such as `\\UFFFFFFFF`: the first one that is no character."""
    found = re.search(r"\\U(?!000|0010)", source.text)
    index = 0 if found is None else found.start()
    return _diagnostic(
        source,
        index,
        "an escape that stands for no character",
        _LAST,
    )


def _words(source: Source, problem: str, index: int) -> tuple[str, str]:
    character = source.text[index : index + 1]
    if "mapping values" in problem:
        advice = _why_no_mapping(source, index)
        if advice:
            return "a `:` cannot stand here", advice
    if "alphabetic or numeric" in problem and character in ("*", "&"):
        return (
            f"a text cannot begin with `{character}`",
            f"`*`, `&` and `!` have a meaning in YAML: {_QUOTE}",
        )
    if "cannot start any token" in problem:
        if character == "\t":
            return "a tab in the indentation", _TAB
        return f"a text cannot begin with `{character}`", _QUOTE
    if "Unicode character escape" in problem:
        half = _HALF.match(source.text, index)
        if half is not None:
            message = "an escape that stands for half of a character only"
            written = f"`\\u{half[0]}`"
            return (
                message,
                f"{written} needs its other half; or write the character itself",
            )
        return "an escape that stands for no character", _LAST
    for pattern, message, advice in _SLIPS:
        if re.search(pattern, problem):
            return message, advice
    return "this is not YAML", f"check the lines above; {_QUOTE}"


def _why_no_mapping(source: Source, index: int) -> str:
    """What is wrong with the line above the `:` at `index`, if that is plain to see."""
    start = source.text.rfind("\n", 0, index) + 1
    above = source.text[:start].rstrip().rpartition("\n")[2]
    key = _KEY.match(above)
    if _DENSE_KEY.fullmatch(above):
        word = above.strip().removeprefix("- ").partition(":")[0]
        return f"in the line above a space is missing behind `{word}:`"
    here = _KEY.match(source.text, start)
    if key is None or here is None or here.end() != index:
        return ""
    further = here.start(1) - start - key.start(1)
    if further > 0 and above[key.end() + 1 :].strip():
        return (
            "this line is indented further than the key above it; the keys of one map "
            "begin in one column"
        )
    return ""


def _has_bare_expression(source: Source, index: int) -> bool:
    """Whether a `$<` without quotes stands before `index` in its line."""
    start = source.text.rfind("\n", 0, index) + 1
    line = source.text[start : min(index + 1, start + 1000)]
    return _BARE_EXPRESSION.match(line) is not None


def _diagnostic(
    source: Source, index: int, message: str, advice: str, begin: int | None = None
) -> Diagnostic:
    """`begin` is where the text that could not be read began."""
    here = source.span(index, index + 1)
    start = here if begin is None else source.span(begin, begin + 1)
    return Diagnostic(
        code="WFC101",
        message=message,
        span=here,
        label="the YAML cannot be read from here on",
        help=advice,
        others=() if start.line == here.line else ((start, "it begins here"),),
    )
