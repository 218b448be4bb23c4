"""`executor`, `type`, `config`, `container`, and mails about runs: what they become."""

import pytest
from forms import findings, said, shown, step, workflow, written

from compiler.ir import (
    Command,
    Docker,
    Entry,
    Http,
    Jq,
    Mail,
    Map,
    Notice,
    Script,
    Smtp,
    Ssh,
)


def codes(text: str) -> list[str]:
    return [each.code for each in findings(text)]


def entries(found: tuple[Entry, ...]) -> list[tuple[str, str | None]]:
    return [(each.name, written(each.value)) for each in found]


def request(config: str = "", command: str = "GET http://h/") -> Http:
    body = step(f"type: http, config: {{{config}}}, command: '{command}'").body
    assert isinstance(body, Http)
    return body


def container(keys: str) -> Docker:
    body = step(keys).body
    assert isinstance(body, Docker)
    return body


@pytest.mark.parametrize(
    "keys",
    [
        "executor: jq",
        "executor: {type: jq}",
        "executor: {type: jq, config: {}}",
        "type: jq",
        "type: jq, with: ",
        "type: jq, config: {raw: false}",
    ],
)
def test_spellings(keys: str) -> None:
    body = step(f"{keys}, command: '.a', script: '{{}}'").body
    assert isinstance(body, Jq)
    assert (written(body.query), written(body.input), body.raw) == (".a", "{}", False)


@pytest.mark.parametrize("keys", ["executor: shell", "type: command", "executor: ''"])
def test_plain_executors(keys: str) -> None:
    assert isinstance(step(f"{keys}, command: a").body, Command)
    assert isinstance(step(f"{keys}, script: a").body, Script)


def test_a_service_for_each_item() -> None:
    body = step("parallel: [1], type: jq, command: ., script: $ITEM").body
    assert isinstance(body, Map)
    assert isinstance(body.body, Jq)


def test_a_service_as_a_handler() -> None:
    keys = "{type: mail, with: {from: a@b, to: c@d}}"
    (handler,) = workflow(f"smtp: {{host: h}}\nhandlerOn: {{exit: {keys}}}").handlers
    assert isinstance(handler.body, Mail)


# ---- jq


def test_the_dollars_of_a_jq_program_are_its_own() -> None:
    body = step("type: jq, command: '. as $x | $x, $ENV.Y', script: '{}'").body
    assert isinstance(body, Jq)
    assert written(body.query) == ". as $x | $x, $ENV.Y"


def test_a_reference_in_a_jq_program_is_warned_of() -> None:
    text = (
        "params: {X: a}\nsteps: [{name: a, type: jq, command: '.${X}', script: '{}'}]"
    )
    (found,) = findings(text)
    assert (found.code, found.severity, shown(text, found)) == (
        "WFC304",
        "warning",
        "${X}",
    )


INPUTS = {
    "no reference": ('{"a": "b"}', '{"a": "b"}'),
    "alone": ("${X}", "«${X}»"),
    "outside of quotes": ('{"a": ${X}}', '{"a": «${X}»}'),
    "a text": ('{"a": "${X}"}', '{"a": toJSON(«${X}»)}'),
    "within a text": ('["a\\tb ${X} \\"c"]', '[toJSON(a\tb «${X}» "c)]'),
    "as a key": ('{"${X}": 1}', "{toJSON(«${X}»): 1}"),
    "between texts": ('["a", ${X}, "b"]', '["a", «${X}», "b"]'),
    "an expression": ('["$<X + Y>"]', "[toJSON(«X» + «Y»)]"),
    "never closed": ('{"a": "${X}', '{"a": "«${X}»'),
    "escaped": ('{"a": "$${X}"}', '{"a": "${X}"}'),
    "a backslash at the end": ('["a\\\\", "${X}"]', '["a\\\\", toJSON(«${X}»)]'),
}


