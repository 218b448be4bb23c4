"""Calls: what a name leads to, what there is to choose from, what is wrong with them (F1, F5)."""

import textwrap
import time
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from posixpath import normpath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import Diagnostic
from compiler.ir import Call, Map, Program, Workflow
from compiler.link import entered
from compiler.pipeline import Checked, front_end
from compiler.source import Source, Span

LEAF = "steps:\n  - {name: s, command: 'true'}\n"
BROKEN = "steps:\n  - {name: s, comand: 'true'}\n"
UNRESOLVED = "steps:\n  - {name: s, command: 'true', depends: gone}\n"
CHOOSE = "params:\n  - W: ''\nsteps:\n  - {name: s, run: '${W}'}\n"


class Texts:
    """A file system of texts by path; those in `unreadable` cannot be read."""

    def __init__(self, files: Mapping[str, str], unreadable: tuple[str, ...] = ()):
        self.files = {path: textwrap.dedent(text) for path, text in files.items()}
        self.unreadable = unreadable
        self.asked: list[str] = []

    def read(self, path: str) -> Source | Diagnostic | None:
        assert path == normpath(path)
        self.asked.append(path)
        if path in self.unreadable:
            span = Span(file=path, line=1, column=1)
            return Diagnostic(code="WFC111", message="cannot read it", span=span)
        return Source(path, self.files[path]) if path in self.files else None

    def holds(self, path: str, word: str) -> bool:
        return word in self.files.get(path, "")

    def below(self, folder: str) -> list[str] | None:
        self.asked.append(folder)
        inside = "" if folder == "." else f"{folder}/"
        return sorted(
            path
            for path in self.files
            if path.startswith(inside) and path.endswith((".yaml", ".yml"))
        )

    def exists(self, path: str) -> bool:
        return path in self.files


def checked(
    text: str,
    files: Mapping[str, str] | None = None,
    *,
    name: str = "main.yaml",
    search: tuple[str, ...] = (),
    unreadable: tuple[str, ...] = (),
) -> Checked:
    text = textwrap.dedent(text)
    loader = Texts({name: text, **(files or {})}, unreadable)
    return front_end(Source(name, text), loader, search)


def said(found: Checked) -> list[tuple[str, str, int]]:
    """Code, file and line of each error and warning."""
    return [
        (it.code, it.span.file, it.span.line)
        for it in found.diagnostics
        if it.severity != "note"
    ]


def program_of(found: Checked) -> Program:
    assert found.program is not None, found.diagnostics
    return found.program


def calls(workflow: Workflow) -> Iterator[Call]:
    for step in (*workflow.steps, *workflow.handlers):
        body = step.body.body if isinstance(step.body, Map) else step.body
        if isinstance(body, Call):
            yield body


def callees(found: Checked, step: int = 0) -> dict[str, tuple[str, ...]]:
    """The key of each callee of call number `step` of the entry, and its names."""
    call = list(calls(program_of(found).main))[step]
    return {callee.workflow: callee.names for callee in call.callees}


def call(name: str) -> str:
    return f"steps:\n  - {{name: s, run: {name}}}\n"


# ---- where a name leads


@pytest.mark.parametrize(
    ("name", "caller", "key"),
    [
        ("load", "main.yaml", "load.yaml#load"),
        ("load.yaml", "main.yaml", "load.yaml#load"),
        ("./load.yaml", "main.yaml", "load.yaml#load"),
        ("jobs/../load", "main.yaml", "load.yaml#load"),
        ("jobs/load", "main.yaml", "jobs/load.yaml#load"),
        ("other", "main.yaml", "other.yml#other"),
        ("plain", "main.yaml", "plain#named"),
        ("with space", "main.yaml", "with space.yaml#with-space"),
        ("größe", "main.yaml", "größe.yaml#gr-e"),
        ("'a#b'", "main.yaml", "a#b.yaml#a-b"),
        ("load", "jobs/main.yaml", "jobs/load.yaml#load"),
        ("../load", "jobs/main.yaml", "load.yaml#load"),
        ("load", "./main.yaml", "load.yaml#load"),
        ("/abs/load", "main.yaml", "/abs/load.yaml#load"),
        ("both", "main.yaml", "both.yaml#both"),
    ],
)
def test_a_name_leads_to_a_file(name: str, caller: str, key: str) -> None:
    files = dict.fromkeys(
        [
            "load.yaml",
            "jobs/load.yaml",
            "other.yml",
            "with space.yaml",
            "größe.yaml",
            "a#b.yaml",
            "/abs/load.yaml",
            "both",
            "both.yaml",
            "both.yml",
        ],
        LEAF,
    )
    files["plain"] = "name: named\n" + LEAF
    found = checked(call(name), files, name=caller)
    assert list(callees(found)) == [key]
    assert list(found.sources) == [caller, key.rpartition("#")[0]]


