"""The files of `dotenv` -> variables."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from backends.python.runtime.attempts import LARGEST_EXPORT, said
from compiler.json_text import Failure

BLANK = " \t\r\v\f"
VARIABLE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
IN_SINGLE = re.compile(r"'([^']*)'(.*)", re.DOTALL)
IN_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"(.*)', re.DOTALL)
REMARK = re.compile(r"[ \t\r\v\f]+#.*", re.DOTALL)


def variables_of(files: Iterable[str], folder: Path) -> dict[str, str]:
    """The variables of all files, those of later ones over those of earlier ones. A file
    that is not there has none."""
    found: dict[str, str] = {}
    for file in files:
        text = dotenv_text(file, folder / file)
        for number, line in enumerate(text.split("\n"), 1):
            try:
                found.update(variables_in(line))
            except ValueError as error:
                where = f"dotenv `{file}`, line {number}"
                raise Failure(f"{where}: {error}") from None
    return found


def dotenv_text(name: str, path: Path) -> str:
    try:
        if not path.exists():
            return ""
        if not path.is_file():  # to read a pipe can take for ever
            raise Failure(f"dotenv `{name}`: `{path}` is no file")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Failure(f"dotenv `{name}`: `{path}` is not UTF-8 text") from None
    except OSError as error:
        raise Failure(f"dotenv `{name}`: {said(error)}") from None
    if "\0" in text:
        raise Failure(f"dotenv `{name}`: it holds a NUL character")
    return text


def variables_in(line: str) -> Iterator[tuple[str, str]]:
    """The variable that a line sets, if it sets one."""
    line = line.strip(BLANK)
    if not line or line.startswith("#"):
        return
    found = VARIABLE.fullmatch(line)
    if found is None:
        raise ValueError("it is no `NAME=value`")
    name, value = found[1], dotenv_value(found[2])
    if len(value.encode()) > LARGEST_EXPORT:
        raise ValueError(f"the value of `{name}` is above 64 KiB")
    yield name, value


def dotenv_value(written: str) -> str:
    text = written.strip(BLANK)
    if not text.startswith(("'", '"')):
        return REMARK.sub("", written).strip(BLANK)
    found = (IN_SINGLE if text.startswith("'") else IN_DOUBLE).fullmatch(text)
    if found is None:
        raise ValueError(f"a quote `{text[0]}` is not closed")
    inside, behind = found[1], found[2].strip(BLANK)
    if behind and not behind.startswith("#"):
        raise ValueError("something follows the closing quote")
    if text.startswith("'"):
        return inside
    escaped = r'\\([n"\\$])'
    return re.sub(escaped, lambda it: "\n" if it[1] == "n" else it[1], inside)
