"""What the reader makes of each form: the IR has one way to say each thing."""

import pytest
from forms import said, step, workflow, written

from compiler import ir
from compiler.ir import Arguments, Command, Pattern, Script, Step
from compiler.reader import read
from compiler.reader.workflow import file_stem
from compiler.source import Source, Span

# ---- params and env

PARAMS = {
    "words": ("one two", [("1", "one"), ("2", "two")]),
    "double quotes": ('"a \\"b\\" c" K="d e"', [("1", 'a "b" c'), ("K", "d e")]),
    "single quotes are none": ("'a b'", [("1", "'a"), ("2", "b'")]),
    "mixed": ("one K=v two", [("1", "one"), ("K", "v"), ("2", "two")]),
    "equals in a value": ("K=a=b", [("K", "a=b")]),
    "backticks": ("D=`date +%s` E", [("D", "`date +%s`"), ("1", "E")]),
    "several lines": ("\n  A=1\n  B=2\n", [("A", "1"), ("B", "2")]),
    "references": ("A=${B:-c} $D", [("A", "«${B:-c}»"), ("1", "«$D»")]),
    "positional": ("a B=$1 C=$2", [("1", "a"), ("B", "«$1»"), ("C", "$2")]),
    "backticks in a word": ("A=x`date`y", [("A", "x`date`y")]),
    "escaped backtick": ("a\\`b", [("1", "a\\`b")]),
    "backticks in quotes": ('A="x `date +%F`"', [("A", "x `date +%F`")]),
    "only equals behind": ("A=== B", [("A", "=="), ("1", "B")]),
    "empty quotes": ('"" A=""', [("1", ""), ("A", "")]),
    "empty": ("", []),
}


@pytest.mark.parametrize(("text", "expected"), PARAMS.values(), ids=PARAMS)
def test_params_as_text(text: str, expected: list[tuple[str, str]]) -> None:
    body = "".join(f"  {line}\n" for line in text.split("\n"))
    found = workflow(f"params: |\n{body}")
    assert [(each.name, written(each.default)) for each in found.params] == expected


VALUES = {
    "text": ("abc", "abc"),
    "number as written": ("1.10", "1.10"),
    "zeros": ("0755", "0755"),
    "hexadecimal": ("0x1F", "0x1F"),
    "exponent": ("1e3", "1e3"),
    "date": ("2024-01-01", "2024-01-01"),
    "base 60": ("1:30", "1:30"),
    "yes": ("yes", "yes"),
    "true as written": ("True", "True"),
    "null": ("null", ""),
    "tilde": ("~", ""),
    "nothing": ("", ""),
    "quoted null": ("'null'", "null"),
    "text by a tag": ("!!str null", "null"),
    "reference": ("a ${B} $C", "a «${B}» «$C»"),
    "escaped reference": ("a $${B}", "a ${B}"),
    "list": ("[1, 2.50, yes, true, null, 'a b']", '[1,2.5,"yes",true,null,"a b"]'),
    "whole float": ("[1.0, 1e3, 0o17, 0x1F, -0]", "[1,1000,15,31,0]"),
    "map": ("{b: {c: [ä]}, a: {}}", '{"b":{"c":["ä"]},"a":{}}'),
    "quotes in a list": ("['\"']", '["\\""]'),
    "reference in a list": ("['x${A}', b]", '[toJSON(x«${A}»),"b"]'),
    "escape in a list": ("['$${A}']", '["${A}"]'),
}


@pytest.mark.parametrize(("value", "expected"), VALUES.values(), ids=VALUES)
def test_value_of_a_param(value: str, expected: str) -> None:
    found = workflow(f"params:\n  - P: {value}\nenv:\n  - E: {value}\n")
    assert written(found.params[0].default) == expected
    assert written(found.env[0].value) == expected


FORMS = {
    "map": ("{A: 1, B: 2}", ["A", "B"]),
    "list of maps": ("[{A: 1}, {B: 2, C: 3}]", ["A", "B", "C"]),
    "list of texts": ("[A=1, B=2]", ["A", "B"]),
    "list of both": ("[{A: 1}, B=2]", ["A", "B"]),
    "nothing": ("", []),
    "empty list": ("[]", []),
}


