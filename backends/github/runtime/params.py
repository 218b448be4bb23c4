"""The params of a run or a call -> held against their schema, when they are valued (R6)."""

from collections.abc import Collection

from backends.github.runtime.frames import TYPES, VALUES
from backends.github.runtime.records import AT, Record, param
from backends.python.runtime.attempts import HERE, Part, same
from backends.python.runtime.schema import (
    Params,
    Rule,
    Together,
    in_its_type,
    printed,
    problems_at_start,
    problems_of_values,
)
from compiler.ir import Json
from compiler.json_text import Failure


def fits(
    rules: "Collection[Rule | Together]", types: dict[str, str], **more: object
) -> Part:
    """The params fit their schema: what is given, and at last the values of all."""
    params = Params(rules, types, **more)  # type: ignore[arg-type]

    def at_start(frame: Record) -> None:
        given = {
            name: text for name, text in frame["given"].items() if not name.isdigit()
        }
        refuse(problems_at_start(params, given, shown_text))
        for name, text in given.items():
            frame["given"][name] = printed(types.get(name, "string"), text)

    def at_last(frame: Record) -> None:
        values = {name: frame["params"].get(name, "") for name in types}
        refuse(problems_of_values(params, values, frame["given"], shown_text))

    # It is first at its turn: the values themselves are put behind it.
    AT.settings.append((VALUES, at_start))
    AT.settings.append((TYPES, at_last))
    return same


def refuse(problems: list[str]) -> None:
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
