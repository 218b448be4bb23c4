"""Turns the JSON Schema of params into rules that a program for jq holds values against.

The meaning is that of `compiler.schemas.checking`, the words are its words.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from compiler.ir import Json, Workflow
from compiler.json_text import to_json_text
from compiler.regex.engines import to_jq
from compiler.regex.syntax import Problem, parse
from compiler.schemas.checking import constant
from compiler.schemas.documents import library_for, referred
from compiler.schemas.typed import WANTED
from compiler.schemas.wording import said_of

# What the rules mean. `flaws` gives the place and the words of each thing that is wrong
# with a value; a schema is true, false, or a list of [rule, argument, words].
PROGRAM = r"""
  def of($t): if $t == "integer" then type == "number" and . == floor else type == $t end;
  def listed: map("`" + . + "`") | if length == 1 then "the key " else "the keys " end + join(", ");
  def flaws($s; $at): . as $v | def fails(c; $said): if c then [$at, $said] else empty end;
    if $s == true then empty elif $s == false then [$at, "must fit the schema"] else
      $s[] as [$rule, $arg, $said] | ($rule | . == "properties" or . == "required" or . == "additionalProperties" or . == "dependentRequired" or . == "dependentSchemas") as $keyed
      | if $keyed and type != "object" then empty
        elif $rule == "$ref" then flaws($rules.schemas[$arg]; $at)
        elif $rule == "type" then fails(all($arg[]; . as $t | $v | of($t) | not); $said)
        elif $rule == "enum" then fails(all($arg[]; . != $v); $said)
        elif $rule == "minimum" then fails(type == "number" and . < $arg; $said)
        elif $rule == "maximum" then fails(type == "number" and . > $arg; $said)
        elif $rule == "exclusiveMinimum" then fails(type == "number" and . <= $arg; $said)
        elif $rule == "exclusiveMaximum" then fails(type == "number" and . >= $arg; $said)
        elif $rule == "multipleOf" then fails(type == "number" and (. / $arg | . != floor); $said)
        elif $rule == "minLength" then fails(type == "string" and length < $arg; $said)
        elif $rule == "maxLength" then fails(type == "string" and length > $arg; $said)
        elif $rule == "pattern" then fails(type == "string" and (test($arg) | not); $said)
        elif $rule == "minItems" then fails(type == "array" and length < $arg; $said)
        elif $rule == "maxItems" then fails(type == "array" and length > $arg; $said)
        elif $rule == "uniqueItems" then fails(type == "array" and length != (unique | length); $said)
        elif $rule == "minProperties" then fails(type == "object" and length < $arg; $said)
        elif $rule == "maxProperties" then fails(type == "object" and length > $arg; $said)
        elif $rule == "prefixItems" then if type == "array" then range([length, ($arg | length)] | min) as $i | .[$i] | flaws($arg[$i]; $at + [$i]) else empty end
        elif $rule == "items" then if type == "array" then range($arg[0]; length) as $i | .[$i] | flaws($arg[1]; $at + [$i]) else empty end
        elif $rule == "contains" then if type == "array" then ([.[] | select([flaws($arg[0]; $at)] == [])] | length) as $n | fails($n < $arg[1] or ($arg[2] != null and $n > $arg[2]); $said) else empty end
        elif $rule == "properties" then ($arg | keys_unsorted[]) as $k | select(has($k)) | .[$k] | flaws($arg[$k]; $at + [$k])
        elif $rule == "required" then [$arg[] | select(. as $k | $v | has($k) | not)] | fails(. != []; "must have " + listed)
        elif $rule == "additionalProperties" then (keys_unsorted - $arg[0]) as $more
          | if $arg[1] == false then fails($more != []; "must not have " + ($more | listed)) else $more[] as $k | .[$k] | flaws($arg[1]; $at + [$k]) end
        elif $rule == "propertyNames" then if type == "object" then keys_unsorted[] | flaws($arg; $at) else empty end
        elif $rule == "dependentRequired" then fails(any($arg | to_entries[]; .key as $k | .value as $needs | $v | has($k) and any($needs[]; . as $n | $v | has($n) | not)); $said)
        elif $rule == "dependentSchemas" then ($arg | keys_unsorted[]) as $k | select(has($k)) | flaws($arg[$k]; $at)
        elif $rule == "allOf" then $arg[] as $each | flaws($each; $at)
        elif $rule == "anyOf" then fails(all($arg[]; . as $each | [$v | flaws($each; $at)] != []); $said)
        elif $rule == "oneOf" then fails([$arg[] as $each | select([flaws($each; $at)] == [])] | length != 1; $said)
        elif $rule == "not" then fails([flaws($arg; $at)] == []; $said)
        elif $rule == "if" then ([flaws($arg[0]; $at)] == []) as $met | flaws(if $met then $arg[1] else $arg[2] end; $at)
        else error("no rule " + $rule) end end;
  def shown: if length > 60 then .[:60] + "…" else . end;
  def spelled: .[0] + (.[1:] | map(if type == "number" then "[\(.)]" else "." + . end) | join(""));
  def value($type): if $type == null or $type == "string" then . else (try [parsed] catch []) | if . != [] and (.[0] | of($type)) then .[0] else null end end;
  ($given | split("\u0000")) as $g | (reduce range(0; ($g | length) - 1; 2) as $i ({}; .[$g[$i]] = $g[$i + 1])) as $given
  | (if $start then [$rules.required | to_entries[] | select(.key as $k | $given | has($k) | not)] else [] end) as $missing
  | (if $start then ($rules.defaults | with_entries(select(.key as $k | $given | has($k) | not))) + $given
     else $given | with_entries(select(.value != "" or (.key as $k | $rules.empty | index([$k]) == null))) end) as $all
  | ($all | with_entries(select(.value != null))) as $texts
  | (reduce ($texts | to_entries[]) as $each ({}; .[$each.key] = ($each.value | value($rules.types[$each.key])))) as $values
  | [$values | to_entries[] | select(.value == null) | .key] as $bad
  | ($missing == [] and $bad == [] and ($texts | length) == ($all | length)) as $whole
  | [ ($missing[] | {name: .key, said: ("param `" + .key + "` has no value, but must be " + .value)}),
      ($bad[] | {name: ., said: ("param `" + . + "` is `" + ($texts[.] | shown) + "`, but must be " + $rules.wanted[.])}),
      ($values | with_entries(select(.value != null))
        | flaws($rules.schema | if $whole or type != "array" then . else map(select(.[0] == "properties" or .[0] == "additionalProperties")) end; [])
        | . as [$at, $said] | if $at == [] then {name: "", said: ("the params " + $said)}
          else {name: $at[0], said: ("param `" + $at[0] + "` is `" + ($texts[$at[0]] | shown) + "`, but " + (if ($at | length) > 1 then "`" + ($at | spelled) + "` " else "" end) + $said)} end) ]
  | map(.name as $n | .place = ($rules.order | index([$n])) // ($rules.order | length)) | sort_by(.place)
  | reduce .[] as $each ([]; if index([$each.said]) == null then . + [$each.said] else . end) | join($between)
"""
# The JSON of a text that is of a type, or nothing.
TYPED = r"""[$text | try parsed catch empty] | .[] | select(if $type == "integer" then type == "number" and . == floor else type == $type end) | json"""

_SAME = frozenset(
    [
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    ]
)


@dataclass
class _Lowering:
    """`known`: the number of each schema that a `$ref` names, by what it is in
    `document`; `schemas` are those."""

    document: Mapping[str, Json]
    known: dict[int, int] = field(default_factory=dict)
    schemas: list[Json] = field(default_factory=list)

    def schema(self, schema: Json) -> Json:
        """The rules of `schema`; false if nothing fits it, true if everything."""
        if not isinstance(schema, dict):
            return schema
        older = str(self.document.get("$schema", "")).startswith("http:")
        if older and "$ref" in schema:  # which then stands alone
            schema = {"$ref": schema["$ref"]}
        rules: list[Json] = list(self._rules(schema))
        return rules or True

    def _rules(self, schema: Mapping[str, Json]) -> Iterator[Json]:
        library = library_for(self.document)
        assert library is not None  # else it had been refused
        for key, value in schema.items():
            if (
                key in library.VALIDATORS
            ):  # what an older draft does not know is ignored
                for rule, argument in self._rule(key, value, schema):
                    yield [rule, argument, said_of(key, value)]

    def _rule(
        self, key: str, value: Json, schema: Mapping[str, Json]
    ) -> Iterator[tuple[str, Json]]:
        """The rule that the keyword `key` is, and its argument; nothing if it says
        nothing of values."""
        match key, value:
            case "$ref", str():
                yield key, self._reference(value)
            case "type", _:
                yield key, value if isinstance(value, list) else [value]
            case "const", _:
                yield "enum", [value]
            case "pattern", str():
                node = parse(value)
                assert not isinstance(node, Problem)  # a checked program
                yield key, to_jq(node)
            case ("enum" | "required" | "dependentRequired"), _:
                yield key, value
            case "uniqueItems", _:
                if value is True:
                    yield key, value
            case ("not" | "propertyNames"), _:
                yield key, self.schema(value)
            case ("allOf" | "anyOf" | "oneOf" | "prefixItems"), list():
                yield key, [self.schema(each) for each in value]
            case ("properties" | "dependentSchemas"), dict():
                yield key, {name: self.schema(each) for name, each in value.items()}
            case "dependencies", dict():
                needs: Json = {
                    name: {"required": each} if isinstance(each, list) else each
                    for name, each in value.items()
                }
                yield from self._rule("dependentSchemas", needs, schema)
            case ("items" | "additionalItems" | "contains" | "additionalProperties"), _:
                yield from self._inner(key, value, schema)
            case "if", _:
                then, other = schema.get("then", True), schema.get("else", True)
                yield key, [self.schema(each) for each in (value, then, other)]
            case _ if key in _SAME:
                yield key, value
            case _:
                assert key == "format", key  # which is not checked

    def _inner(
        self, key: str, value: Json, schema: Mapping[str, Json]
    ) -> Iterator[tuple[str, Json]]:
        """The rules that look at what another keyword leaves."""
        if key == "contains":
            least = schema.get("minContains", 1)
            yield key, [self.schema(value), least, schema.get("maxContains")]
        elif key == "additionalProperties":
            names = schema.get("properties", {})
            yield key, [[*names] if isinstance(names, dict) else [], self.schema(value)]
        elif key == "items" and isinstance(value, list):
            yield from self._rule("prefixItems", value, schema)
        else:
            before = schema.get("prefixItems" if key == "items" else "items", [])
            if isinstance(before, list):
                yield "items", [len(before), self.schema(value)]

    def _reference(self, ref: str) -> Json:
        target = referred(self.document, ref)
        if not isinstance(target, dict):
            self.schemas.append(target)
            return len(self.schemas) - 1
        if id(target) not in self.known:
            number = self.known[id(target)] = len(self.schemas)
            self.schemas.append(None)  # it may lead to itself
            self.schemas[number] = self.schema(target)
        return self.known[id(target)]


def rules_of(workflow: Workflow) -> str:
    """The JSON of the rules for the params of `workflow`, which has a schema."""
    assert workflow.schema is not None
    document = workflow.schema.document
    assert isinstance(document, dict)
    lowering = _Lowering(document)
    params = [it for it in workflow.params if not it.positional]
    valued = [it for it in params if it.default and it.default.parts]
    rules: dict[str, Json] = {
        "schema": lowering.schema(document),
        "schemas": lowering.schemas,
        "order": [it.name for it in workflow.params],
        "types": {it.name: it.type for it in params if it.type is not None},
        "wanted": {it.name: WANTED[it.type] for it in params if it.type is not None},
        "required": {
            it.name: WANTED[it.type or "string"] for it in params if it.required
        },
        "defaults": {it.name: constant(it.default) for it in valued if it.default},
        "empty": [it.name for it in params if it not in valued],
    }
    return to_json_text(rules)
