"""What GitHub does not take because it would be too large: refused, and soon."""

import time

import pytest

from backends.github import BACKEND
from compiler.pipeline import back_end, front_end
from compiler.source import Source

STEP = "{name: s%d, command: echo, retryPolicy: {limit: 1, intervalSec: 0}}"


def nested(depth: int, width: int) -> str:
    """A workflow that calls `width` times one that calls ..., `depth` times."""
    documents = []
    for level in range(depth):
        calls = [f"  - {{name: c{it}, run: w{level + 1}}}\n" for it in range(width)]
        documents.append(f"name: w{level}\ntype: graph\nsteps:\n{''.join(calls)}")
    documents.append(f"name: w{depth}\nsteps:\n  - {{name: a, command: echo}}\n")
    return "---\n".join(documents)


def many(number: int, kind: str) -> str:
    steps = "".join(f"  - {STEP % it}\n" for it in range(number))
    return f"name: many\ntype: {kind}\nsteps:\n{steps}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (nested(12, 1), None),
        (nested(3, 3), None),
        (nested(30, 2), (4, "`steps-above-1000`")),
        (nested(300, 1), (4, "`calls-above-30-deep`")),
        (nested(8, 2), (4, "takes no file above 500 kB")),
        (many(1000, "chain"), None),
        (many(1001, "chain"), (1004, "`steps-above-1000`")),
        (many(900, "graph"), (1, "takes no file above 500 kB")),
    ],
    ids=[
        "nested",
        "a-few-calls",
        "exponential",
        "deep",
        "many-jobs-of-calls",
        "long-job",
        "too-many-steps",
        "many-jobs",
    ],
)
def test_too_large(text: str, said: tuple[int, str] | None) -> None:
    began = time.monotonic()
    checked = front_end(Source("test.yaml", text))
    assert checked.program is not None
    files, found = back_end(checked.program, checked.sources, BACKEND)
    assert time.monotonic() - began < 20
    if said is None:
        assert not found
        assert files
    else:
        (only,) = found
        assert not files
        assert only.code == "WFC401"
        assert only.span.line == said[0]
        assert said[1] in only.message
