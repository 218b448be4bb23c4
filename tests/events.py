"""The events of an outcome -> a line for each thing in them that may not be."""

from collections.abc import Iterator, Sequence

from compiler.ir import Program
from compiler.order import disorder
from compiler.outcome import Outcome


def wrong_order(
    outcome: Outcome, program: Program, starts: Sequence[str] = ()
) -> Iterator[str]:
    """`starts` is the order in which the steps start, empty where nothing decides it."""
    yield from (each.what for each in disorder(outcome, program))
    started = [path for what, path in outcome.events if what == "start"]
    if starts and started != [*starts]:
        yield f"started in the order {started}"
