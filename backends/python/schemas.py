"""Turns the JSON Schema of params into Python source that holds values against it.

The meaning is that of `compiler.schemas.checking`, the words are its words: each keyword
is a call of a function of `backends.python.runtime.schema`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from backends.python.expressions import constant, literal
from compiler.ir import Json, Param, Workflow
from compiler.json_text import Failure
from compiler.regex.engines import is_tame, to_python
from compiler.regex.syntax import Problem, parse
from compiler.schemas.checking import constant as constant_text
from compiler.schemas.documents import library_for, referred
from compiler.schemas.typed import plain

_FUNCTIONS = {
    "const": "exactly",
    "exclusiveMaximum": "less_than",
    "exclusiveMinimum": "more_than",
    "maxItems": "max_items",
    "maxLength": "max_length",
    "maxProperties": "max_keys",
    "maximum": "at_most",
    "minItems": "min_items",
    "minLength": "min_length",
    "minProperties": "min_keys",
    "minimum": "at_least",
    "multipleOf": "multiple_of",
}
_OF_SCHEMAS = {
    "allOf": "every_of",
    "anyOf": "some_of",
    "oneOf": "just_one_of",
    "prefixItems": "first_items",
}
# What it says of some params no other param makes up for.
_FOR_GOOD = ("properties", "additionalProperties")


@dataclass
class _Lowering:
    """`known`: the number of each schema that a `$ref` names, by what it is in
    `document`; `shared` are those."""

    document: Mapping[str, Json]
    known: dict[int, int] = field(default_factory=dict)
    shared: list[str] = field(default_factory=list)

    def top(self) -> str:
        """The rules for all params."""
        rules = [
            rule if key in _FOR_GOOD else f"Together({rule})"
            for key, rule in self._rules(self.document)
            if key != "type"  # they are an object
        ]
        return f"[{', '.join(rules)}]"

    def schema(self, schema: Json) -> str:
        """The rules of `schema`: none if everything fits it."""
        if not isinstance(schema, dict):
            return "[]" if schema is not False else "[never()]"
        return f"[{', '.join(rule for _, rule in self._rules(schema))}]"

    def _rules(self, schema: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
        """The rule that each keyword is which says something of values."""
        library = library_for(self.document)
        assert library is not None  # else it had been refused
        older = str(self.document.get("$schema", "")).startswith("http:")
        if older and "$ref" in schema:  # which then stands alone
            schema = {"$ref": schema["$ref"]}
        for key, value in schema.items():
            # What a draft does not know is ignored.
            rule = self._rule(key, value, schema) if key in library.VALIDATORS else None
            if rule is not None:
                yield key, rule

    def _rule(self, key: str, value: Json, schema: Mapping[str, Json]) -> str | None:
        match key, value:
            case "$ref", str():
                return f"refers({self._reference(value)})"
            case ("type", str() | list()) | ("enum" | "required", list()):
                names = {"type": "of_type", "enum": "one_of", "required": "with_keys"}
                return _call(names[key], *map(constant, _listed(value)))
            case "pattern", str():
                return _pattern(value)
            case "uniqueItems", _:
                return "no_item_twice()" if value is True else None
            case "format", _:
                return None  # which is not checked
            case "if", _:
                then, other = schema.get("then", True), schema.get("else", True)
                return _call("depending", *map(self.schema, (value, then, other)))
            case _ if key in _FUNCTIONS:
                return _call(_FUNCTIONS[key], constant(value))
            case _ if key in _OF_SCHEMAS and isinstance(value, list):
                return _call(_OF_SCHEMAS[key], *map(self.schema, value))
            case "not", _:
                return _call("none_of", self.schema(value))
            case ("items" | "additionalItems" | "contains"), _:
                return self._of_list(key, value, schema)
            case _:
                return self._of_object(key, value, schema)

    def _of_list(self, key: str, value: Json, schema: Mapping[str, Json]) -> str | None:
        if key == "contains":
            words = [self.schema(value)]
            if "minContains" in _known(self.document):
                words += [
                    f"{name}={constant(schema[limit])}"
                    for name, limit in (
                        ("least", "minContains"),
                        ("most", "maxContains"),
                    )
                    if limit in schema
                ]
            return _call("holding", *words)
        if key == "items" and isinstance(value, list):
            return _call("first_items", *map(self.schema, value))
        before = schema.get("items", {}) if key == "additionalItems" else []
        if not isinstance(before, list):
            return None  # they are for all items
        draft = "prefixItems" in _known(self.document)
        if key == "items" and draft:
            first = schema.get("prefixItems", [])
            before = first if isinstance(first, list) else []
        if value is True or (value is False and (draft or key == "additionalItems")):
            return None if value else f"no_further_items({len(before)}, {literal(key)})"
        return _call("further_items", str(len(before)), self.schema(value))

    def _of_object(
        self, key: str, value: Json, schema: Mapping[str, Json]
    ) -> str | None:
        if key == "additionalProperties":
            properties = schema.get("properties", {})
            names = [*properties] if isinstance(properties, dict) else []
            if value is False:
                return _call("no_other_entries", *map(literal, names))
            known = constant([*names])
            return _call("other_entries", known, self.schema(value)) if value else None
        if key == "propertyNames":
            return _call("keys_suit", self.schema(value))
        assert isinstance(value, dict), key
        if key == "properties":
            return _call("entries", self._named(value))
        needs = {name: it for name, it in value.items() if isinstance(it, list)}
        others = {name: it for name, it in value.items() if name not in needs}
        rules = []
        if needs:
            rules.append(_call("keys_with", constant({**needs}), literal(key)))
        if others:
            rules.append(_call("rules_with", self._named(others)))
        if len(rules) == 2:
            return _call("every_of", *(f"[{rule}]" for rule in rules))
        return rules[0] if rules else None

    def _named(self, schemas: Mapping[str, Json]) -> str:
        pairs = (f"{literal(name)}: {self.schema(it)}" for name, it in schemas.items())
        return f"{{{', '.join(pairs)}}}"

    def _reference(self, ref: str) -> int:
        target = referred(self.document, ref)
        if id(target) not in self.known or not isinstance(target, dict):
            number = self.known[id(target)] = len(self.shared)
            self.shared.append("")  # it may lead to itself
            self.shared[number] = self.schema(target)
        return self.known[id(target)]


def _known(document: Mapping[str, Json]) -> frozenset[str]:
    """The keywords of the draft that `document` is written in."""
    library = library_for(document)
    assert library is not None
    found = {*library.VALIDATORS}
    if "dependentSchemas" in found:  # since 2019
        found |= {"minContains", "maxContains"}
    return frozenset(found)


def _call(name: str, *words: str) -> str:
    return f"{name}({', '.join(words)})"


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _pattern(written: str) -> str:
    node = parse(written)
    assert not isinstance(node, Problem)  # a checked program
    if is_tame(node):
        return _call("like", literal(written), literal(to_python(node)))
    return _call("like_any", literal(written))


def schema_arguments(workflow: Workflow) -> list[str]:
    """The arguments of `fits` for the params of `workflow`, which has a schema: its rules,
    the types of all params in their order, those that are empty unless they are given,
    those that must be given, the defaults that are known, the schemas that rules name.
    """
    assert workflow.schema is not None
    document = workflow.schema.document
    assert isinstance(document, dict)
    lowering = _Lowering(document)
    rules = lowering.top()
    params = [it for it in workflow.params if not it.positional]
    valued = [it for it in params if it.default and it.default.parts]
    types: Json = {it.name: it.type or "string" for it in params}
    words = [rules, constant(types)]
    lists: dict[str, list[Json]] = {
        "empty": [it.name for it in params if it not in valued],
        "required": [it.name for it in params if it.required],
    }
    words += [f"{name}={constant(it)}" for name, it in lists.items() if it]
    if "Together(" in rules:  # each for itself has been checked
        pairs = (f"({literal(it.name)}, {constant(_default(it))})," for it in valued)
        if valued:
            words.append(f"defaults=({' '.join(pairs)})")
    if lowering.shared:
        words.append(f"shared=[{', '.join(lowering.shared)}]")
    return words


def _default(param: Param) -> str | None:
    return None if param.default is None else constant_text(param.default)


def printed_source(param: Param, source: str) -> str:
    """`source`, that of the default of `param`, as a value of its type prints."""
    if param.type in (None, "string") or param.default is None:
        return source
    text = constant_text(param.default)
    if text is None:
        return _call("printed", literal(param.type), source)
    try:
        return literal(plain(text, param.type))
    except Failure:  # which is told when all have a value
        return literal(text)
