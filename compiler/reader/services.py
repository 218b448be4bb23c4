"""`executor`, or `type` and `config`, of a step into what another program does for it."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from compiler.diagnostics import did_you_mean
from compiler.ir import (
    Command,
    Http,
    Jq,
    LeafBody,
    Mail,
    Service,
    ShellText,
    Template,
)
from compiler.reader.config import a_map, a_text, pairs, some_texts
from compiler.reader.keys import EXECUTOR, HTTP, JQ, MAIL, PLAIN, Keys
from compiler.reader.nodes import ListNode, MapNode, ScalarNode, locator
from compiler.reader.programs import filter_program, word_template
from compiler.reader.references import template_without_commands
from compiler.reader.shape import (
    Field,
    Fields,
    Reading,
    integer,
    is_true,
    scalar,
    wrong_type,
)
from compiler.reader.words import split
from compiler.source import Span

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PLAIN = ("", "shell", "command")
_CALLS = ("dag", "subworkflow", "parallel")
# Executors that Dagu has and wfc has not, each with what to do instead.
_NOT_HERE: Mapping[str, str] = {
    "archive": "write the `tar` or `zip` command",
    "chat": "write a step with `type: http`",
    "agent": "write a step with `type: http`",
    "llm": "write a step with `type: http`",
    "gha": "write the commands that the action runs",
    "github_action": "write the commands that the action runs",
    "hitl": "let the workflow end here, and a second one go on",
    "kubernetes": "write the `kubectl` command",
    "k8s": "write the `kubectl` command",
    "redis": "write the `redis-cli` command",
    "s3": "write the `aws s3` command",
    "sql": "write the `psql` or `sqlite3` command",
    "postgres": "write the `psql` command",
    "sqlite": "write the `sqlite3` command",
    "router": "give the steps `preconditions`",
    "template": "write the file by a `script`",
    "harness": "write the program's command",
    "noop": "write `command: 'true'`",
}


class Given(NamedTuple):
    """A step that is a service: what it was written with. `kind` is its type as written,
    at `span`; `config` is the map behind it."""

    kind: str
    span: Span
    config: Field | None
    known: Fields


def service(reading: Reading, known: Fields, span: Span) -> LeafBody | None:
    """The service of a step that says how it is executed; None: it is a plain step, which
    the other keys tell. An empty command where it cannot be read."""
    nothing = Command(text=ShellText(source="", span=span))
    if known.get("container") is not None:
        from compiler.reader.docker import container

        return container(reading, known) or nothing
    given = _given(reading, known)
    if given is None:
        return nothing
    if given.kind in (*_PLAIN, *_CALLS):
        a_map(reading, given.config, PLAIN)
    if given.kind in _PLAIN:
        return None
    if given.kind in _CALLS:
        if known.get("run") is not None:
            return None
        help = "run: WORKFLOW"
        _without(reading, given.span, f"a step of type `{given.kind}`", "run", help)
        return nothing
    read = _READ.get(given.kind)
    if read is None:
        _no_such_type(reading, given)
        return nothing
    _refuse_others(reading, known, given)
    return read(reading, given) or nothing


def _given(reading: Reading, known: Fields) -> Given | None:
    executor, kind, config = map(known.get, ("executor", "type", "config"))
    if executor is not None and (kind or config):
        other = kind or config
        assert other is not None
        reading.report(
            "WFC113",
            f"`{other.key.text}` beside `executor`",
            other.key,
            "two spellings of one thing",
            "take one of them out",
            ((reading.span(executor.key), "the other one"),),
        )
    if executor is not None:
        if isinstance(executor.value, MapNode):
            inner = a_map(reading, executor, EXECUTOR)
            kind, config = inner.get("type"), inner.get("config")
            if kind is None:
                if inner.complete:
                    _without(reading, executor.key, "`executor`", "type", "type: http")
                return None
        else:
            kind, config = executor, None
    if kind is None:
        assert config is not None
        _without(reading, config.key, f"`{config.key.text}`", "type", "type: http")
        return None
    found = scalar(reading, kind.value, kind.key.text, "the name of an executor")
    if found is None:
        return None
    return Given(found.text, reading.span(found), config, known)


def _without(
    reading: Reading, place: ScalarNode | Span, whole: str, key: str, example: str
) -> None:
    reading.report(
        "WFC106",
        f"{whole} without `{key}`",
        place,
        f"`{key}` is missing",
        f"write `{example}`",
    )


def _no_such_type(reading: Reading, given: Given) -> None:
    if given.kind in _NOT_HERE:
        return reading.report(
            "WFC116",
            f"wfc has no executor `{given.kind}`",
            given.span,
            "not translated",
            _NOT_HERE[given.kind],
        )
    known = [*_READ, *_PLAIN[1:]]
    shown = ", ".join(f"`{each}`" for each in known)
    reading.report(
        "WFC107",
        f"there is no executor `{given.kind}`",
        given.span,
        "not an executor",
        did_you_mean(given.kind, known, f"known are: {shown}"),
    )


def _refuse_others(reading: Reading, known: Fields, given: Given) -> None:
    """Says which keys of a step have no meaning beside its executor."""
    takes = _TAKES[given.kind]
    for name in BODIES:
        field = known.get(name)
        if field is not None and name not in takes:
            refuse_beside(reading, field, f"an executor `{given.kind}`", given.span)


def refuse_beside(reading: Reading, field: Field, what: str, span: Span) -> None:
    reading.report(
        "WFC113",
        f"`{field.key.text}` beside {what}",
        field.key,
        "has no meaning there",
        "take one of them out",
        ((span, "the other one"),),
    )


def needed(reading: Reading, given: Given, name: str, example: str) -> Field | None:
    """The entry `name` of the step, which has to be there (WFC106)."""
    found = given.known.get(name)
    if found is None and given.known.complete:
        _without(reading, given.span, f"`{given.kind}`", name, example)
    return found


def needed_of(
    reading: Reading, given: Given, config: Fields, name: str, example: str
) -> Field | None:
    """The entry `name` of the step's `config`, which has to be there (WFC106)."""
    found = config.get(name)
    if found is None and config.complete:
        _without(reading, given.span, f"`{given.kind}`", name, example)
    return found


