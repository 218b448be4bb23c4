"""Steps that other programs carry out: jq and curl as they are, docker and ssh by stubs."""

import json
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from resolved import execute, from_yaml
from servers import WebServer, certificate, closed_port, web_server

from compiler.interpreter import Report
from compiler.interpreter.services import missing_programs

HOSTILE = {
    "quotes": 'it\'s "so" `x` \\ \\n',
    "option": "--version",
    "file": "@/etc/passwd",
    "line ends": "a\nX-Evil: b\r\n\tc\n",
    "commands": "$(touch evil); ${HOME} & | > evil",
    "braces": "{{x}} {a,b} [1-3] #hash ?q=1&r=2 %41 + ä€😀",
    "parent": "../../x",
    "spaces": "  a  b  ",
    "empty": "",
}
hostile = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)


def outcome(report: Report, name: str = "a") -> tuple[str, int | None, str | None]:
    step = report.outcome.steps[name]
    return step.status, step.exit_code, step.output


def stderr_of(report: Report, name: str = "a") -> str:
    return (Path(report.steps[name].log) / "1.err").read_text()


def run(text: str, folder: Path, **values: str) -> Report:
    """A run of a workflow whose `params` are `values`; PATH is for stubs first."""
    params = json.dumps([{name: ""} for name in values])
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    program = from_yaml(f"params: {params}\n{text}")
    return execute(program, folder, values=values, environment={"PATH": path})


def left_behind(report: Report) -> set[str]:
    """The files of attempts but those that stay."""
    files = (each for each in Path(report.folder, "steps").rglob("*") if each.is_file())
    return {each.name for each in files if each.suffix not in (".out", ".err", ".rc")}


# ---- jq


def jq(query: str, data: str, folder: Path, more: str = "", **values: str) -> Report:
    text = json.dumps({"command": query, "script": data})[1:-1]
    return run(
        f"steps: [{{name: a, executor: {{type: jq{more}}}, output: O, {text}}}]",
        folder,
        **values,
    )


def test_jq_prints_sorted_keys_and_four_spaces(tmp_path: Path) -> None:
    report = jq(".", '{"b": [1], "a": "x"}', tmp_path)
    expected = '{\n    "a": "x",\n    "b": [\n        1\n    ]\n}'
    assert outcome(report) == ("succeeded", 0, expected)
    assert left_behind(report) == set()


def test_jq_raw(tmp_path: Path) -> None:
    report = jq(".[]", '["x y", 1]', tmp_path, ", config: {raw: true}")
    assert outcome(report) == ("succeeded", 0, "x y\n1")


@pytest.mark.parametrize(
    ("query", "data"),
    [
        pytest.param(".", '{"a"', id="no JSON"),
        pytest.param(".", "${EMPTY}", id="empty input"),
        pytest.param(".a |", "{}", id="no query"),
        pytest.param(".a.b", '{"a": 1}', id="error of the query"),
        pytest.param("error", '"x"', id="error asked for"),
    ],
)
def test_jq_fails(tmp_path: Path, query: str, data: str) -> None:
    report = jq(query, data, tmp_path, EMPTY=" ")
    status, code, value = outcome(report)
    assert (status, value) == ("failed", "" if value == "" else None)
    assert code
    assert stderr_of(report)


@hostile
def test_jq_takes_any_value_in_a_text_of_json(tmp_path: Path, value: str) -> None:
    data = '{"a": ["<${X}>", "${X}"], "n": ${N}, "\\"k\\"": "\\u00e4${N}\\n"}'
    report = jq(".", data, tmp_path, X=value, N="17")
    _, code, printed = outcome(report)
    assert code == 0
    assert json.loads(printed or "") == {
        "a": [f"<{value}>", value],
        "n": 17,
        '"k"': "ä17\n",
    }


