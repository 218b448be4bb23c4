"""Services: what runs for jq, http, docker, ssh and mail, the same on every target."""

from typing import assert_never

from compiler.ir import Call, Docker, Http, Jq, LeafBody, Mail, Service, Smtp, Ssh
from compiler.services.docker import docker_plan
from compiler.services.forms import address_of, in_form
from compiler.services.http import http_plan
from compiler.services.mail import attachment, mail_plan
from compiler.services.plan import ContentOf, Form, Hole, PathOf, Plan, ProgramOf, Text
from compiler.services.ssh import names_in, remote_program, ssh_plan

__all__ = [
    "ContentOf",
    "Form",
    "Hole",
    "PathOf",
    "Plan",
    "ProgramOf",
    "Text",
    "address_of",
    "attachment",
    "in_form",
    "mail_plan",
    "names_in",
    "plan",
    "programs",
    "remote_program",
]


def plan(service: Service, smtp: Smtp | None) -> Plan:
    """What starts the program of `service`; a mail goes to the server `smtp`."""
    match service:
        case Jq():
            return _jq_plan(service)
        case Http():
            return http_plan(service)
        case Docker():
            return docker_plan(service)
        case Ssh():
            return ssh_plan(service)
        case Mail(sender=sender, to=to):
            assert smtp is not None  # which is checked of every workflow with mails
            return mail_plan(sender, to, smtp)
        case _:
            assert_never(service)


def _jq_plan(jq: Jq) -> Plan:
    """The query goes by file: a value in it is on no command line, nor an option."""
    words: list[Text] = [(ProgramOf("jq"),), ("--indent",), ("4",), ("--sort-keys",)]
    if jq.raw:
        words.append(("--raw-output",))
    words += [("--from-file",), (PathOf("query"),)]
    return Plan(
        words=tuple(words),
        stdin=(Hole(template=jq.input, form="json", what="the input"),),
        files=(("query", (Hole(template=jq.query, form="text", what="the query"),)),),
    )


def programs(body: LeafBody | Call) -> tuple[str, ...]:
    """The programs that have to be in PATH for `body`, beside its own."""
    match body:
        case Jq():
            return ("jq",)
        case Http(json=json):
            return ("curl", "jq") if json else ("curl",)
        case Docker():
            return ("docker",)
        case Ssh():
            return ("ssh",)
        case Mail():
            return ("curl",)
        case _:
            return ()
