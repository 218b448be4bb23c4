"""The name of a target -> its backend, and the engine that it is made for."""

import importlib

from compiler.backend import Backend, Engine


def backend(name: str) -> Backend:
    """The backend `name`, one of `arguments.TARGETS`; imported only now."""
    found = importlib.import_module(f"backends.{name}").BACKEND
    assert isinstance(found, Backend)
    return found


def engine(name: str) -> Engine:
    """What runs the files of the target `name`."""
    found = importlib.import_module(f"backends.{name}.engine").ENGINE
    assert isinstance(found, Engine)
    return found
