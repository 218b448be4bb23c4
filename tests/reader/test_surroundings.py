"""What stands around the steps: documents, schedules, queues, secrets and files."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from forms import findings, said, shown, workflow, written
from hypothesis import given
from hypothesis import strategies as st

from compiler import ir
from compiler.ir import Cron, Schedule, Workflow
from compiler.reader import read
from compiler.source import Source

# ---- documents


def names(text: str) -> list[str]:
    return [each.name for each in read(Source("jobs/main.yaml", text))[0]]


DOCUMENTS = {
    "one": ("steps: []", ["main"]),
    "one behind a mark": ("---\nsteps: []\n...\n", ["main"]),
    "two": ("steps: []\n---\nname: b\nsteps: []", ["main", "b"]),
    "two with names": ("name: a\n---\nname: b", ["a", "b"]),
    "one without steps": ("name: a\nsteps: []\n---\nname: b\n", ["a", "b"]),
    "empty ones": ("---\n---\nname: a\n---\n# no\n---\nname: b\n---\n", ["a", "b"]),
    "null and a tilde": ("null\n---\nname: a\n---\n~\n", ["a"]),
    "the first is empty": ("---\n# no\n---\nsteps: []\n---\nname: b\n", ["main", "b"]),
    "JSON": ('{"name": "a"}', ["a"]),
    "JSON in several": ('{"name": "a"}\n---\n{"name": "b"}\n', ["a", "b"]),
    "a directive": (
        "%YAML 1.2\n---\nname: a\n...\n%YAML 1.2\n---\nname: b",
        ["a", "b"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents(text: str, expected: list[str]) -> None:
    assert names(text) == expected
    assert [each for each in findings(text) if each.severity == "error"] == []


def test_the_key_of_a_document_is_its_file_and_its_name() -> None:
    found, _ = read(Source("jobs/main.yaml", "steps: []\n---\nname: b\n"))
    assert [each.key for each in found] == ["jobs/main.yaml#main", "jobs/main.yaml#b"]


def test_anchors_end_with_their_document() -> None:
    text = "name: a\nenv: &e {A: b}\n---\nname: b\nenv: *e\n"
    (found,) = findings(text)
    assert (found.code, found.span.line, found.span.column) == ("WFC101", 5, 6)


# text -> code, line, what stands there, words of the finding
WRONG_DOCUMENTS = {
    "no name": ("name: a\n---\nsteps: []", "WFC106", 3, "steps", "document 2"),
    "null name": ("name: a\n---\nname:\nsteps:", "WFC106", 3, "name", "`name`"),
    "slip in a name": ("name: a\n---\nnane: b", "WFC103", 3, "nane", "`name`?"),
    "bad name": ("name: a\n---\nname: b c", "WFC107", 3, "b c", "letters"),
    "one name": ("name: a\n---\nname: a", "WFC220", 3, "a", "two documents"),
    "name of the file": ("steps:\n---\nname: w", "WFC220", 3, "w", "named `w`"),
    "list": ("name: a\n---\n- b", "WFC110", 3, "- b", "document 2 of `w.yaml`"),
    "text": ("name: a\n---\nb", "WFC110", 3, "b", "this is text"),
    "empty map": ("name: a\n---\n{}", "WFC110", 3, "{}", "an empty map"),
    "first is a list": ("- a\n---\nname: b", "WFC110", 1, "- a", "document 1"),
    "cannot be read": ("name: a\n---\nb: [", "WFC101", 3, "", "is not closed"),
}


@pytest.mark.parametrize(
    ("text", "code", "line", "place", "words"),
    WRONG_DOCUMENTS.values(),
    ids=WRONG_DOCUMENTS,
)
def test_wrong_documents(
    text: str, code: str, line: int, place: str, words: str
) -> None:
    (found,) = findings(text)
    assert (found.code, found.span.line) == (code, line)
    assert shown(text, found) == place
    assert words in said(found)
    assert found.help


def test_both_places_of_one_name() -> None:
    (found,) = findings("name: a\n---\nname: b\n---\nname: a\n")
    assert [(span.line, span.column) for span, _ in found.others] == [(1, 7)]


def test_what_is_read_of_a_file_with_errors() -> None:
    text = "name: a\n---\n- b\n---\nname: a\n---\nsteps: []\n---\nname: e f\n"
    assert names(text) == ["a", "document-4", "document-5"]
    assert len(findings(text)) == 4


def test_a_thousand_documents() -> None:
    text = "".join(f"---\nname: d{n}\nsteps: []\n" for n in range(1000))
    assert names(text) == [f"d{n}" for n in range(1000)]
    assert findings(text) == ()
    assert len(findings("---\nsteps: []\n" * 1000)) == 999


# ---- schedules


def crons(found: tuple[Cron, ...]) -> list[tuple[str | None, str]]:
    return [(each.zone, each.fields) for each in found]


TIMES = {
    "any": ("* * * * *", None, "* * * * *"),
    "numbers": ("0 6 1 12 7", None, "0 6 1 12 7"),
    "zeros in front": ("05 06 01 09 00", None, "05 06 01 09 00"),
    "bounds": ("0-59 0-23 1-31 1-12 0-7", None, "0-59 0-23 1-31 1-12 0-7"),
    "lists": ("0,30 6,18 1,15 1,7 1,3,5", None, "0,30 6,18 1,15 1,7 1,3,5"),
    "steps": ("*/5 8-18/2 */2 */3 1-5/2", None, "*/5 8-18/2 */2 */3 1-5/2"),
    "names": ("0 0 * JAN-MAR,dec Mon-fri", None, "0 0 * JAN-MAR,dec Mon-fri"),
    "start and step": (
        "5/10 1/2 1/5 JAN/3 1/2",
        None,
        "5-59/10 1-23/2 1-31/5 JAN-12/3 1-6/2",
    ),
    "Sunday and step": ("0 0 * * 7/2", None, "0 0 * * 7-7/2"),
    "a range of one": ("5-5 * * * *", None, "5-5 * * * *"),
    "spaces": ("  0   6 \t* * *\n", None, "0 6 * * *"),
    "zone": ("CRON_TZ=Europe/Paris 0 6 * * *", "Europe/Paris", "0 6 * * *"),
    "short zone": ("TZ=UTC  0 6 * * *", "UTC", "0 6 * * *"),
    "zone with a sign": ("TZ=Etc/GMT+1 0 6 * * *", "Etc/GMT+1", "0 6 * * *"),
    "long zone": (
        "CRON_TZ=America/Argentina/Buenos_Aires 0 6 * * *",
        "America/Argentina/Buenos_Aires",
        "0 6 * * *",
    ),
}


@pytest.mark.parametrize(("text", "zone", "fields"), TIMES.values(), ids=TIMES)
def test_times(text: str, zone: str | None, fields: str) -> None:
    found = workflow(f"schedule: {json.dumps(text)}").schedule
    assert found is not None
    assert crons(found.start) == [(zone, fields)]


A, B, C = "0 1 * * *", "0 2 * * *", "0 3 * * *"
SCHEDULES: dict[str, tuple[str, tuple[list[str], list[str], list[str]] | None]] = {
    "text": (f"{A}", ([A], [], [])),
    "list": (f"[{A}, {B}]", ([A, B], [], [])),
    "start": (f"{{start: {A}}}", ([A], [], [])),
    "all": (
        f"{{start: [{A}, {B}], stop: {C}, restart: [{B}]}}",
        ([A, B], [C], [B]),
    ),
    "null stop": (f"{{start: {A}, stop: }}", ([A], [], [])),
    "empty list": ("[]", None),
    "empty list of a start": ("{start: []}", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("form", "expected"), SCHEDULES.values(), ids=SCHEDULES)
def test_schedules(form: str, expected: tuple[list[str], ...] | None) -> None:
    found = workflow(f"schedule: {form}").schedule
    if found is None:
        assert expected is None
        return
    times = (found.start, found.stop, found.restart)
    assert tuple([each.fields for each in some] for some in times) == expected


# text -> what stands at the place, words of the finding
WRONG_TIMES = {
    "minute": ("60 * * * *", "60", "`60` is no minute the minute is 0 to 59"),
    "hour": ("* 24 * * *", "24", "the hour is 0 to 23"),
    "day of 0": ("* * 0 * *", "0", "the day is 1 to 31"),
    "day": ("* * 32 * *", "32", "the day is 1 to 31"),
    "month": ("* * * 13 *", "13", "the month is 1 to 12, JAN to DEC"),
    "weekday": ("* * * * 8", "8", "the weekday is 0 to 7, SUN to SAT"),
    "negative": ("-1 * * * *", "-", "the minute is incomplete"),
    "in a list": ("1,2,61,3 * * * *", "61", "no minute"),
    "in a range": ("* 1-25 * * *", "25", "no hour"),
    "start of a range": ("* 24-23 * * *", "24", "no hour"),
    "base of a step": ("* * * * 9/2", "9", "no weekday"),
    "other name": ("* * * Mai *", "Mai", "no month"),
    "whole name": ("* * * * MONDAY", "MONDAY", "no weekday"),
    "name of the other field": ("* * * MON *", "MON", "no month"),
    "backwards": ("* 22-2 * * *", "22-2", "write two parts: `22-23,0-2`"),
    "backwards to the least": ("* * 20-1 * *", "20-1", "`20-31,1`"),
    "backwards to Sunday": ("* * * * FRI-SUN", "FRI-SUN", "write `FRI-7`"),
    "backwards, weekdays": ("* * * * sat-mon", "sat-mon", "`sat-7,0-mon`"),
    "backwards with a step": ("9-5/2 * * * *", "9-5", "runs backwards"),
    "step of 0": ("*/0 * * * *", "0", "`0` is no step of the minute"),
    "step of nothing": ("* */ * * *", " ", "no step of the hour"),
    "step of a word": ("*/x * * * *", "x", "`*/5` for every fifth minute"),
    "two steps": ("*/5/2 * * * *", "5/2", "no step"),
    "star in a range": ("*-5 * * * *", "*", "`*` is no minute"),
    "two ranges": ("1-2-3 * * * *", "2-3", "no minute"),
    "hole": ("1,,2 * * * *", ",", "incomplete"),
    "question mark": ("* * ? * *", "?", "write `*`"),
    "last day": ("* * L * *", "L", "no day"),
    "reference": ("${M} * * * *", "${M}", "takes no references"),
    "long number": ("1" * 5000 + " * * * *", "1" * 5000, "no minute"),
    "other digits": ("² * * * *", "²", "no minute"),
    "daily": ("@daily", "@daily", "write `0 0 * * *`"),
    "hourly": (" @Hourly ", "@Hourly", "write `0 * * * *`"),
    "reboot": ("@reboot", "@reboot", "no names of times"),
    "every": ("@every 5m", "@every 5m", "`*/5 * * * *`"),
    "four fields": ("0 6 * *", "0 6 * *", "4 fields"),
    "six fields": ("0 0 6 * * *", "0 0 6 * * *", "no seconds"),
    "one field": ("daily", "daily", "one field"),
    "zone alone": ("CRON_TZ=UTC", "C", "no fields"),
    "fields behind a zone": ("TZ=UTC 0 6", "0 6", "2 fields"),
    "no zone": ("TZ= 0 6 * * *", "TZ= ", "no time zone"),
    "bad zone": ("TZ=../x 0 6 * * *", "../x", "`../x` is no time zone"),
}


@pytest.mark.parametrize(
    ("text", "place", "words"), WRONG_TIMES.values(), ids=WRONG_TIMES
)
@pytest.mark.parametrize(
    "form", ["schedule: '{}'", "schedule:\n  stop:\n    - '{}'"], ids=["text", "list"]
)
def test_wrong_times(text: str, place: str, words: str, form: str) -> None:
    source = form.format(text)
    (found,) = findings(source)
    assert found.code == "WFC107"
    assert shown(source, found).startswith(place) or words == "no fields"
    assert words in said(found)


def test_all_wrong_fields_are_found_at_once() -> None:
    found = findings("schedule: ['60 24 * * 8', 0 0 0 0 0]")
    assert [each.span.column for each in found] == [13, 16, 23, 31, 33]


@given(st.text("*/,-0157 MONJAN@?LTZ=\t\n", max_size=30))
def test_any_text_is_a_schedule_or_not(text: str) -> None:
    (found,), said_of_it = read(
        Source("w.yaml", json.dumps({"schedule": text, "name": "a"}))
    )
    assert (found.schedule is None) is bool(said_of_it)
    if found.schedule is not None:
        (cron,) = found.schedule.start
        again = workflow(f"schedule: '{cron.fields}'").schedule
        assert isinstance(again, Schedule)
        assert again.start[0].fields == cron.fields


# ---- queues, limits, secrets, files

VALUES: dict[str, tuple[str, Callable[[Workflow], Any], object]] = {
    "queue": ("queue: heavy jobs", lambda w: w.queue, "heavy jobs"),
    "queue of a number": ("queue: 1.10", lambda w: w.queue, "1.10"),
    "queue with signs": ("queue: 'a/b: <c> $d'", lambda w: w.queue, "a/b: <c> $d"),
    "longest queue": (f"queue: {'q' * 200}", lambda w: w.queue, "q" * 200),
    "no queue": ("queue: ", lambda w: w.queue, None),
    "queues": (
        "queues: {a b: 2, 1: '3', $d: 0x10}",
        lambda w: [(each.name, each.size) for each in w.queues],
        [("a b", 2), ("1", 3), ("$d", 16)],
    ),
    "no queues": ("queues: {}", lambda w: w.queues, ()),
    "runs": ("maxActiveRuns: 2", lambda w: w.max_active_runs, 2),
    "runs of 0": ("max_active_runs: 0", lambda w: w.max_active_runs, None),
    "runs of -1": ("maxActiveRuns: -1", lambda w: w.max_active_runs, None),
    "delay": ("delaySec: 3", lambda w: w.delay, 3),
    "delay of 0": ("delay_sec: 0", lambda w: w.delay, None),
    "isolated": ("workspace: isolated", lambda w: w.workspace, "isolated"),
    "shared": ("workspace: shared", lambda w: w.workspace, "shared"),
    "no workspace": ("workspace:", lambda w: w.workspace, "shared"),
    "file": ("files: run.sh", lambda w: [f.pattern for f in w.files], ["run.sh"]),
    "files": (
        "files: [./a b.sh, '././data/**', c..d, '[x]?.py', e/]",
        lambda w: [each.pattern for each in w.files],
        ["a b.sh", "data/**", "c..d", "[x]?.py", "e/"],
    ),
    "secrets": (
        "secrets:\n  - {name: A, provider: env}\n"
        "  - {name: B, provider: env, key: HOST_B}\n"
        "  - {name: C, provider: file, key: /run/secrets/c d}\n"
        "  - {name: D, provider: file, key: }\n",
        lambda w: [(each.name, each.provider, each.key) for each in w.secrets],
        [
            ("A", "env", "A"),
            ("B", "env", "HOST_B"),
            ("C", "file", "/run/secrets/c d"),
            ("D", "file", "D"),
        ],
    ),
    "queue of a step": (
        "steps: [{name: a, command: b, queue: light}]",
        lambda w: w.steps[0].queue,
        "light",
    ),
}


@pytest.mark.parametrize(("text", "get", "expected"), VALUES.values(), ids=VALUES)
def test_values(text: str, get: Callable[[Workflow], Any], expected: object) -> None:
    assert get(workflow(text)) == expected


FINDINGS = {
    "queue of nothing": ("queue: ' '", "WFC107", "' '", "one line of 1 to 200"),
    "queue of two lines": ('queue: "a\\nb"', "WFC107", '"a\\nb"', "one line"),
    "long queue": (f"queue: {'q' * 201}", "WFC107", "q" * 201, "200 characters"),
    "queue with a reference": ("queue: a${X}", "WFC107", "${X}", "no references"),
    "queue as a list": ("queue: [a]", "WFC105", "[a]", "`queue` takes"),
    "queues as a list": ("queues: [a]", "WFC105", "[a]", "sizes by name"),
    "size of 0": ("queues: {a: 0}", "WFC107", "0", "`a` takes a whole number from 1"),
    "no size": ("queues: {a: }", "WFC105", "", "there is no value"),
    "size as a word": ("queues: {a: two}", "WFC105", "two", "a whole number"),
    "size of no name": ("queues: {'': 1}", "WFC107", "''", "name of a queue"),
    "runs below": ("maxActiveRuns: -2", "WFC107", "-2", "write at least -1"),
    "runs as a word": ("maxActiveRuns: two", "WFC105", "two", "a whole number"),
    "delay with a unit": ("delaySec: 3s", "WFC105", "3s", "write seconds"),
    "workspace": ("workspace: sharde", "WFC107", "sharde", "did you mean `shared`?"),
    "workspace as a list": ("workspace: [a]", "WFC105", "[a]", "or `isolated`"),
    "schedule of nothing": ("schedule: ''", "WFC107", "''", "`schedule` is empty"),
    "schedule as an empty map": ("schedule: {}", "WFC106", "schedule", "`start: TEXT`"),
    "schedule as an empty list": ("schedule: []", "WFC115", "schedule", "is empty"),
    "start as an empty list": ("schedule: {start: []}", "WFC115", "start", "is empty"),
    "other key of a schedule": ("schedule: {end: x}", "WFC103", "end", "`start`"),
    "list in a schedule": ("schedule: [[a]]", "WFC105", "[a]", "`schedule` takes"),
    "secrets as a map": ("secrets: {A: env}", "WFC105", "{A: env}", "- {name: X"),
    "secret as text": ("secrets: [A]", "WFC105", "A", "- {name: X"),
    "no name": (
        "secrets: [{provider: env}]",
        "WFC106",
        "{provider: env}",
        "without `name`",
    ),
    "no provider": ("secrets: [{name: A}]", "WFC106", "{name: A}", "`provider: env`"),
    "unknown provider": (
        "secrets: [{name: A, provider: vault}]",
        "WFC107",
        "vault",
        "known are: `env`, `file`",
    ),
    "slip in a provider": (
        "secrets: [{name: A, provider: files}]",
        "WFC107",
        "files",
        "did you mean `file`?",
    ),
    "reserved name": (
        "secrets: [{name: WFC_X, provider: env}]",
        "WFC210",
        "WFC_X",
        "wfc's own",
    ),
    "bad name": ("secrets: [{name: a-b, provider: env}]", "WFC107", "a-b", "a secret"),
    "default": (
        "secrets: [{name: A, provider: env, default: b}]",
        "WFC103",
        "default",
        "has no default",
    ),
    "value": (
        "secrets: [{name: A, provider: env, value: b}]",
        "WFC103",
        "value",
        "in a secret",
    ),
    "options": (
        "secrets: [{name: A, provider: env, options: {}}]",
        "WFC116",
        "options",
        "`env` and `file` have none",
    ),
    "empty key": (
        "secrets: [{name: A, provider: file, key: ''}]",
        "WFC107",
        "''",
        "`key` is empty",
    ),
    "bad variable": (
        "secrets: [{name: A, provider: env, key: b-c}]",
        "WFC107",
        "b-c",
        "environment variable",
    ),
    "reference in a key": (
        "secrets: [{name: A, provider: file, key: '/run/${X}'}]",
        "WFC107",
        "${X}",
        "takes no references",
    ),
    "absolute file": ("files: /etc/x", "WFC107", "/etc/x", "leaves the folder"),
    "file above": ("files: [a, ../b]", "WFC107", "../b", "leaves the folder"),
    "file above, within": ("files: [a/../b]", "WFC107", "a/../b", "leaves the folder"),
    "folder": ("files: ./", "WFC107", "./", "write `**`"),
    "reference in a file": ("files: ['${X}.py']", "WFC107", "${X}", "no references"),
    "files as a map": ("files: {a: b}", "WFC105", "{a: b}", "a text or a list"),
    "queue of a handler": (
        "handlerOn: {exit: {command: a, queue: b}}",
        "WFC103",
        "queue",
        "waits for no queue",
    ),
}


@pytest.mark.parametrize(
    ("text", "code", "place", "words"), FINDINGS.values(), ids=FINDINGS
)
def test_findings(text: str, code: str, place: str, words: str) -> None:
    (found,) = findings(text)
    assert found.code == code
    assert shown(text, found) == place or place == ""
    assert words in said(found)


# ---- conditions, folders, history, sizes


def test_all_around_the_steps() -> None:
    found = workflow("""
