"""What a program is started with, and what is said of one that cannot start."""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.interpreter.spawn import Spawner


@pytest.fixture
def spawner() -> Iterator[Spawner]:
    opened = Spawner()
    yield opened
    opened.close()


def run(
    spawner: Spawner, folder: Path, *argv: str, path: str | None = None
) -> tuple[int, str]:
    """The exit code of a program, and what it printed."""
    environment = dict(os.environ) if path is None else {"PATH": path}
    printed = folder / "printed"
    output = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        pid = spawner.start(argv, folder, environment, output, output)
    finally:
        os.close(output)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code, printed.read_text()


def program(path: Path, text: str = "#!/bin/sh\necho $0\n", mode: int = 0o755) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


PYTHON = [sys.executable, "-I", "-c"]


def test_a_group_of_its_own_in_the_folder_with_an_empty_stdin(
    spawner: Spawner, tmp_path: Path
) -> None:
    here = Path.cwd()
    text = "import os, sys; print(os.getpid() == os.getpgrp(), os.getcwd(), sys.stdin.read())"
    assert run(spawner, tmp_path, *PYTHON, text) == (0, f"True {tmp_path} \n")
    assert Path.cwd() == here


def test_signals_are_as_if_python_had_not_been_there(
    spawner: Spawner, tmp_path: Path
) -> None:
    numbers = [signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD]
    text = f"trap; kill -{signal.SIGPIPE} $$; echo ignored"
    former = [signal.getsignal(number) for number in numbers]
    assert run(spawner, tmp_path, "sh", "-c", text) == (-signal.SIGPIPE, "")
    assert [signal.getsignal(number) for number in numbers] == former


def test_no_descriptor_is_inherited_and_afterwards_all_are_as_before(
    tmp_path: Path,
) -> None:
    read, write = os.pipe()
    os.set_inheritable(read, True)
    try:
        spawner = Spawner()
        text = f"import os; os.fstat({read})"
        code, printed = run(spawner, tmp_path, *PYTHON, text)
        assert (code, "Bad file descriptor" in printed) == (1, True)
        spawner.close()
        assert os.get_inheritable(read)
        assert not os.get_inheritable(write)
    finally:
        os.close(read)
        os.close(write)


def test_a_program_is_looked_for_in_the_path_of_its_environment(
    spawner: Spawner, tmp_path: Path
) -> None:
    program(tmp_path / "refused/hello", mode=0o644)
    found = program(tmp_path / "found/hello")
    path = f"{tmp_path}/missing:{tmp_path}/printed:{tmp_path}/refused:{tmp_path}/found"
    assert run(spawner, tmp_path, "hello", path=path) == (0, f"{found}\n")


@pytest.mark.parametrize("name", ["./hello", "in/hello"])
def test_a_relative_path_starts_at_the_folder(
    name: str, spawner: Spawner, tmp_path: Path
) -> None:
    program(tmp_path / name)
    assert run(spawner, tmp_path, name) == (0, f"{name}\n")


@pytest.mark.parametrize(
    ("name", "path", "reason"),
    [
        pytest.param("hello", "refused:missing", errno.EACCES, id="refused"),
        pytest.param("hello", "missing:none", errno.ENOENT, id="missing"),
        pytest.param("hello", "garbage", errno.ENOEXEC, id="no-program"),
        pytest.param("garbage", ".", errno.EACCES, id="a-folder"),
        pytest.param("none/hello", "garbage", errno.ENOENT, id="path-of-nothing"),
        pytest.param("garbage/hello/x", "garbage", errno.ENOTDIR, id="below-a-file"),
    ],
)
def test_why_a_program_does_not_start(
    name: str, path: str, reason: int, spawner: Spawner, tmp_path: Path
) -> None:
    program(tmp_path / "refused/hello", mode=0o644)
    program(tmp_path / "garbage/hello", "\0\1\2")
    here = Path.cwd()
    with pytest.raises(OSError, match=os.strerror(reason)):
        run(spawner, tmp_path, name, path=path)
    assert Path.cwd() == here
