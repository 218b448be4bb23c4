"""The JSON Schema of params: whether it is one, and which values fit it.

`typed` turns the text of a param into its value, `documents` finds what is wrong with a
schema, `checking` what is wrong with values. Only a workflow that has a schema loads the
library for it.
"""