def test_a_document_goes_before_a_file() -> None:
    text = call("load") + "---\nname: load\n" + LEAF
    found = checked(text, {"load.yaml": LEAF})
    assert list(callees(found)) == ["main.yaml#load"]


def test_a_file_goes_before_a_folder_of_search() -> None:
    files = {"load.yaml": LEAF, "lib/load.yaml": LEAF, "lib/more.yaml": LEAF}
    assert list(callees(checked(call("load"), files, search=("lib",)))) == [
        "load.yaml#load"
    ]
    found = checked(call("more"), files, search=("nowhere", "lib"))
    assert list(callees(found)) == ["lib/more.yaml#more"]


def test_the_first_document_of_a_file_is_called() -> None:
    files = {"lib.yaml": f"name: one\n{call('two')}---\nname: two\n{LEAF}"}
    found = checked(call("lib"), files)
    assert [it.name for it in program_of(found).workflows] == ["main", "one", "two"]


def test_lookups_are_relative_to_the_file_that_names() -> None:
    files = {"jobs/a.yaml": call("b"), "jobs/b.yaml": LEAF, "b.yaml": BROKEN}
    found = checked(call("jobs/a"), files)
    keys = [it.key for it in program_of(found).workflows]
    assert keys == ["main.yaml#main", "jobs/a.yaml#a", "jobs/b.yaml#b"]


def test_calls_stand_in_fan_outs_and_handlers_too() -> None:
    text = """\
        steps:
          - {name: each, parallel: [1, 2], run: load}
        handlerOn:
          exit: {run: ./load.yaml}
        """
    program = program_of(checked(text, {"load.yaml": LEAF}))
    found = [callee for it in calls(program.main) for callee in it.callees]
    assert [it.names for it in found] == [("load",), ("./load.yaml",)]
    assert {it.workflow for it in found} == {"load.yaml#load"}


def test_stdin_looks_in_the_current_folder() -> None:
    found = checked(call("load"), {"load.yaml": LEAF}, name="<stdin>")
    assert list(callees(found)) == ["load.yaml#load"]


def test_a_file_without_calls_asks_for_no_file() -> None:
    loader = Texts({"load.yaml": LEAF})
    assert front_end(Source("main.yaml", LEAF), loader).program is not None
    assert loader.asked == []


def test_a_file_is_read_once() -> None:
    steps = "".join(
        f"  - {{name: s{number}, run: {name}}}\n"
        for number, name in enumerate(["load", "./load.yaml", "x/../load", "load"] * 9)
    )
    loader = Texts({"load.yaml": LEAF})
    found = front_end(Source("main.yaml", f"steps:\n{steps}"), loader)
    assert len(program_of(found).workflows) == 2
    assert loader.asked.count("load.yaml") == 1


# ---- what is wrong


@pytest.mark.parametrize(
    ("name", "near"),
    [("lod", "load"), ("lod.yaml", "load.yaml"), ("documnt", "document")],
)
def test_an_unknown_workflow(name: str, near: str) -> None:
    text = call(name) + "---\nname: document\n" + LEAF
    found = checked(text, {"load.yaml": LEAF}, search=("lib",))
    assert said(found) == [("WFC215", "main.yaml", 2)]
    (error,) = found.diagnostics
    assert error.help.startswith(f"did you mean `{near}`? ")
    assert f"`lib/{name}" in error.help
    assert (error.span.column, error.span.length) == (20, len(name))


@pytest.mark.parametrize("name", [r'"a\nb"', '"."', '"/"', '"../../x"', "x/"])
def test_odd_names_are_unknown(name: str) -> None:
    assert [it[0] for it in said(checked(call(name)))] == ["WFC215"]


