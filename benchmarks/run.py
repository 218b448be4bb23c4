"""Measures wfc against yardsticks on the same machine and prints one Markdown table.

    python benchmarks/run.py [--quick]

Each row is a time, the time of a yardstick measured in turn with it, and their ratio:
ratios carry from machine to machine, times do not. README.md has a table and its reading.
"""

import argparse
import gc
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml
from graphs import (
    SHAPES,
    Body,
    chain,
    fan_out,
    large,
    nested,
    to_bash_operators,
    to_makefile,
    to_yaml,
    wide,
)

ROOT = Path(__file__).resolve().parent.parent
SMALL = Path(__file__).resolve().with_name("small.yaml")

Work = Callable[[], None]


class Row(NamedTuple):
    what: str
    times: list[float]
    yardstick: str
    against: list[float]


def measure(what: str, work: Work, yardstick: str, other: Work, times: int) -> Row:
    """Both pieces of work in turn, `times` times, after a first time that does not count:
    whatever else the machine does meets both."""
    row = Row(what, [], yardstick, [])
    for turn in range(times + 1):
        for piece, seconds in ((work, row.times), (other, row.against)):
            begun = time.perf_counter()
            piece()
            if turn:
                seconds.append(time.perf_counter() - begun)
    return row


def printed(row: Row) -> str:
    cells = [
        row.what,
        *map(_seconds, (min(row.times), statistics.median(row.times))),
        row.yardstick,
        *map(_seconds, (min(row.against), statistics.median(row.against))),
        f"{min(row.times) / min(row.against):.1f}",
        f"{statistics.median(row.times) / statistics.median(row.against):.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def _seconds(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def process(words: Sequence[str], folder: Path) -> Work:
    """A process from its start to its end, which must be a good one."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "WFC_HOME": str(folder / "wfc"),
        "DAGU_HOME": str(folder / "dagu"),
    }
    # An installed program has its bytecode; this one has it from the first time on.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def work() -> None:
        done = subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{words} ended with {done.returncode}: {done.stderr!r}")

    return work


def events(text: str) -> Work:
    """libyaml's bare pass over a text: what reading YAML costs whoever reads it."""

    def work() -> None:
        for _ in yaml.parse(text, Loader=yaml.CSafeLoader):
            pass

    return work


def linted(text: str) -> Work:
    from compiler.pipeline import front_end
    from compiler.source import Source

    def work() -> None:
        assert front_end(Source("graph.yaml", text)).program is not None

    return work


def compiled(text: str) -> Work:
    from backends.shell import BACKEND
    from compiler.pipeline import back_end, front_end
    from compiler.source import Source

    def work() -> None:
        checked = front_end(Source("graph.yaml", text))
        assert checked.program is not None
        files, _ = back_end(checked.program, checked.sources, BACKEND)
        assert files

    return work


def start_up(folder: Path, times: int) -> list[Row]:
    """`wfc lint` of a 20-line file as a whole process."""
    lint = process([sys.executable, "-m", "wfc", "lint", "-q", str(SMALL)], folder)
    rows = []
    for code in ("import yaml", "pass"):
        yardstick = process([sys.executable, "-c", code], folder)
        what = "`wfc lint` of 20 lines, process"
        rows.append(measure(what, lint, f"`python -c '{code}'`", yardstick, times))
    return rows


def per_step(steps: int, times: int) -> list[Row]:
    """The compiler's own work on graphs of each shape, without the start of a process."""
    rows = []
    bodies: tuple[tuple[Body, str], ...] = (("true", ""), ("values", ", with values"))
    for shape, graph in SHAPES.items():
        for body, suffix in bodies:
            text = to_yaml(graph(steps), body)
            for verb, work in (("lint", linted(text)), ("compile", compiled(text))):
                what = f"{verb} {steps:,} steps, {shape}{suffix}"
                rows.append(measure(what, work, "libyaml events", events(text), times))
    return rows


def large_files(folder: Path, times: int) -> list[Row]:
    """`wfc lint` of long files, against what Dagu takes to validate one of them, and
    against each other: that is linear where a file ten times as long takes ten times.
    """
    files = {}
    for steps in (10_000, 100_000):
        files[steps] = folder / f"large-{steps}.yaml"
        files[steps].write_text(large(steps), "utf-8")
    lint = {
        steps: process([sys.executable, "-m", "wfc", "lint", "-q", str(file)], folder)
        for steps, file in files.items()
    }
    what, longer = (f"`wfc lint` of {steps:,} steps, process" for steps in files)
    rows = []
    dagu = dagu_binary()
    if dagu is None:
        print(
            "DAGU IS NOT INSTALLED: the row against `dagu validate` is missing "
            "(tests/engines/install brings it)",
            file=sys.stderr,
        )
    else:
        validate = process([str(dagu), "validate", str(files[10_000])], folder)
        rows.append(measure(what, lint[10_000], "`dagu validate`", validate, times))
    rows.append(measure(longer, lint[100_000], what, lint[10_000], max(1, times // 3)))
    return rows


def dagu_binary() -> Path | None:
    """The Dagu that tests/engines/install brings, else one in PATH."""
    engines = Path(os.environ.get("WFC_ENGINES") or Path.home() / ".cache/wfc-engines")
    installed = engines / "node_modules/@dagu-org/dagu-linux-x64/bin/dagu"
    if installed.is_file():
        return installed
    found = shutil.which("dagu")
    return None if found is None else Path(found)


def running_graph(shape: str, steps: int, folder: Path, times: int) -> list[Row]:
    """A run of steps that do nothing, two at once."""
    graph = SHAPES[shape](steps)
    text, rules = to_yaml(graph, limit=2), to_makefile(graph)
    return running(f"{steps:,} steps, {shape}", text, rules, folder, times)


def running_items(items: int, folder: Path, times: int) -> list[Row]:
    """A fan-out over items for which nothing is done, two at once."""
    text, rules = fan_out(items, width=2), to_makefile(wide(items))
    return running(f"fan-out of {items:,}", text, rules, folder, times)


def running_calls(depth: int, folder: Path, times: int) -> list[Row]:
    """Calls in each other that do nothing; make has them as a chain."""
    text, rules = nested(depth), to_makefile(chain(depth))
    return running(f"{depth:,} nested calls", text, rules, folder, times)


def running(what: str, text: str, rules: str, folder: Path, times: int) -> list[Row]:
    """A run of the workflow `text`, by wfc and by its emitted script, against make with
    `rules`."""
    place = Path(tempfile.mkdtemp(dir=folder))
    (place / "graph.yaml").write_text(text, "utf-8")
    (place / "Makefile").write_text(rules, "utf-8")
    wfc = [sys.executable, "-m", "wfc"]
    process([*wfc, "compile", "graph.yaml", "--target", "shell"], place)()
    script = next(place.glob("*.sh")).name
    make = process(["make", "--silent", "-j2"], place)
    return [
        measure(f"{how}, {what}", process(words, place), "`make -j2`", make, times)
        for how, words in (
            ("`wfc run`", [*wfc, "run", "graph.yaml"]),
            ("emitted bash", ["bash", script]),
        )
    ]


def airflow(steps: int, folder: Path, times: int) -> list[Row]:
    """What it takes Airflow to read an emitted DAG, as its dag processor does all the
    time, against one of as many BashOperators."""
    from backends.airflow import BACKEND
    from compiler.pipeline import back_end, front_end
    from compiler.source import Source

    python = airflow_python()
    if python is None:
        print(
            "AIRFLOW IS NOT INSTALLED: the rows of Airflow are missing "
            "(tests/engines/install brings it)",
            file=sys.stderr,
        )
        return []
    place = Path(tempfile.mkdtemp(dir=folder))
    pairs = []
    for shape, graph in SHAPES.items():
        for body in ("true", "values"):
            text = to_yaml(graph(steps), body)  # type: ignore[arg-type]
            checked = front_end(Source("graph.yaml", text))
            assert checked.program is not None
            emitted, _ = back_end(checked.program, checked.sources, BACKEND)
            ours, plain = place / f"{shape}-{body}.py", place / f"plain-{shape}.py"
            ours.write_text(emitted[0].text, "utf-8")
            plain.write_text(to_bash_operators(graph(steps)), "utf-8")
            suffix = ", with values" if body == "values" else ""
            pairs.append((f"{steps:,} steps, {shape}{suffix}", ours, plain))
    turns = [each for _, *pair in pairs for _ in range(times + 1) for each in pair]
    done = subprocess.run(
        [python, ROOT / "tests/airflow/parse.py", *turns],
        stdout=subprocess.PIPE,
        check=True,
    )
    forms = [json.loads(line) for line in done.stdout.splitlines()]
    rows = []
    for part, (what, *_) in enumerate(pairs):
        # The first time does not count.
        inside = forms[part * 2 * (times + 1) + 2 : (part + 1) * 2 * (times + 1)]
        assert not any(it["problem"] for it in inside), inside
        for name in ("parsed", "serialized"):
            found = [it[name] for it in inside]
            yardstick = "as many BashOperators"
            row = Row(f"{name} by Airflow, {what}", found[::2], yardstick, found[1::2])
            rows.append(row)
    return rows


def airflow_python() -> Path | None:
    """The Python of the Airflow that tests/engines/install brings."""
    engines = Path(os.environ.get("WFC_ENGINES") or Path.home() / ".cache/wfc-engines")
    python = engines / "airflow/bin/python"
    return python if python.exists() else None


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Measures wfc; prints a Markdown table."
    )
    parser.add_argument("--quick", action="store_true", help="fewer times and steps")
    quick = parser.parse_args().quick
    gc.disable()  # as the program `wfc` does
    sys.path.insert(0, str(ROOT))
    folder = Path(tempfile.mkdtemp(prefix="wfc-benchmarks-"))
    try:
        bash = subprocess.run(
            ["bash", "-c", "echo $BASH_VERSION"],
            capture_output=True,
            text=True,
            check=True,
        )
        print(
            f"Python {platform.python_version()}, bash {bash.stdout.strip()}, "
            f"{os.cpu_count()} cores, {platform.system()}.\n"
        )
        print(
            "| what | best | median | yardstick | best | median | ratio, best | median |"
        )
        print("|---|--:|--:|---|--:|--:|--:|--:|")
        parts: list[Callable[[], list[Row]]] = [
            lambda: start_up(folder, 5 if quick else 20),
            lambda: large_files(folder, 1 if quick else 5),
            lambda: per_step(1000, 1 if quick else 5),
            lambda: airflow(1000, folder, 1 if quick else 5),
        ]
        sizes = [200] if quick else [1000, 5000]
        parts += [
            lambda shape=shape, steps=steps: running_graph(  # type: ignore[misc]
                shape, steps, folder, 3 if steps <= 1000 else 1
            )
            for steps in sizes
            for shape in ("chain", "wide", "layered")
        ]
        further = ((running_items, (1000, 5000)), (running_calls, (200, 1000)))
        parts += [
            lambda run=run, size=size: run(  # type: ignore[misc]
                size, folder, 3 if size <= 1000 else 1
            )
            for run, sizes in further
            for size in (sizes[:1] if quick else sizes)
        ]
        for part in parts:
            for row in part():
                print(printed(row), flush=True)
    finally:
        # The folders of calls within each other lie deeper than rmtree goes.
        subprocess.run(["rm", "-rf", str(folder)], check=True)


if __name__ == "__main__":
    main()
