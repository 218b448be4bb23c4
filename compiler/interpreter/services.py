"""A step that is a service -> the argv, the environment and the files of its program.

What only this user may see goes by files with mode 0600, which are gone after the
attempt, and by the environment: a command line is for all users to read.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from compiler.evaluate import Failure, text_of
from compiler.interpreter.folder import CannotStart
from compiler.interpreter.messages import Attachment, message
from compiler.interpreter.texts import Shell, said
from compiler.interpreter.values import LARGEST_EXPORT, environment_of, prepare
from compiler.ir import (
    Call,
    LeafBody,
    Mail,
    Map,
    Program,
    Service,
    Smtp,
    Ssh,
    Step,
    Template,
)
from compiler.services import (
    ContentOf,
    Hole,
    PathOf,
    Plan,
    Text,
    attachment,
    in_form,
    names_in,
    plan,
    programs,
    remote_program,
)
from compiler.shelltext.render import render

_MODE = 0o600
_LARGEST_FILE = 25_000_000  # bytes of an attachment: few servers take more
# Lets a program read a file as its standard input.
_WITH_STDIN = ["/bin/sh", "-c", 'exec "$@" <"$0"']


@dataclass(slots=True)
class ServiceFiles:
    """The files of one attempt, for this user's eyes only. `base` is their path but for
    the suffix. `undo` is what ends that which the program has started elsewhere."""

    base: str
    undo: "Callable[[], Ready | None]" = lambda: None
    _made: list[Path] = field(default_factory=list)

    def path(self, name: str) -> Path:
        """The path of the file `name`, of which nothing earlier is there, and that will be
        gone after the attempt. Raises OSError."""
        path = Path(f"{self.base}.{name}")
        if path not in self._made:
            path.unlink(missing_ok=True)
            self._made.append(path)
        return path

    def write(self, name: str, content: bytes) -> Path:
        """Makes a file. Raises OSError."""
        path = self.path(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(path, flags, _MODE), "wb") as file:
            file.write(content)
        return path

    def remove(self) -> None:
        for path in self._made:
            path.unlink(missing_ok=True)
        self._made.clear()


@dataclass(frozen=True, slots=True)
class Ready:
    """What starts a program."""

    argv: list[str]
    environment: dict[str, str]


def ready_service(
    step: Step, shell: Shell, smtp: Smtp | None, directory: Path, files: ServiceFiles
) -> Ready:
    """The program of `step`, which is a service, in `directory`. Raises Failure, OSError."""
    service = step.body
    assert isinstance(service, Service)
    environment = environment_of(step.exports, shell.scope, shell.place.folder.spill)
    stdin = b""
    if isinstance(service, Mail):
        write_message(service, shell, directory, files)
    elif isinstance(service, Ssh):
        stdin = _remote(service, step, shell)
    return ready_plan(plan(service, smtp), shell, environment, files, stdin)


def ready_plan(
    plan: Plan,
    shell: Shell,
    environment: Mapping[str, str],
    files: ServiceFiles,
    stdin: bytes = b"",
) -> Ready:
    """The program of `plan`, with `environment` and `stdin` beside its own. Raises
    Failure, OSError."""
    paths = {
        name: (files.path(name) if text is None else _file(name, text, shell, files))
        for name, text in plan.files
    }
    argv = [_filled(word, shell, paths) for word in plan.words]
    own = {name: _value(it, shell, f"`{name}`") for name, it in plan.environment}
    if plan.undo:
        files.undo = partial(_undo, plan.undo, shell, paths)
    if plan.stdin:
        stdin = _encoded(_filled(plan.stdin, shell, paths))
    if stdin:
        argv = [*_WITH_STDIN, str(files.write("stdin", stdin)), *argv]
    return Ready(argv, {**environment, **own})


def _undo(
    words: Sequence[Text], shell: Shell, paths: Mapping[str, Path]
) -> Ready | None:
    try:
        argv = [_filled(word, shell, paths) for word in words]
    except OSError:
        return None  # it has not come to that
    return Ready(argv, dict(shell.place.known.process)) if all(argv) else None


def _file(name: str, text: Text, shell: Shell, files: ServiceFiles) -> Path:
    return files.write(name, _encoded(_filled(text, shell, {})))


def _filled(text: Text, shell: Shell, paths: Mapping[str, Path]) -> str:
    """`text` with its values, which may not stand anywhere else. Raises Failure."""
    return "".join(_pieces(text, shell, paths))


def _pieces(text: Text, shell: Shell, paths: Mapping[str, Path]) -> Iterator[str]:
    for piece in text:
        match piece:
            case str():
                yield piece
            case Hole(template=template, form=form, what=what):
                yield in_form(form, text_of(template, shell.scope), what)
            case PathOf(name=name, form=form):
                yield in_form(form, str(paths[name]), "a path")
            case ContentOf(name=name):
                yield paths[name].read_text("utf-8").strip()
            case _:
                yield _found(piece.name, shell.place.known.process) or piece.name


def _value(template: Template, shell: Shell, what: str) -> str:
    return in_form("text", text_of(template, shell.scope), what)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _found(name: str, environment: Mapping[str, str]) -> str | None:
    return shutil.which(name, path=environment.get("PATH"))


# ---- ssh


def _remote(ssh: Ssh, step: Step, shell: Shell) -> bytes:
    """What ssh sends: the text, and the values that it refers to. Raises Failure."""
    spill = shell.place.folder.spill
    ready = prepare(ssh.text, step.exports, shell.scope, spill, shell=False)
    generated = [each.name for each in render(ssh.text).bindings]
    sent: dict[str, str] = {}
    for name in dict.fromkeys([*names_in(ssh.text), *generated]):
        if name in ready.environment:
            sent[name] = ready.environment[name]
        elif f"{name}_FILE" in ready.environment:
            raise Failure(f"`{name}` is too large for another machine: above 64 KiB")
    arguments = [step.name, *shell.place.known.positional]
    if len(_encoded(ready.text)) > LARGEST_EXPORT:
        raise Failure("the text is too large for another machine: above 64 KiB")
    return _encoded(remote_program(ssh.shell, ready.text, arguments, sent))


# ---- mail


def write_message(
    mail: Mail, shell: Shell, directory: Path, files: ServiceFiles
) -> None:
    """Makes the file `message` of a mail. Raises Failure, OSError."""
    attachments = [
        _attachment(directory / _filled(attachment(path), shell, {}))
        for path in mail.attachments
    ]
    content = message(
        sender=text_of(mail.sender, shell.scope),
        to=[text_of(each, shell.scope) for each in mail.to],
        subject=text_of(mail.subject, shell.scope),
        text=text_of(mail.message, shell.scope),
        attachments=attachments,
    )
    files.write("message", content)


def _attachment(path: Path) -> Attachment:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        why = said(error) if isinstance(error, OSError) else str(error)
        raise Failure(f"cannot attach `{path}`: {why}") from None
    if len(content) > _LARGEST_FILE:
        raise Failure(f"cannot attach `{path}`: it is above 25 MB")
    return Attachment(path.name, content)


# ---- before a run


def look_for_programs(
    program: Program,
    environment: Mapping[str, str],
    chosen: frozenset[str] | None = None,
) -> None:
    """Raises CannotStart for programs that steps need and PATH has not; of the entry only
    the steps `chosen` count, None: all."""
    missing = missing_programs(program, environment, chosen)
    if missing:
        raise CannotStart("; ".join(missing))


def missing_programs(
    program: Program,
    environment: Mapping[str, str],
    chosen: frozenset[str] | None = None,
) -> list[str]:
    """What to say of the programs that steps of `program` need and PATH has not."""
    known: dict[str, bool] = {}

    def is_there(name: str) -> bool:
        if name not in known:
            known[name] = _found(name, environment) is not None
        return known[name]

    return [
        f"{who} needs `{name}`, which is not in PATH"
        for who, names in _needs(program, chosen)
        for name in names
        if not is_there(name)
    ]


def _needs(
    program: Program, chosen: frozenset[str] | None
) -> Iterator[tuple[str, Sequence[str]]]:
    for workflow in program.workflows:
        entry = workflow.key == program.entry
        where = "" if entry else f" of `{workflow.name}`"
        for kind, steps in (("step", workflow.steps), ("handler", workflow.handlers)):
            for step in steps:
                if entry and kind == "step" and not _is_chosen(step, chosen):
                    continue
                yield f"{kind} `{step.name}`{where}", programs(_leaf(step))
        told = workflow.mail_on or any(it.mail_on_error for it in workflow.steps)
        if entry and told:
            yield "a mail about the run", ["curl"]


def _is_chosen(step: Step, chosen: frozenset[str] | None) -> bool:
    return chosen is None or step.name in chosen


def _leaf(step: Step) -> LeafBody | Call:
    return step.body.body if isinstance(step.body, Map) else step.body