def test_errors_of_a_callee_stand_at_both_places() -> None:
    found = checked(call("bad"), {"bad.yaml": BROKEN})
    assert said(found) == [
        ("WFC217", "main.yaml", 2),
        ("WFC103", "bad.yaml", 2),
    ]
    assert found.diagnostics[0].others[0][0].file == "bad.yaml"
    assert list(found.sources) == ["main.yaml", "bad.yaml"]
    assert found.program is None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("steps: [", ["WFC101"]),
        ("", ["WFC110"]),
        ("- just\n- a list\n", ["WFC110"]),
        (UNRESOLVED, ["WFC201"]),
        ("key: value\n", ["WFC103"]),
        (call("gone"), ["WFC215"]),
        ("steps:\n  - {name: a, command: 'echo $<1 + >'}\n", ["WFC301"]),
    ],
    ids=["syntax", "empty", "list", "graph", "shape", "call", "expression"],
)
def test_a_broken_callee_is_told_once_however_broken(
    text: str, codes: list[str]
) -> None:
    steps = "steps:\n  - {name: a, run: bad}\n  - {name: b, run: ./bad.yaml}\n"
    found = checked(steps, {"bad.yaml": text})
    assert said(found)[:2] == [("WFC217", "main.yaml", 2), ("WFC217", "main.yaml", 3)]
    assert sorted(it[0] for it in said(found)[2:]) == codes
    assert {it[1] for it in said(found)[2:]} == {"bad.yaml"}


def test_an_unreadable_callee() -> None:
    found = checked(call("bad.yaml"), unreadable=("bad.yaml",))
    assert said(found) == [("WFC217", "main.yaml", 2), ("WFC111", "bad.yaml", 1)]
    found = checked(call("bad"), {"bad.yaml": LEAF}, unreadable=("bad",))
    assert said(found) == []


def test_errors_far_below_are_told_where_they_are_called() -> None:
    files = {"a.yaml": call("b"), "b.yaml": call("c"), "c.yaml": UNRESOLVED}
    assert said(checked(call("a"), files)) == [
        ("WFC217", "b.yaml", 2),
        ("WFC201", "c.yaml", 2),
    ]


def test_notes_of_a_callee_are_shown_once() -> None:
    files = {"n.yaml": "steps:\n  - {name: s, command: ls, dir: '${UNDECLARED}'}\n"}
    text = "steps:\n  - {name: a, run: n}\n  - {name: b, run: n}\n"
    found = checked(text, files)
    assert [(it.code, it.span.file) for it in found.diagnostics] == [
        ("WFC207", "n.yaml")
    ]
    assert found.program is not None


def test_a_document_that_is_called_and_broken_is_told_at_its_place() -> None:
    found = checked(call("bad") + "---\nname: bad\n" + BROKEN)
    assert said(found) == [("WFC103", "main.yaml", 6)]


@pytest.mark.parametrize(
    ("files", "at", "path"),
    [
        ({"main.yaml": call("main")}, ("main.yaml", 2), "main → main"),
        ({"main.yaml": call("./x/../main.yaml")}, ("main.yaml", 2), "main → main"),
        (
            {"main.yaml": call("a"), "a.yaml": call("b"), "b.yaml": call("a")},
            ("b.yaml", 2),
            "a → b → a",
        ),
        (
            {"main.yaml": f"name: a\n{call('b')}---\nname: b\n{call('a')}"},
            ("main.yaml", 7),
            "a → b → a",
        ),
        (
            {
                "main.yaml": call("a"),
                "a.yaml": "steps:\n  - name: s\n    run: $W\n    candidates: [main]\n",
            },
            ("a.yaml", 4),
            "main → a → main",
        ),
    ],
    ids=["itself", "spelling", "files", "documents", "candidate"],
)
def test_a_circle(files: dict[str, str], at: tuple[str, int], path: str) -> None:
    found = checked(files["main.yaml"], files)
    (cycle,) = [it for it in found.diagnostics if it.code == "WFC216"]
    assert (cycle.span.file, cycle.span.line) == at
    assert cycle.message.endswith(f": {path}")
    assert found.program is None


# ---- arguments


def arguments(params: str, callee: str) -> Checked:
    text = f"steps:\n  - name: s\n    run: load\n    params: {params}\n"
    return checked(text, {"load.yaml": callee})


