"""What a JSON schema sees of a YAML file: the reader's nodes as plain values."""

from compiler.ir import Json
from compiler.reader.events import parse
from compiler.reader.nodes import ListNode, MapNode, Node, ScalarNode
from compiler.reader.scalars import kind_of, number
from compiler.source import Source


def plain(text: str) -> Json:
    """The value of a YAML text, read as YAML 1.2."""
    root, findings = parse(Source("workflow.yaml", text))
    assert not findings, findings
    assert root is not None
    return _plain(root)


def _plain(node: Node) -> Json:
    match node:
        case ListNode():
            return [_plain(item) for item in node.items]
        case MapNode():
            return {key: _plain(value) for key, (_, value) in node.entries.items()}
        case ScalarNode():
            match kind_of(node):
                case "null":
                    return None
                case "boolean":
                    return node.text.lower() == "true"
                case "integer" | "float":
                    return number(node.text)
                case "text":
                    return node.text
