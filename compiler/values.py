"""A class of values -> a dataclass that costs less at start.

`wfc lint` is run at every save, and the methods that make an instance frozen are nearly
half of what a dataclass costs at import, some 0.2 ms each. So the type checker sees
`dataclasses.dataclass(frozen=True, ...)` and refuses every assignment, and at run time
only the hash of a frozen dataclass is left.
"""

import dataclasses
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def dataclass(*, frozen: bool, **options: bool) -> Callable[[type[T]], type[T]]:
    """`dataclasses.dataclass` for classes whose instances nobody changes."""
    assert frozen
    return dataclasses.dataclass(unsafe_hash=True, **options)
