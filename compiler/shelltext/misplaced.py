"""A reference in a program that would read its value as code -> the finding (R4)."""

from typing import Literal

from compiler.diagnostics import Diagnostic
from compiler.ir import Expression, Reference, ShellReference

_ENVIRONMENT = {
    "python": 'os.environ["{}"]',
    "pypy": 'os.environ["{}"]',
    "node": "process.env.{}",
    "nodejs": "process.env.{}",
    "perl": "$ENV{{{}}}",
    "ruby": 'ENV["{}"]',
    "php": 'getenv("{}")',
}
# What bash itself reads anew: names with their subscripts, prompts, values of arrays.
_CHOOSE_A_NAME = "choose among known names with `case`"
_GIVE_ELEMENTS = 'give an array its elements in parentheses: `name=("$X")`'
_EVALUATED = {
    **dict.fromkeys(["${!}", "@P"], _CHOOSE_A_NAME),
    **dict.fromkeys(["declare", "local", "typeset", "unset"], _CHOOSE_A_NAME),
    **dict.fromkeys(["printf", "read", "test", "[", "[[", "wait"], _CHOOSE_A_NAME),
    **dict.fromkeys(["declare -a", "local -a", "typeset -a"], _GIVE_ELEMENTS),
    **dict.fromkeys(["export -a", "readonly -a"], _GIVE_ELEMENTS),
}
_FILTER_HELP = {
    "jq": "pass it as a variable: `jq --arg name VALUE`, and `$name` in the program",
    "sed": "what sed finds special in it acts as code: pass it to awk as an environment variable",
}


def misplaced(reference: ShellReference) -> Diagnostic | None:
    """What is wrong with a reference that is ours in a program text (R4), if anything."""
    if reference.place == "filter" or reference.place == "foreign":
        return in_program(reference.expression, reference.place, reference.program)
    return None


def in_program(
    expression: Expression, place: Literal["foreign", "filter"], head: str
) -> Diagnostic:
    """WFC303 where another program would read the value as code, WFC304 in awk, sed, jq."""
    shown = expression.text if isinstance(expression, Reference) else "$<...>"
    if place == "filter":
        return Diagnostic(
            code="WFC304",
            message=f"`{shown}` becomes part of a program for `{head}`",
            span=expression.span,
            label=f"`{head}` reads the value as code",
            help=_FILTER_HELP.get(
                head,
                f"pass it as a variable: `{head} -v name=VALUE`, and `name` in the program",
            ),
        )
    if head in _EVALUATED:
        return Diagnostic(
            code="WFC303",
            message=f"bash would evaluate what `{shown}` holds",
            span=expression.span,
            label="the value becomes code",
            help=_EVALUATED[head],
        )
    return Diagnostic(
        code="WFC303",
        message=f"`{shown}` becomes part of a program for `{head}`",
        span=expression.span,
        label=f"`{head}` reads the value as code",
        help=_foreign_help(expression, head),
    )


def _is_name(expression: Reference) -> bool:
    return expression.text in (f"${expression.name}", f"${{{expression.name}}}")


def _foreign_help(expression: Expression, head: str) -> str:
    if head == "ssh":
        return "send it through standard input, or quote it with `printf %q`"
    form = _ENVIRONMENT.get(head)
    if form is None:
        return "read the environment variable, or pass an argument"
    if isinstance(expression, Reference) and _is_name(expression):
        variable = form.format(expression.name)
        return f"read the environment variable: `{variable}`, or pass an argument"
    return f"set a variable in `env` and read it: `{form.format('NAME')}`"
