"""The text of a workflow file -> the same with something broken in it, by a seed."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import yaml

_BYTES = (
    b"\0", b"\t", b"\r", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xef\xbb\xbf",
    b"\x1b[31m", b"\xf0\x9f\x92\xa9", b"&", b"*", b"!", b"%", b"@", b"`", b"'", b'"', b"|",
    b">", b"{", b"}", b"[", b"]", b"? ", b": ", b" #", b"- ", b"---\n", b"...\n", b"<<: ",
    b"&a ", b"*a", b"!!binary ", b"!x ", b"~", b"1e999", b"0x", b"-.inf", b".nan",
)  # fmt: skip
_PIECES = (
    "${", "}", "$<", ">", "${X:-", "$<len(", "${a.b[0]", '["k"]', "$${", "\\${", "`", "$(", "((",
    "$<(1 > 2)>", "$<fromJSON('{')>", "$<ITEM>", "${ITEM.x}", "${1}", "${_}", "re:", "re:(a{9999})",
    "re:[", "re:(?=x)", "<<EOF", "<<'EOF'", "'", '"', "\n", "!!", "&&", "||", "? :", " in ", "$<[",
)  # fmt: skip
_SCALARS = (
    "", "null", "~", "true", "no", "0", "-1", "1e3", "0o17", "99999999999999999999", "''", '""',
    "[]", "{}", "[[]]", "{a: b}", "${X}", "$<1 + 1>", "| \n", "x: y", "[a, ", "2024-01-02", "12:30",
    "*x", "&x y", "!!str 1", "@daily", "SIGKILL", "self", "../../etc", "a" * 300, "\U0001f4a9",
)  # fmt: skip

Mutation = Callable[[bytes, Sequence[bytes], random.Random], bytes]


def mutated(files: Sequence[bytes], seed: int) -> bytes:
    """One of `files` with one to four things broken, always the same for one seed."""
    chance = random.Random(seed)
    text = chance.choice(files)
    for _ in range(chance.randint(1, 4)):
        text = chance.choice(_MUTATIONS)(text, files, chance)
    return text


def _some_byte(text: bytes, _files: Sequence[bytes], chance: random.Random) -> bytes:
    place = chance.randrange(len(text) + 1)
    return text[:place] + bytes([chance.randrange(256)]) + text[place + 1 :]


def _odd_bytes(text: bytes, _files: Sequence[bytes], chance: random.Random) -> bytes:
    place = chance.randrange(len(text) + 1)
    return text[:place] + chance.choice(_BYTES) + text[place:]


def _cut(text: bytes, _files: Sequence[bytes], chance: random.Random) -> bytes:
    start = chance.randrange(len(text) + 1)
    return text[:start] + text[start + chance.randrange(1, 30) :]


def _expression(text: bytes, _files: Sequence[bytes], chance: random.Random) -> bytes:
    """A piece of an expression, most often where there is one."""
    dollars = [place for place, byte in enumerate(text) if byte == ord("$")]
    place = chance.choice(dollars) if dollars else chance.randrange(len(text) + 1)
    place = min(place + chance.randrange(8), len(text))
    return text[:place] + chance.choice(_PIECES).encode() + text[place:]


def _lines(text: bytes, _files: Sequence[bytes], chance: random.Random) -> bytes:
    """Lines deleted, doubled, swapped, or moved to another depth."""
    lines = text.splitlines(keepends=True) or [b"\n"]
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case 3:
            lines[one] = b"  " + lines[one]
        case _:
            lines[one] = lines[one].removeprefix(b"  ")
    return b"".join(lines)


def _value(text: bytes, _files: Sequence[bytes], chance: random.Random) -> bytes:
    """What stands behind the `:` of a line becomes something else."""
    lines = text.split(b"\n")
    keys = [place for place, line in enumerate(lines) if b":" in line]
    if not keys:
        return text
    place = chance.choice(keys)
    key = lines[place].partition(b":")[0]
    lines[place] = key + b": " + chance.choice(_SCALARS).encode()
    return b"\n".join(lines)


def _splice(text: bytes, files: Sequence[bytes], chance: random.Random) -> bytes:
    """Lines of another file in the middle."""
    lines = text.splitlines(keepends=True)
    others = chance.choice(files).splitlines(keepends=True)
    start = chance.randrange(len(others) + 1)
    place = chance.randrange(len(lines) + 1)
    lines[place:place] = others[start : start + chance.randrange(1, 8)]
    return b"".join(lines)


def _tree(text: bytes, files: Sequence[bytes], chance: random.Random) -> bytes:
    """A key or value of the document becomes another, of it or of another file."""
    try:
        here = list(yaml.load_all(text, yaml.CSafeLoader))
        there = list(yaml.load_all(chance.choice(files), yaml.CSafeLoader))
        places, values = list(_places(here)), [value for _, _, value in _places(there)]
        if not places or not values:
            return text
        for _ in range(chance.randint(1, 3)):
            holder, key, value = chance.choice(places)
            new = chance.choice(
                [*values, None, "", 0, -1, [], {}, [value], {"a": value}]
            )
            if isinstance(holder, dict) and chance.random() < 0.3:
                other = chance.choice(places)[1]
                holder[str(other)] = holder.pop(key, new)
            elif isinstance(holder, dict) or key < len(holder):
                holder[key] = new
        return yaml.dump_all(here, Dumper=yaml.CSafeDumper, sort_keys=False).encode()
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError):
        return text


def _places(value: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Each entry of a document: the map or list, the key, the value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in entries:
        yield value, key, each
        if isinstance(each, dict | list):
            yield from _places(each)


_MUTATIONS: tuple[Mutation, ...] = (
    _tree,
    _tree,
    _tree,
    _tree,
    _tree,
    _tree,
    _some_byte,
    _odd_bytes,
    _cut,
    _expression,
    _expression,
    _lines,
    _lines,
    _value,
    _value,
    _splice,
)
