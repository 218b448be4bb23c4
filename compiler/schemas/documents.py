"""A JSON Schema -> what is wrong with it, and the types that it gives to params."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, get_args

from compiler.ir import Json, ParamType
from compiler.regex.syntax import Problem, parse

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

Path: TypeAlias = tuple[str | int, ...]

# What holds further schemas, and how.
_ONE = (
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_NAMED = ("$defs", "definitions", "dependentSchemas", "properties")
_REFUSED = {
    "patternProperties": "name the keys in `properties`, or use `propertyNames`",
    "$dynamicRef": "use `$ref`",
    "$recursiveRef": "use `$ref`",
}
_MOST_REFS = 50
_ONE_OF_THE_TYPES = "write " + " or ".join(f"`{name}`" for name in get_args(ParamType))
PATTERNS = "patterns take literals, `.`, classes, `\\d \\w \\s`, `* + ? {m,n}`, groups, `|`, `^` and `$`"


class Flaw(NamedTuple):
    """What is wrong in a schema, and where: the keys that lead there."""

    path: Path
    message: str
    help: str = ""
    is_pattern: bool = False


def flaws(document: Mapping[str, Json]) -> list[Flaw]:
    """What is wrong with `document` as the schema of all params; nothing is fetched."""
    found = _shape(document)
    if found:
        return found
    inner = dict(_schemas(dict(document)))
    known = {id(schema) for schema in inner.values()}
    for path, schema in inner.items():
        if isinstance(schema, dict):
            found.extend(_refused(path, schema, document, known))
    return found


def _shape(document: Mapping[str, Json]) -> list[Flaw]:
    """Where it is no JSON Schema at all."""
    from compiler.schemas.wording import wanted

    if document.get("type", "object") != "object":
        message = "the schema of params has the type `object`"
        return [Flaw(("type",), message, "write `type: object`")]
    if not isinstance(document.get("properties"), dict):
        message = "the schema of params has no map of `properties`"
        return [Flaw((), message, "write `properties: {NAME: {type: string}}`")]
    library = library_for(document)
    if library is None:
        message = f"there is no draft `{document['$schema']}` of JSON Schema"
        known = ", ".join(f"`{draft}`" for draft in _DRAFTS)
        return [Flaw(("$schema",), message, f"known are: {known}")]
    errors = library(library.META_SCHEMA).iter_errors(document)
    found = (_flaw(tuple(it.absolute_path), wanted(it)) for it in errors)
    return [*dict.fromkeys(found)]  # each of its parts says the same of some things


def _flaw(path: Path, wanted: str) -> Flaw:
    key = next((each for each in reversed(path) if isinstance(each, str)), "schema")
    if key == "type":
        return Flaw(path, "`type` must be the name of a type", _ONE_OF_THE_TYPES)
    help = f"write {wanted.removeprefix('must be ')}" if "must be" in wanted else ""
    return Flaw(path, f"`{key}` {wanted}", help or "see what JSON Schema says of it")


_DRAFTS = {
    "https://json-schema.org/draft/2020-12/schema": "Draft202012Validator",
    "https://json-schema.org/draft/2019-09/schema": "Draft201909Validator",
    "http://json-schema.org/draft-07/schema": "Draft7Validator",
    "http://json-schema.org/draft-06/schema": "Draft6Validator",
}


def library_for(document: Mapping[str, Json]) -> "type[Validator] | None":
    """What knows the draft that `document` says, 2020-12 without a word; None where it is
    another one."""
    import jsonschema

    draft = document.get("$schema", next(iter(_DRAFTS)))
    name = _DRAFTS.get(draft.removesuffix("#")) if isinstance(draft, str) else None
    if name is None:
        return None
    found: type[Validator] = getattr(jsonschema, name)
    return found


def _schemas(document: Json) -> Iterator[tuple[Path, Json]]:
    """`document` and the schemas within it, with the keys that lead there."""
    waiting: list[tuple[Path, Json]] = [((), document)]
    while waiting:
        path, schema = waiting.pop()
        yield path, schema
        if not isinstance(schema, dict):
            continue
        for key, value in schema.items():
            if key in _NAMED and isinstance(value, dict):
                waiting += (((*path, key, name), it) for name, it in value.items())
            elif key in _LISTED and isinstance(value, list):
                waiting += (((*path, key, at), it) for at, it in enumerate(value))
            elif key in _ONE:
                waiting.append(((*path, key), value))


def has_unevaluated(document: Mapping[str, Json]) -> bool:
    """Does something in it depend on what other keywords have looked at?"""
    keys = {"unevaluatedItems", "unevaluatedProperties"}
    every = (schema for _, schema in _schemas(dict(document)))
    return any(isinstance(it, dict) and not keys.isdisjoint(it) for it in every)


def _refused(
    path: Path, schema: dict[str, Json], document: Mapping[str, Json], known: set[int]
) -> Iterator[Flaw]:
    """What JSON Schema has and params have not."""
    for key, help in _REFUSED.items():
        if key in schema:
            yield Flaw(
                (*path, key), f"`{key}` cannot stand in the schema of params", help
            )
    if path and "$id" in schema:
        message = "`$id` stands at the top of a schema only"
        yield Flaw((*path, "$id"), message, "take it out")
    pattern, ref = schema.get("pattern"), schema.get("$ref")
    if isinstance(pattern, str):
        problem = parse(pattern)
        if isinstance(problem, Problem):
            message = f"`{pattern}`: {problem.message}"
            yield Flaw((*path, "pattern"), message, PATTERNS, is_pattern=True)
    if isinstance(ref, str):
        if not ref.startswith("#"):
            message = f"`$ref` leads out of the schema: `{ref}`"
            help = "nothing is fetched: put what it names below `$defs`"
            yield Flaw((*path, "$ref"), message, help)
        else:
            target = referred(document, ref)
            if not isinstance(target, bool) and id(target) not in known:
                message = f"`$ref` leads to no schema: `{ref}`"
                yield Flaw((*path, "$ref"), message, "write `#/$defs/NAME`")


def referred(document: Mapping[str, Json], ref: str) -> Json:
    """What the local reference `ref` leads to; None where it leads nowhere."""
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    root = Resource.from_contents(dict(document), default_specification=DRAFT202012)
    registry: Registry[Json] = Registry()
    try:
        found: Json = registry.resolver_with_root(root).lookup(ref).contents
    except (Unresolvable, LookupError, TypeError, ValueError):
        return None  # the library fails so, too, where a path leads into no map
    return found


# ---- types of params


def type_of(document: Mapping[str, Json], name: str) -> ParamType | Flaw | None:
    """The type of the param `name`; None where a text is meant."""
    properties = document["properties"]
    assert isinstance(properties, dict)
    schema, path = properties.get(name), ("properties", name)
    for _ in range(_MOST_REFS):
        if not isinstance(schema, dict):
            return None
        if "type" in schema:
            return _one_type(schema["type"], path)
        if "$ref" not in schema:
            return _type_of_values(schema)
        schema = referred(document, str(schema["$ref"]))
    return Flaw((*path, "$ref"), "`$ref` leads in a circle", "name a schema")


def _one_type(written: Json, path: Path) -> ParamType | Flaw:
    names = written if isinstance(written, list) else [written]
    for type in get_args(ParamType):
        if [name for name in names if name != "null"] == [type]:
            found: ParamType = type
            return found
    return Flaw((*path, "type"), "a param has one type", _ONE_OF_THE_TYPES)


def _type_of_values(schema: Mapping[str, Json]) -> ParamType | None:
    """The type of the values that `enum` or `const` lists, where they have one."""
    listed = schema.get("enum", [schema["const"]] if "const" in schema else [])
    kinds = {type(each) for each in listed} if isinstance(listed, list) else set()
    match sorted(kind.__name__ for kind in kinds):
        case ["bool"]:
            return "boolean"
        case ["int"]:
            return "integer"
        case ["float"] | ["float", "int"]:
            return "number"
        case ["dict"]:
            return "object"
        case ["list"]:
            return "array"
        case _:
            return None