def test_jq_takes_a_value_that_is_json(tmp_path: Path) -> None:
    report = jq(".b.c", "${X}", tmp_path, X='{"b": {"c": "it\'s"}}')
    assert outcome(report)[2] == '"it\'s"'


def test_jq_knows_the_environment_of_the_step(tmp_path: Path) -> None:
    report = jq("env.X", "{}", tmp_path, X="a\nb")
    assert outcome(report)[2] == '"a\\nb"'


def test_a_query_is_on_no_command_line(tmp_path: Path) -> None:
    report = jq("-1 + .", "3", tmp_path)
    assert outcome(report)[2] == "2"
    stub(tmp_path, "jq")
    assert arguments(jq('"${X}"', "{}", tmp_path, X="s3cr3t"))[:3] == [
        "--indent",
        "4",
        "--sort-keys",
    ]
    assert "s3cr3t" not in " ".join(arguments(jq('"${X}"', "{}", tmp_path, X="s3cr3t")))


def test_items_retries_and_continue_on(tmp_path: Path) -> None:
    report = run(
        """
        type: graph
        steps:
          - name: a
            parallel: [1, {x: 2}, "no JSON"]
            executor: jq
            command: "[.]"
            script: ${ITEM}
            output: O
            continueOn: failure
            retryPolicy: {limit: 1, intervalSec: 0}
          - {name: b, command: echo, depends: a}
        """.replace("        type", "type").replace("\n        ", "\n"),
        tmp_path,
    )
    record = json.loads(report.outcome.outputs["O"])
    assert record["summary"] == {"total": 3, "succeeded": 2, "failed": 1, "skipped": 0}
    assert [json.loads(each) for each in record["outputs"]] == [[1], [{"x": 2}]]
    assert outcome(report, "b")[0] == "succeeded"
    assert report.outcome.steps["a[2]"].attempts == 2


# ---- http


def http(
    command: str, folder: Path, config: str = "", more: str = "", **values: str
) -> Report:
    line = json.dumps(command)
    return run(
        f"steps: [{{name: a, executor: {{type: http, config: {{{config}}}}}, "
        f"command: {line}, output: O, {more}}}]",
        folder,
        **values,
    )


@pytest.fixture(scope="module")
def _web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def web(_web: WebServer) -> WebServer:
    _web.requests.clear()
    return _web


def test_http_prints_status_headers_and_body(tmp_path: Path, web: WebServer) -> None:
    report = http(f"GET {web.url}/text", tmp_path)
    status, code, printed = outcome(report)
    assert (status, code) == ("succeeded", 0)
    head, _, body = (printed or "").partition("\n\n")
    assert head.split("\n")[0] == "HTTP/1.1 200 OK"
    assert "X-Answer: a: b" in head.split("\n")
    assert body == "plain: text"
    assert left_behind(report) == set()


def test_http_silent_is_the_body_alone(tmp_path: Path, web: WebServer) -> None:
    report = http(f"get {web.url}/text", tmp_path, "silent: true")
    assert outcome(report) == ("succeeded", 0, "plain: text")
    assert web.requests[0].method == "GET"


def test_http_body_of_bytes(tmp_path: Path, web: WebServer) -> None:
    report = http(f"GET {web.url}/bytes", tmp_path, "silent: true")
    path = Path(report.steps["a"].log) / "1.out"
    assert path.read_bytes() == bytes(range(1, 256))


def test_http_as_json(tmp_path: Path, web: WebServer) -> None:
    found = json.loads(
        outcome(http(f"GET {web.url}/x", tmp_path, "json: true"))[2] or ""
    )
    assert found["status_code"] == 200
    assert found["headers"]["X-Answer"] == ["a: b"]
    assert found["body"] == {"a": "ä", "b": [1, 2.5]}
    silent = http(f"GET {web.url}/text", tmp_path, "json: true, silent: true")
    assert json.loads(outcome(silent)[2] or "") == {"body": "plain: text\n"}


