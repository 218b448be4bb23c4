"""The public Python face of wfc.

Its names are looked up when they are used: `python -m wfc` first takes the current folder
out of the path, lest a user's own `compiler` there shadow ours.
"""

__all__ = ["__version__"]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from compiler import __version__

        return __version__
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