@pytest.mark.parametrize(("text", "expected"), INPUTS.values(), ids=INPUTS)
def test_references_in_a_json_text(text: str, expected: str) -> None:
    body = "".join(f"      {line}\n" for line in text.split("\n"))
    found = workflow(
        f"params: {{X: a, Y: b}}\nsteps:\n  - name: a\n    type: jq\n    command: .\n"
        f"    script: |-\n{body}"
    )
    assert isinstance(found.steps[0].body, Jq)
    assert written(found.steps[0].body.input) == expected


# ---- http


def test_a_request() -> None:
    found = request(
        "headers: {A: '${X}', B: [c, 1]}, query: ['q=${Y}z', {r: 1}], body: '${Z}', "
        "timeout: '3', silent: true, json: true, skip_tls_verify: true",
        "post http://h/${X}?a=b",
    )
    assert (written(found.method), written(found.url)) == (
        "post",
        "http://h/«${X}»?a=b",
    )
    assert entries(found.headers) == [("A", "«${X}»"), ("B", "c"), ("B", "1")]
    assert entries(found.query) == [("q", "«${Y}»z"), ("r", "1")]
    assert written(found.body) == "«${Z}»"
    assert (found.timeout, found.verbose, found.json, found.insecure) == (
        3,
        False,
        True,
        True,
    )


def test_a_request_by_default() -> None:
    found = request("timeout: 0")
    assert (found.headers, found.query, found.body, found.timeout) == (
        (),
        (),
        None,
        None,
    )
    assert (found.verbose, found.json, found.insecure) == (True, False, False)


def test_debug_is_left_out() -> None:
    command = "command: GET http://h"
    text = f"steps: [{{name: a, type: http, config: {{debug: true}}, {command}}}]"
    assert codes(text) == ["WFC117"]
    assert codes(text.replace("true", "false")) == []


# ---- docker


def test_docker() -> None:
    found = container(
        "type: docker, config: {image: 'a:${X}', containerName: b, pull: true, "
        "autoRemove: false, container: {env: ['A=${X}', B=c], workingDir: /w}, "
        "host: {binds: [/a:/b]}, volumes: /c:/d}, command: \"echo 'a b' ${X}\""
    )
    assert written(found.image) == "a:«${X}»"
    assert written(found.container) == "b"
    assert (found.pull, found.keep) == ("always", True)
    assert [written(each) for each in found.words] == ["echo", "a b", "«${X}»"]
    assert entries(found.env) == [("A", "«${X}»"), ("B", "c")]
    assert [written(each) for each in found.volumes] == ["/c:/d", "/a:/b"]
    assert written(found.directory) == "/w"


def test_docker_by_default() -> None:
    found = container("executor: {type: docker, config: {image: a}}")
    assert (found.pull, found.keep, found.words) == ("missing", False, ())


@pytest.mark.parametrize(
    ("pull", "expected"),
    [("false", "never"), ("never", "never"), ("missing", "missing")],
)
def test_docker_pull(pull: str, expected: str) -> None:
    assert container(f"container: {{image: a, pullPolicy: {pull}}}").pull == expected


def test_the_command_of_a_container() -> None:
    found = container("type: docker, config: {image: a, container: {cmd: [b, c]}}")
    assert [written(each) for each in found.words] == ["b", "c"]


def test_a_container_of_a_step() -> None:
    found = container("container: alpine, command: [ls, -l]")
    assert written(found.image) == "alpine"
    assert [written(each) for each in found.words] == ["ls", "-l"]
    running = container("container: {exec: web}, command: ls")
    assert (running.image, written(running.container)) == (None, "web")


def test_the_later_env_of_a_container_counts() -> None:
    found = container("container: {image: a, env: [A=1, A=2]}")
    assert entries(found.env) == [("A", "2")]


# ---- ssh, mail


def test_ssh() -> None:
    body = step(
        "type: ssh, config: {ip: h, port: 22, strictHostKey: false}, "
        "script: 'echo ${X}', shell: sh -x"
    ).body
    assert isinstance(body, Ssh)
    assert (written(body.host), written(body.port), body.check_host) == (
        "h",
        "22",
        False,
    )
    assert (body.text.source, body.shell) == ("echo ${X}", ("sh", "-x"))
    assert [each.plain for each in body.text.references] == [True]


