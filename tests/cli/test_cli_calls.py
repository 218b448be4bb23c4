"""Workflows in several files and documents: what each command makes of them."""

import os
import re
from pathlib import Path

import pytest
from commands import GOOD, TYPO, Wfc, process, write

from compiler.cli.loader import FileLoader
from compiler.source import Source

CALLER = """\
steps:
  - name: sub
    run: load
"""
TWO = """\
name: first
params:
  - NAME: world
steps:
  - name: sub
    run: shared
---
name: second
params:
  - NAME: moon
  - COUNT: 1
steps:
  - name: hello
    command: echo "$NAME $COUNT"
    output: SAID
---
name: shared
steps:
  - name: hello
    command: echo shared
"""


def heads(out: str) -> list[str]:
    """Place and code of each finding."""
    return re.findall(r"^(\S+:\d+):\d+: \w+\[(WFC\d+)\]", out, re.MULTILINE)


# ---- lint


def test_lint_of_a_caller(wfc: Wfc) -> None:
    write("flows/main.yaml", CALLER)
    write("flows/load.yaml", GOOD)
    assert wfc("lint", "flows/main.yaml").code == 0


def test_lint_of_a_broken_callee_shows_both_places(wfc: Wfc) -> None:
    write("flows/main.yaml", CALLER)
    write("flows/load.yaml", TYPO)
    result = wfc("lint", "flows/main.yaml")
    assert result.code == 1
    assert heads(result.out) == [
        ("flows/main.yaml:3", "WFC217"),
        ("flows/load.yaml:3", "WFC103"),
    ]
    assert result.out.count("comand: echo hello") == 2  # its line, also at the call


@pytest.mark.parametrize("name", ["load.yaml", "./load.yaml", "flows/../load.yaml"])
def test_lint_of_several_files_tells_of_a_shared_one_once(wfc: Wfc, name: str) -> None:
    write("one.yaml", CALLER)
    write("two.yaml", CALLER)
    write("load.yaml", TYPO)
    Path("flows").mkdir()
    result = wfc("lint", "one.yaml", name, "two.yaml")
    assert sorted(heads(result.out)) == sorted(
        [("one.yaml:3", "WFC217"), ("two.yaml:3", "WFC217"), (f"{name}:3", "WFC103")]
    )
    assert result.err.startswith("3 files checked: 3 errors")


def test_lint_of_stdin_looks_in_the_current_folder(wfc: Wfc) -> None:
    write("load.yaml", GOOD)
    assert wfc("lint", "-", stdin=CALLER).code == 0
    Path("load.yaml").unlink()
    result = wfc("lint", "-", stdin=CALLER)
    assert heads(result.out) == [("<stdin>:3", "WFC215")]


def test_search(wfc: Wfc) -> None:
    write("main.yaml", CALLER)
    write("lib/deep/load.yaml", GOOD)
    assert wfc("lint", "main.yaml").code == 1
    Path("empty").mkdir()
    words = ("main.yaml", "--search", "empty", "--search", "lib/deep")
    assert wfc("lint", *words).code == 0
    assert wfc("run", *words).code == 0
    assert wfc("compile", *words, "-t", "shell", "--stdout").code == 0


@pytest.mark.parametrize("command", ["lint", "run", "compile"])
def test_search_in_what_is_no_folder(wfc: Wfc, command: str) -> None:
    write("main.yaml", GOOD)
    result = wfc(command, "main.yaml", "--search", "main.yaml")
    assert (result.code, result.out) == (2, "")
    assert "`main.yaml` is no folder" in result.err


# ---- run


def test_run_with_a_broken_callee(wfc: Wfc) -> None:
    write("main.yaml", CALLER)
    write("load.yaml", TYPO)
    result = wfc("run", "main.yaml")
    assert (result.code, result.out) == (2, "")
    assert heads(result.err) == [("main.yaml:3", "WFC217"), ("load.yaml:3", "WFC103")]
    assert not Path("wfc-home").exists()


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ((), "first"),
        (("--workflow", "first"), "first"),
        (("--workflow", "second", "COUNT=2"), "second"),
        (("--workflow", "shared"), "shared"),
    ],
    ids=str,
)
def test_run_of_one_document(wfc: Wfc, words: tuple[str, ...], name: str) -> None:
    write("two.yaml", TWO)
    result = wfc("run", "two.yaml", *words)
    assert result.code == 0, result.err
    assert f"{name}: succeeded in " in result.out