@pytest.mark.parametrize("status", [400, 404, 500])
def test_http_failure(tmp_path: Path, web: WebServer, status: int) -> None:
    report = http(f"GET {web.url}/status/{status}", tmp_path, "silent: true")
    assert outcome(report)[:2] == ("failed", 1)
    assert f"status {status}" in stderr_of(report)
    assert (Path(report.steps["a"].log) / "1.out").read_text().startswith("{")


def test_http_follows_redirects(tmp_path: Path, web: WebServer) -> None:
    report = http(f"POST {web.url}/to/to/text", tmp_path, "body: x")
    assert (outcome(report)[2] or "").count("HTTP/1.1") == 1
    assert (outcome(report)[2] or "").startswith("HTTP/1.1 200 OK\n")
    seen = [(it.method, it.path, it.body) for it in web.requests]
    assert seen == [
        ("POST", "/to/to/text", b"x"),
        ("GET", "/to/text", b""),
        ("GET", "/text", b""),
    ]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_http_methods(tmp_path: Path, web: WebServer, method: str) -> None:
    assert outcome(http(f"{method} {web.url}/x", tmp_path))[0] == "succeeded"
    assert [(it.method, it.body) for it in web.requests] == [(method, b"")]
    assert web.requests[0].header("Content-Type") == []


@hostile
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
def test_http_body_is_data(
    tmp_path: Path, web: WebServer, method: str, value: str
) -> None:
    report = http(f"{method} {web.url}/x", tmp_path, 'body: "${X}"', X=value)
    assert outcome(report)[0] == "succeeded", stderr_of(report)
    (sent,) = web.requests
    assert (sent.method, sent.body) == (method, value.encode())
    assert sent.header("Content-Type") == ["text/plain; charset=utf-8"]
    assert sent.header("X-Evil") == []


@hostile
def test_http_query_is_data(tmp_path: Path, web: WebServer, value: str) -> None:
    config = 'query: {"a b": "${X}", c: "1", d: "${X}"}'
    report = http(f"GET {web.url}/x?z=1#part", tmp_path, config, X=value)
    assert outcome(report)[0] == "succeeded", stderr_of(report)
    query = urlsplit(web.requests[0].path).query
    assert parse_qsl(query, keep_blank_values=True) == [
        ("z", "1"),
        ("a b", value),
        ("c", "1"),
        ("d", value),
    ]


@hostile
def test_http_headers_are_data(tmp_path: Path, web: WebServer, value: str) -> None:
    config = 'headers: {X-Own: "${X}", Content-Type: a/b, Accept: [a, b]}, body: y'
    report = http(f"POST {web.url}/x", tmp_path, config, X=value)
    if "\n" in value:
        assert outcome(report)[:2] == ("failed", 1)
        assert "the header `X-Own` holds a line end" in stderr_of(report)
        assert web.requests == []
        return
    assert outcome(report)[0] == "succeeded", stderr_of(report)
    (sent,) = web.requests
    own = sent.header("X-Own")[0].encode("latin-1")
    assert own.strip() == value.strip().encode()
    assert sent.header("Content-Type") == ["a/b"]
    assert sent.header("Accept") == ["a", "b"]
    assert sent.header("X-Evil") == []


@pytest.mark.parametrize(
    ("command", "value", "reason"),
    [
        pytest.param("GET ${X}", "file:///etc/passwd", "neither `http", id="file"),
        pytest.param("GET ${X}", "-o/tmp/x", "neither `http", id="option"),
        pytest.param("GET ${X}", "http://a b/", "white space", id="space"),
        pytest.param("GET ${X}", "http://a/\n-x", "white space", id="line end"),
        pytest.param("GET ${X}", "", "neither `http", id="empty"),
        pytest.param("${X} http://127.0.0.1:1/", "G E", "letters only", id="method"),
        pytest.param(
            "${X} http://127.0.0.1:1/", "-X", "letters only", id="method option"
        ),
    ],
)
def test_http_refuses(tmp_path: Path, command: str, value: str, reason: str) -> None:
    report = http(command, tmp_path, X=value)
    assert outcome(report)[:2] == ("failed", 1)
    assert reason in stderr_of(report)


