"""How the steps of a run ended -> its status, and the state that Airflow shows of it."""

from collections.abc import Collection
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from backends.airflow.runtime.here import AT, ENDINGS, states


class Status(BaseOperator):
    """The status of the run, for its handlers: XCom `return_value`.

    :param steps: the tasks that tell how the steps ended
    :param going_on: those of them that may have failed and gone on
    :param before: what comes before all steps
    """

    def __init__(
        self,
        *,
        steps: Collection[str],
        going_on: Collection[str] = (),
        before: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.steps = steps
        self.going_on = going_on
        self.before = before

    def execute(self, context: Any) -> str:
        AT.context, AT.ti = context, context["ti"]
        return status_of(self.steps, self.going_on, self.before)


def status_of(
    steps: Collection[str], going_on: Collection[str], before: Collection[str]
) -> str:
    known = endings([*before, *steps], [*going_on, *before])
    if "not_started" in known.values():
        return "aborted"
    first = {known[name] for name in before}
    ends = {known[name] for name in steps}
    if {"failed", "aborted"} & (first | ends):
        return "failed"
    if "continued" in ends and "succeeded" not in ends:
        return "failed"
    soft = {"continued", "partially_succeeded"} & ends
    return "partially_succeeded" if soft else "succeeded"


def endings(task_ids: Collection[str], asked: Collection[str]) -> dict[str, str]:
    """How these tasks ended; `asked` are those that say more of it than their state."""
    found = states(task_ids)
    known = {}
    for name in task_ids:
        state = found.get(name, "")
        told = AT.pull(name, "status") if name in asked or state == "failed" else None
        known[name] = told or ENDINGS.get(state, "aborted")
    return known


class RunEnd(BaseOperator):
    """The only leaf: what it comes to, the run comes to.

    :param status: the status of the run before its handlers
    :param handlers: their tasks
    """

    template_fields = ("status",)

    def __init__(
        self, *, status: Any, handlers: Collection[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.status = status
        self.handlers = handlers

    def execute(self, context: Any) -> str:
        AT.context, AT.ti = context, context["ti"]
        known = endings(self.handlers, self.handlers) if self.handlers else {}
        if {"failed", "aborted", "continued"} & set(known.values()):
            raise AirflowFailException("a handler failed")
        if self.status not in ("succeeded", "partially_succeeded", "aborted"):
            raise AirflowFailException("the run failed")
        return str(self.status)
