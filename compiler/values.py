"""A class of values -> a dataclass that costs less at start.

`wfc lint` is run at every save, and most of what a dataclass costs at import is the
methods that are written and compiled for it, some 0.1 ms each. So the type checker sees
`dataclasses.dataclass(frozen=True, ...)` and refuses every assignment, and at run time
only `__init__` is made for a class; the other methods are the same in all of them.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TypeVar

T = TypeVar("T")


def dataclass(*, frozen: bool, **options: bool) -> Callable[[type[T]], type[T]]:
    """`dataclasses.dataclass` for classes whose instances nobody changes."""
    assert frozen

    def as_value(cls: type[T]) -> type[T]:
        value = dataclasses.dataclass(repr=False, eq=False, **options)(cls)
        names = [field.name for field in dataclasses.fields(value)]  # type: ignore[arg-type]
        content = attrgetter(*names)

        def __eq__(self: T, other: object) -> bool:
            if type(other) is not type(self):
                return NotImplemented
            return bool(content(self) == content(other))

        def __hash__(self: T) -> int:
            return hash(content(self))

        def __repr__(self: T) -> str:
            shown = (f"{name}={getattr(self, name)!r}" for name in names)
            return f"{value.__qualname__}({', '.join(shown)})"

        for method in (__eq__, __hash__, __repr__):
            setattr(value, method.__name__, method)
        return value

    return as_value
