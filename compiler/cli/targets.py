"""`wfc targets`: a table of features and how each target translates them."""

import argparse
from typing import get_args

from compiler.backend import Feature
from compiler.cli.arguments import TARGETS
from compiler.cli.backends import backend


def execute(options: argparse.Namespace) -> int:
    targets = [backend(name) for name in TARGETS]
    for target in targets:
        print(f"{target.name:10} {target.title}")
    print()
    features: list[Feature] = sorted(get_args(Feature))
    width = max(map(len, features))
    print(" ".join([f"{'FEATURE':{width}}", *(each.name for each in targets)]))
    for feature in features:
        marks = []
        for target in targets:
            loss = target.supports.get(feature)
            mark = "no" if loss is None else "loss" if loss else "yes"
            marks.append(f"{mark:{len(target.name)}}")
        print(" ".join([f"{feature:{width}}", *marks]).rstrip())
    return 0
