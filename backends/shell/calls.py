"""Turns calls and fan-outs into the lines that prepare them, workflows into their heads."""

from collections.abc import Iterator, Set

from backends.shell.definitions import definitions
from backends.shell.policies import attribute, gate
from backends.shell.quote import bare, one_line, word
from backends.shell.script import Emission, exported
from backends.shell.values import Values, constant
from compiler.ir import Call, Item, Map, Program, Step, Template, Workflow
from compiler.json_text import parse_json, to_json_text, to_text
from compiler.walk import calls_of

# The items of a JSON list: the text and the JSON of each and, of an object, how many
# entries follow, each a name and a text. All end with NUL.
_LIST = (
    "($list | try parsed catch null) as $list | "
    'if ($list | type) == "array" then "\\u0000", ($list[] | text + "\\u0000" + json + "\\u0000"{entries}) else empty end'
)
_ENTRIES = (
    ', (if type == "object" then (length | tostring) + "\\u0000", '
    '(to_entries[] | .key + "\\u0000" + (.value | text) + "\\u0000") else "\\u0000" end)'
)


def list_program(entries: bool) -> str:
    """The program for jq that takes a JSON list apart."""
    return _LIST.replace("{entries}", _ENTRIES if entries else "")


def flow(script: Emission, program: Program) -> str:
    """The line that begins the steps of a workflow; fills in what values its params."""
    workflow, parts = script.workflow, script.used.parts
    ours = workflow.key != program.entry
    words = [f"flow {bare(script.script.ids[workflow.key])}"]
    if script.script.ids[workflow.key] != workflow.name:
        words.append(f"name={word(workflow.name)}")
    shared = [exported(script.values(None), each) for each in script.common]
    uses = attribute("uses", [each for each in shared if each])
    if uses:
        parts |= {"common-uses", "uses"}
    words += uses
    if ours:
        words += _of_callee(script, program)
    if workflow.delay:
        words.append(f"delay={workflow.delay}")
        parts |= {"delay", "timer"}
    return f"{' '.join(words)}  # {script.at(workflow.span)}"


def _of_callee(script: Emission, program: Program) -> Iterator[str]:
    workflow, parts = script.workflow, script.used.parts
    lines = definitions(script)
    if lines:
        parts |= {"flow-values", "whose"}
        name = f"values_{script.prefix.removesuffix('.')}"
        script.script.functions.append(f"{name}() {{\n{lines}\n}}")
        yield f"values={name}"
    if workflow.conditions:
        parts.add("flow-gate")
        yield f"begins={gate(script)}"
    if any(each.name == "init" for each in workflow.handlers):
        parts.add("flow-init")
    declared = [it.name for it in workflow.params if it.default or it.positional]
    yield from attribute("params", declared)
    others = [it.name for it in workflow.params if it.name not in declared]
    named = _named(program, workflow.key) if others else frozenset()
    passed = [name for name in others if name in named or "" in named]
    if passed:
        parts.add("passed-on")
    yield from attribute("passed_on", passed)
    if workflow.max_active_steps:
        parts.add("flow-max")
        yield f"max={workflow.max_active_steps}"
    if workflow.grace is not None and workflow.grace != grace_of(program.main):
        parts |= {"flow-grace", "subtree"}
        yield f"grace={workflow.grace}"
    if workflow.timeout is not None:
        parts |= {"flow-timeout", "subtree", "timer"}
        yield f"timeout={workflow.timeout}"


def grace_of(workflow: Workflow) -> int:
    """Seconds from TERM to KILL in a run that `workflow` begins (S6)."""
    return 5 if workflow.grace is None else workflow.grace


def _named(program: Program, key: str) -> Set[str]:
    """The params that calls of a workflow name; "" where the entries of items do."""
    found = set()
    for workflow in program.workflows:
        for call in calls_of(workflow):
            if key in (callee.workflow for callee in call.callees):
                if call.arguments is None:
                    found.add("")
                found |= {argument.name for argument in call.arguments or ()}
    return found