group: nightly
preconditions:
  - test -d data
  - {condition: "${MODE}", expected: full, negate: true}
dotenv: [.env, config/.env]
workingDir: data/${MODE}
logDir: logs
histRetentionDays: 7
histRetentionRuns: "3"
maxOutputSize: 2048
maxCleanUpTimeSec: 0
skipIfSuccessful: true
restartWaitSec: 4
schedule: {start: 0 6 * * *, restart: 0 7 * * *}
params: [MODE: full]
""")
    assert found.group == "nightly"
    one, other = found.conditions
    assert isinstance(one, ir.Test)
    assert isinstance(other, ir.Match)
    assert (one.command.source, other.expected.text, other.negate) == (
        "test -d data",
        "full",
        True,
    )
    assert [each.path for each in found.dotenv] == [".env", "config/.env"]
    assert written(found.directory) == "data/«${MODE}»"
    assert written(found.log_directory) == "logs"
    assert (found.history_days, found.history_runs) == (7, 3)
    assert (found.max_output, found.grace) == (2048, 0)
    assert found.schedule is not None
    assert found.schedule.skip_if_successful
    assert found.schedule.restart_wait == 4


def test_nothing_around_the_steps() -> None:
    found = workflow("steps: []")
    assert (found.group, found.conditions, found.dotenv) == ("", (), ())
    assert (found.directory, found.log_directory, found.grace) == (None, None, None)
    assert (found.history_days, found.history_runs, found.max_output) == (
        None,
        None,
        None,
    )


def test_history_for_ever() -> None:
    assert workflow("histRetentionDays: -1").history_days is None
    assert workflow("histRetentionDays: 0").history_days == 0


def test_places_of_what_stands_around() -> None:
    text = "histRetentionDays: 1\nmaxOutputSize: 2\nmaxCleanUpTimeSec: 3\ngroup: a\n"
    found = workflow(text)
    lines = {key: ir.span_of(key, found).line for key, _ in found.spans}
    assert lines == {
        "histRetentionDays": 1,
        "maxOutputSize": 2,
        "maxCleanUpTimeSec": 3,
        "group": 4,
    }


def test_the_handler_init_comes_first() -> None:
    text = "handlerOn: {exit: {command: a}, init: {command: b}}"
    assert [each.name for each in workflow(text).handlers] == ["init", "exit"]


AROUND = {
    "dotenv with a reference": (
        "dotenv: [a, '${X}/b']",
        "WFC107",
        "${X}",
        "read before params and `env` have values",
    ),
    "dotenv with a name": ("dotenv: $HOME/x", "WFC107", "$HOME/x", "no references"),
    "dotenv twice": ("dotenv: [a, a]", "WFC115", "a", "twice"),
    "dotenv as a map": ("dotenv: {a: b}", "WFC105", "{a: b}", "a list of texts"),
    "no schedule": ("skipIfSuccessful: true", "WFC115", "skipIfSuccessful", "`start`"),
    "no restart": (
        "schedule: 0 6 * * *\nrestartWaitSec: 3",
        "WFC115",
        "restartWaitSec",
        "`schedule` has no `restart`",
    ),
    "size in words": ("maxOutputSize: 1MB", "WFC105", "1MB", "a whole number"),
    "no size": ("maxOutputSize: 0", "WFC107", "0", "from 1"),
    "reference as a number": (
        "maxOutputSize: ${N}",
        "WFC105",
        "${N}",
        "write the number itself",
    ),
    "history of a part": ("histRetentionDays: 1.5", "WFC105", "1.5", "whole number"),
    "no runs": ("histRetentionRuns: 0", "WFC107", "0", "from 1"),
    "log output": ("logOutput: seperate", "WFC107", "seperate", "`separate`?"),
    "empty folder": ("workingDir: ''", "WFC107", "''", "`workingDir` is empty"),
}


@pytest.mark.parametrize(
    ("text", "code", "place", "words"), AROUND.values(), ids=AROUND
)
def test_wrong_around_the_steps(text: str, code: str, place: str, words: str) -> None:
    (found,) = findings(text)
    assert (found.code, shown(text, found)) == (code, place)
    assert words in said(found)
    assert found.help