def test_run_of_an_unknown_document(wfc: Wfc) -> None:
    write("two.yaml", TWO)
    result = wfc("run", "two.yaml", "--workflow", "secnd")
    assert (result.code, result.out) == (2, "")
    assert "no workflow `secnd` in `two.yaml`: did you mean `second`?" in result.err


def test_run_knows_the_params_of_its_document_only(wfc: Wfc) -> None:
    write("two.yaml", TWO)
    result = wfc("run", "two.yaml", "COUNT=2")
    assert result.code == 2
    assert "unknown param `COUNT`" in result.err


# ---- compile


def test_compile_of_every_entry(wfc: Wfc) -> None:
    write("two.yaml", TWO)
    assert wfc("compile", "two.yaml", "-t", "shell").code == 0
    assert sorted(it.name for it in Path().glob("*.sh")) == ["first.sh", "second.sh"]
    result = wfc("compile", "two.yaml", "-t", "shell", "--check")
    assert result == (0, "", "")
    Path("first.sh").unlink()
    Path("second.sh").unlink()
    result = wfc("compile", "two.yaml", "-t", "shell", "--check")
    assert result.code == 1
    assert re.findall(r"^\+\+\+ .*/(.*)$", result.out, re.MULTILINE) == [
        "first.sh",
        "second.sh",
    ]


def test_params_of_a_compilation_go_to_the_entries_that_have_them(wfc: Wfc) -> None:
    write("two.yaml", TWO)
    words = ("-p", "NAME=all", "--bind", "COUNT=77")
    assert wfc("compile", "two.yaml", "-t", "shell", *words).code == 0
    first, second = Path("first.sh").read_text(), Path("second.sh").read_text()
    assert "NAME=all" in first
    assert "NAME=all" in second
    assert "77" in second
    assert "COUNT=" not in second.partition("wfc_help")[2]
    result = wfc("compile", "two.yaml", "-t", "shell", "-p", "NAM=x")
    assert result.code == 2
    assert "unknown param `NAM`: did you mean `NAME`?" in result.err


def test_a_frozen_param_has_no_other_default(wfc: Wfc) -> None:
    write("two.yaml", TWO)
    words = ("-p", "COUNT=1", "--bind", "COUNT=2")
    result = wfc("compile", "-t", "shell", "--stdout", "two.yaml", *words)
    assert result.code == 2
    assert "`COUNT` cannot be both in -p and in --bind" in result.err


def test_entries_that_would_be_one_file(wfc: Wfc) -> None:
    write("two.yaml", f"name: a\n{GOOD}---\nname: A\n{GOOD}")
    result = wfc("compile", "two.yaml", "-t", "shell")
    assert (result.code, result.out) == (2, "")
    assert "`a` and `A` would both be `A.sh`" in result.err
    assert [it.name for it in Path().iterdir()] == ["two.yaml"]


def test_a_script_is_made_from_the_files_that_it_needs(wfc: Wfc) -> None:
    write("flows/two.yaml", f"name: a\n{CALLER}---\nname: b\n{GOOD}")
    write("flows/load.yaml", GOOD)
    wfc("compile", "flows/two.yaml", "-t", "shell", "-o", "out")
    a, b = Path("out/a.sh").read_text(), Path("out/b.sh").read_text()
    assert "Made by wfc from ../flows/two.yaml" in a
    write("flows/load.yaml", GOOD.replace("hello", "changed"))
    wfc("compile", "flows/two.yaml", "-t", "shell", "-o", "out")
    assert Path("out/a.sh").read_text() != a
    assert Path("out/b.sh").read_text() == b


def test_same_bytes_from_everywhere(
    wfc: Wfc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write("a/flows/main.yaml", CALLER.replace("load", "lib/load")).resolve()
    write("a/flows/lib/load.yaml", GOOD)
    made = set()
    for folder, name in [
        (tmp_path, "a/flows/main.yaml"),
        (tmp_path / "a", "./flows/../flows/main.yaml"),
        (tmp_path / "a/flows/lib", "../main.yaml"),
        (tmp_path, str(source)),
    ]:
        monkeypatch.chdir(folder)
        assert wfc("compile", name, "-t", "shell", "--stdout").code == 0
        assert wfc("compile", name, "-t", "shell", "--force").code == 0
        made.add(source.with_suffix(".sh").read_bytes())
    assert len(made) == 1
    assert str(tmp_path) not in made.pop().decode()


# ---- the file system


def read(path: str) -> str | None:
    """The text of `path`, or the message why it has none."""
    found = FileLoader().read(path)
    return found.text if isinstance(found, Source) else found and found.message


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("good.yaml", GOOD),
        ("gone.yaml", None),
        ("good.yaml/x", None),
        ("nul\0byte", None),
        ("half\ud800", None),
        ("x" * 300, None),
        ("x/" * 3000, None),
        ("folder", "cannot read `folder`: it is a folder"),
        ("pipe", "cannot read `pipe`: it is not a regular file"),
        ("/dev/zero", "cannot read `/dev/zero`: it is not a regular file"),
        ("link", GOOD),
        ("loop", "cannot read `loop`: Too many levels of symbolic links"),
        ("binary", "`binary` is not UTF-8 text"),
    ],
    ids=str,
)
def test_loader_reads_regular_files(wfc: Wfc, path: str, expected: str | None) -> None:
    write("good.yaml", GOOD)
    Path("folder").mkdir()
    os.mkfifo("pipe")
    Path("link").symlink_to("good.yaml")
    Path("loop").symlink_to("loop")
    Path("binary").write_bytes(bytes(range(256)))
    assert read(path) == expected