def config_of(reading: Reading, given: Given, keys: Keys) -> Fields:
    return a_map(reading, given.config, keys)


# ---- jq


def _jq(reading: Reading, given: Given) -> Service | None:
    config = config_of(reading, given, JQ)
    query = needed(reading, given, "command", "command: '.name'")
    data = needed(reading, given, "script", "script: ${NAME}")
    raw = is_true(reading, config.get("raw"))
    program = text = None
    if query is not None:
        program = scalar(reading, query.value, "command", "a jq program", False)
    if data is not None:
        text = scalar(reading, data.value, "script", "a JSON text", False)
    if program is None or text is None:
        return None
    from compiler.reader.json_values import json_text

    return Jq(
        query=filter_program(reading, program, "jq"),
        input=json_text(template_without_commands(reading, text)),
        raw=raw,
        span=given.span,
    )


# ---- http


def _http(reading: Reading, given: Given) -> Service | None:
    config = config_of(reading, given, HTTP)
    command = needed(reading, given, "command", "command: GET https://example.org")
    line = None if command is None else _request_line(reading, command)
    debug = config.get("debug")
    if debug is not None and is_true(reading, debug):
        reading.report(
            "WFC117",
            "`debug` is left out",
            debug.key,
            "wfc has no log of a request",
            "take it out",
        )
    limit = config.get("timeout")
    seconds = None
    if limit is not None:
        seconds = integer(reading, limit.value, limit.key.text)
    headers = pairs(reading, config.get("headers"), _is_token, "a header")
    query = pairs(reading, config.get("query"), bool, "a part of a query")
    body = a_text(reading, config.get("body"), empty=True)
    silent = is_true(reading, config.get("silent"))
    json = is_true(reading, config.get("json"))
    insecure = is_true(reading, config.get("skipTLSVerify"))
    if line is None:
        return None
    return Http(
        method=line[0],
        url=line[1],
        headers=headers,
        query=query,
        body=body,
        timeout=seconds or None,
        verbose=not silent,
        json=json,
        insecure=insecure,
        span=given.span,
    )


