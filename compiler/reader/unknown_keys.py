"""A key that a map does not have -> what there is to say about it."""

from compiler.diagnostics import did_you_mean
from compiler.reader.keys import ELSEWHERE, Keys
from compiler.reader.nodes import ScalarNode
from compiler.reader.refused import why_left_out, why_refused
from compiler.reader.shape import QUOTE_EXPRESSION, Reading


def is_left_out(reading: Reading, key: ScalarNode, keys: Keys) -> bool:
    """Whether `key`, which is not known, changes nothing; reports it in any case."""
    nothing, reason = why_left_out(key.text, keys), why_refused(key.text, keys)
    if nothing is not None:
        reading.report(
            "WFC117",
            f"`{key.text}` is left out: {nothing}",
            key,
            "changes nothing that a run does",
            "take it out",
        )
    elif reason is not None:
        why, instead = reason
        reading.report(
            "WFC116",
            f"`{key.text}` is not translated: {why}",
            key,
            "a key of Dagu",
            instead,
        )
    else:
        _refuse_key(reading, key, keys)
    return nothing is not None


def _refuse_key(reading: Reading, key: ScalarNode, keys: Keys) -> None:
    if key.text in keys.misplaced:
        return reading.report(
            "WFC103",
            f"`{key.text}` cannot stand in {keys.where}",
            key,
            keys.misplaced[key.text],
            "take it out",
        )
    if key.text in keys.later:
        return reading.report(
            "WFC104",
            f"`{key.text}` is not supported yet",
            key,
            "wfc knows it, but does not translate it yet",
        )
    if "$<" in key.text:
        return reading.report(
            "WFC103", f"unknown key in {keys.where}", key, "a key", QUOTE_EXPRESSION
        )
    other = next((it for it in ELSEWHERE if key.text in it.spellings), None)
    if other is not None and keys in ELSEWHERE:
        return reading.report(
            "WFC103",
            f"`{key.text}` is no key of {keys.where}",
            key,
            f"a key of {other.where}",
            "write it at the top" if other is ELSEWHERE[0] else "write it in a step",
        )
    known = ", ".join(f"`{name}`" for name in dict.fromkeys(keys.spellings.values()))
    help = did_you_mean(key.text, keys.spellings, f"known are: {known}")
    reading.report(
        "WFC103", f"unknown key `{key.text}` in {keys.where}", key, "unknown", help
    )
