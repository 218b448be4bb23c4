"""An equivalent, simpler program: each rewrite says when it is sound."""

from collections.abc import Callable

from compiler.ir import Program
from compiler.optimize.constants import drop_met_conditions, fold_constants
from compiler.optimize.graph import prune_edges

Rewrite = Callable[[Program], Program]

REWRITES: tuple[Rewrite, ...] = (fold_constants, drop_met_conditions, prune_edges)


def optimize(program: Program) -> Program:
    """`program` after all rewrites; a second time changes nothing."""
    for rewrite in REWRITES:
        program = rewrite(program)
    return program
