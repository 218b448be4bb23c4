"""Holds the floors of the house: which module may know which, and what it costs to start."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.backend import Backend, Engine
from compiler.cli.arguments import TARGETS

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("grammar", "compiler", "backends", "wfc")

# From the ground up. A module knows its own floor and those below it.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("grammar", "compiler", "compiler.source", "compiler.values"),
    ("compiler.diagnostics", "compiler.ir", "compiler.outcome"),
    (
        "compiler.comparison",
        "compiler.evaluate",
        "compiler.expressions",
        "compiler.functions",
        "compiler.graph",
        "compiler.json_text",
        "compiler.order",
        "compiler.paths",
        "compiler.regex",
        "compiler.report",
        "compiler.services",
        "compiler.schemas",
        "compiler.shelltext",
        "compiler.walk",
    ),
    (
        "compiler.link",
        "compiler.optimize",
        "compiler.parameters",
        "compiler.reader",
        "compiler.resolve",
        "compiler.validate",
    ),
    ("compiler.backend", "compiler.interpreter", "compiler.sizes", "compiler.turns"),
    ("compiler.output", "compiler.pipeline", "backends"),
    ("compiler.cli",),
    ("wfc",),
)
# The stations of a program's way: what they have to say to each other is in the program.
STATIONS = (
    "reader",
    "link",
    "resolve",
    "validate",
    "optimize",
    "interpreter",
    "pipeline",
)
STATION_KNOWS = {
    "link": {"reader"},  # a file that is called is read as the first one is
    "pipeline": {"reader", "link", "resolve", "validate", "optimize"},
}

# Where a value may be `Any`, and why.
ANY_ALLOWED = {
    "backends/airflow/dag_test.py": "what runs of DAGs leave, which is JSON",
    "backends/airflow/remains.py": "rows and XComs of Airflow, which are JSON",
    "backends/airflow/server.py": "requests and answers, which are JSON",
    "backends/airflow/runtime/ends.py": "contexts and XComs of Airflow, which has its own types",
    "backends/airflow/runtime/fan_out.py": "contexts and XComs of Airflow, which has its own types",
    "backends/airflow/runtime/frames.py": "contexts and XComs of Airflow, which has its own types",
    "backends/airflow/runtime/here.py": "contexts and XComs of Airflow, which has its own types",
    "backends/airflow/runtime/operators.py": "contexts and XComs of Airflow, which has its own types",
    "backends/github/runtime/commands.py": "values of words, which are Python's",
    "backends/github/runtime/records.py": "records, which are JSON",
    "backends/github/remains.py": "records of a run and lines of act's log, which are JSON",
    "compiler/outcome.py": "the JSON form of an outcome",
    "compiler/report.py": "the JSON form of findings",
    "compiler/reader/events.py": "events of PyYAML, which has no types for them",
    "compiler/reader/syntax.py": "an error of PyYAML, which has no type for it",
}

# What takes longer to import than `wfc lint` of a small file has.
HEAVY = {
    "asyncio",
    "black",
    "concurrent",
    "email",
    "importlib.resources",
    "jinja2",
    "jsonschema",
    "lark",
    "logging",
    "multiprocessing",
    "selectors",
    "socket",
    "subprocess",
    "tempfile",
    "typing_extensions",
    "unittest",
    "backends",
    "compiler.interpreter",
    "compiler.link",
    "compiler.output",
}


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    _module_name(path): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
TREES = {
    name: ast.parse(path.read_text(encoding="utf-8"), str(path))
    for name, path in MODULES.items()
}


def _imports(name: str) -> Iterator[str]:
    """The modules that module `name` imports anywhere in it, also within functions."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: a relative import"
            assert node.module is not None
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def _top(module: str) -> str:
    return module.partition(".")[0]


def _within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def _floor(module: str) -> int | None:
    """The floor of the longest entry that holds `module`; the root of a package is no
    home for what lies in it."""
    rooms = [
        (len(room), floor)
        for floor, rooms_ in enumerate(FLOORS)
        for room in rooms_
        if module == room or (room != "compiler" and _within(module, room))
    ]
    return max(rooms)[1] if rooms else None


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_floor(module: str) -> None:
    assert _floor(module) is not None, "give it a place in FLOORS"


def test_every_room_exists() -> None:
    rooms = {room for floor in FLOORS for room in floor}
    assert rooms <= set(MODULES) | {"backends"}


@pytest.mark.parametrize("module", MODULES)
def test_no_import_goes_up(module: str) -> None:
    own = _floor(module)
    assert own is not None
    ours = [each for each in _imports(module) if _top(each) in PACKAGES]
    assert [each for each in ours if (_floor(each) or 0) > own] == []


@pytest.mark.parametrize("station", STATIONS)
def test_stations_do_not_know_each_other(station: str) -> None:
    others = set(STATIONS) - {station} - STATION_KNOWS.get(station, set())
    inside = [name for name in MODULES if _within(name, f"compiler.{station}")]
    assert inside
    assert [
        (name, imported)
        for name in inside
        for imported in _imports(name)
        if any(_within(imported, f"compiler.{other}") for other in others)
    ] == []