def test_an_unknown_argument_is_passed_on() -> None:
    callee = "params:\n  - REGION: x\nsteps:\n  - {name: s, command: echo $WHO}\n"
    found = arguments("{REGON: y, WHO: me}", callee)
    assert said(found) == [("WFC214", "main.yaml", 4)] * 2
    assert found.diagnostics[0].help == "did you mean `REGION`?"
    load = program_of(found).workflows[1]
    assert [(it.name, it.default is None) for it in load.params] == [
        ("REGION", False),
        ("REGON", True),
        ("WHO", True),
    ]
    assert [it.name for it in load.steps[0].exports] == ["REGION", "REGON", "WHO"]


@pytest.mark.parametrize("params", ["{REGION: y}", "one two three", "[1, REGION=y]"])
def test_known_and_positional_arguments(params: str) -> None:
    assert said(arguments(params, "params:\n  - REGION: x\n" + LEAF)) == []


def test_an_argument_that_some_candidate_declares() -> None:
    text = """\
        params: [W: a]
        steps:
          - name: s
            run: ${W}
            candidates: [a, b]
            params: {REGION: y, OTHER: z}
        """
    files = {"a.yaml": "params: [REGION: x]\n" + LEAF, "b.yaml": LEAF}
    found = checked(text, files)
    assert [it.message for it in found.diagnostics] == [
        "no candidate has a param `OTHER`"
    ]
    params = {it.name: it.params for it in program_of(found).workflows}
    assert [it.name for it in params["b"]] == ["REGION", "OTHER"]


# ---- candidates


def test_candidates_are_what_lies_around() -> None:
    files = {
        "jobs/main.yaml": CHOOSE + "---\nname: inner\n" + LEAF,
        "jobs/load.yaml": LEAF,
        "jobs/deep/er.yml": LEAF,
        "above.yaml": LEAF,
        "lib/more.yaml": LEAF,
        "jobs/values.yaml": "replicas: 2\n",
        "jobs/compose.yaml": "services:\n  a:\n    steps: [x]\n",
        "jobs/chart.yaml": "{{ .steps }}: [\n",
        "jobs/empty.yaml": "",
    }
    found = checked(
        files["jobs/main.yaml"], files, name="jobs/main.yaml", search=("lib",)
    )
    assert said(found) == []
    assert callees(found) == {
        "jobs/main.yaml#inner": ("inner",),
        "jobs/deep/er.yml#er": ("deep/er.yml", "deep/er", "./deep/er.yml", "./deep/er"),
        "jobs/load.yaml#load": ("load.yaml", "load", "./load.yaml", "./load"),
        "lib/more.yaml#more": ("more.yaml", "more", "./more.yaml", "./more"),
    }
    assert program_of(found).entries == ("jobs/main.yaml#main",)


def test_fixed_text_around_the_reference_rules_candidates_out() -> None:
    text = "params:\n  - W: ''\nsteps:\n  - {name: s, run: 'jobs/${W}.yaml'}\n"
    files = {"jobs/a.yaml": LEAF, "b.yaml": LEAF, "jobs/c.yaml": BROKEN}
    found = checked(text, files)
    assert callees(found) == {"jobs/a.yaml#a": ("jobs/a.yaml",)}
    assert said(found) == [("WFC219", "main.yaml", 4)]


def test_the_first_one_has_a_name_that_two_could_have() -> None:
    files = {"load.yaml": LEAF, "load.yml": LEAF, "lib/load.yaml": LEAF}
    found = checked(CHOOSE + "---\nname: load\n" + LEAF, files, search=("lib",))
    assert callees(found) == {
        "main.yaml#load": ("load",),
        "load.yaml#load": ("load.yaml", "./load.yaml", "./load"),
        "load.yml#load": ("load.yml", "./load.yml"),
        "lib/load.yaml#load": (
            "lib/load.yaml",
            "lib/load",
            "./lib/load.yaml",
            "./lib/load",
        ),
    }


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        (
            "[a, b]",
            {"a.yaml#a": ("a", "a.yaml", "./a.yaml", "./a"), "main.yaml#b": ("b",)},
        ),
        ("[./a.yaml, a]", {"a.yaml#a": ("./a.yaml", "a.yaml", "a", "./a")}),
        ("[x/../a, a, a]", {"a.yaml#a": ("x/../a", "a.yaml", "a", "./a.yaml", "./a")}),
        ("[/abs/a]", {"/abs/a.yaml#a": ("/abs/a", "/abs/a.yaml")}),
    ],
)
def test_listed_candidates(
    candidates: str, expected: dict[str, tuple[str, ...]]
) -> None:
    text = f"params: [W: a]\nsteps:\n  - name: s\n    run: $W\n    candidates: {candidates}\n"
    files = {"a.yaml": LEAF, "/abs/a.yaml": LEAF, "c.yaml": BROKEN}
    found = checked(f"{text}---\nname: b\n{LEAF}", files)
    assert callees(found) == expected
    assert said(found) == []


