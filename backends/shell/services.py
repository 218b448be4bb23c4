"""Turns a step that is a service into the lines that make its program's words and files."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from backends.shell.quote import bare, word
from backends.shell.script import Emission
from backends.shell.values import Values
from compiler.ir import Mail, Map, Notice, Program, Service, Ssh, Step, Workflow
from compiler.services import (
    Hole,
    PathOf,
    ProgramOf,
    Text,
    attachment,
    mail_plan,
    names_in,
    plan,
    programs,
)
from compiler.services.plan import ContentOf
from compiler.shelltext.render import render

_LONGEST = 60  # seconds: no server may hold up the end of a run


def serve(script: Emission, body: Service, values: Values) -> str:
    """Adds the lines for the program of `body`; the text of the step, which ssh has."""
    if isinstance(body, Mail):
        _letter(script, body, values)
    parts = script.used.parts
    parts |= {"service", "arguments"}
    made = plan(body, script.workflow.smtp)
    for name, text in made.files:
        if text is not None:
            values.lines += [_built(values, text), f"wfc_hold {name}"]
    if made.stdin:
        values.lines += [_built(values, made.stdin), "wfc_hold stdin"]
    words: list[str] = []
    for each in made.words:
        if any(isinstance(piece, Hole) for piece in each):
            values.lines += _appended(words)
            values.lines.append(_built(values, each))
            words = ['"$wfc_r"']
        else:
            words.append("".join(map(_piece, each)))
    values.lines += _appended(words)
    if made.undo:
        parts.add("undo")
        *before, last = ("".join(map(_piece, each)) for each in made.undo)
        values.lines.append(
            f"printf '%s\\n' {' '.join(before)} {last} >\"$wfc_files.held-undo\""
        )
    for name, template in made.environment:
        parts.add("service-env")
        text_word = f"{name}={values.text(template)}"
        values.lines.append(f'wfc_env=("${{wfc_env[@]}}" {text_word})')
    return _remote(script, body, values) if isinstance(body, Ssh) else ""


def _letter(script: Emission, body: Mail, values: Values) -> None:
    """Adds the lines that make the message of a mail."""
    script.used.parts.add("mails")
    for path in body.attachments:
        values.lines += [_built(values, attachment(path)), 'wfc_attach "$wfc_r"']
    given = (body.sender, body.subject, body.message, *body.to)
    words = [values.text(each) for each in given]
    values.lines.append(" ".join(["wfc_letter", *words]))


def _appended(words: list[str]) -> list[str]:
    return [f'wfc_argv=("${{wfc_argv[@]}}" {" ".join(words)})'] if words else []


def _built(values: Values, text: Text) -> str:
    """The line that puts the values of `text` into their forms -> wfc_r."""
    words: list[str] = []
    for piece in text:
        if isinstance(piece, Hole):
            values.used.forms.add(piece.form)
            value = values.text(piece.template)
            words += [piece.form, word(piece.what), value]
        elif isinstance(piece, PathOf) and piece.form != "text":
            values.used.forms.add(piece.form)
            words += [piece.form, "path", _piece(piece)]
        else:
            words += ["-", "-", _piece(piece)]
    return " ".join(["wfc_built", *words])


def _piece(piece: str | Hole | PathOf | ProgramOf | ContentOf) -> str:
    match piece:
        case str():
            return bare(piece)
        case PathOf(name=name):
            return f'"$wfc_files.held-{name}"'
        case ProgramOf(name=name):
            return f'"$(type -P {name} || echo {name})"'
        case ContentOf(name=name):
            return name  # `wfc_undo` reads it
        case Hole():
            raise AssertionError(piece)  # `_built` has its value
        case _:
            assert_never(piece)


def _remote(script: Emission, body: Ssh, values: Values) -> str:
    """What ssh sends: the text, and the values that it refers to."""
    script.used.parts |= {"remote", "no-load"}
    text = values.shell_text(body.text)
    generated = [each.name for each in render(body.text).bindings]
    names = " ".join(dict.fromkeys([*names_in(body.text), *generated]))
    shell = " ".join(map(bare, body.shell))
    values.lines.append(f"wfc_sent={word(names)} wfc_remote=({shell}) wfc_no_load=1")
    return text


def noticed(script: Emission) -> Mapping[str, object]:
    """What the templates have to know of the mails about a run of the entry; fills in the
    functions that send them."""
    workflow = script.workflow
    telling = sorted(_telling(script))
    due = _due(workflow)
    logs = False
    for name, notice in due.items():
        logs |= notice.attach_logs
        _notice(script, name, notice)
    parts = script.used.parts
    if due:
        parts.add("mails")
    failed = "failure" in workflow.mail_on
    tests = {'[ "$wfc_is_told" ]': telling, '[ "$wfc_status" = failed ]': failed}
    return {
        "notices": list(due),
        "notice_steps": f" {' '.join(telling)} " if telling else "",
        "notice_due": " || ".join(test for test, holds in tests.items() if holds),
        "notice_logs": logs,
    }


def _telling(script: Emission) -> Iterator[str]:
    """The folders of the steps that send a mail when they have failed."""
    workflow, folders = script.workflow, script.folders
    if workflow.error_mail is not None:
        for steps, places in (
            (workflow.steps, folders.steps),
            (workflow.handlers, folders.handlers),
        ):
            yield from (places[step.name] for step in steps if step.mail_on_error)


def _due(workflow: Workflow) -> dict[str, Notice]:
    """The mails that may be due, by their names."""
    found = {}
    steps = (*workflow.steps, *workflow.handlers)
    told = "failure" in workflow.mail_on or any(it.mail_on_error for it in steps)
    if workflow.error_mail is not None and told:
        found["errorMail"] = workflow.error_mail
    if workflow.info_mail is not None and "success" in workflow.mail_on:
        found["infoMail"] = workflow.info_mail
    return {} if workflow.smtp is None else found


def _notice(script: Emission, name: str, notice: Notice) -> None:
    """Defines the function `name`, which becomes the program that sends the mail."""
    failed = name == "errorMail"
    values = script.values(None, lenient=True)
    if notice.attach_logs:
        values.lines.append(f"wfc_logs_of {word('failed' if failed else '')}")
    given = (notice.sender, *filter(None, [notice.prefix]), *notice.to)
    sender, *others = (values.text(each) for each in given)
    prefix = [] if notice.prefix else ["''"]
    values.lines.append(" ".join(["wfc_about", sender, *prefix, *others]))
    assert script.workflow.smtp is not None  # else it is not due
    plan = mail_plan(notice.sender, notice.to, script.workflow.smtp)
    values.lines += [
        _built(values, (*plan.stdin, f"max-time = {_LONGEST}\n")),
        "wfc_hold stdin",
        'exec curl --disable --config - <"$wfc_files.held-stdin"',
    ]
    script.define(name, values.lines)


def needed(program: Program) -> Iterator[str]:
    """What a script says where a program is not there, by who needs it."""
    for workflow in program.workflows:
        where = "" if workflow.key == program.entry else f" of `{workflow.name}`"
        for kind, steps in (("step", workflow.steps), ("handler", workflow.handlers)):
            for step in steps:
                for name in _programs(step):
                    yield f"{name} {kind} `{step.name}`{where}"
        if workflow.key == program.entry and _due(workflow):
            yield "curl a mail about the run"


def _programs(step: Step) -> tuple[str, ...]:
    body = step.body.body if isinstance(step.body, Map) else step.body
    return programs(body)
