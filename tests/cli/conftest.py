"""The command line as a fixture."""

import io
import sys
from pathlib import Path

import pytest
from commands import Result, Wfc

from compiler.cli import main


@pytest.fixture
def wfc(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Wfc:
    """Calls the command line in-process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WFC_HOME", str(tmp_path / "wfc-home"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: str, stdin: str = "") -> Result:
        data = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", data)
        try:
            code = main(list(words))
        except SystemExit as ended:  # argparse's own way to end
            code = ended.code if isinstance(ended.code, int) else 1
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return call