def test_a_listed_candidate_must_be_there_and_whole() -> None:
    text = """\
        params: [W: a]
        steps:
          - name: s
            run: ${W}
            candidates:
              - gone
              - bad
              - fine
        """
    found = checked(text, {"bad.yaml": BROKEN, "fine.yaml": LEAF})
    assert said(found) == [
        ("WFC215", "main.yaml", 6),
        ("WFC217", "main.yaml", 7),
        ("WFC103", "bad.yaml", 2),
    ]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"values.yaml": "replicas: 2\n"},
        {"back.yaml": CHOOSE},
        {"back.yaml": call("main")},
    ],
    ids=["nothing", "no workflow", "each other", "calls back"],
)
def test_no_candidate(files: dict[str, str]) -> None:
    assert ("WFC218", "main.yaml", 4) in said(checked(CHOOSE, files))


def test_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Texts, "below", lambda self, folder: None)
    found = checked(CHOOSE, {"a.yaml": LEAF})
    assert said(found) == [("WFC218", "main.yaml", 4)]
    assert "too many files" in found.diagnostics[0].message
    assert "`candidates`" in found.diagnostics[0].help


@pytest.mark.parametrize(
    ("files", "left_out"),
    [
        ({"bad.yaml": BROKEN}, ["bad.yaml"]),
        ({"bad.yaml": UNRESOLVED}, ["bad.yaml"]),
        ({"bad.yaml": "steps: ["}, ["bad.yaml"]),
        ({"bad.yaml": call("gone")}, ["bad.yaml"]),
        ({"bad.yaml": call("bad")}, ["bad.yaml"]),
        ({"up.yaml": call("bad"), "bad.yaml": UNRESOLVED}, ["bad.yaml", "up.yaml"]),
        (
            {"lib/up.yaml": call("../bad"), "bad.yaml": BROKEN},
            ["bad.yaml", "lib/up.yaml"],
        ),
        ({"x.yaml": call("y"), "y.yaml": call("x")}, ["x.yaml", "y.yaml"]),
    ],
    ids=["shape", "graph", "syntax", "call", "circle", "deep", "deeper", "two"],
)
def test_a_broken_candidate_is_left_out(
    files: dict[str, str], left_out: list[str]
) -> None:
    found = checked(CHOOSE, {**files, "fine.yaml": LEAF})
    assert list(callees(found)) == ["fine.yaml#fine"]
    assert said(found) == [("WFC219", "main.yaml", 4)]
    (told,) = found.diagnostics
    assert told.message.split("`")[1::2] == left_out
    assert len(told.others) == len(left_out)
    assert all(span.file in found.sources for span, _ in told.others)
    assert [it.name for it in program_of(found).workflows] == ["main", "fine"]


def test_many_broken_candidates_are_one_finding() -> None:
    broken = {f"bad{number}.yaml": BROKEN for number in range(6)}
    found = checked(CHOOSE, {**broken, "fine.yaml": LEAF})
    (told,) = found.diagnostics
    assert told.message == (
        "`bad0.yaml`, `bad1.yaml`, `bad2.yaml` and 3 more have errors and are no "
        "candidates of this call"
    )
    assert [span.file for span, _ in told.others] == list(broken)[:3]
    assert list(found.sources) == ["main.yaml", "fine.yaml", *list(broken)[:3]]


NOTED = "queue: q\nenv: [X: a]\nparams: [X: b]\n"


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ("  - {name: s, run: '${W}'}\n", []),
        ("  - {name: s, run: '${W}', candidates: below}\n", ["below.yaml"]),
        ("  - {name: s, run: '${W}'}\n  - {name: t, run: below}\n", ["below.yaml"]),
        ("  - {name: s, run: '${W}'}\n  - {name: t, run: up}\n", ["below.yaml"]),
    ],
    ids=["looked for", "a candidate", "called too", "called below"],
)
def test_remarks_on_files_that_no_call_names_are_theirs(
    calls: str, told: list[str]
) -> None:
    files = {
        "up.yaml": "steps:\n  - {name: s, run: below}\n",
        "below.yaml": NOTED + LEAF,
        "far.yaml": NOTED + call("up"),
    }
    found = checked("params: [W: '']\nsteps:\n" + calls, files)
    assert list(dict.fromkeys(it.span.file for it in found.diagnostics)) == told
    assert found.program is not None


