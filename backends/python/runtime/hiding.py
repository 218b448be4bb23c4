"""Secrets -> what hides them in texts that are kept, and brings them back."""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Hiding(NamedTuple):
    """`hidden` puts a mark in the place of each secret, `known` the secret in the place of
    its mark; `masked` is for people."""

    hidden: Callable[[str], str]
    known: Callable[[str], str]
    masked: Callable[[bytes], bytes]


def hiding(secrets: Mapping[str, str]) -> Hiding:
    """Of secrets by their names."""
    parts = dict(secrets)
    for name, value in secrets.items():
        for number, line in enumerate(value.splitlines()):
            if len(line) >= 4 and line != value:
                parts[f"{name}:{number}"] = line
    longest = sorted(parts.items(), key=lambda it: -len(it[1]))
    pairs = [
        (in_json(value, level), in_json(f"\x1asecret:{name}\x1a", level))
        for name, value in longest
        for level in range(4)  # of JSON within JSON
        if value
    ]
    back = [(mark, value) for value, mark in pairs]
    lines = [line for value in secrets.values() for line in value.splitlines()]
    shown = [*secrets.values(), *(line for line in lines if len(line) >= 4)]
    masks = sorted({it.encode() for it in shown if it}, key=len, reverse=True)
    return Hiding(
        lambda text: replaced(text, pairs),
        lambda text: replaced(text, back),
        lambda content: masked(content, masks),
    )


def in_json(text: str, level: int) -> str:
    for _ in range(level):
        text = json.dumps(text, ensure_ascii=False)[1:-1]
    return text


def replaced(text: str, pairs: list[tuple[str, str]]) -> str:
    for old, new in pairs:
        text = text.replace(old, new)
    return text


def masked(content: bytes, masks: list[bytes]) -> bytes:
    for each in masks:
        content = content.replace(each, b"***")
    return content
