"""Turns what a compiled file says into a run: modules that go into that file by `assemble`.

They need Python 3.10 and its standard library alone.
"""
