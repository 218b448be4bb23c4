"""What the compiler says of mails that lack a part, or that nothing asks for."""

import pytest

from compiler.pipeline import front_end
from compiler.source import Source

SMTP = "smtp: {host: h}\n"
ERROR = "errorMail: {from: a@b.c, to: a@b.c}\n"
INFO = "infoMail: {from: a@b.c, to: a@b.c}\n"
STEP = "steps: [{name: a, command: b}]\n"
TELLING = "steps: [{name: a, command: b, mailOnError: true}]\n"
MAIL = "steps: [{name: a, type: mail, with: {from: a@b.c, to: a@b.c}}]\n"

CASES = {
    "a mail and its server": (SMTP + MAIL, []),
    "a mail without a server": (MAIL, ["WFC106 smtp"]),
    "a mail for each item without a server": (
        MAIL.replace("type", "parallel: [1], type"),
        ["WFC106 smtp"],
    ),
    "failures": (f"mailOn: {{failure: true}}\n{SMTP}{ERROR}{STEP}", []),
    "failures without a mail": (
        f"mailOn: {{failure: true}}\n{SMTP}{STEP}",
        ["WFC106 errorMail"],
    ),
    "successes without a mail": (
        f"mailOn: {{success: true}}\n{SMTP}{ERROR}{STEP}",
        ["WFC106 infoMail", "WFC115 errorMail"],
    ),
    "failures without a server": (
        f"mailOn: {{failure: true}}\n{ERROR}{STEP}",
        ["WFC106 smtp"],
    ),
    "a step that tells": (SMTP + ERROR + TELLING, []),
    "a step that tells nobody": (SMTP + TELLING, ["WFC106 errorMail"]),
    "nobody asks": (
        SMTP + ERROR + INFO + STEP,
        ["WFC115 smtp", "WFC115 errorMail", "WFC115 infoMail"],
    ),
    "off": (f"mailOn: {{failure: false}}\n{SMTP}{STEP}", ["WFC115 smtp"]),
    "only called": (
        "steps: [{name: a, run: kid}]\n---\nname: kid\nmailOn: {failure: true}\n"
        + SMTP
        + ERROR
        + TELLING,
        ["WFC221 mailOn", "WFC221 mailOnError"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_says(text: str, expected: list[str]) -> None:
    found = front_end(Source("w.yaml", text)).diagnostics
    assert all(each.span.line for each in found)
    told = [
        f"{each.code} {word}"
        for each in found
        for word in ("smtp", "errorMail", "infoMail", "mailOn", "mailOnError")
        if f"without `{word}`" in each.message or f"`{word}` has no" in each.message
    ]
    assert sorted(told) == sorted(expected)
    assert len(found) == len(expected)
