"""Random workflows whose runner is killed again and again: `soak.py NUMBER [SEED]`.

Each is run once undisturbed, and once with its runner killed by SIGKILL at random moments
and told to go on, until it comes to its end. Both must come to the same outcome, no step
that had ended well may run again, and no process may be left.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
_WELL = ("succeeded", "continued", "skipped")


@dataclass
class Tally:
    """What a number of soaks has come to. `again`: steps at work when the runner was
    killed that had said their last word, and had to say it once more."""

    runs: int = 0
    kills: int = 0
    again: int = 0
    problems: list[str] = field(default_factory=list)


# ---- workflows


def workflow(chance: random.Random) -> str:
    """A file with calls, fan-outs, retries, outputs, skips and failures that may be."""
    documents = [_document(chance, "flow", ["kid", "grandkid"], 9, True)]
    documents.append(_document(chance, "kid", ["grandkid"], 4))
    documents.append(_document(chance, "grandkid", [], 3))
    return "---\n".join(documents)


def _document(
    chance: random.Random, name: str, callees: list[str], most: int, entry: bool = False
) -> str:
    lines = [f"name: {name}", "type: graph"]
    if chance.random() < 0.4:
        lines.append(f"maxActiveSteps: {chance.randint(1, 4)}")
    # A param whose value differs each time that it comes to be.
    lines += ["params:", f"  - P: {name}", "  - R: '`echo $RANDOM$RANDOM`'", "steps:"]
    for number in range(chance.randint(2, most)):
        lines += _step(chance, number, callees)
    lines += ["handlerOn:", "  exit:"]
    lines.append('    command: echo "$P exit $DAG_RUN_STATUS" >> handlers')
    return "\n".join(lines) + "\n"


def _step(chance: random.Random, number: int, callees: list[str]) -> Iterator[str]:
    name = f"s{number}"
    before = [f"s{each}" for each in range(number) if chance.random() < 0.3]
    yield f"  - name: {name}"
    yield f"    depends: [{', '.join(before)}]"
    kind = chance.choice(["plain"] * 4 + ["retry", "fails", "skips", "each", "call"])
    values = "".join(f" $O{each[1:]}" for each in before)
    pause = f"sleep 0.{chance.randint(0, 25):02}"
    last = f'echo "$P/{name}" >> ends'
    fans_out = kind == "each" or (kind == "call" and not callees)
    calls = callees and (kind == "call" or (kind == "each" and chance.random() < 0.7))
    if fans_out:
        items = " ".join("abcdef"[: chance.randint(1, 6)])
        yield f"    parallel: {{items: {items}, maxConcurrent: {chance.randint(1, 3)}}}"
    if calls:
        yield f"    run: {chance.choice(callees)}"
        item = "[${ITEM}]" if fans_out else ""
        yield f'    params: {{P: "${{P}}/{name}{item}"}}'
    else:
        item = "[$ITEM]" if fans_out else ""
        last = f'echo "$P/{name}{item}" >> ends'
        tries = f'"try-$(echo "$P/{name}{item}" | tr / _)"'
        texts = {
            "retry": f"echo x >> {tries}; [ $(wc -l < {tries}) -ge 2 ]; {pause}; {last}",
            "fails": f"{pause}; {last}; exit 3",
        }
        told = f'echo "$P $R" >> values; echo {name}{values}; {pause}; {last}'
        yield "    command: |"
        yield f"      {texts.get(kind, told)}"
    if kind == "retry":
        yield "    retryPolicy: {limit: 3, intervalSec: 0}"
    if kind == "fails":
        yield "    continueOn: {failure: true}"
    if kind == "skips":
        yield '    preconditions: "false"'
        yield "    continueOn: {skipped: true}"
    yield f"    output: O{number}"


# ---- runs


class Runner:
    """Starts `wfc run` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        home = str(self.folder / "home")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "WFC_HOME": home}
        with (self.folder / "printed").open("ab") as printed:
            return subprocess.Popen(
                [sys.executable, "-m", "wfc", "run", *words],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
            )

    @property
    def run(self) -> Path | None:
        """The folder of the run, as soon as its journal has begun."""
        for path in (self.folder / "home/runs/flow").glob("*/events.jsonl"):
            if b"\n" in path.read_bytes():
                return path.parent
        return None

    def outcome(self) -> dict[str, Any]:
        run = self.run
        assert run is not None, (self.folder / "printed").read_text()
        found: dict[str, Any] = json.loads((run / "outcome.json").read_text())
        return found

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


