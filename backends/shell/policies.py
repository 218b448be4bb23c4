"""Turns what holds for a step (conditions, retries, what is allowed) into words and lines."""

from typing import assert_never

from backends.shell.quote import bare, word
from backends.shell.script import Emission, exported
from backends.shell.values import Values
from compiler.ir import (
    Condition,
    ContinueOn,
    Match,
    Pattern,
    Repeat,
    Retry,
    Step,
    Template,
    Test,
    repeat_exports,
)
from compiler.regex.engines import to_ere
from compiler.regex.syntax import Problem, parse
from compiler.source import Span


def attribute(name: str, words: list[str]) -> list[str]:
    return [f"{name}={bare(' '.join(words))}"] if words else []


_LONGEST = 315360000  # seconds: ten years
_BY_VALUE = "@"  # a number that is valued when the step starts


def retry(script: Emission, retry: Retry) -> list[str]:
    script.used.parts |= {"retry", "timer"}
    words = [f"retry={_number(script, retry.limit)}"]
    words += attribute("pauses", _pauses(script, retry, retry.limit, 0))
    return words + attribute("retry_on", [str(code) for code in retry.exit_codes])


def repeat(
    script: Emission, step: Step, rule: Repeat, name: str, handler: bool
) -> list[str]:
    """What makes a step run again; fills in the function of its condition."""
    parts = script.used.parts
    parts |= {"repeat", "retry", "timer"}
    words = [f"repeat={rule.mode}"]
    if rule.limit is not None:
        words.append(f"times={_number(script, rule.limit)}")
    words += attribute("waits", _pauses(script, rule, rule.limit, 1))
    words += attribute("repeat_on", [str(code) for code in rule.exit_codes])
    if rule.condition is not None:
        parts.add("ask")
        words.append(f"again=again_{name}")
        values = script.values(step, lenient=handler)
        exports = repeat_exports(step)
        if exports != step.exports:
            parts.add("uses")
            uses = [exported(values, each) for each in exports]
            text = " ".join(each for each in uses if each)
            values.lines.append(f"wfc_uses={word(text)}")
        own(values, step)
        script.define(f"again_{name}", tests(script, values, (rule.condition,)))
    return words


def _number(script: Emission, number: int | Template) -> str:
    if isinstance(number, int):
        return str(number)
    script.used.parts.add("numbers")
    return _BY_VALUE


def _pauses(
    script: Emission, rule: Retry | Repeat, limit: int | Template | None, first: int
) -> list[str]:
    """The seconds before each further try; the last ones hold for all that follow. By
    value: what they are computed from."""
    if not isinstance(rule.interval, int):
        script.used.parts.add("numbers")
        most = _LONGEST if rule.max_interval is None else rule.max_interval
        return [_BY_VALUE, f"{rule.backoff:.17g}", str(min(most, _LONGEST))]
    pauses: list[str] = []
    count = limit if isinstance(limit, int) else 400
    for attempt in range(first, first + min(count, 400)):
        try:
            pause = rule.interval * rule.backoff**attempt
        except OverflowError:
            pause = float("inf") if rule.interval else 0.0
        if rule.max_interval is not None:
            pause = min(pause, rule.max_interval)
        pauses.append(f"{min(pause, _LONGEST):.10g}")
    while len(pauses) > 1 and pauses[-1] == pauses[-2]:
        pauses.pop()
    return pauses


def numbers(values: Values, step: Step) -> list[str]:
    """Lines that value the numbers of the policies, when the step starts."""
    found: list[tuple[str, str, int | Template | None]] = []
    if step.retry is not None:
        found.append(("retry", "retryPolicy.limit", step.retry.limit))
        found.append(("pause", "retryPolicy.intervalSec", step.retry.interval))
    if step.repeat is not None:
        found.append(("times", "repeatPolicy.limit", step.repeat.limit))
        found.append(("wait", "repeatPolicy.intervalSec", step.repeat.interval))
    outer, values.lines = values.lines, []
    for name, key, number in found:
        if isinstance(number, Template):
            text = values.text(number)
            values.lines.append(f"wfc_number {name} {key} {text}")
    lines, values.lines = values.lines, outer
    if not lines:
        return []
    known = '[ -e "$wfc_run/steps/$wfc_folder/.numbers" ]'
    first = f"! {known}" if "resume" in values.used.parts else "((wfc_try == 1))"
    values.lines.append(f"if {first}; then")
    values.lines += [f"  {line}" for line in (*lines, "wfc_number all '' 1")]
    values.lines.append("fi")
    return ["by_value"]


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
    if workflow.directory is not None:
        values.lines.append("wfc_into")
    values.lines.append(f"wfc_name={word(workflow.name)}")
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