@pytest.mark.parametrize(("form", "names"), FORMS.values(), ids=FORMS)
def test_forms_of_params_and_env(form: str, names: list[str]) -> None:
    found = workflow(f"params: {form}\nenv: {form}\n")
    assert [each.name for each in found.params] == names
    assert [each.name for each in found.env] == names


def test_each_text_of_a_list_is_read_as_the_text_form() -> None:
    found = workflow("params: [one, 'A=1 B=\"2 3\"', 4]")
    values = [(each.name, written(each.default)) for each in found.params]
    assert values == [("1", "one"), ("A", "1"), ("B", "2 3"), ("2", "4")]


def test_an_assignment_is_taken_as_it_stands() -> None:
    found = workflow("env: ['A=\"b\" c=$1']")
    assert written(found.env[0].value) == '"b" c=$1'


# ---- bodies


def interpreter(found: Step) -> list[str | None]:
    assert isinstance(found.body, Script)
    return [written(word) for word in found.body.interpreter]


INTERPRETERS = {
    "none": ("script: echo", ["bash", "-e"]),
    "shebang": ('script: "#!/bin/sh -u\\necho"', []),
    "shell": ("script: echo, shell: bash -euo pipefail", ["bash", "-euo", "pipefail"]),
    "shell before shebang": ('script: "#!/bin/sh\\necho", shell: dash', ["dash"]),
    "command": ("script: x, command: python3 -u", ["python3", "-u"]),
    "quotes": (
        "script: x, command: \"py -c 'a b' c\\\\ d\"",
        ["py", "-c", "a b", "c d"],
    ),
    "quotes in quotes": (
        'script: x, command: \'py "a \\$b \\" \\c" \\$b\'',
        ["py", 'a $b " \\c', "$b"],
    ),
    "reference": ("script: x, command: '${PY:-py 3} -u'", ["«${PY:-py 3}»", "-u"]),
    "escaped reference": ("script: x, command: 'py \\${A}'", ["py", "${A}"]),
    "list": ("script: x, command: [py, 'a b']", ["py", "a b"]),
}


@pytest.mark.parametrize(("keys", "words"), INTERPRETERS.values(), ids=INTERPRETERS)
def test_interpreter(keys: str, words: list[str]) -> None:
    assert interpreter(step(keys)) == words


SHELLS = {
    "bash -e": True,
    "/bin/sh": True,
    "/usr/bin/env bash -e": True,
    "env -S A=b zsh": True,
    "dash": True,
    "mksh": True,
    "python3": False,
    "/usr/bin/env python3": False,
    "env": False,
    "fish": False,
    "bashful": False,
}


@pytest.mark.parametrize(("line", "shell"), SHELLS.items(), ids=SHELLS)
def test_references_outside_shells_are_misplaced(line: str, shell: bool) -> None:
    for keys in (
        f'script: "#!{line}\\necho ${{X}}"',
        f'script: "echo ${{X}}", command: {line}',
        f'script: "echo ${{X}}", shell: {line}',
        f'command: "echo ${{X}}", shell: {line}',
    ):
        body = step(keys).body
        assert not isinstance(body, Arguments)
        (reference,) = body.text.references
        assert (reference.place == "foreign") is not shell, keys


def test_command() -> None:
    assert step("command: echo").body == Command(
        text=ir.ShellText(source="echo", span=_span(28, 4))
    )
    body = step("command: echo, shell: bash -u").body
    assert isinstance(body, Command)
    assert body.shell == ("bash", "-u")
    body = step("command: [echo, '${X} y', 1.10, `z`]".replace("`z`", "'`z`'")).body
    assert isinstance(body, Arguments)
    assert [written(word) for word in body.words] == ["echo", "«${X}» y", "1.10", "`z`"]
    assert all(isinstance(part, str) for part in body.words[3].parts)


def _span(column: int, length: int) -> Span:
    return Span(file="w.yaml", line=1, column=column, length=length)


# ---- the other keys


