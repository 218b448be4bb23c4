"""Mails by steps, and mails about runs, to a server of our own."""

import email
import email.policy
import io
import re
from email.message import EmailMessage
from pathlib import Path

import pytest
from resolved import execute, from_yaml
from servers import Mail, closed_port, mail_server

from compiler.interpreter import Report


def read(mail: Mail) -> EmailMessage:
    message = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(mail: Mail) -> str:
    body = read(mail).get_body()
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def attachments(mail: Mail) -> dict[str, bytes]:
    return {
        str(each.get_filename()): each.get_payload(decode=True)
        for each in read(mail).iter_attachments()
    }


def stderr_of(report: Report, name: str = "a", attempt: int = 1) -> str:
    return (Path(report.steps[name].log) / f"{attempt}.err").read_text()


# ---- by a step


def send(
    folder: Path, port: int, config: str, server: str = "", **values: str
) -> Report:
    params = "".join(f"\n  - {name}: ''" for name in values) or " []"
    program = from_yaml(
        f"params:{params}\n"
        f"smtp: {{host: 127.0.0.1, port: {port}{server}}}\n"
        f"steps:\n  - name: a\n    type: mail\n    with: {{{config}}}\n"
        "    retryPolicy: {limit: 1, intervalSec: 0}\n"
    )
    return execute(program, folder, values=values)


LEAST = "from: a@example.org, to: b@example.org"


