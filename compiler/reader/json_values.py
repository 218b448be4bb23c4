"""A JSON text with references -> one whose values are data, whatever they hold (R4).

A reference within a text of JSON stands for the value as JSON has it: `{"name": "${X}"}`
holds X byte for byte. Outside of texts it stands for JSON, as it is.
"""

import json
import re

from compiler.ir import CommandSubstitution, Expression, FunctionCall, Template

_Part = str | Expression | CommandSubstitution
_PIECE = re.compile(r'\\.|"|[^\\"]+|\\', re.DOTALL)


def json_text(template: Template) -> Template:
    """`template` with each JSON text that holds references as the JSON of its value."""
    if all(isinstance(part, str) for part in template.parts):
        return template
    done: list[_Part] = []
    inside: list[_Part] | None = None
    for part in template.parts:
        if not isinstance(part, str):
            (done if inside is None else inside).append(part)
            continue
        for piece in _PIECE.findall(part):
            if piece != '"':
                (done if inside is None else inside).append(piece)
            elif inside is None:
                inside = []
            else:
                done += _closed(inside, template)
                inside = None
    if inside is not None:  # never closed: jq will say so
        done += ['"', *inside]
    return Template(parts=tuple(_joined(done)), span=template.span)


def _closed(inside: list[_Part], template: Template) -> list[_Part]:
    """A JSON text without its quotes -> one part of the whole."""
    parts = _joined(inside)
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) == len(parts):
        return [f'"{"".join(texts)}"']
    read: list[_Part] = [
        _unescaped(part) if isinstance(part, str) else part for part in parts
    ]
    # One part alone would keep its type; a text is what is written.
    value = Template(parts=("", *read), span=template.span)
    return [FunctionCall(name="toJSON", arguments=(value,), span=template.span)]


def _joined(parts: list[_Part]) -> list[_Part]:
    """`parts` with neighbouring texts as one."""
    joined: list[_Part] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, str) and isinstance(last, str):
            joined[-1] = last + part
        else:
            joined.append(part)
    return joined


def _unescaped(text: str) -> str:
    """What a piece of a JSON text stands for; one that is none stands for itself."""
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text