def test_workflow_level() -> None:
    found = workflow(
        "tags: ' A, b ,, C '\ntype: graph\nmaxActiveSteps: 0\ntimeoutSec: '7'\n"
        "handlerOn: {exit: {command: e}, abort: {command: c}, failure: {script: f}}"
    )
    assert found.tags == ("a", "b", "c")
    assert (found.type, found.max_active_steps, found.timeout) == ("graph", None, 7)
    assert [each.name for each in found.handlers] == ["failure", "cancel", "exit"]


STEMS = {
    "etl.yaml": "etl",
    "a/b/night run.v2.yml": "night-run.v2",
    "c:\\jobs\\x.yaml": "x",
    "ä.yaml": "workflow",
    ".yaml": "yaml",
    "-": "workflow",
    "<stdin>": "stdin",
    "..": "workflow",
    "a" * 300: "a" * 200,
}


@pytest.mark.parametrize(("path", "name"), STEMS.items())
def test_name_of_the_file(path: str, name: str) -> None:
    assert file_stem(path) == name
    assert workflow("steps:", path).name == name


def test_depends() -> None:
    assert step("command: b").depends is None
    assert step("command: b, depends: ").depends is None
    assert step("command: b, depends: []").depends == ()
    for form in ("c", "[c]"):
        depends = step(f"command: b, depends: {form}").depends
        assert [each.step for each in depends or ()] == ["c"]


def test_steps_as_a_map_keep_their_order() -> None:
    found = workflow("steps: {z: {command: b}, a: {command: c}, 1: {command: d}}")
    assert [each.name for each in found.steps] == ["z", "a", "1"]


def test_conditions() -> None:
    found = step(
        "command: b, preconditions: [test -f x, {command: y, negate: true}, "
        "{condition: z}, {condition: '`date` ${X}', expected: 're:^a'}]"
    ).conditions
    assert [type(each) for each in found] == [ir.Test, ir.Test, ir.Test, ir.Match]
    assert [each.negate for each in found] == [False, True, False, False]
    match = found[3]
    assert isinstance(match, ir.Match)
    assert written(match.value) == "`date` «${X}»"
    assert (match.expected.text, match.expected.regex) == ("^a", True)


def patterns(found: tuple[Pattern, ...]) -> list[tuple[str, bool]]:
    return [(each.text, each.regex) for each in found]


def test_continue_on() -> None:
    for word in ("failed", "failure", "{failed: true}", "{failure: true}"):
        found = step(f"command: b, continueOn: {word}").continue_on
        assert found is not None
        assert (found.failure, found.skipped) == (True, False)
    found = step("command: b, continueOn: skipped").continue_on
    assert found is not None
    assert (found.failure, found.skipped) == (False, True)
    found = step(
        "command: b, continueOn: {exitCode: [1, '2'], output: [a, 're:b'], "
        "markSuccess: true}"
    ).continue_on
    assert found is not None
    assert found.exit_codes == (1, 2)
    assert patterns(found.output) == [("a", False), ("b", True)]
    assert found.mark_success


RETRIES = {
    "least": ("", ir.Retry(limit=3, interval=5)),
    "backoff true": (", backoff: true", ir.Retry(limit=3, interval=5, backoff=2.0)),
    "backoff false": (", backoff: false", ir.Retry(limit=3, interval=5)),
    "backoff number": (", backoff: 1.5", ir.Retry(limit=3, interval=5, backoff=1.5)),
    "longest": (
        ", maxIntervalSec: 60",
        ir.Retry(limit=3, interval=5, max_interval=60),
    ),
    "no longest": (", maxIntervalSec: 0", ir.Retry(limit=3, interval=5)),
    "code": (", exitCode: 7", ir.Retry(limit=3, interval=5, exit_codes=(7,))),
    "codes": (
        ", exitCode: [7, 0x1F]",
        ir.Retry(limit=3, interval=5, exit_codes=(7, 31)),
    ),
}


@pytest.mark.parametrize(("keys", "expected"), RETRIES.values(), ids=RETRIES)
def test_retry(keys: str, expected: ir.Retry) -> None:
    policy = f"{{limit: '3', intervalSec: 5{keys}}}"
    assert step(f"command: b, retryPolicy: {policy}").retry == expected