def test_mail_of_a_step(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work/data ä.csv").write_bytes(bytes(range(256)))
    config = (
        "from: 'Ä Team <a@example.org>', to: [b@example.org, 'C <c@example.org>'], "
        "subject: 'Grüße', message: \"one\\n.two\\n€\\n\", attachments: 'data ä.csv'"
    )
    with mail_server() as server:
        report = send(tmp_path, server.port, config)
    assert report.outcome.status == "succeeded", stderr_of(report)
    (mail,) = server.mails
    assert (mail.sender, mail.to) == (
        "a@example.org",
        ["b@example.org", "c@example.org"],
    )
    message = read(mail)
    assert message["From"] == "Ä Team <a@example.org>"
    assert message["To"] == "b@example.org, C <c@example.org>"
    assert message["Subject"] == "Grüße"
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Date"].datetime is not None
    assert text_of(mail) == "one\n.two\n€\n"
    assert attachments(mail) == {"data ä.csv": bytes(range(256))}
    kept = {each.suffix for each in Path(report.steps["a"].log).iterdir()}
    assert kept == {".out", ".err", ".rc"}


@pytest.mark.parametrize(
    "value",
    [
        'it\'s "so" $(touch evil) `x` \\n',
        "--version",
        "@/etc/passwd",
        "a\n.\nb\r\n\n.c\n",
        "ä€😀 " * 300,
        "",
    ],
)
def test_a_message_is_data(tmp_path: Path, value: str) -> None:
    config = f'{LEAST}, subject: "${{S}}", message: "${{X}}"'
    line = value.replace("\r", "").replace("\n", " ")
    with mail_server() as server:
        report = send(tmp_path, server.port, config, X=value, S=line)
    assert report.outcome.status == "succeeded", stderr_of(report)
    (mail,) = server.mails
    assert mail.to == ["b@example.org"]
    assert text_of(mail).rstrip("\n") == value.replace("\r\n", "\n").rstrip("\n")
    assert (read(mail)["Subject"] or "").split() == line.split()


@pytest.mark.parametrize(
    ("config", "value", "reason"),
    [
        ('from: a@b.c, to: d@e.f, subject: "${X}"', "x\nBcc: evil@b.c", "line end"),
        ('from: a@b.c, to: d@e.f, subject: "${X}"', "x\r\n\r\nbody", "line end"),
        ('from: a@b.c, to: "${X}"', "d@e.f, g@h.i", "no address"),
        ('from: a@b.c, to: "${X}"', "d@e.f\ng@h.i", "no address"),
        ('from: a@b.c, to: "${X}"', "d@e.f> SIZE=1\r\nRCPT TO:<g@h.i", "no address"),
        ('from: a@b.c, to: "${X}"', "", "no address"),
        ('from: a@b.c, to: "${X}"', "-T/etc/passwd", "no address"),
        ('from: "${X}", to: d@e.f', "a b@c.d", "no address"),
        ('from: "${X}", to: d@e.f', "x\n<a@b.c>", "no address"),
        ('from: a@b.c, to: d@e.f, attachments: ["${X}"]', "nowhere", "cannot attach"),
        ('from: a@b.c, to: d@e.f, attachments: ["a/${X}"]', "../../b", "leads out"),
    ],
)
def test_a_mail_is_refused(
    tmp_path: Path, config: str, value: str, reason: str
) -> None:
    with mail_server() as server:
        report = send(tmp_path, server.port, config, X=value)
    step = report.outcome.steps["a"]
    assert (step.status, step.exit_code, step.attempts) == ("failed", 1, 2)
    assert reason in stderr_of(report)
    assert server.mails == []


@pytest.mark.parametrize("command", ["RCPT", "MAIL", "DATA"])
def test_a_server_that_refuses(tmp_path: Path, command: str) -> None:
    with mail_server(command) as server:
        report = send(tmp_path, server.port, LEAST)
    step = report.outcome.steps["a"]
    assert (step.status, step.attempts) == ("failed", 2)
    assert step.exit_code == 55
    assert "550" in stderr_of(report, attempt=2)
    assert server.mails == []


def test_no_server(tmp_path: Path) -> None:
    report = send(tmp_path, closed_port(), LEAST)
    assert report.outcome.steps["a"].exit_code == 7


def test_a_password(tmp_path: Path) -> None:
    import base64

    server_keys = ", username: 'u ser', password: '${P}'"
    with mail_server() as server:
        report = send(tmp_path, server.port, LEAST, server_keys, P='p"w:\\ä')
    assert report.outcome.status == "succeeded", stderr_of(report)
    auth = next(it for it in server.lines if it.startswith("AUTH PLAIN"))
    index = server.lines.index(auth)
    sent = auth.partition("PLAIN ")[2] or server.lines[index + 1]
    assert base64.b64decode(sent).decode() == '\0u ser\0p"w:\\ä'


# ---- about a run

NOTICES = """
name: night
params: [{TO: team@example.org}]
type: graph
smtp: {host: 127.0.0.1, port: "%d"}
mailOn: {failure: true, success: true}
errorMail: {from: wfc@example.org, to: "${TO}", prefix: "[ERROR]", attachLogs: true}
infoMail: {from: wfc@example.org, to: [a@example.org, b@example.org], attachLogs: true}
"""


def told(folder: Path, steps: str, refuses: str = "") -> tuple[Report, list[Mail], str]:
    stream = io.StringIO()
    with mail_server(refuses) as server:
        program = from_yaml(NOTICES % server.port + steps)
        report = execute(program, folder, stream=stream)
    assert not list(report.folder.glob("*Mail.*")) or refuses
    return report, server.mails, stream.getvalue()


def test_a_mail_about_a_failure(tmp_path: Path) -> None:
    steps = """
steps:
  - {name: good, command: echo fine}
  - {name: bad/one, command: "echo out; echo why >&2; exit 3"}
"""
    report, (mail,), _ = told(tmp_path, steps)
    assert report.outcome.status == "failed"
    assert mail.to == ["team@example.org"]
    assert read(mail)["Subject"] == "[ERROR] night (failed)"
    assert re.search(r"^bad/one +failed +1 +3 ", text_of(mail), re.MULTILINE)
    assert "night: failed in " in text_of(mail)
    assert attachments(mail) == {"bad_one.out": b"out\n", "bad_one.err": b"why\n"}


def test_a_mail_about_a_success(tmp_path: Path) -> None:
    steps = "steps: [{name: good, command: echo fine}, {name: quiet, command: 'true'}]"
    report, (mail,), _ = told(tmp_path, steps)
    assert report.outcome.status == "succeeded"
    assert mail.to == ["a@example.org", "b@example.org"]
    assert read(mail)["Subject"] == "night (succeeded)"
    assert attachments(mail) == {"good.out": b"fine\n"}


def test_a_step_that_tells(tmp_path: Path) -> None:
    """`mailOnError` sends the mail about failures once, whatever the run came to."""
    steps = """
steps:
  - {name: a, command: exit 3, mailOnError: true, continueOn: failure}
  - {name: b, command: exit 4, mailOnError: true, continueOn: failure}
  - {name: c, command: echo}
"""
    report, mails, _ = told(tmp_path, steps)
    assert report.outcome.status == "partially_succeeded"
    subjects = [read(mail)["Subject"] for mail in mails]
    assert subjects == [
        "[ERROR] night (partially_succeeded)",
        "night (partially_succeeded)",
    ]


def test_a_mail_after_the_handlers(tmp_path: Path) -> None:
    steps = """
handlerOn: {exit: {command: "echo bye; exit 1"}}
steps: [{name: a, command: 'true'}]
"""
    report, (mail,), _ = told(tmp_path, steps)
    assert report.outcome.status == "failed"
    assert read(mail)["Subject"] == "[ERROR] night (failed)"
    assert attachments(mail) == {"handler exit.out": b"bye\n"}


def test_a_mail_that_cannot_be_sent(tmp_path: Path) -> None:
    steps = "steps: [{name: a, command: echo}]"
    report, mails, printed = told(tmp_path, steps, "RCPT")
    assert (report.outcome.status, report.outcome.exit_code) == ("succeeded", 0)
    assert mails == []
    assert re.search(r"`infoMail` could not be sent: .*550", printed)


def test_a_mail_without_a_value(tmp_path: Path) -> None:
    steps = "steps: [{name: a, command: exit 1}]"
    stream = io.StringIO()
    with mail_server() as server:
        program = from_yaml(NOTICES % server.port + steps)
        report = execute(program, tmp_path, values={"TO": "x\ny"}, stream=stream)
    assert report.outcome.status == "failed"
    assert (
        "`errorMail` could not be sent: a recipient is no address" in stream.getvalue()
    )
    assert server.mails == []


def test_no_secret_in_a_mail(tmp_path: Path) -> None:
    steps = """
secrets: [{name: S, provider: env}]
steps: [{name: a, command: 'echo "$S"; exit 1', output: O}]
"""
    with mail_server() as server:
        program = from_yaml(NOTICES % server.port + steps)
        execute(program, tmp_path, environment={"S": "s3cr3t-word"})
    (mail,) = server.mails
    assert attachments(mail) == {"a.out": b"***\n"}
    assert b"s3cr3t" not in mail.content


def test_no_mail_about_a_run_that_was_only_called(tmp_path: Path) -> None:
    with mail_server() as server:
        kid = (NOTICES % server.port).replace("night", "kid")
        program = from_yaml(
            "steps: [{name: a, run: kid}]\n---\n"
            f"{kid}steps: [{{name: b, command: echo}}]"
        )
        assert execute(program, tmp_path).outcome.status == "succeeded"
    assert server.mails == []
