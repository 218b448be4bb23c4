"""`executor: docker` and `container` of a step into a `Docker`."""

from typing import Literal

from compiler.ir import Docker, Entry, Service, Template
from compiler.reader.config import a_map, a_text, is_variable, pairs, some_texts
from compiler.reader.keys import (
    CONTAINER,
    DOCKER,
    DOCKER_CONTAINER,
    DOCKER_EXEC,
    DOCKER_HOST,
)
from compiler.reader.nodes import MapNode, ScalarNode
from compiler.reader.scalars import kind_of
from compiler.reader.services import BODIES, Given, refuse_beside, words_of
from compiler.reader.shape import Field, Fields, Reading, boolean, is_true, scalar
from compiler.source import Span

_Pull = Literal["always", "missing", "never"]


def docker(reading: Reading, given: Given) -> Service | None:
    """The executor: a new container of `image`, else a command in `containerName`."""
    config = a_map(reading, given.config, DOCKER)
    new = a_map(reading, config.get("container"), DOCKER_CONTAINER)
    inside = a_map(reading, config.get("exec"), DOCKER_EXEC)
    host = a_map(reading, config.get("host"), DOCKER_HOST)
    command = given.known.get("command")
    words = _words(reading, command) if command else _words(reading, new.get("cmd"))
    removed = config.get("autoRemove")
    found = Docker(
        image=a_text(reading, config.get("image")),
        container=a_text(reading, config.get("containerName")),
        words=words,
        entrypoint=_words(reading, _first("entrypoint", config, new)),
        pull=_pull(reading, config.get("pull")),
        platform=a_text(reading, config.get("platform")),
        keep=removed is not None and not is_true(reading, removed),
        env=_env(reading, config, new, inside),
        volumes=(
            *some_texts(reading, config.get("volumes")),
            *some_texts(reading, host.get("binds")),
        ),
        ports=some_texts(reading, config.get("ports")),
        user=a_text(reading, _first("user", config, new, inside)),
        directory=a_text(reading, _first("workingDir", config, new, inside)),
        network=a_text(reading, config.get("network") or host.get("networkMode")),
        span=given.span,
    )
    complete = config.complete and (given.config is not None or given.known.complete)
    return _checked(reading, found, given.span, complete)


def container(reading: Reading, known: Fields) -> Service | None:
    """`container` of a step: an image, or a map."""
    field = known.get("container")
    assert field is not None
    span = reading.span(field.key)
    for key in ("executor", "type", "config", *BODIES):
        other = known.get(key)
        if other is not None and key != "command":
            refuse_beside(reading, other, "`container`", span)
    words = _words(reading, known.get("command"))
    if not isinstance(field.value, MapNode):
        image = a_text(reading, field)
        return Docker(image=image, words=words, span=span) if image else None
    config = a_map(reading, field, CONTAINER)
    image = a_text(reading, config.get("image"))
    name = config.get("name" if image else "exec")
    found = Docker(
        image=image,
        container=a_text(reading, name),
        words=words,
        entrypoint=_words(reading, config.get("entrypoint")),
        pull=_pull(reading, config.get("pull")),
        platform=a_text(reading, config.get("platform")),
        keep=is_true(reading, config.get("keepContainer")),
        env=_env(reading, config),
        volumes=some_texts(reading, config.get("volumes")),
        ports=some_texts(reading, config.get("ports")),
        user=a_text(reading, config.get("user")),
        directory=a_text(reading, config.get("workingDir")),
        network=a_text(reading, config.get("network")),
        span=span,
    )
    return _checked(reading, found, span, config.complete)


def _first(name: str, *maps: Fields) -> Field | None:
    return next((found for each in maps if (found := each.get(name))), None)


def _env(reading: Reading, *maps: Fields) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for each in maps:
        entries += pairs(reading, each.get("env"), is_variable, "a variable")
    return tuple({entry.name: entry for entry in entries}.values())


def _words(reading: Reading, field: Field | None) -> tuple[Template, ...]:
    if field is None:
        return ()
    return tuple(words_of(reading, field, "a command line, or a list of words") or ())


def _pull(reading: Reading, field: Field | None) -> _Pull:
    """When the image is fetched; true is always, false is never."""
    if field is None:
        return "missing"
    node = field.value
    if isinstance(node, ScalarNode) and kind_of(node) == "boolean":
        return "always" if boolean(reading, node, field.key.text) else "never"
    found = scalar(reading, node, field.key.text, "always, missing or never")
    match found and found.text:
        case "always":
            return "always"
        case "never":
            return "never"
        case None | "missing":
            return "missing"
        case text:
            reading.report(
                "WFC107",
                f"`{field.key.text}` cannot be `{text}`",
                node,
                "not one of them",
                "write `always`, `missing` or `never`",
            )
            return "missing"


def _checked(
    reading: Reading, found: Docker, span: Span, complete: bool
) -> Docker | None:
    """`found` if it says where it runs and, in a container that runs, what."""
    if found.image is None and found.container is None:
        if complete:
            reading.report(
                "WFC106",
                "a container without `image`",
                span,
                "`image` is missing",
                "write `image: NAME`, or name a container that runs",
            )
        return None
    if found.image is None and not found.words:
        reading.report(
            "WFC106",
            "a step in a running container without `command`",
            span,
            "nothing to run",
            "write `command: TEXT`",
        )
        return None
    if found.keep and found.image is not None and found.container is None:
        reading.report(
            "WFC106",
            "a container that stays, without a name",
            span,
            "nobody could find it again",
            "name it, or let it be removed",
        )
    return found
