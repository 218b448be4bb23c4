"""A text for a shell on another machine -> the words of ssh, and what it sends."""

from collections.abc import Iterator, Mapping, Sequence

from compiler.ir import Reference, ShellText, Ssh
from compiler.services.plan import Hole, Plan, ProgramOf, Text

# Whatever shell a user has there, it starts this one, which reads what ssh sends.
_REMOTE = "sh"


def ssh_plan(ssh: Ssh) -> Plan:
    """ssh; `remote_program` is its standard input."""
    return Plan(words=tuple(_words(ssh)))


def _words(ssh: Ssh) -> Iterator[Text]:
    yield (ProgramOf("ssh"),)
    yield ("-T",)
    options = ["BatchMode=yes"]
    if ssh.check_host:
        options.append("StrictHostKeyChecking=yes")
    else:
        options += ["StrictHostKeyChecking=no", "LogLevel=ERROR"]
        if ssh.known_hosts is None:
            options.append("UserKnownHostsFile=/dev/null")
    for option in options:
        yield ("-o",)
        yield (option,)
    if ssh.known_hosts is not None:
        what = "the path of the known hosts"
        yield ("-o",)
        hole = Hole(template=ssh.known_hosts, form="ssh_path", what=what)
        yield ('UserKnownHostsFile="', hole, '"')
    if ssh.key is not None:
        yield ("-o",)
        yield ("IdentitiesOnly=yes",)
        yield ("-o",)  # `-i` looks for a file that has the escapes in its name
        hole = Hole(template=ssh.key, form="ssh_path", what="the path of the key")
        yield ('IdentityFile="', hole, '"')
    if ssh.port is not None:
        yield ("-p",)
        yield (Hole(template=ssh.port, form="port", what="the port"),)
    if ssh.user is not None:
        yield ("-l",)
        yield (Hole(template=ssh.user, form="word", what="the user"),)
    yield ("--",)
    yield (Hole(template=ssh.host, form="word", what="the host"),)
    yield (_REMOTE,)


def names_in(text: ShellText) -> list[str]:
    """The names that `text` reads as variables: these go with it."""
    return [
        reference.expression.name
        for reference in text.references
        if reference.plain and isinstance(reference.expression, Reference)
    ]


def remote_program(
    shell: Sequence[str],
    text: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
) -> str:
    """A text of POSIX shell that runs `text` with what it refers to; its stdin is empty.

    Whole or not at all: braces hold it together if the connection breaks in the middle.
    """
    lines = [f"{name}={quoted(value)}" for name, value in environment.items()]
    if environment:
        lines.append(f"export {' '.join(environment)}")
    words = " ".join(map(quoted, [*shell, "-c", text, *arguments]))
    return "\n".join(["{", *lines, f"exec {words} </dev/null", "}", ""])


def quoted(text: str) -> str:
    """`text` as one word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"