def test_what_would_close_a_circle_is_no_candidate() -> None:
    files = {"a.yaml": CHOOSE, "b.yaml": call("main"), "c.yaml": LEAF}
    found = checked(CHOOSE, files)
    assert said(found) == []
    assert list(callees(found)) == ["a.yaml#a", "c.yaml#c"]
    (of_a,) = calls(program_of(found).workflow("a.yaml#a"))
    assert [it.workflow for it in of_a.callees] == ["c.yaml#c"]


def test_a_document_with_errors_stays_a_candidate_and_is_told_once() -> None:
    found = checked(CHOOSE + "---\nname: bad\n" + BROKEN)
    assert said(found) == [("WFC103", "main.yaml", 8)]


def test_candidates_that_all_have_errors() -> None:
    found = checked(CHOOSE, {"a.yaml": BROKEN, "b.yaml": call("a")})
    assert [it[0] for it in said(found)] == ["WFC218", "WFC219"]
    assert "all that it could be have errors" in found.diagnostics[0].message


# ---- entries


@pytest.mark.parametrize(
    ("documents", "entries"),
    [
        ({"a": LEAF, "b": LEAF}, ["a", "b"]),
        ({"a": call("b"), "b": LEAF, "c": call("b")}, ["a", "c"]),
        ({"b": LEAF, "a": call("b")}, ["a"]),
        ({"a": CHOOSE, "b": LEAF, "c": call("b")}, ["a"]),
    ],
    ids=["apart", "shared", "behind", "candidates"],
)
def test_entries(documents: dict[str, str], entries: list[str]) -> None:
    text = "---\n".join(f"name: {it}\n{body}" for it, body in documents.items())
    program = program_of(checked(text))
    assert program.entries == tuple(f"main.yaml#{it}" for it in entries)
    assert program.entry == program.entries[0]
    assert [it.name for it in program.workflows] == list(documents)


def test_entered_keeps_what_is_reached() -> None:
    text = (
        f"name: a\nsteps:\n  - {{name: x, run: z}}\n  - {{name: y, run: b}}\n---\n"
        f"name: b\n{call('z')}---\nname: c\n{LEAF}---\nname: z\n{LEAF}"
    )
    program = program_of(checked(text))
    for key, names in {"a": ["a", "z", "b"], "b": ["b", "z"], "c": ["c"]}.items():
        alone = entered(program, f"main.yaml#{key}")
        assert [it.name for it in alone.workflows] == names
        assert alone.main.name == key
        assert alone.entries == (alone.entry,)


# ---- what has no effect in a call, and files that nobody listed


def notes(found: Checked) -> list[tuple[str, int]]:
    return [(it.code, it.span.line) for it in found.diagnostics]


def test_what_is_about_runs_has_no_effect_in_a_call() -> None:
    runs = "maxActiveRuns: 1\nqueue: q\nschedule: '0 1 * * *'\n"
    found = checked(f"{runs}{call('load')}---\nname: load\n{runs}{LEAF}")
    assert [it.message.split("`")[1] for it in found.diagnostics] == [
        "maxActiveRuns",
        "queue",
        "schedule",
    ]
    assert {it.code for it in found.diagnostics} == {"WFC221"}
    assert [it.span.line for it in found.diagnostics] == [8, 9, 10]


def test_the_size_of_a_queue_in_which_nothing_waits() -> None:
    found = checked(
        "queues: {of runs: 2, of steps: 3, below: 1, bellow: 2}\nqueue: of runs\n"
        "steps:\n"
        "  - {name: a, command: 'true', queue: of steps}\n"
        "  - {name: b, run: load}\n"
        "---\nname: load\nqueues: {of runs: 1}\n"
        "steps:\n  - {name: a, command: 'true', queue: below}\n"
    )
    (told,) = found.diagnostics
    assert (told.code, told.span.line) == ("WFC115", 1)
    assert told.message == "no run and no step waits in the queue `bellow`"
    assert told.help == "did you mean `below`?"


