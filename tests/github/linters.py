"""Workflow files -> what three linters find in them, by file."""

import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent


def findings(files: Sequence[Path], engines: Path) -> Mapping[Path, list[str]]:
    """What actionlint, GitHub's own parser and zizmor find, a line each."""
    found: dict[Path, list[str]] = defaultdict(list)
    for linter in (_actionlint, _parser, _zizmor):
        for file, line in linter(files, engines):
            found[file].append(line)
    return found


def _run(command: Sequence[str | Path], text: str = "") -> str:
    """What a linter prints, whether it finds something or not. Raises RuntimeError when
    it complains of something else."""
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.stderr.strip():
        raise RuntimeError(done.stderr)
    return done.stdout


def _actionlint(files: Sequence[Path], engines: Path) -> Iterator[tuple[Path, str]]:
    # What users write into their steps is not its matter: no shellcheck.
    command = [engines / "tools/bin/actionlint", "-shellcheck=", "-pyflakes="]
    for each in json.loads(_run([*command, "-format", "{{json .}}", *files])):
        line = f"actionlint: {each['line']}: {each['message']} [{each['kind']}]"
        yield Path(each["filepath"]).resolve(), line


def _parser(files: Sequence[Path], engines: Path) -> Iterator[tuple[Path, str]]:
    """One process for all files: it takes longer to start than to look at a file."""
    paths = "".join(f"{file}\n" for file in files)
    command = ["node", "--no-warnings", HERE / "parser.mjs", engines]
    for line in _run(command, paths).splitlines():
        each = json.loads(line)
        yield Path(each["file"]), f"parser: {each['line']}: {each['message']}"


def _zizmor(files: Sequence[Path], engines: Path) -> Iterator[tuple[Path, str]]:
    command = [engines / "tools/bin/zizmor", "--quiet", "--offline"]
    command += ["--persona", "auditor", "--no-exit-codes", "--format", "json"]
    for each in json.loads(_run([*command, *files])):
        primary = next(
            it for it in each["locations"] if it["symbolic"]["kind"] == "Primary"
        )
        file = primary["symbolic"]["key"]["Local"]["verbatim_path"]
        row = primary["concrete"]["location"]["start_point"]["row"] + 1
        yield Path(file), f"zizmor: {row}: {each['desc']} [{each['ident']}]"
