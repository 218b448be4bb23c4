"""Turns parts of a program into Python: what targets with Python at run time share.

No target of its own. `assemble` makes one text of the definitions that a file uses,
`expressions` lowers expressions and templates to Python, `runtime` is what these call.
"""