def test_http_url_may_hold_what_curl_would_take_for_patterns(
    tmp_path: Path, web: WebServer
) -> None:
    quoted = json.dumps(f"{web.url}/x?a={{b,c}}[1-3]&d=\"'")
    report = run(
        "steps: [{name: a, executor: http, command: [GET, " + quoted + "]}]", tmp_path
    )
    assert outcome(report)[0] == "succeeded", stderr_of(report)
    assert web.requests[-1].path == "/x?a={b,c}[1-3]&d=\"'"


def test_http_timeout(tmp_path: Path, web: WebServer) -> None:
    began = time.monotonic()
    report = http(f"GET {web.url}/sleep", tmp_path, "timeout: 1")
    assert outcome(report)[:2] == ("failed", 28)
    assert time.monotonic() - began < 4


def test_http_timeout_of_the_step(tmp_path: Path, web: WebServer) -> None:
    report = http(f"GET {web.url}/sleep", tmp_path, more="timeoutSec: 1")
    assert outcome(report)[:2] == ("failed", 124)
    assert left_behind(report) == set()


def test_http_nobody_there(tmp_path: Path) -> None:
    report = http(f"GET http://127.0.0.1:{closed_port()}/", tmp_path)
    assert outcome(report)[:2] == ("failed", 7)
    assert "curl" in stderr_of(report)


def test_http_certificates(tmp_path: Path) -> None:
    with web_server(certificate(tmp_path)) as server:
        strict = http(f"GET {server.url}/text", tmp_path)
        assert outcome(strict)[:2] == ("failed", 60)
        lax = http(
            f"GET {server.url}/text", tmp_path, "skipTLSVerify: true, silent: true"
        )
        assert outcome(lax) == ("succeeded", 0, "plain: text")


def test_nothing_of_a_request_is_on_a_command_line(tmp_path: Path) -> None:
    stub(tmp_path, "curl")
    config = 'headers: {Authorization: "Bearer ${X}"}, body: "${X}", query: {k: "${X}"}'
    report = http("POST http://h/${X}", tmp_path, config, X="s3cr3t")
    seen = (tmp_path / "work" / "curl.argv").read_text()
    assert "s3cr3t" not in seen
    assert seen.startswith("--disable\0--config\0-\0")
    assert (tmp_path / "work" / "curl.stdin").read_text().count("s3cr3t") == 4
    assert "s3cr3t" not in " ".join(map(str, Path(report.folder).rglob("*")))


# ---- docker, and ssh


def stub(folder: Path, name: str, then: str = "exit 0") -> None:
    """A program that keeps its words, its environment and its input."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        "#!/bin/bash\n"
        f"{{ printf '%s\\0' \"$@\"; }} >{name}.argv\n"
        f"cat >{name}.stdin </dev/stdin\nenv -0 >{name}.env\n"
        f'for word in "$@"; do case $word in --env-file=*) f=${{word#*=}}; '
        f'cp "$f" {name}.file; stat -c %a "$f" >{name}.mode;; esac; done\n'
        f"{then}\n"
    )
    path.chmod(0o755)


def arguments(report: Report, name: str = "") -> list[str]:
    """The words that the stub of the run's program was given, but for paths of files."""
    work = Path(report.folder).parents[3] / "work"
    (path,) = work.glob(f"{name or '*'}.argv")
    words = path.read_bytes().decode().split("\0")[:-1]
    return [re.sub("^(--cidfile)=/.*/1.container", r"\1=F", word) for word in words]


def environment(folder: Path, name: str) -> dict[str, str]:
    entries = (folder / "work" / f"{name}.env").read_bytes().decode().split("\0")
    return dict(each.split("=", 1) for each in entries[:-1])


