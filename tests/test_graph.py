"""Pictures of programs: what is in them, in which order, and safe from every name."""

import html
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler import graph
from compiler.graph.mermaid import escaped
from compiler.graph.picture import MAX_BOXES, MAX_DEPTH
from compiler.ir import Program
from compiler.pipeline import front_end
from compiler.source import Source


def program(text: str) -> Program:
    checked = front_end(Source("flow.yaml", text))
    assert checked.program is not None, checked.diagnostics
    return checked.program


def tree(text: str, columns: int | None = None, *, ascii_only: bool = False) -> str:
    return graph.text(graph.picture(program(text)), columns, ascii_only=ascii_only)


FORK = """\
name: fork
steps:
  - {name: first, command: "true"}
  - {name: left, command: "true", depends: first}
  - {name: right, command: "true", depends: first}
  - {name: more, command: "true", depends: right}
  - {name: last, command: "true", depends: [left, more]}
"""

CALLS = """\
name: etl
params: [NEXT: light]
maxActiveSteps: 2
handlerOn:
  failure: {command: "true"}
  exit: {run: light}
steps:
  - name: prepare
    command: "true"
    output: FOUND
  - name: regions
    run: load
    parallel: {items: "${FOUND}", maxConcurrent: 3}
    retryPolicy: {limit: 2, intervalSec: 5}
  - name: route
    run: ${NEXT}
    candidates: [light, load]
    depends: [prepare]
---
name: load
handlerOn:
  exit: {command: "true"}
steps:
  - {name: read, command: "true"}
  - {name: check, run: light}
---
name: light
steps:
  - name: sizes
    parallel: [a, b]
    command: echo "$ITEM"
"""


AROUND = """\
name: around
preconditions:
  - test -d data
  - {condition: "${MODE}", expected: full}
params: [MODE: full, TRIES: 3]
handlerOn:
  init: {command: "true", retryPolicy: {limit: "${TRIES}", intervalSec: 2}}
steps:
  - - "true"
    - name: poll
      command: "true"
      repeatPolicy:
        condition: ${poll.output}
        expected: ready
        limit: ${TRIES}
        intervalSec: 5
        backoff: true
  - name: again
    command: "true"
    repeatPolicy: {exitCode: [1, 2], limit: 1}
  - run: inner
---
name: inner
precondition: test -f x
steps: [{name: go, command: "true", repeatPolicy: {repeat: true}}]
"""


def test_what_is_asked_and_done_before_the_steps() -> None:
    assert tree(AROUND) == (
        "around\n"
        "├─ preconditions  if `test -d data` · if ${MODE} = full\n"
        "├─ on init  ${TRIES} retries after 2 s\n"
        "├─ ┬ cmd_1\n"
        "│  └ poll  repeats until ${poll.output} = ready, ${TRIES} times at most, "
        "after 5 s and more\n"
        "├─ again  repeats while exit 1 2, once at most\n"
        "└─ dag_3  run inner\n"
        "   ├─ preconditions  if `test -f x`\n"
        "   └─ go  repeats while it succeeds\n"
    )


def test_what_other_programs_do_for_a_step() -> None:
    text = """\
name: served
params: [HOST: box]
smtp: {host: mail.example.org}
steps:
  - {type: jq, command: .a, script: "{}"}
  - {type: http, command: "GET http://a/${HOST}"}
  - {container: "alpine:3", command: echo}
  - {type: docker, config: {containerName: db}, command: echo}
  - {type: ssh, config: {host: "${HOST}"}, command: echo}
  - {type: mail, config: {from: a@b, to: [c@d, e@f], subject: s, message: m}}
"""
    assert tree(text) == (
        "served\n"
        "├─ jq_1  jq .a\n"
        "├─ http_2  http GET http://a/${HOST}\n"
        "├─ docker_3  docker alpine:3\n"
        "├─ docker_4  docker db\n"
        "├─ ssh_5  ssh ${HOST}\n"
        "└─ mail_6  mail to c@d, e@f\n"
    )


