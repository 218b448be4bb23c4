"""Services in scripts: the same words, files and values as in a run without a script."""

import http.server
import os
import re
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from shell.scripts import SURROUNDINGS, both, written

from backends import shell
from compiler.services import Form

DOCKER = r"""#!/bin/sh
if [ "$1" = rm ]; then echo "$@" >>undone; exit; fi
for a; do
  case $a in
    --env-file=*) cat "${a#*=}"; ls -l "${a#*=}" | cut -c1-10 ;;
    --cidfile=*) echo cid >"${a#*=}" ;;
    *) echo "[$a]" ;;
  esac
done
echo "X=$XV A=$A"
case $* in *late*) sleep 60 ;; esac
"""
SSH = """#!/bin/sh
echo "$@"
exec env -i PATH="$PATH" sh
"""
PROGRAMS = """
    type: graph
    params: [{A: "it's $$ \\\\ x"}, {IMAGE: alpine}, {J: '{"k": "v w"}'}, {HOST: h1}]
    secrets: [{name: S, provider: env, key: KEY}]
    steps:
      - name: new
        executor:
          type: docker
          config:
            image: "${IMAGE}"
            autoRemove: true
            container: {env: ["XV=${A}", "HTTP_PROXY=p ${S}"], workingDir: /w}
            host: {binds: ["/tmp:/x:${IMAGE}"]}
        command: [echo, "${A}", "b c"]
        output: NEW
      - name: running
        executor: {type: docker, config: {containerName: "${IMAGE}", exec: {user: u}}}
        command: echo "${A}"
        output: RUNNING
      - name: refused
        executor: {type: docker, config: {image: "-${A}", autoRemove: true}}
        command: x
        continueOn: {failure: true}
      - name: late
        executor: {type: docker, config: {image: x, autoRemove: true}}
        command: late
        timeoutSec: 1
        continueOn: {failure: true}
      - name: remote
        executor: {type: ssh, config: {user: me, host: "${HOST}", key: ~/k%, port: 22}}
        command: 'echo "$A|${J.k}|$((1 + 1))|$0"; echo "$S"; echo "$UNKNOWN_HERE"'
        output: REMOTE
      - name: items
        parallel: [a, "b c"]
        executor: {type: ssh, config: {user: me, host: h, key: k}}
        command: 'echo "$ITEM"; exit 3'
        output: ITEMS
        continueOn: {failure: true}
      - {name: query, executor: jq, command: "${QUERY}, .b", script: '{"b": [1, "${HOST}"], "a": 2}', output: Q, env: [{QUERY: .a}]}
      - {name: empty, executor: {type: jq, config: {raw: true}}, command: ".b[]", script: "${NOTHING}", continueOn: {failure: true}}
      - {name: wrong, executor: jq, command: ".b[", script: "{}", continueOn: {failure: true}}
"""
REQUESTS = """
    type: graph
    params: [{PORT: 1}, {V: 'x "y" & \u00fc/1 \\\\'}, {LINES: "a\\nX: y"}]
    steps:
      - name: post
        executor:
          type: http
          config: {headers: {X-A: "${V}", X-E: ""}, query: {k: "${V}", l: "1"}, body: 'b "${V}"', silent: true, timeout: 9}
        command: POST http://127.0.0.1:${PORT}/p?z
        output: POST
      - {name: json, executor: {type: http, config: {json: true, silent: true}}, command: "GET http://127.0.0.1:${PORT}/json", output: JSON}
      - {name: put, executor: {type: http, config: {silent: true}}, command: "put http://127.0.0.1:${PORT}/404", output: PUT, continueOn: {failure: true}}
      - {name: lines, executor: {type: http, config: {headers: {A: "${LINES}"}}}, command: "GET http://127.0.0.1:${PORT}/", continueOn: {failure: true}}
      - {name: scheme, executor: http, command: "GET file:///${PORT}", continueOn: {failure: true}}
"""


def test_programs(tmp_path: Path, jq: Path) -> None:
    bin = tmp_path / "bin"
    bin.mkdir()
    for name, text in (("docker", DOCKER), ("ssh", SSH)):
        (bin / name).write_text(text, "utf-8")
        (bin / name).chmod(0o755)
    environment = {"KEY": "hush-hush", "PATH": f"{bin}:{SURROUNDINGS['PATH']}"}
    script, other = both(PROGRAMS, tmp_path, {}, environment=environment)
    assert script == other
    ended = {name: it.exit_code for name, it in script.steps.items()}
    assert ended.pop("late") == 124
    assert ended.pop("wrong") not in (0, None)
    assert {name for name, code in ended.items() if code == 0} == {
        "new", "running", "remote", "query",
    }  # fmt: skip
    assert "HTTP_PROXY=p ***\n-rw-------\n" in script.outputs["NEW"]
    for engine in ("script", "interpreter"):
        undone = (tmp_path / engine / "undone").read_text("utf-8")
        assert undone == "rm --force cid\n"
    left = [it for it in (tmp_path / "script/home").rglob("*") if "held" in it.name]
    assert left == []


class _Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the request."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        names = ("X-A", "X-E", "Content-Type")
        shown = "|".join(f"{name}={self.headers.get(name)}" for name in names)
        text = f"{self.command} {self.path}|{shown}|".encode() + body
        if self.path == "/json":
            text = b'{"x": [1]}'
        self.send_response(404 if "404" in self.path else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = _answer

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_requests(port: int, tmp_path: Path, jq: Path) -> None:
    script, other = both(REQUESTS, tmp_path, {"PORT": str(port)})
    assert script == other
    assert "POST /p?z&k=x%20%22y%22%20%26%20%C3%BC%2F1%20" in script.outputs["POST"]
    ended = {name: it.exit_code for name, it in script.steps.items()}
    assert ended == {"post": 0, "json": 0, "put": 1, "lines": 1, "scheme": 1}


def test_every_form_is_in_the_run_time() -> None:
    text = (Path(shell.__file__).parent / "runtime/services.sh.j2").read_text("utf-8")
    patterns = re.findall(r"^      ([a-z][^()]*)\)", text, re.MULTILINE)
    known = {name for each in patterns for name in re.findall("[a-z_]+", each)}
    known |= {"text", "method", "method_with_body", "url", "url_with_query"}
    assert set(get_args(Form)) <= known


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    for name in ("bash", "dirname"):
        for folder in os.get_exec_path():
            found = Path(folder, name)
            if found.exists() and found.stat().st_mode & stat.S_IXUSR:
                (path / name).symlink_to(found)
                break
    workflow = """
        steps:
          - {name: a, executor: {type: ssh, config: {user: u, host: h, key: k}}, command: x}
          - {name: b, executor: {type: http}, command: "GET http://x/"}
    """
    done = subprocess.run(
        ["bash", str(written(workflow, tmp_path))],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "step `a` needs `ssh`, which is not in PATH" in done.stderr
    assert "step `b` needs `curl`, which is not in PATH" in done.stderr
    assert not (tmp_path / "home").exists()