@pytest.mark.parametrize(
    ("keys", "step", "unlisted"),
    [
        ("", "command: ./run.sh", []),
        ("files: [x]", "command: ./run.sh", ["./run.sh"]),
        ("workspace: isolated", "command: ./run.sh", ["./run.sh"]),
        ("files: [run.sh]", "command: ./run.sh", []),
        ("files: ['./*.sh']", "command: ./run.sh", []),
        ("files: [bin]", "command: ./bin/tool <./run.sh", ["./run.sh"]),
        ("files: ['**']", "command: ./bin/tool", []),
        ("files: [x]", "command: cat ./gone.sh; (./run.sh; x/./run.sh)", ["./run.sh"]),
        ("files: [x]", "command: [python, ./run.sh]", ["./run.sh"]),
        ("files: [x]", "script: ./run.sh && ./run.sh", ["./run.sh"]),
        ("files: [x]", "dir: /tmp\n    command: ./run.sh", []),
        ("files: [x]", "parallel: [1]\n    command: ./run.sh", ["./run.sh"]),
        ("files: [x]", "command: ls\n    preconditions: ./run.sh", ["./run.sh"]),
    ],
)
def test_files_that_nobody_listed(keys: str, step: str, unlisted: list[str]) -> None:
    files = {"flows/run.sh": "", "flows/bin/tool": ""}
    text = f"{keys}\nsteps:\n  - name: s\n    {step}\n"
    found = checked(text, files, name="flows/main.yaml")
    about_files = [it for it in found.diagnostics if it.code != "WFC224"]
    assert [it.code for it in about_files] == ["WFC222"] * len(unlisted)
    assert [it.message.split("`")[1] for it in about_files] == unlisted


# ---- sizes


def ladder(rungs: int) -> str:
    documents = [f"name: w{n}\n{call(f'w{n + 1}')}" for n in range(rungs)]
    return "---\n".join([*documents, f"name: w{rungs}\n{LEAF}"])


def test_a_ladder_of_calls() -> None:
    start = time.process_time()
    program = program_of(checked(ladder(5_000)))
    assert len(entered(program, program.entry).workflows) == 5_001
    assert time.process_time() - start < 20


def test_a_circle_of_many() -> None:
    text = ladder(2_000).replace(LEAF, call("w0"))
    found = checked(text)
    assert [it.code for it in found.diagnostics] == ["WFC216"]
    assert len(found.diagnostics[0].message) < 200


# ---- random folders


PATHS = ["main.yaml", "a.yaml", "b.yml", "d/c.yaml", "d/main.yaml"]
NAMES = [*PATHS, "a", "b", "c", "one", "two", "../a", "gone"]


@st.composite
def document(draw: st.DrawFn) -> str:
    if draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from([BROKEN, UNRESOLVED, "steps: [\n", "x: 1\n"]))
    text = "steps:\n"
    for number in range(draw(st.integers(1, 4))):
        listed = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3))
        body = draw(
            st.sampled_from(
                [
                    "command: ls",
                    f"run: {listed[0]}",
                    "run: '${W}'",
                    f"run: '${{W}}', candidates: [{', '.join(listed)}]",
                ]
            )
        )
        text += f"  - {{name: s{number}, {body}}}\n"
    return text


@st.composite
def folder(draw: st.DrawFn) -> dict[str, str]:
    files = {}
    for path in ["main.yaml", *draw(st.sets(st.sampled_from(PATHS[1:])))]:
        files[path] = draw(document())
        for name in draw(st.sampled_from([(), ("one",), ("one", "two")])):
            files[path] += f"---\nname: {name}\n{draw(document())}"
    return files


@settings(deadline=None, max_examples=200)
@given(files=folder())
def test_a_program_is_closed_and_without_circles(files: dict[str, str]) -> None:
    found = checked(files["main.yaml"], files)
    again = checked(files["main.yaml"], files)
    assert found.diagnostics == again.diagnostics
    for each in found.diagnostics:
        assert each.span.file in found.sources
        assert all(span.file in found.sources for span, _ in each.others)
    if found.program is not None:
        callees = {
            workflow.key: [
                it.workflow for call in calls(workflow) for it in call.callees
            ]
            for workflow in found.program.workflows
        }
        assert set(TopologicalSorter(callees).static_order()) == set(callees)
        assert all(
            call.callees
            for workflow in found.program.workflows
            for call in calls(workflow)
        )