@pytest.mark.parametrize("form", [graph.mermaid, graph.dot])
def test_the_first_steps_follow_what_is_before_them(form: Any) -> None:
    arrow = "-->" if form is graph.mermaid else "->"
    lines = form(graph.picture(program(AROUND))).splitlines()
    edges = [line.strip().rstrip(";") for line in lines if f" {arrow} " in line]
    assert edges[:3] == [f"n1 {arrow} n2", f"n2 {arrow} n3", f"n2 {arrow} n4"]


def test_tree_in_the_order_of_running() -> None:
    assert tree(FORK) == (
        "fork\n"
        "├─ first\n"
        "├─ ┬ left\n"
        "│  └ right\n"
        "├─ more  after right\n"
        "└─ last  after left, more\n"
    )


def test_calls_are_drawn_where_they_are_made() -> None:
    assert tree(CALLS) == (
        "etl  2 steps at a time\n"
        "├─ prepare\n"
        "├─ ┬ regions  each ×${FOUND}, 3 at a time · run load · 2 retries after 5 s\n"
        "│  │ ├─ read\n"
        "│  │ ├─ check  run light\n"
        "│  │ │  └─ sizes  each ×2\n"
        "│  │ │     └─ sizes[n]\n"
        "│  │ └─ handlers\n"
        "│  │    └─ on exit\n"
        "│  └ route  run ${NEXT}, one of 2\n"
        "│    ├─ light\n"
        "│    │  └─ sizes  each ×2\n"
        "│    │     └─ sizes[n]\n"
        "│    └─ load\n"
        "│       ├─ read\n"
        "│       ├─ check  run light\n"
        "│       │  └─ sizes  each ×2\n"
        "│       │     └─ sizes[n]\n"
        "│       └─ handlers\n"
        "│          └─ on exit\n"
        "└─ handlers\n"
        "   ├─ on failure\n"
        "   └─ on exit  run light\n"
        "      └─ sizes  each ×2\n"
        "         └─ sizes[n]\n"
    )


def test_flowchart() -> None:
    drawn = graph.picture(program(CALLS.replace("    depends: [prepare]\n", "")))
    lines = graph.mermaid(drawn).splitlines()
    assert lines[:5] == [
        "---",
        'title: "etl"',
        "config: {flowchart: {subGraphTitleMargin: {top: 0, bottom: 96}}}",
        "---",
        "flowchart TD",
    ]
    assert lines[5:16] == [
        '  n1["prepare"]',
        '  subgraph n2["regions',
        "each ×#36;#123;FOUND#125;, 3 at a time",
        "run load",
        '2 retries after 5 s"]',
        '    n3["read"]',
        '    subgraph n4["check',
        'run light"]',
        '      subgraph n5["sizes',
        'each ×2"]',
        '        n6["sizes#91;n#93;"]',
    ]
    edges = [line for line in lines if " --> " in line or " ~~~ " in line]
    assert edges[:3] == ["  n1 --> n2", "  n3 --> n4", "  n4 ~~~ n7"]
    opened = sum(line.lstrip().startswith("subgraph ") for line in lines)
    assert opened == sum(line.strip() == "end" for line in lines) == 14


def test_dot() -> None:
    lines = graph.dot(graph.picture(program(CALLS))).splitlines()
    assert lines[0] == 'digraph "etl" {'
    assert '  label="etl\\n2 steps at a time"; labelloc=t; compound=true;' in lines
    assert lines[4:8] == [
        '  n1 [label="prepare"];',
        "  subgraph cluster_n2 {",
        '    label="regions\\neach ×${FOUND}, 3 at a time\\nrun load\\n'
        '2 retries after 5 s";',
        '    n3 [label="read"];',
    ]
    assert "  n1 -> n3 [lhead=cluster_n2];" in lines
    assert sum(line.endswith("{") for line in lines) == 15
    assert sum(line.strip() == "}" for line in lines) == 15


