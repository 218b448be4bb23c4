"""The public Python face of wfc."""

from compiler import __version__

__all__ = ["__version__"]
