"""Names, edges, environments and the order of definitions (S1, S5, R1, R2, R4-R9)."""

import textwrap

import pytest

from compiler.diagnostics import Diagnostic
from compiler.ir import Command, Program, Reference, Step, Template
from compiler.pipeline import front_end
from compiler.reader import read
from compiler.resolve import resolve
from compiler.source import Source


def resolved(text: str) -> tuple[Program, list[Diagnostic]]:
    """The resolved program of `text`, and every finding of reading and resolving it."""
    workflows, found = read(Source("test.yaml", textwrap.dedent(text)))
    program, in_names = resolve(Program(workflows=workflows, entry=workflows[0].key))
    return program, [*found, *in_names]


def step(program: Program, name: str) -> Step:
    return next(each for each in program.main.steps if each.name == name)


def codes(text: str) -> list[str]:
    checked = front_end(Source("test.yaml", textwrap.dedent(text)))
    return [each.code for each in checked.diagnostics]


def edges(program: Program) -> dict[str, list[str]]:
    return {it.name: [edge.step for edge in it.edges] for it in program.main.steps}


def test_a_chain_follows_the_file_and_depends_replaces_it() -> None:
    program, found = resolved("""
        steps:
          - {name: a, command: "true"}
          - {name: b, command: "true"}
          - {name: c, command: "true", depends: a}
          - {name: d, command: "true"}
          - {name: e, command: "true", depends: []}
        """)
    assert not found
    assert edges(program) == {"a": [], "b": ["a"], "c": ["a"], "d": ["c"], "e": []}


def test_a_graph_has_no_edges_of_its_own() -> None:
    program, _ = resolved("""
        type: graph
        steps:
          - {name: a, command: "true"}
          - {name: b, command: "true"}
        """)
    assert edges(program) == {"a": [], "b": []}


def test_depends_takes_ids_and_counts_a_step_once() -> None:
    program, found = resolved("""
        steps:
          - {name: fetch all, id: fetch, command: "true"}
          - {name: b, command: "true", depends: [fetch, fetch all]}
        """)
    assert not found
    assert edges(program)["b"] == ["fetch all"]


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ("{name: a, command: x, depends: a}", "`a` waits for itself"),
        (
            "{name: a, command: x, depends: b}, {name: b, command: x, depends: a}",
            "`a` → `b` → `a`",
        ),
        (
            "{name: z, command: x, depends: a}, {name: a, command: x, depends: c}, "
            "{name: b, command: x, depends: a}, {name: c, command: x, depends: b}",
            "`a` → `c` → `b` → `a`",
        ),
    ],
)
def test_a_cycle_is_named_with_its_path(steps: str, path: str) -> None:
    _, found = resolved(f"type: graph\nsteps: [{steps}]")
    assert [each.code for each in found] == ["WFC202"]
    assert path in found[0].message


def test_two_cycles_are_two_findings() -> None:
    _, found = resolved("""
        type: graph
        steps:
          - {name: a, command: x, depends: b}
          - {name: b, command: x, depends: a}
          - {name: c, command: x, depends: d}
          - {name: d, command: x, depends: c}
        """)
    assert [each.code for each in found] == ["WFC202", "WFC202"]


def test_an_unknown_dependency_gets_the_nearest_name_at_its_place() -> None:
    _, found = resolved("""
        steps:
          - {name: extract, command: "true"}
          - name: load
            command: "true"
            depends: [extrct]
        """)
    (finding,) = found
    assert finding.code == "WFC201"
    assert finding.help == "did you mean `extract`?"
    assert (finding.span.line, finding.span.column, finding.span.length) == (6, 15, 6)


def only_reference(program: Program, name: str) -> Reference:
    body = step(program, name).body
    assert isinstance(body, Command)
    (reference,) = body.text.references
    assert isinstance(reference.expression, Reference)
    return reference.expression


def test_candidates_are_nearest_first_then_as_depends_says() -> None:
    program, found = resolved("""
        type: graph
        steps:
          - {name: far, command: echo 1, output: X}
          - {name: left, command: echo 2, output: X, depends: far, preconditions: test 1}
          - {name: right, command: echo 3, output: X, depends: far, continueOn: failed}
          - {name: use, command: 'echo ${X}', depends: [right, left]}
        """)
    assert not found
    origins = only_reference(program, "use").origins
    assert [it.step for it in origins] == ["right", "left", "far", ""]
    assert origins[-1].kind == "process"