def test_only_the_command_line_knows_backends() -> None:
    knowing = {
        name
        for name in MODULES
        if _top(name) != "backends"
        and (
            any(_top(imported) == "backends" for imported in _imports(name))
            or any(
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node.value.startswith("backends.")
                for node in ast.walk(TREES[name])
            )
        )
    }
    assert knowing == {"compiler.cli.backends"}


BACKENDS = sorted(path.parent.name for path in (ROOT / "backends").glob("*/engine.py"))
# What several targets share, and is none.
SHARED = ("outcomes", "python", "yaml_text")
# Emits and runs, and is no target as yet.
UNFINISHED = ("airflow",)


@pytest.mark.parametrize("backend", [*BACKENDS, *SHARED, *UNFINISHED])
def test_backend_knows_no_other(backend: str) -> None:
    inside = [name for name in MODULES if _within(name, f"backends.{backend}")]
    known = [backend] if backend in SHARED else [backend, *SHARED]
    assert inside
    assert [
        (name, imported)
        for name in inside
        for imported in _imports(name)
        if _top(imported) == "backends"
        and not any(_within(imported, f"backends.{each}") for each in known)
    ] == []


def test_a_folder_of_backends_is_a_target_or_shared() -> None:
    folders = {path.parent.name for path in (ROOT / "backends").glob("*/__init__.py")}
    assert folders - {*SHARED, *UNFINISHED} == set(BACKENDS)


@pytest.mark.parametrize("backend", BACKENDS)
def test_backend_is_a_folder_with_four_parts(backend: str) -> None:
    folder = ROOT / "backends" / backend
    for part in ("__init__.py", "emit.py", "engine.py", "README.md"):
        assert (folder / part).is_file(), part
    value = importlib.import_module(f"backends.{backend}").BACKEND
    assert isinstance(value, Backend)
    assert value.name == backend
    engine = importlib.import_module(f"backends.{backend}.engine").ENGINE
    assert isinstance(engine, Engine)


def test_command_line_offers_every_backend() -> None:
    assert sorted(TARGETS) == BACKENDS


def test_engines_are_for_verify_and_tests() -> None:
    """An engine runs what was emitted; no emitter and no other command needs it."""
    assert [
        (name, imported)
        for name in MODULES
        for imported in _imports(name)
        if re.fullmatch(r"backends\.\w+\.engine", imported)
    ] == []


@pytest.mark.parametrize("library", ["jinja2", "black"])
def test_library_is_for_backends(library: str) -> None:
    users = {
        name
        for name in MODULES
        if any(_top(imported) == library for imported in _imports(name))
    }
    assert {name for name in users if _top(name) != "backends"} == set()


SMALL = """\
name: report
description: fetches numbers and sends a mail
params:
  - DAY: monday
  - TO: team@example.com
env:
  - DATA: /tmp/${DAY}
steps:
  - name: fetch
    command: curl -s "https://example.com/${DAY}.csv"
    output: ROWS
    retryPolicy: {limit: 2, intervalSec: 5}
  - name: count
    command: echo "$ROWS" | wc -l
    preconditions:
      - condition: ${DAY}
        expected: re:monday|friday
  - name: mail
    script: |
      mail -s "${count.output:-no} rows" "$TO" <"$DATA"
"""


def test_lint_loads_nothing_heavy(tmp_path: Path) -> None:
    workflow = tmp_path / "report.yaml"
    workflow.write_text(SMALL, encoding="utf-8")
    program = (
        "import sys; before = set(sys.modules)\n"
        "from compiler.cli import main\n"
        "assert main(['lint', sys.argv[1]]) == 0\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(workflow)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    loaded = set(done.stdout.split())
    assert "compiler.shelltext" in loaded  # it did look at the texts
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("module", MODULES)
def test_module_says_what_it_does(module: str) -> None:
    docstring = ast.get_docstring(TREES[module])
    assert docstring, "a module begins with what it turns into what"
    assert re.fullmatch(r".+[.:`]", docstring.partition("\n")[0])


@pytest.mark.parametrize("module", MODULES)
def test_any_stands_for_json_and_foreign_things_only(module: str) -> None:
    path = MODULES[module].relative_to(ROOT).as_posix()
    used = any(
        (isinstance(node, ast.Name) and node.id == "Any")
        or (isinstance(node, ast.Attribute) and node.attr == "Any")
        for node in ast.walk(TREES[module])
    )
    assert used == (path in ANY_ALLOWED), ANY_ALLOWED.get(path, "write the type")


def test_exceptions_for_any_exist() -> None:
    known = {path.relative_to(ROOT).as_posix() for path in MODULES.values()}
    assert set(ANY_ALLOWED) <= known


# Written in pieces, so that this file does not find itself.
_PRIVATE = re.compile(
    "|".join(
        [r"\.\./" + "shared", r"(?<![\w.~}*/-])/" + "work/", r"(?<![\w}])/" + "root/"]
    )
)


def test_nothing_speaks_of_one_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a clone")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    assert "pyproject.toml" in names
    found = []
    for name in names:
        path = ROOT / name
        if not path.is_file():  # deleted, not committed yet
            continue
        lines = path.read_bytes().decode("utf-8", "replace").splitlines()
        found += [
            f"{name}:{number}: {line.strip()[:80]}"
            for number, line in enumerate(lines, 1)
            if _PRIVATE.search(line)
        ]
    assert found == []