def test_small_keys() -> None:
    found = step("command: b, output: $X, id: i-1, timeout_sec: 0, description: 1.10")
    assert (found.output, found.id, found.timeout) == ("X", "i-1", None)
    assert found.description == "1.10"
    assert written(step("command: b, dir: '${D}/`x`'").directory) == "«${D}»/`x`"


# ---- findings

FINDINGS = {
    "hexadecimal without an end": (
        f"params: {{A: [0x{'f' * 100_000}]}}",
        "WFC107",
        "put it in quotes",
    ),
    "factor without an end": (
        "steps: [{name: a, command: b, retryPolicy: "
        f"{{limit: 1, intervalSec: 1, backoff: 0x{'f' * 1000}}}}}]",
        "WFC107",
        "out of range",
    ),
    "open quote in params": ("params: 'one \"two'", "WFC107", "never closed"),
    "open quote behind a name": ("params: 'A=\"two'", "WFC107", "never closed"),
    "open quote in a word": ("params: 'A=b\"two'", "WFC107", "never closed"),
    "quote within a word": ("params: 'A=b\"c d\"'", "WFC107", "the whole value"),
    "word behind a quote": ("params: '\"c d\"e'", "WFC107", "the whole value"),
    "no value": ("params: 'A= =3'", "WFC107", 'write `A=""`'),
    "no value at the end": ("params: [A=]", "WFC107", 'write `A=""`'),
    "no name": ("params: 'A =3'", "WFC107", "`NAME=value`"),
    "open backtick": ("params: 'A=`date'", "WFC107", "never closed"),
    "backticks within a word": ("params: 'A=x`date +%F`'", "WFC107", "double quotes"),
    "word behind a backtick": ("params: 'A=`date +%F`x'", "WFC107", "the whole value"),
    "slip": ("nmae: a", "WFC103", "did you mean `name`?"),
    "other case": ("Name: a", "WFC103", "did you mean `name`?"),
    "far off": ("zzz: a", "WFC103", "known are: `name`"),
    "unsupported": ("compose: x", "WFC104", "`compose` is not supported yet"),
    "unsupported, Dagu 2": ("event_handlers: x", "WFC104", "`event_handlers`"),
    "unsupported at a step": (
        "steps: [{name: a, emits: b}]",
        "WFC104",
        "`emits` is not supported yet",
    ),
    "unsupported, and why": (
        "compose: x",
        "WFC104",
        "wfc knows it, but does not translate it yet",
    ),
    "seconds as text": (
        "steps: [{name: a, command: b, timeoutSec: soon}]",
        "WFC105",
        "write seconds, as in `60`",
    ),
    "seconds with a unit": ("timeout_sec: 5m", "WFC105", "write seconds: `300`"),
    "a fraction of a second": (
        "steps: [{name: a, command: b, retryPolicy: {limit: 1, intervalSec: 1.5}}]",
        "WFC105",
        "this is no whole number write seconds, as in `60`",
    ),
    "a fraction of a limit": ("maxActiveSteps: 1.5", "WFC105", "no whole number"),
    "depends on nothing": (
        "steps: [{name: a, command: b, depends: ''}]",
        "WFC107",
        "write `depends: []` to wait for nothing",
    ),
    "handler": (
        "handlerOn: {exit: {command: a, depends: b}}",
        "WFC103",
        "when all steps have ended",
    ),
    "yes": (
        "steps: [{name: a, command: b, continueOn: {failure: yes}}]",
        "WFC105",
        "write `true`",
    ),
    "zeros": ("timeoutSec: 0755", "WFC105", "0o17"),
    "null expected": (
        "steps: [{name: a, command: b, preconditions: {condition: a, expected: }}]",
        "WFC105",
        '""',
    ),
    "long name": ("name: " + "a" * 41, "WFC114", "41"),
    "long step": (f"steps: [{{name: {'a' * 41}, command: b}}]", "WFC114", "41"),
    "reserved": ("params: {RANDOM: 1}", "WFC210", "bash's own"),
    "ours": ("env: {wfc_x: 1}", "WFC210", "wfc's own"),
    "expression as a key": (
        "steps: [{name: a, command: b, preconditions: [$<C ? 1 : 2>]}]",
        "WFC103",
        "needs quotes",
    ),
    "text that is a map": (
        "steps:\n  - name: a\n    command:\n      - echo a: b\n",
        "WFC105",
        "holds `: ` needs quotes",
    ),
    "text that is a list": (
        "steps: [{name: a, command: b, preconditions: [{condition: [ -f x ]}]}]",
        "WFC105",
        "begins with `[` needs quotes",
    ),
    "expression cut by a comment": (
        "env:\n  A: $<b == 1 #> 2\n",
        "WFC305",
        "needs quotes",
    ),
    "expression that lacks its end": (
        "env:\n  - A: x\n  - B: $<b # c\n",
        "WFC305",
        "close it with `>`",
    ),
    "expression that lacks a bracket": (
        "env:\n  - A: x\n  - B: $<len(b> c\n",
        "WFC305",
        "close it with `)`",
    ),
    "expression cut by a list": (
        "env:\n  - A: x\n  - B: [$<len(b), c>]\n",
        "WFC305",
        "needs quotes",
    ),
}


