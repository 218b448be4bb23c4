"""Two outcomes and their differences -> what a person or a program reads of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from compiler.comparison import Difference, Value, differing
from compiler.interpreter.lines import cut, shown
from compiler.interpreter.report import counted, table
from compiler.ir import Json, Program, Step
from compiler.order import Shape, shape_of
from compiler.outcome import Outcome, StepOutcome, to_json
from compiler.report import visible
from compiler.source import Source, Span

_HEAD = ("STEP", "STATUS", "ATTEMPTS", "EXIT", "OUTPUT")
_MOST_ROWS = 20  # of what one fan-out ran
_MOST_PLACES = 20
_MOST_LINES = 15  # of a step
_OUTPUT = 40  # columns
_VALUE = 160  # characters of a value that differs
_BEFORE = 30  # of those, at most so many that both have
_WORDS = {"exit_code": "exit code"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What `wfc verify` has found. `names` are those of the two that ran the program, for
    a sentence; `folder` is where their runs are kept, if they are."""

    program: Program
    sources: Mapping[str, Source]
    target: str
    names: tuple[str, str]
    outcomes: tuple[Outcome, Outcome]
    differences: Sequence[Difference]
    folder: str | None

    @property
    def shape(self) -> Shape:
        here, there = self.outcomes
        return shape_of({**there.steps, **here.steps}, self.program)


def to_form(verified: Verified) -> dict[str, Json]:
    """The JSON form, version 1: both outcomes, and the differences with their places."""
    keys = ("interpreter", verified.target)
    shape = verified.shape
    outcomes = zip(keys, map(to_json, verified.outcomes), strict=True)
    return {
        "version": 1,
        "workflow": verified.program.main.name,
        "target": verified.target,
        "equal": not verified.differences,
        "differences": [
            _form(each, _span(each, verified.program, shape), keys)
            for each in verified.differences
        ],
        "outcomes": dict(outcomes),
        "folder": verified.folder,
    }


def _form(each: Difference, span: Span, keys: tuple[str, str]) -> dict[str, Json]:
    return {
        "kind": each.kind,
        "name": each.name,
        "field": each.field,
        "values": dict(zip(keys, each.values, strict=True)),
        "file": span.file,
        "line": span.line,
    }


def to_text(verified: Verified) -> str:
    """The table of the steps, the differences with the lines of the file, the verdict."""
    shape = verified.shape
    lines = [*table([_HEAD, *_rows(verified, shape)]), ""]
    told = _told(verified.differences)
    for number, (span, group) in enumerate(_by_place(told, verified, shape)):
        if number == _MOST_PLACES:
            lines += ["… and more", ""]
            break
        lines += [line for each in group for line in _said(each, verified.names)]
        lines += [*_excerpt(span, verified.sources), ""]
    lines.append(_verdict(verified))
    if verified.folder is not None:
        lines.append(f"folder: {shown(verified.folder)}")
    return "".join(f"{line}\n" for line in lines)


def _verdict(verified: Verified) -> str:
    here, there = verified.names
    outcome = verified.outcomes[0]
    name = shown(verified.program.main.name)
    if not verified.differences:
        steps = counted(len(outcome.steps), "step")
        return f"{name}: equal by {here} and on {there}: {outcome.status}, {steps}"
    count = counted(len(_told(verified.differences)), "difference")
    return f"{name}: {count} between {here} and {there}"


# ---- the table


def _rows(verified: Verified, shape: Shape) -> Iterator[tuple[str, ...]]:
    """A row for each step. Of what a fan-out ran that only which differs or did not
    succeed, and no more than 20."""
    here, there = verified.outcomes
    fields = differing(verified.differences, "step")
    paths = dict.fromkeys([*here.steps, *there.steps])

    def fan_out(path: str) -> str | None:
        return next((it for it in shape.within_fan_outs if path.startswith(it)), None)

    for outer, group in groupby(paths, fan_out):
        pairs = [(it, here.steps.get(it), there.steps.get(it)) for it in group]
        if outer is not None:
            pairs = [it for it in pairs if it[0] in fields or not _succeeded(it[1])]
        for path, one, other in pairs[: None if outer is None else _MOST_ROWS]:
            yield _row(path, one, other, fields.get(path, set()))
        if outer is not None and len(pairs) > _MOST_ROWS:
            yield (f"… and {len(pairs) - _MOST_ROWS} more", *[""] * (len(_HEAD) - 1))
    fields = differing(verified.differences, "handler")
    for kind in dict.fromkeys([*here.handlers, *there.handlers]):
        one, other = here.handlers.get(kind), there.handlers.get(kind)
        yield _row(f"handler {kind}", one, other, fields.get(kind, set()))


def _succeeded(step: StepOutcome | None) -> bool:
    return step is not None and step.status == "succeeded"


