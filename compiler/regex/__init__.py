"""Patterns as RE2, Python and bash read them alike (R10).

Everything else is refused, so that a pattern finds the same lines on every target.
`syntax` reads one, `matching` finds it in a text, `engines` prints it for bash and jq.
"""
