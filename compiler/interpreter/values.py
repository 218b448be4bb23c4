"""What is known in a run -> the value of an origin, the environment of a process.

Also the way back: the stdout of an attempt -> its value.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, assert_never

from compiler.evaluate import Failure, evaluate, to_text
from compiler.interpreter.report import counted
from compiler.ir import (
    CommandSubstitution,
    Constant,
    Export,
    Expression,
    Json,
    Origin,
    ParamType,
    Pattern,
    Reference,
    ShellText,
    Template,
)
from compiler.regex.matching import search_lines
from compiler.schemas.typed import typed
from compiler.shelltext.render import load_files, render
from compiler.walk import children

# In bytes, R4: above the first a value goes by file, and above the second where those in
# the environment already exceed the third. Linux has room for some 2 MiB, argv included.
LARGEST_EXPORT = 65_536
SMALL_EXPORT = 1_024
ALL_EXPORTS = 1_048_576
LARGEST_OUTPUT = 1_048_576  # bytes after trimming (S3)
_WHITE_SPACE = b" \t\n\r\v\f"
_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]*)", re.ASCII)


@dataclass(kw_only=True)
class Known:
    """All values of one run of a workflow so far. It grows as the run goes on.

    `process` is the environment around it, what `dotenv` says included; `bash` runs the
    texts that name no shell.
    `captured`, `recorded` and `fields` (exitCode, status, stdout, stderr) are by step
    name: what a step gave, the record of a call or a fan-out (S4, F4), and the rest. `types`
    are those of params that are no plain texts.
    """

    process: Mapping[str, str]
    special: Mapping[str, str]
    bash: str = "bash"
    positional: list[str] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    types: Mapping[str, ParamType] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    captured: dict[str, str] = field(default_factory=dict)
    recorded: dict[str, str] = field(default_factory=dict)
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)

    def output(self, step: str) -> str | None:
        """The value of `output:` of a step."""
        return self.recorded.get(step, self.captured.get(step))


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a fan-out: its value, and that as text."""

    value: Json
    text: str


@dataclass(kw_only=True)
class Scope:
    """What one step (or a definition) sees: an Environment of `compiler.evaluate`.

    `own` is its own env as far as it is valued, `special` what differs from step to step,
    `item` is its item in a fan-out. `lenient`: what has no value is empty, as in handlers
    (R3). Backticks must have run before a template is evaluated: see `substitutions`.
    """

    known: Known
    special: Mapping[str, str]
    lenient: bool = False
    item: Item | None = None
    own: dict[str, str] = field(default_factory=dict)
    substituted: dict[int, str] = field(default_factory=dict)

    def value(self, origin: Origin) -> Json:
        if origin.kind == "item" and self.item is not None:
            return self.item.value
        text = self.text(origin)
        type = self.known.types.get(origin.name) if origin.kind == "param" else None
        if not text or type is None:
            return text
        try:
            return typed(text, type)
        except Failure as failure:
            raise Failure(f"`{origin.name}` {failure}") from None

    def text(self, origin: Origin) -> str | None:
        """The value of `origin` as the environment of a process has it, if there is any."""
        known = self.known
        match origin.kind:
            case "step_env":
                return self.own.get(origin.name)
            case "param":
                return known.params.get(origin.name)
            case "positional":
                place = int(origin.name)
                there = 1 <= place <= len(known.positional)
                return known.positional[place - 1] if there else None
            case "output":
                return known.output(origin.step)
            case "field" if origin.name == "output":
                return known.captured.get(origin.step)
            case "field":
                return known.fields.get(origin.step, {}).get(origin.name)
            case "item":
                return None if self.item is None else self.item.text
            case "secret":
                return known.secrets.get(origin.name)
            case "env":
                return known.env.get(origin.name)
            case "special":
                return self.special.get(origin.name, known.special.get(origin.name))
            case "process":
                return known.process.get(origin.name)
            case _:
                assert_never(origin.kind)

    def substitute(self, text: ShellText) -> str:
        return self.substituted[id(text)]

    def first(self, origins: Sequence[Origin]) -> str | None:
        """The text of the first of `origins` that has a value."""
        for origin in origins:
            value = self.text(origin)
            if value is not None:
                return value
        return None


def substitutions(template: Expression) -> Iterator[ShellText]:
    """The texts of the backticks in `template`, in the order in which they stand."""
    match template:
        case Constant() | Reference(default=None):
            pass
        case Template(parts=parts):
            for part in parts:
                if isinstance(part, CommandSubstitution):
                    yield part.command
                elif not isinstance(part, str):
                    yield from substitutions(part)
        case _:
            for part in children(template):
                yield from substitutions(part)


