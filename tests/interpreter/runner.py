"""A run in a process of its own, to which a test sends signals: `runner.py NAME FOLDER`."""

import os
import sys
from pathlib import Path

from resolved import backtick, handler, holds, param, program, step

from compiler.interpreter import Lines, run
from compiler.ir import Program, Retry

HANDLERS = [
    handler("success", "echo success >> handlers"),
    handler("failure", "echo failure >> handlers"),
    handler("cancel", "echo cancel $DAG_RUN_STATUS >> handlers"),
    handler("exit", "echo exit $DAG_RUN_STATUS >> handlers"),
]
# `timeout` and a shell with job control make groups of their own.
GROUPS = {
    "timeout": "touch ready; timeout 300 sleep 300; echo done",
    "job-control": "set -m; sleep 300 & touch ready; wait",
    "ignored": "trap '' TERM; set -m; while :; do sleep 0.1; done & touch ready; wait",
}
STUBBORN = "trap '' TERM; touch ready; while :; do sleep 0.1; done"

PROGRAMS: dict[str, Program] = {
    "steps": program(
        step("before", "sleep 300 & echo $! > background"),
        step("runs", "touch ready; sleep 300", after=["before"], output="R"),
        step("graceful", "trap 'echo bye; exit 0' TERM; sleep 300 & wait", output="G"),
        step("pauses", "exit 5", retry=Retry(limit=1, interval=300)),
        step("waits", "true", after=["runs"]),
        handlers=HANDLERS,
    ),
    "stubborn": program(step("a", STUBBORN), handlers=HANDLERS),
    **{
        name: program(step("a", text), handlers=HANDLERS)
        for name, text in GROUPS.items()
    },
    **{
        f"{name}-late": program(step("a", text, timeout=1), handlers=HANDLERS)
        for name, text in GROUPS.items()
    },
    "condition": program(
        step("a", "true", conditions=[holds("touch ready; sleep 300")]),
        handlers=HANDLERS,
    ),
    "param": program(
        step("a", "true"),
        order=[param("P", backtick("touch ready; sleep 300"))],
        handlers=HANDLERS,
    ),
    "handler": program(
        step("a", "true"),
        handlers=[
            handler("success", "touch ready; sleep 300"),
            handler("exit", "echo exit $DAG_RUN_STATUS >> handlers"),
        ],
    ),
    "random": program(
        *[
            step(
                f"s{at}",
                "[ -e ready ] || touch ready; sleep 0.0$((RANDOM % 9)); (sleep 300) & sleep 0.05",
                after=[f"s{at - 3}"] if at > 2 else [],
                conditions=[holds("sleep 0.01")] if at % 4 == 0 else [],
                retry=Retry(limit=1, interval=0),
                timeout=20,
            )
            for at in range(200)
        ],
        handlers=HANDLERS,
    ),
}


def main(name: str, folder: Path) -> int:
    report = run(
        PROGRAMS[name],
        values={},
        arguments=(),
        work_dir=folder,
        home=folder / "home",
        progress=Lines(sys.stderr),
        environment=os.environ,
    )
    (folder / "folder").write_text(str(report.folder))
    return report.outcome.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