def docker(
    folder: Path, config: str, more: str = "", then: str = "exit 0", **values: str
) -> Report:
    stub(folder, "docker", then)
    text = (
        f"steps: [{{name: a, executor: {{type: docker, config: {{{config}}}}}{more}}}]"
    )
    return run(text, folder, **values)


DOCKER = {
    "image": ("image: alpine", "", "run --cidfile=F --rm --pull=missing -- alpine"),
    "command": (
        "image: alpine, autoRemove: true",
        ", command: echo 'a b'  c",
        "run --cidfile=F --rm --pull=missing -- alpine echo a_b c",
    ),
    "list": (
        "image: alpine",
        ", command: [echo, 'a b', '*']",
        "run --cidfile=F --rm --pull=missing -- alpine echo a_b *",
    ),
    "pull": ("image: a, pull: false", "", "run --cidfile=F --rm --pull=never -- a"),
    "platform": (
        "image: a, platform: linux/arm64, pull: always",
        "",
        "run --cidfile=F --rm --pull=always --platform=linux/arm64 -- a",
    ),
    "kept": (
        "image: a, autoRemove: false, containerName: c",
        "",
        "run --cidfile=F --pull=missing --name=c -- a",
    ),
    "everything": (
        "image: a, volumes: ['/x:/y:ro'], ports: ['80:80'], user: u, workingDir: /w, "
        "network: n, entrypoint: [sh, -c], env: {A: b}",
        ", command: [echo]",
        "run --cidfile=F --rm --pull=missing --volume=/x:/y:ro --publish=80:80 --network=n "
        "--entrypoint=sh --user=u --workdir=/w --env=A -- a -c echo",
    ),
    "as in 1.18": (
        "image: a, host: {binds: ['/x:/y']}, container: {env: [A=b=c], workingDir: /w}",
        "",
        "run --cidfile=F --rm --pull=missing --volume=/x:/y --workdir=/w --env=A -- a",
    ),
    "running": (
        "containerName: c, exec: {user: u, workingDir: /w, env: {A: b}}",
        ", command: ls -l",
        "exec --user=u --workdir=/w --env=A -- c ls -l",
    ),
}


@pytest.mark.parametrize(("config", "more", "words"), DOCKER.values(), ids=DOCKER)
def test_docker_words(tmp_path: Path, config: str, more: str, words: str) -> None:
    report = docker(tmp_path, config, more)
    found = [each.replace(" ", "_") for each in arguments(report)]
    assert " ".join(found) == words


def lasting_docker(folder: Path) -> None:
    """A `docker` whose container lasts; `undone` has what it was told about that."""
    path = folder / "bin" / "docker"
    path.parent.mkdir()
    path.write_text(
        "#!/bin/sh\n"
        'case $1 in rm | kill) echo "$*" >>undone; exit ;; esac\n'
        'for word; do case $word in --cidfile=*) echo c0ffee >"${word#*=}" ;; esac; done\n'
        "touch started\n"
        "exec sleep 300\n"
    )
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("config", "undone"),
    [
        ("image: a", "rm --force c0ffee"),
        ("image: a, autoRemove: false, containerName: b", "kill c0ffee"),
        ("containerName: b", ""),
    ],
)
def test_docker_ends_its_container(tmp_path: Path, config: str, undone: str) -> None:
    """The container of a step that has to be ended, since it does not hear of TERM."""
    lasting_docker(tmp_path)
    report = run(
        f"steps: [{{name: a, type: docker, config: {{{config}}}, command: sleep 300, "
        "timeoutSec: 1}]",
        tmp_path,
    )
    assert outcome(report)[:2] == ("failed", 124)
    told = tmp_path / "work" / "undone"
    assert (told.read_text() if told.exists() else "").strip() == undone
    assert left_behind(report) == set()


