"""The files of `dotenv` -> variables below all that a workflow defines (R9)."""

import re
from collections.abc import Iterator
from pathlib import Path

from compiler.evaluate import Failure
from compiler.interpreter.texts import Place, said
from compiler.interpreter.values import LARGEST_EXPORT
from compiler.ir import Workflow

_WHITE_SPACE = " \t\r\v\f"
_LINE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_SINGLE = re.compile(r"'([^']*)'(.*)", re.DOTALL)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"(.*)', re.DOTALL)
_ESCAPE = re.compile(r'\\([n"\\$])')
_COMMENT = re.compile(r"[ \t\r\v\f]+#.*", re.DOTALL)


def read_dotenv(workflow: Workflow, place: Place) -> None:
    """Lays the variables of all files over the environment of `workflow`. Raises Failure."""
    found = dotenv_of(workflow, place.work_dir)
    if found:
        place.known.process = {**place.known.process, **found}


def dotenv_of(workflow: Workflow, work_dir: Path) -> dict[str, str]:
    """The variables of all files of `workflow`, those of later ones over those of earlier
    ones. A file that is not there has none. Raises Failure.
    """
    found: dict[str, str] = {}
    for file in workflow.dotenv:
        text = _text(file.path, work_dir / file.path)
        for number, line in enumerate(text.split("\n"), 1):
            try:
                found.update(variables(line))
            except ValueError as error:
                where = f"dotenv `{file.path}`, line {number}"
                raise Failure(f"{where}: {error}") from None
    return found


def _text(name: str, path: Path) -> str:
    try:
        if not path.exists():
            return ""
        if not path.is_file():  # to read a pipe can take for ever
            raise Failure(f"dotenv `{name}`: `{path}` is no file")
        text = path.read_bytes().decode("utf-8-sig")
        if "\0" in text:
            raise Failure(f"dotenv `{name}`: it holds a NUL character")
        return text
    except UnicodeDecodeError:
        raise Failure(f"dotenv `{name}`: `{path}` is not UTF-8 text") from None
    except OSError as error:
        raise Failure(f"dotenv `{name}`: {said(error)}") from None


def variables(line: str) -> Iterator[tuple[str, str]]:
    r"""The variable that a line sets, if it sets one. Raises ValueError, with the reason.

    >>> dict(variables("export A='$x' # said"))
    {'A': '$x'}
    >>> dict(variables(r'A="two\nlines \$x"'))
    {'A': 'two\nlines $x'}
    >>> list(variables("# A=1"))
    []
    """
    line = line.strip(_WHITE_SPACE)
    if not line or line.startswith("#"):
        return
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError("it is no `NAME=value`")
    name, value = found[1], _value(found[2])
    if len(value.encode()) > LARGEST_EXPORT:
        raise ValueError(f"the value of `{name}` is above 64 KiB")
    yield name, value


def _value(written: str) -> str:
    text = written.strip(_WHITE_SPACE)
    if text.startswith(("'", '"')):
        quoted = (_SINGLE if text.startswith("'") else _DOUBLE).fullmatch(text)
        if quoted is None:
            raise ValueError(f"a quote `{text[0]}` is not closed")
        inside, behind = quoted[1], quoted[2].strip(_WHITE_SPACE)
        if behind and not behind.startswith("#"):
            raise ValueError("something follows the closing quote")
        if text.startswith("'"):
            return inside
        return _ESCAPE.sub(lambda it: "\n" if it[1] == "n" else it[1], inside)
    return _COMMENT.sub("", written).strip(_WHITE_SPACE)
