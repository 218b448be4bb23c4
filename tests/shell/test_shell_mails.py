"""Mails about runs of scripts: those of the interpreter, but for the seconds."""

import email
import email.policy
import io
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest
from interpreter.servers import Mail, closed_port, mail_server
from shell.newer import bare_patterns, code_of, newer
from shell.scripts import SURROUNDINGS, start, text_of, written

from compiler.interpreter import Quiet
from compiler.interpreter import run as interpret
from compiler.pipeline import front_end
from compiler.source import Source

NIGHT = """
name: night
params: [{TO: team@example.org}]
type: graph
smtp: {host: 127.0.0.1, port: "%d"}
mailOn: {failure: true, success: true}
errorMail: {from: "Ä W <wfc@example.org>", to: "${TO}", prefix: " [${DAG_NAME} ü] ", attachLogs: true}
infoMail: {from: wfc@example.org, to: [a@example.org, b@example.org], attachLogs: true}
"""
CASES = {
    "a failure": """
steps:
  - {name: good, command: echo fine}
  - {name: bad/one, command: "echo out; echo why >&2; exit 3"}
  - {name: after, command: echo, depends: [bad/one]}
""",
    "a success": "steps: [{name: good ü, command: echo fine}, {name: quiet, command: 'true'}]",
    "steps that tell": """
steps:
  - {name: a, command: exit 3, mailOnError: true, continueOn: failure}
  - {name: b, command: exit 4, mailOnError: true, continueOn: failure}
  - {name: c, command: echo}
""",
    "a step that tells in vain": """
steps:
  - {name: a, command: exit 3, mailOnError: true, continueOn: {failure: true, markSuccess: true}}
""",
    "handlers": """
handlerOn: {exit: {command: "echo bye; exit 1"}, failure: {command: echo not due}}
steps: [{name: a, command: 'true'}]
""",
    "a handler that tells": """
handlerOn: {success: {command: exit 1, mailOnError: true}, exit: {command: echo bye}}
steps: [{name: a, command: 'true'}]
""",
    "no values": """
workingDir: nowhere
steps: [{name: a, command: echo}]
""",
    "a value that fails": """
env: [{X: "`exit 3`"}]
steps: [{name: a, command: echo}]
""",
    "nothing ran": """
preconditions: "false"
steps: [{name: a, command: echo}]
""",
    "retries": """
steps: [{name: a, command: "echo $DAG_RUN_STEP_STDOUT_FILE | sed 's|.*/||'; exit 1", retryPolicy: {limit: 1, intervalSec: 0}}]
""",
    "secrets": """
secrets: [{name: S, provider: env}]
steps: [{name: a, command: 'echo "$S"; exit 1', output: O}]
""",
    "calls": """
steps:
  - {name: a, run: kid, mailOnError: true, continueOn: failure}
  - {name: b, parallel: [1, 2], command: "echo $ITEM; exit $((ITEM - 1))"}
---
name: kid
handlerOn: {exit: {command: echo end}}
steps: [{name: x, command: "echo x; exit 1"}]
""",
    "much": """
steps: [{name: a, command: "head -c 1500000 /dev/zero | tr '\\\\0' x; exit 1"}]
""",
}
SECRET = {"S": "s3cr3t-word"}


@dataclass
class Told:
    """What a run has said and sent."""

    status: str
    mails: list[Mail]
    printed: str


def script(
    workflow: str, folder: Path, *words: str, refuses: str = "", **names: str
) -> Told:
    with mail_server(refuses) as server:
        text = workflow % server.port
        process = start(
            written(text, folder), *words, home=folder / "home", environment=names
        )
        out, err = process.communicate(timeout=60)
    found = re.search(r"^night: (\w+) in ", out.decode(), re.MULTILINE)
    assert found is not None, err
    for path in folder.glob("home/runs/night/*"):
        assert not list(path.glob("*Mail.held*"))
        assert not list(path.glob("*Mail.err")) or refuses or words
    return Told(found[1], server.mails, err.decode())


def interpreter(
    workflow: str, folder: Path, values: Mapping[str, str], **names: str
) -> Told:
    folder.mkdir()
    stream = io.StringIO()
    with mail_server() as server:
        checked = front_end(Source("w.yaml", workflow % server.port))
        assert checked.program is not None, checked.diagnostics
        report = interpret(
            checked.program,
            values=values,
            arguments=(),
            work_dir=folder,
            home=folder / "home",
            progress=Quiet(stream),
            environment={**SURROUNDINGS, **names},
        )
    return Told(report.outcome.status, server.mails, stream.getvalue())


