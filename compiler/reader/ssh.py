"""`executor: ssh` of a step into an `Ssh`."""

from compiler.ir import DEFAULT_SHELL, Service, Ssh
from compiler.reader.config import a_text
from compiler.reader.keys import SSH
from compiler.reader.references import shell_text
from compiler.reader.services import (
    Given,
    config_of,
    needed,
    needed_of,
    refuse_beside,
)
from compiler.reader.shape import Field, Reading, is_true, scalar
from compiler.reader.shells import shell_words
from compiler.shelltext.shells import is_shell


def ssh(reading: Reading, given: Given) -> Service | None:
    """A text for the shell of another machine."""
    config = config_of(reading, given, SSH)
    host = needed_of(reading, given, config, "host", "host: example.org")
    command, script = given.known.get("command"), given.known.get("script")
    if command is not None and script is not None:
        refuse_beside(reading, command, "`script`", reading.span(script.key))
    written = script or command
    if written is None:
        written = needed(reading, given, "command", "command: TEXT")
    text = None
    if written is not None:
        text = scalar(reading, written.value, written.key.text, "a text", False)
    shell = _shell(reading, given.known.get("shell") or config.get("shell"))
    strict = config.get("strictHostKey")
    read = {
        name: a_text(reading, config.get(name))
        for name in ("user", "port", "key", "knownHostFile")
    }
    checks = strict is None or is_true(reading, strict)
    named = a_text(reading, host)
    if named is None or text is None:
        return None
    return Ssh(
        host=named,
        user=read["user"],
        port=read["port"],
        key=read["key"],
        check_host=checks,
        known_hosts=read["knownHostFile"],
        text=shell_text(reading, text),
        shell=shell,
        span=given.span,
    )


def _shell(reading: Reading, field: Field | None) -> tuple[str, ...]:
    found = shell_words(reading, field)
    if found is None or field is None:
        return DEFAULT_SHELL
    if not is_shell(found[1]):
        reading.report(
            "WFC107",
            f"`{found[1][0]}` is no shell",
            field.value,
            "reads the text on the other machine",
            "name a shell, as in `shell: bash -e`",
        )
    return tuple(found[1])
