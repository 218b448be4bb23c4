"""`dotenv`, `workingDir` and `logDir` of a workflow into the paths of its runs."""

from compiler.ir import DotenvFile
from compiler.reader.nodes import ScalarNode
from compiler.reader.policies import note_ineffective
from compiler.reader.references import first_reference
from compiler.reader.shape import Field, Reading, texts


def dotenv(reading: Reading, field: Field) -> tuple[DotenvFile, ...]:
    """The files that variables are read from: one path, or a list of them."""
    found: dict[str, DotenvFile] = {}
    for each in texts(reading, field.value, field.key.text):
        if not _is_known(reading, each, field.key.text):
            continue
        if each.text in found:
            note_ineffective(
                reading,
                each,
                f"`{each.text}` stands in `{field.key.text}` twice",
                "once more",
                "take one of them out",
            )
            continue
        found[each.text] = DotenvFile(path=each.text, span=reading.span(each))
    return tuple(found.values())


def _is_known(reading: Reading, node: ScalarNode, name: str) -> bool:
    """Whether a path has no reference: the file is read before anything has a value."""
    if "$" not in node.text and "`" not in node.text:
        return True
    reading.report(
        "WFC107",
        f"`{name}` takes no references",
        first_reference(reading, node) or node,
        "read before params and `env` have values",
        "write the path itself",
    )
    return False
