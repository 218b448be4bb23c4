"""A shape and a number of steps -> a workflow of that shape, as YAML and as a Makefile."""

import random
from collections.abc import Callable, Mapping
from typing import Literal

# For each step the numbers of those it waits for; all of them are smaller than its own.
Graph = tuple[tuple[int, ...], ...]
Body = Literal["true", "values"]

_LAYER = 20
_SEED = 20


def chain(steps: int) -> Graph:
    """Each step waits for the one before it."""
    return tuple(((place - 1,) if place else ()) for place in range(steps))


def wide(steps: int) -> Graph:
    """No step waits for any other."""
    return ((),) * steps


def layered(steps: int) -> Graph:
    """Layers of 20 steps; each step waits for one to three of the layer before."""
    choose = random.Random(_SEED)
    return tuple(
        (
            tuple(
                sorted(
                    choose.sample(
                        range(place - place % _LAYER - _LAYER, place - place % _LAYER),
                        choose.randint(1, 3),
                    )
                )
            )
            if place >= _LAYER
            else ()
        )
        for place in range(steps)
    )


def ladder(steps: int) -> Graph:
    """Diamonds in a row: one step, two beside each other, one that waits for both ..."""
    graph: list[tuple[int, ...]] = []
    for place in range(steps):
        match place % 3:
            case 0:
                graph.append((place - 2, place - 1) if place else ())
            case 1:
                graph.append((place - 1,))
            case _:
                graph.append((place - 2,))
    return tuple(graph)


SHAPES: Mapping[str, Callable[[int], Graph]] = {
    "chain": chain,
    "wide": wide,
    "layered": layered,
    "ladder": ladder,
}


def to_yaml(graph: Graph, body: Body = "true", limit: int | None = None) -> str:
    """The workflow of `graph` as a user would write it.

    Body "true": every step does `true`. Body "values": every step gives an output,
    and reads that of each step it waits for, once plainly and once with a path.
    """
    lines = ["type: graph"]
    if limit is not None:
        lines.append(f"maxActiveSteps: {limit}")
    lines.append("steps:")
    for place, parents in enumerate(graph):
        lines.append(f"  - name: s{place}")
        if body == "values":
            words = "".join(f' "$V{it}" ${{s{it}.output}}' for it in parents)
            lines += [
                f"    command: echo {place}{words} | wc -c",
                f"    output: V{place}",
            ]
        else:
            lines.append("    command: 'true'")
        if parents:
            lines.append("    depends:")
            lines += [f"      - s{parent}" for parent in parents]
    return "\n".join(lines) + "\n"


def large(steps: int) -> str:
    """A workflow as people write them, some 210 bytes a step: descriptions and comments,
    a command with references, outputs, dependencies, tries."""
    choose = random.Random(_SEED)
    lines = [
        "name: large",
        "type: graph",
        "params:",
        "  - REGION: eu-west-1",
        '  - DAY: "2026-01-01"',
        "env:",
        "  - BUCKET: s3://data/${REGION}",
        "steps:",
    ]
    for place in range(steps):
        before = range(max(0, place - _LAYER), place)
        parents = sorted(choose.sample(before, min(place, choose.randint(1, 2))))
        rows = [f' "$ROWS_{it}"' for it in parents[:1] if it % 4 == 0]
        lines += [
            f"  - name: load_{place}",
            (
                f"    description: copies part {place} of the table and counts its rows"
                if place % 2
                else f"    # part {place}: copied from the bucket, then counted"
            ),
            f"    command: ./load.sh --into table_{place % 40} "
            f'"$BUCKET/part-{place}" "${{DAY}}"{"".join(rows)}',
        ]
        if place % 4 == 0:
            lines.append(f"    output: ROWS_{place}")
        if parents:
            lines += ["    depends:", *(f"      - load_{it}" for it in parents)]
        if place % 5 == 0:
            lines += ["    retryPolicy:", "      limit: 3", "      intervalSec: 10"]
    return "\n".join(lines) + "\n"


def fan_out(items: int, width: int) -> str:
    """One step that does `true` for each item, so many at a time."""
    return (
        "steps:\n  - name: each\n    command: 'true'\n    parallel:\n"
        f"      maxConcurrent: {width}\n      items: [{', '.join(map(str, range(items)))}]\n"
    )


def nested(depth: int) -> str:
    """Workflows that do `true` and call the next one, each within the one before."""
    documents = []
    for place in range(depth):
        lines = [
            f"name: level{place}",
            "steps:",
            "  - name: work",
            "    command: 'true'",
        ]
        if place + 1 < depth:
            lines += ["  - name: next", f"    run: level{place + 1}"]
        documents.append("\n".join(lines) + "\n")
    return "---\n".join(documents)


def to_makefile(graph: Graph) -> str:
    """The graph as a Makefile whose recipes do what a step of body "true" does."""
    names = [f"s{place}" for place in range(len(graph))]
    lines = [f".PHONY: all {' '.join(names)}", f"all: {' '.join(names)}"]
    for name, parents in zip(names, graph, strict=True):
        waits = "".join(f" s{parent}" for parent in parents)
        lines += [f"{name}:{waits}", "\t@bash -e -c true"]
    return "\n".join(lines) + "\n"


def to_bash_operators(graph: Graph) -> str:
    """The graph as a DAG of Airflow whose tasks do what a step of body "true" does."""
    lines = [
        "from airflow.providers.standard.operators.bash import BashOperator",
        "from airflow.sdk import DAG",
        "",
        'with DAG("plain", schedule=None):',
    ]
    for place, parents in enumerate(graph):
        lines.append(
            f'    s{place} = BashOperator(task_id="s{place}", bash_command="true")'
        )
        if parents:
            before = ", ".join(f"s{parent}" for parent in parents)
            lines.append(f"    [{before}] >> s{place}")
    return "\n".join(lines) + "\n"