# ---- the environment of a process


@dataclass(frozen=True, slots=True)
class Prepared:
    """A shell text ready to run, and the environment that it needs."""

    text: str
    environment: dict[str, str]


Spill = Callable[[str], Path]  # a large value -> the file that holds it


def environment_of(
    exports: Sequence[Export], scope: Scope, spill: Spill
) -> dict[str, str]:
    """The environment of a process that runs no shell text of ours (R4)."""
    environment, names = _exported(exports, scope)
    _spill_large(environment, names, spill)
    return environment


def prepare(
    text: ShellText,
    exports: Sequence[Export],
    scope: Scope,
    spill: Spill,
    shell: bool = True,
) -> Prepared:
    """`text` and its environment. `shell`: it can read large values from files.

    Raises Failure when a value is missing, is no integer in arithmetic, or too large.
    """
    environment, names = _exported(exports, scope)
    rendered = render(text)
    for binding in rendered.bindings:
        value = to_text(evaluate(binding.expression, scope))
        environment[binding.name] = _checked(binding.name, value)
        names.append(binding.name)
    for name in rendered.integers:
        if not _INTEGER.fullmatch(environment.get(name, "")):
            shown = environment.get(name, "")[:40]
            raise Failure(
                f"`{name}` is used in arithmetic and must be a whole number, "
                f"but is `{shown}`"
            )
    large = _spill_large(environment, names, spill)
    for name in rendered.exported:
        if name in large:
            raise Failure(
                f"`{name}` is too large for an inner shell: it is above 64 KiB, or all "
                "values are above 1 MiB"
            )
    loaded = rendered.text
    if large and shell:
        loaded = _after_shebang(loaded, f"{load_files(large)}; ")
    return Prepared(loaded, environment)


def _exported(
    exports: Sequence[Export], scope: Scope
) -> tuple[dict[str, str], list[str]]:
    environment = dict(scope.known.process)
    names = []
    for export in exports:
        value = scope.first(export.origins)
        if value is not None:
            environment[export.name] = _checked(export.name, value)
            names.append(export.name)
    environment.update(scope.known.special)
    environment.update(scope.special)
    return environment, names


def _checked(name: str, value: str) -> str:
    if "\0" in value:
        raise Failure(f"the value of `{name}` holds a NUL character")
    return value


def _spill_large(
    environment: dict[str, str], names: Sequence[str], spill: Spill
) -> list[str]:
    """Moves to files what has no room in `environment`, in the order of `names`."""
    large, total = [], 0
    for name in names:
        size = len(environment[name].encode("utf-8", "surrogateescape"))
        full = total > ALL_EXPORTS and size > SMALL_EXPORT
        if size > LARGEST_EXPORT or full:
            large.append(name)
            environment[f"{name}_FILE"] = str(spill(environment.pop(name)))
        else:
            total += size
    return large


def _after_shebang(text: str, prefix: str) -> str:
    if not text.startswith("#!"):
        return prefix + text
    first, end, rest = text.partition("\n")
    return first + (end or "\n") + prefix + rest


# ---- the value of an attempt


def read_output(path: Path, largest: int = LARGEST_OUTPUT) -> str:
    """The trimmed text of a stdout, at most `largest` bytes. Raises Failure when it cannot
    be a value (S3, R5), OSError."""
    with path.open("rb") as file:
        content = _trimmed(file, largest)
    if content is None:
        size = "1 MiB" if largest == LARGEST_OUTPUT else counted(largest, "byte")
        raise Failure(f"the output is larger than {size}")
    if b"\0" in content:
        raise Failure("the output holds a NUL byte")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Failure("the output is not UTF-8 text") from None


def _trimmed(file: BinaryIO, largest: int) -> bytes | None:
    kept = bytearray()
    while chunk := file.read(1 << 18):
        kept += chunk if kept else chunk.lstrip(_WHITE_SPACE)
        if len(kept) > largest:
            if len(kept.rstrip(_WHITE_SPACE)) > largest:
                return None
            # All behind the limit is white space: one of it is enough to go on with.
            del kept[largest + 1 :]
    return bytes(kept.rstrip(_WHITE_SPACE))


def some_line_holds(path: Path, pattern: Pattern) -> bool:
    """Whether `pattern` is found in a line of the file: a literal one as a substring."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            for line in file:
                text = line.removesuffix("\n")
                if pattern.regex:
                    if search_lines(pattern.text, text):
                        return True
                elif pattern.text in text:
                    return True
    except OSError:
        pass
    return False
