"""`repeatPolicy` in all its forms, numbers by value, files and signals of a step."""

import pytest
from forms import findings, said, shown, step, workflow, written

from compiler import ir
from compiler.ir import Match, Repeat, Retry, Template


def repeat(keys: str) -> Repeat | None:
    return step(f"command: b, repeatPolicy: {{{keys}}}").repeat


MODES = {
    "true": ("repeat: true", "while"),
    "while": ("repeat: while, exitCode: 1", "while"),
    "until": ("repeat: until, exitCode: 1", "until"),
    "a condition": ("condition: c", "while"),
    "a condition with a value": ("condition: c, expected: d", "until"),
    "an exit code": ("exitCode: 1", "while"),
    "true with a value": ("repeat: true, condition: c, expected: d", "while"),
    "until a command": ("repeat: until, condition: c", "until"),
}


@pytest.mark.parametrize(("keys", "mode"), MODES.values(), ids=MODES)
def test_while_or_until(keys: str, mode: str) -> None:
    found = repeat(keys)
    assert found is not None
    assert found.mode == mode


def test_all_of_a_repetition() -> None:
    found = repeat(
        "repeat: until, condition: '${a.output} x', expected: 're:y', limit: 3, "
        "intervalSec: 4, backoff: true, maxIntervalSec: 9"
    )
    assert found is not None
    assert isinstance(found.condition, Match)
    assert written(found.condition.value) == "«${a.output}» x"
    assert (found.condition.expected.text, found.condition.expected.regex) == (
        "y",
        True,
    )
    assert (found.limit, found.interval, found.backoff, found.max_interval) == (
        3,
        4,
        2.0,
        9,
    )
    assert found.exit_codes == ()


def test_a_condition_without_a_value_is_a_command() -> None:
    found = repeat("condition: 'test -f x'")
    assert found is not None
    assert isinstance(found.condition, ir.Test)
    assert found.condition.command.source == "test -f x"


def test_least_of_a_repetition() -> None:
    found = repeat("exitCode: [0, 7], limit: 0")
    assert found is not None
    assert (found.exit_codes, found.limit, found.interval) == ((0, 7), None, 0)
    assert (found.backoff, found.max_interval, found.condition) == (1.0, None, None)


ONCE = ["repeat: false", "limit: 3, intervalSec: 1", "repeat: , limit: 2"]


@pytest.mark.parametrize("keys", ONCE)
def test_nothing_to_repeat(keys: str) -> None:
    text = f"steps: [{{name: a, command: b, repeatPolicy: {{{keys}}}}}]"
    assert workflow(text).steps[0].repeat is None
    assert [each.code for each in findings(text)] == ["WFC115"]


def test_numbers_by_value() -> None:
    found = step(
        "command: b, retryPolicy: {limit: '${N}', intervalSec: '`date +%s` '}, "
        "repeatPolicy: {repeat: true, limit: $N, intervalSec: '$<len(N)>'}"
    )
    assert isinstance(found.retry, Retry)
    assert isinstance(found.repeat, Repeat)
    numbers = (
        found.retry.limit,
        found.retry.interval,
        found.repeat.limit,
        found.repeat.interval,
    )
    assert [written(it) for it in numbers if isinstance(it, Template)] == [
        "«${N}»",
        "`date +%s` ",
        "«$N»",
        "len(«N»)",
    ]


def test_files_and_signal_of_a_step() -> None:
    found = step("command: b, stdout: 'log/${X}.txt', stderr: e, signalOnStop: QUIT")
    assert written(found.stdout) == "log/«${X}».txt"
    assert written(found.stderr) == "e"
    assert found.stop_signal == "SIGQUIT"
    assert step("command: b, signalOnStop: SIGUSR1").stop_signal == "SIGUSR1"


# the keys of a step -> code, what stands there, words of the finding
WRONG = {
    "a text": ("repeatPolicy: while", "WFC105", "while", "`repeatPolicy` takes a map"),
    "a slip": (
        "repeatPolicy: {repeat: untill, exitCode: 1}",
        "WFC107",
        "untill",
        "did you mean `until`?",
    ),
    "a number": ("repeatPolicy: {repeat: 3}", "WFC105", "3", "`limit: 3`"),
    "while nothing": (
        "repeatPolicy: {repeat: while}",
        "WFC106",
        "repeat",
        "`repeat: while` without `condition` or `exitCode`",
    ),
    "both": (
        "repeatPolicy: {condition: c, exitCode: 1}",
        "WFC113",
        "exitCode",
        "both say when to repeat",
    ),
    "no, but": (
        "repeatPolicy: {repeat: false, condition: c}",
        "WFC113",
        "repeat",
        "`repeat: false` beside `condition`",
    ),
    "expected alone": (
        "repeatPolicy: {expected: c}",
        "WFC106",
        "expected",
        "`expected` without `condition`",
    ),
    "a null value": (
        "repeatPolicy: {condition: c, expected: }",
        "WFC105",
        "expected",
        "`expected` has no value",
    ),
    "a reference in a pattern": (
        "repeatPolicy: {condition: c, expected: '${X}'}",
        "WFC107",
        "${X}",
        "`expected` takes no references",
    ),
    "limit in words": (
        "repeatPolicy: {repeat: true, limit: often}",
        "WFC105",
        "often",
        "`${N}`",
    ),
    "interval with a unit": (
        "repeatPolicy: {repeat: true, intervalSec: 5m}",
        "WFC105",
        "5m",
        "write seconds: `300`",
    ),
    "of items": (
        "parallel: [x], repeatPolicy: {repeat: true}",
        "WFC113",
        "repeatPolicy",
        "put it into a step of another workflow",
    ),
    "an unknown signal": ("signalOnStop: SIGINTT", "WFC107", "SIGINTT", "`SIGINT`?"),
    "a signal by number": ("signalOnStop: 15", "WFC107", "15", "write its name"),
    "an empty path": ("stdout: ''", "WFC107", "''", "`stdout` is empty"),
}


@pytest.mark.parametrize(("keys", "code", "place", "words"), WRONG.values(), ids=WRONG)
def test_wrong(keys: str, code: str, place: str, words: str) -> None:
    text = f"steps: [{{name: a, command: b, {keys}}}]"
    (found,) = findings(text)
    assert (found.code, shown(text, found)) == (code, place)
    assert words in said(found)
    assert found.help


# the keys of a call -> the key that has no effect
OF_A_CALL = ["stdout: x", "stderr: x", "signalOnStop: INT"]


@pytest.mark.parametrize("keys", OF_A_CALL)
def test_no_effect_on_a_call(keys: str) -> None:
    text = f"steps: [{{name: a, run: b, {keys}}}]"
    (found,) = findings(text)
    assert (found.code, shown(text, found)) == ("WFC115", keys.partition(":")[0])
    (read,) = workflow(text).steps
    assert (read.stdout, read.stderr, read.stop_signal) == (None, None, None)


def test_a_call_can_be_repeated() -> None:
    found = step("run: b, repeatPolicy: {repeat: true}")
    assert found.repeat is not None
