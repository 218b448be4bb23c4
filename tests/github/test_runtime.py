"""The run time of GitHub workflows: its commands as processes, without a runner."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from backends.github.runtime import MODULES
from backends.python.assemble import assemble, names_in
from backends.python.expressions import MODULES as VALUES


@dataclass
class Job:
    """A job: its folders, and what its commands give."""

    folder: Path
    name: str = "job"
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""

    @property
    def temp(self) -> Path:
        return self.folder / "temp"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def environment(self, **env: str) -> dict[str, str]:
        for folder in (self.temp, self.work):
            folder.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_WORKSPACE": str(self.work),
            "GITHUB_OUTPUT": str(self.temp / "outputs"),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "GITHUB_JOB": self.name,
            "GITHUB_WORKFLOW": "nightly",
            "GITHUB_RUN_ID": "7",
            "GITHUB_RUN_ATTEMPT": "1",
            **env,
        }

    def start(
        self, command: str, path: str, *words: str, text: str = "", **env: str
    ) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-c", program(command, words), command, path, *words],
            cwd=self.work if self.work.exists() else self.folder,
            env={**self.environment(**env), "WFC": "x" * 100},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdin is not None
        process.stdin.write(text.encode("utf-8", "surrogateescape") + b"\n")
        process.stdin.close()
        return process

    def run(
        self, command: str, path: str, *words: str, text: str = "", **env: str
    ) -> int:
        self.environment()
        process = self.start(command, path, *words, text=text, **env)
        assert process.stdout is not None
        self.log = process.stdout.read().decode("utf-8", "replace")
        code = process.wait()
        assert "Traceback" not in self.log, self.log
        outputs = self.temp / "outputs"
        self.outputs = {}
        if outputs.exists():
            lines = outputs.read_text().splitlines()
            self.outputs = dict(line.split("=", 1) for line in lines)
            outputs.unlink()
        return code

    def record(self, path: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(
            (self.temp / "wfc" / "out" / "steps" / f"{path}.json").read_text()
        )
        return found

    def ended(self, path: str) -> tuple[object, ...]:
        found = self.record(path)
        return tuple(
            found[key] for key in ("status", "attempts", "exit_code", "output")
        )


def program(command: str, words: tuple[str, ...]) -> str:
    roots = {"main", command}
    for word in words:
        source = word
        kinds = ("own.", "env.", "given.", "secret.", "seen.")
        for kind in kinds:
            source = source.removeprefix(kind)
        name, equals, rest = source.partition("=")
        if (equals and name.isidentifier()) or name.isdigit():
            source = rest
        if command not in ("unpack", "pack"):
            roots |= names_in(source)
    return f"{assemble([*VALUES, *MODULES], roots)}\n\nsys.exit(main())\n"


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_captured_output_and_status(job: Job) -> None:
    assert job.run("step", "a", "capture()", text="printf ' x y \\n'") == 0
    assert job.ended("a") == ("succeeded", 1, 0, "x y")
    assert job.outputs == {"status": "succeeded"}
    assert job.record("a")["start"] <= job.record("a")["end"]  # type: ignore[operator]


def test_output_of_another_step_is_in_the_environment(job: Job) -> None:
    hostile = "a\n'b' \"c\" $(id) `id` {{ x }} ${{ y }} \\ é"
    job.run("step", "a", "capture()", text=f"cat <<'END'\n{hostile}\nEND")
    job.run("step", "b", 'A=record("a")', "capture()", text='printf %s "$A"')
    assert job.record("b")["output"] == hostile


def test_what_is_printed_is_no_command(job: Job) -> None:
    job.run("step", "a", text="echo '::error::x'; echo '::set-env name=A::b' >&2")
    lines = [line for line in job.log.splitlines() if line]
    assert lines[0].startswith("::stop-commands::")
    token = lines[0].removeprefix("::stop-commands::")
    assert lines[-1] == f"::{token}::"
    assert set(lines[1:-1]) == {"::error::x", "::set-env name=A::b"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("exit 3", 3),
        ("no-such-program", 127),
        ("echo x > f; ./f", 126),
        ("kill -9 $$", 137),
        ("false; echo on", 1),
    ],
)
def test_exit_codes(job: Job, text: str, code: int) -> None:
    assert job.run("step", "a", text=text) == 1
    assert job.ended("a") == ("failed", 1, code, None)
    assert "::error title=a::failed with exit" in job.log


def test_soft_failure_is_a_warning(job: Job) -> None:
    assert job.run("step", "a", "soft()", text="exit 3") == 0
    assert job.outputs == {"status": "failed"}
    assert "::warning title=a::failed with exit 3" in job.log
