"""What a script needs of bash and of jq: nothing that bash 3.2 has not, and it says so."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cases import (
    CONFORMANCE,
    GOLDEN,
    Case,
    cases_on,
    emitted,
    entries,
    run_id,
)
from shell.newer import CONSTRUCTS, bare_patterns, code_of, newer
from shell.scripts import start, text_of, written

from backends.shell import BACKEND

RUN_TIME = Path(__file__).parents[2] / "backends/shell/runtime"
PLANTED = [(name, each) for name, (_, shown) in CONSTRUCTS.items() for each in shown]
USERS = {
    "a here-document": "step a <<'SH'\n{}\nSH\n",
    "a text": "wfc_shell=(sh '{}')",
    "a text with quotes": "x 'it'\\''s' '{}'\ny",
    "a comment": "x # isn't {}",
}
SHOWN = ["declare -A x", "${x,,}", "wait -n", "printf '%(%s)T' -1", "x |& y"]


@pytest.mark.parametrize(("name", "line"), PLANTED, ids=[it[1] for it in PLANTED])
def test_finds_what_is_planted(name: str, line: str) -> None:
    assert newer(line) == [f"{name}: {line}"]
    assert newer(f"f() {{\n  if x; then y; {line}; fi\n}}\n")


@pytest.mark.parametrize("line", [it for _, it in PLANTED if code_of(it) == it])
def test_finds_it_behind_all_that_users_write(line: str) -> None:
    script = "step a <<'SH'\nit's \"\nSH\nx 'it'\\''s' \"it's \\\" ${y:-it}\" # isn't\n"
    assert newer(code_of(script)) == []
    found = newer(code_of(f"{script}f() {{ {line}; }}\n"))
    assert len(found) == 1


@pytest.mark.parametrize("text", USERS.values(), ids=list(USERS))
@pytest.mark.parametrize("line", [it for it in SHOWN if "'" not in it])
def test_what_users_write_does_not_count(text: str, line: str) -> None:
    assert newer(code_of(text.format(line))) == []


@pytest.mark.parametrize("line", ["${x,,}", "$(wait -n)", "${y:-${x@Q}}"])
def test_an_expansion_counts_within_quotes(line: str) -> None:
    assert newer(code_of(f'x "isn\'t {line} |& y"')) != []


BARE = [
    "$(case x in a) y ;; esac)",
    '"$(if x; then case "$y" in\n  a | b) y ;; esac; fi)"',
    "$( (case x in a) y ;; esac) )",
    "$(case x in (a) y ;; b) z ;; esac)",
    "<(while x; do case ${x:-in } in a) y ;; esac; done)",
    "${x:-$(case $x in ($y) z ;; *) z ;; esac)}",
]
BEHIND = [
    "$(case x in (a) y ;; (b) z ;; esac)",
    "$(x 'case x in a) y ;; esac')",
    "case x in a) $(y) ;; b) z ;; esac",
    "case $(y) in a) z ;; esac",
    "$((1 + (2)))",
    "$(case x in\n  (a) y ;;\n  (b) z ;;\nesac; case in in (in) ;; esac)",
]


@pytest.mark.parametrize("text", BARE)
def test_finds_a_pattern_that_ends_a_substitution(text: str) -> None:
    assert bare_patterns(f"f() {{ x {text}; }}\n") != []


@pytest.mark.parametrize("text", BEHIND)
def test_a_pattern_that_ends_nothing(text: str) -> None:
    assert bare_patterns(f"f() {{ x {text}; }}\n") == []


@pytest.mark.parametrize(
    "part", sorted(RUN_TIME.glob("*.j2")), ids=lambda it: str(it.name)
)
def test_the_run_time_has_nothing_newer(part: Path) -> None:
    text = re.sub("<%.*?%>", "", part.read_text("utf-8"))
    assert newer(text) == []


@pytest.mark.parametrize(
    ("case", "target"),
    [*cases_on(["shell"], CONFORMANCE), *cases_on(["shell"], GOLDEN)],
    ids=run_id,
)
def test_no_script_has_anything_newer(case: Case, target: str) -> None:
    for entry in entries(case):
        for file in emitted(case, BACKEND, entry):
            code = code_of(file.text)
            assert newer(code) == []
            assert bare_patterns(file.text) == []
            # It has been read to its end: nothing hides behind a quote.
            assert code.endswith('\nwfc_main "$@"\n')
            assert len(code.splitlines()) == len(file.text.splitlines())


# ---- what a script says where it cannot run

PLAIN = "name: w\nsteps: [{name: a, command: echo a}]"
JSON = "name: w\nparams: [{J: '{}'}]\nsteps: [{name: a, command: 'echo ${J.a:-} '}]"


def _said(script: str, shell: list[str], folder: Path) -> tuple[int, str, str]:
    path = folder / "w.sh"
    path.write_text(script, "utf-8")
    done = subprocess.run(
        [*shell, str(path)],
        env={"PATH": os.environ["PATH"], "WFC_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


NEEDS = "w.sh: needs bash 3.2 or newer\n"


def test_the_version_is_the_first_thing_that_it_looks_at() -> None:
    lines = [it for it in text_of(PLAIN).splitlines() if not it.startswith("#")]
    assert NEEDS.rstrip() in lines[0].replace('"', "").replace("'", "")
    assert (
        "; fi; set +o posix +efuC #" in lines[0]
    )  # which the next line is read without


@pytest.mark.parametrize("shell", ["dash", "zsh", "ksh"])
def test_another_shell_is_refused(shell: str, tmp_path: Path) -> None:
    found = shutil.which(shell)
    if shell != "dash" and found is None:
        return
    assert _said(text_of(PLAIN), [shell], tmp_path) == (2, "", NEEDS)


@pytest.mark.parametrize(
    ("major", "minor", "runs"),
    [(2, 5, False), (3, 1, False), (3, 2, True), (4, 0, True), (10, 0, True)],
)
def test_an_older_bash_is_refused(
    major: int, minor: int, runs: bool, tmp_path: Path
) -> None:
    text = text_of(PLAIN).replace("BASH_VERSINFO", "FAKED")
    text = f"FAKED=({major} {minor})\n{text}"
    code, out, err = _said(text, ["bash"], tmp_path)
    if runs:
        assert (code, "w: succeeded" in out) == (0, True)
    else:
        assert (code, out, err) == (2, "", NEEDS)


def test_runs_as_sh(tmp_path: Path) -> None:
    code, out, _ = _said(text_of(PLAIN), ["bash", "--posix"], tmp_path)
    assert (code, "w: succeeded" in out) == (0, True)


def _run_with_jq(
    says: str, workflow: str, folder: Path, jq: Path, *words: str
) -> tuple[int, str, str]:
    tools = folder / "tools"
    tools.mkdir()
    stub = tools / "jq"
    stub.write_text(
        f'#!/bin/sh\ncase $1 in --version) echo {says} ;; *) exec {jq} "$@" ;; esac\n'
    )
    stub.chmod(0o755)
    process = start(
        written(workflow, folder),
        *words,
        home=folder / "home",
        environment={"PATH": f"{tools}:{os.environ['PATH']}"},
    )
    err = process.communicate(timeout=60)[1]
    logs = [it.read_text("utf-8") for it in folder.glob("home/runs/w/*/steps/*/1.err")]
    return process.returncode, err.decode(), "".join(logs)


ROUNDS = "wfc: this jq rounds integers beyond 2^53, jq 1.7 does not\n"


@pytest.mark.parametrize("says", ["jq-1.5", "jq-1.3", "jq-1.5rc2", "jq-1.5-1-a5b5cbe"])
def test_a_jq_that_is_too_old_is_refused(says: str, tmp_path: Path, jq: Path) -> None:
    code, err, _ = _run_with_jq(says, JSON, tmp_path, jq)
    assert (code, err) == (2, "w.sh: needs jq 1.6 or newer: https://jqlang.org\n")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("says", "tells"),
    [
        ("jq-1.6", True),
        ("jq-1.6-159-gcff5336", True),
        ("jq-1.7", False),
        ("jq-1.7.1-apple", False),
        ("jq-1.10", False),
        ("jq-1.60", False),
        ("jq-2.0", False),
    ],
)
def test_says_where_jq_1_6_rounds(
    says: str, tells: bool, tmp_path: Path, jq: Path
) -> None:
    code, _, log = _run_with_jq(says, JSON, tmp_path, jq, 'J={"a": 9007199254740993}')
    assert (code, log) == (0, ROUNDS if tells else "")


@pytest.mark.parametrize("value", ["1", "123456789012345", "text"])
def test_says_nothing_where_it_does_not(value: str, tmp_path: Path, jq: Path) -> None:
    code, err, log = _run_with_jq("jq-1.6", JSON, tmp_path, jq, f"J={value}")
    assert (code, ROUNDS in err, log) == (0, False, "")


def test_needs_jq_only_where_there_is_json(tmp_path: Path, jq: Path) -> None:
    assert "jq" not in text_of(PLAIN)
    code, err, _ = _run_with_jq("jq-1.5", PLAIN, tmp_path, jq)
    assert (code, "jq" in err) == (0, False)