def test_edge_of_a_cluster_comes_from_what_ends_last() -> None:
    text = CALLS.replace("depends: [prepare]", "depends: []").replace(
        "---", "  - {name: after, command: x, depends: route}\n---", 1
    )
    lines = graph.dot(graph.picture(program(text))).splitlines()
    last = next(line for line in lines if '"after"' in line).split()[0]
    sizes = [line.split()[0] for line in lines if '"sizes[n]"' in line]
    route = next(line for line in lines if f"-> {last} [" in line)
    # Not the node of the first candidate, `light`, but that of `load`, and no handler.
    assert route.startswith(f"  {sizes[1]} -> {last} [ltail=cluster_n")


TOLERANT = """\
name: state
params: [STATE: new]
steps:
  - name: move
    command: echo moved
    preconditions: [{condition: "${STATE}", expected: old}]
    output: NEXT
  - name: other
    command: "true"
    depends: []
  - name: show
    command: echo "${NEXT:-none}"
    depends: [move, other]
"""


def test_edges_that_tolerate_a_skip() -> None:
    drawn = graph.picture(program(TOLERANT))
    assert "  n1 -.-> n3\n  n2 --> n3\n" in graph.mermaid(drawn)
    assert "  n1 -> n3 [style=dashed];\n  n2 -> n3;\n" in graph.dot(drawn)
    assert "show  after move (also if skipped), other\n" in graph.text(drawn)