def test_ssh_by_default() -> None:
    body = step("type: ssh, config: {host: h}, command: ls").body
    assert isinstance(body, Ssh)
    assert (body.shell, body.check_host, body.user) == (("bash", "-e"), True, None)


def test_a_reference_in_a_text_for_ssh_is_data() -> None:
    text = (
        "params: {X: a}\nsteps: [{name: a, type: ssh, config: {host: h}, "
        "command: \"echo $X '${X}'\"}]"
    )
    assert codes(text) == []


def test_mail() -> None:
    body = step(
        "type: mail, with: {from: a@b, to: [c@d, '${X}'], body: '${Y}', "
        "attachments: x.csv}"
    ).body
    assert isinstance(body, Mail)
    assert [written(each) for each in body.to] == ["c@d", "«${X}»"]
    assert (written(body.subject), written(body.message)) == ("", "«${Y}»")
    assert [written(each) for each in body.attachments] == ["x.csv"]


def test_mails_about_runs() -> None:
    found = workflow(
        "smtp: {host: h, username: u, password: '${P}'}\nmail_on: {failure: true}\n"
        "errorMail: {from: a@b, to: c@d, prefix: '[E]', attach_logs: true}\n"
        "infoMail: {from: a@b, to: [c@d, e@f]}\n"
        "steps: [{name: a, command: b, mailOnError: true}]"
    )
    assert isinstance(found.smtp, Smtp)
    assert [written(found.smtp.host), written(found.smtp.port)] == ["h", "25"]
    assert written(found.smtp.password) == "«${P}»"
    assert found.mail_on == ("failure",)
    error, info = found.error_mail, found.info_mail
    assert isinstance(error, Notice)
    assert isinstance(info, Notice)
    assert (written(error.prefix), error.attach_logs) == ("[E]", True)
    assert (len(info.to), info.prefix, info.attach_logs) == (2, None, False)
    assert found.steps[0].mail_on_error


# ---- what is wrong with them

WRONG = {
    "a slip": ("executor: dokcer, command: a", "WFC107", "dokcer", "`docker`"),
    "one of Dagu": ("type: redis, command: a", "WFC116", "redis", "`redis-cli`"),
    "no type": ("config: {a: b}, command: a", "WFC106", "config", "`type`"),
    "a slip in the settings": (
        "type: http, config: {header: {A: b}}, command: GET http://h",
        "WFC103",
        "header",
        "`headers`",
    ),
    "a script beside a request": (
        "type: http, command: GET http://h, script: x",
        "WFC113",
        "script",
        "`http`",
    ),
    "a request of one word": ("type: http, command: GET", "WFC107", "GET", "URL"),
    "an open quote": ('type: http, command: "GET \'x"', "WFC107", '"GET \'x"', "quote"),
    "a name with a reference": (
        "container: {image: a, env: {'${X}': b}}",
        "WFC107",
        "'${X}'",
        "variable",
    ),
    "a password for ssh": (
        "type: ssh, config: {host: h, password: x}, command: ls",
        "WFC116",
        "password",
        "`key`",
    ),
    "a program for ssh that is no shell": (
        "type: ssh, config: {host: h, shell: python3}, command: ls",
        "WFC107",
        "python3",
        "`shell: bash -e`",
    ),
    "nobody to write to": (
        "type: mail, with: {from: a@b, to: []}",
        "WFC107",
        "[]",
        "nobody",
    ),
    "a container that nobody finds again": (
        "container: {image: a, keepContainer: true}",
        "WFC106",
        "container",
        "name",
    ),
}


@pytest.mark.parametrize(("keys", "code", "place", "help"), WRONG.values(), ids=WRONG)
def test_wrong(keys: str, code: str, place: str, help: str) -> None:
    text = f"steps: [{{name: a, {keys}}}]"
    found = [each for each in findings(text) if each.severity == "error"]
    assert [each.code for each in found] == [code], found
    assert shown(text, found[0]) == place
    assert help in said(found[0])