def shown(mail: Mail) -> tuple[object, ...]:
    """What those who get a mail see of it, without what differs from run to run."""
    message = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body()
    assert body is not None
    text = str(body.get_content()).replace("\r\n", "\n")
    text = re.sub(r"run folder: .*|`/.*/|in [\d.]+ s$", "", text, flags=re.M)
    text = re.sub(r"(?m)( (?:\d+|-)) +[\d.]+((?: +\d+ items?)?)$", r"\1\2", text)
    text = re.sub(r"(?m) +$", "", re.sub(" +", " ", text)).rstrip("\n")
    attached = [
        (str(each.get_filename()), each.get_payload(decode=True))
        for each in message.iter_attachments()
    ]
    heads = [str(message[name]) for name in ("From", "To", "Subject")]
    return mail.sender, mail.to, heads, text, attached


@pytest.mark.parametrize("name", CASES)
def test_the_mails_of_the_interpreter(name: str, tmp_path: Path) -> None:
    workflow = NIGHT + CASES[name]
    one = script(workflow, tmp_path / "script", **SECRET)
    other = interpreter(workflow, tmp_path / "interpreter", {}, **SECRET)
    assert one.status == other.status
    assert list(map(shown, one.mails)) == list(map(shown, other.mails))
    assert not any(b"s3cr3t" in mail.content for mail in one.mails)
    expected = {"steps that tell": 2, "a step that tells in vain": 1, "nothing ran": 0}
    assert len(one.mails) == expected.get(name, 1)


def test_a_mail_that_cannot_be_sent(tmp_path: Path) -> None:
    told = script(
        f"{NIGHT}steps: [{{name: a, command: echo}}]", tmp_path, refuses="RCPT"
    )
    assert (told.status, told.mails) == ("succeeded", [])
    assert re.search(r"^`infoMail` could not be sent: .*550", told.printed, re.M)


def test_a_mail_without_a_value(tmp_path: Path) -> None:
    told = script(f"{NIGHT}steps: [{{name: a, command: exit 1}}]", tmp_path, "TO=x\ny")
    assert (told.status, told.mails) == ("failed", [])
    assert "`errorMail` could not be sent: a recipient is no address" in told.printed


def test_no_server(tmp_path: Path) -> None:
    text = (NIGHT + "steps: [{name: a, command: echo}]") % closed_port()
    process = start(written(text, tmp_path), home=tmp_path / "home")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"`infoMail` could not be sent: curl: (7)" in err


def test_no_curl(tmp_path: Path) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    for name in ("bash", "dirname"):
        for folder in os.get_exec_path():
            if Path(folder, name).exists():
                (path / name).symlink_to(Path(folder, name))
                break
    text = (NIGHT + "steps: [{name: a, command: echo}]") % 1
    process = start(
        written(text, tmp_path), home=tmp_path / "home", environment={"PATH": str(path)}
    )
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"a mail about the run needs `curl`, which is not in PATH" in err
    assert not (tmp_path / "home").exists()


def test_a_signal_ends_a_mail_and_changes_nothing(tmp_path: Path) -> None:
    """A server that says nothing: the mail would take its full time."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        heard = threading.Event()

        def accept() -> None:
            kept.append(server.accept()[0])
            heard.set()

        kept: list[socket.socket] = []
        threading.Thread(target=accept, daemon=True).start()
        text = NIGHT + "steps: [{name: a, command: echo}]"
        script = written(text % server.getsockname()[1], tmp_path)
        process = start(script, home=tmp_path / "home")
        assert heard.wait(30)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        kept[0].close()
    assert time.monotonic() - began < 20
    assert process.returncode == 0
    assert b"night: succeeded" in out
    assert b"`infoMail` could not be sent: exit 143" in err


def test_who_sends_no_mail_has_nothing_of_it() -> None:
    assert "wfc_tell" not in text_of("steps: [{name: a, command: echo}]")


@pytest.mark.parametrize("name", ["secrets", "calls", "a handler that tells"])
def test_tools_and_old_ones_accept_it(
    name: str, tmp_path: Path, shellcheck: Path
) -> None:
    text = text_of(NIGHT % 25 + CASES[name])
    assert newer(code_of(text)) == []
    assert bare_patterns(text) == []
    script = tmp_path / "w.sh"
    script.write_text(text, "utf-8")
    done = subprocess.run(
        [str(shellcheck), "--norc", str(script)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
