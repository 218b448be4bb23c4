"""A run of some steps only -> what the others would have given, and is not there.

The others are those that `--step` or `--from` does not name. One that a resumed run has
recorded is not among them: its values are there.
"""

from compiler.interpreter.attempts import fail
from compiler.interpreter.frames import Frame
from compiler.interpreter.records import Record
from compiler.interpreter.schedule import ending_of
from compiler.interpreter.tasks import Work
from compiler.interpreter.values import Scope
from compiler.ir import Reference
from compiler.walk import text_references, texts


def lacks(record: Record, frame: Frame) -> str | None:
    """Why a step cannot run: it refers to what a step that was left out would have
    given, and says no default. To handlers that is empty."""
    known = frame.known
    if not known.left_out or record.handler:
        return None
    scope = Scope(known=known, special={})
    for text in texts(record.step):
        for reference in text_references(text):
            step = _left_out(reference, scope)
            if step is not None:
                return f"no value for `{reference.text}`: `{step}` was left out"
    return None


def _left_out(reference: Reference, scope: Scope) -> str | None:
    if reference.default is not None or scope.first(reference.origins) is not None:
        return None
    for origin in reference.origins:
        if origin.step in scope.known.left_out:
            return origin.step
    return None


def fails(record: Record, frame: Frame, reason: str) -> Work[None]:
    """The work of a step that cannot run."""
    fail(record, frame, reason)
    record.ending = ending_of(1, record.step.continue_on, lambda _: False)
    return
    yield
