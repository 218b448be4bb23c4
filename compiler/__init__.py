"""Text in, one typed program in the middle; what a target makes of it is in backends."""

__version__ = "0.1.0"