def wfc(text: str, folder: Path, path: str) -> "subprocess.Popen[str]":
    """A run of the command line, in a process of its own."""
    (folder / "w.yaml").write_text(text)
    return subprocess.Popen(
        [sys.executable, "-m", "wfc", "run", str(folder / "w.yaml")],
        env={**os.environ, "PATH": path, "WFC_HOME": str(folder / "home")},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


def test_docker_ends_its_container_with_the_run(tmp_path: Path) -> None:
    lasting_docker(tmp_path)
    running = wfc(
        "steps: [{name: a, container: alpine, command: sleep 300}]",
        tmp_path,
        f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    running.terminate()
    running.communicate(timeout=60)
    assert running.returncode == 143
    assert (tmp_path / "undone").read_text() == "rm --force c0ffee\n"


def test_nothing_starts_without_the_programs(tmp_path: Path) -> None:
    text = """
    steps:
      - {name: a, command: touch ran}
      - {name: b, container: alpine}
      - {name: c, type: ssh, config: {host: h}, command: ls}
    """
    ended = wfc(text, tmp_path, str(tmp_path / "nowhere"))
    _, said = ended.communicate(timeout=60)
    assert ended.returncode == 2
    assert "step `b` needs `docker`, which is not in PATH" in said
    assert "step `c` needs `ssh`, which is not in PATH" in said
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "home" / "runs").exists()


def test_docker_exit_code_and_output(tmp_path: Path) -> None:
    report = docker(
        tmp_path, "image: a", ", output: O", then="echo out; echo err >&2; exit 42"
    )
    assert outcome(report) == ("failed", 42, "out")
    assert stderr_of(report) == "err\n"


@hostile
def test_docker_takes_any_value(tmp_path: Path, value: str) -> None:
    report = docker(
        tmp_path,
        'image: a, env: {A: "${X}", "B": "<${X}>"}, workingDir: "${X}"',
        ', command: [echo, "${X}", "a${X}"]',
        X=value,
    )
    assert outcome(report)[0] == "succeeded"
    assert arguments(report)[-3:] == ["echo", value, f"a{value}"]
    assert f"--workdir={value}" in arguments(report)
    seen = environment(tmp_path, "docker")
    assert (seen["A"], seen["B"]) == (value, f"<{value}>")


@pytest.mark.parametrize(
    ("config", "value"),
    [
        ('image: "${X}"', "--privileged"),
        ('image: "${X}"', ""),
        ('image: "${X}"', "a --privileged"),
        ('containerName: "${X}"', "-u0"),
        ('image: a, volumes: ["/data/${X}:/x"]', "../..:/y"),
        ('image: a, volumes: ["/data/${X}:/x"]', "a/../.."),
        ('image: a, volumes: ["/data:/x/${X}"]', ".."),
        ('image: a, ports: ["${X}:80"]', "1:2"),
        ('image: a, env: {PATH: "${X}"}', "a\nB=c"),
    ],
)
def test_docker_refuses_values(tmp_path: Path, config: str, value: str) -> None:
    report = docker(tmp_path, config, ", command: echo", X=value)
    assert outcome(report)[:2] == ("failed", 1)
    assert not list((tmp_path / "work").glob("docker.argv"))


def test_docker_whole_volumes_are_values(tmp_path: Path) -> None:
    config = 'image: a, volumes: ["${X}", "${Y}/b:/c"]'
    report = docker(tmp_path, config, X="/a:/b:ro", Y="../a")
    assert {"--volume=/a:/b:ro", "--volume=../a/b:/c"} <= set(arguments(report))


def test_docker_variables_of_its_own_client(tmp_path: Path) -> None:
    """PATH and the like are for the container, not for the program `docker`."""
    report = docker(
        tmp_path,
        'image: a, env: {PATH: "/in/it", DOCKER_HOST: "${X}", A: b}',
        X="tcp://elsewhere",
    )
    assert outcome(report)[0] == "succeeded"
    (file,) = (each for each in arguments(report) if each.startswith("--env-file="))
    assert not Path(file.removeprefix("--env-file=")).exists()
    work = tmp_path / "work"
    kept = (work / "docker.file").read_text()
    assert kept == "PATH=/in/it\nDOCKER_HOST=tcp://elsewhere\n"
    assert (work / "docker.mode").read_text() == "600\n"
    seen = environment(tmp_path, "docker")
    assert seen["PATH"] != "/in/it"
    assert "DOCKER_HOST" not in seen


def test_container_of_a_step(tmp_path: Path) -> None:
    stub(tmp_path, "docker")
    report = run(
        "steps: [{name: a, container: {image: a, volumes: [/x:/y]}, command: ls}]",
        tmp_path,
    )
    expected = "run --cidfile=F --rm --pull=missing --volume=/x:/y -- a ls"
    assert " ".join(arguments(report)) == expected


# ---- ssh

# As sshd does: the words behind the host are one text for the user's shell.
SSHD = """while [ "$1" != -- ]; do shift; done; shift 2
export HOME=/nowhere; unset X; exec env -i PATH="$PATH" sh -c "$*" <ssh.stdin"""


def ssh(text: str, folder: Path, more: str = "", **values: str) -> Report:
    stub(folder, "ssh", SSHD)
    command = json.dumps(text)
    return run(
        f"steps: [{{name: a, type: ssh, config: {{host: h.example{more}}}, "
        f"command: {command}, output: O}}]",
        folder,
        **values,
    )


SSH = {
    "least": ("", "-T -o BatchMode=yes -o StrictHostKeyChecking=yes -- h.example sh"),
    "all": (
        ", user: u, port: 2222, key: ~/.ssh/k, knownHostFile: /k",
        '-T -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile="/k" '
        '-o IdentitiesOnly=yes -o IdentityFile="~/.ssh/k" -p 2222 -l u -- h.example sh',
    ),
    "unchecked": (
        ", strictHostKey: false",
        "-T -o BatchMode=yes -o StrictHostKeyChecking=no -o LogLevel=ERROR "
        "-o UserKnownHostsFile=/dev/null -- h.example sh",
    ),
}


@pytest.mark.parametrize(("more", "words"), SSH.values(), ids=SSH)
def test_ssh_words(tmp_path: Path, more: str, words: str) -> None:
    report = ssh("echo there", tmp_path, more)
    assert " ".join(arguments(report)) == words
    assert outcome(report) == ("succeeded", 0, "there")


@hostile
def test_ssh_takes_any_value(tmp_path: Path, value: str) -> None:
    text = "printf '<%s>' \"$X\" '${X}' \"${X:-d}\" '$<X>' \"$UNKNOWN\""
    report = ssh(text, tmp_path, X=value, SECRET="not sent")
    fallback = value or "d"
    assert outcome(report)[2] == f"<{value}><{value}><{fallback}><{value}><>".strip()
    assert not (tmp_path / "work" / "evil").exists()
    assert "not sent" not in (tmp_path / "work" / "ssh.stdin").read_text()
    assert arguments(report)[-3:] == ["--", "h.example", "sh"]


def test_ssh_ends_at_the_first_failure(tmp_path: Path) -> None:
    report = ssh("echo a\nfalse\necho b", tmp_path)
    assert outcome(report) == ("failed", 1, "a")
    assert outcome(ssh("exit 7", tmp_path))[1] == 7


def test_ssh_with_another_shell_and_nothing_on_stdin(tmp_path: Path) -> None:
    report = ssh('echo "[$(cat)]" "$0"; false; echo on', tmp_path, ", shell: sh")
    assert outcome(report)[2] == "[] a\non"


def test_ssh_whole_or_not_at_all(tmp_path: Path) -> None:
    """A connection that breaks runs nothing."""
    stub(tmp_path, "ssh", "head -c -9 ssh.stdin >cut; exec sh <cut")
    report = run(
        "steps: [{name: a, type: ssh, config: {host: h}, command: touch ran}]", tmp_path
    )
    assert outcome(report)[0] == "failed"
    assert not (tmp_path / "work" / "ran").exists()


@pytest.mark.parametrize(
    ("more", "value"),
    [
        (', user: "${X}"', "-oProxyCommand=touch evil"),
        (', port: "${X}"', "22 -v"),
        (', port: "${X}"', "0"),
        (', key: "${X}"', "a${HOME}"),
        (', knownHostFile: "${X}"', 'a" "b'),
    ],
)
def test_ssh_refuses_values(tmp_path: Path, more: str, value: str) -> None:
    report = ssh("echo", tmp_path, more, X=value)
    assert outcome(report)[:2] == ("failed", 1)
    assert not (tmp_path / "work" / "ssh.argv").exists()


def test_ssh_refuses_a_host_that_is_an_option(tmp_path: Path) -> None:
    stub(tmp_path, "ssh", SSHD)
    report = run(
        'steps: [{name: a, type: ssh, config: {host: "${X}"}, command: echo}]',
        tmp_path,
        X="-oProxyCommand=touch evil",
    )
    assert outcome(report)[:2] == ("failed", 1)
    assert "would be an option" in stderr_of(report)


def test_ssh_refuses_what_is_too_large(tmp_path: Path) -> None:
    report = ssh('echo "$X"', tmp_path, X="x" * 70_000)
    assert outcome(report)[:2] == ("failed", 1)
    assert "too large for another machine" in stderr_of(report)


# ---- all of them


def test_files_of_services_are_for_this_user_alone(tmp_path: Path) -> None:
    stub(tmp_path, "jq", 'stat -c %a "${@: -1}" "$(readlink /proc/$$/fd/0)"')
    report = jq(".", "{}", tmp_path)
    assert outcome(report)[2] == "600\n600"
    assert stat.S_IMODE(Path(report.folder).stat().st_mode) == 0o700


def test_programs_that_are_not_there(tmp_path: Path) -> None:
    program = from_yaml("""
        smtp: {host: h}
        mailOn: {failure: true}
        errorMail: {from: a@b.c, to: a@b.c}
        handlerOn: {exit: {type: ssh, config: {host: h}, command: echo}}
        steps:
          - {name: a, type: jq, command: ., script: "{}"}
          - {name: b, type: http, with: {json: true}, command: GET http://h}
          - {name: c, parallel: [1], container: alpine}
          - {name: d, run: kid}
          - {name: e, command: echo}
        ---
        name: kid
        smtp: {host: h}
        steps: [{name: m, type: mail, with: {from: a@b.c, to: a@b.c}}]
        """)
    assert missing_programs(program, {"PATH": str(tmp_path)}) == [
        "step `a` needs `jq`, which is not in PATH",
        "step `b` needs `curl`, which is not in PATH",
        "step `b` needs `jq`, which is not in PATH",
        "step `c` needs `docker`, which is not in PATH",
        "handler `exit` needs `ssh`, which is not in PATH",
        "a mail about the run needs `curl`, which is not in PATH",
        "step `m` of `kid` needs `curl`, which is not in PATH",
    ]
    for name in ("jq", "curl", "docker", "ssh"):
        stub(tmp_path, name)
    assert missing_programs(program, {"PATH": str(tmp_path / "bin")}) == []


def test_a_service_in_a_handler_and_in_a_repetition(tmp_path: Path) -> None:
    text = """
steps:
  - name: a
    type: jq
    with: {raw: true}
    command: '"tries"'
    script: "{}"
    output: O
    repeatPolicy: {repeat: true, limit: 3}
handlerOn:
  exit: {type: jq, command: ".[0]", script: '["${DAG_RUN_STATUS} ${O}"]', output: E}
"""
    report = run(text, tmp_path)
    assert report.outcome.steps["a"].attempts == 3
    assert report.outcome.handlers["exit"].output == '"succeeded tries"'