def test_precedence_of_one_name() -> None:
    program, _ = resolved("""
        env: [{X: from env}]
        params: [{P: from param}]
        steps:
          - {name: a, command: echo 1, output: X}
          - {name: b, command: 'echo ${X}'}
          - {name: c, command: 'echo ${X}', env: [{X: own}]}
          - {name: d, command: 'echo ${P}'}
        """)
    assert [it.kind for it in only_reference(program, "b").origins] == [
        "output",
        "env",
        "process",
    ]
    assert [it.kind for it in only_reference(program, "c").origins] == ["step_env"]
    assert [it.kind for it in only_reference(program, "d").origins] == ["param"]


def test_what_the_shell_knows_is_left_to_the_shell() -> None:
    program, found = resolved("""
        steps:
          - name: a
            command: |
              for f in *; do echo "$f" ${f%.txt} ${#f} ${arr[0]} ${f:-x} $1 $?; done
              awk '{print $1, ${unknown.path}}' <<'EOF'
              ${also.unknown}
              EOF
        """)
    assert not found
    body = step(program, "a").body
    assert isinstance(body, Command)
    assert body.text.references == ()


@pytest.mark.parametrize(
    ("command", "code", "hint"),
    [
        ("echo ${fetchh.output}", "WFC204", "did you mean `fetch`?"),
        ("echo ${fetch.outptu}", "WFC204", "did you mean `output`?"),
        ("echo ${fetch.outputs.KY}", "WFC204", "did you mean `KEY`?"),
        ("echo ${params.WHOO}", "WFC204", "did you mean `WHO`?"),
        ("echo $<WHOO>", "WFC204", "did you mean `WHO`?"),
        ("echo ${late.output}", "WFC205", "add `late` to the `depends` of `use`"),
        ("echo ${LATE}", "WFC205", "add `late` to the `depends` of `use`"),
        ("echo ${use.output}", "WFC205", "a step sees what the steps"),
    ],
)
def test_names_that_mean_nothing_here(command: str, code: str, hint: str) -> None:
    _, found = resolved(f"""
        type: graph
        params: [{{WHO: bob}}]
        steps:
          - {{name: fetch, command: echo, output: KEY}}
          - name: use
            depends: fetch
            command: '{command}'
          - {{name: late, command: echo, output: LATE}}
        """)
    (finding,) = found
    assert finding.code == code
    assert hint in finding.help
    assert finding.span.line == 8


def test_a_program_that_is_no_shell_has_no_references() -> None:
    _, found = resolved("""
        params: [{WHO: bob}]
        steps:
          - name: a
            command: node
            script: |
              console.log(`${WHO} ${local} ${local.x} $<len(WHO)>`)
        """)
    assert [(it.code, it.span.column) for it in found] == [
        ("WFC303", 20),
        ("WFC303", 49),
    ]
    assert "process.env.WHO" in found[0].help


def test_a_local_variable_is_not_a_missing_output() -> None:
    _, found = resolved("""
        type: graph
        steps:
          - {name: a, command: echo, output: RESULT}
          - {name: b, command: 'for RESULT in 1 2; do echo "$RESULT"; done'}
        """)
    assert not found


def test_undeclared_names_become_optional_params_with_one_note() -> None:
    program, found = resolved("""
        env: [{DIR: "${BASE}/x"}]
        steps:
          - {name: a, command: [echo, "${BASE}", "$OTHER"]}
        """)
    assert [(it.code, it.span.line) for it in found] == [("WFC207", 2), ("WFC207", 4)]
    assert [(it.name, it.default) for it in program.main.params] == [
        ("BASE", None),
        ("OTHER", None),
    ]
    exported = {export.name for export in step(program, "a").exports}
    assert exported == {"BASE", "OTHER", "DIR"}


def test_definitions_are_ordered_by_their_references() -> None:
    program, found = resolved("""
        params: [{A: "${B}"}, {B: "${C}"}]
        env: [{C: 1}, {D: "${A}"}]
        steps: []
        """)
    assert not found
    assert [it.name for it in program.main.order] == ["C", "B", "A", "D"]


def test_definitions_that_refer_to_each_other() -> None:
    _, found = resolved("""
        params: [{A: "${B}"}, {B: "${A}"}]
        steps: []
        """)
    (finding,) = found
    assert finding.code == "WFC208"
    assert "`A` → `B` → `A`" in finding.message


def test_a_value_that_names_itself_means_the_environment() -> None:
    program, found = resolved("""
        env: [{PATH: "/opt:${PATH}"}]
        steps:
          - {name: a, command: env, env: [{PATH: "/here:${PATH}"}, {HOME: "${HOME}"}]}
        """)
    assert not found

    def kinds(template: Template) -> list[str]:
        (reference,) = [it for it in template.parts if isinstance(it, Reference)]
        return [origin.kind for origin in reference.origins]

    (variable,) = program.main.env
    assert kinds(variable.value) == ["process"]
    path, home = step(program, "a").env
    assert kinds(path.value) == ["env", "process"]
    assert kinds(home.value) == ["process"]


