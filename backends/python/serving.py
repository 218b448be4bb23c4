"""Turns a step that is a service into the source of the part that starts its program."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from backends.python.expressions import constant, literal
from compiler.ir import Mail, Service, Smtp, Ssh, Template
from compiler.services import (
    Hole,
    PathOf,
    ProgramOf,
    Text,
    attachment,
    names_in,
    plan,
)
from compiler.services.plan import ContentOf, Piece
from compiler.shelltext.render import render

# What gives the source of a template's text.
Sources: TypeAlias = Callable[[Template], str]


def served(values: Sources, body: Service, smtp: Smtp | None) -> str:
    """The part for `body`: its words, files and standard input, valued in each attempt."""
    made = plan(body, smtp)
    words = [f"lambda: {_listed(values, made.words)}"]
    if isinstance(body, Ssh):
        words.append(f"stdin=lambda: {_remote(body)}")
    elif made.stdin:
        words.append(f"stdin=lambda: {_text(values, made.stdin)}")
    files = {
        name: "None" if text is None else f"lambda: {_text(values, text)}"
        for name, text in made.files
    }
    if isinstance(body, Mail):
        files["message"] = f"lambda: {_message(values, body)}"
    if files:
        words.append(f"files={_mapping(files.items())}")
    if made.environment:
        pairs = [(name, f"lambda: {values(it)}") for name, it in made.environment]
        words.append(f"env={_mapping(pairs)}")
    if made.undo:
        words.append(f"undo=lambda: {_listed(values, made.undo)}")
    return f"service({', '.join(words)})"


def _mapping(pairs: Iterable[tuple[str, str]]) -> str:
    return f"{{{', '.join(f'{literal(name)}: {it}' for name, it in pairs)}}}"


def _listed(values: Sources, words: Iterable[Text]) -> str:
    return f"[{', '.join(_text(values, it) for it in words)}]"


def _text(values: Sources, text: Text) -> str:
    pieces = [_piece(values, it) for it in text]
    if not pieces:
        return '""'
    return pieces[0] if len(pieces) == 1 else call("concat", pieces)


def _piece(values: Sources, piece: Piece) -> str:
    match piece:
        case str():
            return literal(piece)
        case Hole(template=template, form=form, what=what):
            return call(f"form_{form}", [values(template), literal(what)])
        case PathOf(name=name, form="text"):
            return call("file", [literal(name)])
        case PathOf(name=name, form=form):
            path = call("file", [literal(name)])
            return call(f"form_{form}", [path, literal("path")])
        case ProgramOf(name=name):
            return call("program", [literal(name)])
        case ContentOf(name=name):
            return call("content", [literal(name)])


def _remote(body: Ssh) -> str:
    """What ssh sends: the text, and the names of the values that go with it."""
    generated = [it.name for it in render(body.text).bindings]
    names = dict.fromkeys([*names_in(body.text), *generated])
    return call("remote", [constant([*body.shell]), constant([*names])])


def _message(values: Sources, body: Mail) -> str:
    to = f"[{', '.join(map(values, body.to))}]"
    paths = _listed(values, map(attachment, body.attachments))
    sender, subject, message = (
        values(it) for it in (body.sender, body.subject, body.message)
    )
    return call("message", [sender, to, subject, message, paths])


def call(name: str, arguments: Iterable[str]) -> str:
    return f"{name}({', '.join(arguments)})"
