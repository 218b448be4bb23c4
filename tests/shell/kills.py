"""Scripts of random workflows that are killed again and again: `kills.py NUMBER [SEED]`.

Each is run by the interpreter, undisturbed, and as a script that is killed at random moments
and told to go on (`--resume`) until it comes to its end. Both must come to the same outcome,
what had ended well must not run again, and no process may be left. BASH=PATH runs scripts.
"""

import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from backends.shell import BACKEND  # noqa: E402
from compiler.interpreter import Quiet  # noqa: E402
from compiler.interpreter import run as interpret  # noqa: E402
from compiler.link import entered  # noqa: E402
from compiler.outcome import to_json  # noqa: E402
from compiler.pipeline import back_end, front_end  # noqa: E402
from compiler.source import Source  # noqa: E402

_MARK = "WFC_KILLS"
_WELL = ("succeeded", "skipped")


@dataclass
class Tally:
    """What a number of runs has come to. `cuts`: kills of all processes at once."""

    runs: int = 0
    kills: int = 0
    cuts: int = 0
    problems: list[str] = field(default_factory=list)


# ---- workflows


def workflow(chance: random.Random) -> str:
    documents = [_document(chance, "flow", ["kid", "grandkid"], 7)]
    documents.append(_document(chance, "kid", ["grandkid"], 3))
    documents.append(_document(chance, "grandkid", [], 2))
    documents.append("name: stuck\nsteps: [{name: z, command: sleep 60}]\n")
    return "---\n".join(documents)


def _document(chance: random.Random, name: str, callees: list[str], most: int) -> str:
    lines = [f"name: {name}", "type: graph"]

    def maybe(likely: float, *more: str) -> None:
        if chance.random() < likely:
            lines.extend(more)

    maybe(0.4, f"maxActiveSteps: {chance.randint(1, 4)}")
    if name == "flow":
        maybe(0.4, "logDir: logs")
        maybe(0.3, "maxActiveRuns: 1")
    else:
        maybe(0.3, f"timeoutSec: {chance.randint(60, 99)}")
    maybe(0.15, "delaySec: 1")
    # A param whose value differs each time that it comes to be.
    lines += ["params:", f"  - P: {name}", "  - R: '`echo $RANDOM$RANDOM`'"]
    lines += ["  - TWO: 2", "  - NONE: 0", "steps:"]
    for number in range(chance.randint(1, most)):
        lines += _step(chance, number, callees)
    lines += ["handlerOn:", "  exit:"]
    lines.append('    command: echo "$P exit $DAG_RUN_STATUS" >> handlers')
    return "\n".join(lines) + "\n"


_KINDS = ["plain"] * 3 + ["retry", "fails", "skips", "repeat", "until", "late", "each"]
_KINDS += ["call"] * 3 + ["stuck"]
_ENDS = {
    "retry": "    retryPolicy: {limit: '${TWO}', intervalSec: '${NONE}'}",
    "fails": "    continueOn: {failure: true}",
    "skips": '    preconditions: "false"\n    continueOn: {skipped: true}',
    "repeat": "    repeatPolicy: {repeat: while, exitCode: 0, limit: '${TWO}', intervalSec: 1}",
    "late": "    timeoutSec: 1\n    continueOn: {failure: true}",
    "stuck": "    run: stuck\n    timeoutSec: 1\n    continueOn: {failure: true}",
}


def _step(chance: random.Random, number: int, callees: list[str]) -> Iterator[str]:
    name = f"s{number}"
    before = [f"s{each}" for each in range(number) if chance.random() < 0.3]
    yield f"  - name: {name}"
    yield f"    depends: [{', '.join(before)}]"
    kind = chance.choice(_KINDS)
    values = "".join(f" $O{each[1:]}" for each in before)
    pause = f"sleep 0.{chance.randint(0, 25):02}"
    fans_out = kind == "each" or (kind == "call" and not callees)
    calls = callees and (kind == "call" or (kind == "each" and chance.random() < 0.7))
    if fans_out:
        items = " ".join("abcdef"[: chance.randint(1, 5)])
        yield f"    parallel: {{items: {items}, maxConcurrent: {chance.randint(1, 3)}}}"
    item = "[${ITEM}]" if fans_out else ""
    if calls:
        yield f"    run: {chance.choice(callees)}"
        yield f'    params: {{P: "${{P}}/{name}{item}"}}'
        if chance.random() < 0.4:
            yield f"    timeoutSec: {chance.randint(60, 99)}"
    elif kind != "stuck":
        last = f'echo "$P/{name}{item}" >> ends'
        tries = f'"try-$(echo "$P/{name}{item}" | tr / _)"'
        count = f"echo x >> {tries}"
        texts = {
            "retry": f"{count}; [ $(wc -l < {tries}) -ge 2 ]; {pause}; {last}",
            "fails": f"{pause}; {last}; exit 3",
            "repeat": f"{pause}; echo {name}",
            "until": f"{count}; {pause}; echo {name}",
            "late": "sleep 60",
        }
        told = f'echo "$P $R" >> values; echo {name}{values}; {pause}; {last}'
        yield "    command: |"
        yield f"      {texts.get(kind, told)}"
    if kind in _ENDS:
        yield _ENDS[kind]
    if kind == "until":
        files = f'try-$(echo "$P/{name}" | tr / _)'
        test = f'[ $(wc -l < "{files}") -ge 3 ]'
        yield "    repeatPolicy:"
        yield f"      {{repeat: until, condition: '{test}', intervalSec: 0, limit: 99}}"
    elif chance.random() < 0.2:
        yield f"    queue: {chance.choice(['slow', 'fast'])}"
    yield f"    output: O{number}"


