"""Rendered texts in a real bash: values arrive byte for byte and are never code (R4)."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from compiler.ir import Program, Reference, ShellText
from compiler.resolve.ancestors import Ancestors
from compiler.resolve.calls import Calls
from compiler.resolve.graph import Graph
from compiler.resolve.producers import Producers
from compiler.resolve.scopes import Findings, Names, Scope
from compiler.resolve.texts import resolve_shell_text
from compiler.shelltext import parse
from compiler.shelltext.render import Rendered, load_files, render
from compiler.source import Source

VALUES = {
    "empty": "",
    "command": '"; touch pwned; "',
    "command in single quotes": "'; touch pwned; '",
    "substitution": "$(touch pwned)",
    "backticks": "`touch pwned`",
    "quotes": "a'b\"c",
    "subscript": "a[$(touch pwned)0]",
    "newlines": "a\n  touch pwned\nb",
    "trailing newlines": "a\n\n",
    "glob": "*",
    "jinja": "{{ x }}",
    "github": "${{ x }}",
    "backslash": "\\",
    "backslashes": "\\\\n\\'",
    "option": "-n",
    "accent": "é",
    "variable": "$HOME ${X} ~",
    "delimiter": "E\nE\ntouch pwned",
    "history": "!! #x",
}

# Each prints the value, between [ and ], and nothing else.
TEXTS = {
    "plain double": 'printf "[%s]" "${X}"',
    "plain short": 'printf "[%s]" "$X"',
    "default": 'printf "[%s]" "${X-${a.b}}"',
    "dotted double": 'printf "[%s]" "${a.b}"',
    "dotted single": "printf '[%s]' '${a.b}'",
    "single": "printf '[%s]' '${X}'",
    "single within": "printf %s '[${a.b}]'",
    "ansi": "printf %s $'[${a.b}]'",
    "expression": "printf '[%s]' \"$<a>\"",
    "nested default": 'printf "[%s]" "${UNSET_NAME:-${a.b}}"',
    "nested quoted default": "printf '[%s]' ${UNSET_NAME:-'${a.b}'}",
    "substitution": 'printf "[%s]" "$(printf "%s." "${a.b}")" | sed "s/\\.\\]$/]/"',
    "backticks": "printf '[%s]' \"`printf %s. '${a.b}'`\" | sed 's/\\.\\]$/]/'",
    "here": "cat <<E\n[${a.b}]\nE\n",
    "plain here": "cat <<E\n[${X}]\nE\n",
    "quoted here": "cat <<'E'\n[${X}]\nE\n",
    "odd here": "cat <<-'E F'\n\t[${a.b}]\n\tE F\n",
    "here string": 'cat <<< "[${a.b}]"',
    "sh -c double": 'sh -c "printf \'[%s]\' \\"${X}\\""',
    "sh -c single": 'sh -c \'printf "[%s]" "${X}"\'',
    "sh -c inner single": "sh -c \"printf '[%s]' '${X}'\"",
    "sh -c short inner single": "sh -c \"printf '[%s]' '$X'\"",
    "sh -c dotted": "bash -ec \"printf '[%s]' '${a.b}'\"",
    "sh -c single dotted": 'bash -c \'printf "[%s]" "${a.b}"\'',
    "sh -c single inner single": "sh -c 'printf '\\''[%s]'\\'' '\\''${X}'\\'''",
    "sh -c comment": 'sh -c "# ${X}\nprintf \'[%s]\' \\"\\$X\\""',
    "sh -c in sh -c": 'sh -c \'sh -c "printf \\"[%s]\\" \\"${X}\\""\'',
    "sh -c default": 'sh -c "printf \'[%s]\' \\"${UNSET_NAME:-${X}}\\""',
    "sh -c positional": 'sh -c "printf \'[%s]\' \\"${9:-${X}}\\""',
    "sh -c backticks": 'echo "`sh -c "printf \'[%s.]\' \\\\\\"${X}\\\\\\""`"'
    ' | sed "s/\\.]$/]/"',
    "eval": "eval printf '[%s]' '\"${X}\"'",
    "eval double": 'eval "printf \'[%s]\' \\"${a.b}\\""',
    "trap": "trap \"printf '[%s]' '${X}'\" EXIT",
    "bash reads here": "bash <<E\nprintf '[%s]' \"${X}\"\nE\n",
    "bash reads quoted here": "bash <<'E'\nprintf '[%s]' '${a.b}'\nE\n",
    "sh -c quoted here": "bash -c \"cat <<'E'\n[${X}]\nE\n\"",
    "sh -c single quoted here": "bash -c 'cat <<\"E\"\n[${X}]\nE\n'",
    "sh -c short quoted here": "bash -c \"cat <<'E'\n[$X]\nE\n\"",
    "sh -c dotted quoted here": "bash -c \"cat <<'E F'\n[${a.b}]\nE F\n\"",
    "eval quoted here": "eval \"cat <<'E'\n[${X}]\nE\n\"",
    "quoted here in here": "bash <<EOF\ncat <<'E'\n[${X}]\nE\nEOF\n",
    "quoted here in quoted here": "bash <<'EOF'\ncat <<'E'\n[${X}]\nE\nEOF\n",
    "quoted here in sh -c in sh -c": "sh -c 'sh -c \"cat <<\\E\n[${X}]\nE\n\"'",
    "bash reads here string": "bash <<< \"printf '[%s]' '${X}'\"",
    "bash reads dotted here string": "bash <<< \"printf '[%s]' '${a.b}'\"",
    "bash reads its stdin's file": "bash /dev/stdin <<E\nprintf '[%s]' \"${X}\"\nE\n",
    "sourced stdin": ". /dev/stdin <<E\nprintf '[%s]' '${X}'\nE\n",
    "flock": "flock /dev/null bash -c \"printf '[%s]' '${X}'\"",
    "flock -c": "flock /dev/null -c \"printf '[%s]' '${X}'\"",
    "nice": "nice --adjustment 5 bash -c \"printf '[%s]' '${X}'\"",
    "timeout": "timeout --signal KILL 5 bash -c \"printf '[%s]' '${X}'\"",
    "line continuation": "ba\\\nsh -c \"printf '[%s]' '${X}'\"",
    "line continuation in quotes": "\"ba\\\nsh\" -c \"printf '[%s]' '${X}'\"",
    "find": "find . -maxdepth 0 -exec true \\; -exec sh -c \"printf '[%s]' '${X}'\" \\;",
    "no program": "echo bash -c \"[${X}]\" | sed 's/^bash -c //'",
    "set by read": 'read -r Y <<< q; printf "[%s]" "${a.b}"',
    "function": "f() { printf '[%s]' \"$1\"; }; f '${a.b}'",
    "case": "case '${a.b}' in \"${X}\") printf '[%s]' \"$X\" ;; esac",
    "test": '[[ "${a.b}" == "${X}" ]] && printf "[%s]" "$X"',
}


def run(
    source: str, value: str, folder: Path, shell: str = "bash"
) -> subprocess.CompletedProcess[bytes]:
    text, findings = parse(source, Source("a.yaml", source).span)
    assert not findings
    found = render(text)
    values = {each.name: value for each in found.bindings} | {"X": value}
    for name in found.integers:
        if re.fullmatch("[+-]?(0|[1-9][0-9]*)", values.get(name, "")) is None:
            return subprocess.CompletedProcess([], 1, b"", b"no integer")
    return subprocess.run(
        [shell, "-e", "-c", found.text],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **values},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
@pytest.mark.parametrize("source", TEXTS.values(), ids=TEXTS.keys())
def test_values_arrive(source: str, value: str, tmp_path: Path) -> None:
    got = run(source, value, tmp_path)
    assert not list(tmp_path.iterdir())
    assert got.stderr == b""
    expected = "" if "UNSET_NAME:-" in source and not value else value
    assert got.stdout.removesuffix(b"\n").decode() == f"[{expected}]"


UNSAFE = {
    "arithmetic": "echo $((X+1))",
    "arithmetic dotted": "echo $((${a.b}+1))",
    "command": "((X > 1)) || true",
    "for": "for ((i=0; i<X; i++)); do break; done",
    "counter": "X=$((X+1))",
    "test": "[[ $X -gt 1 ]] || true",
    "test name": "[[ X -eq 1 ]] || true",
    "subscript": "a[X]=1",
    "read subscript": "a=(1 2); echo ${a[X]}",
    "element": "a=([$X]=1)",
    "offset": "v=abc; echo ${v:X:1}",
    "old": "echo $[X]",
    "let": "let 'y=X' || true",
    "integer": "declare -i y=$X",
    "base ten": "echo $((10#$X))",
    "base ten dotted": "echo $((10#${a.b}))",
    "base ten in base": "echo $((16#10#$X))",
    "base ten quoted": 'echo "$((1?10#${X}:2))"',
    "base ten, inner": 'bash -c "echo \\$((10#$X))"',
    "positional offset": "echo ${@:X}",
    "positional offset quoted": 'echo "${*:${X}:1}"',
    "offset of one": "echo ${1:X}",
    "integer later": "declare -i y; y=$X",
    "integer later quoted": "declare -i y\ny='${X}'",
    "integer before": "f() { y=$X; }; declare -i y; f",
    "integer typeset": "typeset -i y; y+=$X",
    "integer in backticks": "declare -i y; echo `y=$X; echo $y`",
    "integer in eval": "declare -i y; eval 'y=$X'",
    "integer for a command": "declare -i y; y=$X true",
    "integer loop": "declare -i y; for y in 1 $X; do :; done",
    "integer array": "declare -ai y; y=(1 $X)",
    "integer element": "declare -ai y; y[0]=$X",
    "integer exported": "declare -i y; export y=$X",
    "integer declared again": "declare -i y; declare y=$X",
    "integer by name": "declare -i y; y=X",
    "unset name": "a=(1); unset 'a[X]'",
    "tested name": "a=(1); [[ -v a[X] ]] || true",
    "tested name quoted": "a=(1); test -v 'a[X]' || true",
    "unset element": 'a=(1 2); unset "a[$X]"',
    "read element": 'read "a[$X]" <<< 1',
    "printf element": "printf -v a[X] 1",
    "declared element": 'declare "a[$X]=1"',
    "tested element": 'a=(1 2); test -v "a[$X]" || true',
    "exported name": 'export "$X=1" || true',
    "array name": 'mapfile "$X" <<< 1 || true',
    **{
        f"set by {text}": f"{text}\necho $((X))"
        for text in (
            "if false; then X=5; fi",
            "(X=5)",
            "true || X=1",
            "true ||\nX=1",
            "false && X=1 || true",
            "f() { X=5; }",
            "function f { X=5; }",
            "Y=$(X=1)",
            "Y=`X=1`",
            "echo | { X=1; }",
            "echo | X=1",
            "X=1 | cat",
            "X=1 & wait",
            "for X in; do :; done",
            "while false; do X=1; done",
            "case a in b) X=1;; esac",
            "X+=1",
            "X[1]=1",
            "X=${X:-3}",
            "X=$X",
            "X=1 true",
            "read -t 0 X || true",
            "read 'X[1]' <<< 1",
            "mapfile -O 5 X <<< 1",
            "declare -n X=Y",
            "export X+=1",
            "export X=$X",
            "timeout 5 read X || true",
            "((0 && (X=1))) || true",
            "! X=1 <nothing",
        )
    },
    "set in a program": "bash -c 'if false; then X=5; fi; echo $((X))'",
    "set from itself in a program": "bash -c 'X=$X; echo $((X))'",
    "set in no branch": 'if false; then X=5; fi; sh -c "echo ${X}"',
    "inner": 'bash -c "echo \\$((X+1))"',
    "inner single": "bash -c 'echo $((${X}+1))'",
    "bare": "echo ${X} ${a.b}",
    "eval bare": "eval echo ${X}",
    "program": 'sh -c "${X}" || true',
    "program comment": 'sh -c "# ${X}"',
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
@pytest.mark.parametrize("source", UNSAFE.values(), ids=UNSAFE.keys())
def test_values_are_never_code(source: str, value: str, tmp_path: Path) -> None:
    run(source, value, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shell", ["bash", "dash", "ksh", "zsh"])
@pytest.mark.parametrize(
    "value", [*VALUES.values(), "x" * 200_000, "é\n" * 70_000], ids=lambda v: v[:12]
)
def test_files_are_loaded(shell: str, value: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    (tmp_path / "value").write_text(value, encoding="utf-8", newline="")
    text = load_files(["X"]) + '; printf "[%s]" "$X"'
    got = subprocess.run(
        [shell, "-euc", text],
        env={"PATH": os.environ["PATH"], "X_FILE": str(tmp_path / "value")},
        capture_output=True,
        check=False,
    )
    assert got.stderr == b""
    assert got.stdout == f"[{value}]".encode()


def test_a_missing_file_ends_the_shell(tmp_path: Path) -> None:
    got = subprocess.run(
        ["bash", "-c", load_files(["X"]) + "; echo on"],
        env={"PATH": os.environ["PATH"], "X_FILE": str(tmp_path / "none")},
        capture_output=True,
        check=False,
    )
    assert (got.returncode, got.stdout) == (1, b"")


PIECES = st.sampled_from(
    [
        *"ab1 \n\t'\"`$\\{}()[]<>|&;#=:-+!*@?~/,.",
        "${",
        "$(",
        "$((",
        "((",
        "))",
        "<<E\n",
        "<<'E'\n",
        "\nE\n",
        "${x}",
        "${x:-",
        "case x in ",
        " in ",
        "esac",
        ";;",
        "[[ ",
        " ]]",
        " -gt ",
        "eval ",
        "sh -c ",
        "for x in ",
        "$'",
        "read x",
        "bash <<E\n",
    ]
)
SNIPPETS = st.lists(PIECES, max_size=40).map("".join)


NO_GRAPH = Graph(places={}, parents=(), dependencies=(), ancestors=Ancestors(()))


def resolved(source: str, *params: str) -> ShellText:
    """`source` as in a workflow whose only names are `params`."""
    names = Names(
        key="",
        calls=Calls(Program(workflows=(), entry="")),
        params=frozenset(params),
        positional=0,
        env=frozenset(),
        secrets=frozenset(),
        producers={},
        orders=Producers((), NO_GRAPH),
        steps=(),
        graph=NO_GRAPH,
    )
    text, _ = parse(source, Source("a.yaml", source).span)
    return resolve_shell_text(text, Scope(names=names, where="handler"), Findings())


@settings(max_examples=1500, deadline=None)
@given(SNIPPETS.map(lambda text: text.replace("$<", "$ <")))
def test_any_text_without_our_names_stays(source: str) -> None:
    assert render(resolved(source)) == Rendered(source, (), (), ())


OURS = st.sampled_from(
    ["${OURS.k}", "'${OURS.k}'", '"${OURS[0]}"', "$<OURS>", "${OURS}", "$OURS"]
)
MIXED = st.lists(st.one_of(PIECES, PIECES, PIECES, OURS), max_size=30).map("".join)
AS_WRITTEN = re.compile(r"\\*(?:\$\{OURS[^}]*\}|\$<OURS>|\$OURS)")
AS_RENDERED = r"[\\'\"$]*(?:\{(?:WFC_\d+|OURS[^}]*)\}|<OURS>|OURS)[\\'\"$]*"


@settings(max_examples=2500, deadline=None)
@given(MIXED)
def test_what_is_around_our_names_stays(source: str) -> None:
    assume(re.search(r"\$<(?!OURS>)", source) is None)
    text = resolved(source, "OURS")
    assume(all(each.here is None for each in text.references))  # escaped as a whole
    around = AS_RENDERED.join(map(re.escape, AS_WRITTEN.split(source)))
    assert re.fullmatch(around, render(text).text)


@settings(max_examples=1500, deadline=None)
@given(SNIPPETS.map(lambda text: text.replace("1", "${a.b}").replace("b", "$X")))
def test_any_text_can_be_rendered(source: str) -> None:
    text, _ = parse(source, Source("a.yaml", source).span)
    found = render(text)
    assert found.text.count("\n") == source.count("\n")
    for each in text.references:
        assert 0 <= each.start < each.end <= len(source)
        if isinstance(each.expression, Reference) and each.plain:
            assert each.expression.name in source[each.start : each.end]