def test_loader_without_permission(wfc: Wfc, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's mode means nothing to root, so the refusal is played."""

    def refuse(path: str) -> os.stat_result:
        raise PermissionError(13, "Permission denied", path)

    write("good.yaml", GOOD)
    monkeypatch.setattr(os, "stat", refuse)
    assert read("good.yaml") == "cannot read `good.yaml`: Permission denied"


def test_loader_reads_no_huge_file(wfc: Wfc) -> None:
    with Path("huge.yaml").open("w") as stream:
        stream.write("steps: []\n")
        stream.truncate((64 << 20) + 1)
    write("call.yaml", "steps:\n  - {name: s, run: huge}\n")
    write("choose.yaml", "steps:\n  - {name: s, run: '${W}'}\n")
    result = wfc("lint", "call.yaml", "huge.yaml")
    assert heads(result.out) == [("call.yaml:2", "WFC217"), ("huge.yaml:1", "WFC111")]
    assert "cannot read `huge.yaml`: it is larger than 64 MiB" in result.out
    Path("call.yaml").unlink()
    result = wfc("lint", "choose.yaml")
    assert [code for _, code in heads(result.out)] == ["WFC207", "WFC218"]


def test_loader_waits_for_no_file() -> None:
    """What comes of it is up to the system, and whether it is there; it comes at once."""
    FileLoader().read("/proc/kmsg")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_loader_looks_for_a_word(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.yaml").write_text("größe: 1\n" + GOOD, encoding=encoding)
    loader = FileLoader(tmp_path)
    assert loader.holds("a.yaml", "steps")
    assert not loader.holds("a.yaml", "stepps")
    assert not loader.holds("gone.yaml", "steps")
    assert not loader.holds(".", "steps")


def test_one_file_by_several_ways_is_one(wfc: Wfc) -> None:
    """A link to the own folder leads round and round, to the same files."""
    Path("again").symlink_to(".")
    write("main.yaml", "steps:\n  - {name: s, run: again/main.yaml}\n")
    result = wfc("lint", "main.yaml")
    assert heads(result.out) == [("main.yaml:2", "WFC216")]


def test_loader_looks_below_a_folder(tmp_path: Path) -> None:
    for name in ["b.yaml", "a.yml", "sub/c.yaml", ".hidden/d.yaml", "x.json"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(GOOD)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/e.yaml").write_text(GOOD)
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "round").symlink_to(".")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "link.yaml").symlink_to("b.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / os.fsdecode(b"\xff.yaml")).write_text(GOOD)
    loader = FileLoader(tmp_path)
    assert loader.below(".") == ["a.yml", "b.yaml", "link.yaml", "sub/c.yaml"]
    assert loader.below("sub") == ["sub/c.yaml"]
    assert loader.below("gone") == []


@pytest.mark.parametrize(("files", "folders"), [(1_001, 0), (0, 20_001)])
def test_loader_gives_up_where_there_is_too_much(
    tmp_path: Path, files: int, folders: int
) -> None:
    for number in range(files):
        (tmp_path / f"{number}.yaml").touch()
    for number in range(folders):
        (tmp_path / f"{number}.txt").touch()
    assert FileLoader(tmp_path).below(".") is None


def test_files_below_a_file_that_calls_nothing_are_not_looked_at(
    tmp_path: Path,
) -> None:
    write_here = tmp_path / "good.yaml"
    write_here.write_text(GOOD)
    (tmp_path / "sitecustomize.py").write_text(
        "import os\n"
        "def refuse(*words): raise SystemExit('looked into a folder')\n"
        "os.scandir = refuse\n"
    )
    done = process(["lint", "good.yaml"], tmp_path)
    assert done.returncode == 0, done.stderr
