"""Forms of values, and texts for other machines: properties, with real shells."""

import re
import subprocess
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.evaluate import Failure, evaluate, parse_json
from compiler.ir import Json, Origin, ShellText, Template
from compiler.pipeline import front_end
from compiler.services import Form, in_form, remote_program
from compiler.source import Source

ROOT = Path(__file__).parent.parent
# What UTF-8 and an environment can hold.
TEXTS = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40
)
SPECIAL = st.text(st.sampled_from("'\"\\ \n\r\t$`;&|<>-@{}:#%=*?~!é"), max_size=20)
VALUES = TEXTS | SPECIAL


@settings(max_examples=60, deadline=None)
@given(st.lists(VALUES, min_size=2, max_size=2), VALUES)
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_text_for_another_machine_sees_its_values(
    shell: str, values: list[str], argument: str
) -> None:
    program = remote_program(
        ["bash", "-e"],
        'printf "%s\\0" "$A" "$B" "$1"; cat; false; printf no',
        ["name", argument],
        {"A": values[0], "B": values[1]},
    )
    done = subprocess.run([shell], input=program.encode(), capture_output=True)
    assert done.returncode == 1, done.stderr
    assert done.stdout.decode().split("\0")[:-1] == [*values, argument]


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_text_that_is_cut_runs_nothing(data: st.DataObject) -> None:
    program = remote_program(["bash", "-e"], "printf ran", ["a"], {"A": "it's"})
    length = data.draw(st.integers(0, len(program) - 2))
    done = subprocess.run(["sh"], input=program[:length].encode(), capture_output=True)
    assert done.stdout == b""


def unquoted(text: str) -> str:
    """What curl reads between quotes of its configuration."""
    read, rest = "", iter(text)
    for character in rest:
        assert character not in '"\n\r'  # would end it
        if character == "\\":
            character = next(rest)
            character = {"n": "\n", "r": "\r"}.get(character, character)
        read += character
    return read


@given(VALUES)
def test_quotes_of_curl(value: str) -> None:
    assert unquoted(in_form("quoted", value, "a body")) == value


@given(VALUES)
def test_a_header_is_one_line(value: str) -> None:
    try:
        quoted = in_form("header", value, "a header")
    except Failure:
        assert any(it < " " and it != "\t" for it in value) or "\x7f" in value
    else:
        assert unquoted(quoted) == value
        assert not set("\r\n") & set(value)


@given(VALUES)
def test_a_query_has_no_special_character(value: str) -> None:
    found = in_form("encoded", value, "a part")
    assert unquote(found) == value
    assert found.isascii()
    assert not set("&=?#/ \"'\\\n") & set(found)


@given(VALUES)
def test_an_address_is_one(value: str) -> None:
    try:
        address = in_form("address", value, "an address")
    except Failure:
        return
    assert address.count("@") == 1
    assert not set(" ,;<>\r\n\t") & set(address)


REFUSED: list[tuple[Form, str]] = [
    ("json", " \n"),
    ("word", ""),
    ("word", "-x"),
    ("word", "a b"),
    ("part", "a:b"),
    ("below", "a/../b"),
    ("ssh_path", 'a"b'),
    ("ssh_path", "${HOME}"),
    ("port", "0"),
    ("port", "65536"),
    ("port", "22\n"),
    ("port", "٢٢"),
    ("line", "a\nb"),
    ("url", "ftp://h/"),
    ("url", "http:///x"),
    ("method", "GET POST"),
    ("method", "-X"),
    ("mail_host", "h:25"),
    ("mail_host", "a/b"),
    ("mail_host", "-h"),
    ("user", "a:b"),
    ("text", "a\0b"),
]


@pytest.mark.parametrize(("form", "value"), REFUSED)
def test_refused(form: Form, value: str) -> None:
    with pytest.raises(Failure) as failure:
        in_form(form, value, "it")
    assert len(value) < 3 or value not in str(failure.value)


def test_scripts_know_every_form() -> None:
    """One that a script does not know would be the value itself, unchecked."""
    of_mails = {"below", "mail_host", "mail_scheme", "mail_tls", "user", "address"}
    text = (ROOT / "backends/shell/runtime/services.sh.j2").read_text("utf-8")
    written = set(re.findall(r"[a-z_]+", text))
    assert set(get_args(Form)) - of_mails - {"text"} <= written


URLS = [
    ("http://h", "http://h?"),
    ("http://h/#a", "http://h/?"),
    ("https://h/?", "https://h/?"),
    ("https://h/?a=b", "https://h/?a=b&"),
    ("HTTPS://h/?a&#c?", "HTTPS://h/?a&"),
]


@pytest.mark.parametrize(("url", "expected"), URLS)
def test_url_with_a_query(url: str, expected: str) -> None:
    assert in_form("url_with_query", url, "the URL") == expected


TLS = [("localhost", "ssl\n"), ("127.0.0.1", "ssl\n"), ("mail.example", "ssl-reqd\n")]


@pytest.mark.parametrize(("host", "expected"), TLS)
def test_a_password_needs_tls(host: str, expected: str) -> None:
    assert in_form("mail_tls", host, "the host") == expected


# ---- values in a JSON text


class Environment:
    """One param."""

    lenient = False

    def __init__(self, value: str) -> None:
        self._value = value

    def value(self, origin: Origin) -> Json:
        return self._value if origin.name == "X" else None

    def substitute(self, command: ShellText) -> str:
        raise AssertionError(command)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_a_value_in_a_text_of_json(value: str) -> None:
    text = (
        "params: {X: a}\nsteps:\n  - name: a\n    type: jq\n    command: .\n"
        '    script: \'{"a": ["${X}", "<\\"${X}>"], "${X}!": 1}\'\n'
    )
    program = front_end(Source("w.yaml", text)).program
    assert program is not None
    template: Template = program.main.steps[0].body.input  # type: ignore[union-attr]
    found = parse_json(str(evaluate(template, Environment(value))))
    assert found == {"a": [value, f'<"{value}>'], f"{value}!": 1}