def called(script: Emission, call: Call, values: Values) -> list[str]:
    """Adds the lines that value the arguments of `call` and choose what it runs; the
    words of its declaration."""
    parts = script.used.parts
    parts |= {"call", "setup"}
    words = _chosen(script, call, values)
    if call.arguments is None:
        parts |= {"item-params", "positional", "item"}
        values.lines.append("wfc_pass_item")
    for argument in call.arguments or ():
        if argument.name.isdigit():
            parts.add("positional")
        text = values.text(argument.value)
        at = script.at(argument.span)
        values.lines.append(f"wfc_pass {argument.name} {text}  # {at}")
    return words


def _chosen(script: Emission, call: Call, values: Values) -> list[str]:
    """What `call` runs: a word of its declaration, or lines that choose."""
    ids = script.script.ids
    if not call.dynamic:
        return [f"runs={ids[call.callees[0].workflow]}"]
    chosen = values.text(call.name)
    values.lines.append(f"case {chosen} in")
    for callee in call.callees:
        names = " | ".join(word(name) for name in callee.names)
        number = [*ids].index(callee.workflow)
        id = one_line(ids[callee.workflow])
        values.lines.append(f"  {names}) wfc_callee={number} ;;  # {id}")
    known = ", ".join(callee.names[0] for callee in call.callees)
    said = word(f"; candidates are: {known}")
    values.lines.append(f'  *) wfc_fail "no workflow \\`"{chosen}"\\`"{said} ;;')
    values.lines.append("esac")
    return []


def dealt(script: Emission, step: Step, body: Map, handler: bool) -> list[str]:
    """The lines that value the items and the width of a fan-out."""
    values = script.values(step, lenient=handler)
    whole = isinstance(body.body, Call) and body.body.arguments is None
    if isinstance(body.items, Template):
        _split(values, body.items, whole)
    elif any(it.structured and not _constant(it.value) for it in body.items):
        _listed(values, body.items)
    else:
        for item in body.items:
            _add(values, item, whole)
    width = body.width
    text = str(width) if isinstance(width, int) else values.text(width)
    values.lines.append(f"wfc_width={text}")
    return values.lines


def _split(values: Values, items: Template, whole: bool) -> None:
    if _constant(items):
        text = constant(items)
        if not text.lstrip().startswith("["):
            for each in _words(text):
                _add(values, each, whole)
            return
    _needs_list(values)
    values.used.parts.add("split")
    values.lines.append(f"wfc_split {values.text(items)}")


_WHITE_SPACE = " \t\n\v\f\r"


def _words(text: str) -> list[str]:
    """The items of a text (F4): its lines, or the words of the only one."""
    lines = [it.strip(_WHITE_SPACE) for it in text.split("\n")]
    lines = [line for line in lines if line]
    return lines if len(lines) > 1 else "".join(lines).split()


def _needs_list(values: Values) -> None:
    values.used.parts |= {"list", "jq"}
    values.used.jq |= {"num", "str", "json", "text", "parsed"}


def _listed(values: Values, items: tuple[Item, ...]) -> None:
    """Items that are JSON with references: all of them as one JSON list."""
    _needs_list(values)
    lines = []
    for item in items:
        text = values.text(item.value)
        if item.structured:
            lines.append(f'wfc_listed="$wfc_listed,"{text}')
        else:
            lines.append(f'wfc_json {text}; wfc_listed="$wfc_listed,$wfc_r"')
    values.used.parts.add("json-in-worker")
    values.lines += ["wfc_listed=''", *lines]
    values.lines.append(
        'wfc_list "[${wfc_listed#,}]" || wfc_fail "the items are not JSON"'
    )


def _add(values: Values, item: Item | str, whole: bool) -> None:
    """One item, whose JSON is known unless it is a text with references."""
    if isinstance(item, Item) and not _constant(item.value):
        text = values.text(item.value)
        values.used.parts.add("json-in-worker")
        values.lines.append(f'wfc_json {text}; wfc_add {text} "$wfc_r"')
        return
    text = item if isinstance(item, str) else constant(item.value)
    structured = isinstance(item, Item) and item.structured
    form = text if structured else to_json_text(text)
    values.lines.append(f"wfc_add {word(text)} {word(form)}")
    entries = parse_json(text) if structured and whole else None
    if isinstance(entries, dict):
        values.lines.append(f"wfc_object {len(entries)}")
        for name, value in entries.items():
            values.lines.append(f"wfc_entry {word(name)} {word(to_text(value))}")


def _constant(template: Template) -> bool:
    return all(isinstance(part, str) for part in template.parts)
