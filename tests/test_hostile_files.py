"""Broken files of all kinds: findings, never an exception, in bounded time and memory.

WFC_MUTATIONS=100000 tries so many files instead of the 10,000 of each test run.
"""

import os
import resource
import time

import pytest
from cases import CONFORMANCE, GOLDEN, TESTS
from mutations import mutated

from compiler.backend import Backend
from compiler.cli.backends import backend
from compiler.pipeline import back_end, front_end
from compiler.reader import decode
from compiler.report import to_text
from compiler.source import Source

MUTATIONS = int(os.environ.get("WFC_MUTATIONS", "10000"))
_AT_ONCE = 500
_FILES = [
    path.read_bytes()
    for root in (CONFORMANCE, GOLDEN, TESTS.parent / "examples")
    for path in sorted(root.rglob("*.yaml"))
    if path.name != "runs.yaml"
]
FILES = [text for text in _FILES if len(text) < 20_000]
SLOWEST = 5.0  # seconds for a file of a few kilobytes, on a busy machine
MORE_MEMORY = 300  # MiB for all that one process tries


def tried(text: bytes, target: Backend) -> list[str]:
    """What is wrong with how wfc takes `text`, which may be any bytes."""
    source = decode("w.yaml", text)
    if not isinstance(source, Source):
        return [] if source.code == "WFC111" else [f"{source}"]
    checked = front_end(source)
    said = to_text(checked.diagnostics, checked.sources)
    if checked.program is None:
        return [] if "error[" in said else ["no program and no error"]
    files, found = back_end(checked.program, checked.sources, target)
    refused = any(each.code == "WFC401" for each in found)
    return [] if bool(files) != refused else ["neither files nor a refusal, or both"]


@pytest.mark.parametrize("start", range(0, MUTATIONS, _AT_ONCE))
def test_gives_findings(start: int) -> None:
    target = backend("shell")
    for seed in range(start, min(start + _AT_ONCE, MUTATIONS)):
        text = mutated(FILES, seed)
        began = time.process_time()
        try:
            problems = tried(text, target)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {text!r}") from error
        assert (
            not problems
        ), f"seed {seed}: {problems}\n{text.decode('utf-8', 'replace')}"
        assert time.process_time() - began < SLOWEST, f"seed {seed} takes long"


def test_takes_no_more_memory() -> None:
    """What is tried leaves nothing behind."""
    target = backend("shell")

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    before = peak()
    for seed in range(50):
        tried(mutated(FILES, seed), target)
    assert peak() - before < MORE_MEMORY
