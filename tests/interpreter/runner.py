"""A run in a process of its own, to which a test sends signals: `runner.py NAME FOLDER`."""

import os
import sys
from pathlib import Path

from resolved import backtick, from_yaml, handler, holds, param, program, step

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

# Of each workflow the handlers say their names.
_TOLD = """
handlerOn:
  success: {command: echo "$DAG_NAME success" >> handlers}
  failure: {command: echo "$DAG_NAME failure" >> handlers}
  cancel: {command: sleep 0.1; echo "$DAG_NAME cancel $DAG_RUN_STATUS" >> handlers}
  exit: {command: echo "$DAG_NAME exit $DAG_RUN_STATUS" >> handlers}
"""
CALLS = f"""
name: flow
type: graph
steps:
  - {{name: call, run: outer, output: R, retryPolicy: {{limit: 3, intervalSec: 0}}}}
  - {{name: pauses, run: fails, retryPolicy: {{limit: 1, intervalSec: 300}}}}
  - {{name: after, run: outer, depends: call}}
{_TOLD}
---
name: outer
steps:
  - name: each
    parallel: {{items: [a, b, c], maxConcurrent: 2}}
    run: inner
    params: P=${{ITEM}}
{_TOLD}
---
name: inner
params: [P: ""]
steps:
  - {{name: work, command: 'touch ready-$P; sleep 300 & sleep 300', output: OUT}}
  - {{name: never, command: echo}}
{_TOLD}
---
name: fails
steps: [{{name: a, command: exit 3}}]
"""
# A handler of a callee runs when the signal comes, and one of it is a call.
HANDLING = f"""
name: flow
steps: [{{name: call, run: kid}}, {{name: after, command: echo}}]
{_TOLD}
---
name: kid
steps: [{{name: a, command: 'true'}}]
handlerOn:
  success: {{run: last}}
  exit: {{command: echo "kid exit $DAG_RUN_STATUS" >> handlers}}
---
name: last
steps: [{{name: b, command: touch ready; sleep 300}}]
{_TOLD}
"""
STUBBORN_CALL = f"""
name: flow
type: graph
steps:
  - {{name: call, run: kid, timeoutSec: 1}}
  - {{name: other, command: "{STUBBORN.replace('ready', 'other')}"}}
---
name: kid
steps: [{{name: a, command: "{STUBBORN}"}}]
{_TOLD}
"""
_BUSY = (
    "[ -e ready ] || touch ready; sleep 0.0$((RANDOM % 9)); (sleep 300) & sleep 0.05"
)
RANDOM = f"""
name: flow
type: graph
maxActiveSteps: 8
steps:
  - {{name: a, parallel: {{items: 1 2 3 4 5 6 7 8, maxConcurrent: 3}}, run: outer}}
  - {{name: b, run: outer, timeoutSec: 60}}
  - {{name: c, run: outer, depends: b}}
  - {{name: lasts, command: sleep 60}}
  - {{name: d, parallel: 1 2 3 4 5 6 7 8 9, command: '{_BUSY}', preconditions: sleep 0.0$ITEM}}
{_TOLD}
---
name: outer
type: graph
maxActiveSteps: 5
timeoutSec: 60
params: [P: "`sleep 0.02; echo p`"]
steps:
  - {{name: x, run: inner, retryPolicy: {{limit: 1, intervalSec: 0}}}}
  - {{name: y, parallel: [1, 2, 3], run: inner}}
  - {{name: z, command: '{_BUSY}', depends: [x, y]}}
{_TOLD}
---
name: inner
delaySec: 0
steps:
  - {{name: one, command: '{_BUSY}'}}
  - {{name: two, command: '{_BUSY}', timeoutSec: 20}}
{_TOLD}
"""

_WAITS = "touch ready; sleep 300"
# Where a run can be beside its steps' own processes, and between them.
BESIDE = {
    "precondition": f"preconditions: {_WAITS}\nsteps: [{{name: a, command: echo}}]",
    "init": f"""
steps: [{{name: a, command: echo}}]
handlerOn:
  init: {{command: {_WAITS}}}
""",
    "repeat-pause": """
steps:
  - name: a
    command: touch ready
    repeatPolicy: {repeat: true, intervalSec: 300}
""",
    "repeat-at-once": """
steps:
  - name: a
    command: touch ready
    repeatPolicy: {repeat: true}
""",
    "repeat-condition": f"""
steps:
  - name: a
    command: 'true'
    repeatPolicy: {{condition: {_WAITS}}}
""",
    "repeat-call": f"""
steps:
  - name: a
    run: kid
    repeatPolicy: {{repeat: true}}
---
name: kid
steps: [{{name: x, command: 'test ! -e n || {{ touch ready; sleep 300; }}; touch n'}}]
{_TOLD}
""",
    "number": f"""
steps:
  - name: a
    command: 'true'
    retryPolicy: {{limit: "`{_WAITS}`", intervalSec: 0}}
""",
    "call-precondition": f"""
steps: [{{name: a, run: kid}}]
---
name: kid
preconditions: {_WAITS}
steps: [{{name: x, command: echo}}]
{_TOLD}
""",
    "call-init": f"""
steps: [{{name: a, run: kid}}]
---
name: kid
steps: [{{name: x, command: echo}}]
{_TOLD.rstrip()}
  init: {{command: {_WAITS}}}
""",
    "stop-signal": """
steps:
  - name: a
    command: |
      trap '' TERM; trap 'echo told; exit 5' INT; touch ready
      while :; do sleep 0.1; done
    signalOnStop: SIGINT
    stdout: log
""",
    "no-grace": f"""
maxCleanUpTimeSec: 0
steps: [{{name: a, command: "{STUBBORN}"}}]
""",
}


def _beside(text: str) -> Program:
    first, line, rest = text.lstrip("\n").partition("\n---\n")
    told = "" if "handlerOn" not in first else _TOLD.replace("\nhandlerOn:", "")
    first = f"{first.rstrip()}{told or _TOLD}"
    return from_yaml(f"name: flow\n{first}{line}{rest}")


PROGRAMS: dict[str, Program] = {
    **{name: _beside(text) for name, text in BESIDE.items()},
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
    "calls": from_yaml(CALLS),
    "handling": from_yaml(HANDLING),
    "stubborn-call": from_yaml(STUBBORN_CALL),
    "waits-for-a-run": from_yaml(
        f"name: waits\nmaxActiveRuns: 1\nsteps: [{{name: a, command: echo}}]\n{_TOLD}"
    ),
    "random-calls": from_yaml(RANDOM),
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