def soak(seed: int, folder: Path, tally: Tally, most_kills: int = 4) -> None:
    """One workflow: undisturbed, then killed up to `most_kills` times."""
    chance = random.Random(seed)
    text = workflow(chance)
    calm, killed = Runner(folder / "calm"), Runner(folder / "killed")
    for runner in (calm, killed):
        (runner.folder / "flow.yaml").write_text(text)
    began = time.monotonic()
    calm.start("flow.yaml").wait(120)
    lasts = time.monotonic() - began
    for _ in range(chance.randint(1, most_kills)):
        if _kill_once(killed, chance.uniform(0.05, lasts * 1.1)):
            tally.kills += 1
        else:
            break
    _go(killed).wait(120)
    tally.runs += 1
    problems = [*_differences(calm, killed), *_twice(killed), *_left(killed)]
    ends = killed.lines("ends")
    tally.again += len(ends) - len(set(ends))
    tally.problems += [f"seed {seed}: {problem}" for problem in problems]


def _go(runner: Runner) -> "subprocess.Popen[bytes]":
    if runner.run is None:  # killed before anything was begun
        return runner.start("flow.yaml")
    return runner.start("--resume", str(runner.run))


def _kill_once(runner: Runner, moment: float) -> bool:
    """Whether it had to be killed: it may have come to its end before."""
    process = _go(runner)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


# ---- what must hold


def _differences(calm: Runner, killed: Runner) -> Iterator[str]:
    one, other = calm.outcome(), killed.outcome()
    for outcome in (one, other):
        del outcome["events"]
        for step in (*outcome["steps"].values(), *outcome["handlers"].values()):
            step["attempts"] = min(step["attempts"], 1)
    for part in one:
        if isinstance(one[part], dict):
            keys = [*one[part], *(key for key in other[part] if key not in one[part])]
            for key in keys:
                left, right = one[part].get(key), other[part].get(key)
                if _plain(left) != _plain(right):
                    yield f"{part}.{key}: {left} != {right}"
        elif one[part] != other[part]:
            yield f"{part}: {one[part]} != {other[part]}"
    if set(calm.lines("ends")) != set(killed.lines("ends")):
        yield "other steps have ended"
    once: dict[str, str] = {}
    for line in killed.lines("values"):
        path, value = line.split()
        if once.setdefault(path, value) != value:
            yield f"R of {path} was valued twice"


def _plain(value: object) -> str:
    """Without the values of R, which differ from run to run; records hold them."""
    return re.sub(r'R(\\*":\\*")\d+', r"R\1", json.dumps(value))


def _twice(killed: Runner) -> Iterator[str]:
    """What has ended well and was begun again, by the journal."""
    run = killed.run
    assert run is not None
    well: set[str] = set()
    for text in (run / "events.jsonl").read_text().splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue  # torn
        event, path = line["event"], line["step"]
        if event in ("start", "attempt"):
            if path in well:
                yield f"{path} had ended well and ran again"
            below = (f"{path}/", f"{path}[")
            well = {each for each in well if not each.startswith(below)}
            well.discard(path)
        elif line.get("ending", line.get("status")) in _WELL:
            well.add(path)


def _left(killed: Runner) -> Iterator[str]:
    run = killed.run
    assert run is not None
    mark = f"DAG_RUN_ID={run.name}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes().split(b"\0"):
                yield f"process {path.parent.name} is left"
        except OSError:
            continue


def main(number: int, seed: int) -> int:
    tally = Tally()
    for each in range(seed, seed + number):
        with tempfile.TemporaryDirectory() as folder:
            soak(each, Path(folder), tally)
        for problem in tally.problems:
            print(problem, flush=True)
        if tally.problems:
            break
        print(f"seed {each}: {tally.kills} kills so far", flush=True)
    print(tally)
    return 1 if tally.problems else 0


if __name__ == "__main__":
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    sys.exit(main(int(sys.argv[1]), first))
