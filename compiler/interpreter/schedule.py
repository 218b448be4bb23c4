"""The edges of a workflow and how its steps end -> which step runs, waits or never does.

Nothing here starts a process or reads a clock: it is all a matter of tables.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from compiler.ir import ContinueOn, Edge, Ending, Pattern, Repeat, Retry, Template

# No pause is longer; also keeps a huge backoff below what a timer can hold.
_LONGEST_PAUSE = 10 * 365 * 86_400.0

Verdict = Literal["run", "skipped", "aborted"]


def verdict(edges: Sequence[Edge], endings: Mapping[str, Ending]) -> Verdict:
    """What becomes of a step all whose dependencies have ended (S5): failed beats skipped."""
    refused = {
        endings[edge.step] for edge in edges if endings[edge.step] not in edge.accepts
    }
    if not refused:
        return "run"
    return "skipped" if refused == {"skipped"} else "aborted"


def ending_of(
    code: int, rule: ContinueOn | None, printed: Callable[[Pattern], bool]
) -> Ending:
    """How a step ends whose last attempt had exit code `code` (S6).

    `printed` says whether some line of its stdout fits a pattern.
    """
    if code == 0:
        return "succeeded"
    if rule is None:
        return "failed"
    allowed = rule.failure or code in rule.exit_codes or any(map(printed, rule.output))
    if not allowed:
        return "failed"
    return "succeeded" if rule.mark_success else "continued"


def pause_before_retry(
    rule: Retry | None, tries: int, code: int, timed_out: bool
) -> float | None:
    """Seconds to wait after `tries` failed ones in a row; None when there is no further
    one. The numbers of `rule` have been valued.

    One that timed out is tried again only if `exit_codes` lists 124 (S6).
    """
    if rule is None:
        return None
    assert isinstance(rule.limit, int)
    if tries > rule.limit:
        return None
    if (rule.exit_codes or timed_out) and code not in rule.exit_codes:
        return None
    return _pause(rule, tries - 1)


def pause_before_repetition(rule: Repeat, executions: int) -> float | None:
    """Seconds to wait when a step that ran `executions` times runs again; None when it
    has run as often as it may. The numbers of `rule` have been valued."""
    assert not isinstance(rule.limit, Template)
    if rule.limit is not None and executions >= rule.limit:
        return None
    return _pause(rule, executions)


def _pause(rule: Retry | Repeat, exponent: int) -> float:
    """`interval * backoff**exponent` seconds, as far as the rule and timers allow."""
    assert isinstance(rule.interval, int)
    try:
        seconds = rule.interval * rule.backoff**exponent
    except OverflowError:
        seconds = math.inf if rule.interval else 0.0
    if rule.max_interval is not None:
        seconds = min(seconds, rule.max_interval)
    return min(seconds, _LONGEST_PAUSE)


class Schedule:
    """The steps of one workflow: who waits for whom, and how each has ended.

    `edges` has the steps in file order.
    """

    def __init__(self, edges: Mapping[str, Sequence[Edge]]) -> None:
        self.endings: dict[str, Ending] = {}
        self._edges = edges
        self._dependants: dict[str, list[str]] = {name: [] for name in edges}
        self._waiting: dict[str, int] = {}
        for name, incoming in edges.items():
            before = {edge.step for edge in incoming}
            self._waiting[name] = len(before)
            for each in before:
                self._dependants[each].append(name)
        self._ready = [name for name in edges if not self._waiting[name]]
        self._begun: set[str] = set()
        self._running = 0

    def begin(self) -> list[str]:
        """The steps that have become ready since the last time, which now begin: file
        order at the start, then the order of becoming ready."""
        ready, self._ready = self._ready, []
        self._begun.update(ready)
        self._running += len(ready)
        return ready

    @property
    def running(self) -> bool:
        """Whether steps have begun that have not ended."""
        return self._running > 0

    def abort_rest(self) -> list[str]:
        """Ends all steps that have not begun as aborted; their names in file order."""
        self._ready.clear()
        rest = [
            name
            for name in self._edges
            if name not in self.endings and name not in self._begun
        ]
        self.endings.update(dict.fromkeys(rest, "aborted"))
        return rest

    def end(self, name: str, ending: Ending) -> list[tuple[str, Ending]]:
        """The step `name` has ended. All that is decided by it, itself first."""
        self._running -= 1
        self.endings[name] = ending
        decided = [(name, ending)]
        for ended, _ in decided:  # grows while it is read, by those that never run
            for dependant in self._dependants[ended]:
                self._waiting[dependant] -= 1
                if self._waiting[dependant] or dependant in self.endings:
                    continue
                match verdict(self._edges[dependant], self.endings):
                    case "run":
                        self._ready.append(dependant)
                    case "skipped" | "aborted" as never:
                        self.endings[dependant] = never
                        decided.append((dependant, never))
        return decided