def test_an_output_cannot_reach_what_is_valued_before() -> None:
    _, found = resolved("""
        env: [{A: "${X}"}, {B: "${a.output}"}]
        steps: [{name: a, command: echo, output: X}]
        """)
    assert [each.code for each in found] == ["WFC205", "WFC205"]


def accepts(program: Program, name: str) -> list[list[str]]:
    return [sorted(edge.accepts) for edge in step(program, name).edges]


def test_a_default_tolerates_the_skip_of_the_step_it_reads() -> None:
    program, _ = resolved("""
        type: graph
        steps:
          - {name: a, command: echo, output: X}
          - {name: b, command: echo, output: Y}
          - {name: plain, command: 'echo ${X}', depends: [a, b]}
          - {name: shell, command: 'echo ${X:-none}', depends: [a, b]}
          - {name: ours, command: [echo, "${Y:-none}"], depends: [a, b]}
          - name: condition
            command: echo
            depends: [a, b]
            preconditions: [{condition: "${X:-${Y:-z}}", expected: z}]
          - {name: field, command: 'echo ${a.output:-none}', depends: a}
        """)
    strict, tolerant = ["continued", "succeeded"], ["continued", "skipped", "succeeded"]
    assert accepts(program, "plain") == [strict, strict]
    assert accepts(program, "shell") == [tolerant, strict]
    assert accepts(program, "ours") == [strict, tolerant]
    assert accepts(program, "condition") == [tolerant, tolerant]
    assert accepts(program, "field") == [tolerant]


def test_continue_on_skipped_is_on_the_edge() -> None:
    program, _ = resolved("""
        steps:
          - {name: a, command: echo, continueOn: {skipped: true}}
          - {name: b, command: echo}
        """)
    assert accepts(program, "b") == [["continued", "skipped", "succeeded"]]


def test_the_environment_of_a_step() -> None:
    program, _ = resolved("""
        type: graph
        params: [{P: 1}]
        env: [{E: 1}]
        steps:
          - {name: a, command: echo, output: A}
          - {name: b, command: echo, output: B, depends: a}
          - {name: none, command: echo, depends: b}
          - {name: named, command: 'printenv A; cat $A_FILE', depends: b, env: [{S: 1}]}
        """)
    names = {it.name: [ex.name for ex in it.exports] for it in program.main.steps}
    assert names["none"] == ["P", "E", "B"]
    assert names["named"] == ["P", "E", "B", "A", "S"]


def test_captured_steps() -> None:
    program, _ = resolved("""
        steps:
          - {name: a, command: echo, output: A}
          - {name: b, command: echo}
          - {name: c, command: 'echo ${b.output} ${c-1}'}
        handlerOn: {exit: {command: 'echo ${c.output}'}}
        """)
    assert [it.captured for it in program.main.steps] == [True, True, True]


def test_handlers_see_all_outputs_the_later_first() -> None:
    program, found = resolved("""
        type: graph
        steps:
          - {name: a, command: echo, output: X}
          - {name: b, command: echo, output: X}
        handlerOn: {exit: {command: ['echo', '${X} ${DAG_RUN_STATUS}']}}
        """)
    assert not found
    exports = {it.name: it.origins for it in program.main.handlers[0].exports}
    assert not exports, "a list of words names nothing that it needs in its environment"
    program, _ = resolved("""
        steps: [{name: a, command: echo, output: X}, {name: b, command: echo, output: X}]
        handlerOn: {exit: {command: 'echo $X'}}
        """)
    (export,) = program.main.handlers[0].exports
    assert [origin.step for origin in export.origins] == ["b", "a"]


def test_all_findings_come_at_once() -> None:
    assert codes("""
        steps:
          - {name: a, command: 'echo ${nope.x}', depends: zz}
          - {name: a, command: 'echo $<1 +>'}
          - {name: c, command: echo, preconditions: [{condition: x, expected: 're:('}]}
          - {name: d, comand: echo}
        """) == ["WFC204", "WFC201", "WFC203", "WFC301", "WFC306", "WFC103"]


def test_a_long_chain() -> None:
    lines = ["steps:", "  - {name: s0, command: echo, output: X}"]
    lines += [f"  - {{name: s{i}, command: 'echo ${{X}}'}}" for i in range(1, 3000)]
    program, found = resolved("\n".join(lines))
    assert not found
    assert only_reference(program, "s2999").origins[0].step == "s0"
