"""What a workflow says around its params and steps -> the workflow with it."""

from dataclasses import replace

from compiler.ir import Schedule, Workflow
from compiler.reader.nodes import ScalarNode
from compiler.reader.policies import note_ineffective
from compiler.reader.shape import Fields, Reading, integer, is_true, scalar


def with_surroundings(reading: Reading, known: Fields, workflow: Workflow) -> Workflow:
    """`workflow` with its queues, its times, its folders, and what its runs need."""
    workflow = _with_limits(reading, known, workflow)
    workflow = _with_schedule(reading, known, workflow)
    workflow = _with_resources(reading, known, workflow)
    workflow = _with_folders(reading, known, workflow)
    group, tested = known.get("group"), known.get("preconditions")
    if tested is not None:
        from compiler.reader.conditions import conditions

        workflow = replace(workflow, conditions=conditions(reading, tested))
    if group is not None:
        found = scalar(reading, group.value, "group")
        workflow = replace(workflow, group="" if found is None else found.text)
    logs = known.get("logOutput")
    if logs is not None:
        from compiler.reader.rare import check_log_output

        check_log_output(reading, logs)
    if any(map(known.get, ("smtp", "mailOn", "errorMail", "infoMail"))):
        from compiler.reader.mail import with_mails

        workflow = with_mails(reading, known, workflow)
    return workflow


def _with_limits(reading: Reading, known: Fields, workflow: Workflow) -> Workflow:
    """With the numbers: how many runs, how long they are kept, how much they print."""
    waits, sizes, runs = map(known.get, ("queue", "queues", "maxActiveRuns"))
    if waits or sizes or runs:
        from compiler.reader.limits import max_active_runs, queue, queues

        workflow = replace(
            workflow,
            queue=None if waits is None else queue(reading, waits),
            queues=() if sizes is None else queues(reading, sizes),
            max_active_runs=None if runs is None else max_active_runs(reading, runs),
        )

    def number(name: str, least: int = 0) -> int | None:
        field = known.get(name)
        if field is None:
            return None
        return integer(reading, field.value, field.key.text, least)

    days = number("histRetentionDays", -1)  # below 0 nothing is removed (Dagu)
    return replace(
        workflow,
        history_days=days if days is not None and days >= 0 else None,
        history_runs=number("histRetentionRuns", 1),
        max_output=number("maxOutputSize", 1),
        grace=number("maxCleanUpTimeSec"),
    )


def _with_schedule(reading: Reading, known: Fields, workflow: Workflow) -> Workflow:
    times = known.get("schedule")
    found: Schedule | None = None
    if times is not None:
        from compiler.reader.schedule import schedule

        found = schedule(reading, times)
    skip, wait = known.get("skipIfSuccessful"), known.get("restartWaitSec")
    skips = is_true(reading, skip)
    pause = None if wait is None else integer(reading, wait.value, wait.key.text)
    if skip is not None and skips and not (found and found.start):
        _note_without_times(reading, skip.key, "start")
        skips = False
    if wait is not None and pause and not (found and found.restart):
        _note_without_times(reading, wait.key, "restart")
        pause = None
    if found is not None and (skips or pause):
        found = replace(found, skip_if_successful=skips, restart_wait=pause or 0)
    return replace(workflow, schedule=found)


def _note_without_times(reading: Reading, key: ScalarNode, times: str) -> None:
    note_ineffective(
        reading,
        key,
        f"`{key.text}` has no effect: `schedule` has no `{times}`",
        f"is about a scheduled {times}",
        f"take it out, or write `schedule: {{{times}: TEXT}}`",
    )


def _with_resources(reading: Reading, known: Fields, workflow: Workflow) -> Workflow:
    hidden, needed, space = map(known.get, ("secrets", "files", "workspace"))
    if not (hidden or needed or space):
        return workflow
    from compiler.reader.resources import files, secrets, workspace

    return replace(
        workflow,
        secrets=() if hidden is None else tuple(secrets(reading, hidden)),
        files=() if needed is None else tuple(files(reading, needed)),
        workspace="shared" if space is None else workspace(reading, space),
    )


def _with_folders(reading: Reading, known: Fields, workflow: Workflow) -> Workflow:
    read, works, logs = map(known.get, ("dotenv", "workingDir", "logDir"))
    if not (read or works or logs):
        return workflow
    from compiler.reader.folders import dotenv
    from compiler.reader.references import path

    return replace(
        workflow,
        dotenv=() if read is None else dotenv(reading, read),
        directory=None if works is None else path(reading, works),
        log_directory=None if logs is None else path(reading, logs),
    )