NOTES = {
    "condition": ("preconditions: [{condition: $A, expected: b c}]", "if $A = b c"),
    "pattern": (
        "preconditions: [{condition: '${A}x', expected: 're:^a|b'}]",
        "if ${A}x ~ ^a|b",
    ),
    "negated": (
        "preconditions: [{condition: '${A}', expected: b, negate: true}]",
        "unless ${A} = b",
    ),
    "command": ("preconditions: ['test -f x']", "if `test -f x`"),
    "expression": (
        "preconditions: [{condition: '$<(A == A)>', expected: 'true'}]",
        "if $<…> = true",
    ),
    "backticks": (
        "preconditions: [{condition: '`date  +%u`', expected: '1'}]",
        "if `date +%u` = 1",
    ),
    "long": (f"preconditions: ['{'x' * 50}']", f"if `{'x' * 39}…`"),
    "retry": ("retryPolicy: {limit: 1, intervalSec: 5}", "1 retry after 5 s"),
    "retries": (
        "retryPolicy: {limit: 3, intervalSec: 2, backoff: 2, exitCode: [7, 8]}",
        "3 retries after 2 s and more on exit 7 8",
    ),
    "no pause": ("retryPolicy: {limit: 2, intervalSec: 0}", "2 retries"),
    "no retry": ("retryPolicy: {limit: 0, intervalSec: 5}", ""),
    "timeout": ("timeoutSec: 30", "timeout 30 s"),
    "queue": ("queue: heavy", "queue heavy"),
    "continue": ("continueOn: {failure: true, skipped: true}", "continues on failure, skip"),
    "codes": (
        "continueOn: {exitCode: [3, 4], output: ['re:^x', y], markSuccess: true}",
        "continues on exit 3 4, output ~ ^x, output with y · counts as succeeded then",
    ),
    "several": ("queue: q\n    timeoutSec: 5", "queue q · timeout 5 s"),
    "each": ("parallel: [1, 2, 3]", "each ×3\n   └─ a[n]"),
    "each, few at a time": (
        "parallel: {items: '$<split(A, \",\")>', maxConcurrent: '${A}'}",
        "each ×$<…>, ${A} at a time\n   └─ a[n]",
    ),
    "each if": (
        "parallel: [1, 2]\n    preconditions: ['test \"$ITEM\" = 1', 'test -f y']",
        "if `test -f y` · each ×2 · each if `test \"$ITEM\" = 1`\n   └─ a[n]",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("key", "note"), NOTES.values(), ids=NOTES)
def test_notes(key: str, note: str) -> None:
    text = (
        f"name: n\nparams: [A: 1]\nsteps:\n  - name: a\n    command: 'true'\n    {key}"
    )
    assert tree(text + "\n") == f"n\n└─ a{'  ' * bool(note)}{note}\n"


def test_limits_of_the_run() -> None:
    text = "name: n\nmaxActiveSteps: 1\ntimeoutSec: 9\nsteps: [{name: a, command: x}]\n"
    assert tree(text) == "n  1 step at a time · timeout 9 s\n└─ a\n"


def test_ascii() -> None:
    text = FORK.replace("left", "…größer").replace(
        "name: first", "name: first, parallel: [1]"
    )
    assert tree(text, ascii_only=True) == (
        "fork\n"
        "|- first  each x1\n"
        "|  `- first[n]\n"
        "|- + ~gr\\xf6\\xdfer\n"
        "|  ` right\n"
        "|- more  after right\n"
        "`- last  after ~gr\\xf6\\xdfer, more\n"
    )


def test_lines_have_room_below() -> None:
    text = CALLS.replace("name: regions", "name: " + "日本" * 20)
    lines = tree(text, 40).splitlines()
    assert lines[2:7] == [
        "├─ ┬ 日本日本日本日本日本日本日本日本日…",
        "│  │ │    each ×${FOUND}, 3 at a time",
        "│  │ │    run load · 2 retries after 5 s",
        "│  │ ├─ read",
        "│  │ ├─ check  run light",
    ]
    assert max(map(len, lines)) <= 40


def test_narrow_terminal_still_shows_names() -> None:
    lines = tree(CALLS, 1).splitlines()
    assert "│  │ ├─ check" in lines
    assert "│  │ │  │    run light" in lines


@pytest.mark.parametrize("draw", [graph.mermaid, graph.dot, graph.text])
def test_same_program_same_picture(draw: object) -> None:
    assert callable(draw)
    assert draw(graph.picture(program(CALLS))) == draw(graph.picture(program(CALLS)))


def test_step_that_waits_for_many() -> None:
    steps = "".join(f"  - {{name: s{n}, command: x, depends: []}}\n" for n in range(14))
    last = f"  - {{name: z, command: x, depends: [{', '.join(f's{n}' for n in range(13))}]}}"
    line = tree(f"name: n\nsteps:\n{steps}{last}\n").splitlines()[-1]
    assert line == "└─ z  after s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, 3 more"
    all_of_them = last.replace("s12]", "s12, s13]")
    line = tree(f"name: n\nsteps:\n{steps}{all_of_them}\n").splitlines()[-1]
    assert line == "└─ z"


# ---- too much to draw


def doubling(depth: int) -> str:
    """Workflows that each call the next one twice."""
    documents = [
        f"name: d{n}\nsteps:\n  - {{name: a, run: d{n + 1}}}\n  - {{name: b, run: d{n + 1}}}\n"
        for n in range(depth)
    ]
    return "---\n".join(
        [*documents, f"name: d{depth}\nsteps: [{{name: a, command: x}}]\n"]
    )


def ladder(depth: int) -> str:
    documents = [
        f"name: d{n}\nsteps: [{{name: a, run: d{n + 1}}}]\n" for n in range(depth)
    ]
    return "---\n".join(
        [*documents, f"name: d{depth}\nsteps: [{{name: z, command: x}}]\n"]
    )


def test_calls_that_double() -> None:
    drawn = graph.picture(program(doubling(40)))
    lines = graph.text(drawn).splitlines()
    assert MAX_BOXES / 2 < len(lines) <= MAX_BOXES + 2
    assert lines[-1] == drawn.remark
    assert sum(line.endswith("not drawn") for line in lines) == drawn.hidden
    assert f"{drawn.hidden} calls are not drawn further" in drawn.remark
    assert f"  %% {drawn.remark}\n" in graph.mermaid(drawn)
    assert f"  // {drawn.remark}\n" in graph.dot(drawn)


def test_few_calls_that_double_are_all_drawn() -> None:
    drawn = graph.picture(program(doubling(8)))
    assert drawn.remark == ""
    assert len(graph.text(drawn).splitlines()) == 2**9 - 1 + 2**8


def test_many_calls_within_each_other() -> None:
    linked = program(ladder(1_000))
    started = time.perf_counter()
    drawn = graph.picture(linked)
    texts = [graph.text(drawn, 80), graph.mermaid(drawn), graph.dot(drawn)]
    assert time.perf_counter() - started < 2
    assert drawn.remark.startswith("1 call is not drawn further")
    assert [text.count("not drawn") for text in texts] == [2, 2, 2]
    assert len(texts[0].splitlines()) == 1 + (MAX_DEPTH + 1) + 2


def test_many_steps() -> None:
    steps = "".join(f"  - {{name: s{n}, run: many}}\n" for n in range(5_000))
    inner = "".join(f"  - {{name: s{n}, command: x}}\n" for n in range(1_500))
    linked = program(f"name: m\nsteps:\n{steps}---\nname: many\nsteps:\n{inner}")
    started = time.perf_counter()
    drawn = graph.picture(linked)
    assert len(graph.text(drawn).splitlines()) == 1 + 5_000 + 1_500 + 1
    assert drawn.hidden == 4_999
    assert time.perf_counter() - started < 5


def test_flowchart_that_pages_do_not_show() -> None:
    drawn = graph.picture(program(FORK))
    assert graph.beyond_mermaid(drawn, graph.mermaid(drawn)) == ""
    steps = "".join(f"  - {{name: s{n}, command: x}}\n" for n in range(600))
    drawn = graph.picture(program(f"name: m\nsteps:\n{steps}"))
    remark = graph.beyond_mermaid(drawn, graph.mermaid(drawn))
    assert remark.startswith("599 edges, ")
    assert "500" in remark


# ---- names

# What mermaid, Markdown, HTML or Graphviz would act on.
HOSTILE = [
    "end", "subgraph", "style n1 fill:#f9f;", "classDef a:#fff;", "1. one", "- dash",
    "* star", "# head", "> quote", "`code`", "**bold**", "_it_", "[l](http://x.y)",
    "www.example.com", "<script>alert(1)</script>", "&lt;", "#35;", '"', "'", "\\",
    "\\n", "a\\nb", "\\N", "%% c", "%%{init: {}}%%", "{", "}", "$$x^2$$", "| a |",
    "a;b", "a --> b", "direction LR", "direction  TB", "n1", "über", "日本語", "a  b",
    " a ", "fa:fa-ban", "a:::b", "<br/>", "@{ shape: x }", "accTitle: x", "()", "[/x/]",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_name(name: str) -> None:
    quoted = name.replace("'", "''")
    text = f"steps:\n  - name: '{quoted}'\n    command: 'true'\n"
    drawn = graph.picture(program(text))
    lines = graph.mermaid(drawn).splitlines()
    assert lines[-1] == f'  n1["{escaped(name)}"]'
    assert decoded(escaped(name)) == name
    in_dot = re.search(r'  n1 \[label="(.*)"\];', graph.dot(drawn))
    assert in_dot is not None
    assert undotted(in_dot[1]) == name
    assert graph.text(drawn) == f"flow\n└─ {name}\n"


def decoded(label: str) -> str:
    """What a page shows for `label`: the characters by their numbers."""
    shown = html.unescape(re.sub(r"#(\d+);", r"&#\1;", label.replace("&", "&amp;")))
    return shown.replace("\u00a0", " ")


def undotted(label: str) -> str:
    r"""What Graphviz shows for `label`, which has no `\N` and its like."""
    assert not re.search(r'(?<!\\)(\\\\)*(\\[^"\\n]|")', label)
    return re.sub(r"\\(.)", r"\1", label).replace("&amp;", "&")


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_label_of_mermaid_is_plain_text(name: str) -> None:
    """Nothing is left that ends the label, is read as Markdown or HTML, or is cut out."""
    label = escaped(name)
    plain = re.sub(r"#\d+;", "#", label)
    assert re.fullmatch(r"[\w .,/×·…#-]+", plain)
    assert not re.search(r"  |^ | $|^[-+_.]|\d[.] |direction\s|www[.]", plain)
