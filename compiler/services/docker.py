"""A command in a container -> the words of docker."""

from collections.abc import Iterable, Iterator

from compiler.ir import Docker, Entry, Template
from compiler.services.plan import (
    ContentOf,
    Hole,
    PathOf,
    Piece,
    Plan,
    ProgramOf,
    Text,
    pieces,
)

# What docker's own client reads: for the container it goes by file, not by environment.
_CLIENTS = ("DOCKER_", "BUILDKIT_", "BUILDX_", "LD_", "DYLD_", "XDG_", "SSH_", "OTEL_")
_CLIENTS_TOO = frozenset(
    {"PATH", "HOME", "USER", "TMPDIR", "GODEBUG", "SSL_CERT_FILE", "SSL_CERT_DIR"}
)


def docker_plan(docker: Docker) -> Plan:
    """`docker run` of an image, else `docker exec` in a container."""
    by_file = tuple(each for each in docker.env if _is_clients(each.name))
    by_name = tuple(each for each in docker.env if not _is_clients(each.name))
    words: list[Text] = [(ProgramOf("docker"),)]
    words += [("run",), *_new(docker)] if docker.image else [("exec",)]
    words += _options(docker)
    words += ((f"--env={each.name}",) for each in by_name)
    if by_file:
        words.append(("--env-file=", PathOf("env")))
    words.append(("--",))
    if docker.image is not None:
        words.append((_word(docker.image, "the image"),))
    elif docker.container is not None:
        words.append((_word(docker.container, "the container"),))
    words += (
        (Hole(template=it, form="text", what="a word of the command"),)
        for it in (*docker.entrypoint[1:], *docker.words)
    )
    files: list[tuple[str, Text | None]] = []
    undo: tuple[Text, ...] = ()
    if by_file:
        files.append(("env", tuple(_lines(by_file))))
    if docker.image is not None:
        # What runs as process 1 of a container ignores TERM, unless it asks for it.
        files.append(("container", None))
        end = "kill" if docker.keep else "rm"
        force = () if docker.keep else (("--force",),)
        undo = ((ProgramOf("docker"),), (end,), *force, (ContentOf("container"),))
    return Plan(
        words=tuple(words),
        files=tuple(files),
        undo=undo,
        environment=tuple((each.name, each.value) for each in by_name),
    )


def _is_clients(name: str) -> bool:
    upper = name.upper()
    return (
        upper in _CLIENTS_TOO or upper.startswith(_CLIENTS) or upper.endswith("_PROXY")
    )


def _word(template: Template, what: str) -> Hole:
    return Hole(template=template, form="word", what=what)


def _new(docker: Docker) -> Iterator[Text]:
    """The options of a new container only."""
    yield "--cidfile=", PathOf("container")
    if not docker.keep:
        yield ("--rm",)
    yield (f"--pull={docker.pull}",)
    if docker.container is not None:
        yield "--name=", _word(docker.container, "the container's name")
    if docker.platform is not None:
        yield "--platform=", _word(docker.platform, "the platform")
    for volume in docker.volumes:
        yield "--volume=", *_pieces(volume, "a volume")
    for port in docker.ports:
        yield "--publish=", *_pieces(port, "a port")
    if docker.network is not None:
        yield "--network=", _word(docker.network, "the network")
    for first in docker.entrypoint[:1]:
        yield "--entrypoint=", Hole(template=first, form="text", what="the entry point")


def _options(docker: Docker) -> Iterator[Text]:
    if docker.user is not None:
        yield "--user=", _word(docker.user, "the user")
    if docker.directory is not None:
        what = "the working folder"
        yield "--workdir=", Hole(template=docker.directory, form="text", what=what)


def _pieces(template: Template, what: str) -> Iterator[Piece]:
    """A template whose `:` part it: no value in it adds one. A value alone is the whole."""
    if len(template.parts) == 1:
        yield Hole(template=template, form="text", what=what)
    else:
        yield from pieces(template, "part", "part_below", what)


def _lines(entries: Iterable[Entry]) -> Iterator[str | Hole]:
    for entry in entries:
        yield f"{entry.name}="
        yield Hole(template=entry.value, form="line", what=f"`{entry.name}`")
        yield "\n"