# ---- runs


class Script:
    """A script in a folder of its own, and its run."""

    def __init__(self, folder: Path, text: str, mark: str) -> None:
        self.folder, self.mark = folder, mark
        folder.mkdir()
        checked = front_end(Source("flow.yaml", text))
        assert checked.program is not None, (checked.diagnostics, text)
        self.program = entered(checked.program, checked.program.entry)
        (file,) = back_end(self.program, checked.sources, BACKEND, "resume")[0]
        (folder / "flow.sh").write_text(file.text, "utf-8")

    def start(self) -> "subprocess.Popen[bytes]":
        words = [] if self.run is None else ["--resume", str(self.run)]
        names = {"WFC_HOME": str(self.folder / "home"), _MARK: self.mark}
        with (self.folder / "printed").open("ab") as printed:
            return subprocess.Popen(
                [os.environ.get("BASH", "bash"), "flow.sh", *words],
                cwd=self.folder,
                env={**os.environ, **names},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                process_group=0,
            )

    @property
    def run(self) -> Path | None:
        """The folder of the run, as soon as it can go on."""
        for path in (self.folder / "home/runs/flow").glob("*/given"):
            return path.parent
        return None

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


def soak(seed: int, folder: Path, tally: Tally) -> None:
    """One workflow: by the interpreter, then as a script that is killed."""
    chance = random.Random(seed)
    text = workflow(chance)
    script = Script(folder / "script", text, str(seed))
    calm = folder / "calm"
    calm.mkdir()
    began = time.monotonic()
    expected = interpret(
        script.program,
        values={},
        arguments=(),
        work_dir=calm,
        home=calm / "home",
        progress=Quiet(io.StringIO()),
        environment=dict(os.environ),
    ).outcome
    lasts = time.monotonic() - began
    for _ in range(chance.randint(1, 4)):
        process = script.start()
        try:
            process.wait(chance.uniform(0.02, lasts * 1.2))
            break
        except subprocess.TimeoutExpired:
            tally.kills += 1
            process.kill()
            if chance.random() < 0.3:
                tally.cuts += 1
                for _ in range(5):
                    for pid in _left(script.mark):
                        with suppress(OSError):
                            os.kill(pid, signal.SIGKILL)
            process.wait()
    problems = []
    try:
        script.start().wait(lasts * 3 + 60)
    except subprocess.TimeoutExpired:
        problems.append("it hangs")
    tally.runs += 1
    problems += _differences(to_json(expected), script, calm)
    time.sleep(0.2)
    for pid in _left(script.mark):
        problems.append(f"left is {_command(pid)}")
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    tally.problems += [f"seed {seed}: {problem}" for problem in problems]
    if problems and "KEEP" in os.environ:
        os.rename(folder, f"{os.environ['KEEP']}-{seed}")
        folder.mkdir()


# ---- what must hold


def _differences(one: Any, script: Script, calm: Path) -> Iterator[str]:
    run = script.run
    if run is None or not (run / "outcome.json").exists():
        printed = (script.folder / "printed").read_text("utf-8", "replace")
        yield f"there is no outcome: {printed[-600:]}"
        return
    other = json.loads((run / "outcome.json").read_text())
    for outcome in (one, other):
        del outcome["events"]
        for step in (*outcome["steps"].values(), *outcome["handlers"].values()):
            step["attempts"] = min(step["attempts"], 1)
    for part in one:
        if isinstance(one[part], dict):
            for key in {**one[part], **other[part]}:
                left, right = one[part].get(key), other[part].get(key)
                if _plain(left) != _plain(right):
                    yield f"{part}.{key}: {left} != {right}"
        elif one[part] != other[part]:
            yield f"{part}: {one[part]} != {other[part]}"
    ends = calm / "ends"
    there = set(ends.read_text().splitlines()) if ends.exists() else set()
    if there != set(script.lines("ends")):
        yield "other steps have ended"
    once: dict[str, str] = {}
    for line in script.lines("values"):
        path, value = line.split()
        if once.setdefault(path, value) != value:
            yield f"R of {path} was valued twice"
    yield from _twice(run)


def _plain(value: object) -> str:
    """Without what differs from run to run: values of R, how often something was tried."""
    text = re.sub(r'R(\\*":\\*")\d+', r"R\1", json.dumps(value))
    return re.sub(r'"output": "\d+"|(\\*")\d+\\*"', "N", text)


def _twice(run: Path) -> Iterator[str]:
    """What has ended well and was begun again, by the journal."""
    well: set[str] = set()
    for text in (run / "events.jsonl").read_text().splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue  # torn
        event, path = line["event"], line["step"]
        if event == "start":
            if path in well:
                yield f"{path} had ended well and ran again"
            below = (f"{path}/", f"{path}[")
            well = {each for each in well if not each.startswith(below)}
            well.discard(path)
        elif line.get("status") in _WELL:
            well.add(path)


def _left(mark: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"{_MARK}={mark}".encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


def _command(pid: int) -> str:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        return words.decode("utf-8", "replace")[:80]
    return "a process that has ended by now"


def main(number: int, seed: int) -> int:
    tally = Tally()
    for each in range(seed, seed + number):
        told = len(tally.problems)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            soak(each, Path(folder), tally)
        for problem in tally.problems[told:]:
            print(problem, flush=True)
    print(f"{tally.runs} runs, {tally.kills} kills, {tally.cuts} of all processes")
    return 1 if tally.problems else 0


if __name__ == "__main__":
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    sys.exit(main(int(sys.argv[1]), first))
