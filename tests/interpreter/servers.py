"""Servers of our own for tests: they keep what they are sent."""

import contextlib
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar


@dataclass
class Request:
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class WebServer:
    """`/status/N` answers with N, `/to/PATH` leads there, `/sleep` takes its time,
    `/bytes` has bytes that are no text; all else is told what it sent."""

    url: str
    requests: list[Request] = field(default_factory=list)


class _Answers(BaseHTTPRequestHandler):
    kept: ClassVar[list[Request]]
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        headers = list(self.headers.items())
        self.kept.append(Request(self.command, self.path, headers, body))
        status, answer = 200, b'{"b": [1, 2.50], "a": "\xc3\xa4"}'
        if self.path.startswith("/status/"):
            status = int(self.path.split("/")[2])
        if self.path.startswith("/sleep"):
            time.sleep(5)
        if self.path.startswith("/bytes"):
            answer = bytes(range(1, 256))
        if self.path.startswith("/text"):
            answer = b"plain: text\n"
        self.send_response(302 if self.path.startswith("/to/") else status)
        if self.path.startswith("/to/"):
            self.send_header("Location", self.path.removeprefix("/to"))
        self.send_header("X-Answer", "a: b")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(OSError):
                self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
    setattr(_Answers, f"do_{_method}", _Answers.handle_any)


@contextlib.contextmanager
def web_server(certificate: Path | None = None) -> Iterator[WebServer]:
    """A server that runs; with a certificate, for TLS."""
    kept: list[Request] = []
    handler = type("Answers", (_Answers,), {"kept": kept})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    with _running(server):
        yield WebServer(f"{scheme}://127.0.0.1:{server.server_address[1]}", kept)


@contextlib.contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def certificate(folder: Path) -> Path:
    """A certificate of nobody for 127.0.0.1, with its key."""
    key, path = folder / "key.pem", folder / "server.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(path)),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path


@dataclass
class Mail:
    sender: str
    to: list[str]
    content: bytes


@dataclass
class MailServer:
    """What it took, every line that it was told, and what it refuses: the begin of a
    command, such as `RCPT`."""

    port: int
    mails: list[Mail] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


class _Mails(socketserver.StreamRequestHandler):
    server: "_MailServer"

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        kept = self.server.kept
        self.say("220 here")
        mail = Mail("", [], b"")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            kept.lines.append(line)
            word = line[:4].upper()
            if self.server.refuses and line.upper().startswith(self.server.refuses):
                self.say("550 not here")
                continue
            if word == "EHLO":
                self.say("250-here")
                self.say("250 AUTH PLAIN")
            elif word == "AUTH":
                if line.upper() == "AUTH PLAIN":
                    self.say("334 ")
                    kept.lines.append(self.rfile.readline().decode().rstrip("\r\n"))
                self.say("235 welcome")
            elif word == "MAIL":
                mail = Mail(_address(line), [], b"")
                self.say("250 fine")
            elif word == "RCPT":
                mail.to.append(_address(line))
                self.say("250 fine")
            elif word == "DATA":
                self.say("354 go on")
                while (text := self.rfile.readline()) not in (b".\r\n", b""):
                    mail.content += text.removeprefix(b".")
                kept.mails.append(mail)
                self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("500 what?")


class _MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, refuses: str) -> None:
        super().__init__(("127.0.0.1", 0), _Mails)
        self.refuses = refuses
        self.kept = MailServer(self.server_address[1])


def _address(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]


@contextlib.contextmanager
def mail_server(refuses: str = "") -> Iterator[MailServer]:
    """A server that runs, and takes whatever does not begin with `refuses`."""
    server = _MailServer(refuses)
    with _running(server):
        yield server.kept


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