def _row(
    label: str, one: StepOutcome | None, other: StepOutcome | None, fields: set[str]
) -> tuple[str, ...]:
    """What the two have, with a stroke between where they differ."""

    def cell(field: str, width: int) -> str:
        here, there = (_cell(it, field, width) for it in (one, other))
        return f"{here} / {there}" if field in fields or "" in fields else here

    wide = _OUTPUT // 2 if "output" in fields else _OUTPUT
    cells = (cell(it, wide) for it in ("status", "attempts", "exit_code", "output"))
    return (shown(label), *cells)


def _cell(step: StepOutcome | None, field: str, width: int) -> str:
    value = None if step is None else getattr(step, field)
    return "-" if value is None else cut(shown(str(value)), width)


# ---- the differences


def _told(differences: Sequence[Difference]) -> list[Difference]:
    """The value of an output is most often that of a step, which is told already."""
    steps = {it.values for it in differences if it.kind == "step"}
    return [it for it in differences if it.kind != "output" or it.values not in steps]


def _by_place(
    differences: Sequence[Difference], verified: Verified, shape: Shape
) -> Iterator[tuple[Span, Iterator[Difference]]]:
    return groupby(differences, lambda it: _span(it, verified.program, shape))


def _span(difference: Difference, program: Program, shape: Shape) -> Span:
    """Where the file has what the difference is about, else where the workflow begins."""
    step: Step | None
    match difference.kind:
        case "step":
            step = shape.steps.get(difference.name)
        case "handler":
            step = shape.handlers.get(difference.name)
        case "output":
            steps = reversed(program.main.steps)
            step = next((it for it in steps if it.output == difference.name), None)
        case "run":
            frames = {it.prefix[:-1]: it.workflow for it in shape.frames}
            return frames.get(difference.name, program.main).span
    return program.main.span if step is None else step.span


def _said(each: Difference, names: tuple[str, str]) -> Iterator[str]:
    here, there = names
    subject = _subject(each)
    if each.field == "order":
        at = 0 if each.values[1] is None else 1
        yield f"order of events on {names[at]}: {shown(str(each.values[at]))}"
    elif each.field == "":
        has, lacks = (there, here) if each.values[0] is None else (here, there)
        yield f"{subject}: {has} has it, {lacks} has it not"
    else:
        field = _WORDS.get(each.field, each.field)
        yield f"{subject}: {field} differs"
        wide = max(map(len, names))
        for name, value in zip(names, _shortened(*each.values), strict=True):
            yield f"  {name:{wide}}  {value}"


def _subject(each: Difference) -> str:
    if each.kind == "run":
        return "the run"
    return shown(each.name if each.kind == "step" else f"{each.kind} {each.name}")


def _shortened(one: Value, other: Value) -> tuple[str, str]:
    """Two values that differ, each on one line, around the first place where they do."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return _around(one, 0), _around(other, 0)
    pairs = enumerate(zip(one, other, strict=False))
    first = next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
    return _around(one, first), _around(other, first)


def _around(value: Value, first: int) -> str:
    if value is None:
        return "none"
    if isinstance(value, int):
        return str(value)
    begin = max(0, first - _BEFORE)
    part = shown(value[begin : begin + _VALUE])
    more = "…" if begin + _VALUE < len(value) else ""
    return f"{'…' if begin else ''}`{part}`{more}"


# ---- the lines of a file


def _excerpt(span: Span, sources: Mapping[str, Source]) -> Iterator[str]:
    """`file:line` and the lines of what `span` names."""
    yield f"{visible(span.file)}:{span.line}"
    source = sources.get(span.file)
    if source is None:
        return
    lines = lines_of(source, span.line)
    gutter = len(str(lines[-1]))
    for number in lines[:_MOST_LINES]:
        yield f"{number:>{gutter}} | {cut(visible(source.line(number)), 160)}"
    if len(lines) > _MOST_LINES:
        yield f"{'':{gutter}} | …"


def lines_of(source: Source, line: int) -> range:
    """The numbers of the lines of the YAML item or key that has line `line`, by their
    indentation.

    >>> text = "steps:\\n  - command: a\\n    name: b\\n\\n  - name: c\\n"
    >>> lines_of(Source("flow.yaml", text), 3)
    range(2, 4)
    """
    first = line
    if not _is_item(source.line(line)):
        indent = _indent(source.line(line))
        above = (it for it in range(line - 1, 0, -1) if source.line(it).strip())
        outer = next((it for it in above if _indent(source.line(it)) < indent), 0)
        if outer and _is_item(source.line(outer)):
            first = outer
    indent = _indent(source.line(first))
    last = line
    for number in range(line + 1, len(source.line_starts) + 1):
        text = source.line(number)
        if text.strip():
            if _indent(text) <= indent:
                break
            last = number
    return range(first, last + 1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_item(line: str) -> bool:
    return line.lstrip(" ").startswith(("- ", "-\n")) or line.strip() == "-"
