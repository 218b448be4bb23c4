"""The shell of plain steps with an output: what it gives of what a text prints."""

import os
import subprocess
from pathlib import Path

import pytest

from backends.github.printed import PROGRAM

Job = tuple[int, str | None, str]


def ran(folder: Path, text: str, name: str = "ROWS", output: bool = True) -> Job:
    """The exit code of a step with `text`, its output and what it printed. What it gives
    to later steps is in their environment."""
    runner = {"RUNNER_TEMP": folder, "GITHUB_ACTION": "step"}
    for each in ("GITHUB_OUTPUT", "GITHUB_ENV"):
        runner[each] = folder / each
        (folder / each).touch()
    (folder / "GITHUB_OUTPUT").write_text("")
    told = (folder / "GITHUB_ENV").read_text().splitlines()
    environment = {**os.environ, "WFC_OUTPUT": PROGRAM, "ROWS": ""}
    environment |= {key: str(value) for key, value in runner.items()}
    environment |= dict(line.split("=", 1) for line in told)
    script = folder / "script"
    script.write_text(text)
    shell = ["-c", 'eval "$WFC_OUTPUT"', name] if output else ["-e"]
    done = subprocess.run(
        ["bash", *shell, script],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    return (
        done.returncode,
        given((folder / "GITHUB_OUTPUT").read_text(), name),
        done.stdout,
    )


def given(text: str, name: str) -> str | None:
    """The output `name` as the runner reads it."""
    if not text:
        return None
    head, _, rest = text.partition("\n")
    key, _, end = head.partition("<<")
    assert key == name
    value, last = rest.rsplit(f"\n{end}\n", 1)
    assert not last
    assert f"{end}\n" not in value
    return value


@pytest.mark.parametrize(
    ("text", "code", "output"),
    [
        ("echo 5", 0, "5"),
        (r"printf ' \n\t\v a  \n b \r\n\f'", 0, "a  \n b"),
        ("true", 0, ""),
        (r"printf ' \n '", 0, ""),
        ("echo before; exit 3", 3, "before"),
        ("false; echo not", 1, ""),
        (r"printf 'a\0b'", 1, None),
        (r"printf 'a\377'; exit 4", 4, None),
        (r"printf '\355\240\200'", 1, None),
        (r"printf '%70000s' ''; echo end", 0, "end"),
        (r"echo 'ROWS<<x'; echo x; echo '${{ a }}'", 0, "ROWS<<x\nx\n${{ a }}"),
        (r"printf '%65536s' '' | tr ' ' x", 0, "x" * 65536),
        (r"printf '%1048577s' '' | tr ' ' x", 1, None),
    ],
    ids=[
        "text",
        "trimmed",
        "nothing",
        "white-space",
        "fails",
        "errexit",
        "nul",
        "not-utf-8",
        "surrogate",
        "much-white-space",
        "delimiters",
        "64-kib",
        "above-1-mib",
    ],
)
def test_output(tmp_path: Path, text: str, code: int, output: str | None) -> None:
    assert ran(tmp_path, text)[:2] == (code, output)


@pytest.mark.parametrize("name", ["text", "value", "size", "front", "wrong", "end"])
def test_the_shell_leaves_names_alone(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "mine")
    assert ran(tmp_path, f"printenv {name}")[:2] == (0, "mine")


def test_a_large_output_is_read_from_a_file_until_there_is_another(
    tmp_path: Path,
) -> None:
    assert ran(tmp_path, "printf '%70000s' '' | tr ' ' x; echo")[:2] == (0, None)
    sees = """printf %s "$ROWS" | cmp - "$ROWS_FILE"
printf %s "$ROWS" | wc -c | tr -d ' '
env | grep -e '^ROWS=' -e ^BASH_ENV= || true"""
    assert ran(tmp_path, sees, output=False)[2] == "70000\n"
    assert ran(tmp_path, sees, "MORE")[:2] == (0, "70000")
    assert ran(tmp_path, "echo 1")[:2] == (0, "1")
    assert ran(tmp_path, 'echo "$ROWS${ROWS_FILE-none}"', output=False)[2] == "none\n"
