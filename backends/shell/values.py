"""Turns templates and shell texts into lines of bash that value them.

A value is a file, its place a path in the folder of the workflow's steps: `.params/X`,
`.env/X`, `FOLDER/.output`; `.own/X` (the step's own env) and `.item` are the step's, and
those that begin with `/` (`/special/X`, `/process/X`) the run's.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import assert_never

from backends.shell.jq import Query, plain
from backends.shell.quote import bare, within_double, word
from compiler.ir import (
    CommandSubstitution,
    Constant,
    Expression,
    Origin,
    Reference,
    ShellText,
    Template,
)
from compiler.shelltext.render import render
from compiler.walk import children

# Special variables that are the files of an attempt, and how those end.
_LOGS = {"DAG_RUN_STEP_STDOUT_FILE": "out", "DAG_RUN_STEP_STDERR_FILE": "err"}


@dataclass
class Used:
    """What the values of a script need of the run time; grows while it is emitted."""

    jq: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    process: dict[str, None] = field(default_factory=dict)
    special: dict[str, None] = field(default_factory=dict)
    fields: dict[str, None] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)
    variables: int = 0  # how many of `wfc_1` ... there are


@dataclass
class Values:
    """Lines that value the templates of one step, or of params and env.

    `calls` are the names of the steps that run another workflow, `constants` the special
    variables that are known here. `dotenv`: files of it are over the environment of the
    run. The lines set `wfc_1`,
    `wfc_2` ...; `text` gives the word that holds the value.
    """

    folders: Mapping[str, str]
    calls: Set[str]
    constants: Mapping[str, str]
    used: Used
    dotenv: bool = False
    lenient: bool = False
    lines: list[str] = field(default_factory=list)
    _count: int = 0
    _commands: dict[int, str] = field(default_factory=dict)

    def text(self, template: Template) -> str:
        """A word of bash with the value of `template`, after lines that find it."""
        for command in _substitutions(template):
            self._commands[id(command)] = self._substitute(command.command)
        return self._template(template)

    def _template(self, template: Template) -> str:
        parts = template.parts
        if all(isinstance(part, str) for part in parts):
            return word("".join(part for part in parts if isinstance(part, str)))
        return f'"{"".join(map(self._piece, parts))}"'

    def _piece(self, part: str | Expression | CommandSubstitution) -> str:
        """`part` as it stands inside of "..."."""
        match part:
            case str():
                return within_double(part)
            case CommandSubstitution():
                return f"${{wfc_{self._commands[id(part)]}}}"
            case Constant(value=str() as value):
                return within_double(value)
            case Template(parts=parts):
                return "".join(map(self._piece, parts))
            case Reference() if _simple(part):
                return f"${{wfc_{self._reference(part)}}}"
            case _:
                return f"${{wfc_{self._query(part)}}}"

    def _next(self) -> str:
        self._count += 1
        self.used.variables = max(self.used.variables, self._count)
        return str(self._count)

    def _reference(self, reference: Reference) -> str:
        number = self._next()
        constant = self._constant(reference.origins)
        places = " ".join(map(bare, self.places(reference.origins)))
        if constant is not None:
            self.lines.append(f"wfc_{number}={word(constant)}")
        elif reference.default is not None or self.lenient or plain(reference):
            self._need("get")
            self.lines.append(f"wfc_get {number} {places}".rstrip())
        else:
            self._need("need")
            self.lines.append(f"wfc_need {number} {word(reference.text)} {places}")
        if reference.default is not None:
            outer, self.lines = self.lines, []
            default = self._piece(reference.default)
            inner, self.lines = self.lines, outer
            self.lines.append(
                f'if [ -z "$wfc_{number}" ]; then '
                + "".join(f"{line}; " for line in inner)
                + f'wfc_{number}="{default}"; fi'
            )
        return number

    def _query(self, expression: Expression) -> str:
        number = self._next()
        query = Query(
            lenient=self.lenient,
            substituted=lambda it: query.variable(
                (Origin("process", f"@{self._commands[id(it)]}"),)
            ),
            special=lambda it: self._constant((it,)),
        )
        program = query.program(expression)
        self.used.jq |= query.used
        if any(it.kind == "item" for origins in query.origins for it in origins):
            self._need("typed-item")
        self._need("jq")
        places = [word(",".join(self.places(each))) for each in query.origins]
        self.lines.append(" ".join([f"wfc_jq {number}", word(program), *places]))
        return number

    def _substitute(self, text: ShellText) -> str:
        number = self._next()
        self._need("backtick")
        program = self.shell_text(text)
        self.lines.append(f"wfc_backtick {number} {word(program)}")
        return number

    def shell_text(self, text: ShellText) -> str:
        """The program for a shell, after lines that bind and check what it needs."""
        rendered = render(text)
        for binding in rendered.bindings:
            value = self.text(Template(parts=(binding.expression,), span=text.span))
            self._need("bind")
            self.lines.append(f"wfc_bind {binding.name} {value}")
        if rendered.integers:
            self._need("integers")
            self.lines.append(f"wfc_integers={word(' '.join(rendered.integers))}")
        if rendered.exported:
            self._need("inner")
            self.lines.append(f"wfc_inner={word(' '.join(rendered.exported))}")
        return rendered.text

    def _need(self, part: str) -> None:
        self.used.parts.add(part)

    # ---- places

    def _constant(self, origins: Iterable[Origin]) -> str | None:
        """The value of a special variable that the compiler knows, if it comes first."""
        for origin in origins:
            if origin.kind == "special":
                return self.constants.get(origin.name)
            break
        return None

    def places(self, origins: Iterable[Origin]) -> list[str]:
        found: list[str] = []
        for origin in origins:
            if origin.kind == "process" and self.dotenv and origin.name[0] != "@":
                found.append(f".dotenv/{origin.name}")
            found.append(self._place(origin))
        return found

    def _place(self, origin: Origin) -> str:
        match origin.kind:
            case "step_env":
                return f".own/{origin.name}"
            case "item":
                self._need("item")
                return ".item"
            case "param" | "positional":
                return f".params/{origin.name}"
            case "env":
                return f".env/{origin.name}"
            case "secret":
                return f".secrets/{origin.name}"
            case "output":
                value = ".record" if origin.step in self.calls else ".output"
                return f"{self.folders[origin.step]}/{value}"
            case "field":
                if origin.name != "output":
                    self.used.fields[origin.step] = None
                return f"{self.folders[origin.step]}/.{origin.name}"
            case "special" if origin.name == "DAG_RUN_STATUS":
                self._need("status-file")
                return ".DAG_RUN_STATUS"
            case "special" if origin.name in _LOGS:
                self._need("log-place")
                return f".log/{_LOGS[origin.name]}"
            case "special":
                self.used.special[origin.name] = None
                self._need("wide")
                return f"/special/{origin.name}"
            case "process":
                if origin.name.startswith("@"):
                    return origin.name
                self.used.process[origin.name] = None
                self._need("wide")
                return f"/process/{origin.name}"
            case _:
                assert_never(origin.kind)


def constant(template: Template) -> str:
    """The text of `template`, without its references."""
    return "".join(part for part in template.parts if isinstance(part, str))


def _simple(reference: Reference) -> bool:
    """Whether bash alone can value it: no path, and a default that is a text."""
    default = reference.default
    return not reference.path and (default is None or _textual(default))


def _textual(expression: Expression) -> bool:
    match expression:
        case Constant(value=value):
            return isinstance(value, str)
        case Reference():
            return True
        case Template(parts=parts):
            return all(
                isinstance(part, str | CommandSubstitution) or _textual(part)
                for part in parts
            )
        case _:
            return False


def _substitutions(expression: Expression) -> Iterable[CommandSubstitution]:
    """The commands in backticks of `expression`: they run before all else of it."""
    if isinstance(expression, Template):
        for part in expression.parts:
            if isinstance(part, CommandSubstitution):
                yield part
            elif not isinstance(part, str):
                yield from _substitutions(part)
    else:
        for each in children(expression):
            yield from _substitutions(each)
