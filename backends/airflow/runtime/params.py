"""The params of a run or a call -> held against their schema, when they are valued (R6)."""

from collections.abc import Collection

from backends.airflow.runtime.frames import Opening
from backends.airflow.runtime.here import Frame, param
from backends.python.runtime.attempts import HERE
from backends.python.runtime.schema import (
    Params,
    in_its_type,
    printed,
    problems_at_start,
    problems_of_values,
)
from compiler.ir import Json
from compiler.json_text import Failure


def fits_at_start(params: Params) -> Opening:
    """What is given fits the schema; it stands as values of its types print."""

    def change(frame: Frame) -> None:
        given = {name: it for name, it in frame.given.items() if not name.isdigit()}
        refuse(problems_at_start(params, given, shown_text))
        for name, text in given.items():
            frame.given[name] = printed(params.types.get(name, "string"), text)

    return change


def fits_at_last(params: Params) -> Opening:
    """The values of all params fit the schema."""

    def change(frame: Frame) -> None:
        values = {name: frame.params.get(name, "") for name in params.types}
        refuse(problems_of_values(params, values, frame.given, shown_text))

    return change


def refuse(problems: Collection[str]) -> None:
    if problems:
        raise Failure("; ".join(problems))


def shown_text(text: str) -> str:
    """A text of the user as it may be seen."""
    if HERE.mask is None:
        return text
    masked = HERE.mask(text.encode("utf-8", "surrogateescape"))
    return masked.decode("utf-8", "surrogateescape")


def value_of(name: str, kind: str) -> Json:
    """The value of a param that is no plain text."""
    text = param(name)
    if not text:
        return text
    try:
        return in_its_type(text, kind)
    except Failure as failure:
        raise Failure(f"`{name}` {failure}") from None
