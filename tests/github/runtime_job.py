"""A job of a GitHub workflow without a runner: commands of the run time as processes."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from backends.github.runtime_text import program
from backends.github.words import Command


@dataclass
class Job:
    """A job: its folders, and what its commands give."""

    folder: Path
    name: str = "job"
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    commands: list[Command] = field(default_factory=list)  # those of its file so far

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
        sources = () if command in ("pack", "unpack") else words
        self.commands.append(Command(name=command, path=path, words=sources))
        process = subprocess.Popen(
            [sys.executable, "-c", program(self.commands), command, path, *words],
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
