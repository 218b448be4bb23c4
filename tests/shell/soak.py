"""Scripts of random workflows that are cancelled: `soak.py NUMBER [SEED]`; BASH=PATH runs them.

Each script gets INT or TERM at a random moment, some a second one soon after. It must end
in time, with no process left, no lock taken and the outcome of a cancelled run.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from shell.scripts import text_of  # noqa: E402

_LONGEST = 30  # seconds that a script may take to end: handlers of all calls run
_MARK = "WFC_SOAK"


@dataclass
class Tally:
    """What a number of soaks has come to. `late`: the script was over before; `early`: it
    did not listen yet."""

    runs: int = 0
    late: int = 0
    early: int = 0
    slowest: float = 0
    problems: list[str] = field(default_factory=list)


# ---- workflows

_TEXTS = {
    "plain": "sleep {pause}; echo {name}",
    "long": "sleep 30",
    "children": "sleep 31 & sleep 32 & wait",
    "left behind": "sleep 33 & sleep {pause}",
    "group": "timeout 34 sleep 35",
    "pipe": "sleep 36 | sleep 37 | cat",
    "deaf": "trap '' TERM INT; for i in 1 2 3 4 5 6 7 8 9; do sleep {pause}; done",
    "tidy": "trap 'sleep 0.1; exit 0' TERM INT; sleep 30 & wait",
    "fails": "sleep {pause}; exit 3",
    "prints": "while echo xxxxxxxxxxxxxxxx; do sleep 0.01; done",
}


def workflow(chance: random.Random) -> str:
    """A file with calls, fan-outs, times, retries, locks and processes of all kinds."""
    documents = [_document(chance, "flow", ["kid", "grandkid"], 8)]
    documents.append(_document(chance, "kid", ["grandkid"], 4))
    documents.append(_document(chance, "grandkid", [], 3))
    return "---\n".join(documents)


def _document(chance: random.Random, name: str, callees: list[str], most: int) -> str:
    lines = [f"name: {name}", "type: graph", "maxCleanUpTimeSec: 1"]

    def maybe(likely: float, *more: str) -> None:
        if chance.random() < likely:
            lines.extend(more)

    maybe(0.4, f"maxActiveSteps: {chance.randint(1, 4)}")
    maybe(0.2, f"timeoutSec: {chance.randint(1, 3)}")
    maybe(0.2, "delaySec: 1")
    maybe(0.3, "env: [{E: '`sleep 0.05; echo e`'}]")
    maybe(0.2, "preconditions: sleep 0.1")
    if name == "flow":
        maybe(0.3, "secrets: [{name: S, provider: env, key: KEY}]")
        maybe(0.3, "maxActiveRuns: 1")
    lines.append("steps:")
    for number in range(chance.randint(1, most)):
        lines += _step(chance, number, callees)
    for kind in ("cancel", "failure", "exit", "init"):
        if chance.random() < 0.25:
            if "handlerOn:" not in lines:
                lines.append("handlerOn:")
            pause = chance.choice(["0", "0.2", "1"])
            lines.append(f"  {kind}: {{command: 'sleep {pause}; echo {kind}'}}")
    return "\n".join(lines) + "\n"


def _step(chance: random.Random, number: int, callees: list[str]) -> Iterator[str]:
    before = [f"s{each}" for each in range(number) if chance.random() < 0.25]
    yield f"  - name: s{number}"
    yield f"    depends: [{', '.join(before)}]"
    fans_out = chance.random() < 0.25
    if fans_out:
        items = " ".join("abcdef"[: chance.randint(1, 6)])
        yield f"    parallel: {{items: {items}, maxConcurrent: {chance.randint(1, 3)}}}"
    if callees and chance.random() < 0.35:
        yield f"    run: {chance.choice(callees)}"
    else:
        text = _TEXTS[chance.choice([*_TEXTS])]
        pause = f"0.{chance.randint(0, 40):02}"
        yield f'    command: "{text.format(name=number, pause=pause)}"'
        if chance.random() < 0.15:
            yield f"    signalOnStop: {chance.choice(['SIGINT', 'SIGTERM', 'SIGHUP'])}"
        if chance.random() < 0.2 and not fans_out:
            again = "repeat: while, limit: 3, intervalSec: 1, exitCode: [0, 3]"
            yield f"    repeatPolicy: {{{again}}}"
    if chance.random() < 0.3:
        yield f"    timeoutSec: {chance.randint(1, 2)}"
    if chance.random() < 0.3 and not fans_out:
        yield f"    retryPolicy: {{limit: 2, intervalSec: {chance.randint(0, 2)}}}"
    if chance.random() < 0.2:
        yield "    preconditions: sleep 0.1"
    if chance.random() < 0.2:
        yield f"    queue: {chance.choice(['slow', 'fast'])}"
    if chance.random() < 0.4:
        yield "    continueOn: {failure: true, skipped: true}"
    yield f"    output: O{number}"


# ---- runs


def soak(seed: int, folder: Path, tally: Tally) -> None:
    """One script, cancelled once."""
    chance = random.Random(seed)
    script = folder / "flow.sh"
    script.write_text(text_of(workflow(chance)), "utf-8")
    process = _start(script, folder, str(seed))
    signals = [chance.choice([signal.SIGINT, signal.SIGTERM])]
    if chance.random() < 0.2:
        signals.append(chance.choice([signal.SIGINT, signal.SIGTERM]))
    with suppress(subprocess.TimeoutExpired):
        process.wait(chance.uniform(0, 2.5))
    over = process.poll() is not None
    began = time.monotonic()
    process.send_signal(signals[0])
    for more in signals[1:]:
        time.sleep(chance.uniform(0, 1))
        process.send_signal(more)
    tally.runs += 1
    tally.late += over
    problems: list[str] = []
    try:
        process.wait(_LONGEST)
    except subprocess.TimeoutExpired:
        problems.append("it hangs")
        problems += [f"there is {line}" for line in _left(str(seed))]
        process.kill()
        process.wait()
        time.sleep(3)
    else:
        tally.slowest = max(tally.slowest, time.monotonic() - began)
        problems += _ended(process.returncode, signals[0], folder, over, tally)
    problems += _free(folder, str(seed), process.returncode not in (0, 1))
    tally.problems += [f"seed {seed}: {problem}" for problem in problems]


def _start(script: Path, folder: Path, mark: str) -> "subprocess.Popen[bytes]":
    def prepare() -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)

    names = {"WFC_HOME": str(folder / "home"), "KEY": "hush-hush", _MARK: mark}
    with (folder / "printed").open("ab") as printed:
        return subprocess.Popen(
            [os.environ.get("BASH", "bash"), str(script)],
            cwd=folder,
            env={**os.environ, **names},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            process_group=0,
            preexec_fn=prepare,
        )


# ---- what must hold


def _ended(
    code: int, sent: signal.Signals, folder: Path, over: bool, tally: Tally
) -> Iterator[str]:
    runs = [*folder.glob("home/runs/flow/*")]
    if code == -sent and not any((it / "events.jsonl").exists() for it in runs):
        tally.early += 1  # it did not listen yet, and has begun nothing
        return
    outcomes = [it / "outcome.json" for it in runs]
    if not outcomes or not outcomes[0].exists():
        yield f"it ended with {code}, and there is no outcome"
        return
    outcome = json.loads(outcomes[0].read_text())
    if outcome["exit_code"] != code:
        yield f"it ended with {code}, and the outcome has {outcome['exit_code']}"
    if outcome["status"] == "aborted" and not over and code not in (0, 128 + sent):
        yield f"it ended with {code} after signal {sent}"
    if outcome["status"] != "aborted" and not over:
        tally.late += 1
        if outcome["status"] == "succeeded" and code:
            yield f"it succeeded with {code}"
    for path, step in outcome["steps"].items():
        if step["status"] not in (
            "succeeded", "failed", "skipped", "aborted", "not_started",
        ):  # fmt: skip
            yield f"`{path}` is {step['status']}"
    yield from (f"{it.name} is left" for it in runs[0].glob(".[a-z]*"))


def _free(folder: Path, mark: str, cancelled: bool) -> Iterator[str]:
    """What is left: a second is for processes that end behind the script."""
    for _ in range(20):
        left = [*_left(mark)]
        if not left:
            break
        time.sleep(0.1)
    if cancelled:  # else what steps left in the background lives on
        yield from (f"left is {line}" for line in left)
    for line in left:
        with suppress(OSError):
            os.kill(int(line.partition(" ")[0]), signal.SIGKILL)
    for path in folder.glob("home/locks/*/*"):
        names = sorted((it.name for it in path.iterdir()), key=int)
        if names and os.readlink(path / names[-1]) != "free":
            yield f"the lock {path.relative_to(folder)} is taken"


def _left(mark: str) -> Iterator[str]:
    """The processes that descend from the script: its mark is in their environment."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"{_MARK}={mark}".encode() in path.read_bytes().split(b"\0"):
                command = (path.parent / "cmdline").read_bytes().replace(b"\0", b" ")
                yield f"{path.parent.name} {command.decode('utf-8', 'replace')[:80]}"


def main(number: int, seed: int) -> int:
    tally = Tally()
    for each in range(seed, seed + number):
        told = len(tally.problems)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            soak(each, Path(folder), tally)
        for problem in tally.problems[told:]:
            print(problem, flush=True)
    print(tally)
    return 1 if tally.problems else 0


if __name__ == "__main__":
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    sys.exit(main(int(sys.argv[1]), first))
