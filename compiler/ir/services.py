"""What another program does for a step: jq, curl, docker, ssh."""

from typing import TYPE_CHECKING, Literal, TypeAlias

from compiler.ir.expressions import DEFAULT_SHELL, ShellText, Template
from compiler.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from compiler.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Jq:
    """`executor: jq`: a jq program over a JSON text. `raw`: texts come without quotes."""

    query: Template
    input: Template
    raw: bool = False
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A header, a part of a query, or a variable: a name and its value."""

    name: str
    value: Template
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """`executor: http`: one request. A status that is not 2xx is a failure (exit code 1).

    Its stdout is the body; with `verbose` the status line and the headers stand before
    it. `json`: it is an object of these, in JSON. `timeout` is in seconds, `insecure` takes
    any TLS certificate.
    """

    method: Template
    url: Template
    headers: tuple[Entry, ...] = ()
    query: tuple[Entry, ...] = ()
    body: Template | None = None
    timeout: int | None = None
    verbose: bool = True
    json: bool = False
    insecure: bool = False
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """`executor: docker`: an argv in a new container of `image`, or, without one, in the
    running container `container`. Without `words` the image's own command runs.

    `pull` is when the image is fetched, `platform` that of the image; `keep`: the new
    container, named `container`, is there afterwards.
    """

    image: Template | None = None
    container: Template | None = None
    words: tuple[Template, ...] = ()
    entrypoint: tuple[Template, ...] = ()
    pull: Literal["always", "missing", "never"] = "missing"
    platform: Template | None = None
    keep: bool = False
    env: tuple[Entry, ...] = ()
    volumes: tuple[Template, ...] = ()
    ports: tuple[Template, ...] = ()
    user: Template | None = None
    directory: Template | None = None
    network: Template | None = None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssh:
    """`executor: ssh`: a text for `shell` on another machine. What it refers to goes with
    it as data; nothing else of the environment does (R4). `check_host`: its key must be
    known, in `known_hosts` where that is given."""

    host: Template
    user: Template | None = None
    port: Template | None = None
    key: Template | None = None
    check_host: bool = True
    known_hosts: Template | None = None
    text: ShellText
    shell: tuple[str, ...] = DEFAULT_SHELL
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`executor: mail`: one message, by the workflow's `smtp`. `attachments` are paths."""

    sender: Template
    to: tuple[Template, ...]
    subject: Template
    message: Template
    attachments: tuple[Template, ...] = ()
    span: Span


Service: TypeAlias = Jq | Http | Docker | Ssh | Mail