@pytest.mark.parametrize(("text", "code", "words"), FINDINGS.values(), ids=FINDINGS)
def test_findings(text: str, code: str, words: str) -> None:
    found = [each for each in read(Source("w.yaml", text))[1] if each.code == code]
    assert len(found) == 1
    assert words in said(found[0])


OLD = {
    "yes": "`true` or `false`",
    "Off": "`true` or `false`",
    "0755": "a number",
    "1:30": "a number",
    "1_000": "a number",
    "0b11": "a number",
    "2024-01-01": "a date",
    "2024-01-01 10:00:00": "a date",
    "'yes'": None,
    "10": None,
    "1.10": None,
    "true": None,
    "abc": None,
    "0o17": None,
    "1e3": None,
    "!!str yes": None,
}


@pytest.mark.parametrize(("value", "seen"), OLD.items(), ids=OLD)
def test_note_on_yaml_1_1(value: str, seen: str | None) -> None:
    text = (
        f"params:\n  - A: {value}\nsteps:\n  - name: a\n    command: [b, {value}]\n"
        f"    preconditions: {{condition: c, expected: {value}}}\n"
    )
    found = [each for each in read(Source("w.yaml", text))[1] if each.code == "WFC112"]
    assert len(found) == (0 if seen is None else 3)
    assert all(seen in each.label for each in found if seen is not None)


def test_no_note_where_yaml_1_1_makes_no_difference() -> None:
    text = "description: yes\nsteps: [{name: on, command: no, depends: off}]"
    assert [each.code for each in read(Source("w.yaml", text))[1]] == []


def test_a_file_with_errors_is_read_as_far_as_it_goes() -> None:
    (found,), findings = read(
        Source(
            "w.yaml",
            "params: {a-b: 1, C: 2}\nsteps:\n  - name: one\n    emits: x\n  - command: c\n"
            "  - name: three\n    command: {}\n    depends: [one, []]\n  - text\n",
        )
    )
    assert [each.name for each in found.params] == ["C"]
    assert [each.name for each in found.steps] == [
        "one",
        "cmd_2",
        "three",
        "cmd_4",
    ]
    assert [each.step for each in found.steps[2].depends or ()] == ["one"]
    codes = sorted(each.code for each in findings)
    assert codes == ["WFC104", "WFC105", "WFC105", "WFC107"]


def test_one_mistake_gives_one_finding() -> None:
    for text in (
        "steps: [{name: a, comand: b}]",
        "steps: [{name: a, exec: b}]",
        "steps: [{nmae: a, command: b}]",
        "steps: [{name: a, command: b, retryPolicy: {limit: 1, interval: 1}}]",
        "steps: [{name: a, command: b, preconditions: {conditon: c}}]",
    ):
        assert len(read(Source("w.yaml", text))[1]) == 1, text
