"""`python -m wfc`."""

import os
import sys

# `-m` puts the current folder first: a user's own `backends` there must not shadow ours.
# From a checkout that folder is where wfc itself lies, and stays.
_here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if sys.path and os.path.abspath(sys.path[0]) != _here:
    del sys.path[0]

from compiler.cli import process  # noqa: E402

process()
