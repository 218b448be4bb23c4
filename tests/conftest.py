"""Options of the tests, and the engines that they run: a missing one is told, loudly."""

import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import NoReturn

import pytest

ENGINES = Path(os.environ.get("WFC_ENGINES") or Path.home() / ".cache/wfc-engines")
REQUIRED = os.environ.get("WFC_REQUIRE_ENGINES") == "1"
_missing: dict[str, str] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept",
        action="store_true",
        help="write the golden files anew: texts, diagnostics and outcomes",
    )


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--accept"))


@pytest.fixture(scope="session")
def dagu() -> Path:
    path = ENGINES / "node_modules/@dagu-org/dagu-linux-x64/bin/dagu"
    return path if path.exists() else _skip("dagu", str(path))


@pytest.fixture(scope="session")
def shellcheck() -> Path:
    path = ENGINES / "tools/bin/shellcheck"
    return path if path.exists() else _skip("shellcheck", str(path))


@pytest.fixture(scope="session")
def act() -> Path:
    path = ENGINES / "tools/bin/act"
    return path if path.exists() else _skip("act", str(path))


@pytest.fixture(scope="session")
def airflow() -> Path:
    """The Python that has Airflow."""
    path = ENGINES / "airflow/bin/python"
    return path if path.exists() else _skip("airflow", str(path))


@pytest.fixture(scope="session")
def linters_of_github() -> Path:
    """Where actionlint, zizmor and GitHub's own parser are."""
    programs = [f"tools/bin/{name}" for name in ("actionlint", "zizmor")]
    for name in (*programs, "node_modules/@actions/languageservice"):
        if not (ENGINES / name).exists():
            _skip(name, str(ENGINES / name))
    return ENGINES if shutil.which("node") else _skip("node", "not in PATH")


@pytest.fixture(scope="session")
def jq() -> Path:
    path = shutil.which("jq")
    return Path(path) if path else _skip("jq", "not in PATH")


def _skip(engine: str, where: str) -> NoReturn:
    _missing[engine] = where
    pytest.skip(f"{engine} is missing: tests/engines/install")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> (
    Generator[None, pytest.TestReport, pytest.TestReport]
):
    report = yield
    if REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"no test may be skipped: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _missing:
        terminalreporter.section("ENGINES ARE MISSING", red=True, bold=True)
        for engine, where in _missing.items():
            terminalreporter.line(f"{engine}: {where}", red=True)
        terminalreporter.line("tests/engines/install installs them", red=True)
