"""`command`, `script`, `run` and `parallel` of a step into its one body."""

from compiler.ir import (
    DEFAULT_SHELL,
    Arguments,
    Body,
    Call,
    Command,
    LeafBody,
    Script,
    ShellText,
    Template,
)
from compiler.reader.keys import SERVICE
from compiler.reader.nodes import ListNode, ScalarNode, locator
from compiler.reader.references import (
    shell_text,
)
from compiler.reader.shape import (
    Field,
    Fields,
    Reading,
    scalar,
)
from compiler.shelltext.shells import is_shell, shebang
from compiler.source import Span


def body(reading: Reading, known: Fields, span: Span) -> Body:
    """The one body of a step; an empty command where there is none that can be read."""
    found = _one_run(reading, known, span)
    parallel = known.get("parallel")
    if parallel is None:
        if "parallel" in known.empty and known.complete:
            _note_no_items(reading, known.empty["parallel"])
        return found
    from compiler.reader.fan_out import fan_out  # which few steps need

    return fan_out(reading, parallel, found)


def _note_no_items(reading: Reading, key: ScalarNode) -> None:
    reading.report(
        "WFC115",
        f"`{key.text}` has no effect: it has no value",
        key,
        "the step runs once, as if it were absent",
        f"list items below it; `{key.text}: []` is a list without any",
    )


def _one_run(reading: Reading, known: Fields, span: Span) -> LeafBody | Call:
    """What runs once, or once for each item."""
    if not SERVICE.isdisjoint(known.by_name):
        from compiler.reader.services import service  # which few steps need

        served = service(reading, known, span)
        if served is not None:
            return served
    command, script, run = (known.get(name) for name in ("command", "script", "run"))
    found: LeafBody | Call | None = None
    shell = _shell(reading, known.get("shell"))
    direct = known.get("exec")
    if direct is not None:
        found = _execution(reading, direct, known)
    elif run is not None:
        found = _call(reading, run, known)
    elif script is not None:
        found = _script(reading, script, command, shell)
    elif command is not None:
        found = _command(reading, command, shell)
    if run is None and known.complete:
        _without_run(reading, known, span)
    return found or Command(text=ShellText(source="", span=span))


def _shell(reading: Reading, field: Field | None) -> tuple[Field, list[str]] | None:
    if field is None:
        return None
    from compiler.reader.shells import shell_words

    return shell_words(reading, field)


def _execution(reading: Reading, direct: Field, known: Fields) -> Arguments | None:
    from compiler.reader.argv import execution

    others = [known.get(each) for each in ("command", "script", "run", "shell")]
    _refuse_beside(reading, direct.key, others)
    return execution(reading, direct)


def _refuse_beside(
    reading: Reading, key: ScalarNode, others: list[Field | None]
) -> None:
    """WFC113 for `key` where one of `others` stands beside it."""
    given = [each.key for each in others if each is not None]
    if given:
        reading.report(
            "WFC113",
            f"`{key.text}` beside `{given[0].text}`",
            key,
            "a step runs one thing",
            "take one of them out",
            tuple((reading.span(each), "and this") for each in given),
        )


def _call(reading: Reading, run: Field, known: Fields) -> Call | None:
    from compiler.reader.call import call

    _refuse_beside(reading, run.key, [known.get("command"), known.get("script")])
    return call(reading, run, known)


def _without_run(reading: Reading, known: Fields, span: Span) -> None:
    """Says what is missing, or has no meaning, in a step that calls nothing."""
    for name in ("params", "candidates"):
        field = known.get(name)
        if field is not None:
            return reading.report(
                "WFC113",
                f"`{name}` without `run`",
                field.key,
                "says how a workflow is called, but none is",
                "write `run: WORKFLOW`, or take it out",
            )
    if not any(map(known.get, ("command", "script", "exec"))):
        reading.report(
            "WFC106",
            "a step without `command`, `script` or `run`",
            span,
            "nothing to run",
            "write `command: TEXT`",
        )


def _command(
    reading: Reading, field: Field, shell: tuple[Field, list[str]] | None
) -> LeafBody | None:
    node = field.value
    if isinstance(node, ListNode):
        if shell is not None:
            reading.report(
                "WFC113",
                "`shell` beside a `command` that is a list",
                shell[0].key,
                "no shell reads a list",
                "take `shell` out, or write `command` as one text",
                ((reading.span(field.key), "the list"),),
            )
        from compiler.reader.argv import arguments

        return arguments(reading, node)
    found = scalar(reading, node, "command", "a text or a list of words", False)
    if found is None:
        return None
    words = shell[1] if shell else reading.shell.words if reading.shell else None
    if words is None:
        return Command(text=shell_text(reading, found))
    return Command(text=_program_text(reading, found, words), shell=tuple(words))


def _program_text(reading: Reading, node: ScalarNode, words: list[str]) -> ShellText:
    """The text of a command or script for the interpreter `words`."""
    if is_shell(words):
        return shell_text(reading, node)
    from compiler.reader.programs import foreign, language

    return foreign(reading, node, language(words))


def _script(
    reading: Reading,
    field: Field,
    command: Field | None,
    shell: tuple[Field, list[str]] | None,
) -> Script | None:
    if command is not None and shell is not None:
        reading.report(
            "WFC113",
            "`shell` and `command` beside `script`",
            shell[0].key,
            "both name the script's interpreter",
            "take one of them out",
            ((reading.span(command.key), "and this"),),
        )
    found = scalar(reading, field.value, "script", "a text", False)
    if found is None:
        return None
    named = command or (None if shell is None else shell[0])
    if named is not None and shebang(found.text):
        _note_shebang(reading, found, named)
    words = shebang(found.text)
    interpreter: tuple[Template, ...] = ()
    if command is not None:
        from compiler.reader.argv import interpreter as interpreter_of

        interpreter = interpreter_of(reading, command.value)
        words = [
            "".join(part for part in word.parts if isinstance(part, str))
            for word in interpreter
        ]
    elif shell is not None:
        words = shell[1]
        interpreter = _fixed(words, reading.span(shell[0].value))
    elif not words:
        default = reading.shell
        words = list(DEFAULT_SHELL) if default is None else default.words
        span = reading.span(field.key) if default is None else default.span
        interpreter = _fixed(words, span)
    return Script(text=_program_text(reading, found, words), interpreter=interpreter)


def _note_shebang(reading: Reading, script: ScalarNode, named: Field) -> None:
    line = script.text.partition("\n")[0]
    reading.report(
        "WFC115",
        f"the script's `#!` line has no effect: `{named.key.text}` names its interpreter",
        locator(reading.source, script)(0, len(line)),
        "a comment here",
        f"take it out, or take `{named.key.text}` out",
        ((reading.span(named.key), "this one counts"),),
    )


def _fixed(words: list[str], span: Span) -> tuple[Template, ...]:
    return tuple(Template(parts=(word,), span=span) for word in words)