def _is_token(name: str) -> bool:
    return _TOKEN.fullmatch(name) is not None


def _request_line(reading: Reading, field: Field) -> list[Template] | None:
    words = words_of(reading, field, "METHOD URL")
    if words is None or len(words) == 2:
        return words
    reading.report(
        "WFC107",
        "`command` takes a method and a URL",
        field.value,
        f"{len(words)} word{'' if len(words) == 1 else 's'}",
        "write `command: GET https://example.org`",
    )
    return None


def words_of(reading: Reading, field: Field, wanted: str) -> list[Template] | None:
    """The words of a command line, or those of a list."""
    node = field.value
    if isinstance(node, ListNode):
        found = [scalar(reading, each, field.key.text, "words") for each in node.items]
        if not found or None in found:
            if not found:
                wrong_type(reading, node, field.key.text, wanted)
            return None
        return [
            template_without_commands(reading, each)
            for each in found
            if each is not None
        ]
    line = scalar(reading, node, field.key.text, wanted, False)
    if line is None:
        return None
    words = split(line.text)
    if words is None:
        reading.report(
            "WFC107",
            "a quote in this command line is never closed",
            line,
            "split into words as a shell does",
            "close the quote",
        )
        return None
    locate = locator(reading.source, line)
    return [word_template(reading, word, locate) for word in words]


# ---- mail


def _mail(reading: Reading, given: Given) -> Service | None:
    config = config_of(reading, given, MAIL)
    first = needed_of(reading, given, config, "from", "from: a@example.org")
    sender = a_text(reading, first)
    to = recipients(
        reading, needed_of(reading, given, config, "to", "to: b@example.org")
    )
    subject, message = config.get("subject"), config.get("message")
    nothing = Template(parts=(), span=given.span)
    read = Mail(
        sender=sender or nothing,
        to=to,
        subject=a_text(reading, subject, empty=True) or nothing,
        message=a_text(reading, message, empty=True) or nothing,
        attachments=some_texts(reading, config.get("attachments")),
        span=given.span,
    )
    return read if sender is not None and to else None


def recipients(reading: Reading, field: Field | None) -> tuple[Template, ...]:
    """Addresses, one at least where there is a list of them."""
    found = some_texts(reading, field)
    if field is None or not isinstance(field.value, ListNode):
        return found
    if not field.value.items:
        reading.report(
            "WFC107",
            f"`{field.key.text}` is empty",
            field.value,
            "nobody gets the mail",
            "write an address",
        )
    return found


def _ssh(reading: Reading, given: Given) -> Service | None:
    from compiler.reader.ssh import ssh

    return ssh(reading, given)


def _docker(reading: Reading, given: Given) -> Service | None:
    from compiler.reader.docker import docker

    return docker(reading, given)


_READ: Mapping[str, Callable[[Reading, Given], Service | None]] = {
    "docker": _docker,
    "http": _http,
    "jq": _jq,
    "ssh": _ssh,
    "mail": _mail,
}
BODIES = ("run", "params", "candidates", "shell", "command", "script", "exec")
# The keys of a step that are its executor's.
_TAKES: Mapping[str, tuple[str, ...]] = {
    "docker": ("command",),
    "http": ("command",),
    "jq": ("command", "script"),
    "ssh": ("command", "script", "shell"),
    "mail": (),
}
