"""Services by the run time of GitHub workflows, and the text that a file gets of it."""

import ast
import email
import os
from pathlib import Path

import pytest
from runtime_job import Job

from backends.github.runtime import MODULES
from backends.github.runtime_text import program
from backends.github.words import Command
from backends.python.assemble import assemble
from backends.python.expressions import MODULES as VALUES
from backends.python.runtime import attempts
from compiler.shelltext.render import load_files


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_words_files_and_input(job: Job) -> None:
    script = 'cat; cat \\"$1\\"; stat -c %a \\"$1\\"; echo \\"$X$A\\"'
    word = (
        f'service(lambda: [program("sh"), "-c", "{script}", "sh", file("f")], '
        'stdin=lambda: form_json("[1] ", "the input"), '
        'files={"f": lambda: concat("<", form_word("w", "it"), ">"), "g": None}, '
        'env={"X": lambda: "x"})'
    )
    job.run("step", "a", 'A="a"', "capture()", word)
    assert job.record("a")["output"] == "[1] <w>600\nxa"
    logs = os.listdir(job.temp / "wfc" / "logs" / "a")
    assert not [name for name in logs if name.startswith("service")]


def test_value_without_a_form(job: Job) -> None:
    word = 'service(lambda: [program("echo"), form_word("-x", "the host")])'
    job.run("step", "a", word)
    assert job.ended("a") == ("failed", 1, 1, None)
    assert "the host begins with `-` and would be an option" in job.log


def test_what_it_has_started_elsewhere_is_ended(job: Job) -> None:
    word = (
        'service(lambda: ["sh", "-c", "echo id > $0; exec sleep 60", file("cid")], '
        'files={"cid": None}, undo=lambda: ["sh", "-c", "echo $0 > gone", content("cid")])'
    )
    job.run("step", "a", "timeout(1)", "grace(1)", word)
    assert job.ended("a") == ("failed", 1, 124, None)
    assert (job.work / "gone").read_text() == "id\n"


def test_text_for_another_machine(job: Job) -> None:
    job.run("begin", "", '1="p q"')
    remote = 'remote(["bash", "-e"], ["A", "WFC_1", "NONE"])'
    word = f'service(lambda: ["env", "-i", "sh"], stdin=lambda: {remote})'
    words = ['A="it\\u0027s"', 'B="b"', 'WFC_1="x"', "capture()", word]
    job.run("step", "a", *words, text='echo "$A $B $WFC_1 $0 $1"; cat')
    assert job.record("a")["output"] == "it's  x a p q"


def test_mail(job: Job) -> None:
    job.environment()
    (job.work / "f.txt").write_text("attached")
    mail = 'message("A <a@x.org>", ["b@x.org"], "Tag \\u00e9", "hello", ["f.txt"])'
    word = (
        'service(lambda: ["cp", file("message"), "mail"], '
        f'files={{"message": lambda: {mail}}})'
    )
    job.run("step", "a", word)
    made = email.message_from_bytes((job.work / "mail").read_bytes())
    assert made["From"] == "A <a@x.org>"
    assert [part.get_filename() for part in made.walk()][-1] == "f.txt"
    job.run("step", "b", word.replace("hello", "x").replace("Tag ", "a\\nBcc: "))
    assert job.ended("b")[0] == "failed"


# ---- the text


def all_text() -> str:
    names = []
    for module in MODULES:
        if module.parent.name == "ir":
            continue  # only a type is of use there
        for statement in ast.parse(module.read_text()).body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                names.append(statement.name)
    public = [name for name in names if not name.startswith("_") and name != "in_form"]
    return assemble([*VALUES, *MODULES], public, types=False)


def test_all_of_it_is_one_text() -> None:
    text = all_text()
    assert text.isascii()
    assert len(text) < 120_000  # one argument of a program takes 128 KiB
    assert "${{" not in text


def command(name: str, path: str, *words: str) -> Command:
    return Command(name=name, path=path, words=words)


STEP = command("step", "a", "capture()")
PARAMS = command("begin", "", 'P="x"', "inputs()")
ENDS = [command("verdict", "", 'steps=["a"]'), command("summary", "", 'steps=["a"]')]
READS = command("step", "b", 'A=record("a")', "retry(2, 1)")
HANDLER = command("step", "handler-exit", "capture()")

LINES = {
    # what a file has: how long its run time is at most
    "a step": ([STEP], 470),
    "params": ([STEP, PARAMS], 550),
    "an end": ([STEP, PARAMS, *ENDS], 640),
    "a retry and a handler": ([STEP, PARAMS, READS, HANDLER, *ENDS], 700),
}


@pytest.mark.parametrize("commands", LINES)
def test_a_file_gets_only_what_it_needs(commands: str) -> None:
    given, most = LINES[commands]
    assert len(program(given).splitlines()) <= most


def test_large_values_are_read_as_everywhere() -> None:
    found = attempts.with_files("true", ["A", "B"])
    assert found == f"{load_files(['A', 'B'])}; true"
    found = attempts.with_files("#!/bin/sh\ntrue", ["A"])
    assert found == f"#!/bin/sh\n{load_files(['A'])}; true"
