"""Turns what holds for a step (conditions, retries, what is allowed) into words and lines."""

from typing import assert_never

from backends.shell.quote import bare, word
from backends.shell.script import Emission, exported
from backends.shell.values import Values
from compiler.ir import Condition, ContinueOn, Match, Pattern, Retry, Step, Test
from compiler.regex.engines import to_ere
from compiler.regex.syntax import Problem, parse
from compiler.source import Span


def attribute(name: str, words: list[str]) -> list[str]:
    return [f"{name}={bare(' '.join(words))}"] if words else []


def retry(script: Emission, retry: Retry) -> list[str]:
    script.used.parts |= {"retry", "timer"}
    assert isinstance(retry.limit, int)
    assert isinstance(retry.interval, int)
    pauses: list[str] = []
    for attempt in range(min(retry.limit, 400)):
        try:
            pause = retry.interval * retry.backoff**attempt
        except OverflowError:
            pause = float("inf") if retry.interval else 0.0
        if retry.max_interval is not None:
            pause = min(pause, retry.max_interval)
        pauses.append(f"{min(pause, 315360000.0):.10g}")
    while len(pauses) > 1 and pauses[-1] == pauses[-2]:
        pauses.pop()
    words = [f"retry={retry.limit}", *attribute("pauses", pauses)]
    return words + attribute("retry_on", [str(code) for code in retry.exit_codes])


def continue_on(
    script: Emission, rule: ContinueOn, name: str, silent: bool
) -> list[str]:
    """`silent`: the step itself prints nothing that a pattern could be in."""
    parts = script.used.parts
    printing = bool(rule.output) and not silent
    if not (rule.failure or rule.exit_codes or printing):
        return []
    parts.add("continue")
    codes = ["failure"] if rule.failure else []
    words = attribute("continue_on", codes + [str(it) for it in rule.exit_codes])
    if rule.mark_success:
        words.append("mark_success")
    if printing and not rule.failure:
        words.append(f"printed=printed_{name}")
        parts.add("printed")
        tests = [_printed(script, pattern) for pattern in rule.output]
        body = " || ".join(tests)
        script.script.functions.append(
            f"printed_{name}() {{ {body}; }}  # {script.at(rule.span)}"
        )
    return words


def _printed(script: Emission, pattern: Pattern) -> str:
    if pattern.regex:
        script.used.parts.add("prints-re")
        return f'wfc_fits {word(_ere(pattern))} <"$wfc_files.out"'
    script.used.parts.add("prints")
    return f"wfc_prints {word(pattern.text)}"


def _ere(pattern: Pattern) -> str:
    node = parse(pattern.text)
    assert not isinstance(node, Problem)  # a checked program
    return to_ere(node)


def own(values: Values, step: Step) -> None:
    """Lines that value the step's own env, entry by entry."""
    for variable in step.env:
        values.used.parts.add("own")
        text = values.text(variable.value)
        values.lines.append(f"wfc_own {variable.name} {text}")


def conditions(
    script: Emission,
    step: Step,
    given: tuple[Condition, ...],
    function: str,
    handler: bool,
) -> None:
    """The function that ends with 0 when all of the `given` conditions are met."""
    script.used.parts.add("when")
    values = script.values(step, lenient=handler)
    own(values, step)
    script.define(function, tests(script, values, given))


def gate(script: Emission) -> str:
    """The function that ends with 0 when the workflow's own conditions are met."""
    values = script.values(None)
    workflow, parts = script.workflow, script.used.parts
    exports = [exported(values, each) for each in workflow.exports]
    uses = " ".join(each for each in exports if each)
    if uses:
        parts.add("uses")
        values.lines.append(f"wfc_uses={word(uses)}")
    if any(isinstance(it, Match) and it.expected.regex for it in workflow.conditions):
        values.lines.append("wfc_locale")
    name = f"begins_{script.prefix.removesuffix('.')}" if script.prefix else "begins"
    script.define(name, tests(script, values, workflow.conditions))
    return name


def tests(script: Emission, values: Values, given: tuple[Condition, ...]) -> list[str]:
    """The lines that end with 1 as soon as one of `given` is not met."""
    parts = script.used.parts
    for condition in given:
        match condition:
            case Test(command=command, negate=negate):
                parts.add("test")
                text = values.shell_text(command)
                test = f"wfc_test {word(text)}"
                before = len(values.lines)
                values.lines.append(_must(test, negate, condition.span, script))
                if "wfc_bind" in "".join(values.lines[:before]):
                    values.lines.append("wfc_bound=''")
                for name in ("wfc_integers", "wfc_inner"):
                    if any(
                        line.startswith(f"{name}=") for line in values.lines[:before]
                    ):
                        values.lines.append(f"{name}=''")
            case Match(value=template, expected=expected, negate=negate):
                value = values.text(template)
                if expected.regex:
                    parts.add("fits")
                    test = f"wfc_fits {word(_ere(expected))} <<<{value}"
                elif "\n" in expected.text:
                    test = "false"
                else:
                    parts.add("lines")
                    test = f"wfc_is_line {value} {word(expected.text)}"
                values.lines.append(_must(test, negate, condition.span, script))
            case _:
                assert_never(condition)
    return values.lines


def _must(test: str, negate: bool, span: Span, script: Emission) -> str:
    stop = f"if {'' if negate else '! '}{test}; then exit 1; fi"
    return f"{stop}  # {script.at(span)}" if "\n" not in stop else stop
