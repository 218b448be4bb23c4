"""The name of a pure function of R3 -> its number of arguments, and how it is written."""

FUNCTIONS = {
    "fromJSON": 1,
    "toJSON": 1,
    "len": 1,
    "join": 2,
    "split": 2,
    "contains": 2,
    "startsWith": 2,
    "endsWith": 2,
    "matches": 2,
    "lower": 1,
    "upper": 1,
    "trim": 1,
    "basename": 1,
    "dirname": 1,
}

# Those without an entry are written `name(value)`.
SIGNATURES = {
    "fromJSON": "fromJSON(text)",
    "join": "join(list, separator)",
    "split": "split(text, separator)",
    "contains": "contains(list or text, item)",
    "startsWith": "startsWith(text, beginning)",
    "endsWith": "endsWith(text, ending)",
    "matches": "matches(text, pattern)",
}
