"""The name of a target -> its backend."""

import importlib

from compiler.backend import Backend


def backend(name: str) -> Backend:
    """The backend `name`, one of `arguments.TARGETS`; imported only now."""
    found = importlib.import_module(f"backends.{name}").BACKEND
    assert isinstance(found, Backend)
    return found
